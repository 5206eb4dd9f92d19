// MJCF files -> Spec.
#pragma once
#include <string>

#include "motorium/physics/spec/folder.h"
#include "motorium/physics/spec/spec.h"

namespace motorium {

struct ReadOptions {
  bool newton = false;  // accept files for other solvers; Spec::replaced lists what was replaced
};

// Reads the model file `path` below the root of `folder`, with its includes and meshes. Throws
// UnsupportedModel or Error with all problems found (the first kProblems of them, with lines).
Spec read_mjcf(const std::string& path, const Folder& folder, const ReadOptions& options = {});
// The same for a text that is already in memory; `path` names it in messages.
Spec read_mjcf_text(const std::string& text, const std::string& path, const Folder& folder,
                    const ReadOptions& options = {});

}  // namespace motorium
