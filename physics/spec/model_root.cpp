#include "motorium/physics/spec/model_root.h"

#include <sys/stat.h>

#include <climits>
#include <cstdlib>

#include "motorium/core/error.h"
#include "motorium/physics/spec/text.h"

namespace motorium {
namespace {

constexpr int kMostAbove = 4;

std::string real_folder(const std::string& folder) {
  char real[PATH_MAX];
  require(::realpath(folder.empty() ? "." : folder.c_str(), real) != nullptr,
          "folder \"" + printable(folder) + "\": cannot be opened");
  return real;
}

bool holds(const std::string& folder, const std::string& inner) {
  return inner == folder || folder == "/" || inner.compare(0, folder.size() + 1, folder + "/") == 0;
}

std::string parent_of(const std::string& folder) {
  const size_t slash = folder.rfind('/');
  return slash == 0 ? "/" : folder.substr(0, slash);
}

// when nobody says where the root is
int usual_levels(const std::string& folder) {
  const char* variable = std::getenv("HOME");
  char home[PATH_MAX];
  const bool has_home = variable && ::realpath(variable, home);
  std::string root = folder;
  for (int level = 0; level < kMostAbove; ++level) {
    root = parent_of(root);
    struct stat info;
    const bool open_to_all = ::stat(root.c_str(), &info) != 0 || (info.st_mode & S_IWOTH);
    if (root == "/" || open_to_all || (has_home && holds(root, home))) return level;
  }
  return kMostAbove;
}

}  // namespace

int levels_above(const std::string& folder, const std::string& root) {
  const std::string real = real_folder(folder);
  if (root.empty()) return usual_levels(real);
  const std::string real_root = real_folder(root);
  require(
      holds(real_root, real),
      "root \"" + printable(root) + "\": does not hold the model in \"" + printable(folder) + "\"");
  int levels = 0;
  for (std::string f = real; f != real_root; f = parent_of(f)) ++levels;
  return levels;
}

}  // namespace motorium
