// Poses of cameras, after centres of mass:
//   fixed          as mounted on its body
//   track[com]     at a constant offset from its body (from the centre of mass of its subtree),
//   never
//                  turning
//   targetbody[com] at its place on its body, looking at a body (the centre of mass of a subtree)
#pragma once
#include "motorium/physics/kinematics.h"

namespace motorium {

// the unit vector, or x where there is no direction
template <class Real> FN Vec3<Real> direction_or_x(const Vec3<Real>& v) {
  const Real n = norm(v);
  const Mask<Real> none = n < number<Real>(1e-15);
  const Real inv = Real(1.f) / select(none, Real(1.f), n);
  return select<Real>(none, Vec3<Real>{Real(1.f), Real(0.f), Real(0.f)}, v * inv);
}

template <class Real> FN void place_camera(const ModelView<Real>& m, Scratch<Real>& x, int c) {
  const auto mode = static_cast<CameraMode>(m.cam_mode[c]);
  const int b = m.cam_bodyid[c];
  Real *pos = x.cam_xpos + 3 * c, *mat = x.cam_xmat + 9 * c;
  place_on_body(x, b, m.cam_pos, m.cam_quat, c, pos, mat);

  // follows without turning
  if (mode == CameraMode::track || mode == CameraMode::trackcom) {
    const bool com = mode == CameraMode::trackcom;
    const Real* from = com ? x.subtree_com + 3 * b : x.xpos + 3 * b;
    for (int k = 0; k < 3; ++k)
      pos[k] = from[k] + (com ? m.cam_poscom0[3 * c + k] : m.cam_pos0[3 * c + k]);
    for (int k = 0; k < 9; ++k) mat[k] = m.cam_mat0[9 * c + k];
  }

  // looks at something: z points away from it, x is level
  const bool com = mode == CameraMode::targetbodycom;
  if ((com || mode == CameraMode::targetbody) && m.cam_targetbodyid[c] >= 0) {
    const int t = m.cam_targetbodyid[c];
    const Vec3<Real> z =
        direction_or_x(vec3(pos) - vec3(com ? x.subtree_com + 3 * t : x.xpos + 3 * t));
    const Vec3<Real> level = {-z.y, z.x, Real(0.f)};
    const Vec3<Real> u = direction_or_x(level), v = direction_or_x(cross(z, u));
    for (int k = 0; k < 3; ++k) {
      mat[3 * k] = u[k];
      mat[3 * k + 1] = v[k];
      mat[3 * k + 2] = z[k];
    }
  }
}

template <class Team, class Real>
STAGE void cameras(Team team, const ModelView<Real>& m, Scratch<Real>& x) {
  team.each(m.ncam, [&](int c) { place_camera(m, x, c); });
}

}  // namespace motorium
