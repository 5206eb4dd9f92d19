// Joint inertia by composite rigid bodies (Featherstone, chapter 6):
//   M_ij = cdof_j' I_crb(i) cdof_i  for j on the path from i to the root, plus rotor inertia.
#pragma once
#include "motorium/core/spatial.h"
#include "motorium/physics/rotor.h"

namespace motorium {

// row i of M from its entry `first` on; adding +0 leaves no negative zero behind
template <class Real>
FN void inertia_row(const ModelView<Real>& m, Scratch<Real>& x, int i, int first) {
  const Spatial<Real> f = inertia_times(x.crb + 10 * m.dof_bodyid[i], spatial(x.cdof + 6 * i));
  const int adr = m.M_rowadr[i], n = m.M_rownum[i];
  for (int k = first; k < n; ++k)
    x.qM[adr + k] = dot(spatial(x.cdof + 6 * m.M_col[adr + k]), f) + Real(0.f);
  x.qM[adr + n - 1] += m.dof_armature[i];
}

// rows that a step always fills: those of free bodies, which some integrators read
inline constexpr int kShortRow = 6;

template <class Team, class Real>
FN void add_rotors(Team team, const ModelView<Real>& m, Scratch<Real>& x) {
  add_rotor_inertia(team, m,
                    [&](int i) -> Real& { return x.qM[m.M_rowadr[i] + m.M_rownum[i] - 1]; });
}

template <class Team, class Real>
STAGE void crb(Team team, const ModelView<Real>& m, Scratch<Real>& x) {
  // a parent gathers its children, leaves first
  for (int level = m.nlevel - 1; level >= 1; --level) {
    const int first = m.level_adr[level];
    team.each(m.level_adr[level + 1] - first, [&](int i) {
      const int b = m.level_body[first + i];
      Real sum[10];
      for (int k = 0; k < 10; ++k) sum[k] = x.cinert[10 * b + k];
      for (int c = 0; c < m.body_childnum[b]; ++c) {
        const Real* child = x.crb + 10 * m.child_body[m.body_childadr[b] + c];
        for (int k = 0; k < 10; ++k) sum[k] += child[k];
      }
      for (int k = 0; k < 10; ++k) x.crb[10 * b + k] = sum[k];
    });
  }

  // of the long rows of deep models, which only some ask for, the diagonal
  if (m.full_inertia)
    team.each(m.nv, [&](int i) { inertia_row(m, x, i, 0); });
  else
    team.each(m.nv, [&](int i) {
      const int n = m.M_rownum[i];
      inertia_row(m, x, i, n > kShortRow ? n - 1 : 0);
    });
  if (m.rotor_heavy) add_rotors(team, m, x);
}

// all of M where a step has left rows out
template <class Team, class Real>
STAGE void fill_inertia(Team team, const ModelView<Real>& m, Scratch<Real>& x) {
  team.each(m.nv, [&](int i) { inertia_row(m, x, i, 0); });
  if (m.rotor_heavy) add_rotors(team, m, x);
}

}  // namespace motorium
