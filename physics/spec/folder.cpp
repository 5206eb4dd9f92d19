#include "motorium/physics/spec/folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "motorium/core/error.h"
#include "motorium/physics/spec/text.h"

namespace motorium {
namespace {

struct OpenFile {
  int descriptor = -1;
  ~OpenFile() {
    if (descriptor >= 0) ::close(descriptor);
  }
};

// Opens root/path without leaving the folder `above` levels over root: names are opened one by one,
// links are resolved first and must stay inside.
int open_inside(const std::string& root, int above, const std::string& path, std::string& why) {
  char real_root[PATH_MAX], real_file[PATH_MAX];
  std::string top = root;
  for (int i = 0; i < above; ++i) top += "/..";
  if (!::realpath(top.c_str(), real_root)) {
    why = std::string("folder cannot be opened: ") + std::strerror(errno);
    return -1;
  }
  if (!::realpath((root + "/" + path).c_str(), real_file)) {
    why = errno == ENOENT ? "no such file" : std::strerror(errno);
    return -1;
  }
  std::string inside = real_root;
  if (inside != "/") inside += '/';
  if (std::string(real_file).compare(0, inside.size(), inside) != 0) {
    why = "a link leads out of the folder";
    return -1;
  }
  // walk from the root by descriptor, so that a name swapped for a link meanwhile is refused
  int folder = ::open(real_root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  std::string rest = std::string(real_file).substr(inside.size());
  while (folder >= 0) {
    const size_t slash = rest.find('/');
    const bool last = slash == std::string::npos;
    const std::string name = rest.substr(0, slash);
    const int flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | (last ? O_NONBLOCK : O_DIRECTORY);
    const int next = ::openat(folder, name.c_str(), flags);
    ::close(folder);
    folder = next;
    if (last) break;
    rest = rest.substr(slash + 1);
  }
  if (folder < 0) why = std::strerror(errno);
  return folder;
}

}  // namespace

std::string clean_path(const std::string& path, int above) { return join_path("", path, above); }

std::string folder_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash + 1);
}

std::string join_path(const std::string& folder, const std::string& path, int above) {
  const auto refuse = [&](const char* why) {
    throw Error("path \"" + printable(path) + "\": " + why);
  };
  if (path.empty()) refuse("is empty");
  if (path.size() > 4096) refuse("is longer than 4096 bytes");
  if (path.find('\0') != std::string::npos) refuse("holds a NUL byte");
  if (path[0] == '/') refuse("is absolute: give it relative to the model's folder");
  if (path.find('\\') != std::string::npos) refuse("holds a backslash: use /");
  if (path.size() > 1 && path[1] == ':') refuse("starts with a drive letter");
  if (path.find("://") != std::string::npos) refuse("is an address, nothing is fetched");
  const std::string whole = folder + path;
  std::vector<std::string> names;
  int climbed = 0;
  size_t start = 0;
  while (start <= whole.size()) {
    size_t end = whole.find('/', start);
    if (end == std::string::npos) end = whole.size();
    const std::string name = whole.substr(start, end - start);
    if (name == "..") {
      if (!names.empty()) {
        names.pop_back();
      } else if (++climbed > above) {
        refuse("leaves the model's folder: load with root= the folder that holds both");
      }
    } else if (!name.empty() && name != ".") {
      names.push_back(name);
    }
    start = end + 1;
  }
  if (names.empty()) refuse("names no file");
  std::string out;
  for (int i = 0; i < climbed; ++i) out += "../";
  for (const std::string& name : names) out += (&name == &names[0] ? "" : "/") + name;
  return out;
}

std::string find_path(const Folder& folder, const std::string& main, const std::string& included,
                      const std::string& path) {
  if (main == included) return join_path(main, path, folder.above());
  std::string found;
  try {
    found = join_path(main, path, folder.above());
  } catch (const Error&) {
    return join_path(included, path, folder.above());
  }
  if (folder.has(found)) return found;
  try {
    const std::string other = join_path(included, path, folder.above());
    if (folder.has(other)) return other;
  } catch (const Error&) {
  }
  return found;
}

DiskFolder::DiskFolder(std::string root, int above) : root_(std::move(root)), above_(above) {
  if (root_.empty()) root_ = ".";
}

bool DiskFolder::has(const std::string& path) const {
  struct stat info;
  return ::stat((root_ + "/" + path).c_str(), &info) == 0 && S_ISREG(info.st_mode);
}

Bytes DiskFolder::read(const std::string& path, uint64_t most) const {
  const std::string clean = clean_path(path, above_);
  const auto refuse = [&](const std::string& why) {
    throw Error("file \"" + printable(clean) + "\" in \"" + printable(root_) + "\": " + why);
  };
  OpenFile file;
  std::string why;
  file.descriptor = open_inside(root_, above_, clean, why);
  if (file.descriptor < 0) refuse(why);
  struct stat info;
  if (::fstat(file.descriptor, &info) != 0) refuse(std::strerror(errno));
  if (!S_ISREG(info.st_mode)) refuse("is not a regular file");
  const auto size = static_cast<uint64_t>(info.st_size);
  if (size > most) {
    refuse(std::to_string(size) + " bytes, at most " + std::to_string(most) + " are read");
  }
  Bytes bytes(size);
  uint64_t done = 0;
  while (done < size) {
    const ssize_t got = ::read(file.descriptor, bytes.data() + done, size - done);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) refuse(got < 0 ? std::strerror(errno) : "became shorter while it was read");
    done += static_cast<uint64_t>(got);
  }
  return bytes;
}

bool MemoryFolder::has(const std::string& path) const { return files.count(path) != 0; }

Bytes MemoryFolder::read(const std::string& path, uint64_t most) const {
  const auto found = files.find(clean_path(path));
  require(found != files.end(), "file \"" + printable(path) + "\": no such file");
  require(found->second.size() <= most,
          "file \"" + printable(path) + "\": " + std::to_string(found->second.size()) +
              " bytes, at most " + std::to_string(most) + " are read");
  return found->second;
}

}  // namespace motorium
