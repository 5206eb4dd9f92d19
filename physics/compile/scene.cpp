#include "motorium/physics/compile/scene.h"

#include <algorithm>
#include <numbers>

#include "motorium/core/limits.h"
#include "motorium/physics/spec/text.h"

namespace motorium {
namespace {

class SceneBuilder {
 public:
  explicit SceneBuilder(Scene& scene) : scene_(scene), spec_(scene.spec) {}

  void run() {
    assets();
    body(spec_.world, -1);
  }

 private:
  void assets() {
    std::set<std::string> colliding, paired;
    for (const PairSpec& pair : spec_.pairs) paired.insert({pair.geom1, pair.geom2});
    colliding_meshes(spec_.world, paired, colliding);
    for (const MeshSpec& mesh : spec_.meshes) {
      const int id = static_cast<int>(scene_.meshes.size());
      if (!mesh_id_.emplace(mesh.name, id).second) {
        malformed(mesh.place, title("mesh", mesh.name), "a mesh of this name exists");
      }
      scene_.mesh_id.push_back(id);
      std::string why;
      scene_.meshes.push_back(compile_mesh(mesh, colliding.count(mesh.name) > 0, why));
      if (!why.empty()) malformed(mesh.place, title("mesh", mesh.name), why);
    }
    for (const HfieldSpec& field : spec_.hfields) {
      const int id = static_cast<int>(scene_.hfield_id.size());
      if (!hfield_id_.emplace(field.name, id).second) {
        malformed(field.place, title("hfield", field.name), "a height field of this name exists");
      }
      scene_.hfield_id.push_back(id);
    }
  }

  // meshes whose hull is needed: of geoms that may touch something, and of sites
  void colliding_meshes(const BodySpec& body, const std::set<std::string>& paired,
                        std::set<std::string>& out) const {
    for (const GeomSpec& g : body.geoms) {
      const bool touches = g.contype || g.conaffinity || (!g.name.empty() && paired.count(g.name));
      if (g.type == GeomType::mesh && touches) out.insert(g.mesh);
    }
    for (const SiteSpec& s : body.sites) {
      if (s.type == GeomType::mesh) out.insert(s.mesh);
    }
    for (const BodySpec& child : body.bodies) colliding_meshes(child, paired, out);
  }

  void malformed(Place place, const std::string& element, const std::string& what) {
    scene_.problems.malformed(place, element, what);
  }

  void body(const BodySpec& spec, int parent) {
    const int id = static_cast<int>(scene_.bodies.size());
    if (id >= limits::kBodies) {
      if (id == limits::kBodies) {
        malformed(spec.place, "body", "more than " + std::to_string(limits::kBodies) + " bodies");
      }
      return;
    }
    scene_.bodies.emplace_back();
    SceneBody built;
    built.spec = &spec;
    built.parent = parent;
    built.pose = compose(
        spec.frame, {spec.pos, oriented(spec.orientation, spec.place, title("body", spec.name))});
    for (const JointSpec& j : spec.joints) built.joints.push_back(joint(j));
    for (const GeomSpec& g : spec.geoms) built.geoms.push_back(geom(g));
    for (const SiteSpec& s : spec.sites) built.sites.push_back(site(s));
    for (const CameraSpec& c : spec.cameras) {
      const Quaternion q = oriented(c.orientation, c.place, title("camera", c.name));
      built.cameras.push_back({&c, compose(c.frame, {c.pos, q})});
    }
    scene_.bodies[id] = std::move(built);
    for (const BodySpec& child : spec.bodies) body(child, id);
  }

  Quaternion oriented(const Orientation& orientation, Place place, const std::string& element) {
    std::string why;
    const Quaternion q = resolve(orientation, spec_.compiler, why);
    if (!why.empty()) malformed(place, element, why);
    return q;
  }

  SceneJoint joint(const JointSpec& spec) {
    SceneJoint out;
    out.spec = &spec;
    // free joints sit in the body's origin; balls have no axis
    if (spec.type != JointType::free)
      out.pos = add(spec.frame.pos, rotate(spec.frame.quat, spec.pos));
    if (spec.type == JointType::hinge || spec.type == JointType::slide) {
      const double n = length(spec.axis);
      if (n < kMinVal) {
        malformed(spec.place, title("joint", spec.name), "axis: has no length");
      } else {
        out.axis = rotate(spec.frame.quat, spec.axis);
        out.axis = scaled(out.axis, 1 / length(out.axis));
      }
    }
    return out;
  }

