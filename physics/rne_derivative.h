// d(bias force) / d(qvel) by composite bodies. With v, a, I of body b, S the bodies below dof i or
// j, whichever is deeper, and w_j the velocity after the joint of dof j:
//   da_b / dqvel_j = c_j - v_b x cdof_j,         c_j = cdof_dot_j + w_j x cdof_j
//   df_b / dqvel_j = I_b c_j + G_b cdof_j,       G_b e = -I (v x e) + e x* (I v) + v x* (I e)
//   dbias_i / dqvel_j = cdof_i' (I_S c_j + G_S cdof_j)
#pragma once
#include "motorium/core/spatial.h"
#include "motorium/physics/scratch.h"

namespace motorium {

// subtracts G_b from out (6 x 6, row-major)
template <class Real> STAGE void subtract_bias_slope(const Scratch<Real>& x, int b, Real* out) {
  const Real* I = x.cinert + 10 * b;
  const Spatial<Real> v = spatial(x.cvel + 6 * b), momentum = inertia_times(I, v);
  const Vec3<Real> none = {Real(0.f), Real(0.f), Real(0.f)};
  for (int c = 0; c < 6; ++c) {
    Spatial<Real> e = {none, none};
    (c < 3 ? e.r : e.t)[c % 3] = Real(1.f);
    const Spatial<Real> f = cross_force(e, momentum) + cross_force(v, inertia_times(I, e)) -
                            inertia_times(I, cross_motion(v, e));
    for (int i = 0; i < 3; ++i) {
      out[6 * i + c] -= f.r[i];
      out[6 * (3 + i) + c] -= f.t[i];
    }
  }
}

// c_j of the dofs of body b
template <class Real>
FN void axis_slopes(const ModelView<Real>& m, const State<Real>& s, Scratch<Real>& x, int b) {
  Spatial<Real> v = spatial(x.cvel + 6 * m.body_parentid[b]);
  for (int j = m.body_jntadr[b]; j < m.body_jntadr[b] + m.body_jntnum[b]; ++j) {
    const int d = m.jnt_dofadr[j];
    const bool free = m.joint(j) == JointType::free;
    const int groups = free ? 2 : 1, size = free || m.joint(j) == JointType::ball ? 3 : 1;

    // translations of a free joint first, then its rotations, like a ball's together
    for (int g = 0; g < groups; ++g) {
      for (int i = d + 3 * g; i < d + 3 * g + size; ++i)
        v = add_scaled(v, s.qvel[i], spatial(x.cdof + 6 * i));
      for (int i = d + 3 * g; i < d + 3 * g + size; ++i)
        put6(x.axis_slope + 6 * i,
             spatial(x.cdof_dot + 6 * i) + cross_motion(v, spatial(x.cdof + 6 * i)));
    }
  }
}

}  // namespace motorium
