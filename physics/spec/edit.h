// Editing a Spec: elements by kind and name, or by number in document order.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "motorium/physics/spec/spec.h"

namespace motorium {

// body, joint, geom, site, camera, mesh, hfield, pair, exclude, equality, tendon, actuator, sensor,
// key; world is the body of that name. Option and compiler have attributes only
struct Handle {
  std::string kind;
  std::string name;  // empty: by number
  int number = -1;
};

using AttributeList = std::vector<std::pair<std::string, std::string>>;

// names of all elements of a kind in document order, empty where they have none
std::vector<std::string> names_of(Spec& spec, const std::string& kind);
// attributes as MJCF writes them; throws Error for what is not there
std::string get_attribute(Spec& spec, const Handle& handle, const std::string& name);
void set_attribute(Spec& spec, const Handle& handle, const std::string& name,
                   const std::string& text);
// names of all attributes
std::vector<std::string> attributes_of(Spec& spec, const Handle& handle);
// Adds an element; bodies, joints, geoms and sites go into the body `parent`. Returns its number.
int add_element(Spec& spec, const std::string& kind, const std::string& parent,
                const AttributeList& attributes);
// Removes an element, with a body all below it, and what refers to them. Returns what was removed.
std::vector<std::string> remove_element(Spec& spec, const Handle& handle);
// Puts the bodies, geoms and sites of another scene into `body` at a pose, and what belongs to
// them, with a prefix before all names. Its options are left out, keyframes of both are removed.
void attach(Spec& spec, const Spec& other, const std::string& prefix, const std::string& body,
            const Pose& pose);

}  // namespace motorium
