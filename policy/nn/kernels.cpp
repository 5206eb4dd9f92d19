#include "motorium/policy/nn/kernels.h"

#include <cstring>

#include "motorium/core/cpu.h"

// weak: a build may leave out an instruction set
extern "C" {
extern const motorium::PolicyKernels motorium_policy_v3 __attribute__((weak));
extern const motorium::PolicyKernels motorium_policy_v4 __attribute__((weak));
}

namespace motorium {

const PolicyKernels* policy_kernels(const char* isa) {
  if (!std::strcmp(isa, "v4"))
    return &motorium_policy_v4 && has_isa(Isa::v4) ? &motorium_policy_v4 : nullptr;
  if (!std::strcmp(isa, "v3"))
    return &motorium_policy_v3 && has_isa(Isa::v3) ? &motorium_policy_v3 : nullptr;
  return nullptr;
}

const PolicyKernels& policy_kernels() {
  const Isa isa = best_isa();
  const PolicyKernels* k = policy_kernels(name(isa));
  require(k, std::string("this build has no ") + name(isa) +
                 " kernels: build with -DMOTORIUM_ISAS=\"v3;v4\" or set MOTORIUM_ISA");
  return *k;
}

}  // namespace motorium
