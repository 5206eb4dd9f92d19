// From qacc to the next state: activations, velocities, positions.
//   Euler:         qvel += h x,  (M + h diag(damping)) x = qfrc_smooth + qfrc_constraint
//                  (x = qacc where nothing is damped)
//   implicitfast:  (M - h D) x = qfrc_smooth + qfrc_constraint,  D = d(actuator + passive)/d qvel;
//                  a free body without jointed descendants adds its gyroscopic term, 6 x 6
//   positions follow with the new velocity; quaternions by the exponential map
// New values are committed only in worlds where all of them are good.
#pragma once
#include "motorium/core/quat.h"
#include "motorium/core/spatial.h"
#include "motorium/physics/actuation.h"
#include "motorium/physics/factor.h"
#include "motorium/physics/rotor.h"

namespace motorium {

// solves A y = b for a general 6 x 6 matrix that is nearly symmetric positive definite
template <class Real> FN void solve6(Real A[6][6], Real b[6]) {
  for (int k = 0; k < 6; ++k) {
    const Real inv = Real(1.f) / A[k][k];
    for (int i = k + 1; i < 6; ++i) {
      const Real c = A[i][k] * inv;
      for (int j = k + 1; j < 6; ++j) A[i][j] = fma(-c, A[k][j], A[i][j]);
      b[i] = fma(-c, b[k], b[i]);
    }
  }
  for (int k = 5; k >= 0; --k) {
    Real sum = b[k];
    for (int j = k + 1; j < 6; ++j) sum = fma(-A[k][j], b[j], sum);
    b[k] = sum / A[k][k];
  }
}

// d(bias)/d(qvel) of a free rigid body, m its mass, c the centre of mass and I the inertia about
// the joint's origin, w its angular velocity, all in body axes; only w matters:
//   force:  m R (w x (w x c))    ->  m R (-[w x c] - [w][c])
//   torque: w x (I w)            ->  [w] I - [I w]
template <class Real>
FN void free_body_gyration(const ModelView<Real>& m, const State<Real>& s, const Scratch<Real>& x,
                           int b, int dof, const Real& h, Real A[6][6]) {
  const Real* C = x.crb + 10 * b;
  const Mat3<Real> R = mat3(x.xmat + 9 * b);
  const Real mass = C[9];
  const Vec3<Real> w = vec3(s.qvel + dof + 3);
  const Vec3<Real> c_world = vec3(x.subtree_com + 3 * m.body_rootid[b]) - vec3(x.xpos + 3 * b);
  const Vec3<Real> c = transpose_times(R, c_world);

  // inertia about the origin in world axes, one column per body axis, then into body axes
  Vec3<Real> I[3];
  for (int k = 0; k < 3; ++k) {
    const Vec3<Real> u = R.column(k);
    const Spatial<Real> turn = {u, {Real(0.f), Real(0.f), Real(0.f)}};
    const Vec3<Real> about_com = inertia_times(C, turn).r;
    const Vec3<Real> shift = mass * cross(c_world, cross(u, c_world));
    I[k] = transpose_times(R, about_com + shift);
  }
  const Vec3<Real> Iw = I[0] * w.x + I[1] * w.y + I[2] * w.z;
  const Vec3<Real> wc = cross(w, c);
  for (int k = 0; k < 3; ++k) {
    Vec3<Real> e = {Real(0.f), Real(0.f), Real(0.f)};
    e[k] = Real(1.f);
    const Vec3<Real> force = mass * (R * (cross(e, wc) + cross(w, cross(e, c))));
    const Vec3<Real> torque = cross(e, Iw) + cross(w, I[k]);
    for (int i = 0; i < 3; ++i) {
      A[i][3 + k] = fma(h, force[i], A[i][3 + k]);
      A[3 + i][3 + k] = fma(h, torque[i], A[3 + i][3 + k]);
    }
  }
}

// is b a free body with nothing jointed below it? (uniform)
template <class Real> FN bool lone_free_body(const ModelView<Real>& m, int b) {
  if (m.body_jntnum[b] != 1 || m.joint(m.body_jntadr[b]) != JointType::free) return false;
  const int d = m.body_dofadr[b];
  return m.dof_descnum[d] == 5;
}

// x <- acceleration that moves the velocities
template <class Team, class Real>
STAGE void implicit_acceleration(Team team, const ModelView<Real>& m, const State<Real>& s,
                                 Scratch<Real>& x, Real* out) {
  const Real h = Real(m.timestep);
  const bool rotors = m.on(kFlagDamper) && m.rotor_damped;
  const bool damped = m.on(kFlagDamper) && (m.dof_damped || rotors);
  const bool implicit = m.integrator == Integrator::implicitfast;
  if (!implicit && !(damped && m.on(kFlagEulerdamp))) {
    team.each(m.nv, [&](int i) { out[i] = x.qacc[i]; });
    return;
  }
  team.each(m.nM, [&](int k) { x.qH[k] = x.qM[k]; });
  team.each(m.nv, [&](int i) {
    Real& diagonal = x.qH[m.M_rowadr[i] + m.M_rownum[i] - 1];
    if (damped) diagonal = fma(h, m.dof_damping[i], diagonal);
    out[i] = x.qfrc_smooth[i] + x.qfrc_constraint[i];
  });
  if (rotors) add_rotor_slope(team, m, s, h, x.qH);

  // actuators: - h moment' slope moment, entries outside the tree's pattern dropped
  if (implicit && m.on(kFlagActuation))
    team.each(m.nv, [&](int i) {
      for (int a = 0; a < m.nactuator; ++a) {
        if (!actuates(m, a, i)) continue;
        for (int o = m.actuator_outadr[a]; o < m.actuator_outadr[a] + m.actuator_outnum[a]; ++o) {
          const Real* moment = x.actuator_moment + o * m.nv;
          const Real c = -(h * x.actuator_slope[o] * moment[i]);
          for (int p = 0; p < m.M_rownum[i]; ++p) {
            const int j = m.M_col[m.M_rowadr[i] + p];
            if (actuates(m, a, j))
              x.qH[m.M_rowadr[i] + p] = fma(c, moment[j], x.qH[m.M_rowadr[i] + p]);
          }
        }
      }
    });

  if (implicit) add_tendon_damping(team, m, x, h, x.qH);

  // free bodies apart, before the factorisation overwrites their blocks
  if (implicit)
    team.each(m.nbody, [&](int b) {
      if (!lone_free_body(m, b)) return;
      const int d = m.body_dofadr[b];
      Real A[6][6];
      for (int i = 0; i < 6; ++i)
        for (int j = 0; j <= i; ++j) A[i][j] = A[j][i] = x.qH[m.M_rowadr[d + i] + j];
      free_body_gyration(m, s, x, b, d, h, A);
      Real y[6];
      for (int i = 0; i < 6; ++i) y[i] = out[d + i];
      solve6(A, y);
      for (int i = 0; i < 6; ++i) x.vec_b[d + i] = y[i];
    });
  factor_tree(team, m, x.qH);
  solve_tree(team, m, x.qH, out);
  if (implicit)
    team.each(m.nbody, [&](int b) {
      if (!lone_free_body(m, b)) return;
      for (int i = m.body_dofadr[b]; i < m.body_dofadr[b] + 6; ++i) out[i] = x.vec_b[i];
    });
}

// velocities and activations creep into denormals otherwise
template <class Real> FN Real without_dust(const Real& v) {
  return select(abs(v) < number<Real>(1e-18), Real(0.f), v);
}

// activations of one actuator. Setpoints on a circle keep near the length
template <class Real>
FN void integrate_activation(const ModelView<Real>& m, const State<Real>& s, const Scratch<Real>& x,
                             int a, Real* next) {
  const int adr = m.actuator_actadr[a], out = m.actuator_outadr[a];
  const bool acting = m.on(kFlagActuation), still = is_disabled(m, a);
  for (int k = 0; k < m.actuator_actnum[a]; ++k) {
    const Real act = s.act[adr + k], rate = still ? Real(0.f) : x.act_dot[adr + k];
    next[adr + k] = acting ? without_dust(next_activation(m, x, a, k, act, rate)) : act;
  }
  if (!acting || static_cast<DynType>(m.actuator_dyntype[a]) != DynType::integrator) return;
  const bool affine = static_cast<BiasType>(m.actuator_biastype[a]) == BiasType::affine;
  if (static_cast<GainType>(m.actuator_gaintype[a]) == GainType::so3)
    put3(next + adr, shortest(vec3(next + adr)));
  else if (static_cast<GainType>(m.actuator_gaintype[a]) == GainType::fixed && affine &&
           lies_on_circle(m, a))
    next[adr] = wrap_setpoint(m, a, next[adr], x.actuator_length[out], is_servo(m, a));
}

// Advances the worlds of `live`; returns those whose new state is bad, which keep the old one.
template <class Team, class Real>
STAGE Mask<Real> integrate_state(Team team, const ModelView<Real>& m, State<Real>& s,
                                 Scratch<Real>& x, Mask<Real> live) {
  const Real h = Real(m.timestep);
  Real *next_v = x.vec_a, *next_q = x.next_qpos, *next_act = x.next_act;
  implicit_acceleration(team, m, s, x, next_v);
  team.each(m.nv, [&](int i) { next_v[i] = without_dust(fma(h, next_v[i], s.qvel[i])); });
  team.each(m.nactuator, [&](int a) { integrate_activation(m, s, x, a, next_act); });
  team.each(m.njnt, [&](int j) {
    int q = m.jnt_qposadr[j], d = m.jnt_dofadr[j];
    switch (m.joint(j)) {
      case JointType::hinge:
      case JointType::slide:
        next_q[q] = fma(h, next_v[d], s.qpos[q]);
        break;
      case JointType::free:
        for (int k = 0; k < 3; ++k) next_q[q + k] = fma(h, next_v[d + k], s.qpos[q + k]);
        q += 3;
        d += 3;
        [[fallthrough]];
      case JointType::ball:
        put4(next_q + q, integrate(quat(s.qpos + q), vec3(next_v + d), h));
        break;
    }
  });

  // one bad number spoils its world's step, and no other world's
  const auto badness = [](const Real& v) { return select(is_bad(v), Real(1.f), Real(0.f)); };
  const Real zero = Real(0.f);
  const Real bad = team.max(m.nq + m.nv + m.na, [&](int i) {
    return i < m.nq          ? badness(next_q[i])
           : i < m.nq + m.nv ? badness(next_v[i - m.nq])
                             : badness(next_act[i - m.nq - m.nv]);
  });
  const Mask<Real> commit = live & !(bad > zero);
  team.each(m.nq, [&](int i) { s.qpos[i] = select(commit, next_q[i], s.qpos[i]); });
  team.each(m.nv, [&](int i) {
    s.qvel[i] = select(commit, next_v[i], s.qvel[i]);
    s.qacc_warmstart[i] = select(commit, x.qacc[i], s.qacc_warmstart[i]);
  });
  team.each(m.na, [&](int i) { s.act[i] = select(commit, next_act[i], s.act[i]); });
  if (m.nhistory > 0) advance_histories(team, m, s, commit);
  return live & (bad > zero);
}

}  // namespace motorium
