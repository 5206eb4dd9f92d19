// The constraint solver: Newton's method with an exact line search on
//
//   cost(a) = 1/2 (a - a_s)' M (a - a_s) + sum_i s_i(J_i a - aref_i)
//
// M is the inertia, or the metric of the integrator discrete (metric.h), and M a_s the smooth
// force. after MuJoCo's engine (documentation, chapter "Computation"; stopping rules of
// release 4.0). Each world converges alone: finished worlds take steps of length zero. Islands are
// solved one by one from the common starting point.
#pragma once
#include "motorium/physics/articulated_rows.h"
#include "motorium/physics/factor.h"
#include "motorium/physics/hessian_factor.h"
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

// ---- islands as masks -----------------------------------------------------------------------

// worlds where the tree belongs to the present island
template <class Real> FN Mask<Real> tree_in(const Scratch<Real>& x, int tree) {
  return x.tree_label[tree] == Int<Real>(x.island);
}

// ---- line search ----------------------------------------------------------------------------

// one evaluated point: cost relative to alpha = 0, slope, curvature
template <class Real> struct LinePoint { Real alpha, cost, slope, curv; };
template <class Real>
FN LinePoint<Real> select(Mask<Real> m, const LinePoint<Real>& a, const LinePoint<Real>& b) {
  return {select(m, a.alpha, b.alpha), select(m, a.cost, b.cost), select(m, a.slope, b.slope),
          select(m, a.curv, b.curv)};
}

template <class Real> FN Along<Real> masked(const Along<Real>& s, const Mask<Real>& m) {
  Along<Real> r;
  for (int i = 0; i < 3; ++i) r.v[i] = select(m, s.v[i], Real(0.f));
  return r;
}

// what the row of a limit adds: most rows of a robot
template <class Real> struct LimitAlong {
  const ModelView<Real>& m;
  const Scratch<Real>& x;
  const Real& alpha;
  FN Along<Real> operator()(int e) const {
    Along<Real> s(0.f);
    one_sided_along(x.lim_r[e], x.lim_v[e], x.lim_D[e], alpha, s);
    if (m.ntree > 1) s = masked(s, tree_in(x, m.dof_treeid[m.jnt_dofadr[m.limit_jnt[e / 2]]]));
    return s;
  }
};

template <class Team, class Real>
STAGE LinePoint<Real> evaluate(Team team, const ModelView<Real>& m, const Scratch<Real>& x,
                               const Real& g1, const Real& g2, const Real& alpha) {
  const Along<Real> none(0.f);
  const bool one_tree = m.ntree == 1;
  const Along<Real> sum = sum_rows(
      team, x,
      [&](int k) {
        Along<Real> s = none;
        if (!x.blk_on[k]) return s;
        block_along(m, x, k, alpha, s);
        return one_tree ? s : masked(s, x.blk_label[k] == Int<Real>(x.island));
      },
      [&](int i) {
        Along<Real> s = none;
        friction_along(x.fric_r[i], x.fric_v[i], x.fric_D[i], x.fric_loss[i], alpha, s);
        return one_tree ? s : masked(s, tree_in(x, m.dof_treeid[m.friction_dof[i]]));
      },
      LimitAlong<Real>{m, x, alpha});
  LinePoint<Real> p;
  p.alpha = alpha;
  p.cost = fma(alpha, fma(Real(0.5f) * alpha, g2, g1), sum.v[0]);
  p.slope = fma(alpha, g2, g1) + sum.v[1];
  p.curv = max(g2 + sum.v[2], number<Real>(1e-15));
  return p;
}

// Minimises the cost along `search` in the worlds of `active`. slope0 is the derivative at zero;
// because search = -H^-1 grad, the curvature there is -slope0. Returns step length and cost change;
// zero where no improvement was found. `capped`: worlds that ran out of evaluations.
template <class Real> struct LineResult {
  Real alpha, change;
  Mask<Real> capped;
};

