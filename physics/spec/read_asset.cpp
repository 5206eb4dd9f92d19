// meshes, height fields, and the assets that only a viewer uses
#include <algorithm>
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

// bytes of a file that an asset names, by the compiler's folders
Bytes read_asset_file(Attributes& a, const std::string& file, const Folder& folder,
                      const Spec& spec, uint64_t most) {
  // a path of its own that is absolute stays so behind a folder
  if (!file.empty() && file[0] == '/') clean_path(file);
  std::string path = file;
  const size_t slash = path.rfind('/');
  if (spec.compiler.strippath && slash != std::string::npos) path = path.substr(slash + 1);
  if (!spec.compiler.meshdir.empty()) path = spec.compiler.meshdir + "/" + path;
  const std::vector<std::string>& files = spec.problems.files;
  return folder.read(find_path(folder, folder_of(files[0]), folder_of(files[a.place().file]), path),
                     most);
}

// the kind of a file by its media type, else by its extension
std::string kind_of(Attributes& a, const std::string& file,
                    std::initializer_list<std::pair<const char*, const char*>> types) {
  std::string type;
  if (!a.take_path("content_type", type) || type.empty()) return extension_of(file);
  std::string known;
  for (const auto& [name, kind] : types) {
    if (type == name) return kind;
    known += (known.empty() ? "" : ", ") + std::string(name);
  }
  a.malformed("content_type", "unknown type: use " + known);
  return "";
}

void load_mesh_file(Attributes& a, const Folder& folder, Spec& spec, MeshSpec& mesh) {
  const std::string kind = kind_of(
      a, mesh.file, {{"model/stl", "stl"}, {"model/obj", "obj"}, {"model/vnd.mujoco.msh", "msh"}});
  if (kind.empty() && a.has("content_type")) return;
  if (kind != "stl" && kind != "obj" && kind != "msh") {
    return a.unsupported("file", "the engine reads STL, OBJ and MSH: convert it");
  }
  try {
    const Bytes bytes = read_asset_file(a, mesh.file, folder, spec, limits::kMeshBytes);
    Triangles triangles = kind == "stl"   ? read_stl(bytes)
                          : kind == "obj" ? read_obj(bytes)
                                          : read_msh(bytes);
    if (triangles.skipped > 0) {
      report_once(spec, "mesh file \"" + printable(mesh.file) +
                            "\": " + std::to_string(triangles.skipped) +
                            " triangles of further objects or groups: ignored");
    }
    mesh.vertex = std::move(triangles.vertex);
    mesh.face = std::move(triangles.face);
  } catch (const Error& error) {
    a.malformed("file", error.what());
  }
}

void take_vertices(Attributes& a, MeshSpec& mesh) {
  std::vector<double> numbers;
  if (!a.take("vertex", numbers)) return;
  if (numbers.empty() || numbers.size() % 3 != 0) {
    return a.malformed("vertex", "needs three numbers per vertex");
  }
  if (numbers.size() / 3 > static_cast<size_t>(limits::kMeshVertices)) {
    return a.malformed("vertex",
                       "more than " + std::to_string(limits::kMeshVertices) + " vertices");
  }
  for (const double x : numbers) {
    if (std::abs(x) >= 1e10) return a.malformed("vertex", "a coordinate is too large");
  }
  mesh.vertex.assign(numbers.begin(), numbers.end());
}

void take_faces(Attributes& a, MeshSpec& mesh) {
  std::vector<double> numbers;
  if (!a.take("face", numbers)) return;
  if (numbers.size() % 3 != 0) return a.malformed("face", "needs three vertices per face");
  const size_t vertices = mesh.vertex.size() / 3;
  for (const double index : numbers) {
    if (index < 0 || index >= static_cast<double>(vertices) || index != std::floor(index)) {
      return a.malformed("face",
                         "uses vertex " + number_text(index) + " of " + std::to_string(vertices));
    }
  }
  mesh.face.assign(numbers.begin(), numbers.end());
}

// what only a viewer uses must at least fit
void check_looks(Attributes& a, const MeshSpec& mesh) {
  std::vector<double> numbers;
  if (a.take("normal", numbers) && numbers.size() % 3 != 0) {
    a.malformed("normal", "needs three numbers per normal");
  }
  if (a.take("texcoord", numbers) && numbers.size() != 2 * (mesh.vertex.size() / 3)) {
    a.malformed("texcoord", "needs two numbers per vertex");
  }
}

