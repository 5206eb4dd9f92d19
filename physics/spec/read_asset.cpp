// meshes, and the assets that only a viewer uses
#include <cmath>

#include "motorium/core/error.h"
#include "motorium/core/limits.h"
#include "motorium/physics/spec/mesh_file.h"
#include "motorium/physics/spec/read_elements.h"
#include "motorium/physics/spec/text.h"

namespace motorium {
namespace {

std::string extension_of(const std::string& path) {
  const size_t dot = path.rfind('.');
  std::string extension = dot == std::string::npos ? "" : path.substr(dot + 1);
  for (char& c : extension) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  return extension;
}

void load_mesh_file(Attributes& a, const std::string& content_type, const Folder& folder,
                    const Spec& spec, MeshSpec& mesh) {
  const CompilerSpec& compiler = spec.compiler;
  std::string file = mesh.file;
  const size_t slash = file.rfind('/');
  if (compiler.strippath && slash != std::string::npos) file = file.substr(slash + 1);
  if (!compiler.meshdir.empty()) file = compiler.meshdir + "/" + file;
  std::string kind = extension_of(file);
  if (content_type == "model/stl") kind = "stl";
  if (content_type == "model/obj") kind = "obj";
  if (kind != "stl" && kind != "obj") {
    return a.unsupported("file", "the engine reads STL and OBJ: convert it");
  }
  try {
    // a path of its own that is absolute stays so behind a folder
    if (!mesh.file.empty() && mesh.file[0] == '/') clean_path(mesh.file);
    const std::vector<std::string>& files = spec.problems.files;
    const std::string path =
        find_path(folder, folder_of(files[0]), folder_of(files[a.place().file]), file);
    const Bytes bytes = folder.read(path, limits::kMeshBytes);
    Triangles triangles = kind == "stl" ? read_stl(bytes) : read_obj(bytes);
    mesh.vertex = std::move(triangles.vertex);
    mesh.face = std::move(triangles.face);
  } catch (const Error& error) {
    a.malformed("file", error.what());
  }
}

void load_inline_mesh(Attributes& a, MeshSpec& mesh) {
  std::vector<double> numbers;
  if (a.take("vertex", numbers)) {
    if (numbers.empty() || numbers.size() % 3 != 0) {
      return a.malformed("vertex", "needs three numbers per vertex");
    }
    mesh.vertex.assign(numbers.begin(), numbers.end());
  }
  if (a.take("face", numbers)) {
    if (numbers.size() % 3 != 0) return a.malformed("face", "needs three vertices per face");
    const double count = static_cast<double>(mesh.vertex.size() / 3);
    for (const double index : numbers) {
      if (index < 0 || index >= count || index != std::floor(index)) {
        return a.malformed("face", "uses vertex " + number_text(index) + " of " +
                                       std::to_string(mesh.vertex.size() / 3));
      }
      mesh.face.push_back(static_cast<int>(index));
    }
  }
}

}  // namespace

void read_mesh(Attributes& a, MeshSpec& mesh) {
  a.take("scale", mesh.scale);
  a.take("inertia", mesh.inertia,
         {{"legacy", MeshSpec::Inertia::legacy},
          {"exact", MeshSpec::Inertia::exact},
          {"convex", MeshSpec::Inertia::convex},
          {"shell", MeshSpec::Inertia::shell}});
  // the hull is not used for contacts yet
  a.skip({"maxhullvert"});
}

void read_material(const Element& element, MaterialSpec& material, Spec& spec) {
  Attributes(element, spec).take_color("rgba", material.rgba);
}

void read_assets(const Element& element, const Defaults& defaults, const Folder& folder,
                 ModelFiles& files, Spec& spec) {
  Attributes(element, spec).finish(true);
  for (const Element& child : element.children) {
    if (child.tag == "material") {
      Attributes a(child, spec);
      MaterialSpec material = defaults.classes[find_class(a, defaults, 0)].material;
      a.take_name("name", material.name);
      read_material(child, material, spec);
      spec.materials.push_back(std::move(material));
    }
    if (child.tag == "texture" || child.tag == "material" || child.tag == "skin") {
      read_viewer_element(child, spec);
      spec.viewer.push_back(child);
      continue;
    }
    if (child.tag == "model") {
      read_model_asset(child, folder, files, spec);
      continue;
    }
    if (child.tag != "mesh") {
      if (!refuse_known(child, "asset", spec)) {
        unknown_element(child, "asset", {"mesh", "texture", "material", "skin", "model"}, spec);
      }
      continue;
    }
    Attributes a(child, spec);
    MeshSpec mesh = defaults.classes[find_class(a, defaults, 0)].mesh;
    mesh.place = child.place;
    a.take_name("name", mesh.name);
    a.take_path("file", mesh.file);
    read_mesh(a, mesh);
    a.take("refpos", mesh.refpos);
    a.take("refquat", mesh.refquat);
    a.take_name("material", mesh.material);
    a.refuse("builtin", "meshes are not generated: give a file or vertices");
    a.refuse("params", "meshes are not generated: give a file or vertices");
    a.skip({"texcoord", "normal", "smoothnormal"});
    std::string content_type;
    a.take_path("content_type", content_type);
    if (!mesh.file.empty()) {
      if (a.has("vertex")) a.malformed("vertex", "give a file or vertices, not both");
      a.skip({"vertex", "face"});
      load_mesh_file(a, content_type, folder, spec, mesh);
    } else {
      load_inline_mesh(a, mesh);
      const bool made = a.has("vertex") || a.has("builtin") || !child.children.empty();
      if (!made) a.malformed("", "file: is missing");
    }
    // a mesh without a name takes the file's
    if (mesh.name.empty()) {
      const size_t slash = mesh.file.rfind('/');
      mesh.name = slash == std::string::npos ? mesh.file : mesh.file.substr(slash + 1);
      mesh.name = mesh.name.substr(0, mesh.name.rfind('.'));
      if (!is_valid_name(mesh.name)) a.malformed("file", "is no name: give the mesh a name");
    }
    for (const Element& plugin : child.children) {
      Attributes(plugin, spec).unsupported("", "the engine has no plugins: remove it");
    }
    a.finish(true);
    spec.meshes.push_back(std::move(mesh));
  }
}

}  // namespace motorium