template <class Team, class Real>
STAGE LineResult<Real> line_search(Team team, const ModelView<Real>& m, const Scratch<Real>& x,
                                   const Real& g1, const Real& g2, const Real& slope0,
                                   const Real& curv0, const Real& gtol, Mask<Real> active) {
  const Real zero = Real(0.f), one = Real(1.f), half = Real(0.5f);
  const Real limit = Real(static_cast<Scalar<Real>>(m.ls_iterations));
  const auto eval = [&](const Real& alpha) { return evaluate(team, m, x, g1, g2, alpha); };
  const auto newton = [&](const LinePoint<Real>& p) { return p.alpha - p.slope / p.curv; };
  LineResult<Real> out = {zero, zero, !everywhere<Real>()};
  Mask<Real> going = active;
  const auto accept = [&](Mask<Real> here, const LinePoint<Real>& p) {
    here = here & going;
    out.alpha = select(here, p.alpha, out.alpha);
    out.change = select(here, p.cost, out.change);
    going = going & !here;
  };

  // Newton step from zero
  const LinePoint<Real> p0 = {zero, zero, slope0, max(curv0, number<Real>(1e-15))};
  LinePoint<Real> p1 = eval(newton(p0));
  Real count = Real(2.f);
  accept((abs(p1.slope) < gtol) & ((p1.alpha == zero) | (p1.cost < zero)), p1);
  if (!any(going)) return out;

  // one-sided Newton steps while the slope keeps its sign
  LinePoint<Real> p2 = p0;
  const Real direction = select(p1.slope < zero, one, -one);
  for (;;) {
    const Mask<Real> step = going & (p1.slope * direction <= -gtol) & (count < limit);
    if (!any(step)) break;
    const LinePoint<Real> next = eval(newton(p1));
    p2 = select(step, p1, p2);
    p1 = select(step, next, p1);
    count = select(step, count + one, count);
    accept(step & (abs(p1.slope) < gtol) & (p1.cost < zero), p1);
  }
  // out of evaluations before a bracket exists: the last point
  const Mask<Real> spent = going & (count >= limit);
  out.capped = spent;
  accept(spent, p1);
  if (!any(going)) return out;

  // shrink the bracket: Newton from each end, and the midpoint
  LinePoint<Real> n2 = p1, n1 = eval(newton(p1));
  count = select(going, count + one, count);
  for (;;) {
    const Mask<Real> step = going & (count < limit);
    if (!any(step)) break;
    const LinePoint<Real> mid = eval(half * (p1.alpha + p2.alpha));
    count = select(step, count + one, count);

    // the cheapest candidate whose slope is small
    LinePoint<Real> best = mid;
    Mask<Real> good = abs(mid.slope) < gtol;
    const auto offer = [&](const LinePoint<Real>& c) {
      const Mask<Real> ok = abs(c.slope) < gtol;
      const Mask<Real> better = ok & (!good | (c.cost <= best.cost));
      best = select(better, c, best);
      good = good | ok;
    };
    offer(n2);
    offer(n1);
    accept(step & good, best);

    // move an end to a candidate with the same sign and a smaller slope
    const auto move = [&](LinePoint<Real>& end) {
      Mask<Real> moved = !everywhere<Real>();
      const auto try_one = [&](const LinePoint<Real>& c) {
        const Mask<Real> closer = ((end.slope < zero) & (c.slope < zero) & (end.slope < c.slope)) |
                                  ((end.slope > zero) & (c.slope > zero) & (end.slope > c.slope));
        end = select(closer & going & step, c, end);
        moved = moved | (closer & going & step);
      };
      const LinePoint<Real> a = n1, b = n2;
      try_one(a);
      try_one(b);
      try_one(mid);
      return moved;
    };
    const LinePoint<Real> old1 = n1, old2 = n2;
    const Mask<Real> moved1 = move(p1);
    if (any(moved1)) {
      const LinePoint<Real> fresh = eval(newton(p1));
      n1 = select(moved1, fresh, old1);
      count = select(moved1, count + one, count);
    }
    // the other end chooses among the same candidates
    LinePoint<Real> fresh1 = n1;
    n1 = old1;
    const Mask<Real> moved2 = move(p2);
    n1 = fresh1;
    if (any(moved2)) {
      const LinePoint<Real> fresh = eval(newton(p2));
      n2 = select(moved2, fresh, old2);
      count = select(moved2, count + one, count);
    }
    accept(step & !moved1 & !moved2, mid);
    if (!any(going)) return out;
  }

  // out of evaluations: the better end, if it improves
  out.capped = out.capped | going;
  const Mask<Real> first = p1.cost <= p2.cost;
  const LinePoint<Real> end = select(first, p1, p2);
  accept(end.cost < zero, end);
  return out;
}

// ---- Newton ---------------------------------------------------------------------------------

// grad = M a - smooth force - J' f, zero outside the island
template <class Team, class Real>
FN void gradient(Team team, const ModelView<Real>& m, Scratch<Real>& x) {
  team.each(m.nv, [&](int i) { x.grad[i] = x.Ma[i] - x.metric_force[i]; });
  add_constraint_forces(team, m, x, Real(-1.f), x.grad);
  if (m.ntree > 1)
    team.each(m.nv, [&](int i) {
      x.grad[i] = select(tree_in(x, m.dof_treeid[i]), x.grad[i], Real(0.f));
    });
}

