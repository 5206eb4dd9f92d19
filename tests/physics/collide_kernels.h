// Colliders over arrays of cases, for tests and benchmarks: one table per instruction set.
#pragma once

namespace motorium {

// poses of two geoms and what to do with them
template <class S> struct CollideCase {
  S pos1[3], R1[9], size1[3], pos2[3], R2[9], size2[3];
  S margin;
  bool active;
};

template <class S> struct CollideResult {
  bool found[8];
  S dist[8], pos[8][3], normal[8][3];
};

// slots of each collider, in the order of the enum Collider
static constexpr int kColliderSlots[9] = {1, 2, 4, 1, 1, 1, 2, 2, 8};
[[maybe_unused]] static constexpr const char* kColliderName[9] = {
    "plane_sphere", "plane_capsule",   "plane_box",   "sphere_sphere", "sphere_capsule",
    "sphere_box",   "capsule_capsule", "capsule_box", "box_box"};

template <class S>
using CollideEntry = void (*)(int collider, const CollideCase<S>* in, int n, CollideResult<S>* out);
// nanoseconds per case of `repeats` runs over packs that are prepared once, n >= 16
using CollideTimer = double (*)(int collider, const CollideCase<float>* in, int n, int repeats);

struct CollideKernels {
  CollideEntry<double> in_double;
  CollideEntry<float> in_float, in_pack8, in_widest;  // widest: 8 or 16 worlds in a pack
  CollideTimer time_float, time_pack8, time_widest;
};

}  // namespace motorium

extern "C" const motorium::CollideKernels motorium_physics_check_v3_collide,
    motorium_physics_check_v4_collide;
