// Tree-sparse factorisation M = L' D L without fill (Featherstone, chapter 6.5): the row of a dof
// holds its ancestors from the root and ends with the diagonal, so the row of an ancestor is a
// prefix of it. The same for every matrix with such a pattern.
#pragma once
#include "motorium/physics/scratch.h"

namespace motorium {

// in place: L in the rows, D on the diagonal
template <class Team, class Real>
STAGE void factor_tree(Team team, int nv, const TreePattern& t, Real* L) {
  for (int k = nv - 1; k >= 0; --k) {
    const Real* row = L + t.rowadr[k];
    const int* col = t.col + t.rowadr[k];
    const int n = t.rownum[k] - 1;
    const Real inv = Real(1.f) / row[n];

    // ancestors i:  row_i -= L_ki row_k
    team.each(n, [&](int p) {
      const Real c = -(row[p] * inv);
      Real* target = L + t.rowadr[col[p]];
      for (int q = 0; q <= p; ++q) target[q] = fma(c, row[q], target[q]);
    });
    team.each(n, [&](int p) { L[t.rowadr[k] + p] = row[p] * inv; });
  }
}

// y <- (L' D L)^-1 y
template <class Team, class Real>
STAGE void solve_tree(Team team, int nv, const TreePattern& t, const Real* L, Real* y) {
  // L' z = y, leaves first; an ancestor is written by the rows below it one after the other
  for (int k = nv - 1; k >= 0; --k) {
    const Real* row = L + t.rowadr[k];
    const int* col = t.col + t.rowadr[k];
    team.each(t.rownum[k] - 1, [&](int p) { y[col[p]] = fma(-row[p], y[k], y[col[p]]); });
  }
  team.each(nv, [&](int k) { y[k] = y[k] / L[t.rowadr[k] + t.rownum[k] - 1]; });

  // L x = z, root first
  for (int k = 0; k < nv; ++k) {
    team.once([&] {
      const Real* row = L + t.rowadr[k];
      const int* col = t.col + t.rowadr[k];
      Real sum = y[k];
      for (int p = 0; p < t.rownum[k] - 1; ++p) sum = fma(-row[p], y[col[p]], sum);
      y[k] = sum;
    });
  }
}

// y = M v with M stored by rows of ancestors
template <class Team, class Real>
STAGE void multiply_tree(Team team, int nv, const TreePattern& t, const Real* M, const Real* v,
                         Real* y) {
  // diagonal and the part left of it
  team.each(nv, [&](int k) {
    const Real* row = M + t.rowadr[k];
    const int* col = t.col + t.rowadr[k];
    const int n = t.rownum[k];
    Real sum = row[n - 1] * v[k];
    for (int p = 0; p < n - 1; ++p) sum = fma(row[p], v[col[p]], sum);
    y[k] = sum;
  });

  // the mirrored part: a dof gathers from the rows of its descendants, which follow it
  team.each(nv, [&](int k) {
    const int depth = t.rownum[k] - 1;
    Real sum = y[k];
    for (int d = k + 1; d <= k + t.descnum[k]; ++d) sum = fma(M[t.rowadr[d] + depth], v[d], sum);
    y[k] = sum;
  });
}

}  // namespace motorium
