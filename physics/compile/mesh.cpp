// Volume, centre of mass and inertia of a triangle mesh, as a sum over its faces, and its hull.
//
// A face with corners D, E, F and an apex c make a tetrahedron of signed volume V = n . (face - c)
// A/3, n the unit normal, A the area. `legacy` sums |V|, `exact` V, `shell` the areas themselves.
// Products of inertia of a tetrahedron with its apex in the origin:
//   int x_i x_j dV = V/20 (2 (D_i D_j + E_i E_j + F_i F_j) + D_i E_j + E_i D_j + ...)
// and of a triangle the same with A/12.
#include <algorithm>
#include <limits>

#include "motorium/core/limits.h"
#include "motorium/physics/compile/shape.h"
#include "motorium/physics/spec/text.h"

namespace motorium {
namespace {

using Kind = MeshSpec::Inertia;

class MeshCompiler {
 public:
  MeshCompiler(const MeshSpec& spec, bool collides, std::string& why)
      : spec_(spec),
        hull_(collides || spec.inertia == Kind::convex || spec.face.empty()),
        why_(why) {}

  CompiledMesh run() {
    if (hull_) make_hull();
    if (!why_.empty()) return out_;
    transform();
    if (!area_centre()) return out_;
    const Vec centre = centre_of_mass();
    if (!why_.empty()) return out_;
    for (Vec& v : vertex_) v = subtract(v, centre);
    Vec moments;
    Quaternion axes;
    inertia(moments, axes);
    if (!why_.empty()) return out_;
    // into the inertial frame
    const Quaternion back = conjugate(axes);
    Vec low, high;
    low.fill(std::numeric_limits<double>::infinity());
    high.fill(-std::numeric_limits<double>::infinity());
    for (Vec& v : vertex_) {
      v = rotate(back, v);
      for (int i = 0; i < 3; ++i) {
        low[i] = std::min(low[i], v[i]);
        high[i] = std::max(high[i], v[i]);
      }
    }
    for (int i = 0; i < 3; ++i) {
      out_.half[i] = std::max(std::abs(low[i]), std::abs(high[i]));
      out_.aabb[i] = 0.5 * (high[i] - low[i]);
      out_.aabb_centre[i] = 0.5 * (high[i] + low[i]);
    }
    out_.inertial = {centre, axes};
    for (const Vec& v : vertex_) {
      for (const double x : v) out_.vertex.push_back(static_cast<float>(x));
    }
    if (hull_) {
      flat_normals();
      extrema();
    }
    out_.face = std::move(face_);
    for (int i = 0; i < 3; ++i) {
      const double rest = moments[(i + 1) % 3] + moments[(i + 2) % 3] - moments[i];
      out_.box[i] = 0.5 * std::sqrt(std::max(0.0, 6 * rest / out_.volume));
    }
    return out_;
  }

 private:
  // from the numbers as the file gives them: the order of faces depends on every bit
  void make_hull() {
    const std::vector<double> points(spec_.vertex.begin(), spec_.vertex.end());
    out_.hull = convex_hull(points, spec_.maxhullvert, why_);
    if (!why_.empty()) return;
    if (out_.hull.vertex.size() > static_cast<size_t>(limits::kHullVertices)) {
      why_ = "its convex hull has " + std::to_string(out_.hull.vertex.size()) +
             " vertices: at most " + std::to_string(limits::kHullVertices) + ": set maxhullvert";
      return;
    }
    out_.flat = merge_coplanar(points, out_.hull.face);
  }

  void transform() {
    const int count = static_cast<int>(spec_.vertex.size() / 3);
    const Quaternion back = conjugate(normalized(spec_.refquat));
    vertex_.resize(count);
    for (int i = 0; i < count; ++i) {
      Vec v = {spec_.vertex[3 * i], spec_.vertex[3 * i + 1], spec_.vertex[3 * i + 2]};
      v = rotate(back, subtract(v, spec_.refpos));
      for (int k = 0; k < 3; ++k) v[k] *= spec_.scale[k];
      vertex_[i] = v;
    }
    face_ = spec_.face;
    // a mirrored mesh would be inside out
    if (spec_.scale[0] * spec_.scale[1] * spec_.scale[2] < 0) {
      for (std::vector<int>* list : {&face_, &out_.hull.face}) {
        for (size_t f = 0; f + 2 < list->size(); f += 3) std::swap((*list)[f + 1], (*list)[f + 2]);
      }
    }
    if (face_.empty()) face_ = out_.hull.face;
  }

