#include "motorium/cli/measure.h"

#include <algorithm>
#include <chrono>

#include "motorium/core/random.h"
#include "motorium/core/status.h"

namespace motorium::cli {

double now() {
  using namespace std::chrono;
  return duration<double>(steady_clock::now().time_since_epoch()).count();
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const size_t n = values.size();
  return n ? 0.5 * (values[(n - 1) / 2] + values[n / 2]) : 0.0;
}

void random_controls(Batch& batch, uint64_t seed, uint32_t draw) {
  const Model& m = batch.model();
  float* ctrl = static_cast<float*>(batch.state("ctrl").data);
  for (int w = 0; w < batch.worlds(); ++w)
    for (int a = 0; a < m.nu; ++a) {
      const size_t at = static_cast<size_t>(a);
      const bool limited = m.actuator_ctrllimited[at] != 0;
      const double low = limited ? m.actuator_ctrlrange[2 * at] : -1,
                   high = limited ? m.actuator_ctrlrange[2 * at + 1] : 1;
      const Words<float> words =
          random_words<float>(seed, w, static_cast<int>(draw), Purpose::test, a);
      ctrl[static_cast<size_t>(w) * static_cast<size_t>(m.nu) + at] = static_cast<float>(
          low + (high - low) * static_cast<double>(uniform01<float>(words.v[0])));
    }
}

double mean_output(Batch& batch, const std::string& name) {
  const float* values = static_cast<const float*>(batch.bind(name).data);
  double sum = 0;
  for (int w = 0; w < batch.worlds(); ++w) sum += static_cast<double>(values[w]);
  return sum / batch.worlds();
}

std::string health(const Batch& batch) {
  static const std::pair<const char*, uint32_t> bits[] = {{"frozen", kStatusFrozen},
                                                          {"bad_input", kStatusBadInput},
                                                          {"capped", kStatusCapped},
                                                          {"not_converged", kStatusNotConverged},
                                                          {"search_limit", kStatusSearchLimit},
                                                          {"deep", kStatusDeep}};
  std::string out;
  for (const auto& [name, bit] : bits)
    if (const int64_t n = batch.status_count(bit))
      out += (out.empty() ? "" : ", ") + std::string(name) + " " + std::to_string(n);
  return out;
}

}  // namespace motorium::cli
