// Meshes made from a few numbers: MuJoCo's builtin shapes, vertex by vertex in its order. Where no
// faces are given the mesh is the convex hull of its vertices.
#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>

#include "motorium/core/error.h"
#include "motorium/core/limits.h"
#include "motorium/physics/spec/mesh_file.h"
#include "motorium/physics/spec/text.h"

namespace motorium {
namespace {

constexpr double kPi = std::numbers::pi;
using Numbers = std::vector<double>;

struct Builder : Triangles {
  int add(double x, double y, double z) {
    vertex.insert(vertex.end(),
                  {static_cast<float>(x), static_cast<float>(y), static_cast<float>(z)});
    return static_cast<int>(vertex.size() / 3) - 1;
  }
  void triangle(int a, int b, int c) { face.insert(face.end(), {a, b, c}); }
  // corners counterclockwise
  void quad(int a, int b, int c, int d) {
    triangle(a, b, c);
    triangle(a, c, d);
  }
};

int whole(const Numbers& p, size_t i, const char* name, int least, int most) {
  require(p[i] == std::floor(p[i]) && p[i] >= least && p[i] <= most,
          std::string(name) + " is " + number_text(p[i]) + ": give a whole number from " +
              std::to_string(least) + " to " + std::to_string(most));
  return static_cast<int>(p[i]);
}
double within(const Numbers& p, size_t i, const char* name, double least, double most,
              bool least_too = true) {
  require(p[i] <= most && (least_too ? p[i] >= least : p[i] > least),
          std::string(name) + " is " + number_text(p[i]) + ": give a number from " +
              number_text(least) + " to " + number_text(most) +
              (least_too ? "" : ", the first excluded"));
  return p[i];
}

// an icosahedron whose triangles are cut into four, time after time
Triangles sphere(const Numbers& p) {
  const int times = whole(p, 0, "subdivision", 0, 4);
  const double g = (1 + std::sqrt(5.0)) / 2, n = std::sqrt(1 + g * g), s = 1 / n, l = g / n;
  Builder m;
  m.add(-s, l, 0), m.add(s, l, 0), m.add(-s, -l, 0), m.add(s, -l, 0);
  m.add(0, -s, l), m.add(0, s, l), m.add(0, -s, -l), m.add(0, s, -l);
  m.add(l, 0, -s), m.add(l, 0, s), m.add(-l, 0, -s), m.add(-l, 0, s);
  m.face = {0, 11, 5,  0, 5,  1, 0, 1, 7, 0, 7,  10, 0, 10, 11, 1, 5, 9, 5, 11,
            4, 11, 10, 2, 10, 7, 6, 7, 1, 8, 3,  9,  4, 3,  4,  2, 3, 2, 6, 3,
            6, 8,  3,  8, 9,  4, 9, 5, 2, 4, 11, 6,  2, 10, 8,  6, 7, 9, 8, 1};
  for (int t = 0; t < times; ++t) {
    std::map<std::pair<int, int>, int> middle;
    const auto half = [&](int a, int b) {
      const auto [found, fresh] = middle.try_emplace(std::minmax(a, b), 0);
      if (!fresh) return found->second;
      double v[3], square = 0;
      for (int k = 0; k < 3; ++k) {
        v[k] = 0.5 * (double{m.vertex[3 * a + k]} + double{m.vertex[3 * b + k]});
        square += v[k] * v[k];
      }
      const double scale = 1 / std::sqrt(square);
      return found->second = m.add(scale * v[0], scale * v[1], scale * v[2]);
    };
    const std::vector<int> old = std::move(m.face);
    m.face.clear();
    for (size_t f = 0; f < old.size(); f += 3) {
      const int a = old[f], b = old[f + 1], c = old[f + 2];
      const int ab = half(a, b), bc = half(b, c), ca = half(c, a);
      m.triangle(a, ab, ca);
      m.triangle(b, bc, ab);
      m.triangle(c, ca, bc);
      m.triangle(ab, bc, ca);
    }
  }
  return m;
}

// rings of an octahedron's upper half, pushed out to the sphere, and a flat cap
Triangles hemisphere(const Numbers& p) {
  const int rings = whole(p, 0, "resolution", 0, 10) + 1;
  Builder m;
  m.add(0, 0, 1);
  for (int k = 1; k <= rings; ++k) {
    for (int q = 0; q < 4; ++q) {
      for (int i = 0; i < k; ++i) {
        const double a = static_cast<double>(k - i) / rings, b = static_cast<double>(i) / rings,
                     z = 1 - static_cast<double>(k) / rings;
        const double x = q == 0   ? a
                         : q == 1 ? -b
                         : q == 2 ? -a
                                  : b,
                     y = q == 0   ? b
                         : q == 1 ? a
                         : q == 2 ? -b
                                  : -a;
        const double scale = 1 / std::sqrt(x * x + y * y + z * z);
        m.add(scale * x, scale * y, scale * z);
      }
    }
  }
  const int bottom = m.add(0, 0, 0);
  for (int i = 0; i < 4; ++i) m.triangle(0, 1 + i, 1 + (i + 1) % 4);
  // from ring k to the next: a quadrant has one edge more there
  int inner = 1;
  for (int k = 1; k < rings; ++k) {
    const int outer = inner + 4 * k, ni = 4 * k, no = 4 * (k + 1);
    for (int q = 0; q < 4; ++q) {
      for (int i = 0; i <= k; ++i) {
        const int a = inner + (q * k + i) % ni, b = outer + q * (k + 1) + i,
                  next = outer + (q * (k + 1) + i + 1) % no;
        m.triangle(a, b, next);
        if (i < k) m.triangle(a, next, inner + (q * k + i + 1) % ni);
      }
    }
    inner = outer;
  }
  for (int i = 0; i < 4 * rings; ++i) {
    m.triangle(inner + i, bottom, inner + (i + 1) % (4 * rings));
  }
  return m;
}

Triangles cone(const Numbers& p) {
  const int n = whole(p, 0, "nvert", 3, 10000);
  const double radius = within(p, 1, "radius", 0, 1);
  Builder m;
  for (const double z : {-1.0, 1.0}) {
    const double r = z < 0 ? 1 : radius;
    if (r == 0) {
      m.add(0, 0, z);
      continue;
    }
    for (int i = 0; i < n; ++i) {
      const double a = 2 * kPi * i / n;
      m.add(r * std::cos(a), r * std::sin(a), z);
    }
  }
  return m;
}

// |cos a|^e with the sign of cos a, and the same for sin
double power_cos(double a, double e) {
  const double c = std::cos(a);
  return std::copysign(std::pow(std::abs(c), e), c);
}
double power_sin(double a, double e) {
  const double s = std::sin(a);
  return std::copysign(std::pow(std::abs(s), e), s);
}

// x = C(phi, n) C(theta, e), y = C(phi, n) S(theta, e), z = S(phi, n)
Triangles supersphere(const Numbers& p) {
  const int n = whole(p, 0, "resolution", 3, 1000);
  const double e = within(p, 1, "e", 0, 1e6), north = within(p, 2, "n", 0, 1e6);
  Builder m;
  m.add(0, 0, -1);
  for (int j = 1; j < n; ++j) {
    const double phi = -kPi / 2 + kPi * j / n;
    for (int i = 0; i < n; ++i) {
      const double theta = -kPi + 2 * kPi * i / n, c = power_cos(phi, north);
      m.add(c * power_cos(theta, e), c * power_sin(theta, e), power_sin(phi, north));
    }
  }
  const int top = m.add(0, 0, 1);
  for (int i = 0; i < n; ++i) m.triangle(0, 1 + (i + 1) % n, 1 + i);
  for (int j = 0; j + 2 < n; ++j) {
    for (int i = 0; i < n; ++i) {
      const int a = 1 + j * n + i, b = 1 + j * n + (i + 1) % n;
      m.triangle(a, b, a + n);
      m.triangle(b, b + n, a + n);
    }
  }
  const int last = 1 + (n - 2) * n;
  for (int i = 0; i < n; ++i) m.triangle(last + i, last + (i + 1) % n, top);
  return m;
}

Triangles supertorus(const Numbers& p) {
  const int n = whole(p, 0, "resolution", 3, 1000);
  const double r = within(p, 1, "radius", 0, 1, false), s = within(p, 2, "s", 0, 1e6, false),
               t = within(p, 3, "t", 0, 1e6, false);
  Builder m;
  for (int i = 0; i < n; ++i) {
    for (int j = 0; j < n; ++j) {
      const double theta = 2 * kPi * i / n, phi = 2 * kPi * j / n;
      const double ring = 1 + r * power_cos(phi, s);
      m.add(ring * power_cos(theta, t), ring * power_sin(theta, t), r * power_sin(phi, s));
    }
  }
  for (int i = 0; i < n; ++i) {
    for (int j = 0; j < n; ++j) {
      const int here = i * n, there = (i + 1) % n * n, up = (j + 1) % n;
      m.triangle(here + j, there + j, here + up);
      m.triangle(there + j, there + up, here + up);
    }
  }
  return m;
}

// a part of the unit sphere about -z; gamma draws the rows towards the middle
Triangles wedge(const Numbers& p) {
  const int nx = whole(p, 0, "res_phi", 1, 1000), ny = whole(p, 1, "res_theta", 1, 1000);
  const double phi = within(p, 2, "fov_phi", 0, 180, false) * kPi / 180,
               theta = within(p, 3, "fov_theta", 0, 90, false) * kPi / 180,
               gamma = within(p, 4, "gamma", 0, 1);
  // centre of bin i of n, whose edges are bent by a fifth power
  const auto centre = [&](int i, int n) {
    const auto edge = [&](int k) {
      const double u = -1 + 2.0 * k / n;
      return gamma * u * u * u * u * u + (1 - gamma) * u;
    };
    return 0.5 * (edge(i) + edge(i + 1));
  };
  Builder m;
  for (int i = 0; i < nx; ++i) {
    for (int j = 0; j < ny; ++j) {
      const double a = phi * centre(i, nx), b = theta * centre(j, ny);
      m.add(std::sin(a) * std::cos(b), std::sin(b), -std::cos(a) * std::cos(b));
    }
  }
  return m;
}

Triangles plate(const Numbers& p) {
  const int nx = whole(p, 0, "res_x", 1, 2000), ny = whole(p, 1, "res_y", 1, 2000);
  Builder m;
  for (int i = 0; i < nx; ++i) {
    for (int j = 0; j < ny; ++j) m.add(-1 + (2.0 * i + 1) / nx, -1 + (2.0 * j + 1) / ny, -1);
  }
  for (int i = 0; i + 1 < nx; ++i) {
    for (int j = 0; j + 1 < ny; ++j) {
      const int a = i * ny + j, b = a + ny;
      m.triangle(a, b, a + 1);
      m.triangle(b + 1, a + 1, b);
    }
  }
  return m;
}

// points of a regular block about the origin
struct Block {
  int n[3];
  double step[3];
  int dim;
  double at(int axis, int i) const { return step[axis] * (i - 0.5 * (n[axis] - 1)); }
};
Block block_of(const Numbers& p, int least, int dim) {
  Block b;
  const char* counts[] = {"count[0]", "count[1]", "count[2]"};
  for (int k = 0; k < 3; ++k) {
    b.n[k] = whole(p, k, counts[k], k < 2 || dim == 0 ? least : 1, 1000);
    b.step[k] = p[3 + k];
  }
  b.dim = dim ? dim : p.size() > 6 ? whole(p, 6, "dim", 2, 3) : 3;
  require(int64_t{b.n[0]} * b.n[1] * b.n[2] <= limits::kMeshVertices,
          "more than " + std::to_string(limits::kMeshVertices) + " vertices");
  return b;
}

Triangles grid(const Block& b) {
  require(b.dim == 3 || b.n[2] == 1, "count[2] is " + std::to_string(b.n[2]) + ": give 1");
  Builder m;
  for (int i = 0; i < b.n[0]; ++i) {
    for (int j = 0; j < b.n[1]; ++j) {
      for (int k = 0; k < b.n[2]; ++k) m.add(b.at(0, i), b.at(1, j), b.at(2, k));
    }
  }
  for (int i = 0; b.dim == 2 && i + 1 < b.n[0]; ++i) {
    for (int j = 0; j + 1 < b.n[1]; ++j) {
      const int a = i * b.n[1] + j;
      m.quad(a, a + b.n[1], a + b.n[1] + 1, a + 1);
    }
  }
  return m;
}

// a grid bent to an ellipse; its diagonals lead away from the middle
Triangles disc(const Block& b) {
  require(b.n[2] == 1, "count[2] is " + std::to_string(b.n[2]) + ": give 1");
  const double half[] = {b.at(0, b.n[0] - 1), b.at(1, b.n[1] - 1)};
  Builder m;
  for (int i = 0; i < b.n[0]; ++i) {
    for (int j = 0; j < b.n[1]; ++j) {
      const double x = b.at(0, i), y = b.at(1, j), n = std::sqrt(x * x + y * y);
      const double scale = n > 0 ? std::max(std::abs(x), std::abs(y)) / n : 0;
      // lengths enter twice, as in MuJoCo
      m.add(half[0] * scale * x, half[1] * scale * y, 0);
    }
  }
  for (int i = 0; i + 1 < b.n[0]; ++i) {
    for (int j = 0; j + 1 < b.n[1]; ++j) {
      const int a = i * b.n[1] + j, e = a + b.n[1];
      if ((i < b.n[0] / 2) == (j < b.n[1] / 2)) {
        m.quad(a, e, e + 1, a + 1);
      } else {
        m.triangle(a, e, a + 1);
        m.triangle(e, e + 1, a + 1);
      }
    }
  }
  return m;
}

// The surface of a block, pushed out to a cylinder or an ellipsoid. In three dimensions the centre
// and the points only, in two the surface without its upper side.
enum class Skin { box, cylinder, ellipsoid };
class Shell {
 public:
  Shell(const Block& b, Skin skin) : b_(b), skin_(skin) {}