  // two end points: centre, direction and half length
  template <class Item>
  void from_to(const Item& spec, const char* tag, GeomType type, Pose& pose, Vec& size) {
    const bool ok = type == GeomType::capsule || type == GeomType::cylinder ||
                    type == GeomType::ellipsoid || type == GeomType::box;
    if (!ok) {
      malformed(spec.place, title(tag, spec.name),
                "fromto: needs a capsule, cylinder, box or ellipsoid");
      return;
    }
    const auto& f = spec.fromto;
    const Vec p0 = {f[0], f[1], f[2]}, p1 = {f[3], f[4], f[5]};
    const Vec axis = subtract(p0, p1);
    const double n = length(axis);
    if (n < kMinVal) {
      malformed(spec.place, title(tag, spec.name), "fromto: both ends are the same point");
      return;
    }
    pose = {scaled(add(p0, p1), 0.5), from_z(axis)};
    if (type == GeomType::capsule || type == GeomType::cylinder) {
      size = {size[0], 0.5 * n, size[2]};
    } else {
      size = {size[0], size[0], 0.5 * n};
    }
  }

  // pose in the enclosing frame, by position and orientation or by two points
  template <class Item>
  void place(const Item& spec, const char* tag, GeomType type, Pose& pose, Vec& size) {
    const std::string element = title(tag, spec.name);
    const bool given = !std::isnan(spec.pos[0]);
    pose = {given ? spec.pos : Vec{0, 0, 0}, oriented(spec.orientation, spec.place, element)};
    if (std::isnan(spec.fromto[0])) return;
    if (given) malformed(spec.place, element, "fromto: give pos or fromto, not both");
    from_to(spec, tag, type, pose, size);
  }

  // id of a mesh or height field, -1 where there is none of this name
  int asset(const NameMap& ids, const std::string& kind, const std::string& name, Place place,
            const std::string& element) {
    const auto found = ids.find(name);
    if (found != ids.end()) return found->second;
    malformed(place, element,
              name.empty() ? kind + ": is missing: name a " + kind
                           : kind + "=\"" + printable(name) + "\": no " + kind + " of this name");
    return -1;
  }

  SceneGeom geom(const GeomSpec& spec) {
    SceneGeom out;
    out.spec = &spec;
    out.type = spec.type;
    out.size = spec.size;
    const std::string element = title("geom", spec.name);
    place(spec, "geom", spec.type, out.pose, out.size);
    out.pose = compose(spec.frame, out.pose);

    double volume = 0;
    if (spec.type == GeomType::hfield || !spec.hfield.empty()) {
      if (!height_field(spec, element, out)) return out;
    } else if (spec.type == GeomType::mesh || !spec.mesh.empty()) {
      const int id = asset(mesh_id_, "mesh", spec.mesh, spec.place, element);
      if (id < 0) return out;
      const CompiledMesh& mesh = scene_.meshes[id];
      out.pose = compose(out.pose, mesh.inertial);
      if (spec.type == GeomType::mesh) {
        if (spec.shellinertia) {
          malformed(spec.place, element,
                    "shellinertia: is set at the mesh: mesh/inertia=\"shell\"");
        }
        out.data = id;
        out.size = mesh.half;
        volume = mesh.volume;
      } else {
        fit(spec, mesh, out);
      }
    }
    check_size(spec, element, out);
    if (spec.type != GeomType::mesh) {
      volume = shape_volume(solid_of(out.type), out.size, spec.shellinertia);
    }
    bounds(out);
    masses(spec, element, volume, out);
    check_contact(spec, element);
    return out;
  }

  // counts as a box where mass is asked for
  bool height_field(const GeomSpec& spec, const std::string& element, SceneGeom& out) {
    if (spec.type != GeomType::hfield) {
      malformed(spec.place, element, "hfield: needs type=\"hfield\"");
      return false;
    }
    if (!spec.mesh.empty()) malformed(spec.place, element, "mesh: needs another type");
    const int id = asset(hfield_id_, "hfield", spec.hfield, spec.place, element);
    if (id < 0) return false;
    const auto& s = spec_.hfields[id].size;
    out.data = id;
    out.size = {s[0], s[1], 0.25 * s[2] + 0.5 * s[3]};
    return true;
  }

  void bounds(SceneGeom& out) const {
    out.rbound = shape_radius(out.type, out.size);
    out.aabb = shape_box(out.type, out.size);
    if (out.type == GeomType::mesh) {
      const CompiledMesh& mesh = scene_.meshes[out.data];
      for (int i = 0; i < 3; ++i) out.aabb[i] = mesh.aabb_centre[i], out.aabb[3 + i] = mesh.aabb[i];
    } else if (out.type == GeomType::hfield) {
      const auto& s = spec_.hfields[out.data].size;
      out.rbound = length({s[0], s[1], std::max(s[2], s[3])});
      out.aabb = {0, 0, 0.5 * (s[2] - s[3]), s[0], s[1], 0.5 * (s[2] + s[3])};
    }
  }

