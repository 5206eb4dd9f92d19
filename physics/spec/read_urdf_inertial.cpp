// <inertial>, and what can be done about one that is impossible.
//
// MuJoCo refuses masses and inertias that no body can have. So does this reader, unless it is asked
// to repair: then a body without a usable inertia gets that of a solid sphere of its mass and the
// density of water, one that breaks A + B >= C the mean of the three, and each repair is reported.
#include <cmath>
#include <numbers>

#include "motorium/physics/spec/text.h"
#include "motorium/physics/spec/urdf_parts.h"

namespace motorium {
namespace {

constexpr double kWater = 1000;       // kg/m^3
constexpr double kLeastMass = 0.001;  // kg, of a moving link that has none

double sphere_inertia(double mass) {
  const double radius = std::cbrt(3 * mass / (4 * std::numbers::pi * kWater));
  return 0.4 * mass * radius * radius;
}

std::string title(const UrdfLink& link) { return "link[@name='" + printable(link.name) + "']"; }

void note(UrdfReader& reader, Place place, const UrdfLink& link, const std::string& what) {
  reader.spec.report.push_back("repaired: " + reader.spec.problems.where(place) + ": " +
                               title(link) + ": " + what);
}

// links that are rigidly joined to `link`, itself included
void collect_rigid(UrdfLink& link, std::vector<UrdfLink*>& out) {
  out.push_back(&link);
  for (UrdfJoint* joint : link.children) {
    if (joint->type == UrdfJoint::Type::fixed) collect_rigid(*joint->child, out);
  }
}

// whether the link is welded to the world: what it weighs has no effect
bool is_static(const UrdfReader& reader, const UrdfLink& link) {
  if (reader.options.floating_base) return false;
  const UrdfLink* up = &link;
  while (up->parent && up->parent->type == UrdfJoint::Type::fixed) up = up->parent->parent;
  return !up->parent;
}

// whether its mass and inertia are its own: no other link is rigidly joined to it
bool stands_alone(const UrdfLink& link) {
  if (!link.parent || link.parent->type == UrdfJoint::Type::fixed) return false;
  for (const UrdfJoint* joint : link.children) {
    if (joint->type == UrdfJoint::Type::fixed) return false;
  }
  return true;
}

// what is impossible about an inertial, or empty
std::string fault_of(const InertialSpec& in, bool alone, bool balanced) {
  const Vec& I = in.diaginertia;
  const std::string moments = "inertia with principal moments " + number_text(I[0]) + " " +
                              number_text(I[1]) + " " + number_text(I[2]);
  if (in.mass < 0) return "mass: is negative";
  // zeros add nothing to what they are joined to; alone they cannot turn
  if (I[2] < -1e-9 * std::abs(I[0]) || I[0] < 0 || (alone && in.mass > 0 && I[2] <= kMinVal)) {
    return moments + " is not positive definite";
  }
  // round-off in the last digits that a file prints is no mistake
  if (!balanced && I[1] + I[2] < I[0] * (1 - 1e-9)) return moments + " breaks A + B >= C";
  return "";
}

void check_inertial(UrdfReader& reader, const Element& element, UrdfLink& link) {
  InertialSpec& in = link.body.inertial;
  Vec& I = in.diaginertia;
  const std::string fault = fault_of(in, stands_alone(link), reader.spec.compiler.balanceinertia);
  if (fault.empty()) return;
  if (is_static(reader, link)) {
    reader.spec.report.push_back(title(link) + "/inertial: " + fault +
                                 ": left out, the link does not move");
    link.body.has_inertial = false;
    return;
  }
  if (!reader.options.repair) {
    return reader.spec.problems.malformed(element.place, title(link) + "/inertial",
                                          fault + ": correct it, or load with repair (--repair)");
  }
  if (in.mass < 0) {
    in.mass = -in.mass;
    note(reader, element.place, link, fault + ": turned to " + number_text(in.mass));
    if (fault_of(in, stands_alone(link), reader.spec.compiler.balanceinertia).empty()) return;
  }
  const bool unbalanced = I[2] > kMinVal;
  const double value = unbalanced ? (I[0] + I[1] + I[2]) / 3
                                  : sphere_inertia(in.mass > kMinVal ? in.mass : kLeastMass);
  note(reader, element.place, link,
       fault + (unbalanced ? ": became their mean, " : ": became that of a sphere of water, ") +
           number_text(value));
  I = {value, value, value};
}

}  // namespace

void read_inertial(UrdfReader& reader, const Element& element, UrdfLink& link) {
  check_children(reader, element, {"origin", "mass", "inertia"}, {"origin", "mass", "inertia"});
  InertialSpec& in = link.body.inertial;
  link.body.has_inertial = true;
  in.place = element.place;
  const Pose pose = read_origin(reader, element);
  if (const Element* mass = required_child(reader, element, "mass")) {
    Attributes a(*mass, reader.spec);
    if (!a.has("value")) a.malformed("", "value: is missing");
    a.take("value", in.mass);
    a.finish_extensible();
  }
  std::array<double, 6> full = {};  // xx yy zz xy xz yz
  bool complete = false;
  if (const Element* inertia = required_child(reader, element, "inertia")) {
    Attributes a(*inertia, reader.spec);
    const char* names[] = {"ixx", "iyy", "izz", "ixy", "ixz", "iyz"};
    complete = true;
    for (int i = 0; i < 6; ++i) {
      if (!a.has(names[i])) a.malformed("", std::string(names[i]) + ": is missing");
      complete = a.take(names[i], full[i]) && complete;
    }
    a.finish_extensible();
  }
  in.pos = pose.pos;
  Quaternion axes;
  principal_axes({full[0], full[3], full[4], full[3], full[1], full[5], full[4], full[5], full[2]},
                 kBodyAxesTolerance, in.diaginertia, axes);
  const Quaternion q = multiply(pose.quat, axes);
  for (int i = 0; i < 4; ++i) in.orientation.v[i] = q[i];
  if (complete) check_inertial(reader, element, link);
}

void check_masses(UrdfReader& reader, const std::vector<UrdfLink*>& links) {
  // after other problems nobody knows what weighs
  if (reader.spec.problems.count() > 0) return;
  for (UrdfLink* link : links) {
    const bool moves = link->parent ? link->parent->type != UrdfJoint::Type::fixed
                                    : reader.options.floating_base && link->name != "world";
    if (!moves) continue;
    std::vector<UrdfLink*> rigid;
    collect_rigid(*link, rigid);
    bool weighs = false;
    for (const UrdfLink* part : rigid) {
      if (part->body.has_inertial) {
        weighs = weighs || (part->body.inertial.mass > kMinVal &&
                            part->body.inertial.diaginertia[2] > kMinVal);
      } else {
        for (const GeomSpec& g : part->body.geoms) weighs = weighs || g.density > 0;
      }
    }
    if (weighs) continue;
    if (!reader.options.repair) {
      reader.spec.problems.malformed(link->element->place, title(*link),
                                     "moves without mass or inertia: give it an <inertial>, or "
                                     "load with repair (--repair)");
      continue;
    }
    InertialSpec& in = link->body.inertial;
    link->body.has_inertial = true;
    if (std::isnan(in.pos[0])) in.pos = {0, 0, 0};
    const double value = sphere_inertia(kLeastMass);
    in.mass = kLeastMass;
    in.diaginertia = {value, value, value};
    in.place = link->element->place;
    note(reader, in.place, *link,
         "moves without mass and became a solid sphere of " + number_text(kLeastMass) + " kg");
  }
}

}  // namespace motorium
