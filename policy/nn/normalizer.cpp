#include "motorium/policy/nn/normalizer.h"

#include <algorithm>

#include "motorium/core/threads.h"
#include "motorium/policy/nn/normalizer_kernel.h"

namespace motorium {

Normalizer::Normalizer(int size)
    : mean(size, 0.), var(size, 1.), size_(size), mean_f_(padded(size)), scale_f_(padded(size)) {
  refresh();
}

void Normalizer::point(NormalizerView& v) {
  v.size = size_;
  v.mean = mean.data();
  v.var = var.data();
  v.count = &count;
  v.mean_f = mean_f_.data();
  v.scale_f = scale_f_.data();
  v.sums = sums_.data();
  v.kept = kept_.data();
}

void Normalizer::refresh() {
  NormalizerView v{};
  point(v);
  for (int i = 0; i < size_; ++i) normalizer_refresh(v, i);
}

void Normalizer::update(const float* rows, int count_rows, const uint8_t* skip, Threads& threads) {
  NormalizerView v{};
  v.count_rows = count_rows;
  const size_t blocks = static_cast<size_t>(v.blocks());
  if (kept_.size() < blocks) {
    sums_.resize(blocks * 2 * static_cast<size_t>(size_));
    kept_.resize(blocks);
  }
  point(v);
  v.rows = rows;
  v.skip = skip;

  // row by row as they lie, the order that each column sees is that of NormalizerSums
  threads.run(v.blocks(), [&](int block, int worker) {
    const Span span(threads.lane(worker), "normaliser");
    double* sum = v.sums + size_t(block) * 2 * static_cast<size_t>(size_);
    double* square = sum + size_;
    std::fill(sum, sum + 2 * size_, 0.);
    int64_t kept = 0;
    const int end = std::min(count_rows, (block + 1) * kNormalizerRows);
    for (int r = block * kNormalizerRows; r < end; ++r) {
      if (skip && skip[r]) continue;
      ++kept;
      const float* x = rows + size_t(r) * static_cast<size_t>(size_);
      for (int i = 0; i < size_; ++i) normalizer_add(x[i], v.mean_f[i], sum[i], square[i]);
    }
    v.kept[block] = kept;
  });
  for (int i = 0; i < size_; ++i) NormalizerColumn{v}(i);
  NormalizerCount{v}(0);
}

}  // namespace motorium
