// The update of a normaliser in parts that any number of threads can share: sums of blocks of 256
// rows, column by column in the order of rows, then the blocks in order.
#pragma once
#include <cstdint>

#include "motorium/core/real.h"

namespace motorium {

constexpr int kNormalizerRows = 256;  // per partial sum

struct NormalizerView {
  int size, count_rows;
  const float* rows;    // (count_rows, size)
  const uint8_t* skip;  // (count_rows) or null
  double *mean, *var;   // (size)
  int64_t* count;
  float *mean_f, *scale_f;  // (size) as the networks use them
  double* sums;             // (blocks, 2, size) of x - mean and its square
  int64_t* kept;            // (blocks) rows that counted

  FN int blocks() const { return (count_rows + kNormalizerRows - 1) / kNormalizerRows; }
};

FN void normalizer_refresh(const NormalizerView& v, int i) {
  v.mean_f[i] = static_cast<float>(v.mean[i]);
  v.scale_f[i] = static_cast<float>(1 / (sqrt(v.var[i]) + 0.01));
}

// one number into the sums about the present mean, so that squares do not cancel
FN void normalizer_add(float x, float shift, double& sum, double& square) {
  const double d = static_cast<double>(x) - static_cast<double>(shift);
  sum += d;
  square += d * d;
}

// items: blocks * size
struct NormalizerSums {
  NormalizerView v;
  FN void operator()(int item) const {
    const int block = item / v.size, i = item % v.size;
    const int end = min(v.count_rows, (block + 1) * kNormalizerRows);
    double sum = 0, square = 0;
    int64_t kept = 0;
    for (int r = block * kNormalizerRows; r < end; ++r) {
      if (v.skip && v.skip[r]) continue;
      ++kept;
      normalizer_add(v.rows[long(r) * v.size + i], v.mean_f[i], sum, square);
    }
    v.sums[(2L * block) * v.size + i] = sum;
    v.sums[(2L * block + 1) * v.size + i] = square;
    if (i == 0) v.kept[block] = kept;
  }
};

FN int64_t normalizer_kept(const NormalizerView& v) {
  int64_t n = 0;
  for (int b = 0; b < v.blocks(); ++b) n += v.kept[b];
  return n;
}

// items: size, after the sums; the count follows by NormalizerCount
struct NormalizerColumn {
  NormalizerView v;
  FN void operator()(int i) const {
    const int64_t kept = normalizer_kept(v);
    if (kept == 0) return;
    const double n = static_cast<double>(kept);
    const double rate = n / static_cast<double>(*v.count + kept);
    double s = 0, q = 0;
    for (int b = 0; b < v.blocks(); ++b) {
      s += v.sums[(2L * b) * v.size + i];
      q += v.sums[(2L * b + 1) * v.size + i];
    }
    const double offset = s / n;
    const double mean_b = static_cast<double>(v.mean_f[i]) + offset;
    const double var_b = max(0., q / n - offset * offset);
    const double old = v.mean[i];
    v.mean[i] += rate * (mean_b - old);
    v.var[i] += rate * (var_b - v.var[i] + (mean_b - old) * (mean_b - v.mean[i]));
    normalizer_refresh(v, i);
  }
};

// one item
struct NormalizerCount {
  NormalizerView v;
  FN void operator()(int) const { *v.count += normalizer_kept(v); }
};

}  // namespace motorium
