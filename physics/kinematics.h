// Poses of bodies, joints, geoms and sites from qpos, parents first.
//   body:   x = x_p + R_p pos,  q = q_p quat, then each joint in order:
//   slide:  x += axis (qpos - qpos0)
//   hinge, ball: anchor stays, q = q q_joint
//   free:   pose = (qpos, normalized)
#pragma once
#include "motorium/core/quat.h"
#include "motorium/physics/scratch.h"

namespace motorium {

template <class Real>
FN void place_body(const ModelView<Real>& m, const State<Real>& s, Scratch<Real>& x, int b) {
  const int first = m.body_jntadr[b], count = m.body_jntnum[b];
  Vec3<Real> pos;
  Quat<Real> q;
  if (count == 1 && m.joint(first) == JointType::free) {
    // a free body is where qpos says
    const Real* p = s.qpos + m.jnt_qposadr[first];
    pos = vec3(p);
    q = normalize(quat(p + 3));
    put3(x.xanchor + 3 * first, pos);
    put3(x.xaxis + 3 * first, m.jnt_axis.three(3 * first));
  } else {
    // the fixed offset from the parent, or the mocap pose
    const int parent = m.body_parentid[b], mocap = m.body_mocapid[b];
    Vec3<Real> offset = m.body_pos.three(3 * b);
    Quat<Real> turn = m.body_quat.four(4 * b);
    if (mocap >= 0) {
      offset = vec3(s.mocap_pos + 3 * mocap);
      turn = normalize(quat(s.mocap_quat + 4 * mocap));
    }
    if (parent > 0) {
      pos = vec3(x.xpos + 3 * parent) + mat3(x.xmat + 9 * parent) * offset;
      q = quat(x.xquat + 4 * parent) * turn;
    } else {
      pos = offset;
      q = turn;
    }

    // joints move it in order
    for (int j = first; j < first + count; ++j) {
      const Vec3<Real> anchor_in_body = m.jnt_pos.three(3 * j);
      const Vec3<Real> axis_in_body = m.jnt_axis.three(3 * j);
      const Vec3<Real> anchor = pos + rotate(q, anchor_in_body);
      const Vec3<Real> axis = rotate(q, axis_in_body);
      put3(x.xanchor + 3 * j, anchor);
      put3(x.xaxis + 3 * j, axis);
      const int a = m.jnt_qposadr[j];
      if (m.joint(j) == JointType::slide) {
        pos = add_scaled(pos, s.qpos[a] - m.qpos0[a], axis);
      } else {
        q = q * (m.joint(j) == JointType::ball ? normalize(quat(s.qpos + a))
                                               : axis_angle(axis_in_body, s.qpos[a] - m.qpos0[a]));
        pos = anchor - rotate(q, anchor_in_body);
      }
    }
    q = normalize(q);
  }
  put3(x.xpos + 3 * b, pos);
  put4(x.xquat + 4 * b, q);
  put9(x.xmat + 9 * b, to_mat3(q));
}

// pose of something fixed to a body
template <class Real>
FN void place_on_body(const Scratch<Real>& x, int b, const Field<Real>& pos,
                      const Field<Real>& turn, int i, Real* xpos, Real* xmat) {
  const Vec3<Real> offset = pos.three(3 * i);
  const Quat<Real> q = turn.four(4 * i);
  put3(xpos, vec3(x.xpos + 3 * b) + mat3(x.xmat + 9 * b) * offset);
  put9(xmat, to_mat3(quat(x.xquat + 4 * b) * q));
}

template <class Team, class Real>
STAGE void kinematics(Team team, const ModelView<Real>& m, const State<Real>& s, Scratch<Real>& x) {
  // the world
  team.once([&] {
    for (int k = 0; k < 3; ++k) x.xpos[k] = Real(0.f);
    put4(x.xquat, identity_quat<Real>());
    for (int k = 0; k < 9; ++k) x.xmat[k] = Real(k % 4 == 0 ? 1.f : 0.f);
  });

  // bodies, one depth of the tree after the other
  for (int level = 1; level < m.nlevel; ++level) {
    const int first = m.level_adr[level];
    team.each(m.level_adr[level + 1] - first,
              [&](int i) { place_body(m, s, x, m.level_body[first + i]); });
  }

  // inertial frames
  team.each(m.nbody, [&](int b) {
    const Vec3<Real> ipos = m.body_ipos.three(3 * b);
    put3(x.xipos + 3 * b, vec3(x.xpos + 3 * b) + mat3(x.xmat + 9 * b) * ipos);
    const Quat<Real> iquat = m.body_iquat.four(4 * b);
    put9(x.ximat + 9 * b, to_mat3(quat(x.xquat + 4 * b) * iquat));
  });

  // geoms that can collide, sites; all geoms only if somebody looks at them
  team.each(m.ncgeom, [&](int c) {
    const int g = m.cgeom_id[c];
    place_on_body(x, m.geom_bodyid[g], m.geom_pos, m.geom_quat, g, x.geom_pos + 3 * c,
                  x.geom_mat + 9 * c);
  });
  team.each(m.nsite, [&](int i) {
    place_on_body(x, m.site_bodyid[i], m.site_pos, m.site_quat, i, x.site_xpos + 3 * i,
                  x.site_xmat + 9 * i);
  });
  if (m.want_geoms)
    team.each(m.ngeom, [&](int g) {
      place_on_body(x, m.geom_bodyid[g], m.geom_pos, m.geom_quat, g, x.geom_xpos + 3 * g,
                    x.geom_xmat + 9 * g);
    });
}

}  // namespace motorium
