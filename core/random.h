// Random numbers as a function, not a stream: Philox 4x32-10 [Salmon et al. 2011, "Parallel random
// numbers: as easy as 1, 2, 3"]. Key = seed, counter = (world, step, purpose, index). Integers
// only, so the words are equal on any device, for any width, in any order, after a resume and after
// a reset of some worlds. In a pack world, step and index may differ per lane.
#pragma once
#include "motorium/core/math.h"

namespace motorium {

// What a number is drawn for. A value is never used again for another purpose; 101 .. 199 belong to
// learning (policy/nn/noise.h), 1000 and above to programs that use the library.
enum class Purpose : int {
  reset_state = 1,        // initial poses and speeds
  command = 2,            // commanded velocities and goals
  command_time = 3,       // when the next command is drawn
  push = 4,               // pushes by setting velocity
  observation_noise = 5,  // noise of sensors
  action_noise = 6,       // noise and delay of actuators
  dynamics = 7,           // masses, frictions, gains: domain randomisation
  terrain = 8,            // which patch of terrain
  episode = 9,            // staggered episode lengths
  test = 99,
};

// the four words of one draw
template <class Real> struct Words { Int<Real> v[4]; };

// high and low half of the product of an unsigned word and a constant
FN void multiply_wide(int a, uint32_t b, int& high, int& low) {
  const uint64_t p = static_cast<uint64_t>(static_cast<uint32_t>(a)) * b;
  high = static_cast<int>(static_cast<uint32_t>(p >> 32));
  low = static_cast<int>(static_cast<uint32_t>(p));
}
#if defined(MOTORIUM_PACKS)
FN void multiply_wide(IntPack<8> a, uint32_t b, IntPack<8>& high, IntPack<8>& low) {
  // products of the even lanes, then of the odd ones
  const __m256i x = (__m256i)a.v, y = _mm256_set1_epi32(static_cast<int>(b));
  const __m256i even = _mm256_mul_epu32(x, y);
  const __m256i odd = _mm256_mul_epu32(_mm256_srli_epi64(x, 32), y);
  high = (Lanes<8>::Integer)_mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xaa);
  low = (Lanes<8>::Integer)_mm256_blend_epi32(even, _mm256_slli_epi64(odd, 32), 0xaa);
}
#if defined(__AVX512F__)
FN void multiply_wide(IntPack<16> a, uint32_t b, IntPack<16>& high, IntPack<16>& low) {
  const __m512i x = (__m512i)a.v, y = _mm512_set1_epi32(static_cast<int>(b));
  const __m512i even = _mm512_maskz_mul_epu32(0xff, x, y);
  const __m512i odd = _mm512_maskz_mul_epu32(0xff, _mm512_maskz_srli_epi64(0xff, x, 32), y);
  high = (Lanes<16>::Integer)_mm512_mask_blend_epi32(0xaaaa,
                                                     _mm512_maskz_srli_epi64(0xff, even, 32), odd);
  low = (Lanes<16>::Integer)_mm512_mask_blend_epi32(0xaaaa, even,
                                                    _mm512_maskz_slli_epi64(0xff, odd, 32));
}
#endif
#endif

// the bare generator; c: counter words
template <class Real> FN Words<Real> philox(uint32_t key0, uint32_t key1, Words<Real> c) {
  for (int round = 0; round < 10; ++round) {
    Int<Real> high0, low0, high2, low2;
    multiply_wide(c.v[0], 0xd2511f53u, high0, low0);
    multiply_wide(c.v[2], 0xcd9e8d57u, high2, low2);
    c.v[0] = high2 ^ c.v[1] ^ Int<Real>(static_cast<int>(key0));
    c.v[1] = low2;
    c.v[2] = high0 ^ c.v[3] ^ Int<Real>(static_cast<int>(key1));
    c.v[3] = low0;
    key0 += 0x9e3779b9u;
    key1 += 0xbb67ae85u;
  }
  return c;
}

// four random words for `purpose` in a world at a step; index counts the draws of one purpose
template <class Real>
FN Words<Real> random_words(uint64_t seed, Int<Real> world, Int<Real> step, Purpose purpose,
                            Int<Real> index) {
  Words<Real> c;
  c.v[0] = world;
  c.v[1] = step;
  c.v[2] = Int<Real>(static_cast<int>(purpose));
  c.v[3] = index;
  return philox<Real>(static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32), c);
}

// 0 <= u < 1 in steps of 2^-24
template <class Real> FN Real uniform01(Int<Real> word) {
  return to_real<Real>((word >> 8) & 0xffffff) * Real(0x1p-24f);
}

// low <= u < high, or u = high by rounding
template <class Real> FN Real uniform(Int<Real> word, Like<Real> low, Like<Real> high) {
  return fma(uniform01<Real>(word), high - low, low);
}

// standard normal number of two words [Box, Muller 1958]; |n| < 5.8
template <class Real> FN Real normal(Int<Real> word_a, Int<Real> word_b) {
  // 0 < u < 1, so that the logarithm is finite
  const Real u = (to_real<Real>((word_a >> 9) & 0x7fffff) + Real(0.5f)) * Real(0x1p-23f);
  return sqrt(Real(-2.f) * log(u)) * cos(Real(0x1.921fb6p+2f) * uniform01<Real>(word_b));
}

}  // namespace motorium
