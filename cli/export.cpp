// motorium export.
#include <cstdio>

#include "motorium/cli/onnx.h"
#include "motorium/cli/train.h"
#include "motorium/cli/verbs.h"
#include "motorium/core/error.h"

namespace motorium::cli {

int export_policy(const std::string& run, const std::string& onnx) {
  const std::string path = find_policy(run);
  try {
    const Policy policy = Policy::load(path);
    write_onnx(policy, onnx);
    std::printf("%s -> %s: obs %d, actions %d\n", path.c_str(), onnx.c_str(),
                policy.observation_size(), policy.action_size());
  } catch (const Error& e) {
    throw Failure{kExitBadInput, std::string(e.what())};
  }
  return 0;
}

}  // namespace motorium::cli
