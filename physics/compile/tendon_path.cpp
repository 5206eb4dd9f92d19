#include "motorium/physics/compile/tendon_path.h"

#include <cmath>

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
        if (w + 1 == end || static_cast<WrapType>(m.wrap_type[w + 1]) != WrapType::site) break;
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
