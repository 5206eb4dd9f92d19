// URDF files -> Spec.
#pragma once
#include <string>

#include "motorium/physics/spec/load_options.h"
#include "motorium/physics/spec/packages.h"
#include "motorium/physics/spec/spec.h"

namespace motorium {

// Reads a robot. Throws UnsupportedModel or Error with all problems found, with lines.
Spec read_urdf_text(const std::string& text, const Packages& packages, const LoadOptions& options);

}  // namespace motorium
