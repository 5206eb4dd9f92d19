// F10: a valid model with one number changed is refused, or steps without harm. Crashes show here,
// reads outside under AddressSanitizer (MOTORIUM_SANITIZE_KERNELS=ON).
#include <gtest/gtest.h>

#include <algorithm>
#include <climits>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <random>

#include "motorium/core/error.h"
#include "motorium/physics/batch.h"

namespace motorium {
namespace {

namespace fs = std::filesystem;

std::vector<std::shared_ptr<const Model>> one_feature_models() {
  std::vector<fs::path> files;
  for (const auto& entry :
       fs::directory_iterator(std::string(MOTORIUM_SOURCE_DIR) + "/tests/parity/models"))
    if (entry.path().extension() == ".xml") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  std::vector<std::shared_ptr<const Model>> models;
  for (const fs::path& file : files) models.push_back(load_model(file.string()));
  return models;
}

// changes one number of one array; false where the model has none there
template <class T> bool change(std::vector<T>& values, std::mt19937_64& random) {
  if (values.empty()) return false;
  T& value = values[random() % values.size()];
  if constexpr (std::is_same_v<T, int>) {
    const int numbers[] = {-2,        -1,        0,         1,       2,       7,
                           value - 1, value + 1, 2 * value, 1 << 20, INT_MAX, INT_MIN};
    value = numbers[random() % std::size(numbers)];
  } else {
    const double inf = std::numeric_limits<double>::infinity();
    const double numbers[] = {0,    -1,        1e-30,     -value, 1e9,  -1e30,
                              1e30, value + 1, value * 2, inf,    -inf, std::nan("")};
    value = numbers[random() % std::size(numbers)];
  }
  return true;
}

TEST(MutatedModels, AreRefusedOrStep) {
  const auto models = one_feature_models();
  ASSERT_GT(models.size(), 90u);
  const bool all = std::getenv("MOTORIUM_FULL") != nullptr;
  const int count = all ? 1'000'000 : 4000;
  std::mt19937_64 random(7);
  int refused = 0, stepped = 0;
  while (refused + stepped < count) {
    auto model = std::make_shared<Model>(*models[random() % models.size()]);
    int fields = 0;
    each_field(*model, [&](const char*, auto&, int, int) { ++fields; });
    const int wanted = static_cast<int>(random() % static_cast<unsigned>(fields));
    int at = 0;
    bool changed = false;
    std::string name;
    each_field(*model, [&](const char* field, auto& values, int, int) {
      if (at++ != wanted) return;
      changed = change(values, random);
      name = field;
    });
    if (!changed) continue;
    SCOPED_TRACE(name + " of " + model->name);
    try {
      validate(*model);
    } catch (const Error&) {
      ++refused;
      continue;
    }

    // whatever it means now: no crash, and State never holds a bad number
    Batch batch(model, {.worlds = 3});
    batch.bind("sensordata");
    batch.step({.nstep = 10});
    const ArrayView q = batch.state("qpos"), v = batch.state("qvel");
    for (int i = 0; i < 3 * q.columns; ++i)
      ASSERT_LE(std::fabs(static_cast<const float*>(q.data)[i]), 1e10f);
    for (int i = 0; i < 3 * v.columns; ++i)
      ASSERT_LE(std::fabs(static_cast<const float*>(v.data)[i]), 1e10f);
    ++stepped;
  }
  // both happen: a validation that refuses everything would be no guard
  EXPECT_GT(refused, count / 10);
  EXPECT_GT(stepped, count / 10);
}

}  // namespace
}  // namespace motorium
