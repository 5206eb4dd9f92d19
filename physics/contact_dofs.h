// Which dofs move the bodies of a contact, and how. A slot may hold another pair in every world:
// bits.
#pragma once
#include "motorium/physics/jacobian.h"

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

// where the columns and the Jacobian of block k lie, behind those of the block before: the dofs
// whose bits `word(w)` has set; one worker
template <class Real, class Word>
FN void place_columns(const ModelView<Real>& m, Scratch<Real>& x, int k, Word word) {
  const int adr = k == 0 ? 0 : x.blk_adr[k - 1] + x.blk_num[k - 1];
  int n = 0;
  if (x.blk_dim[k] > 0)
    for (int w = 0; w < m.nword; ++w) {
      unsigned left = word(w);
      while (left) {
        x.blk_col[adr + n++] = 32 * w + lowest_bit(left);
        left &= left - 1;
      }
    }
  x.blk_adr[k] = adr;
  x.blk_num[k] = n;
  x.blk_J[k] = k == 0 ? x.J_pool : x.blk_J[k - 1] + x.blk_dim[k - 1] * x.blk_num[k - 1];
  x.blk_tree[k] = n > 0 ? m.dof_treeid[x.blk_col[adr]] : -1;
}

// J of one contact: n.(J2 - J1) and so on; dofs that move both bodies cancel
template <class Team, class Real>
FN void contact_jacobian(Team team, const ModelView<Real>& m, Scratch<Real>& x, int slot, int k) {
  const int n = x.blk_num[k], dim = x.blk_dim[k];
  const int* col = x.blk_col + x.blk_adr[k];
  Real* J = x.blk_J[k];
  const Vec3<Real> p = vec3(x.con_pos + 3 * slot);
  const Mat3<Real> F = mat3(x.con_frame + 9 * slot);
  team.each(n, [&](int i) {
    const int d = col[i];
    const Real side = contact_side(m, x, slot, d);
    const Vec3<Real> lin = F * point_column(m, x, d, p);
    J[i] = lin.x * side;
    if (dim >= 3) {
      J[n + i] = lin.y * side;
      J[2 * n + i] = lin.z * side;
    }
    if (dim >= 4) {
      const Vec3<Real> turn = F * vec3(x.cdof + 6 * d);
      J[3 * n + i] = turn.x * side;
      if (dim >= 6) {
        J[4 * n + i] = turn.y * side;
        J[5 * n + i] = turn.z * side;
      }
    }
  });
}

}  // namespace motorium
