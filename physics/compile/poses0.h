// Frames of everything at qpos0 and other configurations, in the world.
#pragma once
#include <vector>

#include "motorium/physics/model.h"
#include "motorium/physics/spec/pose.h"

namespace motorium {

inline Vec vec_at(const std::vector<double>& a, int i) {
  return {a[3 * i], a[3 * i + 1], a[3 * i + 2]};
}
inline Quaternion quat_at(const std::vector<double>& a, int i) {
  return {a[4 * i], a[4 * i + 1], a[4 * i + 2], a[4 * i + 3]};
}

struct Poses0 {
  std::vector<Pose> body;         // (nbody)
  std::vector<Vec> joint_anchor;  // (njnt)
  std::vector<Vec> joint_axis;    // (njnt)
};

Poses0 poses_at_qpos0(const Model& m);
Poses0 poses_at(const Model& m, const std::vector<double>& qpos);
// pose of a site in the world
Pose site_pose(const Model& m, const Poses0& poses, int site);
// last dof that moves the body, or -1
int last_dof(const Model& m, int body);

}  // namespace motorium