  Triangles run() {
    const int nx = b_.n[0], ny = b_.n[1], nz = b_.n[2];
    const bool solid = b_.dim == 3;
    if (solid) m_.add(0, 0, 0);
    for (const int k : {0, nz - 1}) {
      if (k > 0 && !solid) break;
      for (int i = 0; i < nx; ++i) {
        for (int j = 0; j < ny; ++j) point(i, j, k);
      }
    }
    // the upright sides between them, up to the rim where the upper side is open
    const int top = solid ? nz - 1 : nz;
    for (const int j : {0, ny - 1}) {
      for (int i = 0; i < nx; ++i) {
        for (int k = 1; k < top; ++k) point(i, j, k);
      }
    }
    for (const int i : {0, nx - 1}) {
      for (int j = 1; j + 1 < ny; ++j) {
        for (int k = 1; k < top; ++k) point(i, j, k);
      }
    }
    if (!solid) faces(nx, ny, nz);
    return m_;
  }

 private:
  void point(int i, int j, int k) {
    const int index[] = {i, j, k};
    double u[3], largest = 0, square = 0;
    const int bent = skin_ == Skin::box ? 0 : skin_ == Skin::cylinder ? 2 : 3;
    for (int a = 0; a < 3; ++a) {
      u[a] = 2.0 * index[a] / (b_.n[a] - 1) - 1;
      if (a >= bent) continue;
      largest = std::max(largest, std::abs(u[a]));
      square += u[a] * u[a];
    }
    const double scale = square > 0 ? largest / std::sqrt(square) : 1;
    for (int a = 0; a < 3; ++a) {
      u[a] *= (a < bent ? scale : 1) * 0.5 * b_.step[a] * (b_.n[a] - 1);
    }
    at_.emplace(key(i, j, k), m_.add(u[0], u[1], u[2]));
  }
  static int64_t key(int i, int j, int k) { return (int64_t{i} << 20 | j) << 20 | k; }
  int id(int i, int j, int k) const { return at_.at(key(i, j, k)); }

