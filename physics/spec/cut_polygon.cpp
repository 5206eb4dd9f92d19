// Quads are cut along their shorter diagonal, larger polygons by clipping ears. In single precision
// and with the tests of tinyobjloader, which MuJoCo reads OBJ files with: volumes of curved
// polygons depend on the cut. Its test for an inner corner takes the triangle's position for its
// area, so some concave polygons lose a part; that is kept.
#include "motorium/physics/spec/cut_polygon.h"

#include <cmath>
#include <limits>

namespace motorium {
namespace {

struct Point {
  float x, y;
};

float squared_distance(const std::vector<float>& vertex, int a, int b) {
  const float* p = &vertex[3 * static_cast<size_t>(a)];
  const float* q = &vertex[3 * static_cast<size_t>(b)];
  const float x = q[0] - p[0], y = q[1] - p[1], z = q[2] - p[2];
  return x * x + y * y + z * z;
}

// the two axes of the plane in which the first corner that is no straight line is largest
void choose_axes(const std::vector<float>& vertex, const int* corner, int n, int axes[2]) {
  axes[0] = 1;
  axes[1] = 2;
  for (int k = 0; k < n; ++k) {
    const float* a = &vertex[3 * static_cast<size_t>(corner[k])];
    const float* b = &vertex[3 * static_cast<size_t>(corner[(k + 1) % n])];
    const float* c = &vertex[3 * static_cast<size_t>(corner[(k + 2) % n])];
    const float u[] = {b[0] - a[0], b[1] - a[1], b[2] - a[2]};
    const float v[] = {c[0] - b[0], c[1] - b[1], c[2] - b[2]};
    const float x = std::abs(u[1] * v[2] - u[2] * v[1]), y = std::abs(u[2] * v[0] - u[0] * v[2]),
                z = std::abs(u[0] * v[1] - u[1] * v[0]);
    const float least = std::numeric_limits<float>::epsilon();
    if (!(x > least || y > least || z > least)) continue;
    if (!(x > y && x > z)) {
      axes[0] = 0;
      if (z > x && z > y) axes[1] = 1;
    }
    return;
  }
}

// whether a ray from p to the right crosses an odd number of edges
bool inside(const Point* triangle, Point p) {
  bool in = false;
  for (int i = 0, j = 2; i < 3; j = i++) {
    const Point a = triangle[i], b = triangle[j];
    if ((a.y > p.y) != (b.y > p.y) && p.x < (b.x - a.x) * (p.y - a.y) / (b.y - a.y) + a.x) in = !in;
  }
  return in;
}

void clip_ears(const std::vector<float>& vertex, const int* corner, int n, std::vector<int>& face) {
  int axes[2];
  choose_axes(vertex, corner, n, axes);
  const auto flat = [&](int v) {
    const float* p = &vertex[3 * static_cast<size_t>(v)];
    return Point{p[axes[0]], p[axes[1]]};
  };
  std::vector<int> rest(corner, corner + n);
  size_t guess = 0, tries = rest.size(), before = rest.size();
  while (rest.size() > 3 && tries > 0) {
    const size_t count = rest.size();
    if (guess >= count) guess -= count;
    if (before != count) {
      before = count;
      tries = count;
    } else {
      --tries;
    }
    int ear[3];
    Point p[3];
    for (size_t k = 0; k < 3; ++k) {
      ear[k] = rest[(guess + k) % count];
      p[k] = flat(ear[k]);
    }
    // a corner that turns inward, or one with another corner in it, is no ear
    const float turn =
        (p[1].x - p[0].x) * (p[2].y - p[1].y) - (p[1].y - p[0].y) * (p[2].x - p[1].x);
    const float area = (p[0].x * p[1].y - p[0].y * p[1].x) * 0.5f;
    bool is_ear = !(turn * area < 0);
    for (size_t other = 3; is_ear && other < count; ++other) {
      is_ear = !inside(p, flat(rest[(guess + other) % count]));
    }
    if (!is_ear) {
      ++guess;
      continue;
    }
    face.insert(face.end(), ear, ear + 3);
    rest.erase(rest.begin() + static_cast<long>((guess + 1) % count));
  }
  if (rest.size() == 3) face.insert(face.end(), rest.begin(), rest.end());
}

}  // namespace

void cut_polygon(const std::vector<float>& vertex, const int* corner, int n,
                 std::vector<int>& face) {
  if (n == 3) {
    face.insert(face.end(), corner, corner + 3);
  } else if (n == 4) {
    const int a = corner[0], b = corner[1], c = corner[2], d = corner[3];
    if (squared_distance(vertex, a, c) < squared_distance(vertex, b, d)) {
      face.insert(face.end(), {a, b, c, a, c, d});
    } else {
      face.insert(face.end(), {a, b, d, b, c, d});
    }
  } else {
    clip_ears(vertex, corner, n, face);
  }
}

}  // namespace motorium
