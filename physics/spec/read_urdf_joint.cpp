// <joint>: type, axis, limits, dynamics and mimic.
#include <cmath>

#include "motorium/physics/spec/text.h"
#include "motorium/physics/spec/urdf_parts.h"

namespace motorium {
namespace {

using Type = UrdfJoint::Type;

JointSpec make(const UrdfJoint& joint, JointType type, const std::string& suffix, const Vec& axis) {
  JointSpec out;
  out.place = joint.element->place;
  out.name = joint.name + suffix;
  out.type = type;
  out.axis = axis;
  return out;
}

// two slides in the plane across the axis, and a hinge about it
void make_planar(UrdfJoint& joint, const Vec& axis) {
  const Quaternion q = from_z(axis);
  joint.joints = {make(joint, JointType::slide, "_TX", rotate(q, {1, 0, 0})),
                  make(joint, JointType::slide, "_TY", rotate(q, {0, 1, 0})),
                  make(joint, JointType::hinge, "_RZ", axis)};
}

void take_dynamics(UrdfReader& reader, UrdfJoint& joint) {
  const Element* element = child_of(*joint.element, "dynamics");
  if (!element) return;
  Attributes a(*element, reader.spec);
  double damping = 0, friction = 0;
  if (a.take("damping", damping) && damping < 0) a.malformed("damping", "is negative");
  if (a.take("friction", friction) && friction < 0) a.malformed("friction", "is negative");
  a.finish_extensible();
  for (JointSpec& j : joint.joints) {
    j.damping = damping;
    j.frictionloss = friction;
  }
}

void take_limit(UrdfReader& reader, UrdfJoint& joint) {
  const Element* element = child_of(*joint.element, "limit");
  if (!element) return;
  Attributes a(*element, reader.spec);
  double lower = 0, upper = 0, effort = 0, velocity = 0;
  const bool has_lower = a.take("lower", lower), has_upper = a.take("upper", upper);
  a.take("effort", effort);
  if (a.take("velocity", velocity)) report_once(reader.spec, "limit/velocity: kept, not enforced");
  a.finish_extensible();
  if (joint.joints.empty()) return;
  JointSpec& j = joint.joints[0];
  j.velocity_limit = std::abs(velocity);
  if (effort != 0) j.actuatorfrcrange = {-std::abs(effort), std::abs(effort)};
  const std::string title = "joint[@name='" + printable(joint.name) + "']";
  const auto ignore = [&](const std::string& why) {
    reader.spec.report.push_back(title + "/limit: " + why + ": ignored");
  };
  if (joint.type == Type::continuous) {
    if (has_lower || has_upper) ignore("a continuous joint has no range");
  } else if (joint.type == Type::spherical) {
    if (has_lower || has_upper) ignore("a ball joint has no lower and upper bound");
  } else if (joint.type == Type::floating) {
    j.range = {lower, upper};
    j.limited = Tristate::off;
  } else {
    j.range = {lower, upper};
    // as in MuJoCo, a range that says nothing does not limit
    if (has_lower != has_upper) {
      j.limited = Tristate::off;
      ignore("lower and upper are not both given");
    } else if (lower > upper) {
      j.limited = Tristate::off;
      ignore("lower is above upper");
    } else if (lower == upper && has_lower) {
      j.limited = Tristate::off;
      ignore("lower and upper are equal");
    }
  }
}

}  // namespace

void read_urdf_joint(UrdfReader& reader, UrdfJoint& joint) {
  const Element& element = *joint.element;
  const std::vector<std::string_view> once = {"origin", "parent",   "child", "axis",
                                              "limit",  "dynamics", "mimic"};
  std::vector<std::string_view> known = once;
  known.insert(known.end(), {"safety_controller", "calibration"});
  check_children(reader, element, known, once);
  for (const char* tag : {"safety_controller", "calibration"}) {
    if (child_of(element, tag)) report_once(reader.spec, std::string("joint/") + tag + ": ignored");
  }
  Attributes a(element, reader.spec);
  a.skip({"name"});
  if (!a.has("type")) a.malformed("", "type: is missing");
  a.take("type", joint.type,
         {{"revolute", Type::revolute},
          {"continuous", Type::continuous},
          {"prismatic", Type::prismatic},
          {"fixed", Type::fixed},
          {"floating", Type::floating},
          {"planar", Type::planar},
          {"spherical", Type::spherical}});
  a.finish_extensible();
  joint.origin = read_origin(reader, element);
  Vec axis = {1, 0, 0};
  if (const Element* given = child_of(element, "axis")) {
    Attributes b(*given, reader.spec);
    b.take("xyz", axis);
    b.finish_extensible();
    const bool turns = joint.type != Type::fixed && joint.type != Type::floating;
    if (turns && length(axis) < kMinVal) b.malformed("xyz", "has no length");
  }
  switch (joint.type) {
    case Type::revolute:
    case Type::continuous:
      joint.joints = {make(joint, JointType::hinge, "", axis)};
      break;
    case Type::prismatic:
      joint.joints = {make(joint, JointType::slide, "", axis)};
      break;
    case Type::floating:
      joint.joints = {make(joint, JointType::free, "", {0, 0, 1})};
      break;
    case Type::spherical:
      joint.joints = {make(joint, JointType::ball, "", {0, 0, 1})};
      break;
    case Type::planar:
      make_planar(joint, axis);
      break;
    case Type::fixed:
      break;
  }
  take_dynamics(reader, joint);
  take_limit(reader, joint);
}

void read_mimic(UrdfReader& reader, const UrdfJoint& joint,
                const std::map<std::string, UrdfJoint*>& by_name) {
  const Element* element = child_of(*joint.element, "mimic");
  if (!element) return;
  Attributes a(*element, reader.spec);
  std::string other;
  double multiplier = 1, offset = 0;
  if (!a.has("joint")) a.malformed("", "joint: is missing: name the joint that leads");
  a.take_name("joint", other);
  a.take("multiplier", multiplier);
  a.take("offset", offset);
  a.finish_extensible();
  if (reader.options.mimic == Mimic::ignore) {
    return report_once(reader.spec, "joint/mimic: ignored, as asked for");
  }
  if (other.empty()) return;
  const auto found = by_name.find(other);
  if (found == by_name.end()) {
    std::vector<std::string_view> names;
    for (const auto& [name, known] : by_name) names.push_back(name);
    const std::string near = nearest_word(other, names, a.enough());
    return a.malformed("joint", "no joint of this name" +
                                    (near.empty() ? ": correct it, or ignore mimic joints"
                                                  : ": did you mean " + printable(near) + "?"));
  }
  const auto scalar = [](const UrdfJoint& j) {
    return j.type == Type::revolute || j.type == Type::continuous || j.type == Type::prismatic;
  };
  if (joint.type == Type::fixed) {
    return report_once(reader.spec, "mimic of fixed joints: ignored");
  }
  if (found->second == &joint) return a.malformed("joint", "a joint cannot follow itself");
  if (!scalar(joint) || !scalar(*found->second)) {
    return a.malformed("joint", "only revolute, continuous and prismatic joints follow each other");
  }
  EqualitySpec equality;
  equality.place = element->place;
  equality.type = EqualityType::joint;
  equality.objtype = ObjectType::joint;
  equality.object1 = joint.name;
  equality.object2 = other;
  equality.polycoef = {offset, multiplier, 0, 0, 0};
  reader.spec.equalities.push_back(std::move(equality));
}

}  // namespace motorium
