// Frames of what sensors look at: bodies (xbody the body frame, body its inertial frame), geoms,
// sites, cameras.
#pragma once
#include "motorium/core/quat.h"
#include "motorium/physics/scratch.h"

namespace motorium {

template <class Real> struct Frame {
  int body;
  Vec3<Real> pos;
  Quat<Real> turn;
  Mat3<Real> R;
};

// a frame fixed to a body
template <class Real>
FN Frame<Real> fixed_frame(const Scratch<Real>& x, int b, const Vec3<Real>& offset,
                           const Quat<Real>& turn) {
  const Quat<Real> q = quat(x.xquat + 4 * b) * turn;
  return {b, vec3(x.xpos + 3 * b) + mat3(x.xmat + 9 * b) * offset, q, to_mat3(q)};
}

// A camera that tracks or looks at a body moves by itself; its quaternion still tells how it is
// mounted.
template <class Real>
FN Frame<Real> object_frame(const ModelView<Real>& m, const Scratch<Real>& x, int type, int id) {
  switch (static_cast<ObjectType>(type)) {
    case ObjectType::body:
      return {id, vec3(x.xipos + 3 * id), quat(x.xquat + 4 * id) * m.body_iquat.four(4 * id),
              mat3(x.ximat + 9 * id)};
    case ObjectType::geom:
      return fixed_frame(x, m.geom_bodyid[id], m.geom_pos.three(3 * id), m.geom_quat.four(4 * id));
    case ObjectType::site:
      return {m.site_bodyid[id], vec3(x.site_xpos + 3 * id),
              quat(x.xquat + 4 * m.site_bodyid[id]) * m.site_quat.four(4 * id),
              mat3(x.site_xmat + 9 * id)};
    case ObjectType::camera:
      return {m.cam_bodyid[id], vec3(x.cam_xpos + 3 * id),
              quat(x.xquat + 4 * m.cam_bodyid[id]) * m.cam_quat.four(4 * id),
              mat3(x.cam_xmat + 9 * id)};
    default:
      return {id, vec3(x.xpos + 3 * id), quat(x.xquat + 4 * id), mat3(x.xmat + 9 * id)};
  }
}

}  // namespace motorium
