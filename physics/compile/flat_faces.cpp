// Merges the triangles of a hull that lie in one plane into polygons.
//
// Triangles are grouped by the directions of their normals, azimuth and polar angle each rounded to
// 0.01 rad. A group keeps the edges that no two triangles of it share; walked from end to end they
// are the polygons' outlines.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <map>
#include <numbers>
#include <unordered_map>

#include "motorium/physics/compile/hull.h"
#include "motorium/physics/compile/table_order.h"
#include "motorium/physics/spec/pose.h"

namespace motorium {
namespace {

// azimuth and polar angle of a normal in steps; false for a triangle without area
using Direction = std::pair<double, double>;
bool direction_of(const std::vector<double>& points, const int* corner, Direction& out) {
  constexpr double step = 0.01;
  const auto at = [&](int i) { return Vec{points[3 * i], points[3 * i + 1], points[3 * i + 2]}; };
  const Vec a = at(corner[0]);
  Vec n = cross(subtract(at(corner[1]), a), subtract(at(corner[2]), a));
  const double twice = length(n);
  if (twice < kMinVal) return false;
  for (double& x : n) x = x / twice + 0.0;  // no negative zero: it turns the azimuth
  if (std::abs(n[2]) > 1 - 1e-7) {
    // the azimuth of a pole means nothing
    out = {0, n[2] < 0 ? std::round(std::numbers::pi / step) : 0};
  } else {
    out = {std::round(std::atan2(n[1], n[0]) / step), std::round(std::acos(n[2]) / step)};
  }
  return true;
}

uint64_t bits(double x) { return x == 0 ? 0 : std::bit_cast<uint64_t>(x); }
uint64_t hash_of(const Direction& d) {
  const uint64_t h = bits(d.first);
  return h ^ (bits(d.second) + 0x9e3779b9u + (h << 6) + (h >> 2));
}

// the outline of a group: directed edges in the order in which they came, islands that do not touch
class Outline {
 public:
  void add(const int* corner) {
    // the other direction of an edge closes it: both triangles are of one island
    int island = -1;
    bool open[3];
    for (int k = 0; k < 3; ++k) {
      const int from = corner[k], to = corner[(k + 1) % 3];
      const auto other = by_ends_.find(key(to, from));
      open[k] = other == by_ends_.end();
      if (open[k]) continue;
      Edge& shared = edges_[other->second];
      const int theirs = root(shared.island);
      if (island < 0) {
        island = theirs;
      } else if (theirs != island) {
        const auto [first, second] = std::minmax(island, theirs);
        parent_[second] = first;
        island = first;
      }
      shared.gone = true;
      by_ends_.erase(other);
    }
    if (island < 0) {
      island = static_cast<int>(parent_.size());
      parent_.push_back(island);
    }
    for (int k = 0; k < 3; ++k) {
      if (!open[k]) continue;
      const int from = corner[k], to = corner[(k + 1) % 3];
      by_ends_.emplace(key(from, to), static_cast<int>(edges_.size()));
      edges_.push_back({from, to, island, false});
    }
  }

  // outlines of all islands that close
  void trace(FlatFaces& out) {
    std::erase_if(edges_, [](const Edge& e) { return e.gone; });
    if (edges_.size() == 3) {
      out.count.push_back(3);
      for (const Edge& e : edges_) out.corner.push_back(e.from);
      return;
    }
    // where an edge leaves a corner, the first of each island; the very first one is a start only
    std::unordered_map<uint64_t, int> next;
    std::vector<int> start(parent_.size(), -1);
    for (size_t i = 0; i < edges_.size(); ++i) {
      edges_[i].island = root(edges_[i].island);
      if (start[edges_[i].island] < 0) start[edges_[i].island] = static_cast<int>(i);
      if (i > 0) next.try_emplace(key(edges_[i].from, edges_[i].island), edges_[i].to);
    }
    for (size_t island = 0; island < start.size(); ++island) {
      if (start[island] < 0) continue;
      const Edge& first = edges_[start[island]];
      std::vector<int> path = {first.from, first.to};
      for (size_t step = 0; step < edges_.size(); ++step) {
        const auto found = next.find(key(path.back(), static_cast<int>(island)));
        if (found == next.end()) break;
        if (found->second == first.from) {
          if (path.size() < 3) break;
          out.count.push_back(static_cast<int>(path.size()));
          out.corner.insert(out.corner.end(), path.begin(), path.end());
          break;
        }
        path.push_back(found->second);
      }
    }
  }

 private:
  struct Edge {
    int from, to, island;
    bool gone;
  };
  static uint64_t key(int a, int b) {
    return static_cast<uint64_t>(static_cast<uint32_t>(a)) << 32 | static_cast<uint32_t>(b);
  }
  int root(int island) {
    while (parent_[island] != island) island = parent_[island] = parent_[parent_[island]];
    return island;
  }

  std::vector<Edge> edges_;
  std::unordered_map<uint64_t, int> by_ends_;
  std::vector<int> parent_;  // of islands: the older one survives
};

}  // namespace

FlatFaces merge_coplanar(const std::vector<double>& points, const std::vector<int>& face) {
  std::map<Direction, int> groups;
  std::vector<Outline> outlines;
  TableOrder order;
  for (size_t f = 0; f + 2 < face.size(); f += 3) {
    Direction direction;
    if (!direction_of(points, &face[f], direction)) continue;
    const auto [found, fresh] = groups.try_emplace(direction, static_cast<int>(outlines.size()));
    if (fresh) {
      outlines.emplace_back();
      order.add(hash_of(direction));
    }
    outlines[found->second].add(&face[f]);
  }
  FlatFaces out;
  for (const int group : order.walk()) outlines[group].trace(out);
  return out;
}

}  // namespace motorium
