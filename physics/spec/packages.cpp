#include "motorium/physics/spec/packages.h"

#include <sys/stat.h>

#include <climits>
#include <cstdlib>

#include "motorium/core/error.h"
#include "motorium/physics/spec/text.h"

namespace motorium {
namespace {

bool is_folder(const std::string& path) {
  struct stat info;
  return ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

bool is_file(const std::string& path) {
  struct stat info;
  return ::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode);
}

// without a slash at the end; "/" stays
std::string real_path(const std::string& path) {
  char real[PATH_MAX];
  return ::realpath(path.c_str(), real) ? real : path;
}

std::string last_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

// the folder that holds `path`, or empty above the root
std::string parent_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash);
}

// The folder whose files a model may name by relative paths: of those that the caller gave the one
// that holds it; the package that it belongs to; the parent of a folder that ROS calls urdf; its
// own.
std::string home_of(const std::string& file, const std::vector<std::string>& search) {
  const std::string own = parent_of(file);
  for (const std::string& folder : search) {
    if (file.compare(0, folder.size() + 1, folder + "/") == 0) return folder;
  }
  for (std::string up = own; !up.empty(); up = parent_of(up)) {
    if (is_file(up + "/package.xml")) return up;
  }
  const std::string name = last_name(own);
  const bool layout = name == "urdf" || name == "robots" || name == "robot";
  return layout && !parent_of(own).empty() ? parent_of(own) : own;
}

}  // namespace

Located Packages::locate(const std::string& name, bool strip, const std::string& meshdir) const {
  const size_t scheme = name.find("://");
  const size_t slash = name.rfind('/');
  const std::string last = slash == std::string::npos ? name : name.substr(slash + 1);
  const std::string beside = folder_of(model());
  if (strip || !meshdir.empty()) {
    const std::string file = strip ? last : name;
    return {&home(), join_path(beside, meshdir.empty() ? file : meshdir + "/" + file)};
  }
  if (scheme == std::string::npos && !name.empty() && name[0] != '/') {
    return {&home(), join_path(beside, name)};
  }
  const std::string kind = name.substr(0, scheme);
  if (scheme != std::string::npos && (kind == "package" || kind == "model")) {
    // some write three slashes
    const size_t start = std::min(name.find_first_not_of('/', scheme + 3), name.size());
    const size_t end = std::min(name.find('/', start), name.size());
    const std::string package = name.substr(start, end - start);
    const std::string rest = end < name.size() ? name.substr(end + 1) : "";
    require(!package.empty() && package != "." && package != ".." && !rest.empty(),
            "path \"" + printable(name) + "\": has the form package://name/path");
    std::string looked_in;
    const Folder* folder = find(package, looked_in);
    require(folder != nullptr, "package \"" + printable(package) + "\" is not found " + looked_in +
                                   ": give the folder that holds it (packages=[...], --package)");
    return {folder, clean_path(rest)};
  }
  require(scheme == std::string::npos || kind == "file",
          "path \"" + printable(name) + "\": is an address, nothing is fetched");
  std::string rest;
  const Folder* folder = holder(scheme == std::string::npos ? name : name.substr(scheme + 3), rest);
  require(folder != nullptr, "path \"" + printable(name) +
                                 "\": is absolute and in no folder that was given: give its folder "
                                 "(packages=[...], --package), or a path beside the model");
  return {folder, clean_path(rest)};
}

DiskPackages::DiskPackages(const std::string& file, std::vector<std::string> search) {
  for (const std::string& folder : search) {
    require(is_folder(folder), "packages: \"" + printable(folder) + "\" is no folder");
    search_.push_back(real_path(folder));
  }
  const char* ros = std::getenv("ROS_PACKAGE_PATH");
  for (std::string rest = ros ? ros : ""; !rest.empty();) {
    const size_t end = std::min(rest.find(':'), rest.size());
    if (is_folder(rest.substr(0, end))) ros_.push_back(real_path(rest.substr(0, end)));
    rest = rest.substr(std::min(end + 1, rest.size()));
  }
  // links on the way are resolved, the file itself keeps its name
  const size_t slash = file.rfind('/');
  const std::string own = slash == std::string::npos ? "." : file.substr(0, slash + 1);
  const std::string name = slash == std::string::npos ? file : file.substr(slash + 1);
  const std::string real = real_path(own);
  file_ = (real == "/" ? "" : real) + "/" + name;
  const std::string root = home_of(file_, search_);
  home_ = std::make_unique<DiskFolder>(root);
  model_ = file_.substr(root.size() + 1);
}

const Folder* DiskPackages::keep(const std::string& root) const {
  for (const auto& folder : kept_) {
    if (folder->where() == root) return folder.get();
  }
  kept_.push_back(std::make_unique<DiskFolder>(root));
  return kept_.back().get();
}

const Folder* DiskPackages::find(const std::string& package, std::string& looked_in) const {
  const auto below = [&](const std::vector<std::string>& roots) -> const Folder* {
    for (const std::string& root : roots) {
      if (last_name(root) == package) return keep(root);
      if (is_folder(root + "/" + package)) return keep(root + "/" + package);
    }
    return nullptr;
  };
  if (const Folder* found = below(search_)) return found;
  for (std::string up = parent_of(file_); !up.empty(); up = parent_of(up)) {
    if (last_name(up) == package) return keep(up);
    if (is_folder(up + "/" + package)) return keep(up + "/" + package);
  }
  if (const Folder* found = below(ros_)) return found;
  looked_in = "at or above \"" + printable(parent_of(file_), 200) + "\"";
  looked_in += search_.empty() ? "" : ", in the folders given";
  looked_in += ros_.empty() ? " (ROS_PACKAGE_PATH is empty)" : ", in ROS_PACKAGE_PATH";
  return nullptr;
}

const Folder* DiskPackages::holder(const std::string& absolute, std::string& rest) const {
  std::vector<std::string> roots = search_;
  roots.insert(roots.end(), ros_.begin(), ros_.end());
  roots.push_back(home_->where());
  for (const std::string& root : roots) {
    if (absolute.compare(0, root.size() + 1, root + "/") != 0) continue;
    rest = absolute.substr(root.size() + 1);
    return keep(root);
  }
  return nullptr;
}

const Folder* OneFolder::find(const std::string&, std::string& looked_in) const {
  looked_in = "(the model is a text without a file)";
  return nullptr;
}

}  // namespace motorium
