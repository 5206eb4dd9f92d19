// Where the files that a URDF names are: beside it, in ROS packages, below folders that the caller
// gave. Nothing outside of these folders is opened.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "motorium/physics/spec/folder.h"

namespace motorium {

// a file as a Folder knows it
struct Located {
  const Folder* folder = nullptr;
  std::string path;  // below the folder's root
};

class Packages {
 public:
  virtual ~Packages() = default;
  // the folder of the model, and the path of the model file below it
  virtual const Folder& home() const = 0;
  virtual std::string model() const = 0;
  // the package of this name, or nullptr; `looked_in` says where it was looked for
  virtual const Folder* find(const std::string& package, std::string& looked_in) const = 0;
  // the folder that may hold an absolute path, and the rest of the path; nullptr: none may
  virtual const Folder* holder(const std::string& absolute, std::string& rest) const = 0;

  // `name` as URDF writes it: package://name/path, model://name/path, file:///path, or a path
  // beside the model; strip: only the last part, in the model's folder (MuJoCo's strippath).
  // Throws Error when no folder may hold it; whether it is there shows when it is read.
  Located locate(const std::string& name, bool strip, const std::string& meshdir) const;
};

// packages on disk: below the folders in `search`, then the nearest parent folder of the model that
// has the package's name or holds a folder of it, then below the folders of ROS_PACKAGE_PATH
class DiskPackages : public Packages {
 public:
  DiskPackages(const std::string& file, std::vector<std::string> search);
  const Folder& home() const override { return *home_; }
  std::string model() const override { return model_; }
  const Folder* find(const std::string& package, std::string& looked_in) const override;
  const Folder* holder(const std::string& absolute, std::string& rest) const override;

 private:
  const Folder* keep(const std::string& root) const;

  std::vector<std::string> search_, ros_;
  std::string file_;  // absolute
  std::unique_ptr<Folder> home_;
  std::string model_;
  mutable std::vector<std::unique_ptr<DiskFolder>> kept_;
};

// one folder and no packages: for texts in memory
class OneFolder : public Packages {
 public:
  OneFolder(const Folder& folder, std::string model) : folder_(folder), model_(std::move(model)) {}
  const Folder& home() const override { return folder_; }
  std::string model() const override { return model_; }
  const Folder* find(const std::string& package, std::string& looked_in) const override;
  const Folder* holder(const std::string&, std::string&) const override { return nullptr; }

 private:
  const Folder& folder_;
  std::string model_;
};

}  // namespace motorium
