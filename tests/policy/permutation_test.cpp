// The order of samples: one to one for every size, and without a pattern that shows.
#include "motorium/policy/learn/permutation.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace motorium {
namespace {

std::vector<uint32_t> order(uint64_t seed, uint32_t number, uint32_t n) {
  const PermutationKey key = permutation_key(seed, number);
  std::vector<uint32_t> out(n);
  for (uint32_t i = 0; i < n; ++i) out[i] = permuted(key, i, n);
  return out;
}

TEST(Permutation, HitsEveryIndexOnce) {
  const auto check = [](uint32_t n) {
    std::vector<int> hits(n);
    for (const uint32_t i : order(7, 3, n)) {
      ASSERT_LT(i, n);
      ASSERT_EQ(++hits[i], 1) << n;
    }
  };
  for (uint32_t n = 1; n <= 300; ++n) check(n);
  for (const uint32_t n : {4095u, 4096u, 4097u, 98304u, 131073u}) check(n);
  // the largest: single indices stay inside
  const PermutationKey key = permutation_key(1, 2);
  for (uint32_t i = 0; i < 100; ++i) EXPECT_LT(permuted(key, i, 1u << 30), 1u << 30);
}

// how often index i goes to place j over many updates: all the same, by the chi-squared statistic
TEST(Permutation, EveryPlaceIsAsLikely) {
  for (const uint32_t n : {3u, 5u, 12u, 37u}) {
    constexpr uint32_t kTimes = 4000;
    std::vector<double> hits(size_t(n) * n), pairs(n);
    for (uint32_t t = 0; t < kTimes; ++t) {
      const auto p = order(5, t, n);
      for (uint32_t i = 0; i < n; ++i) ++hits[size_t(i) * n + p[i]];
      ++pairs[(p[1] + n - p[0]) % n];
    }
    double square = 0, pair_square = 0;
    for (const double h : hits) square += (h - double(kTimes) / n) * (h - double(kTimes) / n);
    square /= double(kTimes) / n;
    // (n-1)^2 degrees of freedom; five standard deviations
    const double freedom = double(n - 1) * (n - 1);
    EXPECT_LT(square, freedom + 5 * std::sqrt(2 * freedom)) << n;
    // neighbours end at any distance but 0
    EXPECT_EQ(pairs[0], 0);
    const double share = double(kTimes) / (n - 1);
    for (uint32_t k = 1; k < n; ++k) pair_square += (pairs[k] - share) * (pairs[k] - share) / share;
    EXPECT_LT(pair_square, n - 2 + 5 * std::sqrt(2. * (n - 2))) << n;
  }
}

// in a long one: no more fixed points and neighbours that stay than chance gives
TEST(Permutation, LongOrdersShowNoPattern) {
  double fixed = 0, together = 0, drift = 0;
  constexpr uint32_t n = 12288;
  for (uint32_t t = 0; t < 20; ++t) {
    const auto p = order(9, t, n);
    for (uint32_t i = 0; i < n; ++i) {
      fixed += p[i] == i;
      together += i > 0 && p[i] == p[i - 1] + 1;
      drift += (double(i) / n - 0.5) * (double(p[i]) / n - 0.5) * 12 / n;
    }
  }
  EXPECT_NEAR(fixed, 20, 5 * std::sqrt(20.));
  EXPECT_NEAR(together, 20, 5 * std::sqrt(20.));
  EXPECT_NEAR(drift / 20, 0, 5 / std::sqrt(20. * n));
}

TEST(Permutation, DependsOnSeedAndUpdate) {
  EXPECT_EQ(order(1, 1, 100), order(1, 1, 100));
  EXPECT_NE(order(1, 1, 100), order(2, 1, 100));
  EXPECT_NE(order(1, 1, 100), order(1, 2, 100));
}

}  // namespace
}  // namespace motorium
