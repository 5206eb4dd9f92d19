// Tree-sparse factorisation M = L' D L without fill (Featherstone, chapter 6.5): the row of a dof
// holds its ancestors from the root and ends with the diagonal, so the row of an ancestor is a
// prefix of it. The same for every matrix with such a pattern.
#pragma once
#include "motorium/physics/add_rows.h"
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

// y_k .. y_(k+N-1) of a chain of dofs without branches gather from the rows of those below them:
// first each other's, then of what hangs below the last
template <int N, class Real>
FN void gather_chain(const TreePattern& t, const Real* M, const Real* v, int k, Real* y) {
  const int depth = t.rownum[k] - 1, end = k + N + t.descnum[k + N - 1];
  Real sum[N];
  MOTORIUM_UNROLL
  for (int n = 0; n < N; ++n) sum[n] = y[k + n];
  MOTORIUM_UNROLL
  for (int d = 1; d < N; ++d) {
    const Real* row = M + t.rowadr[k + d] + depth;
    MOTORIUM_UNROLL
    for (int n = 0; n < d; ++n) sum[n] = fma(row[n], v[k + d], sum[n]);
  }
  for (int d = k + N; d < end; ++d) {
    const Real* row = M + t.rowadr[d] + depth;
    const Real factor = v[d];
    MOTORIUM_UNROLL
    for (int n = 0; n < N; ++n) sum[n] = fma(row[n], factor, sum[n]);
  }
  MOTORIUM_UNROLL
  for (int n = 0; n < N; ++n) y[k + n] = sum[n];
}

// y = M v with M stored by rows of ancestors
template <class Team, class Real>
STAGE void multiply_tree(Team team, int nv, const TreePattern& t, const Real* M, const Real* v,
                         Real* y) {
  // diagonal and the part left of it
  team.each(nv, [&](int k) {
    const Real* row = M + t.rowadr[k];
    const int* col = t.col + t.rowadr[k];
    const int n = t.rownum[k] - 1;
    Real sum = row[n] * v[k];
    MOTORIUM_UNROLL
    for (int p = 0; p < n; ++p) sum = fma(row[p], v[col[p]], sum);
    y[k] = sum;
  });

  // the mirrored part, in chains of at most kChunk
  if constexpr (Team::kChunk == 1)
    team.each(nv, [&](int k) { gather_chain<1>(t, M, v, k, y); });
  else
    team.once([&] {
      for (int k = 0; k < nv;) {
        int n = 1;
        while (n < Team::kChunk && k + n < nv && t.descnum[k + n] == t.descnum[k] - n) ++n;
        with_columns<Team::kChunk>(n, [&](auto chain) { gather_chain<chain>(t, M, v, k, y); });
        k += n;
      }
    });
}

}  // namespace motorium
