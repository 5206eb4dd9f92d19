// motorium._core.Batch: worlds of one model; arrays are views of the batch's own memory.
#include <cmath>
#include <cstring>

#include "bind.h"
#include "motorium/core/error.h"
#include "motorium/core/status.h"
#include "motorium/core/text.h"
#include "motorium/physics/derivatives.h"
#include "motorium/physics/roofline.h"
#include "motorium/physics/scratch.h"

namespace motorium::python {
namespace {

using Self = std::shared_ptr<PyBatch>;

// ---- fields ------------------------------------------------------------------------------------

struct FieldRow {
  const char *name, *rows, *columns, *unit, *doc;
};
const FieldRow kStateRows[] = {
#define MOTORIUM_FIELD(name, columns, unit, doc) {#name, #columns, "1", unit, doc},
    MOTORIUM_STATE_FIELDS(MOTORIUM_FIELD)
#undef MOTORIUM_FIELD
};
const FieldRow kOutputRows[] = {
#define MOTORIUM_FIELD(name, rows, columns, unit, doc) {#name, #rows, #columns, unit, doc},
    MOTORIUM_SCRATCH_FIELDS(MOTORIUM_FIELD)
#undef MOTORIUM_FIELD
};

// numbers of one object of the field: the last axis of its array; 1: the field has no such axis
int last_axis(const char* name, const char* columns) {
  if (!std::strcmp(name, "xfrc_applied")) return 6;
  if (!std::strcmp(name, "mocap_pos")) return 3;
  if (!std::strcmp(name, "mocap_quat")) return 4;
  return std::atoi(columns);
}

std::vector<py::ssize_t> shape_of(const Model& m, int worlds, int columns, const FieldRow& f) {
  if (!std::strcmp(f.rows, "1") && !std::strcmp(f.columns, "1")) return {worlds};
  if (!std::strcmp(f.columns, "nv")) return {worlds, m.nv > 0 ? columns / m.nv : 0, m.nv};
  const int last = last_axis(f.name, f.columns);
  if (last == 1) return {worlds, columns};
  return {worlds, columns / last, last};
}

std::string doc_of(const FieldRow& f, bool output) {
  const int last = last_axis(f.name, f.columns);
  std::string shape = "worlds";
  std::string rows = f.rows;
  if (const size_t star = rows.find("* "); star != std::string::npos) rows = rows.substr(star + 2);
  if (std::strcmp(f.rows, "1") || last != 1) shape += ", " + rows;
  if (last != 1)
    shape += ", " + (last > 0 ? std::to_string(last) : std::string(f.columns));
  else if (shape == "worlds")
    shape += ",";
  return std::string(f.doc) + " [" + f.unit + "] (" + shape + ")" +
         (output ? "\n\nRead-only. The first use computes it for the present state; step() then "
                   "leaves\n"
                   "the value before its last integration, as mj_step does, unless told to refresh."
                 : "\n\nA writable view of the batch's memory.");
}

py::object array_of(const Self& self, const FieldRow& f, const ArrayView& a) {
  const std::vector<py::ssize_t> shape =
      shape_of(*self->model, self->batch->worlds(), a.columns, f);
  if (self->batch->device())
    return py::cast(
        std::make_shared<PyArray>(PyArray{self, static_cast<float*>(a.data), shape, a.writable}));
  if (self->batch->precision() == Precision::single)
    return view(static_cast<const float*>(a.data), shape, py::cast(self), a.writable);
  return view(static_cast<const double*>(a.data), shape, py::cast(self), a.writable);
}

size_t number_bytes(const PyBatch& b) {
  return b.batch->precision() == Precision::single ? sizeof(float) : sizeof(double);
}

// state and inputs; applied forces cost time once they exist, so their use is remembered
ArrayView state_view(PyBatch& b, const char* name) {
  if (!std::strcmp(name, "qfrc_applied")) b.has_qfrc = true;
  if (!std::strcmp(name, "xfrc_applied")) b.has_xfrc = true;
  return unlocked(*b.lock, [&] { return b.batch->state(name); });
}

py::object get_state_field(const Self& self, const FieldRow& f) {
  return array_of(self, f, state_view(*self, f.name));
}

// Binds an output. `fill`: computes it at once; other bound outputs keep what they hold.
py::object get_output(const Self& self, const FieldRow& f, bool fill) {
  PyBatch& b = *self;
  const bool fresh = b.bound.insert(f.name).second;
  const ArrayView a = unlocked(*b.lock, [&] {
    const ArrayView now = b.batch->bind(f.name);
    if (!fresh || !fill) return now;
    const size_t size = number_bytes(b);
    Device* device = b.batch->device().get();
    const Stream stream = b.batch->stream();
    std::vector<std::pair<void*, std::vector<char>>> kept;
    for (const std::string& name : b.bound) {
      if (name == f.name) continue;
      const ArrayView other = b.batch->bind(name);
      std::vector<char> copy(size * static_cast<size_t>(b.batch->worlds()) *
                             static_cast<size_t>(other.columns));
      if (copy.empty()) continue;
      if (device)
        device->download(copy.data(), other.data, copy.size(), stream);
      else
        std::memcpy(copy.data(), other.data, copy.size());
      kept.push_back({other.data, std::move(copy)});
    }
    b.batch->forward();
    for (const auto& [data, bytes] : kept) {
      if (device)
        device->upload(data, bytes.data(), bytes.size(), stream);
      else
        std::memcpy(data, bytes.data(), bytes.size());
    }
    return now;
  });
  return array_of(self, f, a);
}

// the table row of a name, or null
const FieldRow* find_state(const std::string& name) {
  for (const FieldRow& f : kStateRows)
    if (name == f.name) return &f;
  return nullptr;
}
const FieldRow* find_output(const std::string& name) {
  for (const FieldRow& f : kOutputRows)
    if (name == f.name) return &f;
  return nullptr;
}
[[noreturn]] void no_such_field(const char* call, const std::string& name) {
  std::vector<std::string> names;
  for (const FieldRow& f : kStateRows) names.push_back(f.name);
  for (const FieldRow& f : kOutputRows) names.push_back(f.name);
  throw Error(std::string(call) + ": no array '" + name + "'" + did_you_mean(name, names));
}

py::object bind_name(const Self& self, const std::string& name) {
  if (const FieldRow* f = find_state(name)) return get_state_field(self, *f);
  if (const FieldRow* f = find_output(name)) return get_output(self, *f, false);
  no_such_field("Batch.bind", name);
}

// ---- calls -------------------------------------------------------------------------------------

Refresh refresh_of(const std::string& text) {
  if (text == "none") return Refresh::none;
  if (text == "vel") return Refresh::vel;
  if (text == "acc") return Refresh::acc;
  throw Error("Batch: refresh='" + text + "': allowed are 'none', 'vel', 'acc'");
}

std::vector<int> all_or(const Ids& list, int worlds) {
  std::vector<int> out(static_cast<size_t>(list.size(worlds)));
  for (size_t i = 0; i < out.size(); ++i) out[i] = list[static_cast<int>(i)];
  return out;
}

void reset(PyBatch& b, const py::object& ids, const py::object& mask, const py::object& keyframe) {
  if (!ids.is_none() && !mask.is_none()) throw Error("Batch.reset: give ids or mask, not both");
  if (!mask.is_none() && py::array::ensure(mask).dtype().kind() != 'b')
    throw Error("Batch.reset: mask must be boolean; for world numbers use ids");
  const Ids list = ids_of(mask.is_none() ? ids : mask, b.batch->worlds(), "Batch.reset");
  const int n = list.size(b.batch->worlds());

  // a keyframe by number or name, for all or for each world
  std::vector<int> keys;
  const auto key_of = [&](const py::handle& k) {
    if (!py::isinstance<py::str>(k)) {
      const int id = k.cast<int>();
      if (id < -1 || id >= b.model->nkey)
        throw Error("Batch.reset: keyframe = " + std::to_string(id) + ": the model has " +
                    std::to_string(b.model->nkey) + " keyframes; -1 means qpos0");
      return id;
    }
    const std::string name = k.cast<std::string>();
    for (int i = 0; i < b.model->nkey; ++i)
      if (b.model->key_name[static_cast<size_t>(i)] == name) return i;
    throw Error("Batch.reset: no keyframe '" + name + "'" + did_you_mean(name, b.model->key_name));
  };
  if (keyframe.is_none())
    keys.push_back(-1);
  else if (py::isinstance<py::str>(keyframe) || py::isinstance<py::int_>(keyframe))
    keys.push_back(key_of(keyframe));
  else
    for (const py::handle k : py::array::ensure(keyframe))
      keys.push_back(key_of(py::int_(py::reinterpret_borrow<py::object>(k))));
  if (keys.size() != 1 && static_cast<int>(keys.size()) != n)
    throw Error("Batch.reset: " + std::to_string(keys.size()) + " keyframes for " +
                std::to_string(n) + " worlds: give one, or one for each");

  unlocked(*b.lock, [&] {
    if (keys.size() == 1) {
      b.batch->reset({list.data(), list.count(), keys[0]});
      return;
    }
    for (int i = 0; i < n; ++i) {
      const int world = list[i];
      b.batch->reset({&world, 1, keys[static_cast<size_t>(i)]});
    }
  });
}

py::array times(PyBatch& b) {
  const std::vector<double> now = unlocked(*b.lock, [&] { return b.batch->times(); });
  py::array_t<double> out(b.batch->worlds(), now.data());
  py::detail::array_proxy(out.ptr())->flags &= ~py::detail::npy_api::NPY_ARRAY_WRITEABLE_;
  return out;
}
void set_times(PyBatch& b, const py::object& values) {
  const py::array_t<double> t = broadcast(values, {b.batch->worlds()}, "Batch.time");
  for (int w = 0; w < b.batch->worlds(); ++w)
    if (!std::isfinite(t.data()[w]))
      throw Error("Batch.time: world " + std::to_string(w) + ": not a finite number");
  const double* seconds = t.data();
  unlocked(*b.lock, [&] { b.batch->set_times(nullptr, 0, seconds); });
}

// ---- rollout -----------------------------------------------------------------------------------

// one array to be filled: a row of each world after each control
struct Record {
  std::string name;  // "time", or an array's
  char* out;
  size_t row;  // bytes of one world
};

py::dict rollout(const Self& self, const py::object& controls,
                 const std::vector<std::string>& record, int nstep, const py::object& ids) {
  PyBatch& b = *self;
  const int worlds = b.batch->worlds(), nu = b.model->nu;
  const Ids list = ids_of(ids, worlds, "Batch.rollout");
  const std::vector<int> chosen = all_or(list, worlds);
  const int n = static_cast<int>(chosen.size());
  const py::array given = py::array::ensure(controls);
  if (!given || given.ndim() < 2)
    throw Error("Batch.rollout: controls must have the shape (worlds, steps, nu) or (steps, nu)");
  const py::ssize_t steps = given.shape(given.ndim() - 2);
  const py::array_t<double> dense = broadcast(controls, {n, steps, nu}, "Batch.rollout");
  const double* ctrl = dense.data();

  // what to record
  const bool single = b.batch->precision() == Precision::single;
  const size_t number = number_bytes(b);
  py::dict out;
  std::vector<Record> records;
  for (const std::string& name : record) {
    if (name == "time") {
      py::array_t<double> a({static_cast<py::ssize_t>(n), steps});
      records.push_back({name, reinterpret_cast<char*>(a.mutable_data()), sizeof(double)});
      out[name.c_str()] = a;
      continue;
    }
    const FieldRow* f = find_state(name);
    if (!f) f = find_output(name);
    if (!f) no_such_field("Batch.rollout", name);
    bind_name(self, name);
    const ArrayView source = unlocked(
        *b.lock, [&] { return find_state(name) ? b.batch->state(name) : b.batch->bind(name); });
    std::vector<py::ssize_t> shape = shape_of(*b.model, n, source.columns, *f);
    shape.insert(shape.begin() + 1, steps);
    py::array a(single ? py::dtype::of<float>() : py::dtype::of<double>(), shape);
    records.push_back(
        {name, static_cast<char*>(a.mutable_data()), number * static_cast<size_t>(source.columns)});
    out[name.c_str()] = a;
  }

  unlocked(*b.lock, [&] {
    std::vector<double> now(static_cast<size_t>(n) * static_cast<size_t>(nu));
    std::vector<char> rows;
    for (py::ssize_t t = 0; t < steps; ++t) {
      for (int i = 0; i < n; ++i)
        std::copy_n(ctrl + (static_cast<py::ssize_t>(i) * steps + t) * nu, nu,
                    now.begin() + static_cast<py::ssize_t>(i) * nu);
      write_rows(b, "ctrl", list, now);
      b.batch->step({nstep, list.data(), list.count(), Refresh::none});
      for (const Record& r : records) {
        rows.resize(r.row * static_cast<size_t>(n));
        if (r.name == "time") {
          const std::vector<double> times = b.batch->times();
          for (size_t i = 0; i < chosen.size(); ++i)
            std::memcpy(rows.data() + i * r.row, &times[static_cast<size_t>(chosen[i])], r.row);
        } else {
          b.batch->read_rows(r.name, list.data(), list.count(), rows.data());
        }
        for (size_t i = 0; i < chosen.size() && r.row > 0; ++i)
          std::memcpy(r.out + (i * static_cast<size_t>(steps) + static_cast<size_t>(t)) * r.row,
                      rows.data() + i * r.row, r.row);
      }
    }
  });
  return out;
}

// joint forces of given accelerations
py::array inverse(const Self& self, const py::object& qacc, const py::object& ids) {
  PyBatch& b = *self;
  const py::ssize_t n = b.batch->worlds(), nv = b.model->nv;
  const Ids list = ids_of(ids, b.batch->worlds(), "Batch.inverse");
  const py::array_t<double> dense = broadcast(qacc, {n, nv}, "Batch.inverse");
  const auto run = [&](auto zero) -> py::array {
    using S = decltype(zero);
    py::array_t<S> out({n, nv});
    std::vector<S> given(dense.data(), dense.data() + dense.size());
    const size_t numbers = given.size();
    unlocked(*b.lock, [&] {
      const ArrayView f = b.batch->inverse(given.data(), list.data(), list.count());
      if (numbers > 0) std::memcpy(out.mutable_data(), f.data, numbers * sizeof(S));
    });
    return out;
  };
  return b.batch->precision() == Precision::single ? run(0.0f) : run(0.0);
}

// matrices of a Transition as (worlds, rows, columns)
py::tuple transition(const Self& self, double eps, bool centered, bool sensors) {
  PyBatch& b = *self;
  const Transition t = unlocked(*b.lock, [&] {
    return transition_fd(*b.batch, {eps, centered, sensors});
  });
  const py::ssize_t n = b.batch->worlds();
  const auto matrix = [&](const std::vector<double>& v, int rows, int columns) {
    return py::array_t<double>(std::vector<py::ssize_t>{n, static_cast<py::ssize_t>(rows),
                                                        static_cast<py::ssize_t>(columns)},
                               v.data());
  };
  return py::make_tuple(matrix(t.A, t.nx, t.nx), matrix(t.B, t.nx, t.nu),
                        sensors ? py::object(matrix(t.C, t.ns, t.nx)) : py::none(),
                        sensors ? py::object(matrix(t.D, t.ns, t.nu)) : py::none());
}

Self make(const std::shared_ptr<Model>& model, int worlds, const std::string& device,
          const std::string& precision, bool autoreset, int threads) {
  if (precision != "single" && precision != "double")
    throw Error("Batch: precision='" + precision + "': allowed are 'single' and 'double'");
  if (threads < 0 || threads > 1024)
    throw Error("Batch: threads = " + std::to_string(threads) +
                ": allowed are 1 .. 1024, 0 for one per core");
  if (!model) throw Error("Batch: model is None: load one with motorium.load(path)");
  auto self = std::make_shared<PyBatch>();
  self->model = model;
  self->lock = &default_lock();
  if (threads > 0) {
    self->own_threads = std::make_unique<Threads>(threads);
    self->own_lock = std::make_unique<std::mutex>();
    self->lock = self->own_lock.get();
  }
  BatchOptions o;
  o.worlds = worlds;
  o.precision = precision == "single" ? Precision::single : Precision::double_;
  o.autoreset = autoreset;
  o.threads = self->own_threads.get();
  py::gil_scoped_release release;
  o.device = device_of(device);
  self->batch = std::make_shared<Batch>(model, o);
  return self;
}

std::map<std::string, double> numbers_of(const MachineLimits& m) {
  return {{"flops", m.flops}, {"bandwidth", m.bandwidth}, {"launch_s", m.launch}};
}

}  // namespace

void bind_batch(py::module_& m) {
  // status bits as an IntFlag-like set of numbers
  py::dict bits;
  const std::pair<const char*, uint32_t> names[] = {{"fault_state", kStatusFaultState},
                                                    {"fault_acc", kStatusFaultAcc},
                                                    {"bad_input", kStatusBadInput},
                                                    {"spilled", kStatusSpilled},
                                                    {"waiting", kStatusWaiting},
                                                    {"capped", kStatusCapped},
                                                    {"not_converged", kStatusNotConverged},
                                                    {"search_limit", kStatusSearchLimit},
                                                    {"deep", kStatusDeep},
                                                    {"ccd_limit", kStatusCcdLimit},
                                                    {"frozen", kStatusFrozen}};
  for (const auto& [name, bit] : names) bits[name] = bit;
  m.attr("STATUS_BITS") = bits;

  m.def("_transition_fd", &transition, py::arg("batch"), py::arg("eps"), py::arg("centered"),
        py::arg("sensors"), "Matrices of motorium.transition_fd.");
  m.def(
      "_machine_limits",
      [](int threads) {
        py::gil_scoped_release release;
        Threads pool(threads);
        return numbers_of(measure_machine(pool));
      },
      py::arg("threads"),
      "What `threads` threads can do: multiply-adds [flop/s], copies [B/s], handing out a job "
      "[s].");
  m.def(
      "_device_limits",
      [](const std::string& name) {
        py::gil_scoped_release release;
        const std::shared_ptr<Device> device = device_of(name);
        require(device != nullptr, "_device_limits: 'cpu' is no device, see _machine_limits");
        return numbers_of(measure_machine(device));
      },
      py::arg("device"),
      "What a device can do: multiply-adds [flop/s], copies [B/s], launching a kernel [s].");
  m.def(
      "_step_flops",
      [](PyBatch& b, const py::object& ids) {
        const Ids list = ids_of(ids, b.batch->worlds(), "step_flops");
        return unlocked(*b.lock, [&] { return step_flops(*b.batch, list.data(), list.count()); });
      },
      py::arg("batch"), py::arg("ids") = py::none(),
      "Floating-point operations of one step of these worlds at their present states, mean.");
  m.def(
      "_state_bytes", [](const Model& model) { return state_bytes(model); }, py::arg("model"),
      "Bytes that a step must at least read and write.");

  const auto vec = [](const double* p, int n) { return py::array_t<double>(n, p); };
  py::class_<Contact>(m, "Contact", "One contact of one world. World frame, metres and newtons.")
      .def_readonly("dist", &Contact::dist, "distance between the surfaces, negative inside [m]")
      .def_property_readonly(
          "pos", [vec](const Contact& c) { return vec(c.pos, 3); }, "midpoint [m] (3,)")
      .def_property_readonly(
          "frame", [vec](const Contact& c) { return vec(c.frame, 9); },
          "rows: normal from geom 1 to geom 2, two tangents [-] (9,)")
      .def_property_readonly(
          "friction", [vec](const Contact& c) { return vec(c.friction, 5); },
          "slide, slide, spin, roll, roll [-] (5,)")
      .def_property_readonly(
          "force", [vec](const Contact& c) { return vec(c.force, 6); },
          "force and torque in the contact frame [N, N m] (6,)")
      .def_readonly("geom1", &Contact::geom1, "geom with the lower type")
      .def_readonly("geom2", &Contact::geom2, "other geom")
      .def_readonly("dim", &Contact::dim, "contact dimension: 1, 3, 4 or 6")
      .def_readonly("efc_address", &Contact::efc_address,
                    "first constraint row; -1: in the gap, without force")
      .def("__repr__", [](const Contact& c) {
        return "<motorium.Contact geoms " + std::to_string(c.geom1) + ", " +
               std::to_string(c.geom2) + ", dist " + std::to_string(c.dist) + " m>";
      });

  py::class_<PyBatch, Self> c(
      m, "Batch",
      "Worlds of one model, stepped together on the cores of this machine.\n\n"
      "State and inputs are writable views, outputs read-only ones; all are C-contiguous with the\n"
      "world first, float32 (float64 with precision='double'), and stay where they are. What goes\n"
      "wrong in one world sets bits in `status` and never touches another world.");
  c.def(py::init(&make), py::arg("model"), py::kw_only(), py::arg("worlds") = 1,
        py::arg("device") = "cpu", py::arg("precision") = "single", py::arg("autoreset") = false,
        py::arg("threads") = 0,
        "worlds: 1 .. 10,000,000. precision: 'single', or 'double' for the slow reference.\n"
        "autoreset: a frozen world is reset at the start of its next step.\n"
        "threads: workers of this batch alone; 0 shares the process's pool of one per core.\n"
        "device: 'cpu', 'cuda', 'cuda:N', or 'emulated' (the host side of CUDA without a GPU).");
  c.def_property_readonly(
      "model", [](const PyBatch& b) { return std::const_pointer_cast<Model>(b.model); },
      "The model that all worlds share.");
  c.def(
      "set_models",
      [](PyBatch& b, const py::object& models) {
        std::vector<std::shared_ptr<const Model>> list;
        if (!models.is_none())
          for (const py::handle x : models) list.push_back(x.cast<std::shared_ptr<Model>>());
        unlocked(*b.lock, [&] { b.batch->set_models(list); });
      },
      py::arg("models"),
      "Gives each world a model of its own, of the sizes of the batch's; None: all share the\n"
      "batch's again. Worlds of equal models run together; the order of worlds stays, and so does\n"
      "their state. Overrides and models of worlds exclude each other.");
  c.def(
      "get_model",
      [](const PyBatch& b, int world) {
        return std::const_pointer_cast<Model>(b.batch->model_of(world));
      },
      py::arg("world"), "The model that a world runs on, without its overrides.");
  c.def(
      "_world_model",
      [](const PyBatch& b, int world) {
        return std::const_pointer_cast<Model>(b.batch->world_model(world));
      },
      py::arg("world"), "The model of a world, its own numbers folded in.");
  c.def_property_readonly(
      "worlds", [](const PyBatch& b) { return b.batch->worlds(); }, "Number of worlds.");
  c.def_property_readonly(
      "device", [](const PyBatch& b) { return device_name(*b.batch); },
      "Where the arrays live: 'cpu', 'cuda:N' or 'emulated'.");
  c.def_property(
      "stream", [](const PyBatch& b) { return reinterpret_cast<uintptr_t>(b.batch->stream()); },
      [](PyBatch& b, uintptr_t stream) {
        if (!b.batch->device()) throw Error("Batch.stream: device cpu has no streams");
        unlocked(*b.lock, [&] {
          b.batch->set_stream(stream <= 1 ? nullptr : reinterpret_cast<Stream>(stream));
        });
      },
      "The CUDA stream of every launch and copy as an integer, e.g.\n"
      "torch.cuda.current_stream().cuda_stream; 0: the legacy default stream.");
  c.def(
      "wait", [](PyBatch& b) { unlocked(*b.lock, [&] { b.batch->wait(); }); },
      "Waits until the device has done what it was given; on the CPU it always has.");
  c.def_property(
      "lanes", [](const PyBatch& b) { return b.batch->lanes(); },
      [](PyBatch& b, int lanes) { unlocked(*b.lock, [&] { b.batch->set_lanes(lanes); }); },
      "Lanes of a GPU that work on a world, 8, 16 or 32; speed alone depends on it. 0 on the CPU.");
  c.def_property_readonly(
      "precision",
      [](const PyBatch& b) {
        return b.batch->precision() == Precision::single ? "single" : "double";
      },
      "'single' or 'double'.");
  c.def("__len__", [](const PyBatch& b) { return b.batch->worlds(); });
  c.def("__repr__", [](const PyBatch& b) {
    return "<motorium.Batch of " + std::to_string(b.batch->worlds()) + " worlds, model '" +
           b.model->name + "'>";
  });

  // stepping
  c.def(
      "step",
      [](PyBatch& b, int nstep, const py::object& ids, const std::string& refresh) {
        const Ids list = ids_of(ids, b.batch->worlds(), "Batch.step");
        const Refresh upto = refresh_of(refresh);
        unlocked(*b.lock, [&] { b.batch->step({nstep, list.data(), list.count(), upto}); });
      },
      py::kw_only(), py::arg("nstep") = 1, py::arg("ids") = py::none(), py::arg("refresh") = "none",
      "Advances worlds by nstep steps, fused.\n\n"
      "Outputs then hold the values before the last integration, as after mj_step. refresh='vel' "
      "brings\n"
      "those that depend on position and velocity up to date, refresh='acc' all of them.\n"
      "ids: world numbers or a boolean mask; None: all.");
  c.def(
      "forward",
      [](PyBatch& b, const py::object& ids) {
        const Ids list = ids_of(ids, b.batch->worlds(), "Batch.forward");
        unlocked(*b.lock, [&] { b.batch->forward(list.data(), list.count(), Refresh::acc); });
      },
      py::kw_only(), py::arg("ids") = py::none(),
      "Computes the bound outputs of the present state, which stays.");
  c.def(
      "inverse", &inverse, py::arg("qacc"), py::kw_only(), py::arg("ids") = py::none(),
      "Inverse dynamics: the joint forces that give the accelerations qacc at the present states,\n"
      "constraint forces included [N, N m] (worlds, nv), a copy. qacc: (nv,) or (worlds, nv). "
      "With\nthe flag invdiscrete, qacc is the change of velocity in one step by its length.");
  c.def(
      "reset", &reset, py::kw_only(), py::arg("ids") = py::none(), py::arg("mask") = py::none(),
      py::arg("keyframe") = py::none(),
      "Starts worlds anew from qpos0, or from a keyframe (number or name; one, or one per world).");
  c.def("rollout", &rollout, py::arg("controls"), py::kw_only(),
        py::arg("record") = std::vector<std::string>{"qpos"}, py::arg("nstep") = 1,
        py::arg("ids") = py::none(),
        "Applies controls one after another, nstep steps each, and records arrays after each.\n\n"
        "controls: (worlds, steps, nu) or (steps, nu). Returns name -> (worlds, steps, ...).");

  // arrays
  for (const FieldRow& f : kStateRows)
    c.def_property(
        f.name, [f](const Self& self) { return get_state_field(self, f); },
        [f](const Self& self, const py::object& values) {
          get_state_field(self, f).attr("__setitem__")(py::ellipsis(), values);
        },
        doc_of(f, false).c_str());
  for (const FieldRow& f : kOutputRows)
    c.def_property_readonly(
        f.name, [f](const Self& self) { return get_output(self, f, true); },
        doc_of(f, true).c_str());
  c.def("bind", &bind_name, py::arg("name"),
        "The array of a state field or output by name. A new output is zero until the next step or "
        "forward.");
  c.def_property("time", &times, &set_times, "Simulated time, a copy [s] (worlds,)");
  py::list state_names, output_names;
  for (const FieldRow& f : kStateRows) state_names.append(f.name);
  for (const FieldRow& f : kOutputRows) output_names.append(f.name);
  c.attr("state_names") = py::tuple(state_names);
  c.attr("output_names") = py::tuple(output_names);

  // rows of state, saved worlds
  bind_state(c);
  c.def(
      "save",
      [](PyBatch& b, int world) {
        std::vector<uint8_t> bytes;
        unlocked(*b.lock, [&] { bytes = b.batch->save(world); });
        return py::bytes(reinterpret_cast<const char*>(bytes.data()), bytes.size());
      },
      py::arg("world"), "Everything one world is, overrides included, as bytes.");
  c.def(
      "load",
      [](PyBatch& b, int world, const py::bytes& bytes) {
        const std::string_view text = bytes;
        const std::vector<uint8_t> copy(text.begin(), text.end());
        b.has_qfrc = b.has_xfrc = true;
        unlocked(*b.lock, [&] { b.batch->load(world, copy); });
      },
      py::arg("world"), py::arg("bytes"),
      "Makes a world what save() found, of any batch of the same model.");

  c.def(
      "fault",
      [](PyBatch& b, int world) -> py::object {
        std::vector<uint8_t> bytes;
        unlocked(*b.lock, [&] { bytes = b.batch->fault(world); });
        if (bytes.empty()) return py::none();
        return py::bytes(reinterpret_cast<const char*>(bytes.data()), bytes.size());
      },
      py::arg("world"),
      "Everything a world was just before the step that froze it, as bytes; None if none did. "
      "Loaded "
      "into a batch of the same precision, the next step freezes it with the same bits.");
  c.def_property_readonly(
      "faults", [](const PyBatch& b) { return b.batch->faults(); },
      "Worlds that have frozen, list of int; fault(world) has the evidence of each.");

  // status and contacts
  c.def_property_readonly(
      "status",
      [](const Self& self) {
        const uint32_t* bits_now = self->batch->status();
        if (self->batch->device())
          return py::array(py::array_t<uint32_t>(self->batch->worlds(), bits_now));
        return view(bits_now, {self->batch->worlds()}, py::cast(self), false);
      },
      "Status bits of each world, sticky; see STATUS_BITS (worlds,). Of a device: a copy.");
  c.def(
      "read_status",
      [](PyBatch& b) {
        const std::vector<uint32_t> bits_now =
            unlocked(*b.lock, [&] { return b.batch->read_status(); });
        return py::array_t<uint32_t>(static_cast<py::ssize_t>(bits_now.size()), bits_now.data());
      },
      "A copy of the status bits; clears all but `frozen`.");
  c.def(
      "status_counts",
      [](const PyBatch& b) {
        py::dict out;
        for (const auto& [name, bit] : std::initializer_list<std::pair<const char*, uint32_t>>{
                 {"fault_state", kStatusFaultState},
                 {"fault_acc", kStatusFaultAcc},
                 {"bad_input", kStatusBadInput},
                 {"spilled", kStatusSpilled},
                 {"waiting", kStatusWaiting},
                 {"capped", kStatusCapped},
                 {"not_converged", kStatusNotConverged},
                 {"search_limit", kStatusSearchLimit},
                 {"deep", kStatusDeep},
                 {"ccd_limit", kStatusCcdLimit},
                 {"frozen", kStatusFrozen}})
          out[name] = b.batch->status_count(bit);
        return out;
      },
      "Worlds that have each status bit now, by name.");
  c.def(
      "contacts",
      [](PyBatch& b, int world) {
        return unlocked(*b.lock, [&] { return b.batch->contacts(world); });
      },
      py::arg("world"), "Contacts of one world at its present state, with forces.");

  bind_queries(c);
  bind_overrides(c);
}

}  // namespace motorium::python
