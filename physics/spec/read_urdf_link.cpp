// <link>: inertial, collision and visual geometry, materials.
#include <cmath>

#include "motorium/core/error.h"
#include "motorium/core/limits.h"
#include "motorium/physics/spec/mesh_file.h"
#include "motorium/physics/spec/text.h"
#include "motorium/physics/spec/urdf_parts.h"

namespace motorium {
namespace {

// <material>: its own color, or that of a named one; textures are for viewers
void take_material(UrdfReader& reader, const Element& visual, std::array<float, 4>& rgba) {
  const Element* material = child_of(visual, "material");
  if (!material) return;
  Attributes a(*material, reader.spec);
  std::string name;
  a.skip({"name"});
  if (const std::string* given = material->find("name")) name = *given;
  a.finish_extensible();
  check_children(reader, *material, {"color", "texture"}, {"color", "texture"});
  if (const Element* color = child_of(*material, "color")) {
    Attributes c(*color, reader.spec);
    if (!c.has("rgba")) c.malformed("", "rgba: is missing");
    c.take_color("rgba", rgba);
    c.finish_extensible();
  } else if (reader.colors.count(name)) {
    rgba = reader.colors.at(name);
  }
  if (child_of(*material, "texture")) report_once(reader.spec, "material/texture: ignored");
}

double take_length(Attributes& a, const char* name, double scale) {
  double value = 0;
  if (!a.has(name)) a.malformed("", std::string(name) + ": is missing");
  if (a.take(name, value) && !(value > 0)) a.malformed(name, "must be positive");
  return value * scale;
}

std::string lower_extension(const std::string& path) {
  const size_t dot = path.rfind('.');
  std::string out = dot == std::string::npos ? "" : path.substr(dot + 1);
  for (char& c : out) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  return out;
}

// a name for a mesh that no other has: the file's, then with numbers
std::string mesh_name(UrdfReader& reader, const std::string& file) {
  std::string stem = file.substr(file.rfind('/') + 1);
  stem = stem.substr(0, stem.rfind('.'));
  if (!is_valid_name(stem)) stem = "mesh";
  std::string name = stem;
  for (int i = 1; !reader.used_mesh_names.insert(name).second; ++i) name = stem + std::to_string(i);
  return name;
}

// the mesh of a file at a scale: read once, however many geoms use it
bool take_mesh(UrdfReader& reader, const Element& element, bool collides, GeomSpec& geom) {
  Attributes a(element, reader.spec);
  MeshSpec mesh;
  mesh.place = element.place;
  a.take_path("filename", mesh.file);
  a.take("scale", mesh.scale);
  a.finish_extensible();
  if (mesh.file.empty()) {
    a.malformed("", "filename: is missing");
    return false;
  }
  geom.type = GeomType::mesh;
  const std::string kind = lower_extension(mesh.file);
  if (kind != "stl" && kind != "obj") {
    if (!collides) {
      report_once(reader.spec, "visual meshes of kind ." + printable(kind) + ": left out");
      return false;
    }
    a.unsupported("filename",
                  "the engine collides STL and OBJ, not ." + printable(kind) +
                      ": convert it (Blender, MeshLab: export as OBJ or STL) and name that file "
                      "here, or use boxes, cylinders, spheres");
    return false;
  }
  try {
    const CompilerSpec& compiler = reader.spec.compiler;
    const Located at = reader.packages.locate(mesh.file, compiler.strippath, compiler.meshdir);
    std::string key = at.folder->where() + "/" + at.path;
    mesh.source = key;
    for (const double s : mesh.scale) key += " " + number_text(s);
    const auto known = reader.mesh_names.find(key);
    if (known != reader.mesh_names.end()) {
      geom.mesh = known->second;
      return true;
    }
    const Bytes bytes = at.folder->read(at.path, limits::kMeshBytes);
    Triangles triangles = kind == "stl" ? read_stl(bytes) : read_obj(bytes);
    mesh.vertex = std::move(triangles.vertex);
    mesh.face = std::move(triangles.face);
    geom.mesh = mesh.name = mesh_name(reader, at.path);
    reader.mesh_names.emplace(key, mesh.name);
    reader.spec.meshes.push_back(std::move(mesh));
    return true;
  } catch (const Error& error) {
    // a robot moves without its looks
    if (collides) {
      a.malformed("filename", error.what());
    } else {
      report_once(reader.spec, "visual meshes that cannot be read: left out");
    }
  }
  return false;
}

// box, cylinder, sphere, capsule or mesh; full lengths become half lengths
bool take_shape(UrdfReader& reader, const Element& geometry, bool collides, GeomSpec& geom) {
  check_children(reader, geometry, {"box", "cylinder", "sphere", "capsule", "mesh"}, {});
  const Element* found = nullptr;
  for (const Element& child : geometry.children) {
    for (const char* tag : {"box", "cylinder", "sphere", "capsule", "mesh"}) {
      if (child.tag != tag) continue;
      if (found) reader.spec.problems.malformed(child.place, child.tag, "<geometry> has one shape");
      found = &child;
    }
  }
  if (!found) {
    Attributes a(geometry, reader.spec);
    const std::string other = geometry.children.empty() ? "" : geometry.children[0].tag;
    const std::string what = "holds no shape: use box, cylinder, sphere, capsule or mesh";
    if (other.empty()) {
      a.malformed("", what);
    } else if (collides) {
      a.unsupported("", "<" + printable(other) +
                            "> is no shape of URDF: use box, cylinder, sphere, capsule or mesh");
    }
    return false;
  }
  if (found->tag == "mesh") return take_mesh(reader, *found, collides, geom);
  Attributes a(*found, reader.spec);
  if (found->tag == "box") {
    geom.type = GeomType::box;
    if (!a.has("size")) a.malformed("", "size: is missing");
    if (a.take("size", geom.size) > 0) {
      for (double& s : geom.size) {
        if (!(s > 0)) a.malformed("size", "must be positive");
        s /= 2;
      }
    }
  } else {
    geom.type = found->tag == "cylinder"  ? GeomType::cylinder
                : found->tag == "capsule" ? GeomType::capsule
                                          : GeomType::sphere;
    geom.size[0] = take_length(a, "radius", 1);
    if (geom.type != GeomType::sphere) geom.size[1] = take_length(a, "length", 0.5);
  }
  a.finish_extensible();
  return true;
}

}  // namespace

Pose read_origin(UrdfReader& reader, const Element& element) {
  Pose pose;
  const Element* origin = child_of(element, "origin");
  if (!origin) return pose;
  Attributes a(*origin, reader.spec);
  a.take("xyz", pose.pos);
  Orientation turn;
  turn.form = Orientation::Form::euler;
  turn.v = {};
  double rpy[3];
  if (a.take("rpy", rpy, 3, 3) == 3) {
    for (int i = 0; i < 3; ++i) turn.v[i] = rpy[i];
    // roll, pitch, yaw about the fixed axes
    CompilerSpec radians;
    radians.degree = false;
    radians.eulerseq = "XYZ";
    std::string why;
    pose.quat = resolve(turn, radians, why);
  }
  a.finish_extensible();
  return pose;
}

void read_geometry(UrdfReader& reader, const Element& element, bool collides, UrdfLink& link) {
  check_children(reader, element, {"origin", "geometry", "material"},
                 {"origin", "geometry", "material"});
  Attributes a(element, reader.spec);
  GeomSpec geom;
  geom.place = element.place;
  std::string name;
  a.skip({"name"});
  if (const std::string* given = element.find("name")) name = *given;
  a.finish_extensible();
  // a name that was used before is left out, as in MuJoCo
  if (is_valid_name(name) && reader.geom_names.insert(name).second) geom.name = name;
  if (!collides) {
    geom.contype = geom.conaffinity = 0;
    geom.group = 1;
    geom.density = 0;
  }
  const Element* geometry = required_child(reader, element, "geometry");
  if (!geometry || !take_shape(reader, *geometry, collides, geom)) return;
  const Pose pose = read_origin(reader, element);
  geom.pos = pose.pos;
  for (int i = 0; i < 4; ++i) geom.orientation.v[i] = pose.quat[i];
  link.body.geoms.push_back(std::move(geom));
}

void read_link(UrdfReader& reader, UrdfLink& link) {
  const Element& element = *link.element;
  check_children(reader, element, {"inertial", "visual", "collision"}, {"inertial"});
  Attributes a(element, reader.spec);
  a.skip({"name"});
  a.finish_extensible();
  link.body.place = element.place;
  link.body.name = link.name;
  std::array<float, 4> rgba = {0.5f, 0.5f, 0.5f, 1};
  for (const Element& child : element.children) {
    if (child.tag == "inertial") read_inertial(reader, child, link);
    const bool visual = child.tag == "visual";
    if (visual) take_material(reader, child, rgba);
    if (visual && reader.spec.compiler.discardvisual) continue;
    if (!visual && child.tag != "collision") continue;
    const size_t before = link.body.geoms.size();
    read_geometry(reader, child, !visual, link);
    // a collision geom has the color of the visual before it
    if (link.body.geoms.size() > before) link.body.geoms.back().rgba = rgba;
  }
}

}  // namespace motorium
