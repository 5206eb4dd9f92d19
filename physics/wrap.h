// A string around a sphere or a cylinder, or through it: pure geometry in the frame of the geom,
// for kernels and for the compiler alike.
//
// The string runs in a plane, that of the centre and both ends (sphere) or x, y (cylinder; the
// height changes evenly along the string). There, with ends e0, e1 and a circle of radius r:
//   outside  The string turns by theta about the centre, the shorter way, or past the side point s:
//            angle(e0, s) + angle(s, e1). The tangents take acos(r / |e|) at each end, the arc the
//            rest; without a rest the string is straight.
//   inside   The string is drawn to the circle from within: one point of it, where both straight
//            parts meet the radius under the same angle; straight where it passes through the
//            circle.
#pragma once
#include "motorium/core/math.h"
#include "motorium/core/vec.h"

namespace motorium {

template <class Real> struct Vec2 { Real x, y; };
template <class Real> FN Real dot(const Vec2<Real>& a, const Vec2<Real>& b) {
  return fma(a.x, b.x, a.y * b.y);
}
template <class Real> FN Real cross(const Vec2<Real>& a, const Vec2<Real>& b) {
  return fma(a.x, b.y, -(a.y * b.x));
}
// angle from a to b, in (-pi, pi]
template <class Real> FN Real angle(const Vec2<Real>& a, const Vec2<Real>& b) {
  return atan2(cross(a, b), dot(a, b));
}

// where the string meets the circle: first and last point, and the way between; `on`: it does
template <class Real> struct CircleWrap {
  Mask<Real> on;
  Vec2<Real> q0, q1;
  Real arc;
};

// turn: the angle theta
template <class Real>
FN CircleWrap<Real> wrap_outside(const Vec2<Real>& e0, const Vec2<Real>& e1, const Real& r,
                                 const Real& turn) {
  const Real zero = Real(0.f), one = Real(1.f), tiny = number<Real>(1e-15);
  const Real l0 = sqrt(dot(e0, e0)), l1 = sqrt(dot(e1, e1));
  CircleWrap<Real> w;
  w.on = !((l0 < r) | (l1 < r) | (r < tiny));

  // lengths of the tangents and the angles that they take
  const Real t0 = sqrt(max((l0 - r) * (l0 + r), zero)), t1 = sqrt(max((l1 - r) * (l1 + r), zero));
  const Real rest = abs(turn) - atan2(t0, r) - atan2(t1, r);
  w.on = w.on & (rest > zero);
  w.arc = r * rest;

  // the ends, turned towards each other by these angles
  const Real way = select(turn > zero, one, -one);
  const Real s0 = r / max(l0 * l0, tiny), s1 = r / max(l1 * l1, tiny);
  w.q0 = {s0 * fma(r, e0.x, -(way * t0 * e0.y)), s0 * fma(r, e0.y, way * t0 * e0.x)};
  w.q1 = {s1 * fma(r, e1.x, way * t1 * e1.y), s1 * fma(r, e1.y, -(way * t1 * e1.x))};
  return w;
}

// The angle phi that both parts make with the radius solves
//   asin(A sin phi) + asin(B sin phi) - 2 phi + G = 0,   A = r / |e0|, B = r / |e1|, G = angle(e0,
//   e1)
// by Newton's method from a right angle down. Where that fails the string meets the bisector.
template <class Real>
FN CircleWrap<Real> wrap_inside(const Vec2<Real>& e0, const Vec2<Real>& e1, const Real& r) {
  const Real zero = Real(0.f), one = Real(1.f), two = Real(2.f), tiny = number<Real>(1e-15);
  const Real l0 = sqrt(dot(e0, e0)), l1 = sqrt(dot(e1, e1));
  CircleWrap<Real> w;
  w.on = (l0 > r) & (l1 > r) & !(r < tiny);
  w.arc = zero;

  // straight through the circle
  const Vec2<Real> d = {e1.x - e0.x, e1.y - e0.y};
  const Real dd = dot(d, d);
  const Real along = -(dot(d, e0) / max(dd, tiny));
  const Vec2<Real> nearest = {fma(along, d.x, e0.x), fma(along, d.y, e0.y)};
  const Mask<Real> between = (dd > tiny) & (along > zero) & (along < one);
  w.on = w.on & !(between & (sqrt(dot(nearest, nearest)) <= r));

  // the bisector
  const Vec2<Real> sum = {e0.x + e1.x, e0.y + e1.y};
  const Real scale = r / max(sqrt(dot(sum, sum)), tiny);
  w.q0 = {scale * sum.x, scale * sum.y};
  const Real safe0 = max(l0, tiny), safe1 = max(l1, tiny);
  const Real A = r / safe0, B = r / safe1;
  const Real cos_G = (fma(l0, l0, l1 * l1) - dd) / (two * safe0 * safe1);
  w.on = w.on & !(cos_G < tiny - one);
  const Real G = acos(clamp(cos_G, -one, one));
  const Real right = number<Real>(1.57079632679489661923), tolerance = number<Real>(1e-6);
  Real phi = right, at_A = asin(min(A, one)), at_B = asin(min(B, one));
  Real f = at_A + at_B - two * right + G;
  Mask<Real> good = w.on & !(cos_G > one - tiny) & !(f > zero);
  for (int i = 0; i < 20; ++i) {
    const Mask<Real> going = good & (abs(f) > tolerance);
    if (!any(going)) break;
    Real sine, cosine;
    sincos(phi, sine, cosine);
    const auto root = [&](const Real& c) {
      return c / max(sqrt(max(one - square(c * sine), zero)), tiny);
    };
    const Real slope = fma(cosine, root(A) + root(B), -two);
    const Real next = phi - f / select(slope < -tiny, slope, -one);
    good = good & !(going & ((slope > -tiny) | (next > phi)));
    phi = select(going, next, phi);
    sincos(phi, sine, cosine);
    at_A = select(going, asin(min(A * sine, one)), at_A);
    at_B = select(going, asin(min(B * sine, one)), at_B);
    f = select(going, at_A + at_B - two * phi + G, f);
    good = good & !(going & (f > tolerance));
  }
  good = good & !(abs(f) > tolerance);

  // turned from one end towards the other
  const Mask<Real> left = cross(e0, e1) > zero;
  const Real inv = one / select(left, safe0, safe1);
  const Vec2<Real> v = {inv * select(left, e0.x, e1.x), inv * select(left, e0.y, e1.y)};
  Real sin_a, cos_a;
  sincos(phi - select(left, at_A, at_B), sin_a, cos_a);
  w.q0.x = select(good, r * fma(cos_a, v.x, -(sin_a * v.y)), w.q0.x);
  w.q0.y = select(good, r * fma(sin_a, v.x, cos_a * v.y), w.q0.y);
  w.q1 = w.q0;
  return w;
}

// the same in space: first and last point on the geom, and the way between them
template <class Real> struct Wrap {
  Mask<Real> on;
  Vec3<Real> q0, q1;
  Real arc;
};

// two unit vectors that span the plane of a sphere's string
template <class Real>
FN void wrap_plane(const Vec3<Real>& p0, const Vec3<Real>& p1, Vec3<Real>& a, Vec3<Real>& b) {
  const Real zero = Real(0.f), one = Real(1.f), tiny = number<Real>(1e-15);
  a = p0 * (one / max(norm(p0), tiny));
  Vec3<Real> n = cross(p0, p1);
  // ends in line with the centre: any plane through them
  const Mask<Real> flat = norm(n) < tiny;
  const Mask<Real> x = (abs(a.x) >= abs(a.y)) & (abs(a.x) >= abs(a.z)), y = abs(a.y) >= abs(a.z);
  const Vec3<Real> other = {select(x, zero, one), select((!x) & y, zero, one),
                            select((!x) & !y, zero, one)};
  n = select<Real>(flat, cross(a, other), n);
  b = cross(n * (one / max(norm(n), tiny)), a);
  b = b * (one / max(norm(b), tiny));
}

// From p0 to p1 around the sphere or cylinder, all in its frame. Past `side` where there is one;
// a side point inside the radius draws the string through the geom.
template <class Real>
FN Wrap<Real> wrap_geom(bool cylinder, const Real& r, const Vec3<Real>& p0, const Vec3<Real>& p1,
                        bool has_side, const Vec3<Real>& side) {
  const Real zero = Real(0.f), one = Real(1.f), tiny = number<Real>(1e-15);
  Vec3<Real> a = {one, zero, zero}, b = {zero, one, zero};
  if (!cylinder) wrap_plane(p0, p1, a, b);
  const Vec2<Real> e0 = {dot(p0, a), dot(p0, b)}, e1 = {dot(p1, a), dot(p1, b)};
  Real turn = angle(e0, e1);
  CircleWrap<Real> w;
  if (!has_side) {
    w = wrap_outside(e0, e1, r, turn);
  } else {
    const Vec2<Real> s = {dot(side, a), dot(side, b)};
    turn = select(sqrt(dot(s, s)) < tiny, turn, angle(e0, s) + angle(s, e1));
    w = wrap_outside(e0, e1, r, turn);
    const Mask<Real> inside = norm(side) < r;
    if (any(inside)) {
      const CircleWrap<Real> in = wrap_inside(e0, e1, r);
      const auto pick = [&](const Vec2<Real>& u, const Vec2<Real>& v) {
        return Vec2<Real>{select(inside, u.x, v.x), select(inside, u.y, v.y)};
      };
      w.on = (inside & in.on) | (!inside & w.on);
      w.q0 = pick(in.q0, w.q0);
      w.q1 = pick(in.q1, w.q1);
      w.arc = select(inside, in.arc, w.arc);
    }
  }
  Wrap<Real> out;
  out.on = w.on & (norm(p0) >= tiny) & (norm(p1) >= tiny);
  out.q0 = a * w.q0.x + b * w.q0.y;
  out.q1 = a * w.q1.x + b * w.q1.y;
  out.arc = w.arc;

  // along a cylinder the string climbs evenly
  if (cylinder) {
    const auto far = [](const Vec2<Real>& u, const Vec2<Real>& v) {
      const Vec2<Real> d = {u.x - v.x, u.y - v.y};
      return sqrt(dot(d, d));
    };
    const Real t0 = far(e0, w.q0), t1 = far(e1, w.q1);
    const Real climb = (p1.z - p0.z) / max(t0 + w.arc + t1, tiny);
    out.q0.z = fma(climb, t0, p0.z);
    out.q1.z = fma(climb, t0 + w.arc, p0.z);
    const Real rise = out.q1.z - out.q0.z;
    out.arc = sqrt(fma(w.arc, w.arc, rise * rise));
  }

  // straight strings touch nothing
  out.q0 = select<Real>(out.on, out.q0, p1);
  out.q1 = select<Real>(out.on, out.q1, p1);
  out.arc = select(out.on, out.arc, zero);
  return out;
}

}  // namespace motorium