  // normals by Newell's sum over the corners; a face that looks inward is walked the other way
  void flat_normals() {
    std::vector<int>& corner = out_.flat.corner;
    size_t first = 0;
    for (const int n : out_.flat.count) {
      Vec sum = {0, 0, 0}, middle = {0, 0, 0};
      for (int k = 0; k < n; ++k) {
        const Vec &a = vertex_[corner[first + k]], &b = vertex_[corner[first + (k + 1) % n]];
        sum = add(sum, {(a[1] - b[1]) * (a[2] + b[2]), (a[2] - b[2]) * (a[0] + b[0]),
                        (a[0] - b[0]) * (a[1] + b[1])});
        middle = add(middle, a);
      }
      const double twice = length(sum);
      sum = twice > kMinVal ? scaled(sum, 1 / twice) : Vec{1, 0, 0};
      if (dot(sum, middle) < 0) {
        sum = scaled(sum, -1);
        std::reverse(corner.begin() + static_cast<long>(first) + 1,
                     corner.begin() + static_cast<long>(first) + n);
      }
      out_.normal.insert(out_.normal.end(), sum.begin(), sum.end());
      first += static_cast<size_t>(n);
    }
  }

  // where a search for the furthest vertex may start: the best one for each of 27 directions
  void extrema() {
    std::array<float, 27> best;
    best.fill(std::numeric_limits<float>::lowest());
    for (size_t v = 0; v < out_.hull.vertex.size(); ++v) {
      const double* p = &out_.vertex[3 * static_cast<size_t>(out_.hull.vertex[v])];
      for (int k = 0; k < 27; ++k) {
        const float reach = static_cast<float>(p[0]) * static_cast<float>(k / 9 - 1) +
                            static_cast<float>(p[1]) * static_cast<float>(k / 3 % 3 - 1) +
                            static_cast<float>(p[2]) * static_cast<float>(k % 3 - 1);
        if (reach > best[k]) best[k] = reach, out_.extrema[k] = static_cast<int>(v);
      }
    }
  }

  // the triangles that enclose the volume
  const std::vector<int>& solid() const {
    return spec_.inertia == Kind::convex ? out_.hull.face : face_;
  }

  struct Face {
    Vec d, e, f, centre, normal;
    double area;
  };
  Face face(const std::vector<int>& list, size_t i) const {
    Face out;
    out.d = vertex_[list[i]];
    out.e = vertex_[list[i + 1]];
    out.f = vertex_[list[i + 2]];
    out.centre = scaled(add(add(out.d, out.e), out.f), 1.0 / 3);
    const Vec n = cross(subtract(out.e, out.d), subtract(out.f, out.d));
    const double twice = length(n);
    out.area = 0.5 * twice;
    out.normal = twice > kMinVal ? scaled(n, 1 / twice) : Vec{0, 0, 1};
    return out;
  }

  // the apex of the first pass: the centroid of the surface
  bool area_centre() {
    double total = 0;
    Vec sum = {0, 0, 0};
    for (size_t i = 0; i < face_.size(); i += 3) {
      const Face f = face(face_, i);
      total += f.area;
      sum = add(sum, scaled(f.centre, f.area));
    }
    if (total < kMinVal) {
      why_ = "the mesh has no area";
      return false;
    }
    surface_ = total;
    surface_centre_ = scaled(sum, 1 / total);
    return true;
  }

  // weight of a face seen from `apex`
  double weight(const Face& f, const Vec& apex) const {
    if (spec_.inertia == Kind::shell) return f.area;
    const double volume = dot(f.normal, subtract(f.centre, apex)) * f.area / 3;
    return spec_.inertia == Kind::legacy ? std::abs(volume) : volume;
  }

