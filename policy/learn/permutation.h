// A random permutation of 0 .. n-1 as a function of the index, so that every index can be computed
// alone: a Feistel network on the smallest 2^b >= n (b >= 8), walked until it falls below n [Black,
// Rogaway 2002, "Ciphers with arbitrary finite domains"]. With x = (l, r), b = |l| + |r|, rounds
// take turns:
//
//   l ^= F(r, key)        r ^= F(l, key)        each undoes itself, so the whole is one to one
#pragma once
#include "motorium/policy/learn/numbers.h"
#include "motorium/policy/nn/noise.h"

namespace motorium {

FN PermutationKey permutation_key(uint64_t seed, uint32_t number) {
  PermutationKey key;
  for (uint32_t i = 0; i < PermutationKey::kRounds; i += 4) {
    const DrawWords d = draw(seed, Draw::permutation, i / 4, number, 1);
    for (uint32_t k = 0; k < 4; ++k) key.word[i + k] = d.v[k];
  }
  return key;
}

// both halves of a wide product carry bits of all of x
FN uint32_t mix_bits(uint32_t x, uint32_t key) {
  int high, low;
  multiply_wide(static_cast<int>(x ^ key), 0xcd9e8d57u, high, low);
  const uint32_t y = static_cast<uint32_t>(high) ^ static_cast<uint32_t>(low) ^ (key >> 7);
  multiply_wide(static_cast<int>(y), 0xd2511f53u, high, low);
  return static_cast<uint32_t>(high) ^ static_cast<uint32_t>(low);
}

// where index i < n goes; n <= 2^30
FN uint32_t permuted(const PermutationKey& key, uint32_t i, uint32_t n) {
  if (n < 2) return i;
  int size = 8;  // halves of one or two bits would favour some places
  while ((1u << size) < n) ++size;
  const int low = size / 2;
  const uint32_t low_mask = (1u << low) - 1, high_mask = (1u << (size - low)) - 1;
  do {
    uint32_t l = i >> low, r = i & low_mask;
    for (int k = 0; k < PermutationKey::kRounds; k += 2) {
      l ^= mix_bits(r, key.word[k]) & high_mask;
      r ^= mix_bits(l, key.word[k + 1]) & low_mask;
    }
    i = l << low | r;
  } while (i >= n);
  return i;
}

}  // namespace motorium
