// The cost of constraint violation and its derivatives, row by row.
//
//   equality                  1/2 D r^2
//   dry friction, limit eta   1/2 D r^2 up to |r| = eta / D, then linear with slope eta
//   limit, single contact row 1/2 D min(r, 0)^2
//   pyramid                   sum over j of 1/2 D (min(r_0 + mu_j r_j, 0)^2 + min(r_0 - mu_j r_j,
//   0)^2) elliptic cone             U_0 = mu r_0, U_j = friction_j r_j, N = U_0, T = |U_1..|:
//                             0 where N >= mu T; quadratic in all rows where mu N + T <= 0; else
//                             1/2 D_m (N - mu T)^2, D_m = D_0 / (mu^2 (1 + mu^2))
//
// `block_force` writes forces -ds/dr and the curvature d2s/dr2 of one block at row_r; `block_along`
// gives cost (relative to alpha = 0), slope and curvature along row_r + alpha row_v. Differences of
// cost are formed without cancellation: 1/2 D (x - x_0)(x + x_0) inside one zone.
#pragma once
#include "motorium/core/math.h"
#include "motorium/core/team.h"
#include "motorium/physics/scratch.h"

namespace motorium {

// cost, first and second derivative along a line
template <class Real> using Along = Sums<Real, 3>;

// lower triangle of a 6 x 6 symmetric matrix
FN int at6(int i, int j) { return i * (i + 1) / 2 + j; }

enum class BlockKind { equality, friction, pyramid, elliptic };

template <class Real> FN BlockKind block_kind(const ModelView<Real>& m, int k) {
  const int tendon = k - m.neq - m.nballlimit;
  return k < m.neq                                    ? BlockKind::equality
         : tendon >= 0 && tendon < m.nfriction_tendon ? BlockKind::friction
         : m.cone == Cone::elliptic                   ? BlockKind::elliptic
                                                      : BlockKind::pyramid;
}

// ---- one-sided scalar row -------------------------------------------------------------------

template <class Real>
FN void one_sided_along(const Real& r, const Real& v, const Real& D, const Real& alpha,
                        Along<Real>& sum) {
  const Real zero = Real(0.f);
  const Real x = fma(alpha, v, r), n = min(x, zero), n0 = min(r, zero);
  const Real Dv = D * v;
  sum.v[0] = fma(Real(0.5f) * D * (n - n0), n + n0, sum.v[0]);
  sum.v[1] = fma(Dv, n, sum.v[1]);
  sum.v[2] = fma(select(x < zero, Dv, zero), v, sum.v[2]);
}

// ---- dry friction ---------------------------------------------------------------------------

template <class Real> FN Real friction_cost(const Real& r, const Real& D, const Real& loss) {
  const Real size = abs(r), knee = loss / select(D > Real(0.f), D, Real(1.f));
  return select(size < knee, Real(0.5f) * D * r * r, loss * fma(Real(-0.5f), knee, size));
}
template <class Real> FN Real friction_force(const Real& r, const Real& D, const Real& loss) {
  return -clamp(D * r, -loss, loss);
}
// quadratic zone: |D r| < loss
template <class Real>
FN Mask<Real> friction_sticks(const Real& r, const Real& D, const Real& loss) {
  const Real knee = loss / select(D > Real(0.f), D, Real(1.f));
  return (r < knee) & (r > -knee);
}
template <class Real>
FN void friction_along(const Real& r, const Real& v, const Real& D, const Real& loss,
                       const Real& alpha, Along<Real>& sum) {
  const Real zero = Real(0.f), x = fma(alpha, v, r);
  const Mask<Real> in = friction_sticks(x, D, loss), in0 = friction_sticks(r, D, loss);
  const Mask<Real> same_side = !(in | in0) & !((x > zero) ^ (r > zero));
  Real change = friction_cost(x, D, loss) - friction_cost(r, D, loss);
  change = select(in & in0, Real(0.5f) * D * (x - r) * (x + r), change);
  change = select(same_side, select(x > zero, loss, -loss) * (x - r), change);
  const Mask<Real> acts = D > zero;
  sum.v[0] += select(acts, change, zero);
  sum.v[1] = fma(-friction_force(x, D, loss), v, sum.v[1]);
  sum.v[2] = fma(select(in, D, zero) * v, v, sum.v[2]);
}

// ---- pyramid --------------------------------------------------------------------------------

template <class Real> FN Real pyramid_cost(const Scratch<Real>& x, int k, const Real* mu) {
  const int row = x.blk_row[k], dim = x.blk_dim[k];
  const Real zero = Real(0.f), half = Real(0.5f), r0 = x.row_r[row];
  const Real n0 = min(r0, zero);
  Real cost = half * x.row_D[row] * n0 * n0;
  for (int j = 1; j < dim; ++j) {
    const Real side = mu[j - 1] * x.row_r[row + j];
    const Real up = min(r0 + side, zero), down = min(r0 - side, zero);
    cost = fma(half * x.row_D[row + j], fma(up, up, down * down), cost);
  }
  return cost;
}

template <class Real> FN void pyramid_force(Scratch<Real>& x, int k, const Real* mu, Real* curv) {
  const int row = x.blk_row[k], dim = x.blk_dim[k];
  const Real zero = Real(0.f), r0 = x.row_r[row], D0 = x.row_D[row];
  Real f0 = -(D0 * min(r0, zero));
  Real c00 = select(r0 < zero, D0, zero);
  for (int j = 1; j < dim; ++j) {
    const Real m = mu[j - 1], D = x.row_D[row + j], side = m * x.row_r[row + j];
    const Real up = r0 + side, down = r0 - side;
    const Real fu = -(D * min(up, zero)), fd = -(D * min(down, zero));
    f0 += fu + fd;
    x.row_f[row + j] = m * (fu - fd);
    const Real su = select(up < zero, D, zero), sd = select(down < zero, D, zero);
    c00 += su + sd;
    curv[at6(j, 0)] = m * (su - sd);
    curv[at6(j, j)] = m * m * (su + sd);
  }
  x.row_f[row] = f0;
  curv[0] = c00;
}

template <class Real>
FN void pyramid_along(const Scratch<Real>& x, int k, const Real* mu, const Real& alpha,
                      Along<Real>& sum) {
  const int row = x.blk_row[k], dim = x.blk_dim[k];
  const Real r0 = x.row_r[row], v0 = x.row_v[row];
  if (any(x.blk_single[k])) one_sided_along(r0, v0, x.row_D[row], alpha, sum);
  for (int j = 1; j < dim; ++j) {
    const Real D = x.row_D[row + j], r = mu[j - 1] * x.row_r[row + j],
               v = mu[j - 1] * x.row_v[row + j];
    one_sided_along(r0 + r, v0 + v, D, alpha, sum);
    one_sided_along(r0 - r, v0 - v, D, alpha, sum);
  }
}

// ---- elliptic -------------------------------------------------------------------------------

// which zone a contact is in. A single row is never in the cone: it is quadratic where r < 0
template <class Real> struct ConeZone { Mask<Real> quadratic, cone; };
template <class Real>
FN ConeZone<Real> cone_zone(const Real& r0, const Real& mu, const Real& T,
                            const Mask<Real>& single) {
  const Real zero = Real(0.f), N = mu * r0;
  const Mask<Real> flat = !(T > zero);
  const Mask<Real> top = (N >= mu * T) | (flat & (N >= zero));
  const Mask<Real> bottom = (fma(mu, N, T) <= zero) | (flat & (N < zero));
  return {Mask<Real>((single & (r0 < zero)) | (!single & bottom & !top)),
          Mask<Real>(!(top | bottom) & !single)};
}

template <class Real> FN Real elliptic_cost(const Scratch<Real>& x, int k, const Real* friction) {
  const int row = x.blk_row[k], dim = x.blk_dim[k];
  const Real zero = Real(0.f), half = Real(0.5f), r0 = x.row_r[row], mu = x.blk_mu[k];
  Real TT = zero, quadratic = half * x.row_D[row] * r0 * r0;
  for (int j = 1; j < dim; ++j) {
    const Real r = x.row_r[row + j], U = select(x.row_D[row + j] > zero, friction[j - 1] * r, zero);
    TT = fma(U, U, TT);
    quadratic = fma(half * x.row_D[row + j] * r, r, quadratic);
  }
  const Real T = sqrt(TT);
  const ConeZone<Real> zone = cone_zone(r0, mu, T, x.blk_single[k]);
  const Real mu2 = mu * mu, Dm = x.row_D[row] / (mu2 * (Real(1.f) + mu2));
  const Real q = fma(-mu, T, mu * r0);
  return select(zone.quadratic, quadratic, select(zone.cone, half * Dm * q * q, zero));
}

// cone curvature in U: first row (1, -mu U_j / T), block mu N / T^3 U U' + (mu^2 - mu N / T) 1;
// rows and columns scaled by (mu, friction), times D_m
template <class Real>
FN void elliptic_force(Scratch<Real>& x, int k, const Real* friction, Real* curv) {
  const int row = x.blk_row[k], dim = x.blk_dim[k];
  const Real zero = Real(0.f), one = Real(1.f), r0 = x.row_r[row], mu = x.blk_mu[k];
  Real U[kConeRows], TT = zero;
  for (int j = 1; j < dim; ++j) {
    U[j] = select(x.row_D[row + j] > zero, friction[j - 1] * x.row_r[row + j], zero);
    TT = fma(U[j], U[j], TT);
  }
  const Real T = sqrt(TT);
  const ConeZone<Real> zone = cone_zone(r0, mu, T, x.blk_single[k]);
  const Real D0 = x.row_D[row], mu2 = mu * mu, Dm = D0 / (mu2 * (one + mu2));
  const Real N = mu * r0, q = fma(-mu, T, N), inv_T = one / select(zone.cone, T, one);
  const Real f0 = -(Dm * q * mu);
  x.row_f[row] = select(zone.quadratic, -(D0 * r0), select(zone.cone, f0, zero));
  curv[0] = select(zone.quadratic, D0, select(zone.cone, Dm * mu2, zero));
  const Real diagonal = mu2 - mu * N * inv_T, outer = mu * N * inv_T * inv_T * inv_T;
  for (int j = 1; j < dim; ++j) {
    const Real D = x.row_D[row + j];
    // rows that this world's contact does not have stay out of the cone
    const Real s = select(D > zero, friction[j - 1], zero);
    x.row_f[row + j] = select(zone.quadratic, -(D * x.row_r[row + j]),
                              select(zone.cone, -(f0 * inv_T * U[j] * s), zero));
    curv[at6(j, 0)] = select(zone.cone, -(Dm * mu * mu * U[j] * inv_T * s), zero);
    for (int i = 1; i < j; ++i) {
      const Real si = select(x.row_D[row + i] > zero, friction[i - 1], zero);
      curv[at6(j, i)] = select(zone.cone, Dm * outer * U[i] * U[j] * s * si, zero);
    }
    curv[at6(j, j)] = select(
        zone.quadratic, D, select(zone.cone, Dm * fma(outer * U[j], U[j], diagonal) * s * s, zero));
  }
}

template <class Real>
FN void elliptic_along(const Scratch<Real>& x, int k, const Real* friction, const Real& alpha,
                       Along<Real>& sum) {
  const int row = x.blk_row[k], dim = x.blk_dim[k];
  const Real zero = Real(0.f), one = Real(1.f), half = Real(0.5f);
  const Real r0 = x.row_r[row], v0 = x.row_v[row], mu = x.blk_mu[k], D0 = x.row_D[row];

  // coefficients of T^2 and of the quadratic zone along the line
  Real UU = zero, UV = zero, VV = zero;
  const Real x0 = fma(alpha, v0, r0);
  Real change = half * D0 * (x0 - r0) * (x0 + r0), slope = D0 * x0 * v0, curv = D0 * v0 * v0;
  Real cost0 = half * D0 * r0 * r0, cost1 = half * D0 * x0 * x0;
  for (int j = 1; j < dim; ++j) {
    const Real D = x.row_D[row + j], r = x.row_r[row + j], v = x.row_v[row + j];
    const Real s = select(D > zero, friction[j - 1], zero), U = s * r, V = s * v;
    UU = fma(U, U, UU);
    UV = fma(U, V, UV);
    VV = fma(V, V, VV);
    const Real xj = fma(alpha, v, r);
    change = fma(half * D * (xj - r), xj + r, change);
    cost0 = fma(half * D * r, r, cost0);
    cost1 = fma(half * D * xj, xj, cost1);
    slope = fma(D * xj, v, slope);
    curv = fma(D * v, v, curv);
  }
  const Real T0 = sqrt(UU);
  const Real TT = fma(alpha, fma(alpha, VV, Real(2.f) * UV), UU), T = sqrt(max(TT, zero));
  const ConeZone<Real> was = cone_zone(r0, mu, T0, x.blk_single[k]),
                       is = cone_zone(x0, mu, T, x.blk_single[k]);
  const Real mu2 = mu * mu, Dm = D0 / (mu2 * (one + mu2));
  const Real q0 = fma(-mu, T0, mu * r0), q = fma(-mu, T, mu * x0);
  const Real inv_T = one / select(is.cone, T, one);
  const Real T1 = fma(alpha, VV, UV) * inv_T, T2 = (VV - T1 * T1) * inv_T;
  const Real q1 = fma(-mu, T1, mu * v0);

  // cost: exact difference inside a zone, plain difference across zones
  const Real before = select(was.quadratic, cost0, select(was.cone, half * Dm * q0 * q0, zero));
  const Real after = select(is.quadratic, cost1, select(is.cone, half * Dm * q * q, zero));
  Real dc = after - before;
  dc = select(is.quadratic & was.quadratic, change, dc);
  dc = select(is.cone & was.cone, half * Dm * (q - q0) * (q + q0), dc);
  sum.v[0] += dc;
  sum.v[1] += select(is.quadratic, slope, select(is.cone, Dm * q * q1, zero));
  sum.v[2] += select(is.quadratic, curv, select(is.cone, Dm * fma(q1, q1, -(q * mu * T2)), zero));
}

// ---- any block ------------------------------------------------------------------------------

template <class Real> FN const Real* block_friction(const Scratch<Real>& x, int k) {
  return k >= x.contact_block ? x.con_friction + 5 * (k - x.contact_block) : x.con_friction;
}

// the dry friction of a tendon's block
template <class Real> FN Real block_loss(const ModelView<Real>& m, int k) {
  return m.tendon_frictionloss[m.friction_tendon[k - m.neq - m.nballlimit]];
}

template <class Real> FN Real block_cost(const ModelView<Real>& m, const Scratch<Real>& x, int k) {
  if (x.blk_dim[k] == 0) return Real(0.f);  // its row is another's
  const BlockKind kind = block_kind(m, k);
  if (kind == BlockKind::pyramid) return pyramid_cost(x, k, block_friction(x, k));
  if (kind == BlockKind::elliptic) return elliptic_cost(x, k, block_friction(x, k));
  const int row = x.blk_row[k];
  if (kind == BlockKind::friction)
    return friction_cost(x.row_r[row], x.row_D[row], block_loss(m, k));
  Real cost = Real(0.f);
  for (int j = 0; j < x.blk_dim[k]; ++j) {
    const Real r = x.row_r[row + j];
    cost = fma(Real(0.5f) * x.row_D[row + j] * r, r, cost);
  }
  return cost;
}

template <class Real>
FN void block_force(const ModelView<Real>& m, Scratch<Real>& x, int k, Real* curv) {
  const BlockKind kind = block_kind(m, k);
  if (kind == BlockKind::pyramid) return pyramid_force(x, k, block_friction(x, k), curv);
  if (kind == BlockKind::elliptic) return elliptic_force(x, k, block_friction(x, k), curv);
  const int row = x.blk_row[k];
  if (kind == BlockKind::friction) {
    const Real r = x.row_r[row], D = x.row_D[row], loss = block_loss(m, k);
    x.row_f[row] = friction_force(r, D, loss);
    curv[0] = select(friction_sticks(r, D, loss), D, Real(0.f));
    return;
  }
  for (int j = 0; j < x.blk_dim[k]; ++j) {
    x.row_f[row + j] = -(x.row_D[row + j] * x.row_r[row + j]);
    curv[at6(j, j)] = x.row_D[row + j];
  }
}

template <class Real>
FN void block_along(const ModelView<Real>& m, const Scratch<Real>& x, int k, const Real& alpha,
                    Along<Real>& sum) {
  const BlockKind kind = block_kind(m, k);
  if (kind == BlockKind::pyramid) return pyramid_along(x, k, block_friction(x, k), alpha, sum);
  if (kind == BlockKind::elliptic) return elliptic_along(x, k, block_friction(x, k), alpha, sum);
  const int row = x.blk_row[k];
  if (kind == BlockKind::friction)
    return friction_along(x.row_r[row], x.row_v[row], x.row_D[row], block_loss(m, k), alpha, sum);
  for (int j = 0; j < x.blk_dim[k]; ++j) {
    const Real D = x.row_D[row + j], r = x.row_r[row + j], v = x.row_v[row + j];
    const Real y = fma(alpha, v, r);
    sum.v[0] = fma(Real(0.5f) * D * (y - r), y + r, sum.v[0]);
    sum.v[1] = fma(D * y, v, sum.v[1]);
    sum.v[2] = fma(D * v, v, sum.v[2]);
  }
}

}  // namespace motorium
