#include "motorium/physics/spec/copies.h"

#include <algorithm>

#include "motorium/core/limits.h"
#include "motorium/physics/spec/pose.h"
#include "motorium/physics/spec/text.h"

namespace motorium {
namespace {

Names::Kind kind_of(ObjectType type) {
  switch (type) {
    case ObjectType::joint:
      return Names::joint;
    case ObjectType::geom:
      return Names::geom;
    case ObjectType::site:
      return Names::site;
    case ObjectType::camera:
      return Names::camera;
    case ObjectType::tendon:
      return Names::tendon;
    default:
      return Names::body;
  }
}

// ---- what an element refers to: visit(kind, name) ----------------------------------------------

template <class Visit> void references(PairSpec& p, Visit visit) {
  visit(Names::geom, p.geom1);
  visit(Names::geom, p.geom2);
}

template <class Visit> void references(ExcludeSpec& e, Visit visit) {
  visit(Names::body, e.body1);
  visit(Names::body, e.body2);
}

template <class Visit> void references(TendonSpec& t, Visit visit) {
  for (WrapSpec& wrap : t.path) {
    if (wrap.type == WrapType::joint) visit(Names::joint, wrap.object);
    if (wrap.type == WrapType::site) visit(Names::site, wrap.object);
    if (wrap.type == WrapType::sphere || wrap.type == WrapType::cylinder) {
      visit(Names::geom, wrap.object);
    }
    visit(Names::site, wrap.sidesite);
  }
}

template <class Visit> void references(EqualitySpec& e, Visit visit) {
  const Names::Kind kind = e.type == EqualityType::joint    ? Names::joint
                           : e.type == EqualityType::tendon ? Names::tendon
                                                            : kind_of(e.objtype);
  visit(kind, e.object1);
  visit(kind, e.object2);
}

template <class Visit> void references(ActuatorSpec& a, Visit visit) {
  const Names::Kind kind = a.transmission == TransmissionType::site     ? Names::site
                           : a.transmission == TransmissionType::tendon ? Names::tendon
                                                                        : Names::joint;
  visit(kind, a.target);
  visit(Names::site, a.refsite);
}

template <class Visit> void references(SensorSpec& s, Visit visit) {
  visit(s.type == SensorType::actuatorfrc ? Names::actuator : kind_of(s.objtype), s.object);
  visit(kind_of(s.reftype), s.reference);
}

// objects of other kinds keep their names
template <class Visit> void references(TupleSpec& t, Visit visit) {
  const std::pair<const char*, Names::Kind> words[] = {
      {"body", Names::body},        {"xbody", Names::body},        {"joint", Names::joint},
      {"geom", Names::geom},        {"site", Names::site},         {"camera", Names::camera},
      {"tendon", Names::tendon},    {"actuator", Names::actuator}, {"sensor", Names::sensor},
      {"equality", Names::equality}};
  for (TupleSpec::Item& item : t.items) {
    for (const auto& [word, kind] : words) {
      if (item.type == word) visit(kind, item.name);
    }
  }
}

// ---- dependents
// ----------------------------------------------------------------------------------

// may one of the two objects of such an element lie outside a replicated subtree?
constexpr bool may_mix(const PairSpec&) { return true; }
constexpr bool may_mix(const ExcludeSpec&) { return true; }
constexpr bool may_mix(const SensorSpec&) { return true; }
template <class Item> constexpr bool may_mix(const Item&) { return false; }

template <class Item> std::pair<int, int> inside_and_outside(Item& item, const Names& names) {
  std::pair<int, int> count = {0, 0};
  references(item, [&](Names::Kind kind, const std::string& name) {
    if (name.empty() || (kind == Names::body && name == "world")) return;
    ++(names.has(kind, name) ? count.first : count.second);
  });
  return count;
}

template <class Item>
std::vector<Item> take(std::vector<Item>& items, Names::Kind kind, Names& names, Spec& spec) {
  std::vector<Item> taken, left;
  for (Item& item : items) {
    const auto [inside, outside] = inside_and_outside(item, names);
    if (inside == 0) {
      left.push_back(std::move(item));
      continue;
    }
    if (outside > 0 && !may_mix(item)) {
      spec.problems.malformed(item.place, "replicate",
                              "an element refers to a replicated object and to another one: move "
                              "both into <replicate>, or refer to a copy by its full name");
    }
    if (kind != Names::kinds) names.add(kind, item.name);
    taken.push_back(std::move(item));
  }
  items = std::move(left);
  return taken;
}

template <class Item>
std::vector<Item> copy(const std::vector<Item>& items, Names::Kind kind, Names& names) {
  std::vector<Item> out;
  for (Item item : items) {
    const auto [inside, outside] = inside_and_outside(item, names);
    if (outside > 0 || inside == 0) continue;
    if (kind != Names::kinds) names.add(kind, item.name);
    out.push_back(std::move(item));
  }
  return out;
}

template <class Item>
void rename_items(const Renaming& to, const Names& inside, std::vector<Item>& items) {
  for (Item& item : items) {
    to.apply(item.name);
    references(item, [&](Names::Kind kind, std::string& name) {
      if (inside.has(kind, name)) to.apply(name);
    });
  }
}

template <class Item> void append_items(const std::vector<Item>& from, std::vector<Item>& to) {
  to.insert(to.end(), from.begin(), from.end());
}

}  // namespace

void Names::add(Kind kind, const std::string& name) {
  if (!name.empty()) names_[kind].insert(name);
}

bool Names::has(Kind kind, const std::string& name) const {
  return !name.empty() && names_[kind].count(name) > 0;
}

void add_names(const BodySpec& body, bool self, Names& names) {
  if (self) names.add(Names::body, body.name);
  for (const JointSpec& j : body.joints) names.add(Names::joint, j.name);
  for (const GeomSpec& g : body.geoms) names.add(Names::geom, g.name);
  for (const SiteSpec& s : body.sites) names.add(Names::site, s.name);
  for (const CameraSpec& c : body.cameras) names.add(Names::camera, c.name);
  for (const BodySpec& child : body.bodies) add_names(child, true, names);
}

int64_t count_objects(const BodySpec& body) {
  size_t count = body.joints.size() + body.geoms.size() + body.sites.size() + body.bodies.size();
  count += body.cameras.size() + body.viewer.size();
  auto total = static_cast<int64_t>(count);
  for (const BodySpec& child : body.bodies) total += count_objects(child);
  return total;
}

int64_t size(const Dependents& d) {
  return static_cast<int64_t>(d.pairs.size() + d.excludes.size() + d.tendons.size() +
                              d.equalities.size() + d.actuators.size() + d.sensors.size() +
                              d.tuples.size());
}

Dependents take_dependents(Spec& spec, Names& inside) {
  Dependents out;
  out.pairs = take(spec.pairs, Names::pair, inside, spec);
  out.excludes = take(spec.excludes, Names::exclude, inside, spec);
  out.tendons = take(spec.tendons, Names::tendon, inside, spec);
  out.equalities = take(spec.equalities, Names::equality, inside, spec);
  out.actuators = take(spec.actuators, Names::actuator, inside, spec);
  out.sensors = take(spec.sensors, Names::sensor, inside, spec);
  out.tuples = take(spec.tuples, Names::kinds, inside, spec);
  return out;
}

Dependents copy_dependents(const Spec& spec, Names& inside) {
  Dependents out;
  out.pairs = copy(spec.pairs, Names::pair, inside);
  out.excludes = copy(spec.excludes, Names::exclude, inside);
  out.tendons = copy(spec.tendons, Names::tendon, inside);
  out.equalities = copy(spec.equalities, Names::equality, inside);
  out.actuators = copy(spec.actuators, Names::actuator, inside);
  out.sensors = copy(spec.sensors, Names::sensor, inside);
  out.tuples = copy(spec.tuples, Names::kinds, inside);
  return out;
}

void rename(const Renaming& to, BodySpec& body) {
  to.apply(body.name);
  for (JointSpec& j : body.joints) to.apply(j.name);
  for (GeomSpec& g : body.geoms) to.apply(g.name);
  for (SiteSpec& s : body.sites) to.apply(s.name);
  // a target outside the subtree is renamed too, as MuJoCo does
  for (CameraSpec& c : body.cameras) {
    to.apply(c.name);
    to.apply(c.target);
  }
  for (Element& element : body.viewer) {
    for (Attribute& a : element.attributes) {
      if (a.name == "name" || a.name == "target") to.apply(a.value);
    }
  }
  for (BodySpec& child : body.bodies) rename(to, child);
}

void rename(const Renaming& to, const Names& inside, Dependents& d) {
  rename_items(to, inside, d.pairs);
  rename_items(to, inside, d.excludes);
  rename_items(to, inside, d.tendons);
  rename_items(to, inside, d.equalities);
  rename_items(to, inside, d.actuators);
  rename_items(to, inside, d.sensors);
  rename_items(to, inside, d.tuples);
}

void append(const Dependents& d, Spec& spec) {
  append_items(d.pairs, spec.pairs);
  append_items(d.excludes, spec.excludes);
  append_items(d.tendons, spec.tendons);
  append_items(d.equalities, spec.equalities);
  append_items(d.actuators, spec.actuators);
  append_items(d.sensors, spec.sensors);
  append_items(d.tuples, spec.tuples);
}

void adopt_children(BodySpec from, const Pose& frame, BodySpec& body) {
  const auto adopt = [&](auto& items, auto& into) {
    for (auto& item : items) {
      item.frame = compose(frame, item.frame);
      into.push_back(std::move(item));
    }
  };
  adopt(from.geoms, body.geoms);
  adopt(from.sites, body.sites);
  adopt(from.cameras, body.cameras);
  adopt(from.bodies, body.bodies);
  for (Element& element : from.viewer) body.viewer.push_back(std::move(element));
}

bool book_copies(int64_t count, Place place, const std::string& element, Spec& spec) {
  spec.copies = std::min<int64_t>(spec.copies + count, limits::kCopies + 1);
  if (spec.copies <= limits::kCopies) return true;
  if (!spec.copies_reported) {
    spec.problems.malformed(place, element,
                            "more than " + std::to_string(limits::kCopies) + " copied objects");
  }
  spec.copies_reported = true;
  return false;
}

}  // namespace motorium
