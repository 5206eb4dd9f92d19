// Added mass and inertia of ellipsoids in a fluid (Tuckerman, 1925; Lamb, Hydrodynamics, chapter 5)
#include <algorithm>
#include <cmath>
#include <numbers>

#include "motorium/physics/compile/shape.h"

namespace motorium {
namespace {

constexpr double kSmall = 1e-14;  // least denominator

// abscissas and weights of the 15-point Gauss-Kronrod rule on [0, 1], to eight digits as in MuJoCo
constexpr double kNode[15] = {0.00427231, 0.02544604, 0.06756779, 0.12923441, 0.20695638,
                              0.29707742, 0.39610752, 0.5,        0.60389248, 0.70292258,
                              0.79304362, 0.87076559, 0.93243221, 0.97455396, 0.99572769};
constexpr double kWeight[15] = {0.01146766, 0.03154605, 0.05239501, 0.07032663, 0.08450236,
                                0.09517529, 0.10221647, 0.10474107, 0.10221647, 0.09517529,
                                0.08450236, 0.07032663, 0.05239501, 0.03154605, 0.01146766};

// kappa = integral from 0 to infinity of  a b c / sqrt((a^2 + l)^3 (b^2 + l) (c^2 + l)) dl,
// substituting l = s x^3 / (1 - x)^2
double kappa(double a, double b, double c) {
  const double scale = std::pow(a * a * a * b * c, 0.4);
  double sum = 0;
  for (int i = 0; i < 15; ++i) {
    const double x = kNode[i], y = 1 - x;
    const double l = scale * x * x * x / (y * y);
    const double rate = scale * (3 * x * x * y + 2 * x * x * x) / (y * y * y);
    const double fa = 1 + l / (a * a), fb = 1 + l / (b * b), fc = 1 + l / (c * c);
    sum += kWeight[i] * rate / (fa * std::sqrt(fa * fb * fc));
  }
  return sum / (a * a);
}

Vec semiaxes(GeomType type, const Vec& size) {
  switch (type) {
    case GeomType::sphere:
      return {size[0], size[0], size[0]};
    case GeomType::capsule:
      return {size[0], size[0], size[0] + size[1]};
    case GeomType::cylinder:
      return {size[0], size[0], size[1]};
    default:
      return size;
  }
}

}  // namespace

std::array<double, 12> fluid_parameters(GeomType type, const Vec& size, bool ellipsoid,
                                        const std::array<double, 5>& coefficients) {
  std::array<double, 12> out = {};
  if (!ellipsoid) return out;
  out[0] = 1;
  std::copy(coefficients.begin(), coefficients.end(), out.begin() + 1);
  const Vec r = semiaxes(type, size);
  const double volume = 4.0 / 3 * std::numbers::pi * r[0] * r[1] * r[2];
  const Vec k = {kappa(r[0], r[1], r[2]), kappa(r[1], r[2], r[0]), kappa(r[2], r[0], r[1])};
  for (int i = 0; i < 3; ++i) {
    const int j = (i + 1) % 3, n = (i + 2) % 3;
    const double minus = r[j] * r[j] - r[n] * r[n], plus = r[j] * r[j] + r[n] * r[n];
    const double below = std::abs(2 * minus + plus * (k[j] - k[n]));
    out[6 + i] = volume * k[i] / std::max(kSmall, 2 - k[i]);
    out[9 + i] = volume / 5 * minus * minus * std::abs(k[n] - k[j]) / std::max(kSmall, below);
  }
  return out;
}

}  // namespace motorium
