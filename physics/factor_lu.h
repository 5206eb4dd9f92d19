// Factorisation A = U L of an unsymmetric matrix with the pattern of M, without fill: the last dof
// is eliminated first, as in factor.h. Row k left of its diagonal is in `lower`, column k above it
// in `upper`; both are addressed by the row of k.
#pragma once
#include "motorium/physics/scratch.h"

namespace motorium {

// in place: U with unit diagonal in upper, L with its diagonal in lower
template <class Team, class Real>
STAGE void factor_lu(Team team, const ModelView<Real>& m, Real* lower, Real* upper) {
  for (int k = m.nv - 1; k >= 0; --k) {
    const int* col = m.M_col + m.M_rowadr[k];
    const Real* row = lower + m.M_rowadr[k];
    const Real* column = upper + m.M_rowadr[k];
    const int n = m.M_rownum[k] - 1;
    const Real inv = Real(1.f) / row[n];

    // for ancestors i, j:  A_ij -= A_ik A_kj / A_kk
    team.each(n, [&](int p) {
      const int adr = m.M_rowadr[col[p]];
      const Real below = -(column[p] * inv), beside = -(row[p] * inv);
      for (int q = 0; q <= p; ++q) lower[adr + q] = fma(below, row[q], lower[adr + q]);
      for (int q = 0; q < p; ++q) upper[adr + q] = fma(beside, column[q], upper[adr + q]);
    });
    team.each(n, [&](int p) { upper[m.M_rowadr[k] + p] = column[p] * inv; });
  }
}

// y <- (U L)^-1 y
template <class Team, class Real>
STAGE void solve_lu(Team team, const ModelView<Real>& m, const Real* lower, const Real* upper,
                    Real* y) {
  for (int k = m.nv - 1; k >= 0; --k) {
    const Real* column = upper + m.M_rowadr[k];
    const int* col = m.M_col + m.M_rowadr[k];
    team.each(m.M_rownum[k] - 1, [&](int p) { y[col[p]] = fma(-column[p], y[k], y[col[p]]); });
  }
  for (int k = 0; k < m.nv; ++k) {
    team.once([&] {
      const Real* row = lower + m.M_rowadr[k];
      const int* col = m.M_col + m.M_rowadr[k];
      const int n = m.M_rownum[k] - 1;
      Real sum = y[k];
      for (int p = 0; p < n; ++p) sum = fma(-row[p], y[col[p]], sum);
      y[k] = sum / row[n];
    });
  }
}

// y = A v, A not factored
template <class Team, class Real>
STAGE void multiply_lu(Team team, const ModelView<Real>& m, const Real* lower, const Real* upper,
                       const Real* v, Real* y) {
  team.each(m.nv, [&](int k) {
    const Real* row = lower + m.M_rowadr[k];
    const int* col = m.M_col + m.M_rowadr[k];
    const int n = m.M_rownum[k];
    Real sum = Real(0.f);
    for (int p = 0; p < n; ++p) sum = fma(row[p], v[col[p]], sum);
    for (int d = k + 1; d <= k + m.dof_descnum[k]; ++d)
      sum = fma(upper[m.M_rowadr[d] + n - 1], v[d], sum);
    y[k] = sum;
  });
}

}  // namespace motorium
