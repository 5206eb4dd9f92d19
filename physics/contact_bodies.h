// The bodies that a block's rows move, for deep models (ModelData::rows_by_bodies): there a
// contact's rows are the motion of one body at a point, relative to what stands still or to another
// body, and need no Jacobian. A slot may hold another pair in every world, so an entry is a block,
// a body, and the side on which each world has it. What a row asks of its bodies is found once per
// block, in every world about the centre of its own tree, and entries only choose: packs whose
// slots hold many pairs pay little for them.
//
//   J v = frame (motion of the point, rotation),   of body two less that of body one
//   J' f = side (o x F' f_1..3 + F' f_4..6, F' f_1..3) on each body, o from the centre of its tree
#pragma once
#include "motorium/core/spatial.h"
#include "motorium/physics/scratch.h"

namespace motorium {

// what carries the dofs of two bodies, in the order of a contact or equality
struct TwoBodies {
  int one, two;
  // 0: stands still. Bodies that cannot move apart do not move at all
  FN TwoBodies(int weld1, int weld2)
      : one(weld1 == weld2 ? 0 : weld1), two(weld1 == weld2 ? 0 : weld2) {}
};

template <class Real>
FN TwoBodies contact_bodies(const ModelView<Real>& m, const Scratch<Real>& x, int slot, int lane) {
  const int p = get_int<Real>(x.con_pair[slot], lane);
  if (p < 0) return {0, 0};
  return {m.body_weldid[m.geom_bodyid[m.pair_geom1[p]]],
          m.body_weldid[m.geom_bodyid[m.pair_geom2[p]]]};
}

// of a connect or weld; 0 and 0 for couplings of joints
template <class Real> FN TwoBodies equality_bodies(const ModelView<Real>& m, int e) {
  const auto type = static_cast<EqualityType>(m.eq_type[e]);
  if (type == EqualityType::joint || type == EqualityType::tendon) return {0, 0};
  const bool sites = static_cast<ObjectType>(m.eq_objtype[e]) == ObjectType::site;
  const auto weld = [&](int id) { return m.body_weldid[sites ? m.site_bodyid[id] : id]; };
  return {weld(m.eq_obj1id[e]), weld(m.eq_obj2id[e])};
}

// finds the entries of all blocks; one worker
template <class Real> FN void list_touches(const ModelView<Real>& m, Scratch<Real>& x) {
  int n = 0;
  const auto entry = [&](int k, int body) {
    int e = x.touch_adr[k];
    while (e < n && x.touch_body[e] != body) ++e;
    if (e == n) {
      x.touch_block[n] = k;
      x.touch_body[n] = body;
      x.touch_side[n++] = Real(0.f);
    }
    return e;
  };
  for (int k = 0; k < x.blk_count; ++k) {
    x.touch_adr[k] = n;
    if (k < m.neq && x.blk_dim[k] > 0) {
      const TwoBodies b = equality_bodies(m, k);
      if (b.one > 0) x.touch_side[entry(k, b.one)] = Real(1.f);
      if (b.two > 0) x.touch_side[entry(k, b.two)] = Real(-1.f);
    } else if (k >= x.contact_block) {
      for (int l = 0; l < kWidth<Real>; ++l) {
        const TwoBodies b = contact_bodies(m, x, k - x.contact_block, l);
        if (b.one > 0) put(x.touch_side[entry(k, b.one)], l, Scalar<Real>(-1));
        if (b.two > 0) put(x.touch_side[entry(k, b.two)], l, Scalar<Real>(1));
      }
    }
  }
  x.touch_adr[x.blk_count] = n;

  // those of a body, by rising blocks
  for (int b = 0; b < m.nbody; ++b) x.touch_first[b] = -1;
  for (int e = n - 1; e >= 0; --e) {
    x.touch_next[e] = x.touch_first[x.touch_body[e]];
    x.touch_first[x.touch_body[e]] = e;
  }
}

// f(entry) of all entries of a block, or of a body
template <class Real, class F> FN void each_touch_of_block(const Scratch<Real>& x, int k, F f) {
  for (int e = x.touch_adr[k]; e < x.touch_adr[k + 1]; ++e) f(e);
}
template <class Real, class F> FN void each_touch_of_body(const Scratch<Real>& x, int b, F f) {
  for (int e = x.touch_first[b]; e >= 0; e = x.touch_next[e]) f(e);
}

// con_arm: from the centre of the tree of body one, and of body two, to the contact; 0 where the
// body stands still
template <class Real>
FN void find_contact_arms(const ModelView<Real>& m, Scratch<Real>& x, int slot) {
  const Real zero = Real(0.f);
  Vec3<Real> one = {zero, zero, zero}, two = one;
  each_touch_of_block(x, x.contact_block + slot, [&](int e) {
    const Real side = x.touch_side[e];
    const Vec3<Real> arm =
        vec3(x.con_pos + 3 * slot) - vec3(x.subtree_com + 3 * m.body_rootid[x.touch_body[e]]);
    one = select(side < zero, arm, one);
    two = select(side > zero, arm, two);
  });
  put3(x.con_arm + 6 * slot, one);
  put3(x.con_arm + 6 * slot + 3, two);
}

// out = J v of a contact, where `motion` holds what v does to each body; dim rows of its frame
template <class Real>
FN void contact_motion(const Scratch<Real>& x, int slot, const Real* motion, Real* out) {
  const int k = x.contact_block + slot, dim = x.blk_dim[k];
  Real one[6], two[6];
  for (int i = 0; i < 6; ++i) one[i] = two[i] = Real(0.f);
  each_touch_of_block(x, k, [&](int e) {
    const Mask<Real> first = x.touch_side[e]<Real(0.f), second = x.touch_side[e]> Real(0.f);
    const Real* v = motion + 6 * x.touch_body[e];
    for (int i = 0; i < 6; ++i) {
      one[i] = select(first, v[i], one[i]);
      two[i] = select(second, v[i], two[i]);
    }
  });
  const auto point_of = [&](const Real* v, int arm) {
    return vec3(v + 3) + cross(vec3(v), vec3(x.con_arm + 6 * slot + arm));
  };
  const Vec3<Real> point = point_of(two, 3) - point_of(one, 0), turn = vec3(two) - vec3(one);
  const Mat3<Real> F = mat3(x.con_frame + 9 * slot);
  for (int j = 0; j < dim; ++j) out[j] = j < 3 ? dot(F.row(j), point) : dot(F.row(j - 3), turn);
}

// con_push: what the forces of a contact's rows do to body one, and to body two
template <class Real> FN void contact_push(Scratch<Real>& x, int slot) {
  const int k = x.contact_block + slot, dim = x.blk_dim[k];
  const Real *f = x.row_f + x.blk_row[k], zero = Real(0.f);
  const Mat3<Real> F = mat3(x.con_frame + 9 * slot);
  const auto along = [&](int first) {
    Vec3<Real> sum = {zero, zero, zero};
    for (int j = first; j < min(first + 3, dim); ++j) sum = add_scaled(sum, f[j], F.row(j - first));
    return sum;
  };
  const Vec3<Real> force = along(0), torque = along(3);
  const auto about = [&](int arm) {
    return torque + cross(vec3(x.con_arm + 6 * slot + arm), force);
  };
  put6(x.con_push + 12 * slot, Spatial<Real>{-about(0), -force});
  put6(x.con_push + 12 * slot + 6, Spatial<Real>{about(3), force});
}

// of it what the body of an entry gets, added to sum
template <class Real> FN void add_push(const Scratch<Real>& x, int entry, Real* sum) {
  const Mask<Real> first = x.touch_side[entry]<Real(0.f), second = x.touch_side[entry]> Real(0.f);
  const Real* push = x.con_push + 12 * (x.touch_block[entry] - x.contact_block);
  for (int i = 0; i < 6; ++i)
    sum[i] += select(first, push[i], select(second, push[6 + i], Real(0.f)));
}

}  // namespace motorium
