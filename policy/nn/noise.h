// Random numbers of learning: a function of (seed, purpose, counters), never a stream, so that they
// do not depend on threads, batch size or what was drawn before.
#pragma once
#include <cstdint>

#include "motorium/core/random.h"

namespace motorium {

// Continues `Purpose` of core/random.h. A value is never used again for another purpose.
enum class Draw : uint32_t {
  weights = 101,
  exploration = 102,
  permutation = 103,
  episode_start = 104
};

struct DrawWords {
  uint32_t v[4];
};

// four words; key = seed, counter = (a, b, purpose, c)
FN DrawWords draw(uint64_t seed, Draw purpose, uint32_t a, uint32_t b, uint32_t c) {
  const Words<float> w = philox<float>(
      static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32),
      {{static_cast<int>(a), static_cast<int>(b), static_cast<int>(purpose), static_cast<int>(c)}});
  return {{static_cast<uint32_t>(w.v[0]), static_cast<uint32_t>(w.v[1]),
           static_cast<uint32_t>(w.v[2]), static_cast<uint32_t>(w.v[3])}};
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
