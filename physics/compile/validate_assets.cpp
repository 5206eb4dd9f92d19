// Meshes, hulls and height fields of a Model: what kernels follow without looking.
#include <cmath>
#include <string>

#include "motorium/core/error.h"
#include "motorium/core/limits.h"
#include "motorium/physics/compile/validate.h"

namespace motorium {
namespace {

class AssetValidator {
 public:
  explicit AssetValidator(const Model& m) : m_(m) {}

  void run() {
    geoms();
    runs();
    for (int i = 0; i < m_.nmesh; ++i) {
      triangles(i);
      graph(i);
      polygons(i);
    }
    hfields();
  }

 private:
  void check(bool ok, const char* field, long index, const char* what) const {
    if (ok) return;
    throw Error("model: " + std::string(field) + "[" + std::to_string(index) + "]: " + what);
  }
  // [adr, adr + num) inside [0, size), without overflow
  static bool inside(int adr, int num, int size) {
    return adr >= 0 && num >= 0 && adr <= size && num <= size - adr;
  }

  void geoms() const {
    for (int g = 0; g < m_.ngeom; ++g) {
      const auto type = static_cast<GeomType>(m_.geom_type[g]);
      const int id = m_.geom_dataid[g];
      const int count = type == GeomType::hfield ? m_.nhfield : m_.nmesh;
      check(id >= -1 && id < count, "geom_dataid", g, "is out of range");
      const bool needed = type == GeomType::hfield || type == GeomType::mesh;
      check(!needed || id >= 0, "geom_dataid", g, "is missing");
    }
    for (int s = 0; s < m_.nsite; ++s) {
      const int id = m_.site_dataid[s];
      const bool mesh = static_cast<GeomType>(m_.site_type[s]) == GeomType::mesh;
      check(id >= (mesh ? 0 : -1) && id < m_.nmesh, "site_dataid", s, "is out of range");
    }
  }

  // the meshes' parts of every table follow each other without holes
  void runs() const {
    int vert = 0, face = 0, poly = 0, corner = 0, map = 0;
    for (int i = 0; i < m_.nmesh; ++i) {
      const auto run = [&](int adr, int num, int& next, int size, const char* field) {
        check(adr == next && inside(adr, num, size), field, i, "leaves a hole");
        next += num;
      };
      run(m_.mesh_vertadr[i], m_.mesh_vertnum[i], vert, m_.nmeshvert, "mesh_vertadr");
      run(m_.mesh_faceadr[i], m_.mesh_facenum[i], face, m_.nmeshface, "mesh_faceadr");
      run(m_.mesh_polyadr[i], m_.mesh_polynum[i], poly, m_.nmeshpoly, "mesh_polyadr");
      check(m_.mesh_vertnum[i] > 0, "mesh_vertnum", i, "is not positive");
    }
    check(vert == m_.nmeshvert && face == m_.nmeshface && poly == m_.nmeshpoly, "nmesh", 0,
          "does not cover vertices, triangles and flat faces");
    for (int p = 0; p < m_.nmeshpoly; ++p) {
      const int num = m_.mesh_polyvertnum[p];
      check(m_.mesh_polyvertadr[p] == corner && inside(corner, num, m_.nmeshpolyvert) && num >= 3 &&
                num <= m_.npolygonmax,
            "mesh_polyvertadr", p, "leaves a hole");
      corner += num;
    }
    for (int v = 0; v < m_.nmeshvert; ++v) {
      const int num = m_.mesh_polymapnum[v];
      check(inside(m_.mesh_polymapadr[v], num, m_.nmeshpolymap) && num <= m_.nmeshdegmax,
            "mesh_polymapadr", v, "is out of range");
      map += num;
    }
    check(corner == m_.nmeshpolyvert && map == m_.nmeshpolymap, "nmeshpolyvert", 0,
          "does not fit the flat faces");
  }

  void triangles(int i) const {
    const long first = 3L * m_.mesh_faceadr[i], last = first + 3L * m_.mesh_facenum[i];
    for (long k = first; k < last; ++k) {
      check(m_.mesh_face[k] >= 0 && m_.mesh_face[k] < m_.mesh_vertnum[i], "mesh_face", k,
            "is no vertex of the mesh");
    }
    const double* q = &m_.mesh_quat[4 * i];
    const double n = q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3];
    check(std::abs(n - 1) < 1e-6, "mesh_quat", i, "is no unit quaternion");
  }

