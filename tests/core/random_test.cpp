#include "motorium/core/random.h"

#include <gtest/gtest.h>

#include <cmath>

#include "motorium/core/cpu.h"
#include "tests/core/check_kernels.h"

namespace motorium {
namespace {

// known answers of the paper's reference code
TEST(Random, PhiloxKnownAnswers) {
  const struct {
    uint32_t counter[4], key[2], answer[4];
  } known[] = {
      {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
      {{~0u, ~0u, ~0u, ~0u}, {~0u, ~0u}, {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
      {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
       {0xa4093822, 0x299f31d0},
       {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
  };
  for (const auto& k : known) {
    Words<float> c;
    for (int i = 0; i < 4; ++i) c.v[i] = static_cast<int>(k.counter[i]);
    const Words<float> got = philox<float>(k.key[0], k.key[1], c);
    for (int i = 0; i < 4; ++i) EXPECT_EQ(static_cast<uint32_t>(got.v[i]), k.answer[i]);
  }
}

TEST(Random, EqualBitsForAnyWidth) {
  const uint64_t seed = 0xfedcba9876543210ull;
  for (const Isa isa : {Isa::v3, Isa::v4}) {
    if (!has_isa(isa)) continue;
    const CheckKernels& k = isa == Isa::v3 ? motorium_core_check_v3 : motorium_core_check_v4;
    for (int width = 1; width <= k.widest; width = width == 1 ? 8 : 2 * width) {
      int words[64];
      float normals[16];
      k.draw(width, seed, 1000, 7, 3, words, normals);
      for (int w = 0; w < 16; ++w) {
        const Words<float> r = random_words<float>(seed, 1000 + w, 7, Purpose::test, 3);
        for (int i = 0; i < 4; ++i) ASSERT_EQ(r.v[i], words[4 * w + i]) << width;
        ASSERT_EQ(bits(normal<float>(r.v[0], r.v[1])), bits(normals[w])) << width;
      }
    }
  }
}

TEST(Random, MomentsAreThoseOfTheDistribution) {
  const int n = 200000;
  double u1 = 0, u2 = 0, n1 = 0, n2 = 0, n4 = 0;
  float lowest = 1, highest = 0;
  for (int i = 0; i < n; ++i) {
    const Words<float> r = random_words<float>(1, i, 0, Purpose::test, 0);
    const float u = uniform01<float>(r.v[2]);
    const double x = static_cast<double>(normal<float>(r.v[0], r.v[1]));
    lowest = min(lowest, u);
    highest = max(highest, u);
    u1 += static_cast<double>(u);
    u2 += static_cast<double>(u * u);
    n1 += x;
    n2 += x * x;
    n4 += x * x * x * x;
  }
  EXPECT_GE(lowest, 0.f);
  EXPECT_LT(highest, 1.f);
  EXPECT_NEAR(u1 / n, 0.5, 0.003);
  EXPECT_NEAR(u2 / n, 1. / 3, 0.003);
  EXPECT_NEAR(n1 / n, 0, 0.01);
  EXPECT_NEAR(n2 / n, 1, 0.015);
  EXPECT_NEAR(n4 / n, 3, 0.15);
  EXPECT_EQ(uniform<float>(-1, 2.f, 2.f), 2.f);
}

TEST(Random, ExtremeWordsGiveFiniteNumbers) {
  for (const int a : {0, -1, 0x1ff, 0x7fffffff, -0x7fffffff - 1})
    for (const int b : {0, -1, 0x40000000}) EXPECT_LT(std::abs(normal<float>(a, b)), 5.9f);
  EXPECT_LT(uniform01<float>(-1), 1.f);
}

}  // namespace
}  // namespace motorium
