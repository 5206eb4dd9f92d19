// Triangle meshes from files: STL (binary and text) and OBJ.
#pragma once
#include <string>
#include <vector>

#include "motorium/physics/spec/folder.h"

namespace motorium {

struct Triangles {
  std::vector<float> vertex;  // (n, 3)
  std::vector<int> face;      // (m, 3) indices into vertex
};

// Throws Error when the bytes are no such file, hold no triangle or exceed the limits on meshes.
// Vertices at equal places are one vertex.
Triangles read_stl(const Bytes& bytes);
// Faces of the first object or group, all vertices. Polygons are cut into fans; normals, texture
// coordinates, groups and materials are skipped.
Triangles read_obj(const Bytes& bytes);

}  // namespace motorium
