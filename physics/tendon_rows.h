// Rows of tendons, each a block over the dofs of its tendons.
//   coupling      r = y - y0 - c0 - sum of c_k (x - x0)^k,  J = J_y - slope J_x;  y, x joint
//                 positions or tendon lengths
//   dry friction  r = 0, |f| <= frictionloss
//   limits        lower r = length - lo, upper r = hi - length
// Block numbers: dry friction after the ball limits, then limits, lower and upper.
#pragma once
#include "motorium/physics/impedance.h"
#include "motorium/physics/metric.h"

namespace motorium {

// ---- coupling: equality of joints or tendons ------------------------------------------------

// a joint or tendon of a coupling: how far it is from its reference, its inverse inertia
template <class Real> struct CouplingSide { Real moved, weight; };

template <class Real>
FN CouplingSide<Real> coupling_side(const ModelView<Real>& m, const State<Real>& s,
                                    const Scratch<Real>& x, EqualityType type, int id) {
  if (type == EqualityType::tendon)
    return {x.ten_length[id] - m.tendon_length0[id], m.tendon_invweight0[id]};
  const int q = m.jnt_qposadr[id];
  return {s.qpos[q] - m.qpos0[q], m.dof_invweight0[m.jnt_dofadr[id]]};
}

// its derivative by a dof
template <class Real>
FN Real coupling_column(const ModelView<Real>& m, const Scratch<Real>& x, EqualityType type, int id,
                        int dof) {
  if (type == EqualityType::tendon) return tendon_column(m, x, id, dof);
  return m.jnt_dofadr[id] == dof ? Real(1.f) : Real(0.f);
}

// its dofs as bits
template <class Real>
FN unsigned coupling_mask(const ModelView<Real>& m, EqualityType type, int id, int word) {
  if (type == EqualityType::tendon) return tendon_mask(m, id, word);
  const int d = m.jnt_dofadr[id];
  return d / 32 == word ? 1u << (d % 32) : 0u;
}

// derivative of the polynomial by the second object's length
template <class Real>
FN Real coupling_polynomial_slope(const ModelView<Real>& m, int e, const Real& u) {
  const auto c = [&](int i) { return m.eq_data[12 * e + i]; };
  return fma(u, fma(u, fma(u, Real(4.f) * c(4), Real(3.f) * c(3)), Real(2.f) * c(2)), c(1));
}
// at the present length of the second tendon
template <class Real>
FN Real coupling_slope(const ModelView<Real>& m, const Scratch<Real>& x, int e) {
  const int t = m.eq_obj2id[e];
  return coupling_polynomial_slope(m, e, x.ten_length[t] - m.tendon_length0[t]);
}

// Jacobian, residual and weight of one coupling
template <class Team, class Real>
FN void coupling_row(Team team, const ModelView<Real>& m, const State<Real>& s, Scratch<Real>& x,
                     int e, Real& r, Real& weight) {
  const auto type = static_cast<EqualityType>(m.eq_type[e]);
  const int y = m.eq_obj1id[e], other = m.eq_obj2id[e];
  const auto c = [&](int i) { return m.eq_data[12 * e + i]; };
  const CouplingSide<Real> first = coupling_side(m, s, x, type, y);
  r = first.moved - c(0);
  weight = first.weight;
  Real slope = Real(0.f);
  if (other >= 0) {
    const CouplingSide<Real> second = coupling_side(m, s, x, type, other);
    const Real u = second.moved;
    r -= u * fma(u, fma(u, fma(u, c(4), c(3)), c(2)), c(1));
    slope = coupling_polynomial_slope(m, e, u);
    weight = weight + second.weight;
  }
  const int n = x.blk_num[e];
  const int* col = x.blk_col + x.blk_adr[e];
  Real* J = x.blk_J[e];
  team.each(n, [&](int i) {
    Real column = coupling_column(m, x, type, y, col[i]);
    if (other >= 0) column = fma(-slope, coupling_column(m, x, type, other, col[i]), column);
    J[i] = column;
  });
}

// ---- dry friction and limits ----------------------------------------------------------------

// writes J = sign J_tendon of block k; worlds where it vanishes have no row
template <class Real>
FN Mask<Real> tendon_block_jacobian(const ModelView<Real>& m, Scratch<Real>& x, int k, int t,
                                    const Real& sign) {
  Real largest = Real(0.f);
  for (int i = 0; i < m.ten_J_rownnz[t]; ++i) {
    const Real column = x.ten_J[m.ten_J_rowadr[t] + i];
    x.blk_J[k][i] = sign * column;
    largest = max(largest, abs(column));
  }
  return largest > Real(0.f);
}

template <class Real>
FN void tendon_friction_row(const ModelView<Real>& m, Scratch<Real>& x, int i,
                            const Real& inverse_inertia) {
  const int t = m.friction_tendon[i], k = m.neq + m.nballlimit + i, row = x.blk_row[k];
  const Mask<Real> moving = tendon_block_jacobian(m, x, k, t, Real(1.f));
  const Real weight = weight_in_metric(m, x, k, 0, 0, Real(0.f), inverse_inertia);
  const RowParameters<Real> p = row_parameters(m, RowKind::rubs, m.tendon_solref_fri,
                                               m.tendon_solimp_fri, t, Real(0.f), weight);
  const Mask<Real> active = moving & (m.tendon_frictionloss[t] > Real(0.f));
  x.row_aref[row] = -(p.B * x.ten_velocity[t]);
  x.row_D[row] = select(active, Real(1.f) / p.R, Real(0.f));
}

// how far a tendon is inside one of its limits
template <class Real>
FN Real tendon_limit_gap(const ModelView<Real>& m, const Scratch<Real>& x, int t, int side) {
  return side == 0 ? x.ten_length[t] - m.tendon_range[2 * t]
                   : m.tendon_range[2 * t + 1] - x.ten_length[t];
}

// entry 2 i: lower, 2 i + 1: upper side of the i-th limited tendon
template <class Real>
FN void tendon_limit_row(const ModelView<Real>& m, Scratch<Real>& x, int entry,
                         const Real& inverse_inertia) {
  const int t = m.limit_tendon[entry / 2], side = entry % 2;
  const int k = m.neq + m.nballlimit + m.nfriction_tendon + entry, row = x.blk_row[k];
  if (x.blk_dim[k] == 0) return;
  const Real sign = side == 0 ? Real(1.f) : Real(-1.f);
  const Real r = tendon_limit_gap(m, x, t, side), margin = m.tendon_margin[t];
  const Mask<Real> moving = tendon_block_jacobian(m, x, k, t, sign);
  const Real weight = weight_in_metric(m, x, k, 0, 0, Real(0.f), inverse_inertia);
  const RowParameters<Real> p = row_parameters(m, RowKind::stops, m.tendon_solref_lim,
                                               m.tendon_solimp_lim, t, abs(r - margin), weight);
  x.row_aref[row] = fma(-p.B, sign * x.ten_velocity[t], -(p.K * p.imp * (r - margin)));
  x.row_D[row] = select(moving & (r < margin), Real(1.f) / p.R, Real(0.f));
  x.blk_single[k] = everywhere<Real>();
  x.blk_mu[k] = Real(1.f);
}

}  // namespace motorium
