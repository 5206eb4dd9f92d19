#include "motorium/physics/compile/shape.h"

#include <algorithm>
#include <numbers>

namespace motorium {
namespace {

constexpr double kPi = std::numbers::pi;

double ellipsoid_volume(const Vec& s) { return 4 * kPi * s[0] * s[1] * s[2] / 3; }

// Thomsen's formula, within 1.1 % of the true area
double ellipsoid_area(const Vec& s) {
  const double p = 1.6075;
  const double a = std::pow(s[0] * s[1], p), b = std::pow(s[1] * s[2], p),
               c = std::pow(s[2] * s[0], p);
  return 4 * kPi * std::pow((a + b + c) / 3, 1 / p);
}

Vec ellipsoid_inertia(const Vec& s, double mass) {
  return {mass * (s[1] * s[1] + s[2] * s[2]) / 5, mass * (s[0] * s[0] + s[2] * s[2]) / 5,
          mass * (s[0] * s[0] + s[1] * s[1]) / 5};
}

// a thin layer: the difference of two solid ellipsoids of equal density
Vec ellipsoid_shell_inertia(const Vec& s, double mass) {
  const double thickness = 1e-6;
  const Vec outer = {s[0] + thickness, s[1] + thickness, s[2] + thickness};
  const double inner_volume = ellipsoid_volume(s), outer_volume = ellipsoid_volume(outer);
  const double density = mass / (outer_volume - inner_volume);
  return subtract(ellipsoid_inertia(outer, density * outer_volume),
                  ellipsoid_inertia(s, density * inner_volume));
}

// six thin plates, masses by area
Vec box_shell_inertia(const Vec& s, double mass) {
  const double area = 8 * (s[0] * s[1] + s[1] * s[2] + s[2] * s[0]);
  Vec out = {0, 0, 0};
  for (int n = 0; n < 3; ++n) {
    const int a = (n + 1) % 3, b = (n + 2) % 3;
    const double m = mass * 8 * s[a] * s[b] / area;  // both plates with normal n
    out[n] += m * (s[a] * s[a] + s[b] * s[b]) / 3;
    out[a] += m * (s[b] * s[b] / 3 + s[n] * s[n]);
    out[b] += m * (s[a] * s[a] / 3 + s[n] * s[n]);
  }
  return out;
}

Vec capsule_inertia(double r, double l, double mass, bool shell) {
  const double L = 2 * l;
  if (shell) {
    const double ms = mass * 2 * r / (2 * r + L), mc = mass - ms;
    const double x = mc * (6 * r * r + L * L) / 12 + 2 * ms * r * r / 3 +
                     ms * ((l + r / 2) * (l + r / 2) - r * r / 4);
    return {x, x, mc * r * r + 2 * ms * r * r / 3};
  }
  const double ms = mass * 4 * r / (4 * r + 3 * L), mc = mass - ms;
  const double x =
      mc * (3 * r * r + L * L) / 12 + 2 * ms * r * r / 5 + ms * L * (3 * r + 2 * L) / 8;
  return {x, x, mc * r * r / 2 + 2 * ms * r * r / 5};
}

Vec cylinder_inertia(double r, double l, double mass, bool shell) {
  const double L = 2 * l;
  if (!shell) {
    const double x = mass * (3 * r * r + L * L) / 12;
    return {x, x, mass * r * r / 2};
  }
  const double disk = kPi * r * r, side = 2 * kPi * r * L;
  const double m1 = mass * side / (side + 2 * disk), m2 = mass * disk / (side + 2 * disk);
  const double x = m1 * (6 * r * r + L * L) / 12 + 2 * m2 * (r * r / 4 + l * l);
  return {x, x, m1 * r * r + m2 * r * r};
}

}  // namespace

double shape_volume(GeomType type, const Vec& s, bool shell) {
  const double r = s[0], L = 2 * s[1];
  switch (type) {
    case GeomType::sphere:
      return shell ? 4 * kPi * r * r : 4 * kPi * r * r * r / 3;
    case GeomType::capsule:
      return shell ? 4 * kPi * r * r + 2 * kPi * r * L : kPi * r * r * L + 4 * kPi * r * r * r / 3;
    case GeomType::cylinder:
      return shell ? 2 * kPi * r * r + 2 * kPi * r * L : kPi * r * r * L;
    case GeomType::ellipsoid:
      return shell ? ellipsoid_area(s) : ellipsoid_volume(s);
    case GeomType::box:
      return shell ? 8 * (s[0] * s[1] + s[1] * s[2] + s[2] * s[0]) : 8 * s[0] * s[1] * s[2];
    case GeomType::plane:
    case GeomType::hfield:
    case GeomType::mesh:
      return 0;
  }
  return 0;
}

Vec box_inertia(const Vec& s, double mass) {
  return {mass * (s[1] * s[1] + s[2] * s[2]) / 3, mass * (s[0] * s[0] + s[2] * s[2]) / 3,
          mass * (s[0] * s[0] + s[1] * s[1]) / 3};
}

Vec shape_inertia(GeomType type, const Vec& s, double mass, bool shell) {
  switch (type) {
    case GeomType::sphere: {
      const double x = (shell ? 2.0 / 3 : 2.0 / 5) * mass * s[0] * s[0];
      return {x, x, x};
    }
    case GeomType::capsule:
      return capsule_inertia(s[0], s[1], mass, shell);
    case GeomType::cylinder:
      return cylinder_inertia(s[0], s[1], mass, shell);
    case GeomType::ellipsoid:
      return shell ? ellipsoid_shell_inertia(s, mass) : ellipsoid_inertia(s, mass);
    case GeomType::box:
      return shell ? box_shell_inertia(s, mass) : box_inertia(s, mass);
    case GeomType::plane:
    case GeomType::hfield:
    case GeomType::mesh:
      return {0, 0, 0};
  }
  return {0, 0, 0};
}

std::array<double, 6> shape_box(GeomType type, const Vec& s) {
  // planes end nowhere but at their surface
  const double endless = 1e10;
  switch (type) {
    case GeomType::sphere:
      return {0, 0, 0, s[0], s[0], s[0]};
    case GeomType::capsule:
      return {0, 0, 0, s[0], s[0], s[0] + s[1]};
    case GeomType::cylinder:
      return {0, 0, 0, s[0], s[0], s[1]};
    case GeomType::plane:
      return {0, 0, -endless / 2, endless, endless, endless / 2};
    default:
      return {0, 0, 0, s[0], s[1], s[2]};
  }
}

double shape_radius(GeomType type, const Vec& s) {
  switch (type) {
    case GeomType::sphere:
      return s[0];
    case GeomType::capsule:
      return s[0] + s[1];
    case GeomType::cylinder:
      return std::sqrt(s[0] * s[0] + s[1] * s[1]);
    case GeomType::ellipsoid:
      return std::max({s[0], s[1], s[2]});
    case GeomType::box:
    case GeomType::mesh:
      return length(s);
    case GeomType::plane:
    case GeomType::hfield:
      return 0;
  }
  return 0;
}

}  // namespace motorium
