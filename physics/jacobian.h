// Velocity of points on bodies as a function of qvel. With c the centre of mass of a dof's tree:
//   J_p column = cdof_t + cdof_r x (p - c),   J_r column = cdof_r,   zero unless the dof moves the
//   body.
#pragma once
#include "motorium/core/spatial.h"
#include "motorium/physics/scratch.h"

namespace motorium {

template <class Real>
FN Vec3<Real> point_column(const ModelView<Real>& m, const Scratch<Real>& x, int dof,
                           const Vec3<Real>& p) {
  const Spatial<Real> axis = spatial(x.cdof + 6 * dof);
  return axis.t + cross(axis.r, p - vec3(x.dof_com + 3 * m.dof_treeid[dof]));
}

// does the dof move the body? (uniform)
template <class Real> FN bool moves(const ModelView<Real>& m, int dof, int body) {
  return (static_cast<unsigned>(m.body_dofmask[body * m.nword + dof / 32]) >> (dof % 32)) & 1u;
}

// velocity of the point p of body b
template <class Real>
FN Spatial<Real> point_velocity(const ModelView<Real>& m, const Scratch<Real>& x, int b,
                                const Vec3<Real>& p) {
  const Spatial<Real> v = spatial(x.cvel + 6 * b);
  return {v.r, v.t + cross(v.r, p - vec3(x.subtree_com + 3 * m.body_rootid[b]))};
}

// acceleration of a point at zero qacc without gravity (J_p dot v), and of its body's rotation
template <class Real>
FN Spatial<Real> bias_acceleration(const ModelView<Real>& m, const Scratch<Real>& x, int b,
                                   const Vec3<Real>& p) {
  const Spatial<Real> a = spatial(x.cacc + 6 * b), v = spatial(x.cvel + 6 * b);
  const Vec3<Real> up = vec3(x.cacc + 3);
  const Vec3<Real> o = p - vec3(x.subtree_com + 3 * m.body_rootid[b]);
  const Vec3<Real> speed = v.t + cross(v.r, o);
  return {a.r, a.t - up + cross(a.r, o) + cross(v.r, speed)};
}

}  // namespace motorium