  void faces(int nx, int ny, int nz) {
    for (int i = 0; i + 1 < nx; ++i) {
      for (int j = 0; j + 1 < ny; ++j) {
        m_.triangle(id(i, j, 0), id(i + 1, j + 1, 0), id(i + 1, j, 0));
        m_.triangle(id(i, j, 0), id(i, j + 1, 0), id(i + 1, j + 1, 0));
      }
    }
    // seen from outside: right neighbour along the side, then upward
    const auto side = [&](int n, auto left) {
      for (int s = 0; s + 1 < n; ++s) {
        for (int k = 0; k + 1 < nz; ++k) {
          m_.quad(left(s, k), left(s + 1, k), left(s + 1, k + 1), left(s, k + 1));
        }
      }
    };
    side(nx, [&](int s, int k) { return id(s, 0, k); });
    for (int i = 0; i + 1 < nx; ++i) {
      for (int k = 0; k + 1 < nz; ++k) {
        m_.quad(id(i + 1, ny - 1, k), id(i, ny - 1, k), id(i, ny - 1, k + 1),
                id(i + 1, ny - 1, k + 1));
      }
    }
    for (int j = 0; j + 1 < ny; ++j) {
      for (int k = 0; k + 1 < nz; ++k) {
        m_.quad(id(0, j + 1, k), id(0, j, k), id(0, j, k + 1), id(0, j + 1, k + 1));
      }
    }
    side(ny, [&](int s, int k) { return id(nx - 1, s, k); });
  }

