#include "motorium/policy/nn/normalizer.h"

#include <algorithm>
#include <cmath>

#include "motorium/core/threads.h"

namespace motorium {

namespace {
constexpr int kBlock = 1024;  // rows per partial sum
}

Normalizer::Normalizer(int size)
    : mean(size, 0.), var(size, 1.), size_(size), mean_f_(padded(size)), scale_f_(padded(size)) {
  refresh();
}

void Normalizer::refresh() {
  for (int i = 0; i < size_; ++i) {
    mean_f_[i] = static_cast<float>(mean[i]);
    scale_f_[i] = static_cast<float>(1 / (std::sqrt(var[i]) + 0.01));
  }
}

void Normalizer::update(const float* rows, int count_rows, const uint8_t* skip, Threads& threads) {
  const int blocks = (count_rows + kBlock - 1) / kBlock;
  if (sums_.size() < size_t(blocks) * 2 * size_) {
    sums_.resize(size_t(blocks) * 2 * size_);
    kept_.resize(blocks);
  }

  // sums about the present mean, so that squares do not cancel
  threads.run(blocks, [&](int block, int) {
    double* sum = &sums_[size_t(block) * 2 * size_];
    double* square = sum + size_;
    std::fill(sum, sum + 2 * size_, 0.);
    int64_t kept = 0;
    const float* shift = mean_f_.data();
    for (int r = block * kBlock; r < std::min(count_rows, (block + 1) * kBlock); ++r) {
      if (skip && skip[r]) continue;
      ++kept;
      const float* x = rows + size_t(r) * size_;
      for (int i = 0; i < size_; ++i) {
        const double d = static_cast<double>(x[i]) - static_cast<double>(shift[i]);
        sum[i] += d;
        square[i] += d * d;
      }
    }
    kept_[block] = kept;
  });

  int64_t n = 0;
  for (int b = 0; b < blocks; ++b) n += kept_[b];
  if (!n) return;
  count += n;
  const double rate = static_cast<double>(n) / static_cast<double>(count);
  for (int i = 0; i < size_; ++i) {
    double s = 0, q = 0;
    for (int b = 0; b < blocks; ++b) {
      s += sums_[size_t(b) * 2 * size_ + i];
      q += sums_[size_t(b) * 2 * size_ + size_ + i];
    }
    const double offset = s / static_cast<double>(n);
    const double mean_b = mean_f_[i] + offset;
    const double var_b = std::max(0., q / static_cast<double>(n) - offset * offset);
    const double old = mean[i];
    mean[i] += rate * (mean_b - old);
    var[i] += rate * (var_b - var[i] + (mean_b - old) * (mean_b - mean[i]));
  }
  refresh();
}

}  // namespace motorium
