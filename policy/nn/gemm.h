// Matrix products with a promise about bits: every output is one serial chain over k in index
// order, in float
//
//   c = start;  for k = 0 .. depth-1:  c = fma(a(r,k), b(k,j), c)
//
// so the result is the same for any tile, pack width, thread count or batch size. Three products
// make a network; all are the same tile with other strides:
//
//   forward   Y[n,o]  = bias[o] + sum_k X[n,k] W[o,k]      a = X,  b = W transposed, packed in
//   panels backward  dX[n,k] =           sum_o dY[n,o] W[o,k]     a = dY, b = W, packed in panels
//   gradient  dW[o,k] = dW[o,k] + sum_n dY[n,o] X[n,k]     a = dY read across, b = X as it lies
//
// A tile is M rows by V packs of accumulators in registers. A panel is V packs wide and holds its
// columns contiguously, depth x (V W) floats. Widths are padded to multiples of kLanes floats.
// The operands are float or pairs of bfloat16 (operands.h); with pairs, `depth` counts pairs and a,
// b point to their cells.
#pragma once
#include "motorium/policy/nn/operands.h"

namespace motorium {

constexpr int kLanes = 16;  // widths are padded to this: the widest pack, so that layouts agree
FN int padded(int n) { return (n + kLanes - 1) / kLanes * kLanes; }

// rows and packs of one register tile; `Across`: a(r,k) = a[k*lda + r], else a[r*lda + k]
template <int M, int V, bool Across> struct TileShape {
  static constexpr int rows = M;
  static constexpr int packs = V;
  static constexpr bool across = Across;
};

struct TileArgs {
  const float* a;
  const float* b;
  float* c;
  const float* bias;  // start of the chains, one per column; null: start from c, or zero
  int lda, ldb, ldc, depth;
  bool add;  // start from c
};

template <class Real, class Shape, class Operands> STAGE void gemm_tile(const TileArgs& t) {
  constexpr int M = Shape::rows, V = Shape::packs, W = kWidth<Real>;
  using Cell = typename Operands::Cell;
  Real acc[M][V];
  const Cell* a = reinterpret_cast<const Cell*>(t.a);
  const Cell* b = reinterpret_cast<const Cell*>(t.b);
  if (t.add) {
#pragma GCC unroll 16
    for (int r = 0; r < M; ++r)
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) acc[r][v] = load<Real>(t.c + r * t.ldc + v * W);
  } else {
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) {
      const Real start = t.bias ? load<Real>(t.bias + v * W) : Real(0.f);
#pragma GCC unroll 16
      for (int r = 0; r < M; ++r) acc[r][v] = start;
    }
  }
  if constexpr (Shape::across) {
    for (int k = 0; k < t.depth; ++k, a += t.lda, b += t.ldb) {
      decltype(Operands::template row<Real>(b)) y[V];
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) y[v] = Operands::template row<Real>(b + v * W);
#pragma GCC unroll 16
      for (int r = 0; r < M; ++r) {
        const auto x = Operands::template spread<Real>(a[r]);
#pragma GCC unroll 4
        for (int v = 0; v < V; ++v) acc[r][v] = Operands::template add<Real>(x, y[v], acc[r][v]);
      }
    }
  } else {
    const long lda = t.lda;
    for (int k = 0; k < t.depth; ++k, ++a, b += t.ldb) {
      decltype(Operands::template row<Real>(b)) y[V];
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) y[v] = Operands::template row<Real>(b + v * W);
#pragma GCC unroll 16
      for (int r = 0; r < M; ++r) {
        const auto x = Operands::template spread<Real>(a[r * lda]);
#pragma GCC unroll 4
        for (int v = 0; v < V; ++v) acc[r][v] = Operands::template add<Real>(x, y[v], acc[r][v]);
      }
    }
  }
#pragma GCC unroll 16
  for (int r = 0; r < M; ++r)
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) store<Real>(t.c + r * t.ldc + v * W, acc[r][v]);
}

