#include "motorium/physics/compile/poses0.h"

#include <cmath>

namespace motorium {
namespace {

// moves the body of a hinge, slide or ball; nothing moves at qpos0
void move_joint(const Model& m, int j, const double* q, const Vec& axis, const Vec& anchor,
                Pose& pose) {
  const auto type = static_cast<JointType>(m.jnt_type[j]);
  if (type == JointType::free) return;
  Quaternion turn = {1, 0, 0, 0};
  if (type == JointType::ball) {
    turn = normalized({q[0], q[1], q[2], q[3]});
  } else {
    const double by = q[0] - m.qpos0[m.jnt_qposadr[j]];
    if (type == JointType::slide) {
      pose.pos = add(pose.pos, scaled(axis, by));
      return;
    }
    const Vec local = vec_at(m.jnt_axis, j);
    const double s = std::sin(by / 2);
    turn = {std::cos(by / 2), s * local[0], s * local[1], s * local[2]};
  }
  if (turn == Quaternion{1, 0, 0, 0}) return;
  pose.quat = multiply(pose.quat, turn);
  pose.pos = subtract(anchor, rotate(pose.quat, vec_at(m.jnt_pos, j)));
}

}  // namespace

Poses0 poses_at_qpos0(const Model& m) { return poses_at(m, m.qpos0); }

Poses0 poses_at(const Model& m, const std::vector<double>& qpos) {
  Poses0 out;
  out.body.resize(m.nbody);
  out.joint_anchor.resize(m.njnt);
  out.joint_axis.resize(m.njnt);
  for (int b = 1; b < m.nbody; ++b) {
    const Pose local = {vec_at(m.body_pos, b), quat_at(m.body_quat, b)};
    Pose pose = compose(out.body[m.body_parentid[b]], local);
    for (int j = m.body_jntadr[b]; j >= 0 && j < m.body_jntadr[b] + m.body_jntnum[b]; ++j) {
      const double* q = &qpos[m.jnt_qposadr[j]];
      const auto type = static_cast<JointType>(m.jnt_type[j]);
      if (type == JointType::free)
        pose = {{q[0], q[1], q[2]}, normalized({q[3], q[4], q[5], q[6]})};
      const Vec anchor = add(pose.pos, rotate(pose.quat, vec_at(m.jnt_pos, j)));
      out.joint_anchor[j] = anchor;
      out.joint_axis[j] = rotate(pose.quat, vec_at(m.jnt_axis, j));
      move_joint(m, j, q, out.joint_axis[j], anchor, pose);
    }
    out.body[b] = pose;
  }
  return out;
}

Pose site_pose(const Model& m, const Poses0& poses, int site) {
  return compose(poses.body[m.site_bodyid[site]],
                 {vec_at(m.site_pos, site), quat_at(m.site_quat, site)});
}

int last_dof(const Model& m, int body) {
  while (body > 0 && m.body_dofnum[body] == 0) body = m.body_parentid[body];
  return body > 0 ? m.body_dofadr[body] + m.body_dofnum[body] - 1 : -1;
}

}  // namespace motorium
