// Bias forces by recursive Newton-Euler at zero acceleration (Featherstone, chapter 5).
//   cacc = cacc_p + cdof_dot qvel,   cacc_world = -g
//   f = I cacc + cvel x* (I cvel),   summed towards the root,   bias_i = cdof_i' f
#pragma once
#include "motorium/core/spatial.h"
#include "motorium/physics/scratch.h"

namespace motorium {

template <class Team, class Real>
STAGE void rne(Team team, const ModelView<Real>& m, const State<Real>& s, Scratch<Real>& x) {
  // accelerations at zero qacc; gravity enters as the world's acceleration upwards
  team.once([&] {
    for (int k = 0; k < 3; ++k) {
      x.cacc[k] = Real(0.f);
      x.cacc[3 + k] = m.on(kFlagGravity) ? -m.gravity[k] : Real(0.f);
    }
    for (int k = 0; k < 6; ++k) x.cfrc_int[k] = Real(0.f);
  });
  for (int level = 1; level < m.nlevel; ++level) {
    const int first = m.level_adr[level];
    team.each(m.level_adr[level + 1] - first, [&](int i) {
      const int b = m.level_body[first + i];
      Spatial<Real> a = spatial(x.cacc + 6 * m.body_parentid[b]);
      for (int d = m.body_dofadr[b]; d < m.body_dofadr[b] + m.body_dofnum[b]; ++d)
        a = add_scaled(a, s.qvel[d], spatial(x.cdof_dot + 6 * d));
      put6(x.cacc + 6 * b, a);
    });
  }
  team.each(m.nbody - 1, [&](int i) {
    const int b = i + 1;
    const Spatial<Real> v = spatial(x.cvel + 6 * b);
    const Real* I = x.cinert + 10 * b;
    put6(x.cfrc_int + 6 * b,
         inertia_times(I, spatial(x.cacc + 6 * b)) + cross_force(v, inertia_times(I, v)));
  });

  // forces, leaves first; a parent gathers its children
  for (int level = m.nlevel - 2; level >= 1; --level) {
    const int first = m.level_adr[level];
    team.each(m.level_adr[level + 1] - first, [&](int i) {
      const int b = m.level_body[first + i];
      Spatial<Real> f = spatial(x.cfrc_int + 6 * b);
      for (int k = 0; k < m.body_childnum[b]; ++k)
        f = f + spatial(x.cfrc_int + 6 * m.child_body[m.body_childadr[b] + k]);
      put6(x.cfrc_int + 6 * b, f);
    });
  }
  team.each(m.nv, [&](int i) {
    x.qfrc_bias[i] = dot(spatial(x.cdof + 6 * i), spatial(x.cfrc_int + 6 * m.dof_bodyid[i]));
  });
}

}  // namespace motorium
