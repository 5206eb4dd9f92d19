// Rows of deep models by sweeps over bodies (decision 066). The rows' blocks act on one dof
// (limits, dry friction) or on one body that moves (contacts with what stands still, connects and
// welds to it). With C the curvature of a block and F its rows for the motion of its body,
//
//   H = M + J' C J:   the body's inertia gains F' C F (6 x 6), the axis of a dof gains C
//
// and sweeps (articulated.h) solve with H as with M, linear in the dofs: neither H nor J is formed.
// Products with M are two more passes: motions of bodies root first, forces on them leaves first.
//
// Where a block couples two bodies, or several dofs of a joint, the island of that world gets its
// direction from a factor of H as everywhere else (hessian.h), which needs M, J and the pattern.
// Which of both is a matter of the world alone: in a pack that has both kinds both are computed,
// and each world takes its own.
#pragma once
#include "motorium/physics/articulated.h"
#include "motorium/physics/contact_bodies.h"
#include "motorium/physics/contact_dofs.h"
#include "motorium/physics/crb.h"
#include "motorium/physics/hessian_factor.h"

namespace motorium {

// ---- motions and forces of bodies ---------------------------------------------------------------

// moved <- what v does to each body
template <class Team, class Real>
STAGE void move_bodies(Team team, const ModelView<Real>& m, Scratch<Real>& x, const Real* v) {
  team.once([&] {
    for (int k = 0; k < 6; ++k) x.moved[k] = Real(0.f);
  });
  each_body_downwards(team, m, [&](int b) {
    Spatial<Real> a = spatial(x.moved + 6 * m.body_parentid[b]);
    for (int d = m.body_dofadr[b]; d < m.body_dofadr[b] + m.body_dofnum[b]; ++d)
      a = add_scaled(a, v[d], spatial(x.cdof + 6 * d));
    put6(x.moved + 6 * b, a);
  });
}

// push(body) summed over the bodies that hang on each; take(dof, what that does to it)
template <class Team, class Real, class Push, class Take>
FN void sum_pushes(Team team, const ModelView<Real>& m, Scratch<Real>& x, Push push, Take take) {
  each_body_upwards(team, m, [&](int b) {
    Spatial<Real> f = push(b);
    for (int c = 0; c < m.body_childnum[b]; ++c)
      f = f + spatial(x.pushed + 6 * m.child_body[m.body_childadr[b] + c]);
    put6(x.pushed + 6 * b, f);
    for (int d = m.body_dofadr[b]; d < m.body_dofadr[b] + m.body_dofnum[b]; ++d)
      take(d, dot(spatial(x.cdof + 6 * d), f));
  });
}

// out = M v of the v whose motions are in `moved`
template <class Team, class Real>
STAGE void multiply_moved(Team team, const ModelView<Real>& m, Scratch<Real>& x, const Real* v,
                          Real* out) {
  sum_pushes(
      team, m, x, [&](int b) { return inertia_times(x.cinert + 10 * b, spatial(x.moved + 6 * b)); },
      [&](int d, const Real& f) { out[d] = fma(x.axis_inertia[d], v[d], f); });
}

// out += sign J' f of the contacts
template <class Team, class Real>
STAGE void add_contact_pushes(Team team, const ModelView<Real>& m, Scratch<Real>& x,
                              const Real& sign, Real* out) {
  team.each(x.con_slots, [&](int slot) { contact_push(x, slot); });
  sum_pushes(
      team, m, x,
      [&](int b) {
        Real sum[6];
        for (int i = 0; i < 6; ++i) sum[i] = Real(0.f);
        each_touch_of_body(x, b, [&](int e) {
          if (x.touch_block[e] >= x.contact_block) add_push(x, e, sum);
        });
        return spatial(sum);
      },
      [&](int d, const Real& f) { out[d] = fma(sign, f, out[d]); });
}

// ---- which blocks couple ------------------------------------------------------------------------

// blk_couples, and whether any does; one worker
template <class Real> FN void find_couplings(Scratch<Real>& x) {
  const Real zero = Real(0.f), one = Real(1.f);
  x.coupled = false;
  for (int k = 0; k < x.blk_count; ++k) {
    Real bodies = zero, acts = zero;
    each_touch_of_block(x, k, [&](int e) { bodies += abs(x.touch_side[e]); });
    for (int j = 0; j < x.blk_dim[k]; ++j)
      acts = select(x.row_D[x.blk_row[k] + j] > zero, one, acts);
    // couplings of joints and limits of balls have no bodies but several dofs
    if (k < x.contact_block && x.touch_adr[k] == x.touch_adr[k + 1] && x.blk_num[k] > 1)
      bodies = Real(2.f);
    x.blk_couples[k] = (bodies > one) & (acts > zero);
    x.coupled = x.coupled || any(x.blk_couples[k]);
  }
}

// worlds whose island holds a block that couples
template <class Real>
FN Mask<Real> coupled_worlds(const ModelView<Real>& m, const Scratch<Real>& x) {
  Mask<Real> found = !everywhere<Real>();
  for (int k = 0; x.coupled && k < x.blk_count; ++k) {
    if (!x.blk_on[k]) continue;
    Mask<Real> here = x.blk_couples[k];
    if (m.ntree > 1) here = here & (x.blk_label[k] == Int<Real>(x.island));
    found = found | here;
  }
  return found;
}

// what a factor of H needs and sweeps do not: all of M, columns and Jacobians of the contacts
template <class Team, class Real>
STAGE void form_couplings(Team team, const ModelView<Real>& m, Scratch<Real>& x) {
  if (!m.full_inertia) fill_inertia(team, m, x);
  team.each(x.con_slots, [&](int slot) { contact_masks(m, x, slot); });
  team.once([&] {
    for (int k = x.contact_block; k < x.blk_count; ++k) {
      const Int<Real>* masks = x.con_mask + 2 * m.nword * (k - x.contact_block);
      place_columns(m, x, k, [&](int w) {
        int either = 0;
        for (int l = 0; l < kWidth<Real>; ++l)
          either |= get_int<Real>(masks[w], l) ^ get_int<Real>(masks[m.nword + w], l);
        return static_cast<unsigned>(either);
      });
    }
  });
  for (int slot = 0; slot < x.con_slots; ++slot)
    contact_jacobian(team, m, x, slot, x.contact_block + slot);
  team.once([&] { hessian_pattern(m, x); });
  hessian_base(team, m, x);
}

// ---- H by bodies
// ----------------------------------------------------------------------------------

// F: the rows of a block for the motion of the body that moves, rows x 6
template <class Real> FN void block_rows(const Scratch<Real>& x, int k, Real* F) {
  const int slot = k - x.contact_block;
  if (slot < 0) {
    for (int i = 0; i < 6 * x.blk_dim[k]; ++i) F[i] = x.eq_rows[36 * k + i];
    return;
  }
  // one of both arms is 0
  const Vec3<Real> arm = vec3(x.con_arm + 6 * slot) + vec3(x.con_arm + 6 * slot + 3);
  const Vec3<Real> none = {Real(0.f), Real(0.f), Real(0.f)};
  for (int j = 0; j < x.blk_dim[k]; ++j) {
    const Vec3<Real> axis = vec3(x.con_frame + 9 * slot + 3 * (j % 3));
    put6(F + 6 * j, j < 3 ? Spatial<Real>{cross(arm, axis), axis} : Spatial<Real>{axis, none});
  }
}

// blk_inertia: F' C F of a block; blk_weighs: whether it has curvature in any world
template <class Real> FN void weigh_block(const ModelView<Real>& m, Scratch<Real>& x, int k) {
  const Real* C = x.blk_curv + 21 * k;
  x.blk_weighs[k] = x.blk_on[k] && any(C[0] != Real(0.f));
  if (!x.blk_weighs[k] || x.touch_adr[k] == x.touch_adr[k + 1]) return;
  Real F[6 * kConeRows], T[6 * kConeRows];
  block_rows(x, k, F);
  const auto weigh = [&](auto rows) {
    curved_rows(Solo{}, block_kind(m, k), rows, 6, C, F, T);
    each_packed([&](int e, int i, int j) {
      Real sum = T[i] * F[j];
      for (int r = 1; r < rows; ++r) sum = fma(T[6 * r + i], F[6 * r + j], sum);
      x.blk_inertia[kPacked * k + e] = sum;
    });
  };
  if (x.blk_dim[k] == 3)
    weigh(Known<3>{});
  else
    weigh(x.blk_dim[k]);
}

// row_inertia and row_axis: what the rows of the present island add to bodies and axes of M.
// Bodies start from +0, so that nothing that other worlds of the pack have changes a bit
template <class Team, class Real>
STAGE void add_rows_to_bodies(Team team, const ModelView<Real>& m, Scratch<Real>& x) {
  const Real zero = Real(0.f);
  team.each(x.blk_count, [&](int k) { weigh_block(m, x, k); });
  team.each(m.nbody, [&](int b) {
    Real J[kPacked];
    each_packed([&](int e, int, int) { J[e] = zero; });
    each_touch_of_body(x, b, [&](int entry) {
      const int k = x.touch_block[entry];
      if (!x.blk_weighs[k]) return;
      const Mask<Real> here = x.touch_side[entry] != zero;
      each_packed(
          [&](int e, int, int) { J[e] += select(here, x.blk_inertia[kPacked * k + e], zero); });
    });
    each_packed([&](int e, int, int) { x.row_inertia[kPacked * b + e] = J[e]; });
  });
  team.each(m.nv, [&](int i) { x.row_axis[i] = x.axis_inertia[i]; });
  team.each(x.fric_count, [&](int i) {
    x.row_axis[m.friction_dof[i]] +=
        select(friction_sticks(x.fric_r[i], x.fric_D[i], x.fric_loss[i]), x.fric_D[i], zero);
  });
  team.once([&] {
    for (int i = 0; i < x.lim_count; ++i) {
      const int e = x.lim_list[i];
      x.row_axis[m.jnt_dofadr[m.limit_jnt[e / 2]]] += select(x.lim_r[e] < zero, x.lim_D[e], zero);
    }
    // a joint that is held where it is
    for (int k = 0; k < m.neq; ++k)
      if (x.blk_on[k] && x.blk_num[k] == 1 && x.touch_adr[k] == x.touch_adr[k + 1]) {
        const Real J = x.blk_J[k][0];
        x.row_axis[x.blk_col[x.blk_adr[k]]] += x.blk_curv[21 * k] * J * J;
      }
  });
}

// y <- H^-1 y in the trees of the present island, by sweeps
template <class Team, class Real>
STAGE void solve_by_bodies(Team team, const ModelView<Real>& m, Scratch<Real>& x, Real* y) {
  const Articulation<Real> H = {x.row_hanging, x.row_load, x.row_inverse};
  const auto on = [&](int b) { return m.body_treeid[b] >= 0 && x.tree_on[m.body_treeid[b]]; };
  add_rows_to_bodies(team, m, x);
  each_body_upwards(team, m, [&](int b) {
    if (on(b)) articulate_body(m, x, H, x.row_axis, x.row_inertia, b);
  });
  each_body_upwards(team, m, [&](int b) {
    if (on(b)) gather_forces(m, x, H, y, b);
  });
  team.once([&] {
    for (int k = 0; k < 6; ++k) x.swept[k] = Real(0.f);
  });
  each_body_downwards(team, m, [&](int b) {
    if (on(b)) spread_accelerations(m, x, H, y, b);
  });
}

// x.Mgrad = H^-1 grad in the worlds of `active`, of which those of `coupled` take it from a factor
template <class Team, class Real>
STAGE void direction_by_bodies(Team team, const ModelView<Real>& m, Scratch<Real>& x,
                               Mask<Real> active, Mask<Real> coupled) {
  team.each(m.nv, [&](int i) { x.Mgrad[i] = x.grad[i]; });
  if (any(active & !coupled)) solve_by_bodies(team, m, x, x.Mgrad);
  if (!any(active & coupled)) return;
  Real* y = x.Mv;
  team.each(m.nv, [&](int i) { y[i] = x.grad[i]; });
  hessian_assemble(team, m, x);
  hessian_factor(team, m, x);
  hessian_solve(team, m, x, y);
  team.each(m.nv, [&](int i) { x.Mgrad[i] = select(coupled, y[i], x.Mgrad[i]); });
}

}  // namespace motorium
