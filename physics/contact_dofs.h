// Which dofs move the bodies of a contact. A slot may hold another pair in every world: bits.
#pragma once
#include "motorium/physics/scratch.h"

namespace motorium {

// dofs of body 1 and body 2 of each world's contact, as bits
template <class Real> FN void contact_masks(const ModelView<Real>& m, Scratch<Real>& x, int slot) {
  Int<Real>* masks = x.con_mask + 2 * m.nword * slot;
  for (int w = 0; w < 2 * m.nword; ++w) masks[w] = Int<Real>(0);
  for (int l = 0; l < kWidth<Real>; ++l) {
    const int p = get_int<Real>(x.con_pair[slot], l);
    if (p < 0) continue;
    const int* one = m.body_dofmask + m.geom_bodyid[m.pair_geom1[p]] * m.nword;
    const int* two = m.body_dofmask + m.geom_bodyid[m.pair_geom2[p]] * m.nword;
    for (int w = 0; w < m.nword; ++w) {
      put_int<Real>(masks[w], l, one[w]);
      put_int<Real>(masks[m.nword + w], l, two[w]);
    }
  }
}

// +1 where the dof moves body 2 only, -1 where it moves body 1 only, else 0
template <class Real>
FN Real contact_side(const ModelView<Real>& m, const Scratch<Real>& x, int slot, int dof) {
  const int w = dof / 32, bit = dof % 32;
  const Int<Real>* masks = x.con_mask + 2 * m.nword * slot;
  const Int<Real> one = Int<Real>(1);
  return to_real<Real>(((masks[m.nword + w] >> bit) & one) - ((masks[w] >> bit) & one));
}

}  // namespace motorium
