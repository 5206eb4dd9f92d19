// Worlds that share a pack wait for each other in the solver: the pack makes as many iterations,
// over as many rows, as its dearest world. So before every step the worlds that a thread owns are
// dealt into packs by the rows they had in the step before. A world has the same bits in any
// company, hence in any order.
//
//   world            0  1  2  3  4  5  6  7
//   rows             9  0  4  0  8  1  4  0    ->    packs of 4:  1 3 7 5,  2 6 4 0
//
// Host code, private to those who run packs: Batch and Env.
#pragma once
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace motorium {

// worlds that a thread sorts among each other: more find better company, but must stay in its cache
inline constexpr int kChunkWorlds = 256;

// worlds of a chunk where `threads` share n of them: two chunks a thread or more, in whole blocks
inline int chunk_worlds(int n, int threads, int block) {
  if (threads <= 1) return kChunkWorlds;
  const int share = n / (2 * threads) / block * block;
  return std::clamp(share, block, kChunkWorlds);
}

// sorted[0 .. n) = ids[0 .. n) by rising rows[id]; equal ones keep their order. n <= kChunkWorlds
inline void sort_by_rows(const int32_t* rows, const int* ids, int n, int* sorted) {
  constexpr int kBuckets = 256;
  int32_t most = 0;
  for (int i = 0; i < n; ++i) most = std::max(most, rows[ids[i]]);
  int shift = 0;
  while ((most >> shift) >= kBuckets) ++shift;
  const int used = (most >> shift) + 1;

  std::array<int, kBuckets> next;
  std::fill_n(next.begin(), used, 0);
  const auto bucket = [&](int i) { return static_cast<size_t>(rows[ids[i]] >> shift); };
  for (int i = 0; i < n; ++i) ++next[bucket(i)];
  int first = 0;
  for (int b = 0; b < used; ++b) first += std::exchange(next[static_cast<size_t>(b)], first);
  for (int i = 0; i < n; ++i) sorted[next[bucket(i)]++] = ids[i];
}

// fn(worlds of a pack, count) for packs of worlds that had about as many rows
template <class F>
void each_pack_by_rows(const int32_t* rows, const int* ids, int n, int width, F fn) {
  std::array<int, kChunkWorlds> sorted;
  sort_by_rows(rows, ids, n, sorted.data());
  for (int first = 0; first < n; first += width)
    fn(sorted.data() + first, std::min(width, n - first));
}

}  // namespace motorium
