// Strings around and through round things: closed forms, and the same in both precisions.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "motorium/physics/wrap.h"

namespace motorium {
namespace {

constexpr double kPi = 3.14159265358979323846;

Vec3<double> polar(double length, double degrees, double z = 0) {
  const double a = degrees * kPi / 180;
  return {length * std::cos(a), length * std::sin(a), z};
}

template <class S>
double length_of(const Wrap<S>& w, const Vec3<double>& p0, const Vec3<double>& p1) {
  const auto wide = [](const Vec3<S>& v) {
    return Vec3<double>{static_cast<double>(v.x), static_cast<double>(v.y),
                        static_cast<double>(v.z)};
  };
  if (!w.on) return norm(p1 - p0);
  return norm(wide(w.q0) - p0) + static_cast<double>(w.arc) + norm(p1 - wide(w.q1));
}

TEST(Wrap, StringsTakeTheShortestWay) {
  // tangents from twice the radius take 60 degrees each and are sqrt(3) long
  const Vec3<double> p0 = polar(2, 0), p1 = polar(2, 150), none = {0, 0, 0};
  const double want = 2 * std::sqrt(3.0) + 30 * kPi / 180;
  EXPECT_NEAR(length_of(wrap_geom<double>(false, 1, p0, p1, false, none), p0, p1), want, 1e-14);
  EXPECT_NEAR(length_of(wrap_geom<double>(true, 1, p0, p1, false, none), p0, p1), want, 1e-14);
  // nothing in the way
  EXPECT_FALSE(wrap_geom<double>(false, 1, p0, polar(2, 119.9), false, none).on);
  EXPECT_TRUE(wrap_geom<double>(false, 1, p0, polar(2, 120.1), false, none).on);
  // an end inside
  EXPECT_FALSE(wrap_geom<double>(false, 1, p0, polar(0.9, 180), false, none).on);
}

TEST(Wrap, SidePointsChooseTheWay) {
  const Vec3<double> p0 = polar(2, 0), p1 = polar(2, 150);
  const auto length = [&](double side) {
    return length_of(wrap_geom<double>(true, 1, p0, p1, true, polar(1.5, side)), p0, p1);
  };
  EXPECT_NEAR(length(75), 2 * std::sqrt(3.0) + 30 * kPi / 180, 1e-14);
  EXPECT_NEAR(length(-105), 2 * std::sqrt(3.0) + 90 * kPi / 180, 1e-14);
}

TEST(Wrap, CylindersAreClimbedEvenly) {
  const Vec3<double> p0 = polar(2, 0, 0), p1 = polar(2, 150, 1), none = {0, 0, 0};
  const auto w = wrap_geom<double>(true, 1, p0, p1, false, none);
  const double flat = 2 * std::sqrt(3.0) + 30 * kPi / 180;
  EXPECT_NEAR(length_of(w, p0, p1), std::sqrt(flat * flat + 1), 1e-14);
}

TEST(Wrap, StringsThroughAGeomMeetItsRadiusUnderEqualAngles) {
  const Vec3<double> p0 = polar(2, 10), p1 = polar(1.7, 80), side = {0.1, 0, 0};
  const auto w = wrap_geom<double>(true, 0.5, p0, p1, true, side);
  ASSERT_TRUE(w.on);
  EXPECT_NEAR(norm(w.q0), 0.5, 1e-14);
  EXPECT_EQ(w.arc, 0);
  const auto angle_at = [&](const Vec3<double>& p) {
    return dot(p - w.q0, w.q0) / norm(p - w.q0) / norm(w.q0);
  };
  EXPECT_NEAR(angle_at(p0), angle_at(p1), 1e-6);
}

TEST(Wrap, FloatsAgreeWithDoubles) {
  std::mt19937 random(1);
  std::normal_distribution<double> normal;
  double worst = 0;
  int touching = 0;
  for (int i = 0; i < 20000; ++i) {
    Vec3<double> p[3];
    Vec3<float> f[3];
    for (int k = 0; k < 3; ++k) {
      for (int c = 0; c < 3; ++c) {
        f[k][c] = static_cast<float>(normal(random) * (k == 2 && i % 2 ? 0.1 : 0.7));
        p[k][c] = static_cast<double>(f[k][c]);
      }
    }
    const bool cylinder = i % 3 == 0, side = i % 4 > 0;
    const auto narrow = wrap_geom<float>(cylinder, 0.3f, f[0], f[1], side, f[2]);
    const auto wide =
        wrap_geom<double>(cylinder, static_cast<double>(0.3f), p[0], p[1], side, p[2]);
    touching += wide.on;
    // at the edges of the rules a float may fall on the other side
    if (narrow.on != wide.on) continue;
    worst = std::max(worst, std::abs(length_of(narrow, p[0], p[1]) - length_of(wide, p[0], p[1])));
  }
  EXPECT_GT(touching, 4000);
  EXPECT_LT(worst, 3e-6);
}

}  // namespace
}  // namespace motorium
