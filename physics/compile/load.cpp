#include "motorium/core/error.h"
#include "motorium/physics/batch.h"
#include "motorium/physics/compile/compile.h"
#include "motorium/physics/spec/read_mjcf.h"

namespace motorium {

std::shared_ptr<const Model> load_model(const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string root = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const std::string file = slash == std::string::npos ? path : path.substr(slash + 1);
  return std::make_shared<const Model>(compile(read_mjcf(file, DiskFolder(root))));
}

std::shared_ptr<const Model> load_model_from_string(const std::string& xml,
                                                    const std::string& folder) {
  const std::string name = "model.xml";
  // without a folder a text cannot name files
  if (folder.empty()) {
    return std::make_shared<const Model>(compile(read_mjcf_text(xml, name, MemoryFolder())));
  }
  return std::make_shared<const Model>(compile(read_mjcf_text(xml, name, DiskFolder(folder))));
}

}  // namespace motorium
