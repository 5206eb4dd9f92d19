// What sites and cameras see: rangefinders along a site's z or through the pixels of an image, and
// a site in a camera's image.
#pragma once
#include "motorium/physics/object_frame.h"
#include "motorium/physics/ray_cast.h"

namespace motorium {

// the numbers of RayData that a sensor asks for about one ray of unit direction v, in their order;
// returns where the next ones go. look: against the view of a camera, else v
template <class Real>
FN Real* report_ray(const ModelView<Real>& m, const Scratch<Real>& x, int data, int own_body,
                    const Vec3<Real>& p, const Vec3<Real>& v, const Vec3<Real>& look, Real* out) {
  const RayCast<Real> ray = cast_ray(m, x, RayFilter{}, Int<Real>(own_body), p, v);
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
  if (data & kRayDepth) *out++ = select(hit, ray.dist * dot(v, look), Real(-1.f));
  return out;
}

// focal lengths of a camera that shows depth [pixels]; by its lens in float, as MuJoCo has them
template <class Real> FN void focal_lengths(const ModelView<Real>& m, int c, Real& fx, Real& fy) {
  if (m.cam_sensorsize.p[2 * c] > 0 && m.cam_sensorsize.p[2 * c + 1] > 0) {
    const auto focal = [&](int axis) {
      const auto length = static_cast<float>(m.cam_intrinsic.p[4 * c + axis]);
      const auto size = static_cast<float>(m.cam_sensorsize.p[2 * c + axis]);
      return length / size * static_cast<float>(m.cam_resolution[2 * c + axis]);
    };
    fx = Real(focal(0));
    fy = Real(focal(1));
    return;
  }
  const Real height = Real(static_cast<Scalar<Real>>(m.cam_resolution[2 * c + 1]));
  Real sine, cosine;
  sincos(m.cam_fovy[c] * number<Real>(3.14159265358979323846 / 360), sine, cosine);
  fx = fy = Real(0.5f) * height * cosine / sine;
}

// One ray for each pixel of a camera's image, row by row. With u, v the middle of a pixel from the
// principal point in focal lengths:
//   perspective     from the camera along (u, -v, -1)
//   orthographic    from (u, -v, 0) fovy / 2 along (0, 0, -1)
// The principal point is the middle of the image; with a lens it is the lens's, from the corner
template <class Real>
STAGE void image_sensor(const ModelView<Real>& m, const Scratch<Real>& x, int i, Real* out) {
  const int c = m.sensor_objid[i], width = m.cam_resolution[2 * c],
            height = m.cam_resolution[2 * c + 1];
  const bool flat = m.cam_projection[c] != 0;
  const Vec3<Real> eye = vec3(x.cam_xpos + 3 * c);
  const Mat3<Real> R = mat3(x.cam_xmat + 9 * c);
  const Real half = Real(0.5f), zero = Real(0.f);
  const Real w = Real(static_cast<Scalar<Real>>(width)),
             h = Real(static_cast<Scalar<Real>>(height));
  Real fx = half * w, fy = half * h, cx = half * w, cy = half * h;
  if (!flat) {
    focal_lengths(m, c, fx, fy);
    if (m.cam_sensorsize.p[2 * c] > 0 && m.cam_sensorsize.p[2 * c + 1] > 0) {
      const auto middle = [&](int axis, int pixels) {
        return static_cast<float>(m.cam_intrinsic.p[4 * c + 2 + axis]) /
               static_cast<float>(m.cam_sensorsize.p[2 * c + axis]) * static_cast<float>(pixels);
      };
      cx = Real(middle(0, width));
      cy = Real(middle(1, height));
    }
  }
  for (int row = 0; row < height; ++row) {
    for (int column = 0; column < width; ++column) {
      const Real u = (Real(static_cast<Scalar<Real>>(column)) + half - cx) / fx;
      const Real v = (Real(static_cast<Scalar<Real>>(row)) + half - cy) / fy;
      const Real reach = flat ? half * m.cam_fovy[c] : zero;
      const Vec3<Real> p = eye + R * Vec3<Real>{u * reach, -v * reach, zero};
      const Vec3<Real> way = {flat ? zero : u, flat ? zero : -v, Real(-1.f)};
      out = report_ray(m, x, m.sensor_intprm[3 * i], m.cam_bodyid[c], p,
                       R * (way * (Real(1.f) / norm(way))), -R.column(2), out);
    }
  }
}

// a ray along a site's z, or an image; its own body is no obstacle
template <class Real>
FN void range_sensor(const ModelView<Real>& m, const Scratch<Real>& x, int i, Real* out) {
  if (static_cast<ObjectType>(m.sensor_objtype[i]) == ObjectType::camera)
    return image_sensor(m, x, i, out);
  const int site = m.sensor_objid[i];
  const Vec3<Real> v = mat3(x.site_xmat + 9 * site).column(2);
  report_ray(m, x, m.sensor_intprm[3 * i], m.site_bodyid[site], vec3(x.site_xpos + 3 * site), v, v,
             out);
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
  focal_lengths(m, c, fx, fy);
  const Real tiny = number<Real>(1e-15);
  const Real z = select(abs(d.z) < tiny, select(d.z < Real(0.f), -tiny, tiny), d.z);
  out[0] = fma(-fx, d.x / z, Real(0.5f) * width);
  out[1] = fma(fy, d.y / z, Real(0.5f) * height);
}

}  // namespace motorium