void make_mesh(Attributes& a, MeshSpec& mesh) {
  std::string shape;
  std::vector<double> params;
  a.take_name("builtin", shape);
  a.take("params", params);
  for (const char* other : {"file", "vertex", "face"}) {
    if (a.has(other)) a.malformed(other, "cannot be given with builtin");
  }
  try {
    bool flat = false;
    Triangles made = make_builtin_mesh(shape, params, flat);
    mesh.vertex = std::move(made.vertex);
    mesh.face = std::move(made.face);
    // a sheet has no volume
    if (flat && mesh.inertia == MeshSpec::Inertia::legacy) mesh.inertia = MeshSpec::Inertia::shell;
  } catch (const Error& error) {
    a.malformed("builtin", error.what());
  }
}

// an asset without a name takes the file's
void name_after_file(Attributes& a, const std::string& file, std::string& name) {
  if (!name.empty() || file.empty()) return;
  const size_t slash = file.rfind('/');
  name = slash == std::string::npos ? file : file.substr(slash + 1);
  name = name.substr(0, name.rfind('.'));
  if (!is_valid_name(name)) a.malformed("file", "is no name: give a name");
}

void read_mesh_asset(const Element& element, const Defaults& defaults, const Folder& folder,
                     Spec& spec) {
  Attributes a(element, spec);
  MeshSpec mesh = defaults.classes[find_class(a, defaults, 0)].mesh;
  mesh.place = element.place;
  a.take_name("name", mesh.name);
  a.take_path("file", mesh.file);
  read_mesh(a, mesh);
  a.take("refpos", mesh.refpos);
  a.take("refquat", mesh.refquat);
  a.take_name("material", mesh.material);
  bool smooth = false;
  a.take("smoothnormal", smooth);
  if (a.has("builtin")) {
    a.skip({"vertex", "face", "normal", "texcoord", "content_type"});
    make_mesh(a, mesh);
  } else if (!mesh.file.empty()) {
    if (a.has("params")) a.malformed("params", "belongs to builtin");
    if (a.has("vertex")) a.malformed("vertex", "give a file or vertices, not both");
    a.skip({"vertex"});
    load_mesh_file(a, folder, spec, mesh);
    if (a.has("face") && !mesh.face.empty()) {
      a.malformed("face", "the file has faces already");
      a.skip({"face"});
    } else if (!mesh.vertex.empty()) {
      take_faces(a, mesh);
    }
    a.skip({"face", "normal", "texcoord"});
  } else {
    if (a.has("params")) a.malformed("params", "belongs to builtin");
    a.skip({"content_type"});
    take_vertices(a, mesh);
    if (!mesh.vertex.empty()) {
      take_faces(a, mesh);
      check_looks(a, mesh);
    }
    a.skip({"face", "normal", "texcoord"});
    if (!a.has("vertex") && element.children.empty()) {
      a.malformed("", "file: is missing: give a file, vertices or builtin");
    }
  }
  a.skip({"params"});
  name_after_file(a, mesh.file, mesh.name);
  if (mesh.name.empty()) a.malformed("", "name: is missing");
  for (const Element& plugin : element.children) {
    Attributes(plugin, spec).unsupported("", "the engine has no plugins: remove it");
  }
  a.finish(true);
  spec.mesh_vertices += static_cast<int64_t>(mesh.vertex.size() / 3);
  if (spec.mesh_vertices > limits::kMeshVerticesAll) {
    a.malformed("", "all meshes together have more than " +
                        std::to_string(limits::kMeshVerticesAll) + " vertices");
    spec.problems.throw_if_any();
  }
  spec.meshes.push_back(std::move(mesh));
}

