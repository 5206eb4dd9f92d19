// <robot>: links and joints become a tree of bodies.
//
// Facts of MuJoCo: a root link hangs on the world, a link called world is the world; static bodies
// are fused and visuals are dropped unless an embedded <mujoco><compiler/> says otherwise; angles
// are radians.
#include "motorium/physics/spec/read_urdf.h"

#include <deque>

#include "motorium/core/error.h"
#include "motorium/core/limits.h"
#include "motorium/physics/spec/read_elements.h"
#include "motorium/physics/spec/text.h"
#include "motorium/physics/spec/urdf_parts.h"

namespace motorium {
namespace {

class RobotReader {
 public:
  RobotReader(const Element& robot, UrdfReader& reader) : robot_(robot), r_(reader) {}

  void run() {
    read_embedded();
    collect_colors(robot_);
    collect();
    connect();
    r_.spec.problems.throw_if_any();
    for (UrdfJoint& joint : joints_) read_urdf_joint(r_, joint);
    for (UrdfLink& link : links_) read_link(r_, link);
    for (UrdfJoint& joint : joints_) read_mimic(r_, joint, joint_by_name_);
    report_transmissions();
    check_masses();
    grow();
  }

 private:
  // compiler, option and size of MJCF; angles stay radians
  void read_embedded() {
    r_.spec.compiler.fusestatic = r_.spec.compiler.discardvisual = true;
    for (const Element& child : robot_.children) {
      if (child.tag != "mujoco") continue;
      for (const Element& section : child.children) {
        if (section.tag == "compiler") {
          read_compiler(section, r_.spec);
        } else if (section.tag == "option") {
          read_option(section, r_.spec);
        } else if (section.tag == "size") {
          read_size(section, r_.spec);
        } else {
          unknown_element(section, "mujoco", {"compiler", "option", "size"}, r_.spec);
        }
      }
    }
    r_.spec.compiler.degree = false;
  }

  // materials may be defined anywhere and used before
  void collect_colors(const Element& element) {
    for (const Element& child : element.children) collect_colors(child);
    if (element.tag != "material") return;
    const std::string* name = element.find("name");
    const Element* color = child_of(element, "color");
    if (!name || !color) return;
    Attributes a(*color, r_.spec);
    std::array<float, 4> rgba = {0.5f, 0.5f, 0.5f, 1};
    if (a.take_color("rgba", rgba)) r_.colors.emplace(*name, rgba);
  }

  void collect() {
    const std::vector<std::string_view> known = {"link",         "joint",  "material",
                                                 "transmission", "gazebo", "mujoco"};
    check_children(r_, robot_, known, {});
    for (const Element& child : robot_.children) {
      if (child.tag == "link") {
        links_.emplace_back();
        links_.back().element = &child;
        take_name(child, "link", links_.back(), link_by_name_);
      } else if (child.tag == "joint") {
        joints_.emplace_back();
        joints_.back().element = &child;
        take_name(child, "joint", joints_.back(), joint_by_name_);
      } else if (child.tag == "gazebo") {
        report_once(r_.spec, "gazebo: ignored");
      }
    }
    if (links_.empty()) {
      r_.spec.problems.malformed(robot_.place, "robot", "holds no link");
    }
  }

  template <class Item>
  void take_name(const Element& element, const char* tag, Item& item,
                 std::map<std::string, Item*>& by_name) {
    Attributes a(element, r_.spec);
    if (!a.take_name("name", item.name)) {
      if (!a.has("name")) a.malformed("", "name: is missing");
      return;
    }
    if (!by_name.emplace(item.name, &item).second) {
      a.malformed("name", std::string("a ") + tag + " of this name exists");
    }
  }

  UrdfLink* link_of(const UrdfJoint& joint, const char* tag) {
    const Element* end = required_child(r_, *joint.element, tag);
    if (!end) return nullptr;
    Attributes a(*end, r_.spec);
    std::string name;
    if (!a.has("link")) a.malformed("", "link: is missing: name a link");
    if (!a.take_name("link", name)) return nullptr;
    a.finish_extensible();
    const auto found = link_by_name_.find(name);
    if (found != link_by_name_.end()) return found->second;
    std::vector<std::string_view> names;
    for (const auto& [known, link] : link_by_name_) names.push_back(known);
    const std::string near = nearest_word(name, names, a.enough());
    a.malformed("link", "no link of this name" +
                            (near.empty() ? std::string() : ": did you mean " + near + "?"));
    return nullptr;
  }

  void connect() {
    for (UrdfJoint& joint : joints_) {
      joint.parent = link_of(joint, "parent");
      joint.child = link_of(joint, "child");
      if (!joint.parent || !joint.child) continue;
      const std::string title = "joint[@name='" + printable(joint.name) + "']";
      if (joint.child->parent) {
        r_.spec.problems.malformed(
            joint.element->place, title,
            "link '" + printable(joint.child->name) + "' hangs on joint '" +
                printable(joint.child->parent->name) +
                "' already: a link has one parent; close loops by an equality in MJCF");
        continue;
      }
      if (joint.child->name == "world") {
        r_.spec.problems.malformed(joint.element->place, title,
                                   "the link called world is the world and cannot hang on another");
        continue;
      }
      joint.child->parent = &joint;
      joint.parent->children.push_back(&joint);
    }
    // every link must be reached from a root, and not too deep
    for (UrdfLink& link : links_) {
      if (!link.parent) mark(link);
    }
    for (UrdfLink& link : links_) {
      if (link.placed || !link.parent) continue;
      r_.spec.problems.malformed(link.element->place, "link[@name='" + printable(link.name) + "']",
                                 "hangs on itself through its joints: a robot is a tree");
      break;
    }
  }

