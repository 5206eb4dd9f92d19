// Islands: trees joined by rows, or by the metric of the integrator discrete, solved one by one
// (MuJoCo's default). Worlds of a pack may have different islands; the solver visits island 0, 1,
// ... of every world at once.
#pragma once
#include "motorium/physics/metric.h"

namespace motorium {

// trees whose dofs a contact's rows use in one world, -1: none
struct ContactTrees {
  int one, two;
};
template <class Real>
FN ContactTrees contact_trees(const ModelView<Real>& m, const Scratch<Real>& x, int slot,
                              int lane) {
  const int p = get_int<Real>(x.con_pair[slot], lane);
  if (p < 0) return {-1, -1};
  const int b1 = m.geom_bodyid[m.pair_geom1[p]], b2 = m.geom_bodyid[m.pair_geom2[p]];
  const int t1 = m.body_treeid[b1], t2 = m.body_treeid[b2];
  if (t1 != t2) return {t1, t2};

  // dofs that move both bodies cancel
  bool moves = false;
  for (int w = 0; w < m.nword; ++w)
    moves = moves || m.body_dofmask[b1 * m.nword + w] != m.body_dofmask[b2 * m.nword + w];
  return {moves ? t1 : -1, -1};
}

// tree_label[t]: island of tree t, -1 without rows; blk_label[k] likewise. Returns the number of
// islands of the world that has most. One worker.
template <class Real>
FN int label_islands(const ModelView<Real>& m, Scratch<Real>& x, bool separate) {
  int most = 0;
  for (int l = 0; l < kWidth<Real>; ++l) {
    // union-find over trees, the lower tree id being the root; -1: no rows yet
    for (int t = 0; t < m.ntree; ++t) put_int<Real>(x.tree_label[t], l, -1);
    const auto find = [&](int t) {
      for (;;) {
        const int up = get_int<Real>(x.tree_label[t], l);
        if (up == t) return t;
        t = up;
      }
    };
    const auto touch = [&](int t) {
      if (get_int<Real>(x.tree_label[t], l) < 0) put_int<Real>(x.tree_label[t], l, t);
    };
    const auto join = [&](int t, int u) {
      const int a = find(t), b = find(u);
      put_int<Real>(x.tree_label[max(a, b)], l, min(a, b));
    };
    if (m.discrete())
      each_coupled_trees(m, l, [&](int t, int u) {
        touch(t);
        touch(u);
        join(t, u);
      });
    for (int k = 0; k < x.blk_count; ++k) {
      if (x.blk_dim[k] == 0) continue;
      bool acts = false;
      for (int j = 0; j < x.blk_dim[k]; ++j) acts = acts || get(x.row_D[x.blk_row[k] + j], l) > 0;
      if (!acts) continue;

      if (k >= x.contact_block) {
        const ContactTrees t = contact_trees(m, x, k - x.contact_block, l);
        if (t.one >= 0) touch(t.one);
        if (t.two >= 0) touch(t.two);
        if (t.one >= 0 && t.two >= 0) join(t.one, t.two);
        continue;
      }
      for (int c = 0; c < x.blk_num[k]; ++c) {
        const int t = m.dof_treeid[x.blk_col[x.blk_adr[k] + c]];
        touch(t);
        join(m.dof_treeid[x.blk_col[x.blk_adr[k]]], t);
      }
    }
    for (int i = 0; i < x.fric_count; ++i)
      if (get(x.fric_D[i], l) > 0) touch(m.dof_treeid[m.friction_dof[i]]);
    for (int i = 0; i < x.lim_count; ++i)
      if (get(x.lim_D[x.lim_list[i]], l) > 0)
        touch(m.dof_treeid[m.jnt_dofadr[m.limit_jnt[x.lim_list[i] / 2]]]);

    // number the islands by their lowest tree
    int count = 0;
    if (!separate) {
      bool rows = false;
      for (int t = 0; t < m.ntree; ++t) rows = rows || get_int<Real>(x.tree_label[t], l) >= 0;
      for (int t = 0; t < m.ntree; ++t) put_int<Real>(x.tree_label[t], l, rows ? 0 : -1);
      count = rows ? 1 : 0;
    } else {
      for (int t = 0; t < m.ntree; ++t) {
        const int up = get_int<Real>(x.tree_label[t], l);
        if (up < 0) continue;
        // a root gets the next number; the others find it already numbered below them
        put_int<Real>(x.tree_label[t], l, up == t ? count++ : get_int<Real>(x.tree_label[up], l));
      }
    }
    most = max(most, count);
    for (int k = 0; k < x.blk_count; ++k) {
      int tree = -1;
      if (k >= x.contact_block) {
        const ContactTrees t = contact_trees(m, x, k - x.contact_block, l);
        tree = t.one >= 0 ? t.one : t.two;
      } else if (x.blk_num[k] > 0) {
        tree = m.dof_treeid[x.blk_col[x.blk_adr[k]]];
      }
      const int label = tree < 0 ? -1 : get_int<Real>(x.tree_label[tree], l);
      put_int<Real>(x.blk_label[k], l, label);
    }
  }
  return most;
}

// worlds where the tree belongs to the present island
template <class Real> FN Mask<Real> tree_in(const Scratch<Real>& x, int tree) {
  return x.tree_label[tree] == Int<Real>(x.island);
}

}  // namespace motorium
