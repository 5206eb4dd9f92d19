// Body velocities and the rates of the motion axes, parents first.
//   cdof_dot = cvel x cdof  with the velocity before the joint is added;  cvel += cdof qvel
// The three dofs of a ball (or free) rotation share the velocity before the joint.
#pragma once
#include "motorium/core/spatial.h"
#include "motorium/physics/scratch.h"

namespace motorium {

template <class Real>
FN void move_body(const ModelView<Real>& m, const State<Real>& s, Scratch<Real>& x, int b) {
  Spatial<Real> v = spatial(x.cvel + 6 * m.body_parentid[b]);
  for (int j = m.body_jntadr[b]; j < m.body_jntadr[b] + m.body_jntnum[b]; ++j) {
    int d = m.jnt_dofadr[j], rotations = 1;
    if (m.joint(j) == JointType::free) {
      // world-frame translation: constant axes
      for (int k = 0; k < 3; ++k, ++d) {
        for (int q = 0; q < 6; ++q) x.cdof_dot[6 * d + q] = Real(0.f);
        v = add_scaled(v, s.qvel[d], spatial(x.cdof + 6 * d));
      }
      rotations = 3;
    } else if (m.joint(j) == JointType::ball) {
      rotations = 3;
    }
    const Spatial<Real> before = v;
    for (int k = 0; k < rotations; ++k, ++d) {
      const Spatial<Real> axis = spatial(x.cdof + 6 * d);
      put6(x.cdof_dot + 6 * d, cross_motion(before, axis));
      v = add_scaled(v, s.qvel[d], axis);
    }
  }
  put6(x.cvel + 6 * b, v);
}

template <class Team, class Real>
STAGE void velocity(Team team, const ModelView<Real>& m, const State<Real>& s, Scratch<Real>& x) {
  team.once([&] {
    for (int k = 0; k < 6; ++k) x.cvel[k] = Real(0.f);
  });
  for (int level = 1; level < m.nlevel; ++level) {
    const int first = m.level_adr[level];
    team.each(m.level_adr[level + 1] - first,
              [&](int i) { move_body(m, s, x, m.level_body[first + i]); });
  }
}

}  // namespace motorium
