#include "motorium/physics/spec/edit.h"

#include <functional>
#include <set>

#include "motorium/core/error.h"
#include "motorium/physics/spec/pose.h"
#include "motorium/physics/spec/references.h"
#include "motorium/physics/spec/write_xml.h"

namespace motorium {
namespace {

// ---- text into values --------------------------------------------------------------------------

bool parse(const std::string& text, std::string& value) {
  value = text;
  return true;
}
bool parse(const std::string& text, double& value) { return read_number(text, value); }
bool parse(const std::string& text, int& value) { return read_integer(text, value); }
template <class Enum>
requires(std::is_enum_v<Enum> || std::is_same_v<Enum, bool>) bool parse(const std::string& text,
                                                                        Enum& value) {
  return value_of(text, value);
}
template <class T, size_t n> bool parse(const std::string& text, std::array<T, n>& value) {
  const std::vector<std::string_view> words = words_of(text);
  if (words.empty() || words.size() > n) return false;
  std::array<T, n> out = value;
  for (size_t i = 0; i < words.size(); ++i) {
    double x = 0;
    if (!read_number(words[i], x)) return false;
    out[i] = static_cast<T>(x);
  }
  // the rest of what was not given before
  for (size_t i = words.size(); i < n; ++i) out[i] = out[i] == out[i] ? out[i] : T{0};
  value = out;
  return true;
}
bool parse(const std::string& text, std::vector<double>& value) {
  std::vector<double> out;
  for (const std::string_view word : words_of(text)) {
    double x = 0;
    if (!read_number(word, x)) return false;
    out.push_back(x);
  }
  value = std::move(out);
  return true;
}

const char* const kForms[] = {"quat", "axisangle", "xyaxes", "zaxis", "euler"};

// visits one element's attributes to read or write one of them
struct OneAttribute {
  const std::string& name;
  const std::string* given;  // text to set, or nullptr to read
  const Spec& spec;
  bool found = false, good = true, nowhere = false;
  std::string text = {};
  std::vector<std::string> known = {};

