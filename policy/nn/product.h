// Matrix products of a mini-batch by blocks of threads. Every output is the chain of gemm.h,
//
//   c = start;  for k = 0 .. depth-1:  c = fma(a(r,k), b(k,j), c)
//
// so the bits are those of the CPU's tiles. A block makes 128 x 64 outputs, a thread 8 x 4 of them
// in registers; 16 steps of k at a time lie in shared memory, and the next 16. The three products
// of a network:
//
//   forward    Y[n,o]  = act(bias[o] + sum_k X[n,k] W[o,k])
//   inputs     dX[n,k] = act'(Y[n,k]) sum_o dY[n,o] W[o,k]
//   gradient   dW[o,k] = sum_n dY[n,o] X[n,k], and of the bias, whose X is 1; one sum for every
//              1024 samples
#pragma once
#include <type_traits>

#include "motorium/policy/nn/block.h"
#include "motorium/policy/nn/net_view.h"
#include "motorium/policy/nn/pointwise.h"

namespace motorium {

struct Forward {};
struct Inputs {};
struct Gradient {};

struct ProductArgs {
  int rows, columns, depth;  // of the product
  const float* a;            // X, dY, dY
  const float* b;            // W, W, X
  int lda, ldb;
  float* c;
  int ldc;

  // forward
  const float* bias;
  Activation activation;
  float* before;  // Y before the activation, as c; null: not kept
  // inputs: what the activation gave and took, as c; none: the product alone
  const float *y, *x;
  // gradient: `sums` sums of up to `block` samples, `stride` apart; the samples come in one or two
  // halves of `depth`, each of which begins at a whole block
  float* c_bias;
  int block, sums;
  long stride;
};

template <class Kind> struct Product {
  ProductArgs p;
  static constexpr int kRows = 128, kColumns = 64, kDepth = 16, kMyRows = 8, kMyColumns = 4;
  static constexpr bool kGradient = std::is_same_v<Kind, Gradient>;
  static constexpr bool kForward = std::is_same_v<Kind, Forward>;
  struct alignas(16) Four {
    float v[4];
  };  // read at once
  struct alignas(16) Stage {
    float a[kDepth][kRows + 4];  // 4 more: columns fall into other banks
    float b[kDepth][kColumns + 4];
  };
  struct Shared {
    Stage stage[2];
  };
  struct Tile {
    float c[kMyRows][kMyColumns];
  };
  static_assert(kRows / kMyRows * (kColumns / kMyColumns) == kBlockThreads);

  FN int columns() const { return kGradient ? p.columns + 1 : p.columns; }
  FN int across() const { return (columns() + kColumns - 1) / kColumns; }
  FN int down() const { return (p.rows + kRows - 1) / kRows; }
  FN int tiles() const { return (kGradient ? p.sums : 1) * down() * across(); }

  template <class Block> FN void operator()(Block block, int tile, Shared& s) const {
    const int column0 = tile % across() * kColumns, row0 = tile / across() % down() * kRows;
    int sum = 0, first = 0, depth = p.depth;
    if constexpr (kGradient) {
      const int half = (p.depth + p.block - 1) / p.block;
      sum = tile / (across() * down());
      first = sum * p.block;
      depth = min(p.block, p.depth - sum % half * p.block);
    }

    typename Block::template Own<Tile> own;
    block.each([&](int thread) {
      const int j = column0 + thread % 16 * kMyColumns;
      MOTORIUM_UNROLL_ALL
      for (int u = 0; u < kMyColumns; ++u) {
        const bool biased = kForward && j + u < p.columns;
        const float start = biased ? p.bias[j + u] : 0.f;
        MOTORIUM_UNROLL_ALL
        for (int m = 0; m < kMyRows; ++m) own(thread).c[m][u] = start;
      }
    });
    // while a stage is added up, the numbers of the next are on their way; behind the last: zeros
    block.each([&](int thread) {
      Numbers numbers;
      fetch(thread, row0, column0, first, depth, numbers);
      keep(thread, numbers, s.stage[0]);
    });
    for (int k0 = 0; k0 < depth; k0 += kDepth) {
      const int n = min(kDepth, depth - k0), left = depth - k0 - kDepth;
      const Stage& now = s.stage[k0 / kDepth & 1];
      Stage& next = s.stage[(k0 / kDepth & 1) ^ 1];
      block.each([&](int thread) {
        Numbers numbers;
        fetch(thread, row0, column0, first + k0 + kDepth, left, numbers);
        const int r = thread / 16 * kMyRows, j = thread % 16 * kMyColumns;
        if (row0 + r < p.rows && column0 + j < columns())
          for (int k = 0; k < n; ++k) step(now, k, r, j, own(thread));
        keep(thread, numbers, next);
      });
    }
    block.each([&](int thread) {
      const int r0 = row0 + thread / 16 * kMyRows, j0 = column0 + thread % 16 * kMyColumns;
      MOTORIUM_UNROLL_ALL
      for (int m = 0; m < kMyRows; ++m) {
        MOTORIUM_UNROLL_ALL
        for (int u = 0; u < kMyColumns; ++u) {
          if (r0 + m < p.rows && j0 + u < columns()) put(r0 + m, j0 + u, sum, own(thread).c[m][u]);
        }
      }
    });
  }

 private:
  static constexpr int kOwnA = kRows * kDepth / kBlockThreads;
  static constexpr int kOwnB = kColumns * kDepth / kBlockThreads;
  struct Numbers {
    float a[kOwnA], b[kOwnB];
  };  // of a stage, those that a thread brings

  // place i of a stage: neighbouring threads read neighbours in memory
  FN static void place(int i, int wide, bool along_k, int& line, int& k) {
    line = along_k ? i / kDepth : i % wide;
    k = along_k ? i % kDepth : i / wide;
  }
  // `n`: steps that are left from k0 on
  FN void fetch(int thread, int row0, int column0, int k0, int n, Numbers& to) const {
    MOTORIUM_UNROLL_ALL
    for (int i = 0; i < kOwnA; ++i) {
      int r, k;
      place(thread + i * kBlockThreads, kRows, !kGradient, r, k);
      const bool inside = row0 + r < p.rows && k < n;
      const long at = kGradient ? long(k0 + k) * p.lda + row0 + r : long(row0 + r) * p.lda + k0 + k;
      to.a[i] = inside ? p.a[at] : 0.f;
    }
    MOTORIUM_UNROLL_ALL
    for (int i = 0; i < kOwnB; ++i) {
      int j, k;
      place(thread + i * kBlockThreads, kColumns, kForward, j, k);
      const int column = column0 + j;
      const bool inside = column < p.columns && k < n;
      const long at = kForward ? long(column) * p.ldb + k0 + k : long(k0 + k) * p.ldb + column;
      to.b[i] = inside ? p.b[at] : kGradient && column == p.columns ? 1.f : 0.f;
    }
  }
  FN static void keep(int thread, const Numbers& from, Stage& to) {
    MOTORIUM_UNROLL_ALL
    for (int i = 0; i < kOwnA; ++i) {
      int r, k;
      place(thread + i * kBlockThreads, kRows, !kGradient, r, k);
      to.a[k][r] = from.a[i];
    }
    MOTORIUM_UNROLL_ALL
    for (int i = 0; i < kOwnB; ++i) {
      int j, k;
      place(thread + i * kBlockThreads, kColumns, kForward, j, k);
      to.b[k][j] = from.b[i];
    }
  }

  FN static void step(const Stage& s, int k, int r, int j, Tile& t) {
    const Four b = *reinterpret_cast<const Four*>(&s.b[k][j]);
    MOTORIUM_UNROLL_ALL
    for (int half = 0; half < kMyRows; half += 4) {
      const Four a = *reinterpret_cast<const Four*>(&s.a[k][r + half]);
      MOTORIUM_UNROLL_ALL
      for (int i = 0; i < 16; ++i) {
        float& c = t.c[half + i / 4][i % 4];
        c = fma(a.v[i / 4], b.v[i % 4], c);
      }
    }
  }

  FN void put(int r, int j, int sum, float c) const {
    const long at = long(r) * p.ldc + j;
    if constexpr (kForward) {
      if (p.before) p.before[at] = c;
      p.c[at] = activate<float>(p.activation, c);
    } else if constexpr (std::is_same_v<Kind, Inputs>) {
      if (p.activation != Activation::none)
        c = c * activation_slope<float>(p.activation, p.y[at], p.x ? p.x[at] : p.y[at]);
      p.c[at] = c;
    } else {
      float* to = j < p.columns ? p.c + at : p.c_bias + r;
      to[sum * p.stride] = c;
    }
  }
};

}  // namespace motorium
