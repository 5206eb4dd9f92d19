#include "motorium/physics/spec/load.h"

#include "motorium/core/float_mode.h"
#include "motorium/core/limits.h"
#include "motorium/physics/spec/model_root.h"
#include "motorium/physics/spec/read_mjcf.h"
#include "motorium/physics/spec/read_urdf.h"

namespace motorium {
namespace {

// whether the first element is <robot>; declarations and comments before it are skipped
bool is_urdf(const std::string& text) {
  size_t at = 0;
  while ((at = text.find('<', at)) != text.npos) {
    if (text.compare(at, 4, "<!--") == 0) {
      at = text.find("-->", at);
    } else if (text.compare(at, 2, "<?") == 0 || text.compare(at, 2, "<!") == 0) {
      ++at;
    } else {
      return text.compare(at + 1, 5, "robot") == 0;
    }
    if (at == text.npos) break;
  }
  return false;
}

ReadOptions read_options(const LoadOptions& options) {
  return {.newton = options.compat == Compat::newton};
}

}  // namespace

Spec load_spec(const std::string& path, const LoadOptions& options) {
  const DefaultFloatMode mode;
  const size_t slash = path.rfind('/');
  const std::string root = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const std::string file = slash == std::string::npos ? path : path.substr(slash + 1);
  const DiskFolder folder(root, levels_above(root, options.root));
  const Bytes bytes = folder.read(file, limits::kModelBytes);
  const std::string text(bytes.begin(), bytes.end());
  Spec spec = is_urdf(text) ? read_urdf_text(text, DiskPackages(path, options.packages), options)
                            : read_mjcf_text(text, file, folder, read_options(options));
  spec.folder = root;
  return spec;
}

Spec load_spec_from_string(const std::string& xml, const std::string& folder,
                           const LoadOptions& options) {
  const DefaultFloatMode mode;
  const std::string name = is_urdf(xml) ? "model.urdf" : "model.xml";
  if (folder.empty()) {
    const MemoryFolder none;
    if (is_urdf(xml)) return read_urdf_text(xml, OneFolder(none, name), options);
    return read_mjcf_text(xml, name, none, read_options(options));
  }
  if (is_urdf(xml)) {
    return read_urdf_text(xml, DiskPackages(folder + "/" + name, options.packages), options);
  }
  const int above = options.root.empty() ? 0 : levels_above(folder, options.root);
  return read_mjcf_text(xml, name, DiskFolder(folder, above), read_options(options));
}

}  // namespace motorium
