// The constraint solver: Newton's method with an exact line search (line_search.h) on
//
//   cost(a) = 1/2 (a - a_s)' M (a - a_s) + sum_i s_i(J_i a - aref_i)
//
// M is the inertia, or the metric of the integrator discrete (metric.h), and M a_s the smooth
// force. after MuJoCo's engine (documentation, chapter "Computation"; stopping rules of
// release 4.0). Each world converges alone: finished worlds take steps of length zero. Islands are
// solved one by one from the common starting point.
#pragma once
#include "motorium/physics/hessian_factor.h"
#include "motorium/physics/line_search.h"

namespace motorium {

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