// heights row by row, the rows of the text from +y to -y
void take_elevation(Attributes& a, HfieldSpec& field) {
  std::vector<double> numbers;
  if (!a.take("elevation", numbers)) return;
  const size_t rows = static_cast<size_t>(field.nrow), columns = static_cast<size_t>(field.ncol);
  if (numbers.size() != rows * columns) {
    return a.malformed("elevation", "has " + std::to_string(numbers.size()) +
                                        " numbers: nrow times ncol are " +
                                        std::to_string(rows * columns));
  }
  for (const double x : numbers) {
    if (std::abs(x) >= 1e10) return a.malformed("elevation", "a height is too large");
  }
  for (size_t r = 0; r < rows; ++r) {
    const auto from = numbers.begin() + static_cast<long>((rows - 1 - r) * columns);
    std::copy_n(from, columns, field.elevation.begin() + static_cast<long>(r * columns));
  }
}

void read_hfield_asset(const Element& element, const Folder& folder, Spec& spec) {
  Attributes a(element, spec);
  HfieldSpec field;
  field.place = element.place;
  a.take_name("name", field.name);
  a.take_path("file", field.file);
  name_after_file(a, field.file, field.name);
  if (field.name.empty()) a.malformed("", "name: is missing");
  if (a.take("size", field.size) > 0) {
    for (const double x : field.size) {
      if (!(x > 0)) {
        a.malformed("size", "must be positive");
        break;
      }
    }
  } else if (!a.has("size")) {
    a.malformed("", "size: is missing: give half sizes x and y, height and depth of the base");
  }
  const bool sized = a.take("nrow", field.nrow) | a.take("ncol", field.ncol);
  if (!field.file.empty()) {
    if (a.has("elevation")) a.malformed("elevation", "give a file or elevation, not both");
    a.skip({"elevation"});
    if (sized) report_once(spec, "hfield/nrow, ncol: ignored beside a file");
    const std::string kind =
        kind_of(a, field.file, {{"image/png", "png"}, {"image/vnd.mujoco.hfield", "hfield"}});
    try {
      const Bytes bytes = read_asset_file(a, field.file, folder, spec, limits::kImageBytes);
      Heights heights = kind == "png" ? read_png_heights(bytes) : read_raw_heights(bytes);
      field.nrow = heights.rows;
      field.ncol = heights.columns;
      field.elevation = std::move(heights.value);
    } catch (const Error& error) {
      a.malformed("file", error.what());
    }
  } else {
    a.skip({"content_type"});
    const bool fits = field.nrow >= 2 && field.nrow <= limits::kHeightSide && field.ncol >= 2 &&
                      field.ncol <= limits::kHeightSide;
    if (!fits) {
      a.malformed("", "nrow, ncol: are " + std::to_string(field.nrow) + " and " +
                          std::to_string(field.ncol) + ": give a file, or 2 to " +
                          std::to_string(limits::kHeightSide) + " of each");
      a.skip({"elevation"});
    } else {
      field.elevation.assign(static_cast<size_t>(field.nrow) * static_cast<size_t>(field.ncol), 0);
      take_elevation(a, field);
    }
  }
  a.finish();
  spec.height_samples += static_cast<int64_t>(field.elevation.size());
  if (spec.height_samples > limits::kHeightSamplesAll) {
    a.malformed("", "all height fields together have more than " +
                        std::to_string(limits::kHeightSamplesAll) + " samples");
    spec.problems.throw_if_any();
  }
  spec.hfields.push_back(std::move(field));
}

}  // namespace

void read_mesh(Attributes& a, MeshSpec& mesh) {
  a.take("scale", mesh.scale);
  a.take("inertia", mesh.inertia,
         {{"legacy", MeshSpec::Inertia::legacy},
          {"exact", MeshSpec::Inertia::exact},
          {"convex", MeshSpec::Inertia::convex},
          {"shell", MeshSpec::Inertia::shell}});
  int most = mesh.maxhullvert;
  if (a.take("maxhullvert", most)) {
    if (most != -1 && most < 4) {
      a.malformed("maxhullvert", "is " + std::to_string(most) + ": give 4 or more, or -1");
    } else {
      mesh.maxhullvert = most;
    }
  }
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
    } else if (child.tag == "mesh") {
      read_mesh_asset(child, defaults, folder, spec);
    } else if (child.tag == "hfield") {
      read_hfield_asset(child, folder, spec);
    } else if (child.tag == "model") {
      read_model_asset(child, folder, files, spec);
    } else if (!refuse_known(child, "asset", spec)) {
      unknown_element(child, "asset", {"mesh", "hfield", "texture", "material", "skin", "model"},
                      spec);
    }
  }
}

}  // namespace motorium
