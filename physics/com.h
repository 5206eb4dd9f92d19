// Centres of mass of subtrees, body inertias about their tree's centre of mass, motion axes of
// dofs.
#pragma once
#include "motorium/core/spatial.h"
#include "motorium/physics/scratch.h"

namespace motorium {

// inertia of body b about point c, world axes:  R diag(I) R' + m (|d|^2 1 - d d'),  d = xipos - c
template <class Real>
FN void body_inertia_about(const ModelView<Real>& m, const Scratch<Real>& x, int b,
                           const Vec3<Real>& c, Real* out) {
  const Real mass = m.body_mass[b];
  const Real I0 = m.body_inertia[3 * b], I1 = m.body_inertia[3 * b + 1],
             I2 = m.body_inertia[3 * b + 2];
  const Mat3<Real> R = mat3(x.ximat + 9 * b);
  const Vec3<Real> d = vec3(x.xipos + 3 * b) - c;
  const Vec3<Real> md = mass * d;
  const Vec3<Real> r0 = R.row(0), r1 = R.row(1), r2 = R.row(2);
  const Vec3<Real> s0 = {I0 * r0.x, I1 * r0.y, I2 * r0.z}, s1 = {I0 * r1.x, I1 * r1.y, I2 * r1.z},
                   s2 = {I0 * r2.x, I1 * r2.y, I2 * r2.z};
  out[0] = dot(s0, r0) + fma(md.y, d.y, md.z * d.z);
  out[1] = dot(s1, r1) + fma(md.x, d.x, md.z * d.z);
  out[2] = dot(s2, r2) + fma(md.x, d.x, md.y * d.y);
  out[3] = dot(s0, r1) - md.x * d.y;
  out[4] = dot(s0, r2) - md.x * d.z;
  out[5] = dot(s1, r2) - md.y * d.z;
  put3(out + 6, md);
  out[9] = mass;
}

// motion axes of one joint about the tree's centre of mass c
template <class Real> FN void joint_axes(const ModelView<Real>& m, Scratch<Real>& x, int j) {
  const int b = m.jnt_bodyid[j];
  int d = m.jnt_dofadr[j];
  const Vec3<Real> o = vec3(x.subtree_com + 3 * m.body_rootid[b]) - vec3(x.xanchor + 3 * j);
  const Vec3<Real> zero = {Real(0.f), Real(0.f), Real(0.f)};
  const Vec3<Real> axis = vec3(x.xaxis + 3 * j);
  switch (m.joint(j)) {
    case JointType::slide:
      put6(x.cdof + 6 * d, Spatial<Real>{zero, axis});
      break;
    case JointType::hinge:
      put6(x.cdof + 6 * d, Spatial<Real>{axis, cross(axis, o)});
      break;
    case JointType::free:
      for (int k = 0; k < 3; ++k, ++d) {
        Vec3<Real> unit = zero;
        unit[k] = Real(1.f);
        put6(x.cdof + 6 * d, Spatial<Real>{zero, unit});
      }
      [[fallthrough]];
    case JointType::ball:
      // three hinges about the body's axes
      for (int k = 0; k < 3; ++k, ++d) {
        const Vec3<Real> u = mat3(x.xmat + 9 * b).column(k);
        put6(x.cdof + 6 * d, Spatial<Real>{u, cross(u, o)});
      }
      break;
  }
}

template <class Team, class Real>
STAGE void com(Team team, const ModelView<Real>& m, Scratch<Real>& x) {
  // mass-weighted sums, leaves first; a parent gathers its children
  for (int level = m.nlevel - 1; level >= 0; --level) {
    const int first = m.level_adr[level];
    team.each(m.level_adr[level + 1] - first, [&](int i) {
      const int b = m.level_body[first + i];
      Vec3<Real> sum = m.body_mass[b] * vec3(x.xipos + 3 * b);
      for (int k = 0; k < m.body_childnum[b]; ++k)
        sum = sum + vec3(x.subtree_com + 3 * m.child_body[m.body_childadr[b] + k]);
      put3(x.subtree_com + 3 * b, sum);
    });
  }
  team.each(m.nbody, [&](int b) {
    const Real mass = m.body_subtreemass[b];
    const Mask<Real> ok = mass > number<Real>(1e-15);
    const Real inv = Real(1.f) / select(ok, mass, Real(1.f));
    put3(x.subtree_com + 3 * b,
         select<Real>(ok, inv * vec3(x.subtree_com + 3 * b), vec3(x.xipos + 3 * b)));
  });

  // body inertias, motion axes
  team.each(m.nbody, [&](int b) {
    body_inertia_about(m, x, b, vec3(x.subtree_com + 3 * m.body_rootid[b]), x.cinert + 10 * b);
  });
  team.each(m.njnt, [&](int j) { joint_axes(m, x, j); });
  // the first dof of a tree tells where the tree's centre of mass is
  team.each(m.nv, [&](int i) {
    if (m.dof_parentid[i] < 0)
      put3(x.dof_com + 3 * m.dof_treeid[i],
           vec3(x.subtree_com + 3 * m.body_rootid[m.dof_bodyid[i]]));
  });
}

}  // namespace motorium
