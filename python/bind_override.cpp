// motorium._core.Batch: numbers of the model that worlds have for themselves.
#include <cstring>

#include "bind.h"
#include "motorium/core/error.h"
#include "motorium/core/text.h"
#include "motorium/physics/override_rules.h"

namespace motorium::python {
namespace {

struct OverrideField {
  const char *name, *rows, *columns, *unit, *doc;
};
const OverrideField kOverrideRows[] = {
#define MOTORIUM_REAL(name, rows, columns, unit, doc) {#name, #rows, #columns, unit, doc},
    MOTORIUM_MODEL_OVERRIDES(MOTORIUM_REAL)
#undef MOTORIUM_REAL
};

std::vector<py::ssize_t> override_shape(const Model& m, const OverrideField& f, int n) {
  std::vector<py::ssize_t> shape = {n};
  each_field(m, [&](const char* name, const auto&, int rows, int columns) {
    if (std::strcmp(name, f.name)) return;
    if (std::strcmp(f.rows, "1")) shape.push_back(rows);
    if (std::strcmp(f.columns, "1")) shape.push_back(columns);
  });
  return shape;
}
const OverrideField& find_override(const std::string& field) {
  std::vector<std::string> names;
  for (const OverrideField& f : kOverrideRows) {
    if (field == f.name) return f;
    names.push_back(f.name);
  }
  throw Error("Batch: '" + field + "' cannot differ between worlds" + did_you_mean(field, names));
}

void set_override(PyBatch& b, const std::string& field, const py::object& values,
                  const py::object& ids) {
  const std::string call = "Batch.set_" + field;
  const Ids list = ids_of(ids, b.batch->worlds(), call);
  const int n = list.size(b.batch->worlds());
  const auto dense = broadcast(values, override_shape(*b.model, find_override(field), n), call);
  const double* p = dense.data();
  unlocked(*b.lock, [&] { b.batch->set_override(field, p, list.data(), list.count()); });
}

py::array_t<double> get_override(PyBatch& b, const std::string& field, const py::object& ids) {
  const OverrideField& f = find_override(field);
  const Ids list = ids_of(ids, b.batch->worlds(), "Batch.get_override");
  const int n = list.size(b.batch->worlds());
  py::array_t<double> out(override_shape(*b.model, f, n));
  double* p = out.mutable_data();
  for (int i = 0; i < n; ++i) {
    const std::vector<double> row = b.batch->get_override(field, list[i]);
    p = std::copy(row.begin(), row.end(), p);
  }
  return out;
}

}  // namespace

void bind_overrides(py::class_<PyBatch, std::shared_ptr<PyBatch>>& c) {
  for (const OverrideField& f : kOverrideRows) {
    const std::string name = f.name;
    if (!find_override_rule(name)) continue;  // derived
    c.def(("set_" + name).c_str(),
          [name](PyBatch& b, const py::object& values, const py::object& ids) {
            set_override(b, name, values, ids);
          },
          py::arg("values"), py::kw_only(), py::arg("ids") = py::none(),
          (std::string("Gives worlds their own ") + f.doc + " [" + f.unit + "] (n, " + f.rows +
           ", " + f.columns +
           "), broadcast as NumPy does.\n\nConstants that follow from it are derived again.")
              .c_str());
  }
  c.def("get_override", &get_override, py::arg("field"), py::kw_only(), py::arg("ids") = py::none(),
        "A model field as worlds see it: their own numbers, or the model's (n, ...)");
}

}  // namespace motorium::python
