// Random numbers of learning: a function of (seed, purpose, counters), never a stream, so that they do
// not depend on threads, batch size or what was drawn before.
#pragma once
#include <cstdint>

#include "motorium/core/math.h"

namespace motorium {

// A value is never used again for another purpose.
enum class Draw : uint32_t { weights = 101, exploration = 102, permutation = 103, episode_start = 104 };

struct DrawWords {
  uint32_t v[4];
};

// Philox 4x32-10 [Salmon et al. 2011]: key = seed, counter = (a, b, c, purpose)
FN DrawWords draw(uint64_t seed, Draw purpose, uint32_t a, uint32_t b, uint32_t c) {
  uint32_t k0 = static_cast<uint32_t>(seed), k1 = static_cast<uint32_t>(seed >> 32);
  uint32_t x0 = a, x1 = b, x2 = c, x3 = static_cast<uint32_t>(purpose);
  for (int round = 0; round < 10; ++round) {
    const uint64_t p = 0xD2511F53ull * x0, q = 0xCD9E8D57ull * x2;
    x0 = static_cast<uint32_t>(q >> 32) ^ x1 ^ k0;
    x2 = static_cast<uint32_t>(p >> 32) ^ x3 ^ k1;
    x1 = static_cast<uint32_t>(q);
    x3 = static_cast<uint32_t>(p);
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  return {{x0, x1, x2, x3}};
}

// strictly inside 0 .. 1
FN float unit_uniform(uint32_t word) {
  return (static_cast<float>(static_cast<int>(word >> 9)) + 0.5f) * 0x1p-23f;
}

// two standard normals [Box, Muller 1958]
FN void normals(uint32_t u, uint32_t v, float& a, float& b) {
  const float radius = sqrt(-2.f * log<float>(unit_uniform(u)));
  float s, c;
  sincos<float>(6.2831853f * unit_uniform(v), s, c);
  a = radius * c;
  b = radius * s;
}

}  // namespace motorium
