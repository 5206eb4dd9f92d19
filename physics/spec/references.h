// Which elements a Spec holds, and which of them name others: one line each. What renames, removes
// and attaches visits these lists.
#pragma once
#include <functional>
#include <set>
#include <string>
#include <utility>

#include "motorium/core/error.h"
#include "motorium/physics/spec/fields.h"
#include "motorium/physics/spec/spec.h"

namespace motorium {

// kinds that have names, and those that refer to others
inline constexpr const char* kNamed[] = {"body",     "joint",  "geom",    "site",     "mesh",
                                         "hfield",   "pair",   "exclude", "equality", "tendon",
                                         "actuator", "sensor", "camera"};
inline constexpr const char* kReferring[] = {"pair",     "exclude", "equality", "tendon",
                                             "actuator", "sensor",  "camera"};

// bodies depth first, the one given included
template <class Visit> void each_body(BodySpec& body, Visit&& visit) {
  visit(body);
  for (BodySpec& child : body.bodies) each_body(child, visit);
}

template <class Visit> void each_element(Spec& s, const std::string& kind, Visit visit) {
  const auto all = [&](auto& items) {
    for (auto& item : items) visit(item);
  };
  if (kind == "body") return each_body(s.world, visit);
  if (kind == "joint") return each_body(s.world, [&](BodySpec& b) { all(b.joints); });
  if (kind == "geom") return each_body(s.world, [&](BodySpec& b) { all(b.geoms); });
  if (kind == "site") return each_body(s.world, [&](BodySpec& b) { all(b.sites); });
  if (kind == "camera") return each_body(s.world, [&](BodySpec& b) { all(b.cameras); });
  if (kind == "mesh") return all(s.meshes);
  if (kind == "hfield") return all(s.hfields);
  if (kind == "pair") return all(s.pairs);
  if (kind == "exclude") return all(s.excludes);
  if (kind == "equality") return all(s.equalities);
  if (kind == "tendon") return all(s.tendons);
  if (kind == "actuator") return all(s.actuators);
  if (kind == "sensor") return all(s.sensors);
  if (kind == "key") return all(s.keys);
  throw Error("Spec: no elements of kind '" + kind + "'");
}

// the kind that an object type names
inline std::string kind_of(ObjectType type) {
  if (type == ObjectType::none) return "actuator";
  return type == ObjectType::xbody ? "body" : word_of(type);
}

// names of other elements in an element: visit(kind, name)
template <class V> void each_reference(BodySpec&, V&&) {}
template <class V> void each_reference(JointSpec&, V&&) {}
template <class V> void each_reference(CameraSpec& s, V&& v) { v("body", s.target); }
template <class V> void each_reference(SiteSpec& s, V&& v) { v("mesh", s.mesh); }
template <class V> void each_reference(HfieldSpec&, V&&) {}
template <class V> void each_reference(MeshSpec&, V&&) {}
template <class V> void each_reference(KeySpec&, V&&) {}
template <class V> void each_reference(GeomSpec& s, V&& v) {
  v("mesh", s.mesh);
  v("hfield", s.hfield);
}
template <class V> void each_reference(PairSpec& s, V&& v) {
  v("geom", s.geom1);
  v("geom", s.geom2);
}
template <class V> void each_reference(ExcludeSpec& s, V&& v) {
  v("body", s.body1);
  v("body", s.body2);
}
template <class V> void each_reference(EqualitySpec& s, V&& v) {
  v(kind_of(s.objtype), s.object1);
  v(kind_of(s.objtype), s.object2);
}
template <class V> void each_reference(TendonSpec& s, V&& v) {
  for (WrapSpec& wrap : s.path) {
    if (wrap.type != WrapType::pulley) v(word_of(wrap.type), wrap.object);
    v("site", wrap.sidesite);
  }
}
template <class V> void each_reference(ActuatorSpec& s, V&& v) {
  const std::string kind = word_of(s.transmission);
  v(kind == "jointinparent" ? "joint" : kind == "cranksite" ? "site" : kind, s.target);
  v("site", s.refsite);
  v("site", s.slidersite);
}
template <class V> void each_reference(SensorSpec& s, V&& v) {
  v(kind_of(s.objtype), s.object);
  v(kind_of(s.reftype), s.reference);
}

// takes the element at this address out of the scene
void erase_element(Spec& spec, const void* element);
// takes out the elements of a kind that refer to one of `gone`: on_erased(name)
void erase_referring(Spec& spec, const std::string& kind,
                     const std::set<std::pair<std::string, std::string>>& gone,
                     const std::function<void(const std::string&)>& on_erased);
// every name, where it is given and where it is used
void rename_all(Spec& spec, const std::function<std::string(const std::string&)>& rename);
// angles and orientations as a file with this compiler would have them
void to_notation_of(Spec& spec, const CompilerSpec& compiler);
// where the file of a mesh lies
std::string mesh_source(const Spec& spec, const MeshSpec& mesh);

}  // namespace motorium
