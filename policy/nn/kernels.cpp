#include "motorium/policy/nn/kernels.h"

#include <cstring>

#include "motorium/core/cpu.h"

extern "C" {
extern const motorium::PolicyKernels motorium_policy_v3;
extern const motorium::PolicyKernels motorium_policy_v4;
}

namespace motorium {

const PolicyKernels* policy_kernels(const char* isa) {
  if (!std::strcmp(isa, "v4")) return has_isa(Isa::v4) ? &motorium_policy_v4 : nullptr;
  if (!std::strcmp(isa, "v3")) return has_isa(Isa::v3) ? &motorium_policy_v3 : nullptr;
  return nullptr;
}

const PolicyKernels& policy_kernels() {
  return best_isa() == Isa::v4 ? motorium_policy_v4 : motorium_policy_v3;
}

}  // namespace motorium
