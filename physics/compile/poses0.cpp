#include "motorium/physics/compile/poses0.h"

namespace motorium {

Poses0 poses_at_qpos0(const Model& m) {
  Poses0 out;
  out.body.resize(m.nbody);
  out.joint_anchor.resize(m.njnt);
  out.joint_axis.resize(m.njnt);
  for (int b = 1; b < m.nbody; ++b) {
    const Pose local = {vec_at(m.body_pos, b), quat_at(m.body_quat, b)};
    Pose pose = compose(out.body[m.body_parentid[b]], local);
    for (int j = m.body_jntadr[b]; j >= 0 && j < m.body_jntadr[b] + m.body_jntnum[b]; ++j) {
      // at qpos0 hinges and slides do not move and balls are the identity
      if (static_cast<JointType>(m.jnt_type[j]) == JointType::free) {
        const double* q = &m.qpos0[m.jnt_qposadr[j]];
        pose = {{q[0], q[1], q[2]}, normalized({q[3], q[4], q[5], q[6]})};
      }
      out.joint_anchor[j] = add(pose.pos, rotate(pose.quat, vec_at(m.jnt_pos, j)));
      out.joint_axis[j] = rotate(pose.quat, vec_at(m.jnt_axis, j));
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
