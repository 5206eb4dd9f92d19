// H = M + J' C J: its pattern and its entries; M is the solver's metric. hessian_factor.h solves
// with it.
//
// The pattern starts as the tree's (row k = ancestors of k). A contact of one chain with the world
// lies on one path to the root, already a clique: no fill. For rows across chains set their bits,
// then eliminate k from the last dof down: P = row k; for i in P: row i |= P below i. This is the
// exact fill, with no symbolic phase. Entries that no world of the pack needs are absent; entries
// that some world does not need are exact zeros there.
#pragma once
#include "motorium/physics/add_rows.h"
#include "motorium/physics/cost.h"

namespace motorium {

FN int H_row(int k) { return k * (k + 1) / 2; }

// the bits of a word that stand for smaller numbers than i
FN unsigned bits_below(int i) { return (1u << (i % 32)) - 1u; }

// which entries of H can be non-zero, left of the diagonal; one worker
template <class Real> FN void hessian_pattern(const ModelView<Real>& m, Scratch<Real>& x) {
  const int words = m.nword;

  // the tree: a row is the parent's with the parent
  for (int k = 0; k < m.nv; ++k) {
    const int n = m.metric.rownum[k];
    const int parent = n > 1 ? m.metric.col[m.metric.rowadr[k] + n - 2] : -1;
    unsigned* row = x.H_mask + k * words;
    for (int w = 0; w < words; ++w) row[w] = parent >= 0 ? x.H_mask[parent * words + w] : 0u;
    if (parent >= 0) row[parent / 32] |= 1u << (parent % 32);
    x.H_start[k] = H_row(k);
  }

  // the dofs of a block are a clique
  bool fill = false;
  for (int b = 0; b < x.blk_count; ++b) {
    const int* col = x.blk_col + x.blk_adr[b];
    const int n = x.blk_num[b];
    // run[c]: how many of the dofs from c on follow each other
    int* run = x.blk_run + x.blk_adr[b];
    for (int c = n - 1; c >= 0; --c)
      run[c] = c + 1 < n && col[c + 1] == col[c] + 1 ? run[c + 1] + 1 : 1;
    if (n == 0 || n == m.M_rownum[col[n - 1]] - m.M_rownum[col[0]] + 1) {
      // a run of one path to the root is already there
      bool path = true;
      for (int c = 1; c < n; ++c) path = path && m.dof_parentid[col[c]] == col[c - 1];
      if (path) continue;
    }
    fill = true;
    for (int c = 0, w = 0; c < n; ++w) {
      unsigned dofs = 0;
      const int first = c;
      for (; c < n && col[c] / 32 == w; ++c) dofs |= 1u << (col[c] % 32);
      for (int d = first; d < n; ++d)
        x.H_mask[col[d] * words + w] |= d < c ? dofs & bits_below(col[d]) : dofs;
    }
  }
  if (fill)
    for (int k = m.nv - 1; k >= 0; --k) {
      const unsigned* row = x.H_mask + k * words;
      for (int w = 0; w < words; ++w) {
        unsigned left = row[w];
        while (left) {
          const int i = 32 * w + lowest_bit(left);
          left &= left - 1;
          // everything of row k below i
          for (int v = 0; v < w; ++v) x.H_mask[i * words + v] |= row[v];
          x.H_mask[i * words + w] |= row[w] & bits_below(i);
        }
      }
    }
}

// ---- assembly -------------------------------------------------------------------------------

// T = C J of one block, both rows x n. Rows: a number, or a constant
template <class Team, class Real, class Rows>
FN void curved_rows(Team team, BlockKind kind, Rows rows, int n, const Real* C, const Real* J,
                    Real* T) {
  if (kind == BlockKind::elliptic) {
    team.each(n, [&](int c) {
      for (int j = 0; j < rows; ++j) {
        Real t = C[at6(j, 0)] * J[c];
        for (int i = 1; i < rows; ++i) t = fma(C[i <= j ? at6(j, i) : at6(i, j)], J[i * n + c], t);
        T[j * n + c] = t;
      }
    });
  } else if (kind == BlockKind::pyramid) {
    // its first row and column, and the diagonal
    team.each(n, [&](int c) {
      const Real first = J[c];
      Real t = C[0] * first;
      for (int j = 1; j < rows; ++j) {
        const Real other = J[j * n + c], cross = C[at6(j, 0)];
        t = fma(cross, other, t);
        T[j * n + c] = fma(C[at6(j, j)], other, cross * first);
      }
      T[c] = t;
    });
  } else {
    for (int j = 0; j < rows; ++j)
      team.each(n, [&](int c) { T[j * n + c] = C[at6(j, j)] * J[j * n + c]; });
  }
}

// Blocks of the same dofs are added together: an entry is loaded and stored once for all their
// rows, as many as a group may have
template <class Team> constexpr int kGroup = Team::kChunk == 1 ? kConeRows : kGroupRows;

template <class Real> FN bool same_dofs(const Scratch<Real>& x, int a, int b) {
  if (x.blk_num[a] != x.blk_num[b]) return false;
  for (int c = 0; c < x.blk_num[a]; ++c)
    if (x.blk_col[x.blk_adr[a] + c] != x.blk_col[x.blk_adr[b] + c]) return false;
  return true;
}

// blocks with the same n dofs; block b has dim[b] rows, at[b] bytes behind those of the first
template <class Real> struct BlockGroup {
  int blocks, n;
  const int* dim;
  const long* at;
  const int *col, *start;
  const Real *T, *J;
  Real* H;
};

template <int Rows, int N, class Real>
FN void add_known_rows(int n, const Real* T, const Real* J, Real (&sum)[N]) {
  for (int j = 0; j < Rows; ++j) {
    const Real factor = T[j * n];
    MOTORIUM_UNROLL
    for (int i = 0; i < N; ++i) sum[i] = fma(factor, J[j * n + i], sum[i]);
  }
}

// H(c, d .. d + N) += sum over the rows of T_c J_d.. , N columns that follow each other
template <int N, class Real> FN void add_entries(const BlockGroup<Real>& g, int c, int d) {
  Real sum[N];
  Real* entry = g.H + g.start[g.col[c]] + g.col[d];
  MOTORIUM_UNROLL
  for (int i = 0; i < N; ++i) sum[i] = entry[i];
  const Real* T = g.T + c;
  for (int b = 0; b < g.blocks; ++b) {
    const Real* J = bytes_behind(g.J + d, g.at[b]);
    if (g.dim[b] == 3) {
      add_known_rows<3>(g.n, T, J, sum);
    } else {
      for (int j = 0; j < g.dim[b]; ++j) add_known_rows<1>(g.n, T + j * g.n, J + j * g.n, sum);
    }
    T += g.dim[b] * g.n;
  }
  MOTORIUM_UNROLL
  for (int i = 0; i < N; ++i) entry[i] = sum[i];
}

// the rows d .. d + N - 1 of columns from d on: a triangle
template <int N, class Real> FN void add_triangle(const BlockGroup<Real>& g, int d) {
  if constexpr (N > 1) add_triangle<N - 1>(g, d);
  if constexpr (N > 0) add_entries<N>(g, d + N - 1, d);
}

// all rows of N columns from d on
template <int N, class Team, class Real>
STAGE void add_columns(Team team, const BlockGroup<Real>& group, int d) {
  const BlockGroup<Real> g = group;
  const int full = d + N - 1;
  team.once([&] { add_triangle<N - 1>(g, d); });
  team.each(g.n - full, [&](int r) { add_entries<N>(g, full + r, d); });
}

// H += J' C J of the blocks that are listed; all have the same dofs
template <class Team, class Real>
FN void add_group(Team team, const ModelView<Real>& m, Scratch<Real>& x, int blocks,
                  const int* list) {
  const int first = list[0], n = x.blk_num[first];
  int dim[kGroup<Team>];
  long at[kGroup<Team>];
  for (int b = 0, rows = 0; b < blocks; ++b) {
    const int k = list[b];
    const Real *J = x.blk_J[k], *C = x.blk_curv + 21 * k;
    Real* T = x.group_T + rows * n;
    dim[b] = x.blk_dim[k];
    at[b] = bytes_between(x.blk_J[first], J);
    rows += dim[b];
    if (dim[b] == 3)
      curved_rows(team, block_kind(m, k), Known<3>{}, n, C, J, T);
    else
      curved_rows(team, block_kind(m, k), dim[b], n, C, J, T);
  }

  const int *col = x.blk_col + x.blk_adr[first], *run = x.blk_run + x.blk_adr[first];
  const BlockGroup<Real> g = {blocks, n, dim, at, col, x.H_start, x.group_T, x.blk_J[first], x.H};
  if constexpr (Team::kChunk == 1) {
    team.each(n, [&](int c) {
      for (int d = 0; d <= c; ++d) add_entries<1>(g, c, d);
    });
  } else {
    for (int d = 0; d < n;) {
      const int piece = min(run[d], Team::kChunk);
      with_columns<Team::kChunk>(piece, [&](auto columns) { add_columns<columns>(team, g, d); });
      d += piece;
    }
  }
}

// the entries that are the same in every iteration: M, and zeros where it has nothing
template <class Team, class Real>
FN void hessian_base(Team team, const ModelView<Real>& m, Scratch<Real>& x) {
  team.each(m.nv, [&](int k) {
    const int* col = m.metric.col + m.metric.rowadr[k];
    const Real* from = x.metric + m.metric.rowadr[k];
    Real* row = x.H_base + x.H_start[k];
    for (int j = 0; j <= k; ++j) row[j] = Real(0.f);
    for (int p = 0; p < m.metric.rownum[k]; ++p) row[col[p]] = from[p];
  });
}

// to[0 .. n) = from[0 .. n)
template <class Team, class Real> FN void copy(Team team, int n, const Real* from, Real* to) {
  constexpr int N = Team::kChunk;
  team.each(n / N, [&](int i) {
    MOTORIUM_UNROLL
    for (int j = 0; j < N; ++j) to[i * N + j] = from[i * N + j];
  });
  team.each(n % N, [&](int j) { to[n - n % N + j] = from[n - n % N + j]; });
}

template <class Team, class Real>
STAGE void hessian_assemble(Team team, const ModelView<Real>& m, Scratch<Real>& x) {
  // rows of dofs that follow each other lie together
  for (int i = 0; i < x.dof_count;) {
    const int first = x.dof_list[i];
    int end = first;
    while (i < x.dof_count && x.dof_list[i] == end) ++i, ++end;
    const int start = x.H_start[first];
    copy(team, H_row(end) - start, x.H_base + start, x.H + start);
  }

  // blocks without curvature in any world add nothing
  int list[kGroup<Team>], blocks = 0, rows = 0;
  for (int b = 0; b < x.blk_count; ++b) {
    if (!x.blk_on[b] || !any(x.blk_curv[21 * b] != Real(0.f))) continue;
    const int dim = x.blk_dim[b];
    if (blocks > 0 && (rows + dim > kGroup<Team> || !same_dofs(x, list[0], b))) {
      add_group(team, m, x, blocks, list);
      blocks = rows = 0;
    }
    list[blocks++] = b;
    rows += dim;
  }
  if (blocks > 0) add_group(team, m, x, blocks, list);

  team.each(x.fric_count, [&](int i) {
    const int d = m.friction_dof[i];
    x.H[x.H_start[d] + d] +=
        select(friction_sticks(x.fric_r[i], x.fric_D[i], x.fric_loss[i]), x.fric_D[i], Real(0.f));
  });
  team.once([&] {
    for (int i = 0; i < x.lim_count; ++i) {
      const int e = x.lim_list[i], d = m.jnt_dofadr[m.limit_jnt[e / 2]];
      x.H[x.H_start[d] + d] += select(x.lim_r[e] < Real(0.f), x.lim_D[e], Real(0.f));
    }
  });
}

}  // namespace motorium
