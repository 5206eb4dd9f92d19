// The module motorium._core.
#include "bind.h"
#include "motorium/core/cpu.h"
#include "motorium/core/error.h"

namespace motorium::python {

std::mutex& default_lock() {
  // never destroyed, like the pool it belongs to
  static std::mutex* const lock = new std::mutex;
  return *lock;
}

Ids ids_of(const py::object& ids, int worlds, const std::string& call) {
  Ids out;
  if (ids.is_none()) {
    out.all = true;
    return out;
  }
  const py::array a = py::array::ensure(ids);
  if (!a) throw Error(call + ": ids: expected integers or a boolean mask");
  out.list.reserve(static_cast<size_t>(a.size()) + 1);  // so that "none" has an address too

  // a mask of all worlds
  if (a.dtype().kind() == 'b') {
    if (a.ndim() != 1 || a.shape(0) != worlds)
      throw Error(call + ": a boolean mask must have the shape (" + std::to_string(worlds) + ",)");
    const auto mask = py::array_t<bool, py::array::c_style | py::array::forcecast>(a);
    for (int w = 0; w < worlds; ++w)
      if (mask.data()[w]) out.list.push_back(w);
    return out;
  }
  if (a.size() > 0 && a.dtype().kind() != 'i' && a.dtype().kind() != 'u')
    throw Error(call + ": ids must be integers or a boolean mask");
  if (a.ndim() > 1) throw Error(call + ": ids must have one dimension");

  // range is checked before narrowing, so that no id wraps into a valid one
  const auto list = py::array_t<int64_t, py::array::c_style | py::array::forcecast>(a);
  for (py::ssize_t i = 0; i < list.size(); ++i) {
    const int64_t id = list.data()[i];
    if (id < 0 || id >= worlds)
      throw Error(call + ": ids[" + std::to_string(i) + "] = " + std::to_string(id) +
                  " is out of range: the batch has worlds 0 .. " + std::to_string(worlds - 1));
    out.list.push_back(static_cast<int>(id));
  }
  return out;
}

py::array_t<double> broadcast(const py::object& values, const std::vector<py::ssize_t>& shape,
                              const std::string& call) {
  const py::module_ np = py::module_::import("numpy");
  py::tuple want(shape.size());
  for (size_t i = 0; i < shape.size(); ++i) want[i] = shape[i];
  try {
    return np.attr("ascontiguousarray")(np.attr("broadcast_to")(values, want),
                                        py::arg("dtype") = "float64");
  } catch (py::error_already_set& e) {
    const std::string got = py::str(py::tuple(np.attr("shape")(values)));
    throw Error(call + ": values of shape " + got + " do not fit " + std::string(py::str(want)));
  }
}

}  // namespace motorium::python

PYBIND11_MODULE(_core, m) {
  using namespace motorium;
  using namespace motorium::python;
  m.doc() = "The C++ part of motorium; use `import motorium`.";

  // one family of errors: Error is a ValueError, the others are Errors
  static py::handle error = py::register_exception<Error>(m, "Error", PyExc_ValueError);
  py::register_exception<UnsupportedModel>(m, "UnsupportedModel", error);
  py::register_exception<UnsupportedCpu>(m, "UnsupportedCpu", error);
  py::register_exception<DeviceLost>(m, "DeviceLost", PyExc_RuntimeError);

  m.attr("__version__") = MOTORIUM_VERSION;
  bind_model(m);
  bind_spec(m);
  bind_array(m);
  bind_batch(m);
#if defined(MOTORIUM_WITH_TASKS)
  bind_env(m);
#endif
#if defined(MOTORIUM_WITH_CLI)
  bind_learn(m);
#endif
}