  template <class T> void operator()(const char* field, T& value, const std::string& written = "") {
    known.push_back(field);
    if (name != field) return;
    found = true;
    nowhere = written == kNowhere;
    if (given) good = parse(*given, value);
    text = text_of(value);
  }
  void operator()(const char*, Orientation& value) {
    for (int form = 0; form < 5; ++form) {
      known.push_back(kForms[form]);
      if (name != kForms[form]) continue;
      found = true;
      if (given) {
        Orientation fresh;
        fresh.form = static_cast<Orientation::Form>(form);
        good = parse(*given, fresh.v);
        if (good) value = fresh;
      }
      std::string why;
      text = form == 0 ? text_of(resolve(value, spec.compiler, why)) : text_of(value);
    }
  }
};

// ---- elements ----------------------------------------------------------------------------------

[[noreturn]] void no_such(Spec& spec, const Handle& handle) {
  const std::string what = handle.name.empty() ? "#" + std::to_string(handle.number)
                                               : "'" + printable(handle.name) + "'";
  std::vector<std::string> names = names_of(spec, handle.kind);
  throw Error("Spec: no " + handle.kind + " " + what + did_you_mean(handle.name, names));
}

// the element that a handle means: visit(element)
template <class Visit> void with_element(Spec& spec, const Handle& handle, Visit visit) {
  int number = 0;
  bool done = false;
  each_element(spec, handle.kind, [&](auto& element) {
    const bool same = handle.name.empty() ? number == handle.number : element.name == handle.name;
    ++number;
    if (!same || done) return;
    done = true;
    visit(element);
  });
  if (!done) no_such(spec, handle);
}

// the same; there is one `option` and one `compiler`
template <class Visit> void with_any(Spec& spec, const Handle& handle, Visit visit) {
  if (handle.kind == "option") return visit(spec.option);
  if (handle.kind == "compiler") return visit(spec.compiler);
  with_element(spec, handle, visit);
}

std::string apply(Spec& spec, auto& element, const std::string& kind, const std::string& name,
                  const std::string* given) {
  OneAttribute one{name, given, spec};
  each_attribute(element, one);
  require(one.found, "Spec: a " + kind + " has no attribute '" + printable(name) + "'" +
                         did_you_mean(name, one.known));
  if (given && one.nowhere)
    throw Error("Spec: " + kind + "." + name + ": \"" + printable(*given) +
                "\" does not fit: one of this type has none");
  require(one.good, "Spec: " + kind + "." + name + ": \"" + (given ? printable(*given) : "") +
                        "\" does not fit");
  return one.text;
}

BodySpec& body_named(Spec& spec, const std::string& name) {
  BodySpec* found = nullptr;
  each_body(spec.world, [&](BodySpec& body) {
    if (body.name == name && !found) found = &body;
  });
  if (!found) no_such(spec, {"body", name, -1});
  return *found;
}

template <class Item>
void push(Spec& spec, std::vector<Item>& items, Item item, const std::string& kind,
          const AttributeList& attributes) {
  // all or nothing; what others depend on comes first
  const std::set<std::string> first = {"type", "objtype", "transmission", "gaintype"};
  for (const bool turn : {true, false})
    for (const auto& [name, text] : attributes)
      if ((first.count(name) > 0) == turn) apply(spec, item, kind, name, &text);
  items.push_back(std::move(item));
}

}  // namespace

std::vector<std::string> names_of(Spec& spec, const std::string& kind) {
  std::vector<std::string> out;
  each_element(spec, kind, [&](auto& element) { out.push_back(element.name); });
  return out;
}

std::string get_attribute(Spec& spec, const Handle& handle, const std::string& name) {
  std::string out;
  with_any(spec, handle,
           [&](auto& element) { out = apply(spec, element, handle.kind, name, nullptr); });
  return out;
}

void set_attribute(Spec& spec, const Handle& handle, const std::string& name,
                   const std::string& text) {
  with_any(spec, handle, [&](auto& element) { apply(spec, element, handle.kind, name, &text); });
}

std::vector<std::string> attributes_of(Spec& spec, const Handle& handle) {
  std::vector<std::string> out;
  with_any(spec, handle, [&](auto& element) {
    const std::string none;
    OneAttribute all{none, nullptr, spec};
    each_attribute(element, all);
    out = all.known;
  });
  return out;
}

int add_element(Spec& spec, const std::string& kind, const std::string& parent,
                const AttributeList& attributes) {
  const std::string place = parent.empty() ? "world" : parent;
  std::string name;
  for (const auto& [key, text] : attributes) {
    if (key == "name") name = text;
  }
  for (const std::string& taken : names_of(spec, kind)) {
    require(name.empty() || taken != name, "Spec: a " + kind + " '" + printable(name) + "' exists");
  }
  require(kind != "joint" || place != "world", "Spec: the world cannot move: name a body");
  if (kind == "body") push(spec, body_named(spec, place).bodies, BodySpec(), kind, attributes);
  if (kind == "joint") push(spec, body_named(spec, place).joints, JointSpec(), kind, attributes);
  if (kind == "geom") push(spec, body_named(spec, place).geoms, GeomSpec(), kind, attributes);
  if (kind == "site") push(spec, body_named(spec, place).sites, SiteSpec(), kind, attributes);
  if (kind == "pair") push(spec, spec.pairs, PairSpec(), kind, attributes);
  if (kind == "exclude") push(spec, spec.excludes, ExcludeSpec(), kind, attributes);
  if (kind == "equality") push(spec, spec.equalities, EqualitySpec(), kind, attributes);
  if (kind == "actuator") push(spec, spec.actuators, ActuatorSpec(), kind, attributes);
  if (kind == "key") push(spec, spec.keys, KeySpec(), kind, attributes);
  const std::set<std::string> known = {"body",    "joint",    "geom",     "site", "pair",
                                       "exclude", "equality", "actuator", "key"};
  require(known.count(kind) > 0, "Spec: a " + printable(kind) + " cannot be added here");
  // the number of the new one: the last in its body
  const BodySpec* body = kind == "joint" || kind == "geom" || kind == "site" || kind == "body"
                             ? &body_named(spec, place)
                             : nullptr;
  int number = -1, at = 0;
  each_element(spec, kind, [&](auto& element) {
    using Item = std::remove_cvref_t<decltype(element)>;
    bool last = body == nullptr;
    if constexpr (std::is_same_v<Item, BodySpec>) last = body && &element == &body->bodies.back();
    if constexpr (std::is_same_v<Item, JointSpec>) last = body && &element == &body->joints.back();
    if constexpr (std::is_same_v<Item, GeomSpec>) last = body && &element == &body->geoms.back();
    if constexpr (std::is_same_v<Item, SiteSpec>) last = body && &element == &body->sites.back();
    if (last) number = at;
    ++at;
  });
  return number;
}

std::vector<std::string> remove_element(Spec& spec, const Handle& handle) {
  std::vector<std::string> out;
  require(handle.kind != "body" || handle.name != "world", "Spec: the world cannot be removed");
  // what goes: the element, and with a body all below it
  std::set<std::pair<std::string, std::string>> gone;
  const void* target = nullptr;
  const auto note = [&](const std::string& kind, const std::string& name) {
    out.push_back(kind + (name.empty() ? "" : " '" + name + "'"));
    if (!name.empty()) gone.emplace(kind, name);
  };
  with_element(spec, handle, [&](auto& element) {
    target = &element;
    note(handle.kind, element.name);
    if constexpr (std::is_same_v<std::remove_cvref_t<decltype(element)>, BodySpec>) {
      each_body(element, [&](BodySpec& body) {
        if (&body != target) note("body", body.name);
        for (const JointSpec& x : body.joints) note("joint", x.name);
        for (const GeomSpec& x : body.geoms) note("geom", x.name);
        for (const SiteSpec& x : body.sites) note("site", x.name);
        for (const CameraSpec& x : body.cameras) note("camera", x.name);
      });
    }
  });
  erase_element(spec, target);
  // what refers to them goes too, and what refers to that
  for (bool more = true; more;) {
    more = false;
    for (const char* kind : kReferring) {
      erase_referring(spec, kind, gone, [&](const std::string& name) {
        more = true;
        note(kind, name);
      });
    }
  }
  if (!spec.keys.empty() && (handle.kind == "body" || handle.kind == "joint")) {
    spec.keys.clear();
    out.push_back("all keyframes: their sizes changed");
  }
  return out;
}

void attach(Spec& spec, const Spec& other, const std::string& prefix, const std::string& body,
            const Pose& pose) {
  Spec part = other;
  to_notation_of(part, spec.compiler);
  rename_all(part, [&](const std::string& name) {
    return name.empty() || name == "world" ? name : prefix + name;
  });
  // names must stay unique
  for (const char* kind : kNamed) {
    const std::vector<std::string> old = names_of(spec, kind);
    const std::set<std::string> taken(old.begin(), old.end());
    for (const std::string& name : names_of(part, kind)) {
      require(name.empty() || name == "world" || taken.count(name) == 0,
              std::string("Spec.attach: a ") + kind + " '" + printable(name) +
                  "' exists: give another prefix");
    }
  }
  BodySpec& to = body_named(spec, body);
  const auto move_in = [&](auto& from, auto& into) {
    for (auto& item : from) {
      item.frame = compose(pose, item.frame);
      into.push_back(std::move(item));
    }
  };
  move_in(part.world.geoms, to.geoms);
  move_in(part.world.sites, to.sites);
  move_in(part.world.cameras, to.cameras);
  move_in(part.world.bodies, to.bodies);
  const auto append = [](auto& from, auto& into) {
    for (auto& item : from) into.push_back(std::move(item));
  };
  append(part.pairs, spec.pairs);
  append(part.excludes, spec.excludes);
  append(part.equalities, spec.equalities);
  append(part.tendons, spec.tendons);
  append(part.actuators, spec.actuators);
  append(part.sensors, spec.sensors);
  for (MeshSpec& mesh : part.meshes) {
    // files lie where they lay
    if (!mesh.file.empty() && mesh.source.empty()) mesh.source = mesh_source(other, mesh);
    if (!mesh.file.empty()) mesh.file = mesh.source;
    spec.meshes.push_back(std::move(mesh));
  }
  append(part.hfields, spec.hfields);
  for (Element& element : part.viewer) {
    if (element.tag == "material") spec.viewer.push_back(std::move(element));
  }
  if (!spec.keys.empty() || !part.keys.empty()) {
    spec.report.push_back("attach: keyframes are removed, their sizes changed");
    spec.keys.clear();
  }
}

}  // namespace motorium
