// Convex hull by Quickhull (Barber, Dobkin, Huhdanpaa 1996), by the qhull library: the vertices,
// their neighbours and the triangles in the order in which it lists them.
#include "motorium/physics/compile/hull.h"

#include <csetjmp>
#include <cstdio>
#include <memory>

extern "C" {
#include <libqhull_r/qhull_ra.h>
}

namespace motorium {
namespace {

// Runs qhull up to a hull of triangles with known neighbours. It reports errors by a long jump:
// nothing here has a destructor.
int run(qhT* qh, char* options, double* points, int count, FILE* messages) {
  qh_zero(qh, messages);
  qh_init_A(qh, nullptr, messages, messages, 0, nullptr);
  const int failure = setjmp(qh->errexit);
  if (failure) return failure;
  qh->NOerrexit = False;
  qh_initflags(qh, options);
  qh_init_B(qh, points, count, 3, False);
  qh_qhull(qh);
  qh_triangulate(qh);
  qh_vertexneighbors(qh);
  return 0;
}

// qhull and what it says, released together
struct Quickhull {
  qhT qh;
  FILE* messages = std::fopen("/dev/null", "w");
  int failure = 0;

  Quickhull(std::string options, std::vector<double>& points) {
    failure = messages ? run(&qh, options.data(), points.data(),
                             static_cast<int>(points.size() / 3), messages)
                       : qh_ERRother;
  }
  ~Quickhull() {
    if (!messages) return;
    int blocks = 0, bytes = 0;
    qh.NOerrexit = True;
    qh_freeqhull(&qh, !qh_ALL);
    qh_memfreeshort(&qh, &blocks, &bytes);
    std::fclose(messages);
  }
  Quickhull(const Quickhull&) = delete;
  Quickhull& operator=(const Quickhull&) = delete;
};

void** elements(setT* set) { return set ? &set->e[0].p : nullptr; }

}  // namespace

Hull convex_hull(const std::vector<double>& points, int most, std::string& why) {
  Hull out;
  const int count = static_cast<int>(points.size() / 3);
  if (count < 4) {
    why = "has " + std::to_string(count) + " vertices: a convex hull needs four";
    return out;
  }
  std::string options = "qhull Qt";
  // vertices that are added to the first tetrahedron, the furthest of all points first
  if (most >= 0) options += " Q9 TA" + std::to_string(most - 4);
  std::vector<double> copy = points;
  const auto hull = std::make_unique<Quickhull>(options, copy);
  qhT* const qh = &hull->qh;
  if (hull->failure) {
    why = hull->failure == qh_ERRsingular
              ? "its vertices lie in a plane, on a line or in a point: they have no convex hull"
              : "its vertices have no convex hull: are they too close to each other?";
    return out;
  }

  // vertices and their neighbours, which share a triangle
  std::vector<int> local(count, -1), stamp(count, -1);
  bool sound = true;
  for (vertexT* v = qh->vertex_list; v && v->next; v = v->next) {
    const int point = qh_pointid(qh, v->point), id = static_cast<int>(out.vertex.size());
    if (point < 0 || point >= count || local[point] >= 0) {
      sound = false;
      break;
    }
    local[point] = id;
    stamp[point] = id;
    out.vertex.push_back(point);
    out.edge_adr.push_back(static_cast<int>(out.edge.size()));
    for (void** f = elements(v->neighbors); f && *f; ++f) {
      for (void** w = elements(static_cast<facetT*>(*f)->vertices); w && *w; ++w) {
        const int other = qh_pointid(qh, static_cast<vertexT*>(*w)->point);
        if (other < 0 || other >= count) sound = false;
        if (!sound || stamp[other] == id) continue;
        stamp[other] = id;
        out.edge.push_back(other);
      }
    }
    out.edge.push_back(-1);
  }
  for (int& point : out.edge) {
    if (point < 0 || !sound) continue;
    point = local[point];
    sound = point >= 0;
  }

  // triangles, turned outward
  for (facetT* f = qh->facet_list; sound && f && f->next; f = f->next) {
    int corner[3], n = 0;
    for (void** w = elements(f->vertices); w && *w; ++w) {
      if (n < 3) corner[n] = qh_pointid(qh, static_cast<vertexT*>(*w)->point);
      ++n;
    }
    sound = n == 3;
    if (!sound) break;
    for (const int c : corner) sound = sound && c >= 0 && c < count && local[c] >= 0;
    if (f->toporient) std::swap(corner[0], corner[1]);
    out.face.insert(out.face.end(), corner, corner + 3);
  }
  // a closed surface of triangles has three half edges each
  if (!sound || out.edge.size() != out.vertex.size() + out.face.size()) {
    why = "its vertices have no convex hull of triangles: are some of them nearly equal?";
  }
  return out;
}

}  // namespace motorium
