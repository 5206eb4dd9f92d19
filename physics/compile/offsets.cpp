#include "motorium/physics/compile/offsets.h"

#include <algorithm>

#include "motorium/physics/compile/poses0.h"

namespace motorium {
namespace {

// row i of an array
template <size_t n> void put(std::vector<double>& out, int i, const std::array<double, n>& values) {
  std::copy(values.begin(), values.end(), out.begin() + static_cast<std::ptrdiff_t>(n) * i);
}

}  // namespace

void camera_offsets(Model& m) {
  if (m.ncam == 0) return;

  // centres of mass of subtrees, leaves first
  const Poses0 poses = poses_at_qpos0(m);
  const auto centre_of = [&](int b) {
    return compose(poses.body[b], {vec_at(m.body_ipos, b), {1, 0, 0, 0}}).pos;
  };
  std::vector<Vec> moment(m.nbody);
  for (int b = m.nbody - 1; b >= 0; --b) {
    moment[b] = add(moment[b], scaled(centre_of(b), m.body_mass[b]));
    if (b > 0) moment[m.body_parentid[b]] = add(moment[m.body_parentid[b]], moment[b]);
  }
  m.cam_poscom0.resize(3 * m.ncam);
  m.cam_pos0.resize(3 * m.ncam);
  m.cam_mat0.resize(9 * m.ncam);
  for (int c = 0; c < m.ncam; ++c) {
    const int b = m.cam_bodyid[c], target = m.cam_targetbodyid[c];
    const Pose pose = compose(poses.body[b], {vec_at(m.cam_pos, c), quat_at(m.cam_quat, c)});
    // from the body it looks at, if there is one
    const int of = target >= 0 ? target : b;
    const double mass = m.body_subtreemass[of];
    const Vec com = mass < kMinVal ? centre_of(of) : scaled(moment[of], 1 / mass);
    put(m.cam_poscom0, c, subtract(pose.pos, com));
    put(m.cam_pos0, c, subtract(pose.pos, poses.body[b].pos));
    put(m.cam_mat0, c, to_matrix(pose.quat));
  }
}

void equality_offsets(Model& m) {
  if (m.neq == 0) return;
  const Poses0 poses = poses_at_qpos0(m);
  for (int e = 0; e < m.neq; ++e) {
    const auto type = static_cast<EqualityType>(m.eq_type[e]);
    const bool connect = type == EqualityType::connect, weld = type == EqualityType::weld;
    if (!connect && !weld) continue;
    if (static_cast<ObjectType>(m.eq_objtype[e]) != ObjectType::body) continue;
    if (m.eq_obj1id[e] < 0 || m.eq_obj2id[e] < 0) continue;  // an error that was reported
    double* data = &m.eq_data[12 * e];
    const Pose &first = poses.body[m.eq_obj1id[e]], &second = poses.body[m.eq_obj2id[e]];
    const Pose anchor = {{data[0], data[1], data[2]}, {1, 0, 0, 0}};
    if (connect) {
      // the anchor, given in body 1, seen from body 2
      const Vec pos = relative(second, compose(first, anchor)).pos;
      std::copy(pos.begin(), pos.end(), data + 3);
    } else if (data[11] != 0) {
      // the anchor, given in body 2, seen from body 1, and the rotation between them
      const Vec pos = relative(first, compose(second, anchor)).pos;
      const Quaternion turn = normalized(multiply(conjugate(first.quat), second.quat));
      std::copy(pos.begin(), pos.end(), data + 3);
      std::copy(turn.begin(), turn.end(), data + 6);
    }
  }
}

}  // namespace motorium
