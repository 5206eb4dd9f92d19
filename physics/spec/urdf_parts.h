// The parts of the URDF reader; private to it.
#pragma once
#include <map>
#include <set>
#include <string>
#include <vector>

#include "motorium/physics/spec/attributes.h"
#include "motorium/physics/spec/pose.h"
#include "motorium/physics/spec/read_urdf.h"

namespace motorium {

struct UrdfJoint;

// a <link> and the joints around it
struct UrdfLink {
  const Element* element = nullptr;
  std::string name;
  UrdfJoint* parent = nullptr;       // the joint that holds it, none: a root
  std::vector<UrdfJoint*> children;  // joints that hang on it, in the file's order
  BodySpec body;                     // without pose and joints, which its joint knows
  bool placed = false;               // is in the tree
};

struct UrdfJoint {
  enum class Type { revolute, continuous, prismatic, fixed, floating, planar, spherical };
  const Element* element = nullptr;
  std::string name;
  Type type = Type::fixed;
  UrdfLink *parent = nullptr, *child = nullptr;
  Pose origin;
  std::vector<JointSpec> joints;  // none, one, or the three of a planar joint
};

// shared by the parts
struct UrdfReader {
  Spec& spec;
  const Packages& packages;
  const LoadOptions& options;
  std::map<std::string, std::array<float, 4>> colors = {};  // of named materials
  std::map<std::string, std::string> mesh_names = {};       // file and scale -> mesh
  std::set<std::string> geom_names = {}, used_mesh_names = {};
};

// The children of `element` with names among `known`, each at most once where `once` holds. Words
// like a known one are mistakes; others are extensions and reported.
void check_children(UrdfReader& reader, const Element& element,
                    const std::vector<std::string_view>& known,
                    const std::vector<std::string_view>& once);
// the child of this name, or nullptr
const Element* child_of(const Element& element, std::string_view tag);
// the same, missing: a problem
const Element* required_child(UrdfReader& reader, const Element& element, std::string_view tag);

// the pose of <origin>, the identity where it is left out
Pose read_origin(UrdfReader& reader, const Element& element);
// inertial, visuals and collisions of a link
void read_link(UrdfReader& reader, UrdfLink& link);
void read_inertial(UrdfReader& reader, const Element& element, UrdfLink& link);
void read_geometry(UrdfReader& reader, const Element& element, bool collides, UrdfLink& link);
// type, axis, limits and dynamics of a joint; mimic becomes an equality
void read_urdf_joint(UrdfReader& reader, UrdfJoint& joint);
void read_mimic(UrdfReader& reader, const UrdfJoint& joint,
                const std::map<std::string, UrdfJoint*>& by_name);
// moving links that weigh nothing are refused, or get a small mass
void check_masses(UrdfReader& reader, const std::vector<UrdfLink*>& links);

}  // namespace motorium
