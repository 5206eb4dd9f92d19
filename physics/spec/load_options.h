// What a caller decides about a model file that the file leaves open.
#pragma once
#include <string>
#include <vector>

namespace motorium {

enum class Mimic { equality, ignore };

struct LoadOptions {
  // URDF
  std::vector<std::string> packages;  // folders that hold packages, for package://
  Mimic mimic = Mimic::equality;      // joints that follow others: by an equality, or not at all
  bool floating_base = false;         // the base moves freely; otherwise it is fixed to the world
  bool repair = false;                // impossible masses and inertias are replaced, and reported
};

}  // namespace motorium