  void mark(UrdfLink& root) {
    std::vector<std::pair<UrdfLink*, int>> open = {{&root, 1}};
    while (!open.empty()) {
      const auto [link, depth] = open.back();
      open.pop_back();
      link->placed = true;
      if (depth > limits::kTreeDepth) {
        r_.spec.problems.malformed(
            link->element->place, "link[@name='" + printable(link->name) + "']",
            "deeper than " + std::to_string(limits::kTreeDepth) + " links in the tree");
        return;
      }
      for (UrdfJoint* joint : link->children) open.emplace_back(joint->child, depth + 1);
    }
  }

  void check_masses() {
    std::vector<UrdfLink*> all;
    for (UrdfLink& link : links_) all.push_back(&link);
    motorium::check_masses(r_, all);
  }

  // names only: a transmission says which motor turns which joint, not how strong it is
  void report_transmissions() {
    std::string line;
    int count = 0;
    for (const Element& child : robot_.children) {
      if (child.tag != "transmission") continue;
      const Element *joint = child_of(child, "joint"), *motor = child_of(child, "actuator");
      const std::string* joint_name = joint ? joint->find("name") : nullptr;
      const std::string* motor_name = motor ? motor->find("name") : nullptr;
      if (++count > 8 || !joint_name) continue;
      line += (line.empty() ? "" : ", ") + printable(motor_name ? *motor_name : "motor") + " -> " +
              printable(*joint_name);
    }
    if (count == 0) return;
    r_.spec.report.push_back("transmission: " + std::to_string(count) +
                             " read for names, no actuator is made (" + line +
                             (count > 8 ? ", ...)" : ")"));
  }

  void grow() {
    for (UrdfLink& link : links_) {
      if (link.parent) continue;
      if (link.name == "world") {
        // the world has no inertia of its own
        link.body.has_inertial = false;
        link.body.name = r_.spec.world.name;
        std::vector<BodySpec> bodies = std::move(r_.spec.world.bodies);
        r_.spec.world = std::move(link.body);
        r_.spec.world.bodies = std::move(bodies);
        hang_children(link, r_.spec.world);
        continue;
      }
      r_.spec.world.bodies.push_back(std::move(link.body));
      BodySpec& root = r_.spec.world.bodies.back();
      if (r_.options.floating_base) {
        JointSpec free;
        free.place = link.element->place;
        free.type = JointType::free;
        free.name = link.name + "_free_joint";
        root.joints.push_back(std::move(free));
      }
      hang_children(link, root);
    }
  }

  void hang_children(UrdfLink& link, BodySpec& body) {
    for (UrdfJoint* joint : link.children) {
      body.bodies.push_back(std::move(joint->child->body));
      BodySpec& child = body.bodies.back();
      child.pos = joint->origin.pos;
      for (int i = 0; i < 4; ++i) child.orientation.v[i] = joint->origin.quat[i];
      child.joints = std::move(joint->joints);
      hang_children(*joint->child, child);
    }
  }

  const Element& robot_;
  UrdfReader& r_;
  std::deque<UrdfLink> links_;
  std::deque<UrdfJoint> joints_;
  std::map<std::string, UrdfLink*> link_by_name_;
  std::map<std::string, UrdfJoint*> joint_by_name_;
};

}  // namespace

void check_children(UrdfReader& reader, const Element& element,
                    const std::vector<std::string_view>& known,
                    const std::vector<std::string_view>& once) {
  std::set<std::string_view> seen;
  Problems& problems = reader.spec.problems;
  for (const Element& child : element.children) {
    const std::string tag = printable(child.tag);
    bool found = false;
    for (const std::string_view name : known) found = found || child.tag == name;
    if (!found && child.tag.compare(0, 6, "xacro:") == 0) {
      problems.unsupported(child.place, tag,
                           "is a macro that was not expanded: run `xacro IN > OUT` first");
    } else if (!found) {
      // a slip of the pen, or somebody's extension
      const std::string near = nearest_word(child.tag, known, problems.full());
      if (near.empty()) {
        report_once(reader.spec, tag + " inside <" + printable(element.tag) + ">: ignored");
      } else {
        problems.malformed(
            child.place, tag,
            "unknown element inside <" + printable(element.tag) + ">: did you mean " + near + "?");
      }
    }
    for (const std::string_view name : once) {
      if (child.tag != name || seen.insert(name).second) continue;
      problems.malformed(child.place, tag, "is given twice in <" + printable(element.tag) + ">");
    }
  }
}

const Element* child_of(const Element& element, std::string_view tag) {
  for (const Element& child : element.children) {
    if (child.tag == tag) return &child;
  }
  return nullptr;
}

const Element* required_child(UrdfReader& reader, const Element& element, std::string_view tag) {
  const Element* child = child_of(element, tag);
  if (!child) {
    Attributes(element, reader.spec).malformed("", "<" + std::string(tag) + "> is missing");
  }
  return child;
}

Spec read_urdf_text(const std::string& text, const Packages& packages, const LoadOptions& options) {
  Spec spec;
  spec.world.name = "world";
  const Element root = read_xml(text, packages.model(), packages.home(), spec.problems);
  if (root.tag != "robot") {
    spec.problems.malformed(root.place, printable(root.tag), "a URDF starts with <robot>");
    spec.problems.throw_if_any();
  }
  Attributes a(root, spec);
  a.take_name("name", spec.name);
  a.skip({"version"});
  a.finish_extensible();
  UrdfReader reader{spec, packages, options};
  RobotReader(root, reader).run();
  spec.problems.throw_if_any();
  return spec;
}

}  // namespace motorium
