// motorium._core.Batch: the whole state of worlds as rows, laid out as MuJoCo's.
#include <cmath>
#include <cstring>

#include "bind.h"
#include "motorium/core/error.h"
#include "motorium/core/float_mode.h"
#include "motorium/physics/initial_state.h"

namespace motorium::python {

void write_rows(PyBatch& b, const char* name, const Ids& list, const std::vector<double>& rows) {
  if (b.batch->precision() == Precision::double_) {
    b.batch->write_rows(name, list.data(), list.count(), rows.data());
  } else {
    std::vector<float> single(rows.size());
    for (size_t i = 0; i < rows.size(); ++i) single[i] = static_cast<float>(rows[i]);
    b.batch->write_rows(name, list.data(), list.count(), single.data());
  }
}

namespace {

// the parts of a state row, in the order of MuJoCo's mjSTATE_INTEGRATION
const char* const kRowParts[] = {"time",         "qpos",           "qvel",      "act",
                                 "history",      "qacc_warmstart", "ctrl",      "qfrc_applied",
                                 "xfrc_applied", "eq_active",      "mocap_pos", "mocap_quat"};

int part_size(const Model& m, const std::string& part) {
  if (part == "time") return 1;
  const int nq = m.nq, nv = m.nv, nu = m.nu, na = m.na, nhistory = m.nhistory, nbody = m.nbody,
            nmocap = m.nmocap, neq = m.neq;
#define MOTORIUM_FIELD(name, columns, unit, doc) \
  if (part == #name) return (columns);
  MOTORIUM_STATE_FIELDS(MOTORIUM_FIELD)
#undef MOTORIUM_FIELD
  return 0;
}

int row_size(const Model& m) {
  int n = 0;
  for (const char* part : kRowParts) n += part_size(m, part);
  return n;
}

// forces that nobody asked for are zero and stay without memory
bool is_absent(const PyBatch& b, const std::string& part) {
  return (part == "qfrc_applied" && !b.has_qfrc) || (part == "xfrc_applied" && !b.has_xfrc);
}

// rows of one array as doubles, (n, size)
std::vector<double> read_rows(PyBatch& b, const char* name, const Ids& list, int size) {
  const size_t n = static_cast<size_t>(list.size(b.batch->worlds())) * static_cast<size_t>(size);
  std::vector<double> out(n);
  if (b.batch->precision() == Precision::double_) {
    b.batch->read_rows(name, list.data(), list.count(), out.data());
  } else {
    std::vector<float> rows(n);
    b.batch->read_rows(name, list.data(), list.count(), rows.data());
    std::copy(rows.begin(), rows.end(), out.begin());
  }
  return out;
}
py::array_t<double> get_state(PyBatch& b, const py::object& ids) {
  const Ids list = ids_of(ids, b.batch->worlds(), "Batch.get_state");
  const int n = list.size(b.batch->worlds()), columns = row_size(*b.model);
  py::array_t<double> rows({n, columns});
  double* out = rows.mutable_data();
  unlocked(*b.lock, [&] {
    const std::vector<double> times = b.batch->times();
    int first = 0;
    for (const char* part : kRowParts) {
      const int size = part_size(*b.model, part);
      const bool time = !std::strcmp(part, "time"), history = !std::strcmp(part, "history");
      const std::vector<double> from =
          time || is_absent(b, part) ? std::vector<double>() : read_rows(b, part, list, size);
      for (int i = 0; i < n; ++i) {
        double* p = out + static_cast<size_t>(i) * static_cast<size_t>(columns) + first;
        const double now = times[static_cast<size_t>(list[i])];
        if (time)
          *p = now;
        else if (from.empty())
          std::fill_n(p, size, 0.0);
        else
          std::copy_n(from.data() + static_cast<size_t>(i) * static_cast<size_t>(size), size, p);
        if (history) history_to_seconds(*b.model, now, p);
      }
      first += size;
    }
  });
  return rows;
}

void set_state(PyBatch& b, const py::object& values, const py::object& ids) {
  const DefaultFloatMode mode;
  const Ids list = ids_of(ids, b.batch->worlds(), "Batch.set_state");
  const int n = list.size(b.batch->worlds()), columns = row_size(*b.model);
  const py::array_t<double> rows = broadcast(values, {n, columns}, "Batch.set_state");
  const double* in = rows.data();
  unlocked(*b.lock, [&] {
    // nothing is written unless everything is good
    for (int i = 0; i < n; ++i) {
      const double* p = in + static_cast<size_t>(i) * static_cast<size_t>(columns);
      for (const char* part : kRowParts) {
        const int size = part_size(*b.model, part);
        for (int k = 0; k < size; ++k)
          if (!(std::abs(p[k]) <= 1e10))
            throw Error("Batch.set_state: row " + std::to_string(i) + ": " + part + "[" +
                        std::to_string(k) + "] = " + std::to_string(p[k]) +
                        ": allowed are finite numbers up to 1e10");
        if (!std::strcmp(part, "qfrc_applied") || !std::strcmp(part, "xfrc_applied")) {
          bool& used = part[0] == 'q' ? b.has_qfrc : b.has_xfrc;
          for (int k = 0; k < size; ++k) used = used || p[k] != 0;
        }
        p += size;
      }
    }
    std::vector<double> times;
    int first = 0;
    for (const char* part : kRowParts) {
      const int size = part_size(*b.model, part);
      const bool time = !std::strcmp(part, "time"), history = !std::strcmp(part, "history");
      std::vector<double> out;
      for (int i = 0; i < n; ++i) {
        const double* p = in + static_cast<size_t>(i) * static_cast<size_t>(columns) + first;
        out.insert(out.end(), p, p + size);
        if (history)
          history_from_seconds(*b.model, times[static_cast<size_t>(i)],
                               out.data() + out.size() - size);
      }
      if (time)
        b.batch->set_times(list.data(), list.count(), (times = out).data());
      else if (!is_absent(b, part))
        write_rows(b, part, list, out);
      first += size;
    }
  });
}

}  // namespace

void bind_state(py::class_<PyBatch, std::shared_ptr<PyBatch>>& c) {
  c.def("get_state", &get_state, py::kw_only(), py::arg("ids") = py::none(),
        "The whole state and inputs of worlds as float64 rows (n, nstate), laid out as\n"
        "mj_getState(..., mjSTATE_INTEGRATION) does; state_layout names the columns.");
  c.def("set_state", &set_state, py::arg("rows"), py::kw_only(), py::arg("ids") = py::none(),
        "Writes rows of get_state. Raises Error, and writes nothing, if a number is not finite.");
  c.def_property_readonly(
      "state_layout",
      [](const PyBatch& b) {
        py::dict out;
        py::ssize_t at = 0;
        for (const char* part : kRowParts) {
          const int size = part_size(*b.model, part);
          out[part] = py::slice(at, at + size, 1);
          at += size;
        }
        return out;
      },
      "Columns of get_state: name -> slice.");
}

}  // namespace motorium::python
