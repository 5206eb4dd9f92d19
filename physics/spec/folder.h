// Where readers get bytes from. A reader opens nothing by itself: it asks a Folder. Paths are
// relative to the folder of the model; a Folder says how far above it they may climb.
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
  // Contents of the file at `path`, '/' between names. Throws Error when the path leaves what may
  // be read, is no regular file, cannot be read, or holds more than `most` bytes.
  virtual Bytes read(const std::string& path, uint64_t most) const = 0;
  // whether read(path) would find a file
  virtual bool has(const std::string& path) const = 0;
  // for messages: the folder as the user knows it
  virtual std::string where() const = 0;
  // how many folders paths may climb by leading ".."
  virtual int above() const { return 0; }
};

// A folder on disk, and `above` folders above it; symbolic links that leave those are refused.
class DiskFolder : public Folder {
 public:
  explicit DiskFolder(std::string root, int above = 0);
  int above() const override { return above_; }
  Bytes read(const std::string& path, uint64_t most) const override;
  bool has(const std::string& path) const override;
  std::string where() const override { return root_; }

 private:
  std::string root_;
  int above_;
};

// files by name, for tests and embedded models
class MemoryFolder : public Folder {
 public:
  std::map<std::string, Bytes> files;
  Bytes read(const std::string& path, uint64_t most) const override;
  bool has(const std::string& path) const override;
  std::string where() const override { return "memory"; }
};

// "a/./b/../c" -> "a/c", and "../a" as far as `above` leads. Throws Error for absolute paths, ".."
// beyond that, drive letters, NUL, backslashes and empty paths.
std::string clean_path(const std::string& path, int above = 0);
// the same for `path` given relative to `folder` ("", "a/b/" or "../a/")
std::string join_path(const std::string& folder, const std::string& path, int above = 0);
// Where a file that an included file names is: beside the main file or else beside the included
// one. Folders as folder_of() gives them.
std::string find_path(const Folder& folder, const std::string& main, const std::string& included,
                      const std::string& path);
// "a/b/c.xml" -> "a/b/"
std::string folder_of(const std::string& path);

}  // namespace motorium
