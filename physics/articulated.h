// The inverse of M by sweeps over bodies (Featherstone, chapter 7: articulated bodies), without M
// or a factor of it: two passes that are linear in the dofs, where a factor of a long chain costs
// their cube. Each dof k of a body is a joint of its own, from the last to the first. With the
// inertia I of a body and all that hangs on it, the axis S_k and a_k, what the joint itself adds to
// the diagonal of M:
//
//   U_k = I S_k,   d_k = 1 / (S_k' U_k + a_k),   I <- I - d_k U_k U_k'
//
// and what is left after the body's first dof hangs on its parent. x = M^-1 y:
//
//   leaves first   u_k = y_k - S_k' p,   p <- p + d_k u_k U_k,   summed into the parent
//   root first     x_k = d_k (u_k - U_k' a),   a <- a + x_k S_k,   from the parent's a
//
// Axes and inertias of a tree are about one point, so nothing is moved between bodies. The same for
// M + diag(...): only a_k differs. Sums stay inertias of real bodies all the way: in float the
// result is better by orders than by a factor of M, whose entries have cancelled already.
#pragma once
#include "motorium/core/spatial.h"
#include "motorium/physics/factor.h"
#include "motorium/physics/rotor.h"

namespace motorium {

// entry (i, j), j <= i, of a symmetric 6 x 6 matrix stored by the rows of its lower triangle
FN constexpr int packed(int i, int j) { return i >= j ? i * (i + 1) / 2 + j : j * (j + 1) / 2 + i; }
inline constexpr int kPacked = 21;

// f(entry) for all of them, unrolled
template <class F> FN void each_packed(F f) {
  MOTORIUM_UNROLL
  for (int i = 0; i < 6; ++i) {
    MOTORIUM_UNROLL
    for (int j = 0; j <= i; ++j) f(packed(i, j), i, j);
  }
}

// J <- inertia (xx yy zz xy xz yz, m c, m):   (I, [m c]; [m c]', m 1)
template <class Real> FN void unpack_inertia(const Real* i, Real* J) {
  const Real zero = Real(0.f), m = i[9];
  J[0] = i[0], J[1] = i[3], J[2] = i[1], J[3] = i[4], J[4] = i[5], J[5] = i[2];
  J[6] = zero, J[7] = i[8], J[8] = -i[7], J[9] = m;
  J[10] = -i[8], J[11] = zero, J[12] = i[6], J[13] = zero, J[14] = m;
  J[15] = i[7], J[16] = -i[6], J[17] = zero, J[18] = zero, J[19] = zero, J[20] = m;
}

// out <- J S
template <class Real> FN void inertia_times_axis(const Real* J, const Real* S, Real* out) {
  MOTORIUM_UNROLL
  for (int i = 0; i < 6; ++i) {
    Real sum = J[packed(i, 0)] * S[0];
    MOTORIUM_UNROLL
    for (int j = 1; j < 6; ++j) sum = fma(J[packed(i, j)], S[j], sum);
    out[i] = sum;
  }
}

template <class Real> FN Real dot6(const Real* a, const Real* b) {
  return dot(spatial(a), spatial(b));
}

// inertia of each body with what hangs on it, load and inverse of each axis: what sweeps go by
template <class Real> struct Articulation { Real *hanging, *load, *inverse; };
template <class Real> FN Articulation<Real> smooth_articulation(const Scratch<Real>& x) {
  return {x.hanging, x.axis_load, x.axis_inverse};
}

// inertia of body b with what hangs on it, as its parent feels it; U and d of its dofs. `rows`:
// inertias that rows add to the bodies (packed), null: none do
template <class Real>
FN void articulate_body(const ModelView<Real>& m, const Scratch<Real>& x,
                        const Articulation<Real>& to, const Real* added, const Real* rows, int b) {
  Real J[kPacked];
  unpack_inertia(x.cinert + 10 * b, J);
  if (rows) each_packed([&](int e, int, int) { J[e] += rows[kPacked * b + e]; });
  for (int c = 0; c < m.body_childnum[b]; ++c) {
    const Real* child = to.hanging + kPacked * m.child_body[m.body_childadr[b] + c];
    each_packed([&](int e, int, int) { J[e] += child[e]; });
  }
  for (int k = m.body_dofadr[b] + m.body_dofnum[b] - 1; k >= m.body_dofadr[b]; --k) {
    Real U[6];
    inertia_times_axis(J, x.cdof + 6 * k, U);
    const Real d = Real(1.f) / (dot6(x.cdof + 6 * k, U) + added[k]);
    Real c[6];
    MOTORIUM_UNROLL
    for (int i = 0; i < 6; ++i) {
      c[i] = -(d * U[i]);
      to.load[6 * k + i] = U[i];
    }
    each_packed([&](int e, int i, int j) { J[e] = fma(c[i], U[j], J[e]); });
    to.inverse[k] = d;
  }
  each_packed([&](int e, int, int) { to.hanging[kPacked * b + e] = J[e]; });
}

// f(body) of all bodies but the world, leaves first, or root first: those of one depth at once
template <class Team, class Real, class F>
FN void each_body_upwards(Team team, const ModelView<Real>& m, F f) {
  for (int level = m.nlevel - 1; level >= 1; --level) {
    const int first = m.level_adr[level];
    team.each(m.level_adr[level + 1] - first, [&](int i) { f(m.level_body[first + i]); });
  }
}
template <class Team, class Real, class F>
FN void each_body_downwards(Team team, const ModelView<Real>& m, F f) {
  for (int level = 1; level < m.nlevel; ++level) {
    const int first = m.level_adr[level];
    team.each(m.level_adr[level + 1] - first, [&](int i) { f(m.level_body[first + i]); });
  }
}

// prepares the sweeps for M, with `added` on the diagonal beside the bodies' inertia
template <class Team, class Real>
STAGE void articulate(Team team, const ModelView<Real>& m, Scratch<Real>& x, const Real* added) {
  const Articulation<Real> to = smooth_articulation(x);
  const Real* none = nullptr;
  each_body_upwards(team, m, [&](int b) { articulate_body(m, x, to, added, none, b); });
}

// axis_inertia <- what joints add to the diagonal of M: armature, rotors
template <class Team, class Real>
FN void axis_inertias(Team team, const ModelView<Real>& m, Scratch<Real>& x) {
  team.each(m.nv, [&](int i) { x.axis_inertia[i] = m.dof_armature[i]; });
  if (m.rotor_heavy) add_rotor_inertia(team, m, [&](int i) -> Real& { return x.axis_inertia[i]; });
}

// forces of y on body b, whose children are done
template <class Real>
FN void gather_forces(const ModelView<Real>& m, Scratch<Real>& x, const Articulation<Real>& by,
                      Real* y, int b) {
  const Real zero = Real(0.f);
  Spatial<Real> p = {{zero, zero, zero}, {zero, zero, zero}};
  for (int c = 0; c < m.body_childnum[b]; ++c)
    p = p + spatial(x.swept + 6 * m.child_body[m.body_childadr[b] + c]);
  for (int k = m.body_dofadr[b] + m.body_dofnum[b] - 1; k >= m.body_dofadr[b]; --k) {
    y[k] = y[k] - dot(spatial(x.cdof + 6 * k), p);
    p = add_scaled(p, by.inverse[k] * y[k], spatial(by.load + 6 * k));
  }
  put6(x.swept + 6 * b, p);
}

// the acceleration of body b, whose parent is done, where its force was
template <class Real>
FN void spread_accelerations(const ModelView<Real>& m, Scratch<Real>& x,
                             const Articulation<Real>& by, Real* y, int b) {
  Spatial<Real> a = spatial(x.swept + 6 * m.body_parentid[b]);
  for (int k = m.body_dofadr[b]; k < m.body_dofadr[b] + m.body_dofnum[b]; ++k) {
    y[k] = by.inverse[k] * (y[k] - dot(spatial(by.load + 6 * k), a));
    a = add_scaled(a, y[k], spatial(x.cdof + 6 * k));
  }
  put6(x.swept + 6 * b, a);
}

// y <- inverse times y, of the matrix that was prepared last
template <class Team, class Real>
STAGE void sweep(Team team, const ModelView<Real>& m, Scratch<Real>& x, Real* y) {
  const Articulation<Real> by = smooth_articulation(x);
  each_body_upwards(team, m, [&](int b) { gather_forces(m, x, by, y, b); });
  team.once([&] {
    for (int k = 0; k < 6; ++k) x.swept[k] = Real(0.f);
  });
  each_body_downwards(team, m, [&](int b) { spread_accelerations(m, x, by, y, b); });
}

// y <- M^-1 y; with the integrator discrete the metric's inverse
template <class Team, class Real>
FN void solve_metric(Team team, const ModelView<Real>& m, Scratch<Real>& x, Real* y) {
  if (m.articulated) {
    sweep(team, m, x, y);
  } else {
    solve_tree(team, m.nv, m.metric, x.metric_factor, y);
  }
}

}  // namespace motorium
