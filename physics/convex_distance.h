// Signed distance of two convex shapes of one world, and the points that give it: GJK between the
// cores, EPA where they overlap.
#pragma once
#include "motorium/physics/convex_contacts.h"

namespace motorium {

// distance of two convex shapes of one world, `from` on the first; false: not below `most`
template <class S>
STAGE bool convex_distance(ConvexShape<S>& c1, ConvexShape<S>& c2, S most,
                           const ConvexLimits<S>& limits, ConvexWork<S>& work, bool& capped,
                           S& dist, Vec3<S>& from, Vec3<S>& to) {
  const S zero = S(0.f);
  const S core1 = is_round(c1) ? c1.size.x : zero, core2 = is_round(c2) ? c2.size.x : zero;
  GjkResult<S> near;
  c1.radius = c2.radius = zero;
  gjk(c1, c2, limits, most + core1 + core2, near);
  capped = capped || near.capped;
  if (near.apart && near.count == 0) return false;
  if (near.dist > limits.tolerance) {
    const Vec3<S> n = near.x * (S(-1.f) / near.dist);
    dist = near.dist - (core1 + core2);
    from = add_scaled(near.p, core1, n);
    to = add_scaled(near.q, -core2, n);
    return dist < most;
  }

  // how deep, with their skins on
  c1.radius = core1;
  c2.radius = core2;
  if (core1 + core2 > zero) {
    gjk(c1, c2, limits, zero, near);
    capped = capped || near.capped;
  }
  dist = zero;
  from = near.count > 0 ? near.p : c1.pos;
  to = near.count > 0 ? near.q : c1.pos;
  if (near.count >= 2 && near.dist <= limits.tolerance) {
    EpaResult<S> deep;
    epa(c1, c2, limits, near, work.polytope, deep);
    capped = capped || deep.capped;
    if (deep.found) {
      dist = -sqrt(deep.face.dist2);
      from = deep.p;
      to = deep.q;
    }
  }
  return dist < most;
}

}  // namespace motorium
