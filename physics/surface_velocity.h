// Surfaces that move while their geom does not (conveyor belts): a velocity field
//   sigma(x) = v + w x (x - geom centre)
// in the frame of the geom. Contacts see the difference of both geoms' fields in their tangent
// plane and their spin about the normal.
#pragma once
#include "motorium/core/vec.h"
#include "motorium/physics/scratch.h"

namespace motorium {

// out <- velocity of surface 2 relative to surface 1 at a contact: two tangents, spin
template <class Real>
FN void surface_velocity(const ModelView<Real>& m, const Scratch<Real>& x, int slot, Real out[3]) {
  using S = Scalar<Real>;
  out[0] = out[1] = out[2] = Real(0.f);
  for (int l = 0; l < kWidth<Real>; ++l) {
    const int p = get_int<Real>(x.con_pair[slot], l);
    if (p < 0) continue;
    Vec3<S> v = {S(0), S(0), S(0)}, w = v;
    for (int side = 0; side < 2; ++side) {
      const int g = side == 0 ? m.pair_geom1[p] : m.pair_geom2[p], c = m.geom_cid[g];
      const S* field = m.geom_surfacevel.p + 6 * g;
      Vec3<S> arm;
      Mat3<S> R;
      for (int i = 0; i < 3; ++i)
        arm[i] = get(x.con_pos[3 * slot + i], l) - get(x.geom_pos[3 * c + i], l);
      for (int i = 0; i < 9; ++i) R.m[i] = get(x.geom_mat[9 * c + i], l);
      const Vec3<S> turn = R * vec3(field + 3), speed = R * vec3(field) + cross(turn, arm);
      v = side == 0 ? v - speed : v + speed;
      w = side == 0 ? w - turn : w + turn;
    }
    Vec3<S> axis[3];
    for (int k = 0; k < 3; ++k)
      for (int i = 0; i < 3; ++i) axis[k][i] = get(x.con_frame[9 * slot + 3 * k + i], l);
    put(out[0], l, dot(axis[1], v));
    put(out[1], l, dot(axis[2], v));
    put(out[2], l, dot(axis[0], w));
  }
}

}  // namespace motorium
