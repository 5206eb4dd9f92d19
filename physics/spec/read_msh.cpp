// MuJoCo's own binary mesh: numbers of vertices, normals, texture coordinates and triangles, then
// the arrays themselves, floats and 32-bit integers.
#include <bit>
#include <cmath>
#include <cstring>

#include "motorium/core/error.h"
#include "motorium/core/limits.h"
#include "motorium/physics/spec/mesh_file.h"

namespace motorium {

static_assert(std::endian::native == std::endian::little, "MSH files are little-endian");

Triangles read_msh(const Bytes& bytes) {
  require(bytes.size() <= limits::kMeshBytes,
          "MSH: more than " + std::to_string(limits::kMeshBytes) + " bytes");
  const bool gmsh = bytes.size() >= 5 && std::memcmp(bytes.data(), "$Mesh", 5) == 0;
  require(!gmsh, "MSH: a file of Gmsh: export STL or OBJ");
  int32_t header[4];
  require(bytes.size() >= sizeof header, "MSH: has no header of 16 bytes");
  std::memcpy(header, bytes.data(), sizeof header);
  const int64_t vertices = header[0], normals = header[1], texcoords = header[2], faces = header[3];
  require(vertices >= 4, "MSH: has " + std::to_string(vertices) + " vertices: at least 4");
  require(vertices <= limits::kMeshVertices,
          "MSH: more than " + std::to_string(limits::kMeshVertices) + " vertices");
  require(faces >= 0 && faces <= limits::kMeshFaces, "MSH: has " + std::to_string(faces) +
                                                         " faces: from 0 to " +
                                                         std::to_string(limits::kMeshFaces));
  require(normals == 0 || normals == vertices, "MSH: has " + std::to_string(normals) +
                                                   " normals for " + std::to_string(vertices) +
                                                   " vertices: none or one for each");
  require(texcoords == 0 || texcoords == vertices,
          "MSH: has " + std::to_string(texcoords) + " texture coordinates for " +
              std::to_string(vertices) + " vertices: none or one for each");
  const uint64_t expected =
      static_cast<uint64_t>(16 + 12 * vertices + 12 * normals + 8 * texcoords + 12 * faces);
  require(bytes.size() == expected, "MSH: holds " + std::to_string(bytes.size()) +
                                        " bytes, its header asks for " + std::to_string(expected));

  Triangles mesh;
  mesh.vertex.resize(static_cast<size_t>(3 * vertices));
  std::memcpy(mesh.vertex.data(), bytes.data() + 16, mesh.vertex.size() * sizeof(float));
  for (const float x : mesh.vertex) {
    require(std::isfinite(x) && std::abs(x) < 1e10f, "MSH: a coordinate is not a usable number");
  }
  mesh.face.resize(static_cast<size_t>(3 * faces));
  if (faces > 0) {
    std::memcpy(mesh.face.data(), bytes.data() + bytes.size() - 12 * faces,
                mesh.face.size() * sizeof(int));
  }
  for (const int v : mesh.face) {
    require(v >= 0 && v < vertices,
            "MSH: a face uses vertex " + std::to_string(v) + " of " + std::to_string(vertices));
  }
  return mesh;
}

}  // namespace motorium
