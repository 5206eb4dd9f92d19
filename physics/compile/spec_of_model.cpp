#include "motorium/physics/compile/spec_of_model.h"

#include <algorithm>
#include <cmath>
#include <type_traits>
#include <utility>
#include <vector>

#include "motorium/core/error.h"
#include "motorium/physics/compile/compile.h"
#include "motorium/physics/compile/poses0.h"
#include "motorium/physics/compile/scene.h"
#include "motorium/physics/spec/text.h"

namespace motorium {
namespace {

template <class T, size_t n>
void take(std::array<T, n>& out, const std::vector<double>& from, int row, int columns = n) {
  for (int i = 0; i < columns; ++i) out[i] = static_cast<T>(from[row * columns + i]);
}
Tristate on_or_off(int limited) { return limited ? Tristate::on : Tristate::off; }
Orientation quaternion(const Quaternion& q) {
  Orientation out;
  std::copy(q.begin(), q.end(), out.v.begin());
  return out;
}

// angles in radians, nothing left to the compiler
CompilerSpec plain_compiler(const CompilerSpec& from) {
  CompilerSpec out = from;
  out.degree = out.balanceinertia = out.alignfree = out.fusestatic = out.discardvisual = false;
  out.inertiafromgeom = Tristate::automatic;
  out.boundmass = out.boundinertia = 0;
  out.settotalmass = -1;
  out.lengthrange.useexisting = true;
  return out;
}

class SpecMaker {
 public:
  explicit SpecMaker(const Model& m) : m_(m), source_(*m.source), scene_(source_) {
    prepare_scene(scene_);
    scene_.problems.throw_if_any();
  }

  Spec run() {
    Spec out = source_;
    out.compiler = plain_compiler(source_.compiler);
    out.models.clear();
    out.layouts = 1;
    options(out.option);
    out.name = m_.name;
    out.world = body(0);
    for (size_t i = 0; i < out.equalities.size(); ++i) equality(i, out.equalities[i]);
    for (size_t i = 0; i < out.tendons.size(); ++i) tendon(i, out.tendons[i]);
    for (size_t i = 0; i < out.actuators.size(); ++i) actuator(i, out.actuators[i]);
    keys(out);
    return out;
  }

 private:
  void options(OptionSpec& o) const {
    o.timestep = m_.timestep;
    o.impratio = m_.impratio;
    o.tolerance = m_.tolerance;
    o.ls_tolerance = m_.ls_tolerance;
    o.ccd_tolerance = m_.ccd_tolerance;
    o.ccd_iterations = m_.ccd_iterations;
    o.density = m_.density;
    o.viscosity = m_.viscosity;
    o.iterations = m_.iterations;
    o.ls_iterations = m_.ls_iterations;
    std::copy(m_.gravity.begin(), m_.gravity.end(), o.gravity.begin());
  }

  // ---- bodies ----------------------------------------------------------------------------------

  BodySpec body(int b) {
    const SceneBody& from = scene_.bodies[b];
    BodySpec out;
    out.place = from.spec->place;
    out.name = from.spec->name;
    out.mocap = from.spec->mocap;
    out.fuse = from.spec->fuse;
    out.simple = from.spec->simple;
    out.mocap_slot = from.spec->mocap_slot;
    out.mocap_slot.layout = 0;
    out.gravcomp = m_.body_gravcomp[b];
    out.viewer = from.spec->viewer;
    take(out.pos, m_.body_pos, b);
    out.orientation = quaternion(quat_at(m_.body_quat, b));
    const int joint0 = m_.body_jntadr[b];
    if (joint0 >= 0 && static_cast<JointType>(m_.jnt_type[joint0]) == JointType::free) {
      // where a free body starts
      const double* q = &m_.qpos0[m_.jnt_qposadr[joint0]];
      std::copy_n(q, 3, out.pos.begin());
      out.orientation = quaternion({q[3], q[4], q[5], q[6]});
    }
    if (b > 0) inertial(b, from, out);
    for (size_t i = 0; i < from.joints.size(); ++i)
      out.joints.push_back(joint(joint0 + static_cast<int>(i), *from.joints[i].spec));
    for (const SceneGeom& g : from.geoms) out.geoms.push_back(geom(geom_++, g));
    for (const SceneSite& s : from.sites) out.sites.push_back(site(site_++, s));
    for (const SceneCamera& c : from.cameras) out.cameras.push_back(camera(camera_++, *c.spec));
    for (int i = 0; i < m_.body_childnum[b]; ++i)
      out.bodies.push_back(body(m_.child_body[m_.body_childadr[b] + i]));
    return out;
  }

  void inertial(int b, const SceneBody& from, BodySpec& out) const {
    double mass = 0;
    for (const SceneGeom& g : from.geoms) mass += g.mass;
    out.has_inertial = m_.body_mass[b] > 0 || mass > 0;
    InertialSpec& in = out.inertial;
    in.mass = m_.body_mass[b];
    take(in.pos, m_.body_ipos, b);
    take(in.diaginertia, m_.body_inertia, b);
    in.orientation = quaternion(quat_at(m_.body_iquat, b));
  }

