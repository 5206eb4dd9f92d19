#include "motorium/core/counted.h"

#include <gtest/gtest.h>

#include "motorium/core/math.h"
#include "motorium/core/team.h"

namespace motorium {
namespace {

template <class F> int64_t count(F f) {
  counted_flops = 0;
  f();
  return counted_flops;
}

TEST(CountedTest, OperationsCountAsTheyAreSaid) {
  const Counted a = 2.f, b = 3.f, c = 5.f;
  Counted r = 0.f;
  EXPECT_EQ(count([&] { r = a + b; }), 1);
  EXPECT_EQ(count([&] { r = a - 1.f; }), 1);
  EXPECT_EQ(count([&] { r = a * b / c; }), 2);
  EXPECT_EQ(count([&] { r = sqrt(a); }), 1);
  EXPECT_EQ(count([&] { r = fma(a, b, c); }), 2);
  EXPECT_EQ(r.v, 11.f);
  EXPECT_EQ(count([&] { r = select(a < b, max(a, c), -min(a, b)); }), 0);
  EXPECT_EQ(r.v, 5.f);
  EXPECT_EQ(count([&] { r += a; }), 1);
  EXPECT_EQ(count([&] { r = abs(-r); }), 0);
}

TEST(CountedTest, ALoopCountsByItsFormula) {
  // n products, n sums of the items, 3 of the four partials that eight items need
  Counted x[8];
  for (Counted& v : x) v = 0.5f;
  const auto dot = [&] { (void)Solo{}.sum(8, [&](int i) { return x[i] * x[i]; }); };
  EXPECT_EQ(count(dot), 8 + 8 + 3);
}

TEST(CountedTest, FunctionsGiveTheBitsOfFloat) {
  for (float x = -3.f; x < 3.f; x += 0.0371f) {
    EXPECT_EQ(bits(sin(Counted(x))), bits(sin(x)));
    EXPECT_EQ(bits(exp(Counted(x))), bits(exp(x)));
    EXPECT_EQ(bits(atan2(Counted(x), Counted(1.f))), bits(atan2(x, 1.f)));
  }
}

}  // namespace
}  // namespace motorium
