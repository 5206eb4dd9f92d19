// P7: our elementary functions are within 2 ulp over their range, and give equal bits for any width
// and instruction set. A sample of the floats by default, all 2^32 with MOTORIUM_FULL=1.
#include "motorium/core/math.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <vector>

#include "motorium/core/cpu.h"
#include "motorium/core/threads.h"
#include "tests/core/check_kernels.h"

namespace motorium {

// fast_math_control.cpp
bool bad_by_isnan(float x);
bool bad_by_comparison(float x);
bool bad_by_bits(float x);

namespace {

constexpr int kBlock = 4096;

// every how many floats are visited; odd, so that all exponents, signs and last bits are met
uint64_t sample_stride() {
  if (std::getenv("MOTORIUM_FULL") != nullptr) return 1;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return 20011;
#else
  return 401;
#endif
}

struct Case {
  Function function;
  const char* name;
  double (*truth)(double x, double y);
  double low, high;  // range of the promise
  float y;           // second argument
  double most;       // ulp
};

const Case kCases[] = {
    {Function::sin, "sin", [](double x, double) { return std::sin(x); }, -1e6, 1e6, 0, 2},
    {Function::cos, "cos", [](double x, double) { return std::cos(x); }, -1e6, 1e6, 0, 2},
    {Function::exp, "exp", [](double x, double) { return std::exp(x); }, -HUGE_VAL, HUGE_VAL, 0, 1},
    {Function::log, "log", [](double x, double) { return std::log(x); }, 0, HUGE_VAL, 0, 1},
    {Function::tanh, "tanh", [](double x, double) { return std::tanh(x); }, -HUGE_VAL, HUGE_VAL, 0,
     1.5},
    {Function::asin, "asin", [](double x, double) { return std::asin(x); }, -1, 1, 0, 1.7},
    {Function::acos, "acos", [](double x, double) { return std::acos(x); }, -1, 1, 0, 1.5},
    {Function::atan2, "atan2(1, x)", [](double x, double y) { return std::atan2(y, x); }, -3e38,
     3e38, 1, 1.8},
    {Function::atan2, "atan2(-7e-20, x)", [](double x, double y) { return std::atan2(y, x); },
     -3e38, 3e38, -7e-20f, 1.8},
    {Function::pow, "pow(x, 2)", [](double x, double y) { return std::pow(x, y); }, 0, 3e38, 2, 2},
    {Function::pow, "pow(x, 0.37)", [](double x, double y) { return std::pow(x, y); }, 0, 3e38,
     0.37f, 2},
    {Function::pow, "pow(x, -31)", [](double x, double y) { return std::pow(x, y); }, 1e-30, 3e38,
     -31, 2},
};

// distance in units of the last place of the true value; denormal results of pow may be one more
// off
double ulps(float got, double truth) {
  if (std::isnan(truth)) return std::isnan(got) ? 0 : 1e9;
  const double largest = static_cast<double>(std::numeric_limits<float>::max());
  if (std::isinf(got)) return std::abs(truth) > largest && (got > 0) == (truth > 0) ? 0 : 1e9;
  if (std::isinf(truth)) return 1e9;
  int e = 0;
  std::frexp(truth, &e);
  return std::abs(static_cast<double>(got) - truth) / std::ldexp(1.0, std::max(e - 24, -149));
}

float float_of(uint32_t b) {
  float x;
  std::memcpy(&x, &b, 4);
  return x;
}

std::vector<const CheckKernels*> machine_kernels() {
  std::vector<const CheckKernels*> all;
  if (has_isa(Isa::v3)) all.push_back(&motorium_core_check_v3);
  if (has_isa(Isa::v4)) all.push_back(&motorium_core_check_v4);
  return all;
}

class Math : public testing::TestWithParam<Case> {};

TEST_P(Math, IsWithinTwoUlpAndEqualForAnyWidth) {
  const std::vector<const CheckKernels*> kernels = machine_kernels();
  if (kernels.empty()) GTEST_SKIP() << "needs AVX2";
  const Case& c = GetParam();
  const uint64_t stride = sample_stride();
  const uint64_t blocks = ((1ull << 32) / stride + kBlock - 1) / kBlock;
  struct Worst {
    double ulp = 0;
    float x = 0, got = 0;
    uint64_t different = 0;
    float different_x = 0;
  };
  Threads threads;
  std::vector<Worst> worst(static_cast<size_t>(threads.count()));
  threads.run(static_cast<int>(blocks), [&](int block, int worker) {
    Worst& mine = worst[static_cast<size_t>(worker)];
    alignas(64) float x[kBlock], y[kBlock], out[kBlock], other[kBlock];
    for (int i = 0; i < kBlock; ++i) {
      const uint64_t k = static_cast<uint64_t>(block) * kBlock + static_cast<uint64_t>(i);
      x[i] = float_of(static_cast<uint32_t>(k * stride));
      y[i] = c.y;
    }
    kernels[0]->evaluate(c.function, 1, x, y, out, kBlock);
    for (int i = 0; i < kBlock; ++i) {
      const double at = static_cast<double>(x[i]);
      if (!(at >= c.low && at <= c.high)) continue;
      const double truth = c.truth(at, static_cast<double>(c.y));
      double error = ulps(out[i], truth);
      if (c.function == Function::pow && std::abs(truth) < 1.2e-38) error -= 1;
      if (error > mine.ulp) {
        mine.ulp = error;
        mine.x = x[i];
        mine.got = out[i];
      }
    }

    // all other forms of the same code, over all floats; two NaN count as equal
    for (const CheckKernels* k : kernels) {
      for (int width = 1; width <= k->widest; width = width == 1 ? 8 : 2 * width) {
        k->evaluate(c.function, width, x, y, other, kBlock);
        for (int i = 0; i < kBlock; ++i) {
          if (bits(out[i]) == bits(other[i]) || (out[i] != out[i] && other[i] != other[i]))
            continue;
          ++mine.different;
          mine.different_x = x[i];
        }
      }
    }
  });
  Worst all;
  for (const Worst& w : worst) {
    if (w.ulp > all.ulp) all = w;
    EXPECT_EQ(w.different, 0u) << c.name << ": bits depend on the width, for example at x = "
                               << w.different_x;
  }
  RecordProperty("worst_ulp", std::to_string(all.ulp));
  EXPECT_LE(all.ulp, c.most) << c.name << " at " << all.x << " gives " << all.got;
}

INSTANTIATE_TEST_SUITE_P(Functions, Math, testing::ValuesIn(kCases), [](const auto& item) {
  std::string name = item.param.name;
  for (char& ch : name)
    if (!std::isalnum(static_cast<unsigned char>(ch))) ch = '_';
  return name;
});

TEST(Math, PlainHostCodeGivesTheSameBits) {
  // without FMA hardware the library's fma is called: slow, but rounded once as well
  if (!has_isa(Isa::v3)) GTEST_SKIP() << "needs AVX2";
  alignas(64) float x[kBlock], y[kBlock], out[kBlock];
  for (int i = 0; i < kBlock; ++i) {
    x[i] = static_cast<float>(i - 2000) * 0.37f;
    y[i] = 1.f;
  }
  motorium_core_check_v3.evaluate(Function::sin, 8, x, y, out, kBlock);
  for (int i = 0; i < kBlock; ++i) ASSERT_EQ(bits(sin(x[i])), bits(out[i])) << x[i];
  motorium_core_check_v3.evaluate(Function::exp, 8, x, y, out, kBlock);
  for (int i = 0; i < kBlock; ++i) ASSERT_EQ(bits(exp(x[i])), bits(out[i])) << x[i];
}

TEST(Math, SpecialValues) {
  const float inf = HUGE_VALF, nan = float_of(0x7fc00000);
  EXPECT_EQ(exp(-inf), 0.f);
  EXPECT_EQ(exp(inf), inf);
  EXPECT_EQ(exp(0.f), 1.f);
  EXPECT_EQ(log(0.f), -inf);
  EXPECT_EQ(log(1.f), 0.f);
  EXPECT_EQ(log(inf), inf);
  EXPECT_TRUE(std::isnan(log(-1.f)));
  EXPECT_EQ(pow(0.f, 0.f), 1.f);
  EXPECT_EQ(pow(0.f, 2.f), 0.f);
  EXPECT_EQ(pow(0.f, -2.f), inf);
  EXPECT_EQ(pow(1.f, 77.f), 1.f);
  EXPECT_EQ(pow(3e38f, 2.f), inf);
  EXPECT_EQ(atan2(0.f, 0.f), 0.f);
  EXPECT_EQ(bits(atan2(-0.f, 1.f)), bits(-0.f));
  EXPECT_FLOAT_EQ(atan2(0.f, -0.f), 3.14159265f);
  EXPECT_EQ(tanh(inf), 1.f);
  EXPECT_EQ(tanh(-1e30f), -1.f);
  EXPECT_EQ(sin(1e9f), 0.f);
  EXPECT_EQ(cos(1e9f), 1.f);
  EXPECT_EQ(asin(1.0001f), asin(1.f));
  EXPECT_EQ(acos(1.0001f), 0.f);
  for (const float x : {inf, -inf, nan}) {
    EXPECT_TRUE(std::isnan(sin(x))) << x;
    EXPECT_TRUE(std::isnan(cos(x))) << x;
  }
  EXPECT_TRUE(std::isnan(exp(nan)));
  EXPECT_TRUE(std::isnan(tanh(nan)));
  EXPECT_TRUE(std::isnan(log(nan)));
}

TEST(Math, SmallHelpers) {
  EXPECT_EQ(clamp(3.f, 0.f, 1.f), 1.f);
  EXPECT_EQ(clamp(-3., 0., 1.), 0.);
  EXPECT_EQ(sign(-0.f), 0.f);
  EXPECT_EQ(sign(-4.f), -1.f);
  EXPECT_EQ(bits(abs(-0.f)), 0);
  EXPECT_EQ(copy_sign(2.f, -0.f), -2.f);
  EXPECT_EQ(round_to_int(2.5f), 2);
  EXPECT_EQ(round_to_int(-3.7f), -4);
  EXPECT_EQ(round_to_int(3.5), 4);
  EXPECT_EQ(floor_to_int(-0.5f), -1);
  EXPECT_EQ(floor_to_int(7.f), 7);
  EXPECT_EQ(floor_to_int(-2.), -2);
}

// N2: the guard fires in the build that is shipped, for every width
TEST(Math, BadNumbersAreFound) {
  const float inf = HUGE_VALF;
  const float values[16] = {0.f,
                            1.f,
                            -1.f,
                            1e10f,
                            1.0000001e10f,
                            -1.1e10f,
                            inf,
                            -inf,
                            1e38f,
                            -9.9e9f,
                            1e-45f,
                            -0.f,
                            float_of(0x7fc00000),
                            float_of(0xffc00000),
                            float_of(0x7f800001),
                            12345.f};
  const int bad[16] = {0, 0, 0, 0, 1, 1, 1, 1, 1, 0, 0, 0, 1, 1, 1, 0};
  for (const CheckKernels* k : machine_kernels()) {
    for (int width = 1; width <= k->widest; width = width == 1 ? 8 : 2 * width) {
      int found[16];
      k->find_bad(width, values, found, 16);
      for (int i = 0; i < 16; ++i) EXPECT_EQ(found[i], bad[i]) << i << " width " << width;
    }
  }
  for (int i = 0; i < 16; ++i) EXPECT_EQ(is_bad(values[i]), bad[i] == 1) << i;
  EXPECT_FALSE(is_bad(1e10));
  EXPECT_TRUE(is_bad(-1.0000000000001e10));
  EXPECT_TRUE(is_bad(static_cast<double>(inf)));
  EXPECT_TRUE(is_bad(std::numeric_limits<double>::quiet_NaN()));
}

// N2, control: under fast-math the usual guards find nothing, ours still does
TEST(Math, OnlyTheGuardByBitsSurvivesFastMath) {
  const float nan = float_of(0x7fc00000);
  EXPECT_FALSE(bad_by_isnan(nan));
  EXPECT_FALSE(bad_by_comparison(nan));
  EXPECT_TRUE(bad_by_bits(nan));
  EXPECT_TRUE(bad_by_bits(HUGE_VALF));
  EXPECT_FALSE(bad_by_bits(1.f));
}

}  // namespace
}  // namespace motorium
