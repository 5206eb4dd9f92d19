// The exact diagonal of J M^-1 J' (flag diagexact), row by row: with M = L' D L, in the metric of
// the integrator discrete without what couples dofs across it,
//   J M^-1 J' = sum_i y_i^2 / D_i,   y = L^-T J'
#pragma once
#include "motorium/physics/scratch.h"

namespace motorium {

// of one row whose entry at dof i is row(i); vec_b is overwritten
template <class Team, class Real, class Row>
FN Real exact_weight(Team team, const ModelView<Real>& m, Scratch<Real>& x, Row row) {
  Real* y = x.vec_b;
  team.each(m.nv, [&](int i) { y[i] = row(i); });
  for (int k = m.nv - 1; k > 0; --k) {
    const Real* L = x.weight_factor + m.M_rowadr[k];
    const int* col = m.M_col + m.M_rowadr[k];
    team.each(m.M_rownum[k] - 1, [&](int p) { y[col[p]] = fma(-L[p], y[k], y[col[p]]); });
  }
  return team.sum(m.nv, [&](int i) {
    return y[i] * y[i] / x.weight_factor[m.M_rowadr[i] + m.M_rownum[i] - 1];
  });
}

// of the combination a row1 + b row2 of two rows of block k
template <class Team, class Real>
FN Real exact_block_weight(Team team, const ModelView<Real>& m, Scratch<Real>& x, int k, int row1,
                           int row2, const Real& b) {
  const int n = x.blk_num[k];
  const int* col = x.blk_col + x.blk_adr[k];
  const Real *one = x.blk_J[k] + row1 * n, *two = x.blk_J[k] + row2 * n;
  return exact_weight(team, m, x, [&](int i) {
    Real value = Real(0.f);
    for (int c = 0; c < n; ++c)
      if (col[c] == i) value = row1 == row2 ? one[c] : fma(b, two[c], one[c]);
    return value;
  });
}

// diagonal of M^-1, in dof_weight
template <class Team, class Real>
STAGE void exact_dof_weights(Team team, const ModelView<Real>& m, Scratch<Real>& x) {
  for (int d = 0; d < m.nv; ++d) {
    const Real w = exact_weight(team, m, x, [&](int i) { return Real(i == d ? 1.f : 0.f); });
    team.once([&] { x.dof_weight[d] = w; });
  }
}

}  // namespace motorium
