#include <filesystem>
#include <map>
#include <set>

#include "motorium/core/error.h"
#include "motorium/core/file.h"
#include "motorium/core/limits.h"
#include "motorium/physics/spec/folder.h"
#include "motorium/physics/spec/text.h"
#include "motorium/physics/spec/write_mjcf.h"

namespace motorium {
namespace {

namespace fs = std::filesystem;

// files below the model's folder stay where they are, others are copied into assets/
class Assets {
 public:
  explicit Assets(fs::path folder) : folder_(std::move(folder)) {}

  std::string place(const std::string& source, const std::string& file) {
    std::error_code missing;
    const fs::path real = fs::canonical(source, missing);
    // what is not there cannot be copied, and the reader has reported it
    if (missing) return file;
    const std::string beside = real.lexically_relative(folder_).string();
    if (!beside.empty() && beside.compare(0, 2, "..") != 0) return beside;
    const auto [known, fresh] = copies_.emplace(real.string(), "");
    if (!fresh) return known->second;
    // another file of the same name gets a number
    std::string name = real.filename().string();
    for (int i = 1; !names_.insert(name).second; ++i) {
      name = real.stem().string() + std::to_string(i) + real.extension().string();
    }
    const DiskFolder from(real.parent_path().string());
    const Bytes bytes = from.read(real.filename().string(), limits::kMeshBytes);
    fs::create_directories(folder_ / "assets");
    const std::string_view content(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    write_durably((folder_ / "assets" / name).string(), content);
    return known->second = "assets/" + name;
  }

 private:
  fs::path folder_;
  std::map<std::string, std::string> copies_;
  std::set<std::string> names_;
};

}  // namespace

void save_mjcf(const Spec& spec, const std::string& path) {
  const fs::path parent = fs::absolute(path).parent_path();
  std::error_code failed;
  fs::create_directories(parent, failed);
  const fs::path folder = fs::canonical(parent, failed);
  require(!failed, "\"" + printable(path) + "\": its folder cannot be made");
  Assets assets(folder);
  WriteOptions options;
  options.place = [&](const std::string& source, const std::string& file) {
    return assets.place(source, file);
  };
  const std::string text = write_mjcf(spec, options);
  write_durably(path, text);
}

}  // namespace motorium
