#include "motorium/physics/spec/load.h"

#include "motorium/physics/batch.h"
#include "motorium/physics/compile/compile.h"

namespace motorium {

std::shared_ptr<const Model> load_model(const std::string& path, const LoadOptions& options) {
  return compile_and_keep(load_spec(path, options));
}

std::shared_ptr<const Model> load_model_from_string(const std::string& xml,
                                                    const std::string& folder,
                                                    const LoadOptions& options) {
  return compile_and_keep(load_spec_from_string(xml, folder, options));
}

}  // namespace motorium
