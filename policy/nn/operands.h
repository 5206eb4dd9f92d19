// What the operands of a matrix product are made of; sums are float in both.
//
//   Fp32   one float a cell; a product of depth n has n steps:  c = fma(a, b, c)
//   Bf16   two bfloat16 a cell, rounded from float to nearest, ties to even; (n + 1) / 2 steps of
//          c = c + a0 b0 + a1 b1  as the instruction VDPBF16PS rounds it (denormals count as zero)
//
// Weights stay in float; cells are made when they are packed, those of inputs and gradients before
// each product. Cells of both are 4 bytes, so that strides are the same.
#pragma once
#include "motorium/core/real.h"

namespace motorium {

struct Fp32 {
  using Cell = float;
  static constexpr bool paired = false;
  static FN int steps(int depth) { return depth; }
  template <class Real> static FN Real spread(Cell a) { return Real(a); }
  template <class Real> static FN Real row(const Cell* p) { return load<Real>(p); }
  template <class Real> static FN Real add(Real a, Real b, Real c) { return fma(a, b, c); }
};

#if defined(__AVX512BF16__)
struct Bf16 {
  using Cell = int;
  static constexpr bool paired = true;
  static FN int steps(int depth) { return (depth + 1) / 2; }
  template <class Real> static FN Int<Real> spread(Cell a) { return Int<Real>(a); }
  template <class Real> static FN Int<Real> row(const Cell* p) {
    return IntPack<16>(typename Lanes<16>::Integer(_mm512_loadu_si512(p)));
  }
  template <class Real> static FN Real add(Int<Real> a, Int<Real> b, Real c) {
    return Real(typename Lanes<16>::Float(_mm512_dpbf16_ps(c.v, (__m512bh)a.v, (__m512bh)b.v)));
  }

  // 32 neighbours -> 16 cells
  static FN void neighbours(const float* from, Cell* to) {
    _mm512_storeu_si512(
        to, (__m512i)_mm512_cvtne2ps_pbh(_mm512_loadu_ps(from + 16), _mm512_loadu_ps(from)));
  }
  // 16 numbers, rounded, in the low halves of cells; the masked form as in core/real.h
  static FN __m512i wide(const float* from) {
    return _mm512_maskz_cvtepu16_epi32(0xffff, (__m256i)_mm512_cvtneps_pbh(_mm512_loadu_ps(from)));
  }
  // 16 numbers of one row with those of the next -> 16 cells
  static FN void beneath(const float* from, const float* next, Cell* to) {
    const __m512i low = wide(from);
    const __m512i high = next ? wide(next) : _mm512_setzero_si512();
    _mm512_storeu_si512(to, _mm512_or_si512(low, _mm512_maskz_slli_epi32(0xffff, high, 16)));
  }
  static FN Cell cell(float first, float second) {
    float both[32] = {first, second};
    Cell out[16];
    neighbours(both, out);
    return out[0];
  }

  // cells of `rows` rows along their length: (rows, to_stride) of width / 2 cells; width a multiple
  // of 16
  static FN void pair_neighbours(int rows, int width, const float* from, int stride, int* to,
                                 int to_stride) {
    for (int r = 0; r < rows; ++r) {
      const float* row = from + long(r) * stride;
      int* cells = to + long(r) * to_stride;
      for (int i = 0; i < width; i += 32)
        if (i + 32 <= width) {
          neighbours(row + i, cells + i / 2);
        } else {
          float last[32] = {};
          int half[16];
          for (int k = 0; k < 16; ++k) last[k] = row[i + k];
          neighbours(last, half);
          for (int k = 0; k < 8; ++k) cells[i / 2 + k] = half[k];
        }
    }
  }
  // cells across two rows: ((rows + 1) / 2, to_stride); a last row alone has zeros beside it
  static FN void pair_rows(int rows, int width, const float* from, int stride, int* to,
                           int to_stride) {
    for (int r = 0; r < rows; r += 2)
      for (int i = 0; i < width; i += 16) {
        const float* row = from + long(r) * stride + i;
        beneath(row, r + 1 < rows ? row + stride : nullptr, to + long(r / 2) * to_stride + i);
      }
  }
};
#endif

}  // namespace motorium
