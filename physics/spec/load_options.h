// What a caller decides about a model file that the file leaves open.
#pragma once
#include <string>
#include <vector>

namespace motorium {

enum class Mimic { equality, ignore };

// which other solvers' files are accepted
enum class Compat {
  none,    // a file that asks for a solver the engine lacks is refused
  newton,  // solver="CG" or "PGS", noslip_iterations and nativeccd="disable" are replaced by what
           // the engine has; Model::replaced lists each
};

struct LoadOptions {
  // MJCF: the folder that no file of the model may leave. Empty: files may lie up to four folders
  // above the model's ("../meshes"), but never in a folder that holds the user's home, that
  // everybody may write to, or that is the root of the file system. For texts: their folder itself.
  std::string root;
  Compat compat = Compat::none;
  // URDF
  std::vector<std::string> packages;  // folders that hold packages, for package://
  Mimic mimic = Mimic::equality;      // joints that follow others: by an equality, or not at all
  bool floating_base = false;         // the base moves freely; otherwise it is fixed to the world
  bool repair = false;                // impossible masses and inertias are replaced, and reported
};

}  // namespace motorium
