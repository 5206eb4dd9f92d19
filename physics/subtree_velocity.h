// Velocity of the centre of mass C of each subtree, and angular momentum about it, leaves first.
//   M V = m v + sum M_c V_c
//   L = I w + m (x - C) x (v - V) + sum [ L_c + M_c (C_c - C) x (V_c - V) ]
#pragma once
#include "motorium/physics/jacobian.h"

namespace motorium {

template <class Team, class Real>
STAGE void subtree_velocity(Team team, const ModelView<Real>& m, Scratch<Real>& x) {
  for (int level = m.nlevel - 1; level >= 0; --level) {
    const int first = m.level_adr[level];
    team.each(m.level_adr[level + 1] - first, [&](int i) {
      const int b = m.level_body[first + i];
      const Vec3<Real> at = vec3(x.xipos + 3 * b), centre = vec3(x.subtree_com + 3 * b);
      const Spatial<Real> v = point_velocity(m, x, b, at);
      const Real mass = m.body_mass[b];
      Vec3<Real> momentum = mass * v.t;
      for (int k = 0; k < m.body_childnum[b]; ++k) {
        const int c = m.child_body[m.body_childadr[b] + k];
        momentum = add_scaled(momentum, m.body_subtreemass[c], vec3(x.subtree_linvel + 3 * c));
      }
      const Real inv = Real(1.f) / max(m.body_subtreemass[b], number<Real>(1e-15));
      const Vec3<Real> V = momentum * inv;

      const Mat3<Real> R = mat3(x.ximat + 9 * b);
      Vec3<Real> w = transpose_times(R, v.r);
      for (int k = 0; k < 3; ++k) w[k] = w[k] * m.body_inertia[3 * b + k];
      Vec3<Real> L = R * w + cross(at - centre, mass * (v.t - V));
      for (int k = 0; k < m.body_childnum[b]; ++k) {
        const int c = m.child_body[m.body_childadr[b] + k];
        const Vec3<Real> slip = vec3(x.subtree_linvel + 3 * c) - V;
        L = L + vec3(x.subtree_angmom + 3 * c) +
            cross(vec3(x.subtree_com + 3 * c) - centre, m.body_subtreemass[c] * slip);
      }
      put3(x.subtree_linvel + 3 * b, V);
      put3(x.subtree_angmom + 3 * b, L);
    });
  }
}

}  // namespace motorium