  const Block& b_;
  Skin skin_;
  Builder m_;
  std::map<int64_t, int> at_;
};

}  // namespace

Triangles make_builtin_mesh(const std::string& shape, const Numbers& params, bool& flat) {
  // name, numbers at least and at most
  struct Known {
    const char* name;
    size_t least, most;
  };
  const Known known[] = {{"sphere", 1, 1},      {"hemisphere", 1, 1}, {"cone", 2, 2},
                         {"supersphere", 3, 3}, {"supertorus", 4, 4}, {"wedge", 5, 5},
                         {"plate", 2, 2},       {"grid", 6, 7},       {"box", 6, 7},
                         {"cylinder", 6, 7},    {"ellipsoid", 6, 7},  {"square", 6, 6},
                         {"disc", 6, 6}};
  const Known* found = nullptr;
  for (const Known& k : known) {
    if (shape == k.name) found = &k;
  }
  if (!found) {
    std::string words;
    for (const Known& k : known) words += std::string(words.empty() ? "" : ", ") + k.name;
    throw Error("unknown word: use " + words);
  }
  require(params.size() >= found->least && params.size() <= found->most,
          shape + " has " + std::to_string(params.size()) + " params: it needs " +
              std::to_string(found->least) +
              (found->most > found->least ? " or " + std::to_string(found->most) : ""));
  flat = false;
  if (shape == "sphere") return sphere(params);
  if (shape == "hemisphere") return hemisphere(params);
  if (shape == "cone") return cone(params);
  if (shape == "supersphere") return supersphere(params);
  if (shape == "supertorus") return supertorus(params);
  if (shape == "wedge") return wedge(params);
  if (shape == "plate") return plate(params);
  const bool planar = shape == "square" || shape == "disc";
  const bool block = shape != "grid" && !planar;
  const Block b = block_of(params, block ? 2 : 1, planar ? 2 : 0);
  flat = b.dim == 2;
  if (shape == "disc") return disc(b);
  if (!block) return grid(b);
  return Shell(b, shape == "box"        ? Skin::box
                  : shape == "cylinder" ? Skin::cylinder
                                        : Skin::ellipsoid)
      .run();
}

}  // namespace motorium
