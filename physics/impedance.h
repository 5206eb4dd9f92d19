// Soft constraint parameters (MuJoCo's "solver parameters"): position-dependent impedance,
// stiffness and damping of the reference acceleration.
//
// The integrator discrete evaluates a row at the end of the step:
//   den = 1 + h B + h^2 K imp,   B <- (B + h K imp) / den,   K <- K / den,   R <- R / den
// with R of its own metric (metric.h) and no less than that of the largest impedance.
#pragma once
#include "motorium/core/math.h"
#include "motorium/physics/scratch.h"

namespace motorium {

template <class Real> struct SolImp { Real d0, dmax, width, mid, power; };

template <class Real> FN SolImp<Real> clamped(const SolImp<Real>& s) {
  const Real lo = number<Real>(1e-4), hi = number<Real>(0.9999);
  return {clamp(s.d0, lo, hi), clamp(s.dmax, lo, hi), max(s.width, Real(0.f)), clamp(s.mid, lo, hi),
          max(s.power, Real(1.f))};
}

// imp = d0 + y(x) (dmax - d0),   x = violation / width,
// y = x^p / mid^(p-1) up to mid, 1 - (1-x)^p / (1-mid)^(p-1) beyond
template <class Real> FN Real impedance(const SolImp<Real>& s, const Real& violation) {
  const Real zero = Real(0.f), one = Real(1.f);
  const Mask<Real> sharp = s.width <= number<Real>(1e-15);
  const Mask<Real> flat = (s.d0 == s.dmax) | sharp;
  const Real x = clamp(violation / select(sharp, one, s.width), zero, one);

  // below and above mid the same curve, mirrored
  const Mask<Real> low = x <= s.mid;
  const Real u = select(low, x, one - x), base = select(low, s.mid, one - s.mid);
  Real y = u * u / base;
  const Mask<Real> linear = s.power == one, square = s.power == Real(2.f);
  const Mask<Real> other = !(linear | square);
  if (any(other)) {
    // power p in [1, ...): u^p / base^(p-1) = u (u / base)^(p-1)
    const Real curved = u * pow(u / base, s.power - one);
    y = select(other, curved, y);
  }
  y = select(low, y, one - y);
  y = select(linear, x, y);
  Real imp = fma(y, s.dmax - s.d0, s.d0);
  imp = select(x <= zero, s.d0, imp);
  imp = select(x >= one, s.dmax, imp);
  return select(flat, Real(0.5f) * (s.d0 + s.dmax), imp);
}

// solref as the step uses it: the default where signs differ, not faster than two steps where steps
// do not end in the row
template <class Real>
FN void safe_reference(const ModelView<Real>& m, Real& ref0, Real& ref1, const Real& default0,
                       const Real& default1) {
  const Real zero = Real(0.f);
  const Mask<Real> mixed = (ref0 > zero) ^ (ref1 > zero);
  ref0 = select(mixed, default0, ref0);
  ref1 = select(mixed, default1, ref1);
  if (m.on(kFlagRefsafe) && !m.discrete()) {
    const Real least = Real(2.f) * Real(m.timestep);
    ref0 = select((ref0 > zero) & (ref0 < least), least, ref0);
  }
}

// stiffness:  1 / (dmax^2 ref0^2 ref1^2), or -ref0 / dmax^2 in direct form
template <class Real> FN Real row_stiffness(const Real& ref0, const Real& ref1, const Real& dmax) {
  const Real tiny = number<Real>(1e-15), d2 = dmax * dmax;
  const Mask<Real> timed = ref0 > Real(0.f);
  return select(timed, Real(1.f) / max(d2 * ref0 * ref0 * ref1 * ref1, tiny),
                -ref0 / max(d2, tiny));
}
// damping:  2 / (dmax ref0), or -ref1 / dmax in direct form
template <class Real> FN Real row_damping(const Real& ref0, const Real& ref1, const Real& dmax) {
  const Real tiny = number<Real>(1e-15);
  const Mask<Real> timed = ref1 > Real(0.f);
  return select(timed, Real(2.f) / max(dmax * ref0, tiny), -ref1 / max(dmax, tiny));
}

// what a row does: holds a position, keeps on one side of it, or only slows
enum class RowKind { holds, stops, rubs };

// the parameters of one scalar row; den: what divides its other accelerations
template <class Real> struct RowParameters { Real K, B, imp, R, den; };

// springs that the step is too long for (ref0 ref1 < h) become the stiffest ones without rebound:
// K = 1 / (h^2 imp), B = 2 ref1 / (h sqrt(imp))
template <class Real>
FN void stiffest_without_rebound(const Real& ref0, const Real& ref1, const Real& h, const Real& imp,
                                 Real& K, Real& B) {
  const Mask<Real> fast = (ref0 > Real(0.f)) & (ref0 * ref1 < h);
  K = select(fast, Real(1.f) / (h * h * imp), K);
  B = select(fast, Real(2.f) * ref1 / (h * sqrt(imp)), B);
}

// a row at the end of the step, with refsafe where rows stop
template <class Real>
FN void at_end_of_step(const ModelView<Real>& m, RowKind kind, const Real& ref0, const Real& ref1,
                       const Real& diagonal, RowParameters<Real>& p) {
  const Real h = Real(m.timestep), one = Real(1.f);
  const Real most = number<Real>(0.9999), floor = (one - most) / most * diagonal;
  if (kind == RowKind::rubs) p.K = Real(0.f);
  if (kind == RowKind::stops && m.on(kFlagRefsafe))
    stiffest_without_rebound(ref0, ref1, h, p.imp, p.K, p.B);
  const Real pull = h * p.K * p.imp;
  p.den = fma(h, p.B + pull, one);
  p.R = max(max(p.R / p.den, floor), number<Real>(1e-15));
  p.B = (p.B + pull) / p.den;
  p.K = p.K / p.den;
}

template <class Real>
FN RowParameters<Real> row_parameters(const ModelView<Real>& m, RowKind kind, Real ref0, Real ref1,
                                      const SolImp<Real>& solimp, const Real& violation,
                                      const Real& diagonal) {
  const SolImp<Real> s = clamped(solimp);
  safe_reference(m, ref0, ref1, number<Real>(0.02), Real(1.f));
  RowParameters<Real> p;
  p.imp = impedance(s, violation);
  p.R = max((Real(1.f) - p.imp) / p.imp * diagonal, number<Real>(1e-15));
  p.K = row_stiffness(ref0, ref1, s.dmax);
  p.B = row_damping(ref0, ref1, s.dmax);
  if (m.discrete()) at_end_of_step(m, kind, ref0, ref1, diagonal, p);
  return p;
}
// solref and solimp of object i
template <class Real>
FN RowParameters<Real> row_parameters(const ModelView<Real>& m, RowKind kind,
                                      const Field<Real>& solref, const Field<Real>& solimp, int i,
                                      const Real& violation, const Real& diagonal) {
  return row_parameters(m, kind, solref[2 * i], solref[2 * i + 1],
                        SolImp<Real>{solimp[5 * i], solimp[5 * i + 1], solimp[5 * i + 2],
                                     solimp[5 * i + 3], solimp[5 * i + 4]},
                        violation, diagonal);
}

}  // namespace motorium
