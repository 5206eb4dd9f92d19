// default classes
#include "motorium/physics/spec/read_elements.h"
#include "motorium/physics/spec/text.h"

namespace motorium {
namespace {

// reads the elements of one class, then its nested classes, which start as its copy
void read_class(const Element& element, int index, Defaults& defaults, Spec& spec) {
  bool nested = false;
  for (const Element& child : element.children) {
    const std::string& tag = child.tag;
    Attributes a(child, spec);
    // references stay valid: nested classes are read after this loop
    DefaultClass& c = defaults.classes[index];
    if (tag == "default") {
      nested = true;
      continue;
    }
    if (is_actuator(tag)) {
      read_actuator(a, defaults, index, c.actuator.actuator);
      c.actuator.written_as = tag;
    } else if (tag == "joint") {
      read_joint(a, c.joint);
    } else if (tag == "geom") {
      read_geom(a, c.geom);
    } else if (tag == "site") {
      read_site(a, c.site);
    } else if (tag == "camera") {
      read_camera(a, c.camera);
    } else if (tag == "mesh") {
      read_mesh(a, c.mesh);
    } else if (tag == "pair") {
      read_pair(a, c.pair);
    } else if (tag == "equality") {
      read_equality(a, c.equality);
    } else if (tag == "tendon") {
      read_tendon(a, true, c.tendon);
    } else if (is_viewer_element(tag)) {
      read_viewer_element(child, spec);
      if (tag == "material") read_material(child, c.material, spec);
      continue;
    } else {
      if (!refuse_known(child, "default", spec)) {
        unknown_element(child, "default",
                        {"joint",       "geom",     "site",   "mesh",     "pair",     "equality",
                         "tendon",      "general",  "motor",  "position", "velocity", "intvelocity",
                         "damper",      "cylinder", "muscle", "adhesion", "pid",      "dcmotor",
                         "orientation", "default",  "camera", "light",    "material"},
                        spec);
      }
      continue;
    }
    a.finish();
  }
  if (!nested) return;
  for (const Element& child : element.children) {
    if (child.tag != "default") continue;
    Attributes a(child, spec);
    std::string name;
    if (!a.has("class")) {
      a.malformed("", "class: is missing: a nested default needs a name");
    } else {
      a.take_name("class", name);
    }
    a.finish(true);
    if (defaults.by_name.count(name)) a.malformed("class", "a default class of this name exists");
    const int nested_index = static_cast<int>(defaults.classes.size());
    DefaultClass copy = defaults.classes[index];
    copy.name = name;
    copy.parent = index;
    copy.actuator.written_as.clear();
    defaults.classes.push_back(std::move(copy));
    defaults.by_name.emplace(name, nested_index);
    read_class(child, nested_index, defaults, spec);
  }
}

}  // namespace

void read_defaults(const Element& element, Defaults& defaults, Spec& spec) {
  Attributes a(element, spec);
  std::string name = "main";
  a.take_name("class", name);
  if (name != "main")
    a.malformed("class", "the outermost default class is main: nest this one in it");
  a.finish(true);
  read_class(element, 0, defaults, spec);
}

int find_class(Attributes& a, const Defaults& defaults, int fallback) {
  std::string name;
  if (!a.take_name("class", name)) return fallback;
  const auto found = defaults.by_name.find(name);
  if (found != defaults.by_name.end()) return found->second;
  std::vector<std::string_view> known;
  for (const auto& [known_name, index] : defaults.by_name) known.push_back(known_name);
  const std::string near = nearest_word(name, known, a.enough());
  a.malformed("class",
              "no default class of this name" +
                  (near.empty() ? std::string() : ": did you mean " + printable(near) + "?"));
  return fallback;
}

}  // namespace motorium
