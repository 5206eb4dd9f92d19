// motorium convert: a model file, URDF or MJCF, as MJCF.
#include <cstdio>

#include "motorium/cli/verbs.h"
#include "motorium/core/error.h"
#include "motorium/physics/compile/compile.h"
#include "motorium/physics/compile/one_file.h"
#include "motorium/physics/spec/load.h"
#include "motorium/physics/spec/write_mjcf.h"

namespace motorium::cli {

int convert(const std::string& in, const std::string& out, const LoadOptions& options) {
  try {
    const Spec spec = load_spec(in, options);
    // what does not compile is not written
    const Model model = compile(spec);
    save_mjcf(as_one_file(spec), out);
    for (const std::string& line : model.report) std::printf("ignored    %s\n", line.c_str());
    std::printf("%s: %d bodies, %d degrees of freedom\n", out.c_str(), model.nbody - 1, model.nv);
  } catch (const Error& e) {
    throw Failure{kExitBadInput, std::string(e.what())};
  }
  return 0;
}

}  // namespace motorium::cli
