// D = d(force) / d(qvel) of what acts on bodies, on the pattern of M: drag of the fluid and, on
// request, the bias forces. Slopes of bodies are gathered from the leaves like composite inertias.
#pragma once
#include "motorium/physics/fluid_derivative.h"
#include "motorium/physics/rne_derivative.h"

namespace motorium {

// does a fluid act? (uniform)
template <class Real> FN bool has_drag(const ModelView<Real>& m) {
  return m.in_fluid && (m.on(kFlagSpring) || m.on(kFlagDamper));
}

// is b a free body with nothing jointed below it? (uniform)
template <class Real> FN bool lone_free_body(const ModelView<Real>& m, int b) {
  if (m.body_jntnum[b] != 1 || m.joint(m.body_jntadr[b]) != JointType::free) return false;
  const int d = m.body_dofadr[b];
  return m.dof_descnum[d] == 5;
}

// the slope of each body's subtree, in body_slope. symmetric: of the fluid only its symmetric
// part, except where a block of its own is solved (free_body.h)
template <class Team, class Real>
STAGE void body_slopes(Team team, const ModelView<Real>& m, const State<Real>& s, Scratch<Real>& x,
                       bool with_bias, bool with_fluid, bool symmetric) {
  for (int level = m.nlevel - 1; level >= 1; --level) {
    const int first = m.level_adr[level];
    team.each(m.level_adr[level + 1] - first, [&](int i) {
      const int b = m.level_body[first + i];
      Real* sum = x.body_slope + 36 * b;
      for (int k = 0; k < 36; ++k) sum[k] = Real(0.f);
      if (with_fluid)
        add_fluid_slope(m, x, b, symmetric && !lone_free_body(m, m.body_weldid[b]), sum);
      if (with_bias) {
        subtract_bias_slope(x, b, sum);
        axis_slopes(m, s, x, b);
      }
      for (int c = 0; c < m.body_childnum[b]; ++c) {
        const Real* child = x.body_slope + 36 * m.child_body[m.body_childadr[b] + c];
        for (int k = 0; k < 36; ++k) sum[k] += child[k];
      }
    });
  }
}

// u' B v for a 6 x 6 matrix
template <class Real>
FN Real through(const Spatial<Real>& u, const Real* B, const Spatial<Real>& v) {
  Real sum = Real(0.f);
  for (int i = 0; i < 6; ++i) {
    const Real* row = B + 6 * i;
    Real f = row[0] * v.r.x;
    f = fma(row[2], v.r.z, fma(row[1], v.r.y, f));
    f = fma(row[5], v.t.z, fma(row[4], v.t.y, fma(row[3], v.t.x, f)));
    sum = fma(i < 3 ? u.r[i % 3] : u.t[i % 3], f, sum);
  }
  return sum;
}

// lower -= h D on and left of the diagonal; upper, if there is one, holds entry (j, i) of the
// matrix where lower holds (i, j)
template <class Team, class Real>
STAGE void subtract_slopes(Team team, const ModelView<Real>& m, const Scratch<Real>& x,
                           bool with_bias, const Real& h, Real* lower, Real* upper) {
  team.each(m.nv, [&](int i) {
    const int b = m.dof_bodyid[i], adr = m.M_rowadr[i], n = m.M_rownum[i];
    const Real* B = x.body_slope + 36 * b;
    const Spatial<Real> axis = spatial(x.cdof + 6 * i);
    Spatial<Real> bent = axis;
    if (with_bias) bent = inertia_times(x.crb + 10 * b, spatial(x.axis_slope + 6 * i));
    for (int k = 0; k < n; ++k) {
      const int j = m.M_col[adr + k];
      const Spatial<Real> other = spatial(x.cdof + 6 * j);
      Real d = through(axis, B, other);
      if (with_bias) d -= dot(axis, inertia_times(x.crb + 10 * b, spatial(x.axis_slope + 6 * j)));
      lower[adr + k] = fma(-h, d, lower[adr + k]);
      if (!upper || k == n - 1) continue;
      Real t = through(other, B, axis);
      if (with_bias) t -= dot(other, bent);
      upper[adr + k] = fma(-h, t, upper[adr + k]);
    }
  });
}

}  // namespace motorium
