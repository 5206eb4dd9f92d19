// a part of another model joins a scene: names, units, compiler settings, keyframes
#include <algorithm>
#include <numbers>

#include "motorium/core/limits.h"
#include "motorium/physics/spec/actuator_counts.h"
#include "motorium/physics/spec/copies.h"
#include "motorium/physics/spec/pose.h"
#include "motorium/physics/spec/text.h"

namespace motorium {
namespace {

// Says what the child's compiler settings leave open in the terms of the scene's.
class Translator {
 public:
  Translator(const CompilerSpec& from, const CompilerSpec& to, Place place, Problems& problems)
      : from_(from), to_(to), place_(place), problems_(problems) {
    if (from.degree != to.degree) {
      unit_ = from.degree ? std::numbers::pi / 180 : 180 / std::numbers::pi;
    }
    compiler_ = std::make_shared<const CompilerSpec>(from);
  }

  void body(BodySpec& b) {
    if (!b.compiler) {
      b.compiler = compiler_;
      orientation(b.orientation);
      orientation(b.inertial.orientation);
    }
    items(b);
    for (BodySpec& child : b.bodies) body(child);
  }

  // joints, geoms, sites and cameras of a body; what was attached before is translated already
  void items(BodySpec& b) {
    for (JointSpec& j : b.joints) joint(j);
    for (GeomSpec& g : b.geoms) orientation(g.orientation);
    for (SiteSpec& s : b.sites) orientation(s.orientation);
    for (CameraSpec& c : b.cameras) orientation(c.orientation);
  }

  void tendon(TendonSpec& t) {
    limited(t.limited, t.range, "range", t.name);
    limited(t.actuatorfrclimited, t.actuatorfrcrange, "actuatorfrcrange", t.name);
  }

  void actuator(ActuatorSpec& a) {
    limited(a.ctrllimited, a.ctrlrange, "ctrlrange", a.name);
    limited(a.forcelimited, a.forcerange, "forcerange", a.name);
    limited(a.actlimited, a.actrange, "actrange", a.name);
  }

 private:
  void orientation(Orientation& o) {
    std::string why;
    const Quaternion q = resolve(o, from_, why);
    // said by the compiler, which meets the same numbers
    if (!why.empty()) return;
    o.form = Orientation::Form::quat;
    o.v = {q[0], q[1], q[2], q[3], 0, 0};
  }

  void joint(JointSpec& j) {
    const bool hinge = j.type == JointType::hinge;
    limited(j.limited, j.range, "range", j.name);
    limited(j.actuatorfrclimited, j.actuatorfrcrange, "actuatorfrcrange", j.name);
    if (hinge || j.type == JointType::ball) {
      for (double& x : j.range) x *= unit_;
    }
    if (!hinge) return;
    j.ref *= unit_;
    j.springref *= unit_;
  }

  void limited(Tristate& word, const std::array<double, 2>& range, const char* attribute,
               const std::string& name) {
    if (word != Tristate::automatic || from_.autolimits == to_.autolimits) return;
    if (from_.autolimits) {
      word = range[0] < range[1] ? Tristate::on : Tristate::off;
    } else if (range[0] != 0 || range[1] != 0) {
      problems_.malformed(place_, "attach",
                          std::string(attribute) + " of '" + printable(name) +
                              "': is given, but nothing says that it acts: set the limited "
                              "attribute, or compiler/autolimits");
    } else {
      word = Tristate::off;
    }
  }

