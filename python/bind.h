// What the bind_*.cpp files share: views of memory as NumPy arrays, world ids, the lock of a pool.
#pragma once
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>
#include <pybind11/stl/filesystem.h>

#include <filesystem>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "motorium/physics/batch.h"

namespace motorium::python {

namespace py = pybind11;

// each adds one class to the module
void bind_model(py::module_& m);
void bind_spec(py::module_& m);
void bind_array(py::module_& m);
void bind_batch(py::module_& m);
void bind_queries(py::class_<struct PyBatch, std::shared_ptr<struct PyBatch>>& c);
void bind_state(py::class_<struct PyBatch, std::shared_ptr<struct PyBatch>>& c);
void bind_overrides(py::class_<struct PyBatch, std::shared_ptr<struct PyBatch>>& c);
void bind_env(py::module_& m);
void bind_learn(py::module_& m);

// An array over memory that `owner` keeps alive.
template <class T>
py::array view(const T* data, std::vector<py::ssize_t> shape, py::handle owner, bool writable) {
  py::array a(py::dtype::of<T>(), std::move(shape), data, owner);
  if (!writable)
    py::detail::array_proxy(a.ptr())->flags &= ~py::detail::npy_api::NPY_ARRAY_WRITEABLE_;
  return a;
}

// Worlds that a call names: None for all, an integer, integers, or a boolean mask of all worlds.
struct Ids {
  std::vector<int> list;
  bool all = false;
  const int* data() const { return all ? nullptr : list.data(); }
  int count() const { return all ? 0 : static_cast<int>(list.size()); }
  int size(int worlds) const { return all ? worlds : static_cast<int>(list.size()); }
  int operator[](int i) const { return all ? i : list[static_cast<size_t>(i)]; }
};
Ids ids_of(const py::object& ids, int worlds, const std::string& call);

// Values as a dense double array of the given shape, broadcast as NumPy does.
py::array_t<double> broadcast(const py::object& values, const std::vector<py::ssize_t>& shape,
                              const std::string& call);

// The keyword arguments of functions that read model files.
LoadOptions load_options(const std::vector<std::filesystem::path>& packages,
                         const std::string& mimic, bool floating_base, bool repair);

// Overrides of a task: {"rewards.upright.weight": 0.5} as names and texts.
std::vector<std::pair<std::string, std::string>> overrides_of(const py::object& overrides);

// A batch, the pool that it runs on, and the lock of that pool: Python threads take turns.
struct PyBatch {
  std::shared_ptr<const Model> model;
  std::unique_ptr<Threads> own_threads;
  std::unique_ptr<std::mutex> own_lock;
  std::mutex* lock = nullptr;
  std::shared_ptr<Batch> batch;
  bool has_qfrc = false, has_xfrc = false;  // applied forces were asked for
  std::set<std::string> bound;              // outputs in use
};

// Rows of a state field, (worlds of the list, columns), in the batch's precision.
void write_rows(PyBatch& b, const char* name, const Ids& list, const std::vector<double>& rows);

// An array of a batch, or of an environment on it, that lives on a device. Keeps its owner alive.
struct PyArray {
  std::shared_ptr<PyBatch> batch;
  void* data = nullptr;
  std::vector<py::ssize_t> shape;
  bool writable = false;
  py::dtype dtype = py::dtype::of<float>();  // float, bool or int32_t
  py::object owner = py::none();             // where it is not the batch
};
std::string device_name(const Batch& b);  // "cpu", "cuda:0", "emulated"

// the lock of the process's default pool
std::mutex& default_lock();

// Runs f without the interpreter's lock. The pool's lock is given back first, so that nobody waits
// for one while holding the other.
template <class F> auto unlocked(std::mutex& lock, F&& f) {
  py::gil_scoped_release release;
  const std::lock_guard guard(lock);
  return f();
}

}  // namespace motorium::python