// the present island in every world; x.Ma and residuals belong to x.a and are kept up to date
template <class Team, class Real>
STAGES Mask<Real> newton_island(Team team, const ModelView<Real>& m, Scratch<Real>& x) {
  const Real zero = Real(0.f), one = Real(1.f), half = Real(0.5f);
  const bool many = m.ntree > 1;

  // which dofs and blocks any world has in this island
  team.once([&] {
    int n = 0;
    for (int i = 0; i < m.nv; ++i)
      if (!many || any(tree_in(x, m.dof_treeid[i]))) x.dof_list[n++] = i;
    x.dof_count = n;
    for (int k = 0; k < x.blk_count; ++k)
      x.blk_on[k] = x.blk_dim[k] > 0 && (!many || any(x.blk_label[k] == Int<Real>(x.island)));
    for (int t = 0; by_bodies<Team>(m) && t < m.ntree; ++t)
      x.tree_on[t] = !many || any(tree_in(x, t));
  });
  Mask<Real> coupled = !everywhere<Real>();
  if (by_bodies<Team>(m)) coupled = coupled_worlds(m, x);
  if (!by_bodies<Team>(m) || any(coupled)) team.once([&] { plan_factor(team, m, x); });

  // every gradient is scaled by the trace of the island's inertia. Sums run over all dofs, zero
  // outside the island, so that their tree does not depend on the neighbours
  const auto inside = [&](int d) {
    return many ? select(tree_in(x, m.dof_treeid[d]), one, zero) : one;
  };
  const auto sum_dofs = [&](const Real* a, const Real* b) {
    return team.sum(m.nv, [&](int d) { return a[d] * b[d]; });
  };
  const Real trace =
      team.sum(m.nv, [&](int d) { return x.qM[m.M_rowadr[d] + m.M_rownum[d] - 1] * inside(d); });
  const Mask<Real> present = x.has_rows[0] & (trace > zero);
  const Real scale = one / select(trace > zero, trace, one);
  Real tol = Real(m.tolerance);
  if constexpr (sizeof(Scalar<Real>) == 4) tol = max(tol, Real(1e-6f));

  update_forces(team, m, x);
  gradient(team, m, x);
  Real steep = scale * sqrt(sum_dofs(x.grad, x.grad));
  Mask<Real> active = present;

  // certificate without a Hessian: half the decrement with M bounds the possible improvement
  const Mask<Real> flat = steep < tol;
  if (any(flat & active)) {
    team.each(m.nv, [&](int i) { x.Mgrad[i] = x.grad[i]; });
    solve_metric(team, m, x, x.Mgrad);
    active = active & !(flat & (half * scale * sum_dofs(x.grad, x.Mgrad) < tol));
  }
  if (!any(active)) return !everywhere<Real>();

  const auto direction = [&] {
    if (by_bodies<Team>(m)) return direction_by_bodies(team, m, x, active, coupled);
    hessian_assemble(team, m, x);
    hessian_factor(team, m, x);
    team.each(m.nv, [&](int i) { x.Mgrad[i] = x.grad[i]; });
    hessian_solve(team, m, x, x.Mgrad);
  };
  direction();
  active = active & !((steep < tol) & (half * scale * sum_dofs(x.grad, x.Mgrad) < tol));

  for (int iteration = 0; iteration < m.iterations && any(active); ++iteration) {
    team.each(m.nv, [&](int i) { x.search[i] = select(active, -x.Mgrad[i], zero); });
    rows_times(team, m, x, x.search, false, x.row_v, x.fric_v, x.lim_v);
    multiply_metric(team, m, x, x.search, x.Mv);
    const Real size = sqrt(sum_dofs(x.search, x.search));
    const Real g1 =
        team.sum(m.nv, [&](int i) { return x.search[i] * (x.Ma[i] - x.metric_force[i]); });
    const Real g2 = sum_dofs(x.search, x.Mv);
    Real gtol = tol * Real(m.ls_tolerance) * size / scale;
    const Real slope0 = sum_dofs(x.search, x.grad);
    if constexpr (sizeof(Scalar<Real>) == 4) gtol = max(gtol, Real(1e-6f) * abs(slope0));
    active = active & (size >= number<Real>(1e-15));
    const LineResult<Real> line = line_search(team, m, x, g1, g2, slope0, -slope0, gtol, active);
    if (any(line.capped)) team.once([&] { x.search_capped[0] = x.search_capped[0] | line.capped; });
    active = active & (line.alpha != zero);
    const Real alpha = select(active, line.alpha, zero);
    if (!any(active)) break;

    // take the step
    team.each(m.nv, [&](int i) {
      x.a[i] = select(active, fma(alpha, x.search[i], x.a[i]), x.a[i]);
      x.Ma[i] = fma(alpha, x.Mv[i], x.Ma[i]);
    });
    team.each(x.row_count, [&](int r) { x.row_r[r] = fma(alpha, x.row_v[r], x.row_r[r]); });
    team.each(x.fric_count, [&](int i) { x.fric_r[i] = fma(alpha, x.fric_v[i], x.fric_r[i]); });
    team.each(x.lim_count, [&](int i) {
      const int e = x.lim_list[i];
      x.lim_r[e] = fma(alpha, x.lim_v[e], x.lim_r[e]);
    });
    team.once(
        [&] { x.solver_niter[0] = select(active, x.solver_niter[0] + one, x.solver_niter[0]); });

    // forces, gradient, the next Newton direction, stopping rules
    update_forces(team, m, x);
    gradient(team, m, x);
    steep = scale * sqrt(sum_dofs(x.grad, x.grad));
    const Real improvement = -(scale * line.change);
    active = active & !(((improvement > zero) & (improvement < tol)) | (steep < tol));
    if (!any(active)) break;
    direction();
    active = active & !(half * scale * sum_dofs(x.grad, x.Mgrad) < tol);
  }
  return active;
}

