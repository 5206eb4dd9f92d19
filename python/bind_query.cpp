// Questions to a batch about its present state: rays, distances.
#include <algorithm>

#include "bind.h"
#include "motorium/core/error.h"
#include "motorium/core/text.h"

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

// a geom by id or name, or several
std::vector<int> geoms_of(const PyBatch& b, const py::object& geoms, const char* what) {
  std::vector<int> out;
  const auto add = [&](const py::handle& geom) {
    if (!py::isinstance<py::str>(geom)) return out.push_back(geom.cast<int>());
    const auto name = geom.cast<std::string>();
    const auto& names = b.model->geom_name;
    const auto found = std::find(names.begin(), names.end(), name);
    if (name.empty() || found == names.end())
      throw Error("Batch.geom_distance: " + std::string(what) + ": no geom '" + name + "'" +
                  did_you_mean(name, names));
    out.push_back(static_cast<int>(found - names.begin()));
  };
  if (py::isinstance<py::str>(geoms) || !py::hasattr(geoms, "__len__")) {
    add(geoms);
  } else {
    for (const py::handle geom : geoms) add(geom);
  }
  return out;
}

py::tuple geom_distance(PyBatch& b, const py::object& geom1, const py::object& geom2,
                        const py::object& distmax, const py::object& ids) {
  const Ids list = ids_of(ids, b.batch->worlds(), "Batch.geom_distance");
  const py::ssize_t n = list.size(b.batch->worlds());
  std::vector<int> first = geoms_of(b, geom1, "geom1"), second = geoms_of(b, geom2, "geom2");
  const size_t pairs = std::max(first.size(), second.size());
  if (first.size() == 1) first.resize(pairs, first[0]);
  if (second.size() == 1) second.resize(pairs, second[0]);
  if (first.size() != second.size())
    throw Error("Batch.geom_distance: " + std::to_string(first.size()) + " geoms against " +
                std::to_string(second.size()) + ": give as many of both, or one");
  const auto count = static_cast<py::ssize_t>(pairs);
  const auto most = broadcast(distmax, {count}, "Batch.geom_distance: distmax");
  py::array_t<double> dist({n, count});
  py::array_t<double> fromto({n, count, py::ssize_t{6}});
  double *d = dist.mutable_data(), *f = fromto.mutable_data();
  unlocked(*b.lock, [&] {
    b.batch->geom_distance(first.data(), second.data(), most.data(), static_cast<int>(count),
                           list.data(), list.count(), d, f);
  });
  return py::make_tuple(dist, fromto);
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
  c.def(
      "geom_distance", &geom_distance, py::arg("geom1"), py::arg("geom2"), py::arg("distmax"),
      py::arg("ids") = py::none(),
      "Signed distances of pairs of geoms in each world's present state, as mj_geomDistance.\n\n"
      "geom1, geom2: id or name, or a list of them, pair by pair; one geom meets all of a list.\n"
      "distmax: how far to look [m], one for all or one a pair. Returns distances (n, pairs),\n"
      "negative where geoms overlap, distmax where nothing is nearer, and the segments\n"
      "(n, pairs, 6) from the surface of geom1 to that of geom2, world axes, zeros where nothing\n"
      "is nearer. Geoms need not be able to collide.");
}

}  // namespace motorium::python
