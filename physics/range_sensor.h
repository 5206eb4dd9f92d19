// What sites and cameras see: rangefinders along a site's z, and a site in a camera's image.
#pragma once
#include "motorium/physics/object_frame.h"
#include "motorium/physics/ray_cast.h"

namespace motorium {

// the numbers of RayData that the sensor asks for, in their order; its own body is no obstacle
template <class Real>
FN void range_sensor(const ModelView<Real>& m, const Scratch<Real>& x, int i, Real* out) {
  const int site = m.sensor_objid[i], data = m.sensor_intprm[3 * i];
  const Vec3<Real> p = vec3(x.site_xpos + 3 * site), v = mat3(x.site_xmat + 9 * site).column(2);
  const RayCast<Real> ray = cast_ray(m, x, RayFilter{}, Int<Real>(m.site_bodyid[site]), p, v);
  const Mask<Real> hit = ray.dist >= Real(0.f);
  const Vec3<Real> none = {Real(0.f), Real(0.f), Real(0.f)};
  const auto add3 = [&](const Vec3<Real>& a) {
    put3(out, a);
    out += 3;
  };
  if (data & kRayDist) *out++ = ray.dist;
  if (data & kRayDir) add3(select<Real>(hit, v, none));
  if (data & kRayOrigin) add3(p);
  if (data & kRayPoint) add3(select<Real>(hit, add_scaled(p, ray.dist, v), none));
  if (data & kRayNormal) add3(ray.normal);
  if (data & kRayDepth) *out++ = ray.dist;
}

// Pixel of a site in a camera's image, (0, 0) the top left corner. With d the site in the camera's
// frame, which looks along -z:
//   u = width / 2 - fx d_x / d_z,   v = height / 2 + fy d_y / d_z
template <class Real>
FN void camera_projection(const ModelView<Real>& m, const Scratch<Real>& x, int i, Real* out) {
  const int site = m.sensor_objid[i], c = m.sensor_refid[i];
  const Vec3<Real> d = transpose_times(mat3(x.cam_xmat + 9 * c),
                                       vec3(x.site_xpos + 3 * site) - vec3(x.cam_xpos + 3 * c));
  const Real width = Real(static_cast<Scalar<Real>>(m.cam_resolution[2 * c]));
  const Real height = Real(static_cast<Scalar<Real>>(m.cam_resolution[2 * c + 1]));
  Real fx, fy;
  if (m.cam_sensorsize.p[2 * c] > 0 && m.cam_sensorsize.p[2 * c + 1] > 0) {
    // in float, as MuJoCo computes them
    const auto focal = [&](int axis) {
      const auto length = static_cast<float>(m.cam_intrinsic.p[4 * c + axis]);
      const auto size = static_cast<float>(m.cam_sensorsize.p[2 * c + axis]);
      return length / size * static_cast<float>(m.cam_resolution[2 * c + axis]);
    };
    fx = Real(focal(0));
    fy = Real(focal(1));
  } else {
    Real sine, cosine;
    sincos(m.cam_fovy[c] * number<Real>(3.14159265358979323846 / 360), sine, cosine);
    fx = fy = Real(0.5f) * height * cosine / sine;
  }
  const Real tiny = number<Real>(1e-15);
  const Real z = select(abs(d.z) < tiny, select(d.z < Real(0.f), -tiny, tiny), d.z);
  out[0] = fma(-fx, d.x / z, Real(0.5f) * width);
  out[1] = fma(fy, d.y / z, Real(0.5f) * height);
}

}  // namespace motorium
