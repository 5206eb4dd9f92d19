// Where readers get bytes from. A reader opens nothing by itself: it asks a Folder, and a Folder
// never leaves its root.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace motorium {

using Bytes = std::vector<uint8_t>;

class Folder {
 public:
  virtual ~Folder() = default;
  // Contents of the file at `path`, relative to the root, '/' between names. Throws Error when the
  // path leaves the root, is no regular file, cannot be read, or holds more than `most` bytes.
  virtual Bytes read(const std::string& path, uint64_t most) const = 0;
  // whether read(path) would find a file
  virtual bool has(const std::string& path) const = 0;
  // for messages: the root as the user knows it
  virtual std::string where() const = 0;
};

// a folder on disk; symbolic links that leave the root are refused
class DiskFolder : public Folder {
 public:
  explicit DiskFolder(std::string root);
  Bytes read(const std::string& path, uint64_t most) const override;
  bool has(const std::string& path) const override;
  std::string where() const override { return root_; }

 private:
  std::string root_;
};

// files by name, for tests and embedded models
class MemoryFolder : public Folder {
 public:
  std::map<std::string, Bytes> files;
  Bytes read(const std::string& path, uint64_t most) const override;
  bool has(const std::string& path) const override;
  std::string where() const override { return "memory"; }
};

// "a/./b/../c" -> "a/c". Throws Error for absolute paths, "..", beyond the root, drive letters,
// NUL, backslashes and empty paths.
std::string clean_path(const std::string& path);
// `path`, given relative to `folder` ("" or "a/b/"), relative to the root; checked as above
std::string join_path(const std::string& folder, const std::string& path);
// "a/b/c.xml" -> "a/b/"
std::string folder_of(const std::string& path);

}  // namespace motorium
