#include "motorium/physics/compile/tendon_path.h"

#include <cmath>

#include "motorium/physics/wrap.h"

namespace motorium {
namespace {

void add_segment(TendonPath& path, int body0, const Vec& p0, int body1, const Vec& p1,
                 double share) {
  Segment s = {body0, body1, p0, {1, 0, 0}, p1, share};
  const Vec d = subtract(p1, p0);
  const double length = std::sqrt(dot(d, d));
  if (length > kMinVal) s.direction = scaled(d, 1 / length);
  path.length += length * share;
  path.segments.push_back(s);
}

// site w, geom w + 1, site w + 2
void add_wrap(const Model& m, const Poses0& poses, int w, double share, TendonPath& path) {
  const int site0 = m.wrap_objid[w], geom = m.wrap_objid[w + 1], site1 = m.wrap_objid[w + 2];
  const int side = static_cast<int>(m.wrap_prm[w + 1]);
  const int body0 = m.site_bodyid[site0], body = m.geom_bodyid[geom], body1 = m.site_bodyid[site1];
  const Pose frame =
      compose(poses.body[body], {vec_at(m.geom_pos, geom), quat_at(m.geom_quat, geom)});
  const Vec p0 = site_pose(m, poses, site0).pos, p1 = site_pose(m, poses, site1).pos;
  const auto inside = [&](const Vec& p) {
    const Vec v = rotate(conjugate(frame.quat), subtract(p, frame.pos));
    return Vec3<double>{v[0], v[1], v[2]};
  };
  const auto outside = [&](const Vec3<double>& v) {
    return add(frame.pos, rotate(frame.quat, {v.x, v.y, v.z}));
  };
  const bool cylinder = static_cast<WrapType>(m.wrap_type[w + 1]) == WrapType::cylinder;
  const Wrap<double> wrap =
      wrap_geom(cylinder, m.geom_size[3 * geom], inside(p0), inside(p1), side >= 0,
                inside(side >= 0 ? site_pose(m, poses, side).pos : p0));
  if (!wrap.on) return add_segment(path, body0, p0, body1, p1, share);
  add_segment(path, body0, p0, body, outside(wrap.q0), share);
  add_segment(path, body, outside(wrap.q1), body1, p1, share);
  path.length += wrap.arc * share;
}

}  // namespace

TendonPath tendon_path(const Model& m, const Poses0& poses, const double* qpos, int tendon) {
  TendonPath path;
  const int first = m.tendon_adr[tendon], end = first + m.tendon_num[tendon];
  double share = 1;
  for (int w = first; w < end; ++w) {
    const int id = m.wrap_objid[w];
    switch (static_cast<WrapType>(m.wrap_type[w])) {
      case WrapType::joint:
        path.length += m.wrap_prm[w] * qpos[m.jnt_qposadr[id]];
        break;
      case WrapType::pulley:
        share = 1 / m.wrap_prm[w];
        break;
      case WrapType::site: {
        const auto follower =
            w + 1 < end ? static_cast<WrapType>(m.wrap_type[w + 1]) : WrapType::pulley;
        if (follower == WrapType::pulley) break;
        if (follower != WrapType::site) {
          add_wrap(m, poses, w, share, path);
          break;
        }
        const int next = m.wrap_objid[w + 1];
        add_segment(path, m.site_bodyid[id], site_pose(m, poses, id).pos, m.site_bodyid[next],
                    site_pose(m, poses, next).pos, share);
        break;
      }
      case WrapType::sphere:
      case WrapType::cylinder:
        break;
    }
  }
  return path;
}

}  // namespace motorium