  Vec centre_of_mass() {
    if (spec_.inertia == Kind::shell) {
      out_.volume = surface_;
      return surface_centre_;
    }
    double total = 0;
    Vec sum = {0, 0, 0};
    for (size_t i = 0; i < solid().size(); i += 3) {
      const Face f = face(solid(), i);
      const double w = weight(f, surface_centre_);
      total += w;
      sum = add(sum, scaled(add(scaled(f.centre, 0.75), scaled(surface_centre_, 0.25)), w));
    }
    if (total < kMinVal) {
      why_ = total < 0 ? "the mesh has negative volume: turn its faces or use inertia=\"legacy\""
                       : "the volume of the mesh is too small: use inertia=\"shell\"";
      return {0, 0, 0};
    }
    return scaled(sum, 1 / total);
  }

  void inertia(Vec& moments, Quaternion& axes) {
    const Vec origin = {0, 0, 0};
    double total = 0;
    Matrix products = {};
    for (size_t i = 0; i < solid().size(); i += 3) {
      const Face f = face(solid(), i);
      const double w = weight(f, origin);
      total += w;
      for (int r = 0; r < 3; ++r) {
        for (int c = 0; c < 3; ++c) {
          const double same = f.d[r] * f.d[c] + f.e[r] * f.e[c] + f.f[r] * f.f[c];
          const double mixed =
              f.d[r] * (f.e[c] + f.f[c]) + f.e[r] * (f.d[c] + f.f[c]) + f.f[r] * (f.d[c] + f.e[c]);
          products[3 * r + c] += w * (2 * same + mixed) / (spec_.inertia == Kind::shell ? 12 : 20);
        }
      }
    }
    out_.volume = total;
    const double trace = products[0] + products[4] + products[8];
    Matrix tensor;
    for (int k = 0; k < 9; ++k) tensor[k] = (k % 4 == 0 ? trace : 0) - products[k];
    for (const int k : {1, 2, 5}) {
      const int mirror = k == 1 ? 3 : k == 2 ? 6 : 7;
      tensor[k] = tensor[mirror] = 0.5 * (tensor[k] + tensor[mirror]);
    }
    principal_axes(tensor, kMeshAxesTolerance, moments, axes);
    if (moments[2] <= 0) why_ = "the inertia of the mesh is not positive: use inertia=\"shell\"";
    // the same margin for round-off as in the check of bodies
    if (moments[1] + moments[2] < moments[0] * (1 - 1e-9)) {
      why_ = "the inertia of the mesh breaks the triangle inequality: turn its faces";
    }
  }

  const MeshSpec& spec_;
  const bool hull_;
  std::string& why_;
  std::vector<Vec> vertex_;
  std::vector<int> face_;
  double surface_ = 0;
  Vec surface_centre_ = {0, 0, 0};
  CompiledMesh out_;
};

// no edge may be walked twice in one direction; specks of triangles do not count
bool oriented(const MeshSpec& mesh) {
  const double speck = std::sqrt(kMinVal);
  const auto at = [&](int v) {
    return Vec{mesh.vertex[3 * static_cast<size_t>(v)], mesh.vertex[3 * static_cast<size_t>(v) + 1],
               mesh.vertex[3 * static_cast<size_t>(v) + 2]};
  };
  std::vector<std::pair<int, int>> edges;
  for (size_t f = 0; f + 2 < mesh.face.size(); f += 3) {
    const Vec a = at(mesh.face[f]);
    const Vec normal = cross(subtract(at(mesh.face[f + 1]), a), subtract(at(mesh.face[f + 2]), a));
    if (0.5 * length(normal) <= speck) continue;
    for (int k = 0; k < 3; ++k) edges.emplace_back(mesh.face[f + k], mesh.face[f + (k + 1) % 3]);
  }
  std::sort(edges.begin(), edges.end());
  for (size_t i = 1; i < edges.size(); ++i) {
    if (edges[i] == edges[i - 1]) return false;
  }
  return true;
}

}  // namespace

CompiledMesh compile_mesh(const MeshSpec& mesh, bool collides, std::string& why) {
  if (mesh.vertex.size() < 12) {
    why = "has " + std::to_string(mesh.vertex.size() / 3) + " vertices: at least 4 are needed";
  } else if (mesh.inertia == Kind::exact && !oriented(mesh)) {
    why = "faces of the mesh are not consistently oriented: use inertia=\"legacy\"";
  }
  if (!why.empty()) return {};
  return MeshCompiler(mesh, collides, why).run();
}

}  // namespace motorium