  JointSpec joint(int j, const JointSpec& from) const {
    JointSpec out = from;
    const int q = m_.jnt_qposadr[j], d = m_.jnt_dofadr[j];
    out.slot = {};
    out.frame = {};
    out.align = Tristate::automatic;
    out.springdamper = {0, 0};
    take(out.pos, m_.jnt_pos, j);
    take(out.axis, m_.jnt_axis, j);
    if (from.type != JointType::free) out.limited = on_or_off(m_.jnt_limited[j]);
    take(out.range, m_.jnt_range, j);
    out.actuatorfrclimited = on_or_off(m_.jnt_actfrclimited[j]);
    take(out.actuatorfrcrange, m_.jnt_actfrcrange, j);
    if (from.type == JointType::hinge || from.type == JointType::slide) {
      out.ref = m_.qpos0[q];
      out.springref = m_.qpos_spring[q];
    }
    out.stiffness = m_.jnt_stiffness[j];
    out.margin = m_.jnt_margin[j];
    take(out.solref_limit, m_.jnt_solref, j);
    take(out.solimp_limit, m_.jnt_solimp, j);
    out.damping = m_.dof_damping[d];
    out.armature = m_.dof_armature[d];
    out.frictionloss = m_.dof_frictionloss[d];
    take(out.solref_friction, m_.dof_solref, d);
    take(out.solimp_friction, m_.dof_solimp, d);
    return out;
  }

  GeomSpec geom(int g, const SceneGeom& from) const {
    GeomSpec out = *from.spec;
    const auto type = static_cast<GeomType>(m_.geom_type[g]);
    Pose pose = {vec_at(m_.geom_pos, g), quat_at(m_.geom_quat, g)};
    if (type == GeomType::mesh) {
      // geoms are placed by the frame of the file
      const int mesh = m_.geom_dataid[g];
      const Pose inertial = {vec_at(m_.mesh_pos, mesh), quat_at(m_.mesh_quat, mesh)};
      pose = compose(pose, relative(inertial, Pose()));
    } else if (type != GeomType::hfield) {
      // also where a mesh gave the size
      out.mesh.clear();
      take(out.size, m_.geom_size, g);
    }
    out.type = type;
    out.frame = {};
    out.fromto[0] = kNotGiven;
    out.pos = pose.pos;
    out.orientation = quaternion(pose.quat);
    take(out.friction, m_.geom_friction, g);
    out.margin = m_.geom_margin[g];
    out.gap = m_.geom_gap[g];
    take(out.solref, m_.geom_solref, g);
    take(out.solimp, m_.geom_solimp, g);
    return out;
  }

  SiteSpec site(int s, const SceneSite& from) const {
    SiteSpec out = *from.spec;
    out.frame = {};
    out.fromto[0] = kNotGiven;
    take(out.pos, m_.site_pos, s);
    out.orientation = quaternion(quat_at(m_.site_quat, s));
    if (from.type != GeomType::mesh) take(out.size, m_.site_size, s);
    return out;
  }

  CameraSpec camera(int c, const CameraSpec& from) const {
    CameraSpec out = from;
    out.frame = {};
    take(out.pos, m_.cam_pos, c);
    out.orientation = quaternion(quat_at(m_.cam_quat, c));
    out.fovy = m_.cam_fovy[c];
    return out;
  }

  // ---- what refers to bodies -------------------------------------------------------------------

  void equality(size_t e, EqualitySpec& out) const {
    const double* data = &m_.eq_data[12 * e];
    take(out.solref, m_.eq_solref, static_cast<int>(e));
    take(out.solimp, m_.eq_solimp, static_cast<int>(e));
    out.active = m_.eq_active0[e];
    if (out.type == EqualityType::joint || out.type == EqualityType::tendon) {
      std::copy_n(data, 5, out.polycoef.begin());
      return;
    }
    out.torquescale = data[10];
    if (out.objtype != ObjectType::body) return;
    std::copy_n(data, 3, out.anchor.begin());
    out.relpose = {};
    if (out.type == EqualityType::weld && data[11] == 0)
      std::copy_n(data + 3, 7, out.relpose.begin());
  }

  void tendon(size_t at, TendonSpec& out) const {
    const int t = static_cast<int>(at);
    out.limited = on_or_off(m_.tendon_limited[at]);
    out.actuatorfrclimited = on_or_off(m_.tendon_actfrclimited[at]);
    take(out.range, m_.tendon_range, t);
    take(out.actuatorfrcrange, m_.tendon_actfrcrange, t);
    take(out.springlength, m_.tendon_lengthspring, t);
    out.stiffness[0] = m_.tendon_stiffness[at];
    out.damping[0] = m_.tendon_damping[at];
    out.armature = m_.tendon_armature[at];
    out.frictionloss = m_.tendon_frictionloss[at];
    out.margin = m_.tendon_margin[at];
    take(out.solref_limit, m_.tendon_solref_lim, t);
    take(out.solimp_limit, m_.tendon_solimp_lim, t);
    take(out.solref_friction, m_.tendon_solref_fri, t);
    take(out.solimp_friction, m_.tendon_solimp_fri, t);
  }

