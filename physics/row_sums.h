// What the solver does with all rows of a pack at once: sums in one order, residuals J a - aref,
// forces and J' f, M v, costs.
#pragma once
#include "motorium/physics/articulated_rows.h"
#include "motorium/physics/cost.h"
#include "motorium/physics/factor.h"
#include "motorium/physics/islands.h"

namespace motorium {

// ---- sums over rows -------------------------------------------------------------------------

// Numbers of what sum_rows adds, in its order; one worker. They do not depend on what other worlds
// have: equalities, ball limits, tendons, friction dofs, limit entries, contact slots. Dry friction
// that some world has and the file has not is numbered apart, so that it moves nothing else
template <class Real> FN void number_rows(const ModelView<Real>& m, Scratch<Real>& x) {
  const int fixed = x.contact_block, first_tendon = m.neq + m.nballlimit,
            apart = first_tendon + m.nfriction_tendon_base,
            more = m.nfriction_tendon - m.nfriction_tendon_base,
            rubbing = min(x.fric_count, m.nfriction_base), limits = fixed - more + rubbing;
  int n = 0;
  for (int i = 0; i < fixed; ++i)
    x.row_number[n++] = i < apart          ? i
                        : i < apart + more ? m.friction_tendon[i - first_tendon]
                                           : i - more;
  for (int i = 0; i < x.fric_count; ++i)
    x.row_number[n++] = i < rubbing ? fixed + i - more : m.friction_dof[i];
  for (int i = 0; i < x.lim_count; ++i) x.row_number[n++] = limits + x.lim_list[i];
  for (int i = fixed; i < x.blk_count; ++i) x.row_number[n++] = i - fixed + limits + 2 * m.nlimit;
}

// f of what a list names; a struct whose call is inlined, since a lambda's might not be
template <class F> struct Listed {
  const int* list;
  F f;
  FN auto operator()(int i) const { return f(list[i]); }
};

// adds block(k), friction(i), limit(e) over what acts in the present island
template <class Team, class Real, class Block, class Friction, class Limit>
FN auto sum_rows(Team team, const Scratch<Real>& x, Block block, Friction friction, Limit limit) {
  const int fixed = x.contact_block;
  return team.sum_at([&](int i) { return x.row_number[i]; }, items(fixed, block),
                     items(x.fric_count, friction),
                     items(x.lim_count, Listed<Limit>{x.lim_list, limit}),
                     items(x.blk_count - fixed, [&](int i) { return block(fixed + i); }));
}

// ---- residuals, forces, gradient ------------------------------------------------------------

// out = J v (minus aref) of Rows rows of a block
template <int Rows, class Real>
FN void block_times(int n, const int* col, const Real* J, const Real* v, const Real* aref,
                    Real* out) {
  Real sum[Rows];
  for (int j = 0; j < Rows; ++j) sum[j] = aref ? -aref[j] : Real(0.f);
  for (int c = 0; c < n; ++c) {
    const Real moved = v[col[c]];
    for (int j = 0; j < Rows; ++j) sum[j] = fma(J[j * n + c], moved, sum[j]);
  }
  for (int j = 0; j < Rows; ++j) out[j] = sum[j];
}

// the same of the contacts of a deep model
template <class Team, class Real>
STAGE void contacts_times(Team team, const ModelView<Real>& m, Scratch<Real>& x, const Real* v,
                          bool residual, Real* rows) {
  move_bodies(team, m, x, v);
  team.each(x.con_slots, [&](int slot) {
    const int k = x.contact_block + slot, row = x.blk_row[k];
    contact_motion(x, slot, x.moved, rows + row);
    for (int j = row; residual && j < row + x.blk_dim[k]; ++j) rows[j] = rows[j] - x.row_aref[j];
  });
}

// out = J v (minus aref) for all rows
template <class Team, class Real>
STAGE void rows_times(Team team, const ModelView<Real>& m, Scratch<Real>& x, const Real* v,
                      bool residual, Real* rows, Real* fric, Real* lim) {
  const Real zero = Real(0.f);
  if (by_bodies<Team>(m)) contacts_times(team, m, x, v, residual, rows);
  team.each(by_bodies<Team>(m) ? x.contact_block : x.blk_count, [&](int k) {
    const int n = x.blk_num[k], row = x.blk_row[k];
    const int* col = x.blk_col + x.blk_adr[k];
    const Real *J = x.blk_J[k], *aref = residual ? x.row_aref + row : nullptr;
    Real* out = rows + row;
    int left = x.blk_dim[k];
    for (; left >= 3; left -= 3, J += 3 * n, out += 3) {
      block_times<3>(n, col, J, v, aref, out);
      if (aref) aref += 3;
    }
    for (; left > 0; --left, J += n, ++out) {
      block_times<1>(n, col, J, v, aref, out);
      if (aref) ++aref;
    }
  });
  team.each(x.fric_count,
            [&](int i) { fric[i] = v[m.friction_dof[i]] - (residual ? x.fric_aref[i] : zero); });
  team.each(x.lim_count, [&](int i) {
    const int e = x.lim_list[i], d = m.jnt_dofadr[m.limit_jnt[e / 2]];
    lim[e] = (e % 2 == 0 ? v[d] : -v[d]) - (residual ? x.lim_aref[e] : zero);
  });
}

// forces and curvatures at the present residuals
template <class Team, class Real>
STAGE void update_forces(Team team, const ModelView<Real>& m, Scratch<Real>& x) {
  team.each(x.blk_count, [&](int k) {
    if (x.blk_dim[k] > 0) block_force(m, x, k, x.blk_curv + 21 * k);
  });
  team.each(x.fric_count,
            [&](int i) { x.fric_f[i] = friction_force(x.fric_r[i], x.fric_D[i], x.fric_loss[i]); });
  team.each(x.lim_count, [&](int i) {
    const int e = x.lim_list[i];
    x.lim_f[e] = -(x.lim_D[e] * min(x.lim_r[e], Real(0.f)));
  });
}

// out += J' f of a block with Rows rows
template <class Rows, class Team, class Real>
FN void add_block_forces(Team team, Rows rows, int n, const int* col, const Real* J, const Real* f,
                         const Real& sign, Real* out) {
  team.each(n, [&](int c) {
    Real sum = Real(0.f);
    for (int j = 0; j < rows; ++j) sum = fma(J[j * n + c], f[j], sum);
    out[col[c]] = fma(sign, sum, out[col[c]]);
  });
}

// out += J' f
template <class Team, class Real>
STAGE void add_constraint_forces(Team team, const ModelView<Real>& m, Scratch<Real>& x,
                                 const Real& sign, Real* out) {
  if (by_bodies<Team>(m) && x.con_slots > 0) add_contact_pushes(team, m, x, sign, out);
  const int count = by_bodies<Team>(m) ? x.contact_block : x.blk_count;
  for (int k = 0; k < count; ++k) {
    const int n = x.blk_num[k], dim = x.blk_dim[k];
    const int* col = x.blk_col + x.blk_adr[k];
    const Real* f = x.row_f + x.blk_row[k];
    if (dim == 3)
      add_block_forces(team, Known<3>{}, n, col, x.blk_J[k], f, sign, out);
    else
      add_block_forces(team, dim, n, col, x.blk_J[k], f, sign, out);
  }
  team.each(x.fric_count, [&](int i) {
    const int d = m.friction_dof[i];
    out[d] = fma(sign, x.fric_f[i], out[d]);
  });
  team.once([&] {
    for (int i = 0; i < x.lim_count; ++i) {
      const int e = x.lim_list[i], d = m.jnt_dofadr[m.limit_jnt[e / 2]];
      out[d] = fma(e % 2 == 0 ? sign : -sign, x.lim_f[e], out[d]);
    }
  });
}

// out = M v, or the metric times v; of a deep model's v whose rows are known already
template <class Team, class Real>
FN void multiply_metric(Team team, const ModelView<Real>& m, Scratch<Real>& x, const Real* v,
                        Real* out) {
  if (by_bodies<Team>(m))
    multiply_moved(team, m, x, v, out);
  else
    multiply_tree(team, m.nv, m.metric, x.metric, v, out);
}

// whole cost of the rows at the present residuals
template <class Team, class Real>
STAGE Real rows_cost(Team team, const ModelView<Real>& m, const Scratch<Real>& x) {
  return sum_rows(
      team, x, [&](int k) { return block_cost(m, x, k); },
      [&](int i) { return friction_cost(x.fric_r[i], x.fric_D[i], x.fric_loss[i]); },
      [&](int e) {
        const Real n = min(x.lim_r[e], Real(0.f));
        return Real(0.5f) * x.lim_D[e] * n * n;
      });
}

}  // namespace motorium