// qacc, forces and qfrc_constraint of all worlds
template <class Team, class Real>
STAGES void solve(Team team, const ModelView<Real>& m, const State<Real>& s, Scratch<Real>& x) {
  const Real zero = Real(0.f);
  team.once([&] {
    x.has_rows[0] = x.nefc[0] > zero;
    x.not_converged[0] = x.search_capped[0] = !everywhere<Real>();
    x.solver_niter[0] = zero;
  });
  team.each(m.nv, [&](int i) { x.qfrc_constraint[i] = zero; });
  if (!any(x.has_rows[0])) {
    team.each(m.nv, [&](int i) { x.qacc[i] = x.qacc_smooth[i]; });
    if (kRare<Team> && m.discrete()) turn_free_bodies(team, m, s, x);
    return;
  }

  // trees that rows join
  const bool separate = m.on(kFlagIsland);
  team.once([&] {
    x.islands = m.ntree > 1 ? label_islands(m, x, separate) : 1;
    x.island = 0;
    if (by_bodies<Team>(m))
      find_couplings(x);
    else
      hessian_pattern(m, x);
    number_rows(m, x);
  });
  if (!by_bodies<Team>(m)) {
    hessian_base(team, m, x);
  } else if (x.coupled) {
    form_couplings(team, m, x);
  }

  // warm start: the cheaper of the last acceleration and the smooth one
  team.each(m.nv, [&](int i) { x.a[i] = x.qacc_smooth[i]; });
  if (m.on(kFlagWarmstart)) {
    rows_times(team, m, x, x.qacc_smooth, true, x.row_r, x.fric_r, x.lim_r);
    const Real cold = rows_cost(team, m, x);
    rows_times(team, m, x, s.qacc_warmstart, true, x.row_r, x.fric_r, x.lim_r);
    multiply_metric(team, m, x, s.qacc_warmstart, x.Ma);
    const Real gauss = team.sum(m.nv, [&](int i) {
      return (x.Ma[i] - x.metric_force[i]) * (s.qacc_warmstart[i] - x.qacc_smooth[i]);
    });
    const Real warm = fma(Real(0.5f), gauss, rows_cost(team, m, x));
    const Mask<Real> use = x.has_rows[0] & (warm <= cold);
    team.each(m.nv, [&](int i) {
      // trees without rows keep the smooth acceleration
      Mask<Real> here = use;
      if (m.ntree > 1 && separate) here = here & (x.tree_label[m.dof_treeid[i]] >= Int<Real>(0));
      x.a[i] = select(here, s.qacc_warmstart[i], x.a[i]);
    });
  }
  rows_times(team, m, x, x.a, true, x.row_r, x.fric_r, x.lim_r);
  multiply_metric(team, m, x, x.a, x.Ma);

  while (x.island < x.islands) {
    const Mask<Real> unfinished = newton_island(team, m, x);
    team.once([&] {
      x.not_converged[0] = x.not_converged[0] | unfinished;
      ++x.island;
    });
  }

  // forces of the final acceleration; worlds without rows are not touched by their neighbours
  update_forces(team, m, x);
  add_constraint_forces(team, m, x, Real(1.f), x.qfrc_constraint);
  const Mask<Real> rows = x.has_rows[0];
  team.each(m.nv, [&](int i) {
    x.qacc[i] = select(rows, x.a[i], x.qacc_smooth[i]);
    x.qfrc_constraint[i] = select(rows, x.qfrc_constraint[i], zero);
  });
  if (kRare<Team> && m.discrete()) turn_free_bodies(team, m, s, x);
}

}  // namespace motorium
