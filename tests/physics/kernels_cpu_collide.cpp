// built once per instruction set, see collide_kernels.h
#include <time.h>

#include "motorium/physics/collide_box_box.h"
#include "motorium/physics/collide_capsule.h"
#include "motorium/physics/collide_plane.h"
#include "tests/physics/collide_kernels.h"

namespace motorium {

template <class Real> struct CollidePack {
  GeomPose<Real> a, b;
  Real margin;
  Mask<Real> active;
};

template <class Real>
STAGE void collide_any(int collider, const CollidePack<Real>& p, ContactPoint<Real>* out) {
  switch (collider) {
    case 0:
      return collide_plane_sphere(p.a, p.b, p.margin, p.active, out);
    case 1:
      return collide_plane_capsule(p.a, p.b, p.margin, p.active, out);
    case 2:
      return collide_plane_box(p.a, p.b, p.margin, p.active, out);
    case 3:
      return collide_sphere_sphere(p.a, p.b, p.margin, p.active, out);
    case 4:
      return collide_sphere_capsule(p.a, p.b, p.margin, p.active, out);
    case 5:
      return collide_sphere_box(p.a, p.b, p.margin, p.active, out);
    case 6:
      return collide_capsule_capsule(p.a, p.b, p.margin, p.active, out);
    case 7:
      return collide_capsule_box(p.a, p.b, p.margin, p.active, out);
    default:
      return collide_box_box(p.a, p.b, p.margin, p.active, out);
  }
}

// W cases side by side; lanes beyond the last case repeat the first one, inactive
template <class Real>
STAGE void pack_cases(const CollideCase<Scalar<Real>>* in, int n, CollidePack<Real>& p) {
  for (int lane = 0; lane < kWidth<Real>; ++lane) {
    const CollideCase<Scalar<Real>>& c = in[lane < n ? lane : 0];
    for (int k = 0; k < 3; ++k) {
      put(p.a.pos[k], lane, c.pos1[k]);
      put(p.b.pos[k], lane, c.pos2[k]);
      put(p.a.size[k], lane, c.size1[k]);
      put(p.b.size[k], lane, c.size2[k]);
    }
    for (int k = 0; k < 9; ++k) {
      put(p.a.R.m[k], lane, c.R1[k]);
      put(p.b.R.m[k], lane, c.R2[k]);
    }
    put(p.margin, lane, c.margin);
    put_mask<Real>(p.active, lane, lane < n && c.active);
  }
}

template <class Real>
STAGE void collide_cases(int collider, const CollideCase<Scalar<Real>>* in, int n,
                         CollideResult<Scalar<Real>>* out) {
  constexpr int W = kWidth<Real>;
  for (int first = 0; first < n; first += W) {
    CollidePack<Real> p;
    pack_cases(in + first, n - first, p);
    ContactPoint<Real> point[8];
    __builtin_memset(static_cast<void*>(point), 0xff, sizeof point);  // poison: NaN, found
    collide_any(collider, p, point);
    for (int lane = 0; lane < W && first + lane < n; ++lane) {
      CollideResult<Scalar<Real>>& r = out[first + lane];
      r = {};
      for (int k = 0; k < kColliderSlots[collider]; ++k) {
        r.found[k] = get_mask<Real>(point[k].found, lane);
        r.dist[k] = get(point[k].dist, lane);
        for (int i = 0; i < 3; ++i) {
          r.pos[k][i] = get(point[k].pos[i], lane);
          r.normal[k][i] = get(point[k].normal[i], lane);
        }
      }
    }
  }
}

template <class Real>
STAGE double collide_time(int collider, const CollideCase<float>* in, int n, int repeats) {
  constexpr int W = kWidth<Real>, kPacks = 32;
  static CollidePack<Real> packs[kPacks];
  const int count = n / W < kPacks ? n / W : kPacks;
  for (int k = 0; k < count; ++k) pack_cases(in + k * W, W, packs[k]);
  ContactPoint<Real> point[8];
  timespec start, end;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &start);
  for (int r = 0; r < repeats; ++r)
    for (int k = 0; k < count; ++k) {
      collide_any(collider, packs[k], point);
      asm volatile("" : : "r"(point) : "memory");
    }
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end);
  const double ns = 1e9 * static_cast<double>(end.tv_sec - start.tv_sec) +
                    static_cast<double>(end.tv_nsec - start.tv_nsec);
  return ns / repeats / (count * W);
}

}  // namespace motorium

#if defined(__AVX512F__)
using WidestPack = motorium::Pack<16>;
#else
using WidestPack = motorium::Pack<8>;
#endif
#define MOTORIUM_JOIN_NAMES(a, b, c) a##b##c
#define MOTORIUM_TABLE_NAME(isa) MOTORIUM_JOIN_NAMES(motorium_physics_check_, isa, _collide)
extern "C" const motorium::CollideKernels MOTORIUM_TABLE_NAME(MOTORIUM_ISA_NAME) = {
    motorium::collide_cases<double>,
    motorium::collide_cases<float>,
    motorium::collide_cases<motorium::Pack<8>>,
    motorium::collide_cases<WidestPack>,
    motorium::collide_time<float>,
    motorium::collide_time<motorium::Pack<8>>,
    motorium::collide_time<WidestPack>};
