// Triangle meshes and height fields from files, and meshes from a few numbers. Everything throws
// Error when the input is no such thing or exceeds the limits.
#pragma once
#include <string>
#include <vector>

#include "motorium/physics/spec/folder.h"

namespace motorium {

struct Triangles {
  std::vector<float> vertex;  // (n, 3)
  std::vector<int> face;      // (m, 3) indices into vertex, empty: the hull of the vertices
  int skipped = 0;            // triangles that the file holds beyond these
};

// Binary or text; vertices at equal places are one vertex.
Triangles read_stl(const Bytes& bytes);
// Polygons are cut; normals, texture coordinates and materials are skipped.
Triangles read_obj(const Bytes& bytes);
// MuJoCo's binary format; normals and texture coordinates are skipped.
Triangles read_msh(const Bytes& bytes);

// `shape` is a word of mesh/builtin; `flat`: the mesh is a sheet without volume.
Triangles make_builtin_mesh(const std::string& shape, const std::vector<double>& params,
                            bool& flat);

struct Heights {
  int rows = 0, columns = 0;
  std::vector<float> value;  // row by row from -y to +y, columns from -x to +x
};

// brightness of the pixels, of colours the red part; the last line of the image is the first row
Heights read_png_heights(const Bytes& bytes);
// MuJoCo's binary format: rows, columns, floats
Heights read_raw_heights(const Bytes& bytes);

}  // namespace motorium
