// The points of strings, for people who look at them.
#pragma once
#include "motorium/physics/tendon.h"

namespace motorium {

// MuJoCo's layout: the points of all strings one after the other, as many as each world has
template <class Team, class Real>
STAGE void tendon_paths(Team team, const ModelView<Real>& m, Scratch<Real>& x) {
  team.each(2 * m.nwrap, [&](int i) {
    x.wrap_obj[i] = Real(0.f);
    for (int k = 0; k < 3; ++k) x.wrap_xpos[3 * i + k] = Real(0.f);
  });
  team.once([&] {
    for (int l = 0; l < kWidth<Real>; ++l) {
      int count = 0;
      const auto point = [&](int object, const Real* pos) {
        put(x.wrap_obj[count], l, static_cast<Scalar<Real>>(object));
        if (pos)
          for (int k = 0; k < 3; ++k) put(x.wrap_xpos[3 * count + k], l, get(pos[k], l));
        ++count;
      };
      for (int t = 0; t < m.ntendon; ++t) {
        const int before = count;
        put(x.ten_wrapadr[t], l, static_cast<Scalar<Real>>(before));
        for (int w = m.tendon_adr[t]; w < m.tendon_adr[t] + m.tendon_num[t]; ++w) {
          const int id = m.wrap_objid[w];
          const auto type = static_cast<WrapType>(m.wrap_type[w]);
          if (type == WrapType::pulley) point(-2, nullptr);
          if (type == WrapType::site) point(-1, x.site_xpos + 3 * id);
          if (!is_obstacle(m.wrap_type[w]) || !(get(x.wrap_on[w], l) > 0)) continue;
          point(id, x.wrap_point + 6 * w);
          point(id, x.wrap_point + 6 * w + 3);
        }
        put(x.ten_wrapnum[t], l, static_cast<Scalar<Real>>(count - before));
      }
    }
  });
}

}  // namespace motorium