  const CompilerSpec &from_, &to_;
  Place place_;
  Problems& problems_;
  double unit_ = 1;
  std::shared_ptr<const CompilerSpec> compiler_;
};

// keyframes follow the layout of the file they come from: its number in the scene grows
void shift_layouts(BodySpec& body, int first) {
  for (JointSpec& j : body.joints) j.slot.layout += first;
  body.mocap_slot.layout += first;
  for (BodySpec& child : body.bodies) shift_layouts(child, first);
}

void number_joints(BodySpec& body, int& qpos, int& dof, int& mocap) {
  if (body.mocap) {
    if (body.mocap_slot.layout == 0) body.mocap_slot.first = mocap++;
  }
  for (JointSpec& j : body.joints) {
    if (j.slot.layout != 0) continue;
    const bool free = j.type == JointType::free, ball = j.type == JointType::ball;
    j.slot.first = qpos;
    j.slot.second = dof;
    qpos += free ? 7 : ball ? 4 : 1;
    dof += free ? 6 : ball ? 3 : 1;
  }
  for (BodySpec& child : body.bodies) number_joints(child, qpos, dof, mocap);
}

void use_assets(const std::string& prefix, BodySpec& body) {
  const Renaming to{prefix, ""};
  for (GeomSpec& g : body.geoms) {
    to.apply(g.mesh);
    to.apply(g.hfield);
    to.apply(g.material);
  }
  for (SiteSpec& s : body.sites) {
    to.apply(s.mesh);
    to.apply(s.material);
  }
  for (BodySpec& child : body.bodies) use_assets(prefix, child);
}

// meshes, height fields and custom data come whole, whether something uses them or not
void copy_assets(const Spec& child, const std::string& prefix, Place place, Spec& spec) {
  const Renaming to{prefix, ""};
  for (const MeshSpec& mesh : child.meshes) {
    spec.copied_bytes += sizeof(float) * mesh.vertex.size() + sizeof(int) * mesh.face.size();
    if (spec.copied_bytes > limits::kMeshBytes) {
      spec.problems.malformed(
          place, "attach", "copied meshes exceed " + std::to_string(limits::kMeshBytes) + " bytes");
      return;
    }
    spec.meshes.push_back(mesh);
    to.apply(spec.meshes.back().name);
    to.apply(spec.meshes.back().material);
  }
  for (const HfieldSpec& field : child.hfields) {
    spec.copied_bytes += sizeof(float) * field.elevation.size();
    if (spec.copied_bytes > limits::kMeshBytes) {
      spec.problems.malformed(
          place, "attach",
          "copied height fields exceed " + std::to_string(limits::kMeshBytes) + " bytes");
      return;
    }
    spec.hfields.push_back(field);
    to.apply(spec.hfields.back().name);
  }
  for (NumericSpec numeric : child.numerics) {
    to.apply(numeric.name);
    spec.numerics.push_back(std::move(numeric));
  }
  for (TextSpec text : child.texts) {
    to.apply(text.name);
    spec.texts.push_back(std::move(text));
  }
}

}  // namespace

void attach(const Spec& child, const BodySpec& part, const std::string& prefix, const Pose& frame,
            Place place, BodySpec& body, Spec& spec) {
  const bool whole = &part == &child.world;
  const auto others = child.actuators.size() + child.sensors.size() + child.pairs.size() +
                      child.excludes.size() + child.equalities.size() + child.keys.size();
  if (!book_copies(count_objects(part) + 1 + static_cast<int64_t>(others), place, "attach", spec)) {
    return;
  }
  Names inside;
  add_names(part, !whole, inside);
  Dependents dependents = copy_dependents(child, inside);
  BodySpec copied = part;
  const Renaming to{prefix, ""};

  // the child's settings, in the scene's terms; lines are those of <attach>
  Translator translate(child.compiler, spec.compiler, place, spec.problems);
  if (whole) {
    translate.items(copied);
    for (BodySpec& b : copied.bodies) translate.body(b);
  } else {
    translate.body(copied);
  }
  for (TendonSpec& t : dependents.tendons) translate.tendon(t);
  for (ActuatorSpec& a : dependents.actuators) translate.actuator(a);

  // places in keyframes
  const int first = spec.layouts;
  spec.layouts += child.layouts;
  shift_layouts(copied, first);
  for (ActuatorSpec& a : dependents.actuators) a.slot.layout += first;
  for (KeySpec key : child.keys) {
    to.apply(key.name);
    key.layout += first;
    spec.keys.push_back(std::move(key));
  }

  rename(to, inside, dependents);
  use_assets(prefix, copied);
  copy_assets(child, prefix, place, spec);
  if (whole) {
    copied.name.clear();
    rename(to, copied);
    adopt_children(std::move(copied), frame, body);
  } else {
    rename(to, copied);
    copied.frame = frame;
    body.bodies.push_back(std::move(copied));
  }
  append(dependents, spec);
  for (const std::string& line : child.report) {
    const bool known = std::find(spec.report.begin(), spec.report.end(), line) != spec.report.end();
    if (!known) spec.report.push_back(line);
  }
}

void forget_attached_keys(BodySpec& body) {
  const auto forget = [](KeySlot& slot) { slot.layout = slot.layout > 0 ? -1 : slot.layout; };
  for (JointSpec& j : body.joints) forget(j.slot);
  forget(body.mocap_slot);
  for (BodySpec& child : body.bodies) forget_attached_keys(child);
}

void forget_attached_keys(Dependents& dependents) {
  for (ActuatorSpec& a : dependents.actuators)
    if (a.slot.layout > 0) a.slot.layout = -1;
}

void number_key_slots(Spec& spec) {
  int qpos = 0, dof = 0, mocap = 0, ctrl = 0, act = 0;
  number_joints(spec.world, qpos, dof, mocap);
  for (ActuatorSpec& a : spec.actuators) {
    if (a.slot.layout != 0) continue;
    a.slot.first = ctrl;
    a.slot.second = act;
    ctrl += control_count(a);
    act += activation_count(a);
  }
}

}  // namespace motorium
