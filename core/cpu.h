// Which instruction set the CPU kernels use. Host code is plain x86-64; kernels exist for two
// levels.
#pragma once
#include <string>

#include "motorium/core/error.h"

namespace motorium {

enum class Isa {
  v3,  // AVX2 and FMA: packs of 8 worlds
  v4,  // AVX-512: packs of 16 worlds
};

// This CPU is older than every kernel we have; programs leave with exit code 69.
class UnsupportedCpu : public Error {
 public:
  using Error::Error;
};
inline constexpr int kExitUnsupportedCpu = 69;

// "v3", "v4"
const char* name(Isa isa);

// can this machine run it?
bool has_isa(Isa isa);

// products of bfloat16 pairs (AVX512-BF16)
bool has_bf16();

// The set to use: v4 where the machine has it and its L2 cache is large enough for packs of 16
// (above 512 KiB a core), else v3. The environment variable MOTORIUM_ISA=v3|v4 forces one. Throws
// UnsupportedCpu on an older machine, Error for an unknown or impossible MOTORIUM_ISA. The
// environment is read at every call, so that a test may change it.
Isa best_isa();

// the choice as a pure function, for tests; forced: value of MOTORIUM_ISA or null
Isa choose_isa(bool has_v3, bool has_v4, long l2_bytes, const char* forced);

}  // namespace motorium
