// tendons: paths, parameters and the dofs that change their lengths
#include <algorithm>
#include <set>

#include "motorium/core/limits.h"
#include "motorium/physics/compile/assemble.h"
#include "motorium/physics/compile/tendon_path.h"

namespace motorium {
namespace {

std::string title_of(const TendonSpec& s) {
  return title(s.type == TendonType::spatial ? "spatial" : "fixed", s.name);
}

// joints of a fixed tendon: hinges and slides, each once
void check_fixed(Assembly& a, const TendonSpec& s, const std::string& element,
                 const std::vector<int>& ids) {
  std::set<int> seen;
  for (size_t i = 0; i < ids.size(); ++i) {
    if (ids[i] < 0) continue;
    const std::string joint = title("joint", s.path[i].object);
    const auto type = static_cast<JointType>(a.m.jnt_type[ids[i]]);
    if (type != JointType::hinge && type != JointType::slide) {
      a.malformed(s.path[i].place, element, joint + ": needs hinge or slide joints");
    }
    if (!seen.insert(ids[i]).second) {
      a.malformed(s.path[i].place, element, joint + ": is named twice: add the coefficients");
    }
  }
}

// branches start and end at sites, geoms lie between two sites
void check_spatial(Assembly& a, const TendonSpec& s, const std::string& element) {
  const auto& path = s.path;
  const int n = static_cast<int>(path.size());
  const auto is = [&](int i, WrapType type) { return i >= 0 && i < n && path[i].type == type; };
  if (n == 1) a.malformed(s.place, element, "needs two sites at least");
  for (int i = 0; i < n; ++i) {
    const Place place = path[i].place;
    switch (path[i].type) {
      case WrapType::pulley:
        if (i == n - 1)
          a.malformed(place, element, "pulley: ends the path: add the strand after it");
        if (is(i - 1, WrapType::pulley)) a.malformed(place, element, "pulley: follows another");
        break;
      case WrapType::site:
        if (is(i - 1, WrapType::site) && path[i - 1].object == path[i].object) {
          a.malformed(place, element, "site: follows itself");
        }
        if (n > 1 && (i == 0 || is(i - 1, WrapType::pulley)) &&
            (i == n - 1 || is(i + 1, WrapType::pulley))) {
          a.malformed(place, element, "site: is alone between pulleys: a strand has two ends");
        }
        break;
      default:
        if (!is(i - 1, WrapType::site) || !is(i + 1, WrapType::site)) {
          a.malformed(place, element, "geom: needs a site before and after it");
        }
        if (s.armature > 0) {
          a.malformed(place, element, "armature: does not go with geoms on the path: use 0");
        }
        break;
    }
  }
}

void add_path(Assembly& a, const TendonSpec& s, const std::string& element) {
  Model& m = a.m;
  std::vector<int> ids;
  for (const WrapSpec& wrap : s.path) {
    WrapType type = wrap.type;
    int id = -1;
    double number = 0;
    switch (wrap.type) {
      case WrapType::joint:
        id = a.find(a.joint, "joint", wrap.object, wrap.place, element);
        number = wrap.number;
        break;
      case WrapType::pulley:
        number = wrap.number;
        break;
      case WrapType::site:
        id = a.find(a.site, "site", wrap.object, wrap.place, element);
        break;
      case WrapType::sphere:
      case WrapType::cylinder: {
        id = a.find(a.geom, "geom", wrap.object, wrap.place, element);
        number = a.find(a.site, "sidesite", wrap.sidesite, wrap.place, element);
        if (id < 0) break;
        const auto shape = static_cast<GeomType>(m.geom_type[id]);
        if (shape == GeomType::cylinder) {
          type = WrapType::cylinder;
        } else if (shape != GeomType::sphere) {
          a.malformed(wrap.place, element,
                      title("geom", wrap.object) + ": tendons wrap around spheres and cylinders");
        }
        break;
      }
    }
    ids.push_back(id);
    m.wrap_type.push_back(static_cast<int>(type));
    m.wrap_objid.push_back(id);
    m.wrap_prm.push_back(number);
    ++m.nwrap;
  }
  if (s.path.empty()) a.malformed(s.place, element, "the path is empty");
  if (s.type == TendonType::fixed) {
    check_fixed(a, s, element, ids);
  } else {
    check_spatial(a, s, element);
  }
}

void check_range(Assembly& a, const TendonSpec& s, const std::string& element, bool limited,
                 const std::array<double, 2>& range, const char* attribute) {
  if (!limited || range[0] < range[1]) return;
  a.malformed(s.place, element, std::string(attribute) + ": lower bound is not below upper");
}

void add_tendon(Assembly& a, const TendonSpec& s) {
  Model& m = a.m;
  const std::string element = title_of(s);
  const int id = m.ntendon++;
  m.tendon_name.push_back(s.name);
  if (!s.name.empty() && !a.tendon.emplace(s.name, id).second) {
    a.malformed(s.place, element, "a tendon of this name exists");
  }
  m.tendon_type.push_back(static_cast<int>(s.type));
  m.tendon_adr.push_back(m.nwrap);
  m.tendon_num.push_back(static_cast<int>(s.path.size()));
  m.tendon_group.push_back(s.group);
  add_path(a, s, element);

  // limits
  const bool limited = decide_limited(a, s.limited, s.range.data(), "range", s.place, element);
  const bool bounded = decide_limited(a, s.actuatorfrclimited, s.actuatorfrcrange.data(),
                                      "actuatorfrcrange", s.place, element);
  check_range(a, s, element, limited, s.range, "range");
  check_range(a, s, element, bounded, s.actuatorfrcrange, "actuatorfrcrange");
  if (bounded && (s.actuatorfrcrange[0] > 0 || s.actuatorfrcrange[1] < 0)) {
    a.malformed(s.place, element, "actuatorfrcrange: must contain 0");
  }
  m.tendon_limited.push_back(limited);
  m.tendon_actfrclimited.push_back(bounded);
  append(m.tendon_range, s.range);
  append(m.tendon_actfrcrange, s.actuatorfrcrange);
  m.tendon_margin.push_back(s.margin);
  append(m.tendon_solref_lim, s.solref_limit);
  append(m.tendon_solimp_lim, s.solimp_limit);
  append(m.tendon_solref_fri, s.solref_friction);
  append(m.tendon_solimp_fri, s.solimp_friction);

  // forces
  const auto not_negative = [&](double value, const char* attribute) {
    if (value < 0) a.malformed(s.place, element, std::string(attribute) + ": is negative");
  };
  not_negative(s.stiffness[0], "stiffness");
  not_negative(s.damping[0], "damping");
  not_negative(s.frictionloss, "frictionloss");
  not_negative(s.armature, "armature");
  not_negative(s.width, "width");
  m.tendon_stiffness.push_back(s.stiffness[0]);
  m.tendon_stiffnesspoly.insert(m.tendon_stiffnesspoly.end(), {s.stiffness[1], s.stiffness[2]});
  m.tendon_damping.push_back(s.damping[0]);
  m.tendon_dampingpoly.insert(m.tendon_dampingpoly.end(), {s.damping[1], s.damping[2]});
  m.tendon_frictionloss.push_back(s.frictionloss);
  m.tendon_frictionrow.push_back(s.frictionloss > 0);
  m.tendon_armature.push_back(s.armature);
  m.tendon_width.push_back(s.width);
  if (s.springlength[0] > s.springlength[1]) {
    a.malformed(s.place, element, "springlength: the numbers must not fall");
  }
  append(m.tendon_lengthspring, s.springlength);
}

// dofs of the joints, or of all bodies that the string touches
void find_dofs(Model& m, int t) {
  std::vector<bool> used(m.nv, false);
  for (int w = m.tendon_adr[t]; w < m.tendon_adr[t] + m.tendon_num[t]; ++w) {
    const int id = m.wrap_objid[w];
    if (id < 0) continue;
    const auto type = static_cast<WrapType>(m.wrap_type[w]);
    if (type == WrapType::joint) {
      used[m.jnt_dofadr[id]] = true;
      continue;
    }
    const int body = type == WrapType::site ? m.site_bodyid[id] : m.geom_bodyid[id];
    for (int i = 0; i < m.nv; ++i) {
      const auto word = static_cast<uint32_t>(m.body_dofmask[body * m.nword + i / 32]);
      if (word >> i % 32 & 1) used[i] = true;
    }
  }
  m.ten_J_rowadr.push_back(m.nJten);
  for (int i = 0; i < m.nv; ++i) {
    if (used[i]) m.ten_J_colind.push_back(i);
  }
  m.ten_J_rownnz.push_back(static_cast<int>(m.ten_J_colind.size()) - m.nJten);
  m.nJten = static_cast<int>(m.ten_J_colind.size());
}

}  // namespace

void assemble_tendons(Assembly& a) {
  Model& m = a.m;
  for (const TendonSpec& tendon : a.scene.spec.tendons) {
    add_tendon(a, tendon);
    find_dofs(m, m.ntendon - 1);
    if (m.nJten > limits::kTendonNumbers) {
      a.malformed(tendon.place, title_of(tendon),
                  "more than " + std::to_string(limits::kTendonNumbers) +
                      " numbers in the Jacobians of tendons");
      return;
    }
  }
  for (int t = 0; t < m.ntendon; ++t) {
    if (m.tendon_limited[t]) m.limit_tendon.push_back(t);
  }
  m.ntendonlimit = static_cast<int>(m.limit_tendon.size());
}

void rest_tendons(Model& m) {
  const Poses0 poses = poses_at(m, m.qpos_spring);
  for (int t = 0; t < m.ntendon; ++t) {
    double* rest = &m.tendon_lengthspring[2 * t];
    if (rest[0] != -1 || rest[1] != -1) continue;
    rest[0] = rest[1] = tendon_path(m, poses, m.qpos_spring.data(), t).length;
  }
}

}  // namespace motorium
