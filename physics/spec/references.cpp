#include "motorium/physics/spec/references.h"

#include <numbers>

#include "motorium/physics/spec/pose.h"

namespace motorium {
namespace {

template <class Items> void erase_at(Items& items, const void* element) {
  std::erase_if(items, [&](auto& item) { return static_cast<const void*>(&item) == element; });
}

void erase_in(BodySpec& body, const void* element) {
  erase_at(body.joints, element);
  erase_at(body.geoms, element);
  erase_at(body.sites, element);
  erase_at(body.cameras, element);
  const size_t before = body.bodies.size();
  erase_at(body.bodies, element);
  if (body.bodies.size() != before) return;
  for (BodySpec& child : body.bodies) erase_in(child, element);
}

}  // namespace

void erase_element(Spec& spec, const void* element) {
  const auto in = [&](auto& items) {
    const size_t before = items.size();
    erase_at(items, element);
    return items.size() != before;
  };
  // an address means one element: the first list that has it ends the search
  if (in(spec.meshes) || in(spec.hfields) || in(spec.pairs) || in(spec.excludes) ||
      in(spec.equalities) || in(spec.tendons) || in(spec.actuators) || in(spec.sensors) ||
      in(spec.keys)) {
    return;
  }
  erase_in(spec.world, element);
}

void erase_referring(Spec& spec, const std::string& kind,
                     const std::set<std::pair<std::string, std::string>>& gone,
                     const std::function<void(const std::string&)>& on_erased) {
  const auto in = [&](auto& items) {
    std::erase_if(items, [&](auto& item) {
      bool refers = false;
      each_reference(item, [&](const std::string& of, const std::string& name) {
        refers = refers || gone.count({of, name}) > 0;
      });
      if (refers) on_erased(item.name);
      return refers;
    });
  };
  if (kind == "pair") in(spec.pairs);
  if (kind == "exclude") in(spec.excludes);
  if (kind == "equality") in(spec.equalities);
  if (kind == "tendon") in(spec.tendons);
  if (kind == "actuator") in(spec.actuators);
  if (kind == "sensor") in(spec.sensors);
  if (kind == "camera") each_body(spec.world, [&](BodySpec& body) { in(body.cameras); });
}

void rename_all(Spec& spec, const std::function<std::string(const std::string&)>& rename) {
  for (const char* kind : kNamed) {
    each_element(spec, kind, [&](auto& element) {
      element.name = rename(element.name);
      each_reference(element, [&](const std::string&, std::string& name) { name = rename(name); });
    });
  }
  // what only a viewer uses
  each_body(spec.world, [&](BodySpec& body) {
    for (GeomSpec& g : body.geoms) g.material = rename(g.material);
    for (SiteSpec& s : body.sites) s.material = rename(s.material);
    for (Element& viewer : body.viewer) {
      for (Attribute& a : viewer.attributes) {
        if (a.name == "name" || a.name == "target") a.value = rename(a.value);
      }
    }
  });
  for (TendonSpec& tendon : spec.tendons) tendon.material = rename(tendon.material);
  for (MeshSpec& mesh : spec.meshes) mesh.material = rename(mesh.material);
  for (Element& viewer : spec.viewer) {
    // textures stay behind
    std::erase_if(viewer.attributes, [](const Attribute& a) { return a.name == "texture"; });
    viewer.children.clear();
    for (Attribute& a : viewer.attributes) {
      if (a.name == "name") a.value = rename(a.value);
    }
  }
}

void to_notation_of(Spec& spec, const CompilerSpec& compiler) {
  const CompilerSpec from = spec.compiler;
  const auto turn = [&](Orientation& orientation) {
    std::string why;
    if (orientation.form == Orientation::Form::quat) return;
    const Quaternion q = resolve(orientation, from, why);
    orientation = Orientation();
    for (int i = 0; i < 4; ++i) orientation.v[i] = q[i];
  };
  const double unit = from.degree == compiler.degree ? 1
                      : compiler.degree              ? 180 / std::numbers::pi
                                                     : std::numbers::pi / 180;
  // a range that did not limit there must not limit here
  const auto settle = [&](Tristate& limited, const auto& range) {
    if (limited != Tristate::automatic) return;
    limited = from.autolimits && range[0] < range[1] ? Tristate::on : Tristate::off;
  };
  each_body(spec.world, [&](BodySpec& body) {
    turn(body.orientation);
    turn(body.inertial.orientation);
    for (GeomSpec& g : body.geoms) turn(g.orientation);
    for (SiteSpec& s : body.sites) turn(s.orientation);
    for (CameraSpec& c : body.cameras) turn(c.orientation);
    for (JointSpec& j : body.joints) {
      if (j.type != JointType::free) settle(j.limited, j.range);
      settle(j.actuatorfrclimited, j.actuatorfrcrange);
      if (j.type != JointType::hinge && j.type != JointType::ball) continue;
      for (double& x : j.range) x *= unit;
      j.ref *= unit;
      j.springref *= unit;
    }
  });
  for (TendonSpec& t : spec.tendons) settle(t.limited, t.range);
}

std::string mesh_source(const Spec& spec, const MeshSpec& mesh) {
  if (!mesh.source.empty()) return mesh.source;
  const size_t slash = mesh.file.rfind('/');
  const bool strip = spec.compiler.strippath && slash != mesh.file.npos;
  std::string path = strip ? mesh.file.substr(slash + 1) : mesh.file;
  if (!spec.compiler.meshdir.empty()) path = spec.compiler.meshdir + "/" + path;
  return spec.folder.empty() ? path : spec.folder + "/" + path;
}

}  // namespace motorium
