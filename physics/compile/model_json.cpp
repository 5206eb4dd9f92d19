#include "motorium/physics/compile/model_json.h"

#include <cmath>

#include "motorium/physics/spec/text.h"

namespace motorium {
namespace {

class Writer {
 public:
  std::string text = "{";

  void key(const std::string& name) {
    if (text.size() > 1) text += ",\n";
    text += "\"" + name + "\": ";
  }
  void value(double x) { text += std::isfinite(x) ? number_text(x) : "null"; }
  void value(int x) { text += std::to_string(x); }
  void value(const std::string& s) {
    const char* digits = "0123456789abcdef";
    text += '"';
    for (const char c : s) {
      if (c == '"' || c == '\\') {
        text += {'\\', c};
      } else if (static_cast<unsigned char>(c) < 0x20) {
        text += {'\\', 'u', '0', '0', digits[c >> 4 & 15], digits[c & 15]};
      } else {
        text += c;
      }
    }
    text += '"';
  }
  template <class T> void field(const std::string& name, const T& x) {
    key(name);
    value(x);
  }
  template <class T> void field(const std::string& name, const std::vector<T>& list) {
    key(name);
    text += '[';
    for (size_t i = 0; i < list.size(); ++i) {
      if (i > 0) text += ',';
      value(list[i]);
    }
    text += ']';
  }
};

}  // namespace

std::string model_to_json(const Model& m) {
  Writer w;
  w.field("name", m.name);
#define MOTORIUM_SIZE(name) w.field(#name, m.name);
  MOTORIUM_MODEL_SIZES(MOTORIUM_SIZE)
#undef MOTORIUM_SIZE
  w.field("timestep", m.timestep);
  w.field("impratio", m.impratio);
  w.field("tolerance", m.tolerance);
  w.field("ls_tolerance", m.ls_tolerance);
  w.field("ccd_tolerance", m.ccd_tolerance);
  w.field("ccd_iterations", m.ccd_iterations);
  w.field("density", m.density);
  w.field("viscosity", m.viscosity);
  w.field("wind", std::vector<double>(m.wind, m.wind + 3));
  w.field("iterations", m.iterations);
  w.field("ls_iterations", m.ls_iterations);
  w.field("integrator", static_cast<int>(m.integrator));
  w.field("cone", static_cast<int>(m.cone));
  w.field("flags", static_cast<int>(m.flags));
  w.field("disableactuator", static_cast<int>(m.disableactuator));
  w.field("meaninertia", m.meaninertia);
  w.field("body_name", m.body_name);
  w.field("jnt_name", m.jnt_name);
  w.field("geom_name", m.geom_name);
  w.field("site_name", m.site_name);
  w.field("mesh_name", m.mesh_name);
  w.field("hfield_name", m.hfield_name);
  w.field("cam_name", m.cam_name);
  w.field("actuator_name", m.actuator_name);
  w.field("sensor_name", m.sensor_name);
  w.field("eq_name", m.eq_name);
  w.field("tendon_name", m.tendon_name);
  w.field("key_name", m.key_name);
  std::vector<std::string> numeric_name, text_name, text_data, tuple_name;
  std::vector<double> numeric_data;
  for (const CustomNumeric& n : m.numerics) {
    numeric_name.push_back(n.name);
    numeric_data.insert(numeric_data.end(), n.data.begin(), n.data.end());
  }
  for (const CustomText& t : m.texts) {
    text_name.push_back(t.name);
    text_data.push_back(t.data);
  }
  for (const CustomTuple& t : m.tuples) tuple_name.push_back(t.name);
  w.field("numeric_name", numeric_name);
  w.field("numeric_data", numeric_data);
  w.field("text_name", text_name);
  w.field("text_data", text_data);
  w.field("tuple_name", tuple_name);
  w.field("report", m.report);
  w.field("replaced", m.replaced);
  each_field(m, [&](const char* name, const auto& values, int, int) { w.field(name, values); });
  return w.text + "}\n";
}

}  // namespace motorium
