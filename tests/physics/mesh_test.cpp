// Mesh files and the masses of meshes against closed forms.
#include <gtest/gtest.h>

#include <cstring>

#include "motorium/core/error.h"
#include "motorium/physics/batch.h"
#include "motorium/physics/compile/shape.h"
#include "motorium/physics/spec/mesh_file.h"

namespace motorium {
namespace {

Bytes bytes_of(const std::string& text) { return Bytes(text.begin(), text.end()); }

// corners and outward faces of a box with these half sizes
MeshSpec box(const Vec& half, const Vec& centre) {
  MeshSpec mesh;
  for (int i = 0; i < 8; ++i) {
    for (int k = 0; k < 3; ++k) {
      mesh.vertex.push_back(static_cast<float>(centre[k] + (i >> k & 1 ? half[k] : -half[k])));
    }
  }
  mesh.face = {0, 2, 1, 1, 2, 3, 4, 5, 6, 5, 7, 6, 0, 1, 4, 1, 5, 4,
               2, 6, 3, 3, 6, 7, 0, 4, 2, 2, 4, 6, 1, 3, 5, 3, 7, 5};
  return mesh;
}

Bytes binary_stl(const MeshSpec& mesh) {
  Bytes out(84, 0);
  const auto count = static_cast<uint32_t>(mesh.face.size() / 3);
  std::memcpy(out.data() + 80, &count, 4);
  for (size_t f = 0; f < mesh.face.size(); f += 3) {
    float numbers[12] = {};
    for (int c = 0; c < 3; ++c) {
      for (int k = 0; k < 3; ++k) numbers[3 + 3 * c + k] = mesh.vertex[3 * mesh.face[f + c] + k];
    }
    const auto* p = reinterpret_cast<const uint8_t*>(numbers);
    out.insert(out.end(), p, p + 48);
    out.insert(out.end(), 2, 0);
  }
  return out;
}

std::string text_stl(const MeshSpec& mesh) {
  std::string out = "solid box\n";
  for (size_t f = 0; f < mesh.face.size(); f += 3) {
    out += "facet normal 0 0 0\n outer loop\n";
    for (int c = 0; c < 3; ++c) {
      out += "  vertex";
      for (int k = 0; k < 3; ++k)
        out += " " + std::to_string(mesh.vertex[3 * mesh.face[f + c] + k]);
      out += "\n";
    }
    out += " endloop\nendfacet\n";
  }
  return out + "endsolid box\n";
}

TEST(Mesh, StlAndObjGiveTheSameTriangles) {
  const MeshSpec mesh = box({0.5, 0.25, 1}, {1, 2, 3});
  std::string obj = "# a box\no box\n";
  for (size_t i = 0; i < mesh.vertex.size(); i += 3) {
    obj += "v " + std::to_string(mesh.vertex[i]) + " " + std::to_string(mesh.vertex[i + 1]) + " " +
           std::to_string(mesh.vertex[i + 2]) + "\n";
  }
  obj += "vn 0 0 1\nf 1/1/1 3/2/1 4//1 2\nf -4 -3 -1 -2\n";
  const Triangles from_binary = read_stl(binary_stl(mesh));
  const Triangles from_text = read_stl(bytes_of(text_stl(mesh)));
  const Triangles from_obj = read_obj(bytes_of(obj));
  EXPECT_EQ(from_binary.vertex.size(), 24u);
  EXPECT_EQ(from_binary.vertex, from_text.vertex);
  EXPECT_EQ(from_binary.face, from_text.face);
  EXPECT_EQ(from_obj.vertex, mesh.vertex);
  // polygons are cut along the shorter diagonal
  EXPECT_EQ(from_obj.face, (std::vector<int>{0, 2, 1, 2, 3, 1, 4, 5, 6, 5, 7, 6}));
}

TEST(Mesh, BrokenFilesAreRefused) {
  const Bytes good = binary_stl(box({1, 1, 1}, {0, 0, 0}));
  for (size_t length = 0; length < good.size(); ++length) {
    EXPECT_THROW(read_stl(Bytes(good.begin(), good.begin() + static_cast<long>(length))), Error);
  }
  Bytes longer = good;
  longer.push_back(0);
  EXPECT_THROW(read_stl(longer), Error);
  // a count that does not fit, and one that would overflow 32 bits
  for (const uint32_t count : {0u, 1u, 11u, 13u, 0x05555556u, 0xffffffffu}) {
    Bytes changed = good;
    std::memcpy(changed.data() + 80, &count, 4);
    EXPECT_THROW(read_stl(changed), Error);
  }
  Bytes bad_number = good;
  const float nan = std::numeric_limits<float>::quiet_NaN();
  std::memcpy(bad_number.data() + 84 + 12, &nan, 4);
  EXPECT_THROW(read_stl(bad_number), Error);
  for (const char* text :
       {"", "solid", "solid x\nendsolid", "solid x\nvertex 0 0\nendloop", "solid\nvertex 0 0 nan",
        "solid\nvertex 0 0 0\nvertex 1 0 0\nendloop", "solid\nvertex 0 0 0\n"}) {
    EXPECT_THROW(read_stl(bytes_of(text)), Error) << text;
  }
  for (const char* text :
       {"", "v 0 0", "v 0 0 x", "v 0 0 1e99", "v 0 0 0\nf 1 2 3", "v 0 0 0\nf 1 1",
        "v 0 0 0\nf 0 1 1", "v 0 0 0\nf -2 1 1", "v 0 0 0\nf a b c", "v 0 0 0\nf 99999999999 1 1",
        "v 0 0 0\nf -2147483648 1 1"}) {
    EXPECT_THROW(read_obj(bytes_of(text)), Error) << text;
  }
}

TEST(Mesh, ABoxWeighsAsABox) {
  const Vec half = {0.5, 0.25, 1}, centre = {1, -2, 3};
  for (const auto rule : {MeshSpec::Inertia::legacy, MeshSpec::Inertia::exact}) {
    MeshSpec mesh = box(half, centre);
    mesh.inertia = rule;
    std::string why;
    const CompiledMesh out = compile_mesh(mesh, false, why);
    ASSERT_EQ(why, "");
    EXPECT_NEAR(out.volume, 1, 1e-9);
    for (int i = 0; i < 3; ++i) EXPECT_NEAR(out.inertial.pos[i], centre[i], 1e-9);
    // largest moment first: about the shortest axis of the box
    EXPECT_NEAR(out.box[0], 0.25, 1e-9);
    EXPECT_NEAR(out.box[1], 0.5, 1e-9);
    EXPECT_NEAR(out.box[2], 1, 1e-9);
    EXPECT_NEAR(out.half[2], 1, 1e-6);
  }
}

TEST(Mesh, AShellWeighsAsItsPlates) {
  MeshSpec mesh = box({0.5, 0.25, 1}, {0, 0, 0});
  mesh.inertia = MeshSpec::Inertia::shell;
  std::string why;
  const CompiledMesh out = compile_mesh(mesh, false, why);
  ASSERT_EQ(why, "");
  const Vec size = {0.25, 0.5, 1};
  const double area = shape_volume(GeomType::box, size, true);
  EXPECT_NEAR(out.volume, area, 1e-9);
  const Vec plates = shape_inertia(GeomType::box, size, area, true);
  const Vec solid = box_inertia(out.box, area);
  for (int i = 0; i < 3; ++i) EXPECT_NEAR(solid[i], plates[i], 1e-9);
}

TEST(Mesh, InsideOutMeshesAreRefusedWhereSignsCount) {
  MeshSpec mesh = box({1, 1, 1}, {0, 0, 0});
  for (size_t f = 0; f < mesh.face.size(); f += 3) std::swap(mesh.face[f + 1], mesh.face[f + 2]);
  std::string why;
  compile_mesh(mesh, false, why);
  EXPECT_EQ(why, "");
  mesh.inertia = MeshSpec::Inertia::exact;
  compile_mesh(mesh, false, why);
  EXPECT_NE(why, "");
  why.clear();
  // a single face turned
  mesh = box({1, 1, 1}, {0, 0, 0});
  std::swap(mesh.face[1], mesh.face[2]);
  mesh.inertia = MeshSpec::Inertia::exact;
  compile_mesh(mesh, false, why);
  EXPECT_NE(why.find("oriented"), why.npos);
}

}  // namespace
}  // namespace motorium
