#include "motorium/policy/nn/kernels.h"

#include <cstdlib>
#include <cstring>

#include "motorium/core/cpu.h"
#include "motorium/core/error.h"

extern "C" {
extern const motorium::PolicyKernels motorium_policy_v3;
extern const motorium::PolicyKernels motorium_policy_v4;
extern const motorium::PolicyKernels motorium_policy_v4bf16;
}

namespace motorium {

const PolicyKernels* policy_kernels(const char* isa) {
  if (!std::strcmp(isa, "v4")) return has_isa(Isa::v4) ? &motorium_policy_v4 : nullptr;
  if (!std::strcmp(isa, "v4bf16"))
    return has_isa(Isa::v4) && has_bf16() ? &motorium_policy_v4bf16 : nullptr;
  if (!std::strcmp(isa, "v3")) return has_isa(Isa::v3) ? &motorium_policy_v3 : nullptr;
  return nullptr;
}

const PolicyKernels& policy_kernels() {
  return best_isa() == Isa::v4 ? motorium_policy_v4 : motorium_policy_v3;
}

const PolicyKernels& policy_kernels_for(const std::string& precision) {
  if (precision == "fp32") return policy_kernels();
  require(precision == "bf16", "precision '" + precision + "': allowed are fp32 and bf16");
  const char* forced = std::getenv("MOTORIUM_ISA");
  if (forced != nullptr && !std::strcmp(forced, "v3"))
    throw UnsupportedCpu(
        "precision bf16 needs AVX512-BF16, MOTORIUM_ISA=v3 forbids it: unset it, or "
        "use fp32");
  const PolicyKernels* k = policy_kernels("v4bf16");
  if (k == nullptr) throw UnsupportedCpu("precision bf16: this CPU has no AVX512-BF16: use fp32");
  return *k;
}

}  // namespace motorium
