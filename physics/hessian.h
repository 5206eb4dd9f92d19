// H = M + J' C J, its pattern and its factor; M is the solver's metric.
//
// The pattern starts as the tree's (row k = ancestors of k). A contact of one chain with the world
// lies on one path to the root, already a clique: no fill. For rows across chains set their bits,
// then eliminate k from the last dof down: P = row k; for i in P: row i |= P below i. This is the
// exact fill, with no symbolic phase. Entries that no world of the pack needs are absent; entries
// that some world does not need are exact zeros there.
#pragma once
#include "motorium/physics/cost.h"

namespace motorium {

FN int H_row(int k) { return k * (k + 1) / 2; }

// run[p]: how many entries from p on have consecutive columns. Rows are stored over all columns, so
// a run of columns is a run of memory
FN void find_runs(const int* col, int n, int* run) {
  for (int p = n - 1; p >= 0; --p)
    run[p] = p + 1 < n && col[p + 1] == col[p] + 1 ? run[p + 1] + 1 : 1;
}

// which entries of H can be non-zero; one worker
template <class Real> FN void hessian_pattern(const ModelView<Real>& m, Scratch<Real>& x) {
  const int words = m.nword;
  const auto set = [&](int i, int j) { x.H_mask[i * words + j / 32] |= 1u << (j % 32); };
  for (int i = 0; i < m.nv * words; ++i) x.H_mask[i] = 0;
  for (int i = 0; i < m.nv; ++i)
    for (int p = 0; p < m.metric.rownum[i] - 1; ++p) set(i, m.metric.col[m.metric.rowadr[i] + p]);
  bool fill = false;
  for (int k = 0; k < x.blk_count; ++k) {
    const int* col = x.blk_col + x.blk_adr[k];
    const int n = x.blk_num[k];
    if (n == 0 || n == m.M_rownum[col[n - 1]] - m.M_rownum[col[0]] + 1) {
      // a run of one path to the root is already there
      bool path = true;
      for (int c = 1; c < n; ++c) path = path && m.dof_parentid[col[c]] == col[c - 1];
      if (path) continue;
    }
    fill = true;
    for (int i = 0; i < n; ++i)
      for (int j = 0; j < i; ++j) set(col[i], col[j]);
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
          for (int v = 0; v < i / 32; ++v) x.H_mask[i * words + v] |= row[v];
          x.H_mask[i * words + i / 32] |= row[i / 32] & ((1u << (i % 32)) - 1u);
        }
      }
    }
  for (int k = 0; k < m.nv; ++k) {
    int n = 0;
    for (int w = 0; w < words; ++w) {
      unsigned left = x.H_mask[k * words + w];
      while (left) {
        x.H_col[k * m.nv + n++] = 32 * w + lowest_bit(left);
        left &= left - 1;
      }
    }
    x.H_num[k] = n;
    find_runs(x.H_col + k * m.nv, n, x.H_run + k * m.nv);
  }
  for (int k = 0; k < x.blk_count; ++k)
    find_runs(x.blk_col + x.blk_adr[k], x.blk_num[k], x.blk_run + x.blk_adr[k]);
}

// y[0 .. n) += c x[0 .. n)
template <class Real> FN void add_run(int n, const Real& c, const Real* a, Real* y) {
  int i = 0;
  for (; i + 4 <= n; i += 4) {
    const Real y0 = fma(c, a[i], y[i]), y1 = fma(c, a[i + 1], y[i + 1]),
               y2 = fma(c, a[i + 2], y[i + 2]), y3 = fma(c, a[i + 3], y[i + 3]);
    y[i] = y0;
    y[i + 1] = y1;
    y[i + 2] = y2;
    y[i + 3] = y3;
  }
  for (; i < n; ++i) y[i] = fma(c, a[i], y[i]);
}

