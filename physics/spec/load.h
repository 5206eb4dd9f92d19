// Model files of any kind -> Spec: MJCF starts with <mujoco>, URDF with <robot>.
#pragma once
#include <string>

#include "motorium/physics/spec/load_options.h"
#include "motorium/physics/spec/spec.h"

namespace motorium {

// Throws Error or UnsupportedModel with all problems.
Spec load_spec(const std::string& path, const LoadOptions& options = {});
// files that the text names are looked for in `folder`; none: it cannot name files
Spec load_spec_from_string(const std::string& xml, const std::string& folder = "",
                           const LoadOptions& options = {});

}  // namespace motorium
