// What a collider reads and writes, and the tolerances that depend on the precision.
//
// A collider compares two geoms of all worlds of a pack and fills its slots in MuJoCo's generation
// order. A slot is used where `found` is true; holes between used slots are allowed. The numbers of
// unused slots are finite and mean nothing. The normal points from geom 1 to geom 2, `pos` is
// midway between the two surfaces, and negative distances are penetration.
//
//   slots: plane_sphere 1, plane_capsule 2, plane_box 4, sphere_* 1, capsule_capsule 2,
//          capsule_box 2, box_box 8
#pragma once
#include "motorium/core/math.h"
#include "motorium/core/vec.h"

namespace motorium {

template <class Real> struct ContactPoint {
  Real dist;          // signed distance of the surfaces                             [m]
  Vec3<Real> pos;     // midpoint, world                                             [m]
  Vec3<Real> normal;  // unit, world, from geom 1 to geom 2
  Mask<Real> found;   // the slot holds a contact of this world
};

// pose and size of one geom in world axes: R is row-major, its columns are the geom's axes
template <class Real> struct GeomPose {
  Vec3<Real> pos;
  Mat3<Real> R;
  Vec3<Real> size;
};

// a tolerance that has to match MuJoCo in double and has to stand above rounding in float
template <class Real> FN Real by_precision(double in_double, double in_float) {
  return number<Real>(sizeof(Scalar<Real>) == 8 ? in_double : in_float);
}

// lengths below it have no direction; its square is a normal number in float too
template <class Real> FN Real shortest() { return number<Real>(1e-15); }

template <class Real> FN ContactPoint<Real> no_contact() {
  const Real zero = Real(0.f);
  return {zero, {zero, zero, zero}, {Real(1.f), zero, zero}, Mask<Real>(false)};
}

// the component along axis k, which differs per world
template <class Real> FN Real pick(const Int<Real>& k, const Vec3<Real>& v) {
  return select(k == Int<Real>(0), v.x, select(k == Int<Real>(1), v.y, v.z));
}

}  // namespace motorium
