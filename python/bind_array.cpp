// motorium._core.Array: memory of a device under the two protocols that GPU libraries read.
#include <dlpack/dlpack.h>

#include <cstring>

#include "bind.h"
#include "motorium/core/error.h"
#include "motorium/core/text.h"

namespace motorium::python {
namespace {

using Self = std::shared_ptr<PyArray>;

Device& device_of_array(const PyArray& a) { return *a.batch->batch->device(); }
Stream stream_of(const PyArray& a) { return a.batch->batch->stream(); }
size_t bytes_of(const PyArray& a) {
  size_t n = static_cast<size_t>(a.dtype.itemsize());
  for (const py::ssize_t d : a.shape) n *= static_cast<size_t>(d);
  return n;
}
bool on_cuda(const PyArray& a) { return device_of_array(a).kind() == Device::Kind::cuda; }

py::array to_numpy(const Self& a) {
  py::array out(a->dtype, a->shape);
  const size_t bytes = bytes_of(*a);
  if (bytes == 0) return out;
  void* to = out.mutable_data();
  unlocked(*a->batch->lock,
           [&] { device_of_array(*a).download(to, a->data, bytes, stream_of(*a)); });
  return out;
}

py::tuple shape_of(const PyArray& a) {
  py::tuple out(a.shape.size());
  for (size_t i = 0; i < a.shape.size(); ++i) out[i] = a.shape[i];
  return out;
}

// as NumPy writes it: "<f4", "|b1", "<i4"
std::string typestr(const PyArray& a) { return a.dtype.attr("str").cast<std::string>(); }

// what another library on the same GPU offers of its memory, or null
const void* device_source(const PyArray& a, const py::object& values, Stream& stream) {
  if (!on_cuda(a) || !py::hasattr(values, "__cuda_array_interface__")) return nullptr;
  const py::dict info = values.attr("__cuda_array_interface__");
  const bool dense = !info.contains("strides") || info["strides"].is_none();
  require(info["typestr"].cast<std::string>() == typestr(a) && dense &&
              py::tuple(info["shape"]).equal(shape_of(a)),
          "Array: an array of the device must be contiguous, " + typestr(a) + " of the shape " +
              py::repr(shape_of(a)).cast<std::string>() + ": found " +
              py::repr(info["shape"]).cast<std::string>() + " of " +
              info["typestr"].cast<std::string>());
  stream = nullptr;
  if (info.contains("stream") && !info["stream"].is_none()) {
    const auto number = info["stream"].cast<uintptr_t>();
    stream = number <= 1 ? nullptr : reinterpret_cast<Stream>(number);
  }
  return reinterpret_cast<const void*>(py::tuple(info["data"])[0].cast<uintptr_t>());
}

void assign(const Self& a, const py::object& key, const py::object& values) {
  if (!a->writable) throw Error("Array: this array is an output: it cannot be written");
  const size_t bytes = bytes_of(*a);
  const bool whole = py::isinstance<py::ellipsis>(key) ||
                     (py::isinstance<py::slice>(key) &&
                      py::repr(key).cast<std::string>() == "slice(None, None, None)");
  Device& device = device_of_array(*a);
  Stream theirs = nullptr;
  if (whole) {
    if (const void* from = device_source(*a, values, theirs)) {
      unlocked(*a->batch->lock, [&] {
        device.order(theirs, stream_of(*a));
        device.copy(a->data, from, bytes, stream_of(*a));
        device.order(stream_of(*a), theirs);
      });
      return;
    }
  }
  // anything else goes through the host, as NumPy does it
  py::array host = whole ? py::array(a->dtype, a->shape) : to_numpy(a);
  py::object source = values;
  if (py::isinstance<PyArray>(values)) source = to_numpy(values.cast<Self>());
  host.attr("__setitem__")(key, source);
  const void* from = host.data();
  if (bytes) unlocked(*a->batch->lock, [&] { device.upload(a->data, from, bytes, stream_of(*a)); });
}

py::dict cuda_array_interface(const Self& a) {
  if (!on_cuda(*a))
    throw py::attribute_error("this array is memory of the host: use numpy() or DLPack");
  py::dict d;
  d["shape"] = shape_of(*a);
  d["typestr"] = typestr(*a);
  d["data"] = py::make_tuple(reinterpret_cast<uintptr_t>(a->data), !a->writable);
  d["strides"] = py::none();
  // 1 names the legacy default stream
  const auto stream = reinterpret_cast<uintptr_t>(stream_of(*a));
  d["stream"] = stream ? stream : uintptr_t{1};
  d["version"] = 3;
  return d;
}

py::tuple dlpack_device(const Self& a) {
  return py::make_tuple(on_cuda(*a) ? static_cast<int>(kDLCUDA) : static_cast<int>(kDLCPU),
                        device_of_array(*a).index());
}

// a tensor, its shape, and the array that keeps the memory alive
struct Managed {
  DLManagedTensor tensor{};
  std::vector<int64_t> shape;
  Self array;
};
void end_managed(DLManagedTensor* t) { delete static_cast<Managed*>(t->manager_ctx); }
void end_capsule(PyObject* capsule) {
  // a consumer that took the tensor has renamed the capsule
  if (!PyCapsule_IsValid(capsule, "dltensor")) return;
  auto* t = static_cast<DLManagedTensor*>(PyCapsule_GetPointer(capsule, "dltensor"));
  t->deleter(t);
}

py::object dlpack(const Self& a, const py::object& stream, const py::object& copy) {
  if (!copy.is_none() && copy.cast<bool>())
    throw py::buffer_error("Array.__dlpack__: copy=True is not offered: copy with the consumer");
  if (!a->writable)
    throw py::buffer_error(
        "Array.__dlpack__: outputs are read-only: use numpy() or "
        "__cuda_array_interface__");
  // the consumer's stream starts after what is under way: None and 1 the legacy default, -1 nothing
  if (on_cuda(*a)) {
    const int64_t number = stream.is_none() ? 1 : stream.cast<int64_t>();
    if (number != -1) {
      const Stream theirs =
          number <= 1 ? nullptr : reinterpret_cast<Stream>(static_cast<uintptr_t>(number));
      unlocked(*a->batch->lock, [&] { device_of_array(*a).order(stream_of(*a), theirs); });
    }
  }
  auto managed = std::make_unique<Managed>();
  managed->array = a;
  managed->shape.assign(a->shape.begin(), a->shape.end());
  DLTensor& t = managed->tensor.dl_tensor;
  t.data = a->data;
  t.device.device_type = on_cuda(*a) ? kDLCUDA : kDLCPU;
  t.device.device_id = device_of_array(*a).index();
  t.ndim = static_cast<int>(managed->shape.size());
  // a bool has a code of its own since DLPack 0.8
  const char kind = a->dtype.kind();
  const uint8_t code = kind == 'f' ? kDLFloat : kind == 'b' ? 6 : kDLInt;
  t.dtype = {code, static_cast<uint8_t>(8 * a->dtype.itemsize()), 1};
  t.shape = managed->shape.data();
  managed->tensor.manager_ctx = managed.get();
  managed->tensor.deleter = end_managed;
  PyObject* capsule = PyCapsule_New(&managed->tensor, "dltensor", end_capsule);
  if (!capsule) throw py::error_already_set();
  managed.release();
  return py::reinterpret_steal<py::object>(capsule);
}

}  // namespace

void bind_array(py::module_& m) {
  py::class_<PyArray, Self> c(
      m, "Array",
      "Numbers of a batch or environment in the memory of its device, C-contiguous, worlds "
      "first.\n\n"
      "torch.from_dlpack(a), cupy.asarray(a) and jax.dlpack.from_dlpack(a) see the same memory;\n"
      "numpy() copies. Assignment takes scalars, NumPy arrays and, for the whole array, arrays of\n"
      "the same GPU.");
  c.def_property_readonly(
      "shape", [](const PyArray& a) { return shape_of(a); }, "Shape.");
  c.def_property_readonly(
      "ndim", [](const PyArray& a) { return a.shape.size(); }, "Axes.");
  c.def_property_readonly(
      "dtype", [](const PyArray& a) { return a.dtype; }, "float32, bool or int32.");
  c.def_property_readonly(
      "device", [](const PyArray& a) { return device_name(*a.batch->batch); },
      "Where the memory is.");
  c.def("numpy", &to_numpy, "A copy on the host; waits for the batch's stream.");
  c.def(
      "__array__",
      [](const Self& a, const py::object& dtype, const py::object&) -> py::object {
        const py::array host = to_numpy(a);
        return dtype.is_none() ? py::object(host) : host.attr("astype")(dtype);
      },
      py::arg("dtype") = py::none(), py::arg("copy") = py::none(), "A copy on the host.");
  c.def("__len__", [](const PyArray& a) { return a.shape.empty() ? 0 : a.shape[0]; });
  c.def(
      "__getitem__",
      [](const Self& a, const py::object& key) {
        // read-only, lest a change of the copy be taken for one of the batch
        const py::array host = to_numpy(a);
        py::detail::array_proxy(host.ptr())->flags &= ~py::detail::npy_api::NPY_ARRAY_WRITEABLE_;
        return host.attr("__getitem__")(key);
      },
      "A read-only copy on the host.");
  c.def("__setitem__", &assign, "Writes to the device.");
  c.def_property_readonly("__cuda_array_interface__", &cuda_array_interface,
                          "The array for CuPy, Numba and torch.as_tensor (version 3).");
  c.def("__dlpack_device__", &dlpack_device, "(device type, index) of DLPack.");
  c.def(
      "__dlpack__",
      [](const Self& a, const py::object& stream, const py::object&, const py::object&,
         const py::object& copy) { return dlpack(a, stream, copy); },
      py::kw_only(), py::arg("stream") = py::none(), py::arg("max_version") = py::none(),
      py::arg("dl_device") = py::none(), py::arg("copy") = py::none(),
      "The memory as a DLPack capsule; the consumer's stream waits for what is under way.");
  c.def("__repr__", [](const PyArray& a) {
    return "<motorium.Array " + py::repr(shape_of(a)).cast<std::string>() + " " +
           py::str(a.dtype).cast<std::string>() + " on " + device_name(*a.batch->batch) + ">";
  });
}

std::string device_name(const Batch& b) {
  if (!b.device()) return "cpu";
  if (b.device()->kind() == Device::Kind::emulated) return "emulated";
  return "cuda:" + std::to_string(b.device()->index());
}

}  // namespace motorium::python