  // a primitive in place of a mesh
  void fit(const GeomSpec& spec, const CompiledMesh& mesh, SceneGeom& out) {
    const bool aabb = spec_.compiler.fitaabb;
    const Vec& s = aabb ? mesh.aabb : mesh.box;
    if (aabb) out.pose.pos = add(out.pose.pos, rotate(out.pose.quat, mesh.aabb_centre));
    switch (spec.type) {
      case GeomType::sphere:
        out.size = {(s[0] + s[1] + s[2]) / 3, 0, 0};
        if (aabb) out.size[0] = std::max({s[0], s[1], s[2]});
        break;
      case GeomType::capsule:
        out.size = {(s[0] + s[1]) / 2, 0, 0};
        if (aabb) out.size[0] = std::max(s[0], s[1]);
        out.size[1] = std::max(0.0, aabb ? s[2] - out.size[0] : s[2] - out.size[0] / 2);
        break;
      case GeomType::cylinder:
        out.size = {aabb ? std::max(s[0], s[1]) : (s[0] + s[1]) / 2, s[2], 0};
        break;
      case GeomType::box:
      case GeomType::ellipsoid:
        out.size = s;
        break;
      default:
        malformed(spec.place, title("geom", spec.name), "type: a plane cannot stand for a mesh");
    }
    out.size = scaled(out.size, spec.fitscale);
  }

  void check_size(const GeomSpec& spec, const std::string& element, const SceneGeom& g) {
    const int count = g.type == GeomType::sphere                                    ? 1
                      : g.type == GeomType::capsule || g.type == GeomType::cylinder ? 2
                                                                                    : 3;
    if (g.type == GeomType::mesh || g.type == GeomType::hfield) return;
    if (g.type == GeomType::plane) {
      if (g.size[0] < 0 || g.size[1] < 0) malformed(spec.place, element, "size: is negative");
      if (!(g.size[2] > 0))
        malformed(spec.place, element, "size: the third number must be positive");
      return;
    }
    for (int i = 0; i < count; ++i) {
      if (g.size[i] > 0) continue;
      malformed(spec.place, element,
                "size: number " + std::to_string(i + 1) + " is " + number_text(g.size[i]) +
                    ": must be positive");
      return;
    }
  }

  void masses(const GeomSpec& spec, const std::string& element, double volume, SceneGeom& g) {
    if (g.type == GeomType::plane) return;
    if (spec.mass < 0) malformed(spec.place, element, "mass: is negative");
    if (spec.density < 0) malformed(spec.place, element, "density: is negative");
    if (spec.shellinertia && g.type != GeomType::mesh && volume <= 0) return;
    g.mass = std::isnan(spec.mass) ? spec.density * volume : spec.mass;
    g.inertia = g.type == GeomType::mesh
                    ? box_inertia(scene_.meshes[g.data].box, g.mass)
                    : shape_inertia(solid_of(g.type), g.size, g.mass, spec.shellinertia);
  }
  static GeomType solid_of(GeomType type) {
    return type == GeomType::hfield ? GeomType::box : type;
  }

  void check_contact(const GeomSpec& spec, const std::string& element) {
    const int d = spec.condim;
    if (d != 1 && d != 3 && d != 4 && d != 6) {
      malformed(spec.place, element, "condim: is " + std::to_string(d) + ": use 1, 3, 4 or 6");
    }
    for (const double f : spec.friction) {
      if (f < 0) malformed(spec.place, element, "friction: is negative");
    }
    if (spec.margin < 0) malformed(spec.place, element, "margin: is negative");
    if (spec.gap < 0) malformed(spec.place, element, "gap: is negative");
    if (spec.solmix < 0) malformed(spec.place, element, "solmix: is negative");
    if (spec.adhesion < 0) malformed(spec.place, element, "adhesion: is negative");
  }

  SceneSite site(const SiteSpec& spec) {
    SceneSite out;
    out.spec = &spec;
    out.type = spec.type;
    out.size = spec.size;
    const std::string element = title("site", spec.name);
    if (spec.type == GeomType::plane || spec.type == GeomType::hfield) {
      malformed(spec.place, element, "type: use sphere, capsule, ellipsoid, cylinder, box or mesh");
    }
    if (spec.type != GeomType::mesh && !spec.mesh.empty()) {
      malformed(spec.place, element, "mesh: needs type=\"mesh\"");
    }
    place(spec, "site", spec.type, out.pose, out.size);
    out.pose = compose(spec.frame, out.pose);
    if (spec.type == GeomType::mesh) {
      // drawn about its centre of mass, which stays where the site is
      out.data = asset(mesh_id_, "mesh", spec.mesh, spec.place, element);
      if (out.data >= 0) out.size = scene_.meshes[out.data].half;
      return out;
    }
    const int count = spec.type == GeomType::sphere                                       ? 1
                      : spec.type == GeomType::capsule || spec.type == GeomType::cylinder ? 2
                                                                                          : 3;
    for (int i = 0; i < count; ++i) {
      if (!(out.size[i] > 0)) {
        malformed(spec.place, element, "size: must be positive");
        break;
      }
    }
    return out;
  }

  Scene& scene_;
  const Spec& spec_;
  NameMap mesh_id_, hfield_id_;
};

}  // namespace

std::string title(const std::string& tag, const std::string& name) {
  return name.empty() ? tag : tag + "[@name='" + printable(name) + "']";
}

void build_scene(Scene& scene) { SceneBuilder(scene).run(); }

}  // namespace motorium
