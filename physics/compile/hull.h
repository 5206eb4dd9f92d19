// Convex hulls of points, and the flat faces that their triangles make up.
#pragma once
#include <string>
#include <vector>

namespace motorium {

// A triangulated hull. Its vertices have numbers of their own; `vertex` leads to the points.
struct Hull {
  std::vector<int> vertex;    // (n) points, in the order in which the hull lists them
  std::vector<int> edge_adr;  // (n) first neighbour in edge
  std::vector<int> edge;      // (n + 3 m) neighbours as hull vertices, each list closed by -1
  std::vector<int> face;      // (m, 3) points, counterclockwise from outside
};

// Quickhull of points (n, 3). `most` bounds the vertices of the hull, negative: unbounded. Where
// the points have no hull `why` says so.
Hull convex_hull(const std::vector<double>& points, int most, std::string& why);

// polygons with their corners counterclockwise from outside
struct FlatFaces {
  std::vector<int> count;   // corners of each
  std::vector<int> corner;  // points, one polygon after the other
};

// Merges triangles (m, 3) that lie in one plane.
FlatFaces merge_coplanar(const std::vector<double>& points, const std::vector<int>& face);

}  // namespace motorium
