// Adhesion of geoms: a contact may pull with up to A newtons. Its friction cone is moved down by A:
// the passive force pulls with A along the normal n, and the reference of its rows gains R A
// (rows.h), so that the solver's force minus A is what the contact transmits.
//   qfrc_adhesion = -A J_n'
#pragma once
#include "motorium/physics/contact_dofs.h"
#include "motorium/physics/jacobian.h"

namespace motorium {

// the adhesion of the contacts, in con_adhesion
template <class Team, class Real>
FN void contact_adhesion(Team team, const ModelView<Real>& m, Scratch<Real>& x) {
  team.each(x.con_slots, [&](int k) {
    contact_masks(m, x, k);
    x.con_adhesion[k] = Real(0.f);
    for (int l = 0; l < kWidth<Real>; ++l) {
      const int p = get_int<Real>(x.con_pair[k], l);
      if (p >= 0) put(x.con_adhesion[k], l, m.pair_adhesion.p[p]);
    }
  });
}

// its pull, as a part of qfrc_passive; needs contact_adhesion
template <class Team, class Real>
STAGE void adhesion(Team team, const ModelView<Real>& m, Scratch<Real>& x) {
  team.each(m.nv, [&](int i) {
    Real sum = Real(0.f);
    for (int k = 0; k < x.con_slots; ++k) {
      const Vec3<Real> n = vec3(x.con_frame + 9 * k);
      const Real J =
          contact_side(m, x, k, i) * dot(n, point_column(m, x, i, vec3(x.con_pos + 3 * k)));
      sum = fma(-x.con_adhesion[k], J, sum);
    }
    x.qfrc_adhesion[i] = sum;
    x.qfrc_passive[i] += sum;
  });
}

}  // namespace motorium
