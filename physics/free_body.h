// Free bodies without jointed descendants: their block of the implicit matrix is 6 x 6 and may take
// the unsymmetric derivative of their gyroscopic force.
#pragma once
#include "motorium/core/spatial.h"
#include "motorium/physics/velocity_slope.h"

namespace motorium {

// solves A y = b for a general 6 x 6 matrix that is nearly symmetric positive definite
template <class Real> FN void solve6(Real A[6][6], Real b[6]) {
  for (int k = 0; k < 6; ++k) {
    const Real inv = Real(1.f) / A[k][k];
    for (int i = k + 1; i < 6; ++i) {
      const Real c = A[i][k] * inv;
      for (int j = k + 1; j < 6; ++j) A[i][j] = fma(-c, A[k][j], A[i][j]);
      b[i] = fma(-c, b[k], b[i]);
    }
  }
  for (int k = 5; k >= 0; --k) {
    Real sum = b[k];
    for (int j = k + 1; j < 6; ++j) sum = fma(-A[k][j], b[j], sum);
    b[k] = sum / A[k][k];
  }
}

// d(bias)/d(qvel) of a free rigid body, m its mass, c the centre of mass and I the inertia about
// the joint's origin, w its angular velocity, all in body axes; only w matters:
//   force:  m R (w x (w x c))    ->  m R (-[w x c] - [w][c])
//   torque: w x (I w)            ->  [w] I - [I w]
template <class Real>
FN void free_body_gyration(const ModelView<Real>& m, const State<Real>& s, const Scratch<Real>& x,
                           int b, int dof, const Real& h, Real A[6][6]) {
  const Real* C = x.crb + 10 * b;
  const Mat3<Real> R = mat3(x.xmat + 9 * b);
  const Real mass = C[9];
  const Vec3<Real> w = vec3(s.qvel + dof + 3);
  const Vec3<Real> c_world = vec3(x.subtree_com + 3 * m.body_rootid[b]) - vec3(x.xpos + 3 * b);
  const Vec3<Real> c = transpose_times(R, c_world);

  // inertia about the origin in world axes, one column per body axis, then into body axes
  Vec3<Real> I[3];
  for (int k = 0; k < 3; ++k) {
    const Vec3<Real> u = R.column(k);
    const Spatial<Real> turn = {u, {Real(0.f), Real(0.f), Real(0.f)}};
    const Vec3<Real> about_com = inertia_times(C, turn).r;
    const Vec3<Real> shift = mass * cross(c_world, cross(u, c_world));
    I[k] = transpose_times(R, about_com + shift);
  }
  const Vec3<Real> Iw = I[0] * w.x + I[1] * w.y + I[2] * w.z;
  const Vec3<Real> wc = cross(w, c);
  for (int k = 0; k < 3; ++k) {
    Vec3<Real> e = {Real(0.f), Real(0.f), Real(0.f)};
    e[k] = Real(1.f);
    const Vec3<Real> force = mass * (R * (cross(e, wc) + cross(w, cross(e, c))));
    const Vec3<Real> torque = cross(e, Iw) + cross(w, I[k]);
    for (int i = 0; i < 3; ++i) {
      A[i][3 + k] = fma(h, force[i], A[i][3 + k]);
      A[3 + i][3 + k] = fma(h, torque[i], A[3 + i][3 + k]);
    }
  }
}

// the block of body b in the matrix whose lower triangle is H, with the gyroscopic derivative. wet:
// with what the fluid has beside its symmetric part
template <class Real>
FN void free_body_block(const ModelView<Real>& m, const State<Real>& s, const Scratch<Real>& x,
                        int b, const TreePattern& t, const Real* H, const Real& h, bool wet,
                        Real A[6][6]) {
  const int d = m.body_dofadr[b];
  for (int i = 0; i < 6; ++i)
    for (int j = 0; j <= i; ++j) A[i][j] = A[j][i] = H[t.rowadr[d + i] + t.rownum[d + j] - 1];
  // the fluid's part of the upper triangle differs
  const Real* B = x.body_slope + 36 * b;
  for (int i = 0; wet && i < 6; ++i)
    for (int j = i + 1; j < 6; ++j) {
      const Spatial<Real> u = spatial(x.cdof + 6 * (d + i)), v = spatial(x.cdof + 6 * (d + j));
      A[i][j] = fma(h, through(v, B, u) - through(u, B, v), A[i][j]);
    }
  free_body_gyration(m, s, x, b, d, h, A);
}

}  // namespace motorium