  void actuator(size_t at, ActuatorSpec& out) const {
    const int a = static_cast<int>(at), first = m_.actuator_ctrladr[at];
    out.slot = {};
    out.inheritrange = 0;
    take(out.gainprm, m_.actuator_gainprm, a);
    take(out.biasprm, m_.actuator_biasprm, a);
    take(out.dynprm, m_.actuator_dynprm, a);
    take(out.gear, m_.actuator_gear, m_.actuator_outadr[at]);
    take(out.lengthrange, m_.actuator_lengthrange, m_.actuator_outadr[at]);
    out.cranklength = m_.actuator_cranklength[at];
    out.forcelimited = on_or_off(m_.actuator_forcelimited[at]);
    out.actlimited = on_or_off(m_.actuator_actlimited[at]);
    take(out.forcerange, m_.actuator_forcerange, a);
    take(out.actrange, m_.actuator_actrange, a);
    if (m_.actuator_ctrlnum[at] == 0) return;

    // the inputs of a pid have ranges of their own
    std::array<double, 2>* ranges[] = {&out.ctrlrange, &out.velrange, &out.ffrange};
    const bool pid = out.gaintype == GainType::pid;
    for (int k = 0, bit = 0; k < (pid ? m_.actuator_ctrlnum[at] : 1); ++k, ++bit) {
      while (pid && !(m_.actuator_ctrlspec[at] >> bit & 1)) ++bit;
      take(*ranges[pid ? bit : 0], m_.actuator_ctrlrange, first + k);
      if (!pid || bit == 0) out.ctrllimited = on_or_off(m_.actuator_ctrllimited[first + k]);
    }
  }

  void keys(Spec& out) const {
    out.keys.resize(static_cast<size_t>(m_.nkey));
    for (int k = 0; k < m_.nkey; ++k) {
      KeySpec& key = out.keys[static_cast<size_t>(k)];
      const auto row = [&](const std::vector<double>& from, int columns) {
        const auto first = from.begin() + static_cast<std::ptrdiff_t>(k) * columns;
        return std::vector<double>(first, first + columns);
      };
      key.name = m_.key_name[static_cast<size_t>(k)];
      key.layout = 0;
      key.time = m_.key_time[static_cast<size_t>(k)];
      key.qpos = row(m_.key_qpos, m_.nq);
      key.qvel = row(m_.key_qvel, m_.nv);
      key.act = row(m_.key_act, m_.na);
      key.ctrl = row(m_.key_ctrl, m_.nu);
      key.mpos = row(m_.key_mpos, 3 * m_.nmocap);
      key.mquat = row(m_.key_mquat, 4 * m_.nmocap);
    }
  }

  const Model& m_;
  const Spec& source_;
  Scene scene_;
  int geom_ = 0, site_ = 0, camera_ = 0;  // the next ones
};

// quaternions q and -q, and numbers that only statistics see, count as equal
void require_same(const Model& ours, const Model& again) {
  std::vector<std::pair<const void*, size_t>> rows;
  each_field(ours, [&](const char*, const auto& v, int, int) { rows.push_back({&v, v.size()}); });
  size_t at = 0;
  each_field(again, [&](const char* name, const auto& theirs, int, int columns) {
    using Numbers = std::remove_reference_t<decltype(theirs)>;
    const auto& mine = *static_cast<const Numbers*>(rows[at++].first);
    const std::string field = name;
    // a row for friction that is now zero; the frame of free bodies follows their start
    if (field == "dof_frictionrow" || field == "tendon_frictionrow") return;
    const auto wrong = [&](size_t i) {
      const std::string where =
          columns > 1 ? "[" + std::to_string(i / static_cast<size_t>(columns)) + "][" +
                            std::to_string(i % static_cast<size_t>(columns)) + "]"
                      : "[" + std::to_string(i) + "]";
      throw Error("model: " + field + where + ": MJCF has no words for this number");
    };
    if (mine.size() != theirs.size()) wrong(0);
    for (size_t i = 0; i < mine.size(); ++i) {
      const double a = static_cast<double>(mine[i]), b = static_cast<double>(theirs[i]);
      const double scale = std::max({1.0, std::abs(a), std::abs(b)});
      const bool turned = field.find("quat") != std::string::npos;
      if (std::abs(a - b) <= 1e-9 * scale || (turned && std::abs(a + b) <= 1e-9)) continue;
      const bool free_frame =
          (field == "body_pos" || field == "body_quat") &&
          ours.body_jntnum[i / static_cast<size_t>(columns)] == 1 &&
          ours.jnt_type[static_cast<size_t>(ours.body_jntadr[i / static_cast<size_t>(columns)])] ==
              0;
      if (!free_frame) wrong(i);
    }
  });
}

}  // namespace

Spec spec_of(const Model& m) {
  require(m.source != nullptr, "model: it keeps no scene: load it from a file or compile a Spec");
  Spec out = SpecMaker(m).run();
  require_same(m, compile(out));
  return out;
}

}  // namespace motorium
