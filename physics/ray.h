// Where a ray p + t v, t >= 0, meets a shape, in the shape's own frame. v need not be a unit
// vector; t counts in its lengths. A start inside a shape meets its far side; normals point
// outwards.
#pragma once
#include "motorium/core/math.h"
#include "motorium/core/vec.h"
#include "motorium/physics/model.h"

namespace motorium {

template <class Real> struct RayHit {
  Real t;  // < 0: no hit
  Vec3<Real> normal;
};

template <class Real> FN RayHit<Real> no_hit() {
  return {Real(-1.f), {Real(0.f), Real(0.f), Real(0.f)}};
}

// takes t where it is a nearer hit
template <class Real>
FN void offer_hit(RayHit<Real>& best, const Real& t, const Mask<Real>& valid,
                  const Vec3<Real>& normal) {
  const Real zero = Real(0.f);
  const Mask<Real> better = valid & (t >= zero) & ((best.t < zero) | (t < best.t));
  best.t = select(better, t, best.t);
  best.normal = select<Real>(better, normal, best.normal);
}

// real roots of a t^2 + 2 b t + c = 0, the smaller first
template <class Real> struct Roots {
  Mask<Real> real;
  Real near, far;
};
template <class Real> FN Roots<Real> quadratic(const Real& a, const Real& b, const Real& c) {
  const Real d = fma(b, b, -(a * c)), tiny = number<Real>(1e-15);
  const Mask<Real> real = d >= tiny;
  const Real root = sqrt(select(real, d, Real(0.f)));
  const Real inv = Real(1.f) / select(real, a, Real(1.f));
  return {real, (-b - root) * inv, (-b + root) * inv};
}
// the first root that is not negative
template <class Real> FN Real first_root(const Roots<Real>& r) {
  return select(r.near >= Real(0.f), r.near, r.far);
}

template <class Real> FN Vec3<Real> unit_or_zero(const Vec3<Real>& v) {
  const Real n = norm(v);
  const Mask<Real> none = !(n > Real(0.f));
  return v * (select(none, Real(0.f), Real(1.f)) / select(none, Real(1.f), n));
}

// the upper side of the plane z = 0, of half sizes s.x, s.y where they are positive
template <class Real>
FN RayHit<Real> ray_plane(const Vec3<Real>& s, const Vec3<Real>& p, const Vec3<Real>& v) {
  const Real zero = Real(0.f);
  const Mask<Real> down = v.z < number<Real>(-1e-15);
  const Real t = -(p.z / select(down, v.z, Real(1.f)));
  const Vec3<Real> hit = add_scaled(p, t, v);
  const Mask<Real> inside =
      ((s.x <= zero) | (abs(hit.x) <= s.x)) & ((s.y <= zero) | (abs(hit.y) <= s.y));
  RayHit<Real> out = no_hit<Real>();
  offer_hit<Real>(out, t, down & inside, Vec3<Real>{zero, zero, Real(1.f)});
  return out;
}

template <class Real>
FN RayHit<Real> ray_sphere(const Real& radius, const Vec3<Real>& p, const Vec3<Real>& v) {
  const Roots<Real> r = quadratic(dot(v, v), dot(v, p), fma(-radius, radius, dot(p, p)));
  const Real t = first_root(r);
  RayHit<Real> out = no_hit<Real>();
  offer_hit(out, t, r.real, unit_or_zero(add_scaled(p, t, v)));
  return out;
}

// a sphere in stretched coordinates
template <class Real>
FN RayHit<Real> ray_ellipsoid(const Vec3<Real>& s, const Vec3<Real>& p, const Vec3<Real>& v) {
  const Real one = Real(1.f);
  const Vec3<Real> w = {one / (s.x * s.x), one / (s.y * s.y), one / (s.z * s.z)};
  const auto weigh = [&](const Vec3<Real>& a) {
    return Vec3<Real>{w.x * a.x, w.y * a.y, w.z * a.z};
  };
  const Roots<Real> r = quadratic(dot(weigh(v), v), dot(weigh(v), p), dot(weigh(p), p) - one);
  const Real t = first_root(r);
  RayHit<Real> out = no_hit<Real>();
  offer_hit(out, t, r.real, unit_or_zero(weigh(add_scaled(p, t, v))));
  return out;
}

// the round side of radius s.x between z = -s.y and z = s.y
template <class Real>
FN void offer_round_side(RayHit<Real>& out, const Vec3<Real>& s, const Vec3<Real>& p,
                         const Vec3<Real>& v) {
  const Roots<Real> r = quadratic(fma(v.x, v.x, v.y * v.y), fma(v.x, p.x, v.y * p.y),
                                  fma(p.x, p.x, fma(p.y, p.y, -(s.x * s.x))));
  const Real t = first_root(r);
  const Vec3<Real> hit = add_scaled(p, t, v);
  offer_hit(out, t, r.real & (abs(hit.z) <= s.y),
            unit_or_zero(Vec3<Real>{hit.x, hit.y, Real(0.f)}));
}

template <class Real>
FN RayHit<Real> ray_capsule(const Vec3<Real>& s, const Vec3<Real>& p, const Vec3<Real>& v) {
  RayHit<Real> out = no_hit<Real>();
  offer_round_side(out, s, p, v);

  // the half spheres at both ends
  for (int end = 0; end < 2; ++end) {
    const Real sign = Real(end == 0 ? 1.f : -1.f);
    const Vec3<Real> q = {p.x, p.y, p.z - sign * s.y};
    const Roots<Real> r = quadratic(dot(v, v), dot(v, q), fma(-s.x, s.x, dot(q, q)));
    for (int k = 0; k < 2; ++k) {
      const Real t = k == 0 ? r.near : r.far;
      const Vec3<Real> hit = add_scaled(q, t, v);
      offer_hit(out, t, r.real & (sign * hit.z >= Real(0.f)), unit_or_zero(hit));
    }
  }
  return out;
}

template <class Real>
FN RayHit<Real> ray_cylinder(const Vec3<Real>& s, const Vec3<Real>& p, const Vec3<Real>& v) {
  RayHit<Real> out = no_hit<Real>();
  const Mask<Real> crosses = abs(v.z) > number<Real>(1e-15);
  const Real inv = Real(1.f) / select(crosses, v.z, Real(1.f));
  for (int end = 0; end < 2; ++end) {
    const Real sign = Real(end == 0 ? -1.f : 1.f), zero = Real(0.f);
    const Real t = fma(sign, s.y, -p.z) * inv;
    const Vec3<Real> hit = add_scaled(p, t, v);
    const Mask<Real> inside = fma(hit.x, hit.x, hit.y * hit.y) <= s.x * s.x;
    offer_hit<Real>(out, t, crosses & inside, Vec3<Real>{zero, zero, sign});
  }
  offer_round_side(out, s, p, v);
  return out;
}

template <class Real>
FN RayHit<Real> ray_box(const Vec3<Real>& s, const Vec3<Real>& p, const Vec3<Real>& v) {
  RayHit<Real> out = no_hit<Real>();
  for (int i = 0; i < 3; ++i) {
    const int j = (i + 1) % 3, k = (i + 2) % 3;
    const Mask<Real> crosses = abs(v[i]) > number<Real>(1e-15);
    const Real inv = Real(1.f) / select(crosses, v[i], Real(1.f));
    for (int side = 0; side < 2; ++side) {
      const Real sign = Real(side == 0 ? -1.f : 1.f);
      const Real t = fma(sign, s[i], -p[i]) * inv;
      const Mask<Real> inside =
          (abs(fma(t, v[j], p[j])) <= s[j]) & (abs(fma(t, v[k], p[k])) <= s[k]);
      Vec3<Real> normal = {Real(0.f), Real(0.f), Real(0.f)};
      normal[i] = sign;
      offer_hit(out, t, crosses & inside, normal);
    }
  }
  return out;
}

// one of the shapes that three sizes describe (uniform)
template <class Real>
FN RayHit<Real> ray_shape(int type, const Vec3<Real>& s, const Vec3<Real>& p, const Vec3<Real>& v) {
  switch (static_cast<GeomType>(type)) {
    case GeomType::plane:
      return ray_plane(s, p, v);
    case GeomType::sphere:
      return ray_sphere(s.x, p, v);
    case GeomType::capsule:
      return ray_capsule(s, p, v);
    case GeomType::ellipsoid:
      return ray_ellipsoid(s, p, v);
    case GeomType::cylinder:
      return ray_cylinder(s, p, v);
    case GeomType::box:
      return ray_box(s, p, v);
    default:
      return no_hit<Real>();
  }
}

}  // namespace motorium
