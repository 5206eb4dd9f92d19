// Bounds of the summed force of all actuators at a tendon: each is scaled by the same factor, then
// bounded by itself. A tendon whose actuators still pull with a bound of the sum is saturated: they
// have no slopes.
#pragma once
#include "motorium/physics/controls.h"

namespace motorium {

template <class Team, class Real>
STAGE void bound_tendon_forces(Team team, const ModelView<Real>& m, Scratch<Real>& x) {
  team.each(m.ntendon, [&](int t) {
    if (!m.tendon_actfrclimited[t]) return;
    const auto each_pulling = [&](auto visit) {
      for (int a = 0; a < m.nactuator; ++a)
        if (transmission_type(m, a) == TransmissionType::tendon && m.actuator_trnid[2 * a] == t)
          visit(a, m.actuator_outadr[a]);
    };
    Real sum = Real(0.f), left = Real(0.f);
    each_pulling([&](int, int o) { sum += x.actuator_force[o]; });
    const Real lo = m.tendon_actfrcrange[2 * t], hi = m.tendon_actfrcrange[2 * t + 1];
    const Mask<Real> outside = (sum < lo) | (sum > hi);
    const Real scale = clamp(sum, lo, hi) / select(outside, sum, Real(1.f));
    Mask<Real> changed = !everywhere<Real>();
    each_pulling([&](int a, int o) {
      Real& force = x.actuator_force[o];
      force = select(outside, scale * force, force);
      const Real scaled = force;
      bound_force(m, x, a, force, x.actuator_slope[o]);
      changed = changed | (force != scaled);
      left += force;
    });

    // the sum of forces that only the factor has changed is at its bound up to rounding
    const Mask<Real> saturated = (outside & !changed) | (left <= lo) | (left >= hi);
    each_pulling([&](int, int o) {
      x.actuator_slope[o] = select(saturated, Real(0.f), x.actuator_slope[o]);
      drop_stiffness(m, x, o, saturated);
    });
  });
}

}  // namespace motorium
