// Volume, centre of mass and inertia of a triangle mesh, as a sum over its faces.
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
  MeshCompiler(const MeshSpec& spec, std::string& why) : spec_(spec), why_(why) {}

  CompiledMesh run() {
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
    out_.face = face_;
    for (int i = 0; i < 3; ++i) {
      const double rest = moments[(i + 1) % 3] + moments[(i + 2) % 3] - moments[i];
      out_.box[i] = 0.5 * std::sqrt(std::max(0.0, 6 * rest / out_.volume));
    }
    return out_;
  }

 private:
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
      for (size_t f = 0; f + 2 < face_.size(); f += 3) std::swap(face_[f + 1], face_[f + 2]);
    }
  }

  struct Face {
    Vec d, e, f, centre, normal;
    double area;
  };
  Face face(size_t i) const {
    Face out;
    out.d = vertex_[face_[i]];
    out.e = vertex_[face_[i + 1]];
    out.f = vertex_[face_[i + 2]];
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
      const Face f = face(i);
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
    for (size_t i = 0; i < face_.size(); i += 3) {
      const Face f = face(i);
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
    for (size_t i = 0; i < face_.size(); i += 3) {
      const Face f = face(i);
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
  std::string& why_;
  std::vector<Vec> vertex_;
  std::vector<int> face_;
  double surface_ = 0;
  Vec surface_centre_ = {0, 0, 0};
  CompiledMesh out_;
};

// every edge must be walked once in each direction
bool closed_and_oriented(const MeshSpec& mesh) {
  std::vector<std::pair<int, int>> edges;
  for (size_t f = 0; f + 2 < mesh.face.size(); f += 3) {
    for (int k = 0; k < 3; ++k) edges.emplace_back(mesh.face[f + k], mesh.face[f + (k + 1) % 3]);
  }
  std::sort(edges.begin(), edges.end());
  for (size_t i = 1; i < edges.size(); ++i) {
    if (edges[i] == edges[i - 1]) return false;
  }
  return true;
}

}  // namespace

CompiledMesh compile_mesh(const MeshSpec& mesh, std::string& why) {
  if (mesh.inertia == Kind::convex || mesh.face.empty()) {
    why = mesh.face.empty() ? "a mesh without faces needs its convex hull: give faces"
                            : "inertia=\"convex\" needs the convex hull: use exact or legacy";
    return {};
  }
  if (mesh.inertia == Kind::exact && !closed_and_oriented(mesh)) {
    why = "faces of the mesh are not consistently oriented: use inertia=\"legacy\"";
    return {};
  }
  return MeshCompiler(mesh, why).run();
}

}  // namespace motorium
