// The exact line search of Newton's method: the step along `search` where the slope of the cost is
// nearly zero, by Newton steps from one end, then from both ends of a bracket and from its middle.
//
//   cost(alpha) = alpha g1 + alpha^2 g2 / 2 + sum_i s_i(r_i + alpha v_i)
//
// r: residuals of the rows, v = J search, g1 = search'(M a - M a_s), g2 = search' M search
#pragma once
#include "motorium/physics/row_sums.h"

namespace motorium {

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

// the cost at alpha with its slope and curvature
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

}  // namespace motorium