// H = M + sum over blocks of J' C J, plus friction and limits on the diagonal
template <class Team, class Real>
STAGE void hessian_assemble(Team team, const ModelView<Real>& m, Scratch<Real>& x) {
  team.each(x.dof_count, [&](int i) {
    const int k = x.dof_list[i], adr = m.metric.rowadr[k], n = m.metric.rownum[k];
    Real* row = x.H + H_row(k);
    // the whole row: chunks read across it
    for (int j = 0; j <= k; ++j) row[j] = Real(0.f);
    for (int p = 0; p < n; ++p) row[m.metric.col[adr + p]] = x.metric[adr + p];
  });

  // a block adds t_j J_j with t = C J of the row's column
  for (int b = 0; b < x.blk_count; ++b) {
    // blocks without curvature in any world add nothing
    if (!x.blk_on[b] || !any(x.blk_curv[21 * b] != Real(0.f))) continue;
    const int dim = x.blk_dim[b], n = x.blk_num[b];
    const int* col = x.blk_col + x.blk_adr[b];
    const int* run = x.blk_run + x.blk_adr[b];
    const Real* J = x.blk_J[b];
    const Real* C = x.blk_curv + 21 * b;
    const BlockKind kind = block_kind(m, b);
    team.each(n, [&](int c) {
      Real t[kConeRows];
      if (kind == BlockKind::equality) {
        for (int j = 0; j < dim; ++j) t[j] = C[at6(j, j)] * J[j * n + c];
      } else if (kind == BlockKind::pyramid) {
        t[0] = C[0] * J[c];
        for (int j = 1; j < dim; ++j) {
          t[0] = fma(C[at6(j, 0)], J[j * n + c], t[0]);
          t[j] = fma(C[at6(j, j)], J[j * n + c], C[at6(j, 0)] * J[c]);
        }
      } else {
        for (int j = 0; j < dim; ++j) {
          t[j] = C[at6(j, 0)] * J[c];
          for (int i = 1; i < dim; ++i)
            t[j] = fma(C[i <= j ? at6(j, i) : at6(i, j)], J[i * n + c], t[j]);
        }
      }
      Real* row = x.H + H_row(col[c]);
      if (dim == 3) {
        // the usual contact, spelled out
        const Real t0 = t[0], t1 = t[1], t2 = t[2];
        for (int d = 0; d <= c;) {
          Real* y = row + col[d];
          const Real* a = J + d;
          const int length = min(run[d], c + 1 - d);
          for (int i = 0; i < length; ++i)
            y[i] = fma(t2, a[2 * n + i], fma(t1, a[n + i], fma(t0, a[i], y[i])));
          d += length;
        }
      } else {
        for (int d = 0; d <= c;) {
          const int length = min(run[d], c + 1 - d);
          for (int j = 0; j < dim; ++j) add_run(length, t[j], J + j * n + d, row + col[d]);
          d += length;
        }
      }
    });
  }
  team.each(x.fric_count, [&](int i) {
    const int d = m.friction_dof[i];
    x.H[H_row(d) + d] +=
        select(friction_sticks(x.fric_r[i], x.fric_D[i], x.fric_loss[i]), x.fric_D[i], Real(0.f));
  });
  team.once([&] {
    for (int i = 0; i < x.lim_count; ++i) {
      const int e = x.lim_list[i], d = m.jnt_dofadr[m.limit_jnt[e / 2]];
      x.H[H_row(d) + d] += select(x.lim_r[e] < Real(0.f), x.lim_D[e], Real(0.f));
    }
  });
}

// ---- factor and solve -----------------------------------------------------------------------

// For the dofs of the present island: the rows below each column, and each row cut into chunks of
// consecutive columns, the diagonal included. One worker.
template <class Team, class Real>
FN void plan_factor(Team, const ModelView<Real>& m, Scratch<Real>& x) {
  // columns may lie outside the island where another world of the pack couples them
  for (int i = 0; i < m.nv; ++i) x.H_below_num[i] = 0;
  for (int i = x.dof_count - 1; i >= 0; --i) {
    const int k = x.dof_list[i], n = x.H_num[k];
    const int* col = x.H_col + k * m.nv;
    for (int p = 0; p < n; ++p) {
      const int at = col[p] * m.nv + x.H_below_num[col[p]]++;
      x.H_below[at] = k;
      x.H_below_row[at] = H_row(k);
    }

    int chunks = 0;
    for (int p = 0; p <= n;) {
      const int c = p < n ? col[p] : k;
      int length = p < n ? x.H_run[k * m.nv + p] : 1;
      if (p < n && p + length == n && col[n - 1] == k - 1) ++length;
      const int size = length >= 8 ? 8 : length >= 4 ? 4 : length >= 2 ? 2 : 1;
      const int take = min(size, Team::kChunk);
      x.H_chunk[k * m.nv + chunks++] = c * 16 + take;
      p += take;
    }
    x.H_chunks[k] = chunks;
  }
}

