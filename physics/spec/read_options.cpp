// compiler, option, flag, size
#include <algorithm>
#include <cctype>
#include <cmath>

#include "motorium/physics/spec/read_elements.h"
#include "motorium/physics/spec/text.h"

namespace motorium {
namespace {

const auto kDisabledWhenSet = "the engine has no such mode: leave it disabled";

// something only another solver has: replaced on request, else refused
void replace_or_refuse(Attributes& a, const char* name, const std::string& by, const char* why,
                       Spec& spec) {
  if (!spec.newton) return a.unsupported(name, why);
  const std::string line = a.element().tag + "/" + name + "=\"" +
                           printable(*a.element().find(name), 40) + "\": replaced by " + by;
  if (std::find(spec.replaced.begin(), spec.replaced.end(), line) == spec.replaced.end()) {
    spec.replaced.push_back(line);
  }
}

void read_flags(const Element& element, Spec& spec) {
  Attributes a(element, spec);
  const auto take_state = [&](std::string_view name, bool& on) {
    return a.take(name, on, {{"enable", true}, {"disable", false}});
  };
  const std::pair<const char*, Flag> bits[] = {{"constraint", kFlagConstraint},
                                               {"equality", kFlagEquality},
                                               {"frictionloss", kFlagFrictionloss},
                                               {"limit", kFlagLimit},
                                               {"contact", kFlagContact},
                                               {"spring", kFlagSpring},
                                               {"damper", kFlagDamper},
                                               {"gravity", kFlagGravity},
                                               {"clampctrl", kFlagClampctrl},
                                               {"warmstart", kFlagWarmstart},
                                               {"filterparent", kFlagFilterparent},
                                               {"actuation", kFlagActuation},
                                               {"refsafe", kFlagRefsafe},
                                               {"sensor", kFlagSensor},
                                               {"eulerdamp", kFlagEulerdamp},
                                               {"island", kFlagIsland},
                                               {"multiccd", kFlagMulticcd}};
  for (const auto& [name, bit] : bits) {
    bool on = true;
    if (!take_state(name, on)) continue;
    spec.option.flags = on ? spec.option.flags | bit : spec.option.flags & ~bit;
  }
  // flags without effect on this engine's results
  for (const char* name : {"midphase", "autoreset", "fwdinv"}) {
    bool on = true;
    if (take_state(name, on)) report_once(spec, "flag/" + std::string(name) + ": ignored");
  }
  const std::pair<const char*, Flag> extras[] = {{"override", kFlagOverride},
                                                 {"diagexact", kFlagDiagexact},
                                                 {"invdiscrete", kFlagInvdiscrete},
                                                 {"energy", kFlagEnergy},
                                                 {"speculative", kFlagSpeculative}};
  for (const auto& [name, bit] : extras) {
    bool on = false;
    if (!take_state(name, on)) continue;
    spec.option.flags = on ? spec.option.flags | bit : spec.option.flags & ~bit;
  }
  bool nativeccd = true;
  if (take_state("nativeccd", nativeccd) && !nativeccd) {
    replace_or_refuse(a, "nativeccd", "nativeccd=\"enable\"",
                      "the older collision library is not there: leave it enabled, or load with "
                      "compat=\"newton\"",
                      spec);
  }
  for (const char* name : {"sleep", "ipc"}) {
    bool on = false;
    if (take_state(name, on) && on) a.unsupported(name, kDisabledWhenSet);
  }
  a.finish();
}

void read_lengthrange(const Element& element, Spec& spec) {
  Attributes a(element, spec);
  LengthRangeSpec& r = spec.compiler.lengthrange;
  using Mode = LengthRangeSpec::Mode;
  a.take("mode", r.mode,
         {{"none", Mode::none},
          {"muscle", Mode::muscle},
          {"muscleuser", Mode::muscleuser},
          {"all", Mode::all}});
  a.take("useexisting", r.useexisting);
  a.take("uselimit", r.uselimit);
  const std::pair<const char*, double*> numbers[] = {
      {"accel", &r.accel},       {"maxforce", &r.maxforce}, {"timeconst", &r.timeconst},
      {"timestep", &r.timestep}, {"inttotal", &r.inttotal}, {"interval", &r.interval},
      {"tolrange", &r.tolrange}};
  for (const auto& [name, number] : numbers) {
    if (a.take(name, *number) && !(*number >= 0)) a.malformed(name, "is negative");
  }
  a.finish();
}

}  // namespace

void read_compiler(const Element& element, Spec& spec) {
  Attributes a(element, spec);
  CompilerSpec& c = spec.compiler;
  a.take("autolimits", c.autolimits);
  a.take("angle", c.degree, {{"degree", true}, {"radian", false}});
  if (const std::string* sequence = a.claim("eulerseq")) {
    const bool ok =
        sequence->size() == 3 && std::all_of(sequence->begin(), sequence->end(), [](char l) {
          return std::string_view("xyzXYZ").find(l) != std::string_view::npos;
        });
    if (ok) {
      c.eulerseq = *sequence;
    } else {
      a.malformed("eulerseq", "give three letters of xyzXYZ");
    }
  }
  std::string assetdir;
  if (a.take_path("assetdir", assetdir)) c.meshdir = c.texturedir = assetdir;
  a.take_path("meshdir", c.meshdir);
  a.take_path("texturedir", c.texturedir);
  a.take("strippath", c.strippath);
  a.take("inertiafromgeom", c.inertiafromgeom);
  a.take("inertiagrouprange", c.inertiagrouprange);
  const auto take_positive = [&](std::string_view name, double& value) {
    double number = value;
    if (!a.take(name, number)) return;
    if (number < 0) return a.malformed(name, "is negative");
    value = number;
  };
  take_positive("boundmass", c.boundmass);
  take_positive("boundinertia", c.boundinertia);
  a.take("balanceinertia", c.balanceinertia);
  a.take("settotalmass", c.settotalmass);
  a.take("fitaabb", c.fitaabb);
  a.take("alignfree", c.alignfree);
  a.take("fusestatic", c.fusestatic);
  a.take("discardvisual", c.discardvisual);
  bool global = false;
  a.take("coordinate", global, {{"local", false}, {"global", true}});
  if (global) a.unsupported("coordinate", "was removed from MJCF: give local coordinates");
  a.report(
      {"usethread", "saveinertial", "savecompiled", "savecanonical", "passthrough", "conflict"});
  a.finish(true);
  for (const Element& child : element.children) {
    if (child.tag == "lengthrange") {
      read_lengthrange(child, spec);
    } else {
      unknown_element(child, "compiler", {"lengthrange"}, spec);
    }
  }
}

void read_option(const Element& element, Spec& spec) {
  Attributes a(element, spec);
  OptionSpec& o = spec.option;
  const auto take_above_zero = [&](std::string_view name, double& value) {
    double number = value;
    if (!a.take(name, number)) return;
    if (number <= 0) return a.malformed(name, "must be positive");
    value = number;
  };
  const auto take_count = [&](std::string_view name, int& value) {
    int number = value;
    if (!a.take(name, number)) return;
    if (number < 0) return a.malformed(name, "is negative");
    value = number;
  };
  take_above_zero("timestep", o.timestep);
  take_above_zero("impratio", o.impratio);
  const auto take_tolerance = [&](std::string_view name, double& value) {
    double number = value;
    if (!a.take(name, number)) return;
    if (number < 0) return a.malformed(name, "is negative");
    value = number;
  };
  take_tolerance("tolerance", o.tolerance);
  take_tolerance("ls_tolerance", o.ls_tolerance);
  take_above_zero("ccd_tolerance", o.ccd_tolerance);
  take_count("ccd_iterations", o.ccd_iterations);
  a.take("gravity", o.gravity);
  a.take("magnetic", o.magnetic);
  take_count("iterations", o.iterations);
  take_count("ls_iterations", o.ls_iterations);
  take_tolerance("density", o.density);
  take_tolerance("viscosity", o.viscosity);
  a.take("wind", o.wind);
  a.take("o_margin", o.o_margin);
  a.take("o_solref", o.o_solref, 1);
  a.take("o_solimp", o.o_solimp, 1);
  a.take("o_friction", o.o_friction, 1);
  int noslip = 0;
  if (a.take("noslip_iterations", noslip) && noslip != 0) {
    replace_or_refuse(a, "noslip_iterations", "0",
                      "the engine has no noslip pass: raise impratio instead, or load with "
                      "compat=\"newton\"",
                      spec);
  }

  // integrators and solvers by MuJoCo's words
  if (const std::string* word = a.claim("integrator")) {
    const std::pair<const char*, Integrator> words[] = {{"Euler", Integrator::euler},
                                                        {"RK4", Integrator::rk4},
                                                        {"implicit", Integrator::implicit},
                                                        {"implicitfast", Integrator::implicitfast},
                                                        {"discrete", Integrator::discrete}};
    bool known = false;
    for (const auto& [name, code] : words) {
      if (*word == name) o.integrator = code, known = true;
    }
    if (!known) {
      a.malformed("integrator", "unknown word: use Euler, RK4, implicit, implicitfast or discrete");
    }
  }
  a.take("cone", o.cone, {{"pyramidal", Cone::pyramidal}, {"elliptic", Cone::elliptic}});
  if (const std::string* word = a.claim("solver")) {
    if (*word == "PGS" || *word == "CG") {
      replace_or_refuse(a, "solver", "Newton",
                        "the engine has Newton only: use Newton, or load with compat=\"newton\"",
                        spec);
    } else if (*word != "Newton") {
      a.malformed("solver", "unknown word: use Newton");
    }
  }
  if (const std::string* word = a.claim("jacobian")) {
    if (*word != "dense" && *word != "sparse" && *word != "auto") {
      a.malformed("jacobian", "unknown word: use auto");
    }
    report_once(spec, "option/jacobian: ignored");
  }
  std::vector<double> groups;
  if (a.take("actuatorgroupdisable", groups)) {
    for (const double group : groups) {
      if (group >= 0 && group <= 30 && group == std::floor(group)) {
        o.disableactuator |= 1u << static_cast<int>(group);
      } else {
        a.malformed("actuatorgroupdisable", "give groups 0 .. 30");
      }
    }
  }
  a.report({"sdf_initpoints", "sdf_iterations", "noslip_tolerance", "sleep_tolerance"});
  a.finish(true);
  for (const Element& child : element.children) {
    if (child.tag == "flag") {
      read_flags(child, spec);
    } else {
      unknown_element(child, "option", {"flag"}, spec);
    }
  }
}

void read_size(const Element& element, Spec& spec) {
  Attributes a(element, spec);
  a.report({"memory", "njmax", "nconmax", "nstack", "nuserdata", "nuser_body", "nuser_jnt",
            "nuser_geom", "nuser_site", "nuser_cam", "nuser_tendon", "nuser_actuator",
            "nuser_sensor"});
  a.take("nkey", spec.nkey);
  a.finish();
}

}  // namespace motorium
