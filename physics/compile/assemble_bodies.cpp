#include <algorithm>
#include <numbers>

#include "motorium/core/limits.h"
#include "motorium/physics/compile/assemble.h"
#include "motorium/physics/compile/poses0.h"
#include "motorium/physics/spec/text.h"

namespace motorium {
namespace {

int dofs_of(JointType type) {
  return type == JointType::free ? 6 : type == JointType::ball ? 3 : 1;
}
int positions_of(JointType type) {
  return type == JointType::free ? 7 : type == JointType::ball ? 4 : 1;
}

// which joints a body may have together
void check_joints(Assembly& a, const SceneBody& body) {
  const std::string element = title("body", body.spec->name);
  int dofs = 0;
  bool ball = false;
  for (const SceneJoint& j : body.joints) {
    const JointType type = j.spec->type;
    const std::string joint = title("joint", j.spec->name);
    if (type == JointType::free && body.joints.size() > 1) {
      a.malformed(j.spec->place, joint, "a free joint must be the only joint of its body");
    }
    if (type == JointType::free && body.parent != 0) {
      a.malformed(j.spec->place, joint, "a free joint needs a child of the world");
    }
    if (ball && (type == JointType::ball || type == JointType::hinge)) {
      a.malformed(j.spec->place, joint, "no rotation may follow a ball joint in one body");
    }
    ball = ball || type == JointType::ball;
    dofs += dofs_of(type);
  }
  if (dofs > 6) {
    a.malformed(body.spec->place, element, "has " + std::to_string(dofs) + " dofs: at most 6 fit");
  }
  if (body.spec->mocap && (body.parent != 0 || !body.joints.empty())) {
    a.malformed(body.spec->place, element, "mocap: needs a child of the world without joints");
  }
}

void add_joint(Assembly& a, const SceneBody& body, const SceneJoint& joint, int body_id) {
  Model& m = a.m;
  const JointSpec& s = *joint.spec;
  const std::string element = title("joint", s.name);
  const int id = m.njnt++;
  const bool hinge = s.type == JointType::hinge, ball = s.type == JointType::ball;
  const bool scalar = hinge || s.type == JointType::slide;
  const double unit = a.scene.spec.compiler.degree ? std::numbers::pi / 180 : 1;
  m.jnt_name.push_back(s.name);
  add_name(a, a.joint, s.name, id, "joint", s.place);
  m.jnt_type.push_back(static_cast<int>(s.type));
  m.jnt_qposadr.push_back(m.nq);
  m.jnt_dofadr.push_back(m.nv);
  m.jnt_bodyid.push_back(body_id);
  append(m.jnt_pos, joint.pos);
  append(m.jnt_axis, joint.axis);
  m.jnt_stiffness.push_back(s.stiffness);
  append(m.jnt_stiffnesspoly, s.stiffness_poly);
  m.jnt_actgravcomp.push_back(s.actuatorgravcomp);
  if (s.stiffness < 0) a.malformed(s.place, element, "stiffness: is negative");
  if (s.damping < 0) a.malformed(s.place, element, "damping: is negative");
  if ((s.springdamper[0] != 0 || s.springdamper[1] != 0) &&
      (s.springdamper[0] <= 0 || s.springdamper[1] <= 0)) {
    a.malformed(s.place, element, "springdamper: both numbers must be positive");
  }
  if (s.armature < 0) a.malformed(s.place, element, "armature: is negative");
  if (s.frictionloss < 0) a.malformed(s.place, element, "frictionloss: is negative");

  // limits; angles are converted where they act
  std::array<double, 2> range = s.range;
  bool limited = false;
  if (s.type != JointType::free) {
    limited = decide_limited(a, s.limited, range.data(), "range", s.place, element);
  } else if (s.limited == Tristate::on) {
    a.note("limits of free joints: ignored");
  }
  if (limited && (hinge || ball)) range = {range[0] * unit, range[1] * unit};
  if (limited && !ball && range[0] >= range[1]) {
    a.malformed(s.place, element,
                "range=\"" + number_text(s.range[0]) + " " + number_text(s.range[1]) +
                    "\": lower bound is not below upper: did you swap them, or mean autolimits?");
  }
  if (limited && ball && range[0] != 0) {
    a.malformed(s.place, element, "range: the first number of a ball joint must be 0");
  }
  m.jnt_limited.push_back(limited);
  append(m.jnt_range, range);
  m.jnt_margin.push_back(s.margin);
  append(m.jnt_solref, s.solref_limit);
  append(m.jnt_solimp, s.solimp_limit);
  bool force_limited = decide_limited(a, s.actuatorfrclimited, s.actuatorfrcrange.data(),
                                      "actuatorfrcrange", s.place, element);
  if (force_limited && !scalar) {
    a.note("actuatorfrcrange of ball and free joints: ignored");
    force_limited = false;
  }
  if (force_limited && s.actuatorfrcrange[0] >= s.actuatorfrcrange[1]) {
    a.malformed(s.place, element, "actuatorfrcrange: lower bound is not below upper");
  }
  m.jnt_actfrclimited.push_back(force_limited);
  append(m.jnt_actfrcrange, s.actuatorfrcrange);

  // reference positions
  if (s.type == JointType::free) {
    append(m.qpos0, body.pose.pos);
    append(m.qpos0, body.pose.quat);
  } else if (ball) {
    append(m.qpos0, Quaternion{1, 0, 0, 0});
  } else {
    m.qpos0.push_back(hinge ? s.ref * unit : s.ref);
  }
  if (scalar) {
    m.qpos_spring.push_back(hinge ? s.springref * unit : s.springref);
  } else {
    m.qpos_spring.insert(m.qpos_spring.end(), m.qpos0.begin() + m.nq, m.qpos0.end());
  }
  m.nq += positions_of(s.type);
  for (int i = 0; i < dofs_of(s.type); ++i) {
    m.dof_bodyid.push_back(body_id);
    m.dof_jntid.push_back(id);
    m.dof_armature.push_back(s.armature);
    m.dof_damping.push_back(s.damping);
    append(m.dof_dampingpoly, s.damping_poly);
    m.dof_frictionloss.push_back(s.frictionloss);
    append(m.dof_solref, s.solref_friction);
    append(m.dof_solimp, s.solimp_friction);
    ++m.nv;
  }
}

// opacity of a geom: its material's, or its own
float alpha_of(const Assembly& a, const GeomSpec& s) {
  const auto found = a.material.find(s.material);
  return found == a.material.end() ? s.rgba[3] : a.scene.spec.materials[found->second].rgba[3];
}

void add_geom(Assembly& a, const SceneGeom& geom, int body_id) {
  Model& m = a.m;
  const GeomSpec& s = *geom.spec;
  const int id = m.ngeom++;
  m.geom_name.push_back(s.name);
  add_name(a, a.geom, s.name, id, "geom", s.place);
  m.geom_type.push_back(static_cast<int>(geom.type));
  m.geom_contype.push_back(s.contype);
  m.geom_conaffinity.push_back(s.conaffinity);
  m.geom_condim.push_back(s.condim);
  m.geom_bodyid.push_back(body_id);
  m.geom_group.push_back(s.group);
  m.geom_priority.push_back(s.priority);
  const Scene& scene = a.scene;
  m.geom_dataid.push_back(geom.data < 0                   ? -1
                          : geom.type == GeomType::hfield ? scene.hfield_id[geom.data]
                                                          : scene.mesh_id[geom.data]);
  m.geom_visible.push_back(alpha_of(a, s) != 0);
  append(m.geom_pos, geom.pose.pos);
  append(m.geom_quat, geom.pose.quat);
  append(m.geom_size, geom.size);
  m.geom_rbound.push_back(geom.rbound);
  append(m.geom_aabb, geom.aabb);
  m.geom_margin.push_back(s.margin);
  m.geom_gap.push_back(s.gap);
  m.geom_solmix.push_back(s.solmix);
  m.geom_adhesion.push_back(s.adhesion);
  append(m.geom_surfacevel, s.surfacevel);
  append(m.geom_fluid, fluid_parameters(geom.type, geom.size, s.fluid_ellipsoid, s.fluidcoef));
  append(m.geom_solref, s.solref);
  append(m.geom_solimp, s.solimp);
  append(m.geom_friction, s.friction);
}

void add_site(Assembly& a, const SceneSite& site, int body_id) {
  Model& m = a.m;
  const int id = m.nsite++;
  m.site_name.push_back(site.spec->name);
  add_name(a, a.site, site.spec->name, id, "site", site.spec->place);
  m.site_type.push_back(static_cast<int>(site.type));
  m.site_bodyid.push_back(body_id);
  m.site_dataid.push_back(site.data < 0 ? -1 : a.scene.mesh_id[site.data]);
  append(m.site_pos, site.pose.pos);
  append(m.site_quat, site.pose.quat);
  append(m.site_size, site.size);
}

void add_body(Assembly& a, const SceneBody& body, int id) {
  Model& m = a.m;
  m.body_name.push_back(body.spec->name);
  add_name(a, a.body, body.spec->name, id, "body", body.spec->place);
  const int parent = std::max(body.parent, 0);
  m.body_parentid.push_back(parent);
  m.body_rootid.push_back(id == 0 ? 0 : parent == 0 ? id : m.body_rootid[parent]);
  const bool own = id == 0 || !body.joints.empty() || body.spec->mocap;
  m.body_weldid.push_back(own ? id : m.body_weldid[parent]);
  m.body_mocapid.push_back(body.spec->mocap ? m.nmocap++ : -1);
  m.body_jntnum.push_back(static_cast<int>(body.joints.size()));
  m.body_jntadr.push_back(body.joints.empty() ? -1 : m.njnt);
  const int first_dof = m.nv;
  check_joints(a, body);
  for (const SceneJoint& j : body.joints) add_joint(a, body, j, id);
  m.body_dofnum.push_back(m.nv - first_dof);
  m.body_dofadr.push_back(m.nv > first_dof ? first_dof : -1);
  m.body_geomnum.push_back(static_cast<int>(body.geoms.size()));
  m.body_geomadr.push_back(body.geoms.empty() ? -1 : m.ngeom);
  for (const SceneGeom& g : body.geoms) add_geom(a, g, id);
  for (const SceneSite& s : body.sites) add_site(a, s, id);
  append(m.body_pos, body.pose.pos);
  append(m.body_quat, body.pose.quat);
  append(m.body_ipos, body.inertial.pos);
  append(m.body_iquat, body.inertial.quat);
  m.body_gravcomp.push_back(body.spec->gravcomp);
  m.ngravcomp += body.spec->gravcomp != 0;
  m.body_mass.push_back(body.mass);
  append(m.body_inertia, body.inertia);
}

// planes do not move, and what moves has mass
void check_motion(Assembly& a) {
  Model& m = a.m;
  std::vector<double> mass = m.body_mass, inertia(m.nbody);
  for (int b = 0; b < m.nbody; ++b) {
    const double* I = &m.body_inertia[3 * b];
    inertia[b] = std::min({I[0], I[1], I[2]});
  }
  // what is welded to a body counts as its own
  for (int b = m.nbody - 1; b > 0; --b) {
    if (m.body_weldid[b] == b) continue;
    mass[m.body_parentid[b]] = std::max(mass[m.body_parentid[b]], mass[b]);
    inertia[m.body_parentid[b]] = std::max(inertia[m.body_parentid[b]], inertia[b]);
  }
  for (int b = 1; b < m.nbody; ++b) {
    if (m.body_dofnum[b] == 0) continue;
    if (mass[b] > kMinVal && inertia[b] > kMinVal) continue;
    const BodySpec& spec = *a.scene.bodies[b].spec;
    a.malformed(spec.place, title("body", spec.name),
                "moves without mass or inertia: give it an <inertial> or geoms with mass");
  }
  for (int g = 0; g < m.ngeom; ++g) {
    if (static_cast<GeomType>(m.geom_type[g]) != GeomType::plane) continue;
    if (last_dof(m, m.geom_bodyid[g]) < 0) continue;
    const SceneBody& body = a.scene.bodies[m.geom_bodyid[g]];
    a.malformed(body.spec->place, title("body", body.spec->name), "a plane cannot move");
  }
}

}  // namespace

void add_name(Assembly& a, NameMap& names, const std::string& name, int id, const char* tag,
              Place place) {
  if (name.empty()) return;
  if (!names.emplace(name, id).second) {
    a.malformed(place, title(tag, name), std::string("a ") + tag + " of this name exists");
  }
}

int Assembly::find(const NameMap& names, const std::string& kind, const std::string& name,
                   Place place, const std::string& element) {
  if (name.empty()) return -1;
  const auto found = names.find(name);
  if (found != names.end()) return found->second;
  // the nearest name of the kind, in small models
  std::vector<std::string_view> known;
  if (names.size() <= 200 && !scene.problems.full()) {
    for (const auto& [known_name, id] : names) known.push_back(known_name);
    std::sort(known.begin(), known.end());
  }
  const std::string near = nearest_word(name, known);
  malformed(place, element,
            kind + "=\"" + printable(name) + "\": no " + kind + " of this name" +
                (near.empty() ? "" : ": did you mean " + printable(near) + "?"));
  return -1;
}

void Assembly::note(const std::string& line) {
  std::vector<std::string>& report = scene.report;
  if (std::find(report.begin(), report.end(), line) == report.end()) report.push_back(line);
}

bool decide_limited(Assembly& a, Tristate limited, const double* range, const char* attribute,
                    Place place, const std::string& element) {
  if (limited != Tristate::automatic) return limited == Tristate::on;
  if (a.scene.spec.compiler.autolimits) {
    return range[0] < range[1];
  }
  if (range[0] != 0 || range[1] != 0) {
    a.malformed(place, element,
                std::string(attribute) +
                    ": is given, but nothing says that it acts: set the limited attribute, or "
                    "compiler/autolimits");
  }
  return false;
}

// k = I / (tau ratio)^2,  b = 2 I / tau,  I the mean inertia that the joint feels at qpos0
void finish_springs(Assembly& a) {
  Model& m = a.m;
  int j = 0;
  for (const SceneBody& body : a.scene.bodies) {
    for (const SceneJoint& joint : body.joints) {
      const auto [time_constant, ratio] = joint.spec->springdamper;
      const int first = m.jnt_dofadr[j], count = dofs_of(joint.spec->type), id = j++;
      if (time_constant <= 0 || ratio <= 0) continue;
      double weight = 0;
      for (int i = first; i < first + count; ++i) weight += m.dof_invweight0[i];
      const double inertia = count / std::max(weight, kMinVal);
      const double rate2 = time_constant * time_constant * ratio * ratio;
      m.jnt_stiffness[id] = inertia / std::max(rate2, kMinVal);
      for (int i = first; i < first + count; ++i) {
        m.dof_damping[i] = 2 * inertia / std::max(time_constant, kMinVal);
      }
    }
  }
}

void assemble_bodies(Assembly& a) {
  Model& m = a.m;
  m.nbody = static_cast<int>(a.scene.bodies.size());
  const std::vector<MaterialSpec>& materials = a.scene.spec.materials;
  for (size_t i = 0; i < materials.size(); ++i) {
    if (!materials[i].name.empty()) a.material.emplace(materials[i].name, static_cast<int>(i));
  }
  for (int b = 0; b < m.nbody; ++b) add_body(a, a.scene.bodies[b], b);
  if (m.nv > limits::kDofs) {
    a.malformed({}, "model",
                std::to_string(m.nv) + " dofs: at most " + std::to_string(limits::kDofs));
  }
  if (m.ngeom > limits::kGeoms) {
    a.malformed({}, "model",
                std::to_string(m.ngeom) + " geoms: at most " + std::to_string(limits::kGeoms));
  }
  a.scene.problems.throw_if_any();
  check_motion(a);
}

}  // namespace motorium
