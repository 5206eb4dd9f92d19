// motorium.Spec: a scene before it is compiled.
#include "bind.h"
#include "motorium/physics/compile/compile.h"
#include "motorium/physics/compile/one_file.h"
#include "motorium/physics/compile/spec_of_model.h"
#include "motorium/physics/spec/edit.h"
#include "motorium/physics/spec/load.h"
#include "motorium/physics/spec/pose.h"
#include "motorium/physics/spec/write_mjcf.h"

namespace motorium::python {

void bind_spec(py::module_& m) {
  py::class_<Spec, std::shared_ptr<Spec>> c(
      m, "Spec", "A scene before it is compiled: read, written, converted.");
  c.def_static(
      "from_file",
      [](const std::filesystem::path& path, const std::vector<std::filesystem::path>& packages,
         const std::string& mimic, bool floating_base, bool repair) {
        const LoadOptions options = load_options(packages, mimic, floating_base, repair);
        return std::make_shared<Spec>(load_spec(path.string(), options));
      },
      py::arg("path"), py::kw_only(), py::arg("packages") = py::list(),
      py::arg("mimic") = "equality", py::arg("floating_base") = false, py::arg("repair") = false,
      "Reads a model file (MJCF or URDF), with the options of Model.from_file.");
  c.def_static(
      "from_string",
      [](const std::string& xml, const std::filesystem::path& folder) {
        return std::make_shared<Spec>(load_spec_from_string(xml, folder.string()));
      },
      py::arg("xml"), py::kw_only(), py::arg("folder") = "",
      "Reads MJCF or URDF text; files it names are looked for in `folder`.");
  c.def(
      "compile", [](const Spec& s) { return compile_and_keep(s); },
      "The Model of this scene. Raises Error with all problems.");
  c.def(
      "to_xml", [](const Spec& s) { return write_mjcf(as_one_file(s)); },
      "The scene as MJCF text: reading it gives a model with the same constants.");
  c.def(
      "save",
      [](const Spec& s, const std::filesystem::path& path) {
        save_mjcf(as_one_file(s), path.string());
      },
      py::arg("path"),
      "Writes an MJCF file. Meshes and textures below its folder are referred to, others are\n"
      "copied into the folder assets beside it.");
  c.def_property_readonly(
      "report", [](const Spec& s) { return s.report; },
      "What was read without effect, a line each.");
  c.def_readwrite("name", &Spec::name, "The model's name.");
  c.def(
      "copy", [](const Spec& s) { return std::make_shared<Spec>(s); }, "An independent copy.");

  // what the classes of motorium/spec.py are made of: elements by kind and name or number
  c.def("_names", &names_of, py::arg("kind"));
  c.def("_get", [](Spec& s, const std::string& kind, const std::string& name, int number,
                   const std::string& attribute) {
    return get_attribute(s, {kind, name, number}, attribute);
  });
  c.def("_set", [](Spec& s, const std::string& kind, const std::string& name, int number,
                   const std::string& attribute, const std::string& text) {
    set_attribute(s, {kind, name, number}, attribute, text);
  });
  c.def("_attributes", [](Spec& s, const std::string& kind, const std::string& name, int number) {
    return attributes_of(s, {kind, name, number});
  });
  c.def("_add", &add_element);
  c.def("_remove", [](Spec& s, const std::string& kind, const std::string& name, int number) {
    return remove_element(s, {kind, name, number});
  });
  c.def("_attach",
        [](Spec& s, const Spec& other, const std::string& prefix, const std::string& body,
           const std::array<double, 3>& pos, const std::array<double, 4>& quat) {
          attach(s, other, prefix, body, {pos, normalized(quat)});
        });

  // here, where the signature's type has its name
  py::class_<Model, std::shared_ptr<Model>> model(m.attr("Model"));
  model.def(
      "to_spec",
      [](const Model& x) {
        py::gil_scoped_release release;
        return std::make_shared<Spec>(spec_of(x));
      },
      "The scene of this model with the numbers that it has: compiling it gives the model back.\n"
      "Raises Error where MJCF has no words for a number.");
}

}  // namespace motorium::python
