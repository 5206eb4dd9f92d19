// Muscles: force-length-velocity curves and activation dynamics.
//   L0 = (lr1 - lr0) / (range1 - range0),  L = range0 + (l - lr0) / L0,  V = v / (L0 vmax)
//   force = -F FL(L) FV(V) act - F FP(L),   F = force, or scale / acc0 where force is negative
//   d act / dt = (u - act) / tau,  tau = tau_a (0.5 + 1.5 act) or tau_d / (0.5 + 1.5 act)
// Parameters: range (2), force, scale, lmin, lmax, vmax, fpmax, fvmax.
#pragma once
#include "motorium/core/math.h"
#include "motorium/physics/model_view.h"

namespace motorium {

template <class Real> FN Real at_least_tiny(const Real& v) { return max(v, number<Real>(1e-15)); }

// length and velocity in units of the muscle, and its peak force
template <class Real> struct MuscleState {
  Real length, speed, force, unit, L0;  // unit: velocity of V = 1, L0: way of L = 1
};

template <class Real, class Prm>
FN MuscleState<Real> muscle_state(const ModelView<Real>& m, int a, const Real& length,
                                  const Real& speed, Prm prm) {
  const int out = m.actuator_outadr[a];
  const Real low = m.actuator_lengthrange[2 * out], high = m.actuator_lengthrange[2 * out + 1];
  const Real L0 = at_least_tiny((high - low) / at_least_tiny(prm(1) - prm(0)));
  const Real unit = at_least_tiny(L0 * prm(6));
  const Real scaled = prm(3) / at_least_tiny(m.actuator_acc0[out]);
  return {prm(0) + (length - low) / L0, speed / unit, select(prm(2) < Real(0.f), scaled, prm(2)),
          unit, L0};
}

// active force over length: a bump of four half parabolas between lmin and lmax, peak 1 at 1
template <class Real>
FN Real muscle_length_curve(const Real& L, const Real& lmin, const Real& lmax) {
  const Real zero = Real(0.f), one = Real(1.f), half = Real(0.5f);
  const Real a = half * (lmin + one), b = half * (one + lmax);
  const auto part = [&](const Real& x, const Real& width) {
    const Real u = x / at_least_tiny(width);
    return half * u * u;
  };
  Real f = part(lmax - L, lmax - b);
  f = select(L <= b, one - part(L - one, b - one), f);
  f = select(L <= one, one - part(one - L, one - a), f);
  f = select(L <= a, part(L - lmin, a - lmin), f);
  return select((L >= lmin) & (L <= lmax), f, zero);
}

// its derivative
template <class Real>
FN Real muscle_length_slope(const Real& L, const Real& lmin, const Real& lmax) {
  const Real one = Real(1.f), half = Real(0.5f);
  const Real a = half * (lmin + one), b = half * (one + lmax);
  const auto part = [&](const Real& x, const Real& width) {
    const Real w = at_least_tiny(width);
    return x / (w * w);
  };
  Real d = -part(lmax - L, lmax - b);
  d = select(L <= b, -part(L - one, b - one), d);
  d = select(L <= one, part(one - L, one - a), d);
  d = select(L <= a, part(L - lmin, a - lmin), d);
  return select((L >= lmin) & (L <= lmax), d, Real(0.f));
}

// active force over velocity, and its slope
template <class Real>
FN void muscle_speed_curve(const Real& V, const Real& fvmax, Real& f, Real& slope) {
  const Real zero = Real(0.f), one = Real(1.f), two = Real(2.f), y = fvmax - one;
  const Real down = (y - V) / at_least_tiny(y);
  f = select(V <= y, fvmax - (y - V) * down, fvmax);
  slope = select(V <= y, two * down, zero);
  f = select(V <= zero, (V + one) * (V + one), f);
  slope = select(V <= zero, two * V + two, slope);
  f = select(V <= -one, zero, f);
  slope = select(V <= -one, zero, slope);
}

// force per activation, and its slope over velocity
template <class Real, class Prm>
FN Real muscle_gain(const ModelView<Real>& m, int a, const Real& length, const Real& speed, Prm prm,
                    Real& slope) {
  const MuscleState<Real> x = muscle_state(m, a, length, speed, prm);
  const Real peak = x.force * muscle_length_curve(x.length, prm(4), prm(5));
  Real fv, dfv;
  muscle_speed_curve(x.speed, prm(8), fv, dfv);
  slope = -(peak * dfv / x.unit);
  return -(peak * fv);
}

// passive force: a parabola from 1 on, a line beyond the middle between 1 and lmax
template <class Real, class Prm>
FN Real muscle_bias(const ModelView<Real>& m, int a, const Real& length, Prm prm) {
  const Real zero = Real(0.f), one = Real(1.f), half = Real(0.5f);
  const MuscleState<Real> x = muscle_state(m, a, length, zero, prm);
  const Real b = half * (one + prm(5)), width = at_least_tiny(b - one);
  const Real u = (x.length - one) / width, v = (x.length - b) / width;
  const Real f = select(x.length <= b, half * u * u, half + v);
  return select(x.length <= one, zero, -(x.force * prm(7) * f));
}

// -d force / d length of the active and of the passive force
template <class Real, class Prm>
FN Real muscle_stiffness(const ModelView<Real>& m, int a, const Real& length, const Real& speed,
                         Prm prm, const Real& act) {
  const MuscleState<Real> x = muscle_state(m, a, length, speed, prm);
  Real fv, dfv;
  muscle_speed_curve(x.speed, prm(8), fv, dfv);
  return x.force * muscle_length_slope(x.length, prm(4), prm(5)) * fv * act / x.L0;
}
template <class Real, class Prm>
FN Real muscle_passive_stiffness(const ModelView<Real>& m, int a, const Real& length, Prm prm) {
  const Real zero = Real(0.f), one = Real(1.f), half = Real(0.5f);
  const MuscleState<Real> x = muscle_state(m, a, length, zero, prm);
  const Real b = half * (one + prm(5)), width = at_least_tiny(b - one);
  const Real d = select(x.length <= b, (x.length - one) / width, one) / width;
  return select(x.length <= one, zero, x.force * prm(7) * d / x.L0);
}

// dynprm: tau of activation, of deactivation, width of the blend between them (0: none)
template <class Real>
FN Real muscle_rate(const ModelView<Real>& m, int a, const Real& ctrl, const Real& act) {
  const Real zero = Real(0.f), one = Real(1.f);
  const Real stiff = fma(Real(1.5f), clamp(act, zero, one), Real(0.5f));
  const Real rise = m.actuator_dynprm[10 * a] * stiff, fall = m.actuator_dynprm[10 * a + 1] / stiff;
  const Real excess = clamp(ctrl, zero, one) - act;
  Real tau = select(excess > zero, rise, fall);
  if (m.actuator_dynprm.shared[10 * a + 2] >= Scalar<Real>(1e-15)) {
    // a quintic step
    const Real u = clamp(excess / m.actuator_dynprm[10 * a + 2] + Real(0.5f), zero, one);
    const Real step = u * u * u * fma(u, fma(Real(6.f), u, Real(-15.f)), Real(10.f));
    tau = fma(rise - fall, step, fall);
  }
  return excess / at_least_tiny(tau);
}

}  // namespace motorium
