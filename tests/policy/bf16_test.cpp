// Products of bfloat16 against double: rounded operands, a bound on the sums, and what follows for
// networks and training.
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>

#include "motorium/core/cpu.h"
#include "motorium/core/threads.h"
#include "motorium/policy/learn/trainer.h"
#include "tests/policy/reference.h"
#include "tests/policy/toy_env.h"

namespace motorium {
namespace {

using test::random_floats;

// to the nearest number with 8 bits of mantissa, ties to even
float rounded(float x) {
  uint32_t u;
  std::memcpy(&u, &x, 4);
  u = (u + 0x7fff + ((u >> 16) & 1)) & 0xffff0000u;
  std::memcpy(&x, &u, 4);
  return x;
}

class Bf16Test : public testing::Test {
 protected:
  void SetUp() override {
    kernels = policy_kernels("v4bf16");
    if (!kernels) GTEST_SKIP() << "SKIPPED: this CPU has no AVX512-BF16";
  }
  const PolicyKernels* kernels = nullptr;
};

// a sum of n products in float, however it rounds between: |error| <= n eps sum |a b|, eps = 2^-23
// for roundings that need not be to nearest; start counts as a product
struct Sum {
  double value = 0, size = 0;
  void add(double a, double b) { value += a * b, size += std::fabs(a * b); }
  double bound(int n) const { return (n + 1) * 0x1p-23 * size + 1e-30; }
};

const int kShapes[][3] = {{1, 1, 1},      {2, 3, 5},     {7, 48, 12},  {13, 17, 33},
                          {96, 128, 128}, {31, 512, 97}, {8, 97, 512}, {65, 33, 130}};

TEST_F(Bf16Test, PackedProductsAreThoseOfRoundedOperands) {
  int beyond = 0;
  for (const auto& [rows, depth, columns] : kShapes) {
    const int lda = row_stride(depth), ldc = row_stride(columns), width = padded(columns);
    auto a = random_floats(size_t(rows) * lda, 1);
    for (int r = 0; r < rows; ++r)
      for (int k = depth; k < lda; ++k) a[size_t(r) * lda + k] = 0;
    const auto w = random_floats(size_t(columns) * depth, 2), bias = random_floats(width, 3);
    std::vector<float> packed(size_t(width) * (depth + 1)), c(size_t(rows) * ldc, -7.f);
    std::vector<int> cells(size_t(rows) * lda / 2);
    kernels->pack_panels(depth, columns, w.data(), 1, depth, packed.data());
    kernels->pair_neighbours(rows, padded(depth), a.data(), lda, cells.data(), lda / 2);
    TileArgs t{};
    t.a = reinterpret_cast<const float*>(cells.data()), t.lda = lda / 2, t.b = packed.data();
    t.c = c.data(), t.ldc = ldc, t.bias = bias.data(), t.depth = (depth + 1) / 2;
    kernels->gemm_packed(rows, width, &t);
    for (int r = 0; r < rows; ++r) {
      for (int j = 0; j < columns; ++j) {
        Sum want, exact;
        want.add(bias[j], 1), exact.add(bias[j], 1);
        for (int k = 0; k < depth; ++k) {
          const float x = a[size_t(r) * lda + k], y = w[size_t(j) * depth + k];
          want.add(rounded(x), rounded(y)), exact.add(x, y);
        }
        const double got = c[size_t(r) * ldc + j];
        ASSERT_NEAR(got, want.value, want.bound(depth)) << rows << " " << depth << " " << columns;
        beyond += std::fabs(got - exact.value) > want.bound(depth);
      }
      for (int j = width; j < ldc; ++j) ASSERT_EQ(c[size_t(r) * ldc + j], -7.f);
    }
  }
  // the bound tells rounded operands from those that are not
  EXPECT_GT(beyond, 10000);
}

TEST_F(Bf16Test, AcrossProductsAreThoseOfRoundedOperands) {
  for (const auto& [samples, out, in] : kShapes) {
    const int lda = row_stride(out), ldb = row_stride(in), width = padded(in);
    const auto d = random_floats(size_t(samples) * lda, 1),
               x = random_floats(size_t(samples) * ldb, 2);
    const auto start = random_floats(size_t(out) * width, 3);
    auto c = start;
    const int steps = (samples + 1) / 2;
    std::vector<int> a(size_t(steps) * lda), b(size_t(steps) * ldb);
    kernels->pair_rows(samples, padded(out), d.data(), lda, a.data(), lda);
    kernels->pair_rows(samples, width, x.data(), ldb, b.data(), ldb);
    TileArgs t{};
    t.a = reinterpret_cast<const float*>(a.data()), t.lda = lda;
    t.b = reinterpret_cast<const float*>(b.data()), t.ldb = ldb;
    t.c = c.data(), t.ldc = width, t.depth = steps, t.add = true;
    kernels->gemm_across(out, width, &t);
    for (int o = 0; o < out; ++o)
      for (int k = 0; k < in; ++k) {
        Sum want;
        want.add(start[size_t(o) * width + k], 1);
        for (int n = 0; n < samples; ++n)
          want.add(rounded(d[size_t(n) * lda + o]), rounded(x[size_t(n) * ldb + k]));
        ASSERT_NEAR(c[size_t(o) * width + k], want.value, want.bound(samples)) << o << "," << k;
      }
  }
}

double cosine(const std::vector<float>& a, const std::vector<float>& b) {
  double ab = 0, aa = 0, bb = 0;
  for (size_t i = 0; i < a.size(); ++i)
    ab += double(a[i]) * b[i], aa += double(a[i]) * a[i], bb += double(b[i]) * b[i];
  return ab / std::sqrt(aa * bb);
}

// outputs and gradient of a network, summed in chunks
std::pair<std::vector<float>, std::vector<float>> run(const PolicyKernels* kernels, int chunk) {
  const int rows = 512;
  Mlp net({45, 512, 256, 128, 12}, Activation::elu, kernels);
  net.initialize(1, 0);
  const auto x = random_floats(rows * 45, 6, 2.f), c = random_floats(rows * 12, 7);
  MlpScratch scratch(net, chunk, true);
  std::vector<float> y(rows * 12), gradient(net.count());
  for (int begin = 0; begin < rows; begin += chunk) {
    const int n = std::min(chunk, rows - begin), stride = scratch.buffers().d_stride;
    mlp(net, &x[size_t(begin) * 45], n, &y[size_t(begin) * 12], scratch);
    std::fill(scratch.d_output(), scratch.d_output() + n * stride, 0.f);
    for (int r = 0; r < n; ++r)
      for (int i = 0; i < 12; ++i) scratch.d_output()[r * stride + i] = c[(begin + r) * 12 + i];
    kernels->backward(&net.view(), &scratch.buffers(), n, gradient.data());
  }
  return {y, gradient};
}

TEST_F(Bf16Test, NetworksStayNearThoseOfFloat) {
  const auto [y, gradient] = run(&policy_kernels(), 64);
  const auto [y16, gradient16] = run(kernels, 64);
  float most = 0, error = 0;
  for (size_t i = 0; i < y.size(); ++i) {
    most = std::max(most, std::fabs(y[i]));
    error = std::max(error, std::fabs(y[i] - y16[i]));
  }
  EXPECT_GT(error, 0);
  EXPECT_LE(error, most * 0x1p-7f);
  EXPECT_GE(cosine(y, y16), 0.9995);
  EXPECT_GE(cosine(gradient, gradient16), 0.9995);
}

TEST_F(Bf16Test, BitsOfARowDoNotDependOnItsNeighbours) {
  const auto want = run(kernels, 64);
  for (const int chunk : {32, 96, 512}) {
    const auto got = run(kernels, chunk);
    EXPECT_EQ(want.first, got.first) << chunk;
    EXPECT_EQ(want.second, got.second) << chunk;
  }
  // an odd chunk pairs other samples: the outputs are the same, the gradient is near
  const auto odd = run(kernels, 37);
  EXPECT_EQ(want.first, odd.first);
  EXPECT_GE(cosine(want.second, odd.second), 0.99999);
}

TEST_F(Bf16Test, TrainingHasTheSameBitsForEveryThreadCount) {
  std::vector<uint8_t> want;
  for (const int threads : {1, 2, 3, 7}) {
    Threads pool(threads);
    test::ToyEnv env(64);
    PpoConfig config;
    config.num_steps_per_env = 16;
    Trainer t(env, config, {.iterations = 3, .threads = &pool, .kernels = kernels});
    t.run();
    if (want.empty()) want = t.checkpoint_bytes();
    EXPECT_TRUE(want == t.checkpoint_bytes()) << threads;
  }
}

TEST_F(Bf16Test, ALearnerLearnsAsWithFloat) {
  double reward[2] = {};
  for (const bool half : {false, true}) {
    Threads pool(2);
    test::ToyEnv env(128);
    PpoConfig config;
    config.num_steps_per_env = 16;
    Trainer t(env, config,
              {.iterations = 40, .threads = &pool, .kernels = half ? kernels : &policy_kernels()});
    reward[half] = t.run().mean_reward;
  }
  EXPECT_NEAR(reward[1], reward[0], 0.1 * std::fabs(reward[0]));
}

TEST(Precision, WordsAndMachinesAreChecked) {
  EXPECT_EQ(&policy_kernels_for("fp32"), &policy_kernels());
  EXPECT_THROW(policy_kernels_for("fp16"), Error);
  const char* before = std::getenv("MOTORIUM_ISA");
  const std::string keep = before ? before : "";
  setenv("MOTORIUM_ISA", "v3", 1);
  EXPECT_THROW(policy_kernels_for("bf16"), UnsupportedCpu);
  before ? setenv("MOTORIUM_ISA", keep.c_str(), 1) : unsetenv("MOTORIUM_ISA");
  if (!policy_kernels("v4bf16") || keep == "v3") {
    EXPECT_THROW(policy_kernels_for("bf16"), UnsupportedCpu);
  } else {
    EXPECT_EQ(&policy_kernels_for("bf16"), policy_kernels("v4bf16"));
  }
}

}  // namespace
}  // namespace motorium
