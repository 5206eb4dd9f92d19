// Touch: the summed normal forces of contacts of a site's body whose ray from the contact point,
// along the normal and out of the body, meets the volume of the site.
// Which contacts count differs per world, so this runs lane by lane.
#pragma once
#include "motorium/physics/ray.h"
#include "motorium/physics/rne_post.h"

namespace motorium {

template <class Real>
STAGE void touch_sensor(const ModelView<Real>& m, const Scratch<Real>& x, int site, Real* out) {
  using S = Scalar<Real>;
  const int b = m.site_bodyid[site];
  out[0] = Real(0.f);
  for (int slot = 0; slot < x.con_slots; ++slot) {
    const Real force = contact_force(m, x, slot, 0);
    for (int l = 0; l < kWidth<Real>; ++l) {
      const int p = get_int<Real>(x.con_pair[slot], l);
      if (p < 0 || !(get(force, l) > S(0))) continue;
      const bool first = m.geom_bodyid[m.pair_geom1[p]] == b;
      const bool second = m.geom_bodyid[m.pair_geom2[p]] == b;
      if (!first && !second) continue;

      // the ray in the site's frame
      Vec3<S> d, normal, size;
      Mat3<S> R;
      for (int k = 0; k < 3; ++k) {
        size[k] = m.site_size.lane(3 * site + k, l);
        d[k] = get(x.con_pos[3 * slot + k], l) - get(x.site_xpos[3 * site + k], l);
        normal[k] = (second ? S(-1) : S(1)) * get(x.con_frame[9 * slot + k], l);
      }
      for (int k = 0; k < 9; ++k) R.m[k] = get(x.site_xmat[9 * site + k], l);
      const RayHit<S> hit =
          ray_shape(m.site_type[site], size, transpose_times(R, d), transpose_times(R, normal));
      if (hit.t >= S(0)) put(out[0], l, get(out[0], l) + get(force, l));
    }
  }
}

}  // namespace motorium