// H(i, first .. first + N) -= sum over the rows below of L_ki row_k, from the last row up
template <int N, class Real>
FN void eliminate_chunk(Real* H, int i, int first, const int* rows, int count, const Real* c) {
  // kept in registers: gcc does not unroll by itself at -O2
  Real sum[N];
  Real* row = H + H_row(i) + first;
  MOTORIUM_UNROLL
  for (int n = 0; n < N; ++n) sum[n] = row[n];
  for (int b = 0; b < count; ++b) {
    const Real factor = c[b];
    const Real* other = H + rows[b] + first;
    MOTORIUM_UNROLL
    for (int n = 0; n < N; ++n) sum[n] = fma(factor, other[n], sum[n]);
  }
  MOTORIUM_UNROLL
  for (int n = 0; n < N; ++n) row[n] = sum[n];
}

// H = L' D L in place: row i gathers from the rows below it, which are final; then their column i
// becomes L. 1 / D goes to H_inv
template <class Team, class Real>
STAGE void hessian_factor(Team team, const ModelView<Real>& m, Scratch<Real>& x) {
  Real* c = x.vec_a;
  for (int d = x.dof_count - 1; d >= 0; --d) {
    const int i = x.dof_list[d], count = x.H_below_num[i];
    const int *below = x.H_below + i * m.nv, *rows = x.H_below_row + i * m.nv;
    team.each(count, [&](int b) { c[b] = -(x.H[rows[b] + i] * x.H_inv[below[b]]); });
    team.each(x.H_chunks[i], [&](int q) {
      const int chunk = x.H_chunk[i * m.nv + q], first = chunk / 16;
      switch (chunk % 16) {
        case 8:
          return eliminate_chunk<8>(x.H, i, first, rows, count, c);
        case 4:
          return eliminate_chunk<4>(x.H, i, first, rows, count, c);
        case 2:
          return eliminate_chunk<2>(x.H, i, first, rows, count, c);
        default:
          return eliminate_chunk<1>(x.H, i, first, rows, count, c);
      }
    });
    team.each(count + 1, [&](int b) {
      if (b < count)
        x.H[rows[b] + i] = -c[b];
      else
        x.H_inv[i] = Real(1.f) / x.H[H_row(i) + i];
    });
  }
}

// y <- H^-1 y
template <class Team, class Real>
STAGE void hessian_solve(Team team, const ModelView<Real>& m, const Scratch<Real>& x, Real* y) {
  for (int i = x.dof_count - 1; i >= 0; --i) {
    const int k = x.dof_list[i];
    const int* col = x.H_col + k * m.nv;
    const Real* row = x.H + H_row(k);
    const Real minus = -y[k];
    team.each(x.H_num[k], [&](int p) { y[col[p]] = fma(row[col[p]], minus, y[col[p]]); });
  }
  team.each(x.dof_count, [&](int i) {
    const int k = x.dof_list[i];
    y[k] = y[k] * x.H_inv[k];
  });
  for (int i = 0; i < x.dof_count; ++i)
    team.once([&] {
      const int k = x.dof_list[i];
      const int* col = x.H_col + k * m.nv;
      const Real* row = x.H + H_row(k);
      Real sum = y[k];
      for (int p = 0; p < x.H_num[k]; ++p) sum = fma(-row[col[p]], y[col[p]], sum);
      y[k] = sum;
    });
}

}  // namespace motorium
