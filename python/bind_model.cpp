// motorium.Model: the compiled description of a scene, read-only.
#include <cstring>
#include <tuple>

#include "bind.h"
#include "motorium/core/error.h"
#include "motorium/core/text.h"

namespace motorium::python {
namespace {

// one array of the model tables
struct Row {
  const char *name, *row_text, *column_text, *unit, *doc;
};
std::vector<Row> rows() {
  return {
#define MOTORIUM_REAL(name, rows, columns, unit, doc) {#name, #rows, #columns, unit, doc},
#define MOTORIUM_INT(name, rows, columns, doc) {#name, #rows, #columns, "", doc},
      MOTORIUM_MODEL_REALS(MOTORIUM_REAL) MOTORIUM_MODEL_OVERRIDES(MOTORIUM_REAL)
          MOTORIUM_MODEL_INTS(MOTORIUM_INT)
#undef MOTORIUM_INT
#undef MOTORIUM_REAL
  };
}

// MuJoCo's shapes: (rows,) for one column, (columns,) for one row, else (rows, columns)
bool is_one(const char* text) { return !std::strcmp(text, "1"); }

py::array array_of(const std::shared_ptr<Model>& owner, const Row& row) {
  py::array out;
  each_field(static_cast<const Model&>(*owner),
             [&](const char* name, const auto& values, int count, int columns) {
               if (std::strcmp(name, row.name)) return;
               std::vector<py::ssize_t> shape = {count, columns};
               if (is_one(row.column_text))
                 shape = {count};
               else if (is_one(row.row_text))
                 shape = {columns};
               out = view(values.data(), shape, py::cast(owner), false);
             });
  return out;
}

std::string doc_of(const Row& row) {
  std::string shape = std::string(row.row_text) + ", " + row.column_text;
  if (is_one(row.column_text))
    shape = std::string(row.row_text) + ",";
  else if (is_one(row.row_text))
    shape = std::string(row.column_text) + ",";
  return std::string(row.doc) + (*row.unit ? " [" + std::string(row.unit) + "]" : "") + " (" +
         shape + ")";
}

// numbers of <option>, under MuJoCo's names
struct Options {
  std::shared_ptr<const Model> model;
};

// a copy of the model with other options
std::shared_ptr<Model> with_options(const Model& m, const py::kwargs& options) {
  auto copy = std::make_shared<Model>(m);
  for (const auto& [key, value] : options) {
    const std::string name = py::str(key);
    if (name == "timestep")
      copy->timestep = value.cast<double>();
    else if (name == "impratio")
      copy->impratio = value.cast<double>();
    else if (name == "tolerance")
      copy->tolerance = value.cast<double>();
    else if (name == "ls_tolerance")
      copy->ls_tolerance = value.cast<double>();
    else if (name == "ccd_tolerance")
      copy->ccd_tolerance = value.cast<double>();
    else if (name == "ccd_iterations")
      copy->ccd_iterations = value.cast<int>();
    else if (name == "density")
      copy->density = value.cast<double>();
    else if (name == "viscosity")
      copy->viscosity = value.cast<double>();
    else if (name == "iterations")
      copy->iterations = value.cast<int>();
    else if (name == "ls_iterations")
      copy->ls_iterations = value.cast<int>();
    else if (name == "gravity")
      copy->gravity = value.cast<std::vector<double>>();
    else
      throw Error("Model.with_options: no option '" + name +
                  "': known are timestep, impratio, tolerance, ls_tolerance, ccd_tolerance, "
                  "ccd_iterations, density, viscosity, iterations, ls_iterations, gravity");
  }
  if (copy->gravity.size() != 3) throw Error("Model.with_options: gravity needs three numbers");
  validate(*copy);
  return copy;
}

Compat compat_of(const std::string& word) {
  require(word.empty() || word == "newton",
          "compat='" + escape(word, 40) + "': use 'newton' or leave it out");
  return word.empty() ? Compat::none : Compat::newton;
}

}  // namespace

LoadOptions load_options(const std::vector<std::filesystem::path>& packages,
                         const std::string& mimic, bool floating_base, bool repair) {
  LoadOptions out;
  for (const std::filesystem::path& folder : packages) out.packages.push_back(folder.string());
  require(mimic == "equality" || mimic == "ignore",
          "mimic='" + mimic + "': use 'equality' or 'ignore'");
  out.mimic = mimic == "equality" ? Mimic::equality : Mimic::ignore;
  out.floating_base = floating_base;
  out.repair = repair;
  return out;
}

void bind_model(py::module_& m) {
  py::class_<Options>(m, "Options", "Numbers of the <option> element, read-only.")
      .def_property_readonly(
          "timestep", [](const Options& o) { return o.model->timestep; }, "step [s]")
      .def_property_readonly(
          "gravity",
          [](const Options& o) {
            return view(o.model->gravity.data(), {3}, py::cast(o.model), false);
          },
          "gravity, world frame [m/s^2] (3,)")
      .def_property_readonly(
          "impratio", [](const Options& o) { return o.model->impratio; },
          "friction-to-normal impedance ratio [-]")
      .def_property_readonly(
          "tolerance", [](const Options& o) { return o.model->tolerance; },
          "solver: scaled gradient, improvement and decrement [-]")
      .def_property_readonly(
          "ls_tolerance", [](const Options& o) { return o.model->ls_tolerance; },
          "line search: slope relative to the solver's tolerance [-]")
      .def_property_readonly(
          "ccd_tolerance", [](const Options& o) { return o.model->ccd_tolerance; },
          "convex collisions: distance [m]")
      .def_property_readonly(
          "ccd_iterations", [](const Options& o) { return o.model->ccd_iterations; },
          "convex collisions: iterations at most")
      .def_property_readonly(
          "density", [](const Options& o) { return o.model->density; },
          "density of the fluid around the bodies [kg/m^3]")
      .def_property_readonly(
          "viscosity", [](const Options& o) { return o.model->viscosity; },
          "viscosity of the fluid [Pa s]")
      .def_property_readonly(
          "wind",
          [](const Options& o) {
            return view(const_cast<double*>(o.model->wind), {3}, py::cast(o.model), false);
          },
          "velocity of the fluid [m/s] (3,)")
      .def_property_readonly(
          "iterations", [](const Options& o) { return o.model->iterations; },
          "Newton iterations at most")
      .def_property_readonly(
          "ls_iterations", [](const Options& o) { return o.model->ls_iterations; },
          "line-search evaluations at most")
      .def_property_readonly(
          "integrator", [](const Options& o) { return static_cast<int>(o.model->integrator); },
          "mjtIntegrator: 0 Euler, 1 RK4, 2 implicit, 3 implicitfast, 4 discrete")
      .def_property_readonly(
          "cone", [](const Options& o) { return static_cast<int>(o.model->cone); },
          "mjtCone: 0 pyramidal, 1 elliptic");

  py::class_<Model, std::shared_ptr<Model>> c(
      m, "Model",
      "A compiled robot scene: constant, shared by all worlds of a batch.\n\n"
      "Arrays have MuJoCo's names and shapes and are read-only views. Lengths in metres, angles "
      "in\n"
      "radians, quaternions are (w, x, y, z).");
  c.def_static(
      "from_file",
      [](const std::filesystem::path& path, const std::filesystem::path& root,
         const std::string& compat, const std::vector<std::filesystem::path>& packages,
         const std::string& mimic, bool floating_base, bool repair) {
        LoadOptions options = load_options(packages, mimic, floating_base, repair);
        options.root = root.string();
        options.compat = compat_of(compat);
        py::gil_scoped_release release;
        return std::const_pointer_cast<Model>(load_model(path.string(), options));
      },
      py::arg("path"), py::kw_only(), py::arg("root") = "", py::arg("compat") = "",
      py::arg("packages") = py::list(), py::arg("mimic") = "equality",
      py::arg("floating_base") = false, py::arg("repair") = false,
      "Reads and compiles a model file (MJCF or URDF).\n\n"
      "Of an MJCF: no file may leave `root`; without it files may lie up to four folders above "
      "the\n"
      "model's. compat='newton' replaces solvers, noslip and the older collision library that a\n"
      "file asks for, a line of `replaced` each.\n"
      "Of a URDF: `packages` are folders that hold the packages of package:// paths; `mimic` is\n"
      "'equality' or 'ignore'; `floating_base` frees the base; `repair` replaces impossible "
      "masses\n"
      "and inertias, a line of `report` each.\n"
      "Raises Error, or UnsupportedModel with every place that uses something the engine lacks.");
  c.def_static(
      "from_string",
      [](const std::string& xml, const std::filesystem::path& folder, const std::string& compat,
         const std::vector<std::filesystem::path>& packages, const std::string& mimic,
         bool floating_base, bool repair) {
        LoadOptions options = load_options(packages, mimic, floating_base, repair);
        options.compat = compat_of(compat);
        py::gil_scoped_release release;
        return std::const_pointer_cast<Model>(
            load_model_from_string(xml, folder.string(), options));
      },
      py::arg("xml"), py::kw_only(), py::arg("folder") = "", py::arg("compat") = "",
      py::arg("packages") = py::list(), py::arg("mimic") = "equality",
      py::arg("floating_base") = false, py::arg("repair") = false,
      "Compiles MJCF or URDF text; files it names are looked for in `folder`.");
  c.def("with_options", &with_options,
        "A copy with other options, by name: timestep, impratio, tolerance, ls_tolerance,\n"
        "ccd_tolerance, ccd_iterations, density, viscosity, iterations, ls_iterations, gravity.");
  c.def_property_readonly(
      "opt", [](const std::shared_ptr<Model>& x) { return Options{x}; },
      "Numbers of the <option> element.");
  c.def_property_readonly(
      "name", [](const Model& x) { return x.name; }, "The model's name.");
  c.def_property_readonly(
      "report", [](const Model& x) { return x.report; },
      "What the file holds that the engine accepts without using, a line each.");
  c.def_property_readonly(
      "replaced", [](const Model& x) { return x.replaced; },
      "What the file asks for and compat='newton' replaced, a line each.");
  c.def(
      "numeric",
      [](const Model& x, const std::string& name) {
        for (const CustomNumeric& n : x.numerics) {
          if (n.name == name) return n.data;
        }
        throw Error("Model.numeric: no <numeric> '" + escape(name, 40) + "'");
      },
      py::arg("name"), "Numbers of a <custom><numeric>.");
  c.def(
      "text",
      [](const Model& x, const std::string& name) {
        for (const CustomText& t : x.texts) {
          if (t.name == name) return t.data;
        }
        throw Error("Model.text: no <text> '" + escape(name, 40) + "'");
      },
      py::arg("name"), "Text of a <custom><text>.");
  c.def(
      "tuple",
      [](const Model& x, const std::string& name) {
        std::vector<std::tuple<std::string, std::string, double>> out;
        for (const CustomTuple& t : x.tuples) {
          if (t.name != name) continue;
          for (const CustomTuple::Item& i : t.items) out.emplace_back(i.type, i.name, i.prm);
          return out;
        }
        throw Error("Model.tuple: no <tuple> '" + escape(name, 40) + "'");
      },
      py::arg("name"), "Items of a <custom><tuple>: kind of object, its name, prm.");
  c.def("__hash__", [](const Model& x) { return static_cast<py::ssize_t>(hash(x) >> 1); });
  c.def_property_readonly(
      "hash", [](const Model& x) { return hash(x); },
      "64-bit hash over sizes, options and every array.");
  c.def("__repr__", [](const Model& x) {
    return "<motorium.Model '" + x.name + "': " + std::to_string(x.nbody - 1) + " bodies, nq " +
           std::to_string(x.nq) + ", nv " + std::to_string(x.nv) + ", nu " + std::to_string(x.nu) +
           ">";
  });

  // sizes, arrays and names, from the tables
  const std::pair<const char*, int Model::*> sizes[] = {
#define MOTORIUM_SIZE(name) {#name, &Model::name},
      MOTORIUM_MODEL_SIZES(MOTORIUM_SIZE)
#undef MOTORIUM_SIZE
  };
  for (const auto& [name, member] : sizes)
    c.def_property_readonly(
        name, [member = member](const Model& x) { return x.*member; }, "a size of the model");
  for (const Row& row : rows())
    c.def_property_readonly(
        row.name, [row](const std::shared_ptr<Model>& owner) { return array_of(owner, row); },
        doc_of(row).c_str());
  const std::tuple<const char*, std::vector<std::string> Model::*, const char*> names[] = {
      {"body_names", &Model::body_name, "bodies"},
      {"jnt_names", &Model::jnt_name, "joints"},
      {"geom_names", &Model::geom_name, "geoms"},
      {"site_names", &Model::site_name, "sites"},
      {"mesh_names", &Model::mesh_name, "meshes"},
      {"hfield_names", &Model::hfield_name, "height fields"},
      {"cam_names", &Model::cam_name, "cameras"},
      {"actuator_names", &Model::actuator_name, "actuators"},
      {"sensor_names", &Model::sensor_name, "sensors"},
      {"eq_names", &Model::eq_name, "equality constraints"},
      {"tendon_names", &Model::tendon_name, "tendons"},
      {"key_names", &Model::key_name, "keyframes"}};
  for (const auto& [name, member, what] : names)
    c.def_property_readonly(
        name, [member = member](const Model& x) { return py::tuple(py::cast(x.*member)); },
        ("Names of " + std::string(what) + " by id, empty where the file gives none.").c_str());
}

}  // namespace motorium::python
