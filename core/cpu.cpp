#include "motorium/core/cpu.h"

#include <cpuid.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

namespace motorium {
namespace {

// the small extensions of x86-64-v3 that __builtin_cpu_supports of clang 14 cannot name
bool has_small_extensions() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (!__get_cpuid(1, &a, &b, &c, &d)) return false;
  const bool movbe = c & (1u << 22), f16c = c & (1u << 29);
  if (!__get_cpuid(0x80000001, &a, &b, &c, &d)) return false;
  const bool lzcnt = c & (1u << 5);
  return movbe && f16c && lzcnt;
}

}  // namespace

const char* name(Isa isa) { return isa == Isa::v4 ? "v4" : "v3"; }

bool has_isa(Isa isa) {
  __builtin_cpu_init();
  const bool v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                  __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") &&
                  has_small_extensions();
  if (isa == Isa::v3) return v3;
  return v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512vl");
}

bool has_bf16() {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx512bf16");
}

Isa choose_isa(bool has_v3, bool has_v4, long l2_bytes, const char* forced) {
  if (!has_v3)
    throw UnsupportedCpu(
        "this CPU lacks AVX2 and FMA (x86-64-v3): motorium needs a CPU of 2015 or newer");
  if (forced != nullptr && *forced != 0) {
    const std::string_view want = forced;
    require(want == "v3" || want == "v4",
            "MOTORIUM_ISA=" + std::string(want) + ": allowed are v3 and v4");
    require(want != "v4" || has_v4,
            "MOTORIUM_ISA=v4: this CPU lacks AVX-512 (x86-64-v4): use v3 or unset it");
    return want == "v4" ? Isa::v4 : Isa::v3;
  }
  return has_v4 && (l2_bytes <= 0 || l2_bytes > 512 * 1024) ? Isa::v4 : Isa::v3;
}

Isa best_isa() {
  return choose_isa(has_isa(Isa::v3), has_isa(Isa::v4), sysconf(_SC_LEVEL2_CACHE_SIZE),
                    std::getenv("MOTORIUM_ISA"));
}

}  // namespace motorium
