// Questions to a batch about its present state: rays.
#include "bind.h"
#include "motorium/core/error.h"

namespace motorium::python {
namespace {

// six bits of a geomgroup array; None: all groups
int groups_of(const py::object& geomgroup) {
  if (geomgroup.is_none()) return 0x3f;
  const auto list = geomgroup.cast<std::vector<int>>();
  if (list.size() != 6) throw Error("Batch.ray: geomgroup needs six flags, one per group");
  int groups = 0;
  for (int g = 0; g < 6; ++g) groups |= (list[static_cast<size_t>(g)] != 0) << g;
  return groups;
}

// points or directions, and how many rays a world has because of them
py::array_t<double> vectors_of(const py::object& values, const char* what, py::ssize_t& rays) {
  const py::array_t<double> a = py::array_t<double>::ensure(values);
  if (!a || a.ndim() < 1 || a.ndim() > 3 || a.shape(a.ndim() - 1) != 3)
    throw Error(std::string("Batch.ray: ") + what + " must have the shape (3,), (rays, 3) or (n, " +
                "rays, 3)");
  if (a.ndim() > 1) rays = std::max(rays, a.shape(a.ndim() - 2));
  return a;
}

py::tuple ray(PyBatch& b, const py::object& pnt, const py::object& vec, const py::object& geomgroup,
              bool flg_static, const py::object& bodyexclude, const py::object& ids, bool normal) {
  const Ids list = ids_of(ids, b.batch->worlds(), "Batch.ray");
  const int n = list.size(b.batch->worlds());
  py::ssize_t rays = 1;
  const auto from = vectors_of(pnt, "pnt", rays), way = vectors_of(vec, "vec", rays);
  const auto starts = broadcast(from, {n, rays, 3}, "Batch.ray: pnt");
  const auto ways = broadcast(way, {n, rays, 3}, "Batch.ray: vec");
  const auto excluded = broadcast(bodyexclude, {n, rays}, "Batch.ray: bodyexclude");
  std::vector<int> exclude(static_cast<size_t>(excluded.size()));
  for (size_t i = 0; i < exclude.size(); ++i) {
    const double body = excluded.data()[i];
    if (!(body >= -1 && body < b.model->nbody) || body != static_cast<int>(body))
      throw Error("Batch.ray: bodyexclude: allowed are bodies 0 .. " +
                  std::to_string(b.model->nbody - 1) + ", and -1 for none");
    exclude[i] = static_cast<int>(body);
  }
  py::array_t<double> dist({static_cast<py::ssize_t>(n), rays});
  py::array_t<double> normals({static_cast<py::ssize_t>(n), rays, py::ssize_t{3}});
  py::array_t<int> geom({static_cast<py::ssize_t>(n), rays});
  RayOptions o;
  o.ids = list.data();
  o.id_count = list.count();
  o.rays = static_cast<int>(rays);
  o.filter = {groups_of(geomgroup), flg_static};
  const double *p = starts.data(), *v = ways.data();
  double *d = dist.mutable_data(), *u = normals.mutable_data();
  int* g = geom.mutable_data();
  unlocked(*b.lock, [&] { b.batch->ray(p, v, exclude.data(), o, d, g, u); });
  if (normal) return py::make_tuple(dist, geom, normals);
  return py::make_tuple(dist, geom);
}

}  // namespace

void bind_queries(py::class_<PyBatch, std::shared_ptr<PyBatch>>& c) {
  c.def("ray", &ray, py::arg("pnt"), py::arg("vec"), py::arg("geomgroup") = py::none(),
        py::arg("flg_static") = true, py::arg("bodyexclude") = -1, py::arg("ids") = py::none(),
        py::arg("normal") = false,
        "Where rays pnt + x vec, x >= 0, meet the visible geoms of each world's present state.\n\n"
        "pnt, vec: broadcast to (n, rays, 3); (3,) is one ray, (rays, 3) the same fan in every "
        "world.\n"
        "geomgroup: six flags, None: all. flg_static: whether static geoms count. bodyexclude: a "
        "body\n"
        "that rays pass through, or -1; broadcast to (n, rays). Returns distances in lengths of "
        "vec\n"
        "(n, rays), -1 where nothing is hit, and geom ids (n, rays), -1; with normal also outward\n"
        "normals (n, rays, 3), zero where nothing is hit.");
}

}  // namespace motorium::python