// a strip: tiles of M rows from top to bottom, then one of the rows that are left
template <class Real, class Shape, class Operands> FN void gemm_strip(int rows, TileArgs t) {
  constexpr int M = Shape::rows, V = Shape::packs;
  constexpr bool across = Shape::across;
  const long step = across ? M : long(M) * t.lda;
  for (; rows >= M; rows -= M, t.a += step, t.c += long(M) * t.ldc)
    gemm_tile<Real, Shape, Operands>(t);
  static_assert(M == 6 || M == 8);
  switch (rows) {
    case 1:
      return gemm_tile<Real, TileShape<1, V, across>, Operands>(t);
    case 2:
      return gemm_tile<Real, TileShape<2, V, across>, Operands>(t);
    case 3:
      return gemm_tile<Real, TileShape<3, V, across>, Operands>(t);
    case 4:
      return gemm_tile<Real, TileShape<4, V, across>, Operands>(t);
    case 5:
      return gemm_tile<Real, TileShape<5, V, across>, Operands>(t);
    default:
      break;
  }
  if constexpr (M == 8) {
    if (rows == 6) gemm_tile<Real, TileShape<6, V, across>, Operands>(t);
    if (rows == 7) gemm_tile<Real, TileShape<7, V, across>, Operands>(t);
  }
}

// rows of a full tile: 16 accumulators of 32 registers with AVX-512, 12 of 16 with AVX2
template <class Real> inline constexpr int kTileRows = kWidth<Real> == 16 ? 8 : 6;

// c (rows, width) = bias + a (rows, depth) b, b packed by pack_panels; width a multiple of kLanes
template <class Real, class Operands> STAGE void gemm_packed(int rows, int width, TileArgs t) {
  constexpr int W = kWidth<Real>, M = kTileRows<Real>;
  const float* packed = t.b;
  float* c = t.c;
  for (int j = 0; j < width;) {
    const int packs = width - j >= 2 * W ? 2 : 1;
    t.b = packed + long(j) * t.depth;
    t.c = c + j;
    t.ldb = packs * W;
    if (packs == 2)
      gemm_strip<Real, TileShape<M, 2, false>, Operands>(rows, t);
    else
      gemm_strip<Real, TileShape<M, 1, false>, Operands>(rows, t);
    if (t.bias) t.bias += packs * W;
    j += packs * W;
  }
}

// c (rows, width) += a(:, 0 .. rows-1) transposed times b (depth, width), both as they lie
template <class Real, class Operands> STAGE void gemm_across(int rows, int width, TileArgs t) {
  constexpr int W = kWidth<Real>, M = kTileRows<Real>;
  const float* b = t.b;
  float* c = t.c;
  t.bias = nullptr;
  for (int j = 0; j < width;) {
    const int packs = width - j >= 2 * W ? 2 : 1;
    t.b = b + j;
    t.c = c + j;
    if (packs == 2)
      gemm_strip<Real, TileShape<M, 2, true>, Operands>(rows, t);
    else
      gemm_strip<Real, TileShape<M, 1, true>, Operands>(rows, t);
    j += packs * W;
  }
}

// panels of b(k, j) = from[k*k_stride + j*j_stride], k < depth; columns from `columns` on are zero
template <class Real, class Operands>
STAGE void pack_panels(int depth, int columns, const float* from, int k_stride, int j_stride,
                       float* packed) {
  constexpr int W = kWidth<Real>;
  const int width = padded(columns);
  for (int j = 0; j < width;) {
    const int wide = width - j >= 2 * W ? 2 * W : W;
    const auto at = [&](int k, int i) {
      return k < depth && j + i < columns ? from[long(k) * k_stride + long(j + i) * j_stride] : 0.f;
    };
    for (int k = 0; k < depth; k += Operands::paired ? 2 : 1)
      for (int i = 0; i < wide; ++i) {
        if constexpr (Operands::paired)
          *packed++ = from_bits(Operands::cell(at(k, i), at(k + 1, i)));
        else
          *packed++ = at(k, i);
      }
    j += wide;
  }
}

}  // namespace motorium