  // vertices, faces, vert_edgeadr, vert_globalid, edge_localid (lists closed by -1), face_globalid
  void graph(int i) const {
    const int adr = m_.mesh_graphadr[i];
    check(adr >= -1, "mesh_graphadr", i, "is out of range");
    const int hull = adr >= 0 && adr < m_.nmeshgraph ? m_.mesh_graph[adr] : 1;
    for (int k = 27 * i; k < 27 * i + 27; ++k) {
      check(m_.mesh_extrema[k] >= 0 && m_.mesh_extrema[k] < hull, "mesh_extrema", k,
            "is no vertex of the hull");
    }
    if (adr < 0) return;
    check(inside(adr, 2, m_.nmeshgraph), "mesh_graphadr", i, "is out of range");
    const int verts = m_.mesh_graph[adr], faces = m_.mesh_graph[adr + 1];
    const int total = m_.nmeshgraph - adr;
    check(verts >= 4 && faces >= 4 && verts <= total / 3 && faces <= total / 6 &&
              2 + 3L * verts + 6L * faces <= total,
          "mesh_graph", adr, "does not fit its size");
    const int *edgeadr = &m_.mesh_graph[adr + 2], *globalid = edgeadr + verts,
              *edge = globalid + verts, *corner = edge + verts + 3 * faces;
    for (int v = 0; v < verts; ++v) {
      check(globalid[v] >= 0 && globalid[v] < m_.mesh_vertnum[i], "mesh_graph", v,
            "names no vertex of the mesh");
      check(edgeadr[v] >= 0 && edgeadr[v] < verts + 3 * faces, "mesh_graph", v,
            "has no list of edges");
    }
    for (int e = 0; e < verts + 3 * faces; ++e) {
      check(edge[e] >= -1 && edge[e] < verts, "mesh_graph", e, "names no vertex of the hull");
    }
    // a walk along a list ends inside the graph
    check(edge[verts + 3 * faces - 1] == -1, "mesh_graph", adr, "does not close its last list");
    for (int c = 0; c < 3 * faces; ++c) {
      check(corner[c] >= 0 && corner[c] < m_.mesh_vertnum[i], "mesh_graph", c,
            "names no vertex of the mesh");
    }
  }

  void polygons(int i) const {
    const int first = m_.mesh_polyadr[i], count = m_.mesh_polynum[i];
    for (int p = first; p < first + count; ++p) {
      for (int k = 0; k < m_.mesh_polyvertnum[p]; ++k) {
        const int at = m_.mesh_polyvertadr[p] + k, v = m_.mesh_polyvert[at];
        check(v >= 0 && v < m_.mesh_vertnum[i], "mesh_polyvert", at, "is no vertex of the mesh");
      }
    }
    for (int v = m_.mesh_vertadr[i]; v < m_.mesh_vertadr[i] + m_.mesh_vertnum[i]; ++v) {
      for (int k = 0; k < m_.mesh_polymapnum[v]; ++k) {
        const int p = m_.mesh_polymap[m_.mesh_polymapadr[v] + k];
        check(p >= 0 && p < count, "mesh_polymap", v, "is no flat face of the mesh");
      }
    }
  }

  void hfields() const {
    int next = 0;
    for (int h = 0; h < m_.nhfield; ++h) {
      const int rows = m_.hfield_nrow[h], columns = m_.hfield_ncol[h];
      check(rows >= 2 && rows <= limits::kHeightSide && columns >= 2 &&
                columns <= limits::kHeightSide,
            "hfield_nrow", h, "is out of range");
      check(m_.hfield_adr[h] == next && inside(next, rows * columns, m_.nhfielddata), "hfield_adr",
            h, "leaves a hole");
      next += rows * columns;
      for (int k = 4 * h; k < 4 * h + 4; ++k) {
        check(m_.hfield_size[k] > 0, "hfield_size", k, "is not positive");
      }
    }
    check(next == m_.nhfielddata, "nhfielddata", 0, "does not fit the height fields");
    for (size_t k = 0; k < m_.hfield_data.size(); ++k) {
      check(m_.hfield_data[k] >= 0 && m_.hfield_data[k] <= 1, "hfield_data", static_cast<long>(k),
            "is not between 0 and 1");
    }
  }

  const Model& m_;
};

}  // namespace

void validate_assets(const Model& m) { AssetValidator(m).run(); }

}  // namespace motorium
