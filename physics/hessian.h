// H = M + J' C J, its pattern and its factor.
//
// The pattern starts as the tree's (row k = ancestors of k). A contact of one chain with the world lies
// on one path to the root, already a clique: no fill. For rows across chains set their bits, then
// eliminate k from the last dof down: P = row k; for i in P: row i |= P below i. This is the exact fill,
// with no symbolic phase. Entries that no world of the pack needs are absent; entries that some world
// does not need are exact zeros there.
#pragma once
#include "motorium/physics/cost.h"

namespace motorium {

FN int H_row(int k) { return k * (k + 1) / 2; }

// which entries of H can be non-zero; one worker
template <class Real>
FN void hessian_pattern(const ModelView<Real>& m, Scratch<Real>& x) {
  const int words = m.nword;
  const auto set = [&](int i, int j) { x.H_mask[i * words + j / 32] |= 1u << (j % 32); };
  for (int i = 0; i < m.nv * words; ++i) x.H_mask[i] = 0;
  for (int i = 0; i < m.nv; ++i)
    for (int p = 0; p < m.M_rownum[i] - 1; ++p) set(i, m.M_col[m.M_rowadr[i] + p]);
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
  }
}

// H = M + sum over blocks of J' C J, plus friction and limits on the diagonal
template <class Team, class Real>
FN void hessian_assemble(Team team, const ModelView<Real>& m, Scratch<Real>& x) {
  team.each(x.dof_count, [&](int i) {
    const int k = x.dof_list[i], adr = m.M_rowadr[k], n = m.M_rownum[k];
    Real* row = x.H + H_row(k);
    for (int p = 0; p < x.H_num[k]; ++p) row[x.H_col[k * m.nv + p]] = Real(0.f);
    for (int p = 0; p < n; ++p) row[m.M_col[adr + p]] = x.qM[adr + p];
  });

  // a block adds t_j J_j with t = C J of the row's column
  for (int b = 0; b < x.blk_count; ++b) {
    if (!x.blk_on[b]) continue;
    const int dim = x.blk_dim[b], n = x.blk_num[b];
    const int* col = x.blk_col + x.blk_adr[b];
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
        for (int d = 0; d <= c; ++d)
          row[col[d]] = fma(t2, J[2 * n + d], fma(t1, J[n + d], fma(t0, J[d], row[col[d]])));
      } else {
        for (int d = 0; d <= c; ++d) {
          Real sum = row[col[d]];
          for (int j = 0; j < dim; ++j) sum = fma(t[j], J[j * n + d], sum);
          row[col[d]] = sum;
        }
      }
    });
  }
  team.each(x.fric_count, [&](int i) {
    const int d = m.friction_dof[i];
    x.H[H_row(d) + d] += select(friction_sticks(x.fric_r[i], x.fric_D[i], x.fric_loss[i]),
                                x.fric_D[i], Real(0.f));
  });
  team.once([&] {
    for (int i = 0; i < x.lim_count; ++i) {
      const int e = x.lim_list[i], d = m.jnt_dofadr[m.limit_jnt[e / 2]];
      x.H[H_row(d) + d] += select(x.lim_r[e] < Real(0.f), x.lim_D[e], Real(0.f));
    }
  });
}

// H = L' D L in place, over the dofs of the present island: L in the rows, 1 / D on the diagonal
template <class Team, class Real>
FN void hessian_factor(Team team, const ModelView<Real>& m, Scratch<Real>& x) {
  for (int i = x.dof_count - 1; i >= 0; --i) {
    const int k = x.dof_list[i], n = x.H_num[k];
    const int* col = x.H_col + k * m.nv;
    Real* row = x.H + H_row(k);
    const Real inv = Real(1.f) / row[k];
    team.each(n, [&](int p) {
      const Real c = -(row[col[p]] * inv);
      Real* target = x.H + H_row(col[p]);
      for (int q = 0; q <= p; ++q) target[col[q]] = fma(c, row[col[q]], target[col[q]]);
    });
    team.each(n + 1, [&](int p) {
      if (p < n)
        row[col[p]] = row[col[p]] * inv;
      else
        row[k] = inv;
    });
  }
}

// y <- H^-1 y
template <class Team, class Real>
FN void hessian_solve(Team team, const ModelView<Real>& m, const Scratch<Real>& x, Real* y) {
  for (int i = x.dof_count - 1; i >= 0; --i) {
    const int k = x.dof_list[i];
    const int* col = x.H_col + k * m.nv;
    const Real* row = x.H + H_row(k);
    team.each(x.H_num[k], [&](int p) { y[col[p]] = fma(-row[col[p]], y[k], y[col[p]]); });
  }
  team.each(x.dof_count, [&](int i) {
    const int k = x.dof_list[i];
    y[k] = y[k] * x.H[H_row(k) + k];
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
