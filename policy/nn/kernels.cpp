#include "motorium/policy/nn/kernels.h"

#include <cstdlib>
#include <cstring>

#include "motorium/core/error.h"

// weak: a build may leave out an instruction set
extern "C" {
extern const motorium::PolicyKernels motorium_policy_v3 __attribute__((weak));
extern const motorium::PolicyKernels motorium_policy_v4 __attribute__((weak));
}

namespace motorium {

const PolicyKernels* policy_kernels(const char* isa) {
  if (!std::strcmp(isa, "v4"))
    return &motorium_policy_v4 && __builtin_cpu_supports("x86-64-v4") ? &motorium_policy_v4
                                                                      : nullptr;
  if (!std::strcmp(isa, "v3"))
    return &motorium_policy_v3 && __builtin_cpu_supports("x86-64-v3") ? &motorium_policy_v3
                                                                      : nullptr;
  return nullptr;
}

const PolicyKernels& policy_kernels() {
  static const PolicyKernels* const chosen = [] {
    const char* forced = std::getenv("MOTORIUM_ISA");
    if (forced && *forced) {
      const PolicyKernels* k = policy_kernels(forced);
      require(k, std::string("MOTORIUM_ISA=") + forced +
                     ": not built or not supported by this CPU: use v3 or v4, or unset it");
      return k;
    }
    const PolicyKernels* k = policy_kernels("v4");
    if (!k) k = policy_kernels("v3");
    require(k, "this CPU has no AVX2 and FMA (x86-64-v3), which motorium needs");
    return k;
  }();
  return *chosen;
}

}  // namespace motorium
