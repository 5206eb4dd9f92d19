// Running mean and variance of observations:
//
//   n += n_b, rate = n_b / n, mu += rate (mu_b - mu),
//   var += rate (var_b - var + (mu_b - mu_old)(mu_b - mu_new))       y = (x - mu) / (sqrt(var) +
//   0.01)
//
// n_b, mu_b and the biased var_b are those of one batch. Starts as mean 0, variance 1, count 0.
#pragma once
#include <cstdint>
#include <vector>

#include "motorium/policy/nn/mlp.h"

namespace motorium {

class Threads;
struct NormalizerView;

class Normalizer {
 public:
  Normalizer() = default;
  explicit Normalizer(int size);

  // Rows (rows, size); those with skip[r] != 0 do not count. Sums go by blocks of 256 rows, so the
  // bits do not depend on the number of threads. skip may be null. Allocates in the first call
  // only.
  void update(const float* rows, int count, const uint8_t* skip, Threads& threads);

  int size() const { return size_; }
  // What mlp() and the gather kernel take: (padded(size)) each.
  ObservationScale scale() const { return {mean_f_.data(), scale_f_.data()}; }

  std::vector<double> mean, var;  // (size)
  int64_t count = 0;
  // After mean, var or count were set from outside.
  void refresh();

 private:
  void point(NormalizerView& v);
  int size_ = 0;
  Floats mean_f_, scale_f_;
  std::vector<double> sums_;   // (blocks, 2 size)
  std::vector<int64_t> kept_;  // (blocks) rows that counted
};

}  // namespace motorium
