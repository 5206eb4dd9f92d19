// Polygons of mesh files into triangles.
#pragma once
#include <vector>

namespace motorium {

// Appends the triangles of the polygon with `n` corners to `face`. `vertex` holds (m, 3).
void cut_polygon(const std::vector<float>& vertex, const int* corner, int n,
                 std::vector<int>& face);

}  // namespace motorium
