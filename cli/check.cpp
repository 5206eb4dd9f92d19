// motorium check: what a model file holds, and what is likely a mistake in it.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <tuple>

#include "motorium/cli/python_module.h"
#include "motorium/cli/verbs.h"
#include "motorium/core/text.h"
#include "motorium/physics/batch.h"
#include "motorium/physics/spec/words.h"

namespace motorium::cli {
namespace {

constexpr int kMostLines = 8;  // lines of one kind of mistake

std::string format(const char* text, auto... values) {
  char buffer[300];
  std::snprintf(buffer, sizeof buffer, text, values...);
  return buffer;
}

std::string named(const std::vector<std::string>& names, int id) {
  const std::string& name = names[static_cast<size_t>(id)];
  return name.empty() ? "#" + std::to_string(id) : "'" + name + "'";
}

void print_contents(const Model& m) {
  std::printf("model      %s\n", m.name.empty() ? "(no name)" : m.name.c_str());
  std::printf("bodies     %d in %d trees, mass %.6g kg\n", m.nbody - 1, m.ntree,
              m.body_subtreemass[0]);
  int kinds[4] = {};
  for (int t : m.jnt_type) ++kinds[t];
  std::printf("joints     %d: %d free, %d ball, %d slide, %d hinge; nq %d, nv %d\n", m.njnt,
              kinds[0], kinds[1], kinds[2], kinds[3], m.nq, m.nv);
  static const char* const shapes[] = {"plane",     "hfield",   "sphere", "capsule",
                                       "ellipsoid", "cylinder", "box",    "mesh"};
  std::string geoms;
  for (int t = 0; t < 8; ++t) {
    const auto n = std::count(m.geom_type.begin(), m.geom_type.end(), t);
    if (n) geoms += (geoms.empty() ? "" : ", ") + std::to_string(n) + " " + shapes[t];
  }
  std::printf("geoms      %d%s%s; %d candidate pairs\n", m.ngeom, geoms.empty() ? "" : ": ",
              geoms.c_str(), m.npair);
  std::printf("actuators  %d, controls %d, activations %d\n", m.nactuator, m.nu, m.na);
  std::printf("sensors    %d, %d numbers\n", m.nsensor, m.nsensordata);
  std::printf("other      %d equality constraints, %d sites, %d mocap bodies, %d keyframes\n",
              m.neq, m.nsite, m.nmocap, m.nkey);
  std::printf("step       %g s, %s, %s cones, %d Newton iterations\n", m.timestep,
              word_of(m.integrator).c_str(), m.cone == Cone::pyramidal ? "pyramidal" : "elliptic",
              m.iterations);
  for (const std::string& line : m.replaced) std::printf("replaced   %s\n", line.c_str());
  for (const std::string& line : m.report) std::printf("ignored    %s\n", line.c_str());
}

// poses of keyframes and of qpos0 against limits and penetration
void find_bad_poses(const std::shared_ptr<const Model>& model, std::vector<std::string>& out) {
  const Model& m = *model;
  Batch batch(model, {.worlds = 1, .precision = Precision::double_});
  // with keyframes, nobody starts from qpos0
  for (int k = m.nkey > 0 ? 0 : -1; k < m.nkey; ++k) {
    const std::string pose = k < 0 ? "initial pose" : "keyframe " + named(m.key_name, k);
    batch.reset({.keyframe = k});
    const double* q = static_cast<const double*>(batch.state("qpos").data);
    int lines = 0;
    for (int j = 0; j < m.njnt && lines < kMostLines; ++j) {
      const size_t at = static_cast<size_t>(j);
      const auto type = static_cast<JointType>(m.jnt_type[at]);
      if (!m.jnt_limited[at] || (type != JointType::hinge && type != JointType::slide)) continue;
      const double x = q[m.jnt_qposadr[at]], low = m.jnt_range[2 * at],
                   high = m.jnt_range[2 * at + 1];
      if (x >= low - 1e-6 && x <= high + 1e-6) continue;
      ++lines;
      out.push_back(
          format("%s: joint %s is at %.4g, its range is %.4g .. %.4g: move the pose or the "
                 "range",
                 pose.c_str(), named(m.jnt_name, j).c_str(), x, low, high));
    }
    // the deepest point of each pair
    std::map<std::pair<int, int>, double> overlap;
    for (const Contact& c : batch.contacts(0)) {
      double& depth = overlap[{c.geom1, c.geom2}];
      depth = std::max(depth, -c.dist);
    }
    lines = 0;
    for (const auto& [pair, depth] : overlap) {
      if (depth < 1e-3 || ++lines > kMostLines) continue;
      out.push_back(
          format("%s: geoms %s and %s overlap by %.2g m: move them apart, or exclude "
                 "the pair",
                 pose.c_str(), named(m.geom_name, pair.first).c_str(),
                 named(m.geom_name, pair.second).c_str(), depth));
    }
  }
}

// hinges that hardly move: the file may mean radians where MJCF reads degrees
void find_small_ranges(const Model& m, std::vector<std::string>& out) {
  int limited = 0, small = 0;
  for (int j = 0; j < m.njnt; ++j) {
    const size_t at = static_cast<size_t>(j);
    if (!m.jnt_limited[at] || m.jnt_type[at] != static_cast<int>(JointType::hinge)) continue;
    ++limited;
    small += m.jnt_range[2 * at + 1] - m.jnt_range[2 * at] < 0.12;
  }
  if (limited > 0 && small == limited)
    out.push_back(
        "no hinge moves by more than 7 degrees: does the file mean <compiler angle=\"radian\"/>?");
}

void find_bad_inertia(const Model& m, std::vector<std::string>& out) {
  // one dof that weighs next to nothing makes the whole step stiff
  std::vector<double> sorted(m.dof_M0);
  std::sort(sorted.begin(), sorted.end());
  for (int d = 0; d < m.nv; ++d) {
    const size_t at = static_cast<size_t>(d);
    if (m.dof_M0[at] >= 1e-6 && m.dof_M0[at] >= 1e-6 * sorted.back()) continue;
    out.push_back(
        format("dof %d of joint %s: inertia %.2g is tiny: give the joint an armature, or the "
               "body more mass",
               d, named(m.jnt_name, m.dof_jntid[at]).c_str(), m.dof_M0[at]));
    if (out.size() > 40) return;
  }
  for (int b = 1; b < m.nbody; ++b) {
    const size_t at = static_cast<size_t>(b);
    if (m.body_dofnum[at] > 0 && m.body_mass[at] > 1e4)
      out.push_back(format("body %s: %.4g kg: is its size in millimetres?",
                           named(m.body_name, b).c_str(), m.body_mass[at]));
  }
}

// motors that could throw their links at more than any robot's acceleration
void find_strong_motors(const Model& m, std::vector<std::string>& out) {
  constexpr double kMostTurning = 1e5, kMostSliding = 1e4;  // rad/s^2, m/s^2
  for (int a = 0; a < m.nu; ++a) {
    const size_t at = static_cast<size_t>(a);
    if (!m.actuator_forcelimited[at]) continue;
    if (m.actuator_trntype[at] != static_cast<int>(TransmissionType::joint)) continue;
    const size_t joint = static_cast<size_t>(m.actuator_trnid[2 * at]);
    const bool turns = m.jnt_type[joint] == static_cast<int>(JointType::hinge);
    if (!turns && m.jnt_type[joint] != static_cast<int>(JointType::slide)) continue;
    const size_t dof = static_cast<size_t>(m.jnt_dofadr[joint]);
    const double force = std::max(std::abs(m.actuator_forcerange[2 * at]),
                                  std::abs(m.actuator_forcerange[2 * at + 1])) *
                         std::abs(m.actuator_gear[6 * at]);
    const double acceleration = force / m.dof_M0[dof];
    if (acceleration < (turns ? kMostTurning : kMostSliding)) continue;
    out.push_back(
        format("actuator %s: its largest force moves the link by %.2g %s: lower "
               "forcerange, or give the joint the armature of its gear",
               named(m.actuator_name, a).c_str(), acceleration, turns ? "rad/s^2" : "m/s^2"));
  }
}

void find_bad_actuators(const Model& m, std::vector<std::string>& out) {
  for (int a = 0; a < m.nactuator; ++a) {
    const size_t at = static_cast<size_t>(a);
    const double kp = -m.actuator_biasprm[10 * at + 1], kv = -m.actuator_biasprm[10 * at + 2];
    const bool servo = m.actuator_biastype[at] == static_cast<int>(BiasType::affine) && kp > 0;
    const std::string name = named(m.actuator_name, a);
    if (!servo || m.actuator_trntype[at] != static_cast<int>(TransmissionType::joint)) continue;
    const size_t dof =
        static_cast<size_t>(m.jnt_dofadr[static_cast<size_t>(m.actuator_trnid[2 * at])]);
    const double gear = m.actuator_gear[6 * static_cast<size_t>(m.actuator_outadr[at])],
                 inertia = m.dof_M0[dof];
    if (kv + m.dof_damping[dof] <= 0)
      out.push_back("actuator " + name +
                    ": a position servo without damping: give kv, dampratio or joint damping");
    // explicit stiffness oscillates when dt sqrt(k / M) passes about 2
    if (m.timestep * std::sqrt(kp * gear * gear / inertia) > 1.5)
      out.push_back(format("actuator %s: kp %.4g is too stiff for steps of %g s and inertia %.2g",
                           name.c_str(), kp, m.timestep, inertia));
  }
}

// every size, name and array of two models; 1: something differs
int print_differences(const Model& a, const Model& b) {
  int count = 0;
  const auto line = [&](const std::string& text) {
    ++count;
    std::printf("%s\n", text.c_str());
  };
#define MOTORIUM_SIZE(name) \
  if (a.name != b.name) line(format("%-22s %d, %d", #name, a.name, b.name));
  MOTORIUM_MODEL_SIZES(MOTORIUM_SIZE)
#undef MOTORIUM_SIZE
  const std::tuple<const char*, const std::vector<std::string>&, const std::vector<std::string>&>
      names[] = {{"body", a.body_name, b.body_name},
                 {"joint", a.jnt_name, b.jnt_name},
                 {"geom", a.geom_name, b.geom_name},
                 {"actuator", a.actuator_name, b.actuator_name},
                 {"sensor", a.sensor_name, b.sensor_name}};
  for (const auto& [kind, first, second] : names) {
    const auto only = [&, kind = kind](const auto& here, const auto& there, const char* where) {
      int lines = 0;
      for (const std::string& name : here) {
        if (name.empty() || std::find(there.begin(), there.end(), name) != there.end()) continue;
        if (++lines <= kMostLines)
          line(format("%s '%s' is only in the %s file", kind, name.c_str(), where));
      }
    };
    only(first, second, "first");
    only(second, first, "second");
  }
  // arrays of equal shape: the largest difference
  std::map<std::string, std::vector<double>> arrays;
  each_field(a, [&](const char* name, const auto& values, int, int) {
    arrays[name].assign(values.begin(), values.end());
  });
  each_field(b, [&](const char* name, const auto& values, int, int) {
    const std::vector<double>& first = arrays[name];
    if (first.size() != values.size()) return;
    double worst = 0;
    size_t at = 0;
    for (size_t i = 0; i < first.size(); ++i) {
      const double difference = std::abs(first[i] - static_cast<double>(values[i]));
      if (difference <= worst) continue;
      worst = difference;
      at = i;
    }
    if (worst > 0)
      line(format("%-22s [%zu] %.9g, %.9g", name, at, first[at], static_cast<double>(values[at])));
  });
  if (a.timestep != b.timestep) line(format("%-22s %g, %g", "timestep", a.timestep, b.timestep));
  if (count == 0) std::printf("no differences\n");
  return count == 0 ? 0 : 1;
}

}  // namespace

int check(const CheckOptions& o) {
  if (!o.engines.empty())
    return run_python_module("motorium.engines", {o.path, o.engines}, "--engines");
  const std::shared_ptr<const Model> model = read_model(o.path, o.load);
  const Model& m = *model;
  if (!o.other.empty()) return print_differences(m, *read_model(o.other, o.load));
  print_contents(m);

  std::vector<std::string> mistakes;
  find_bad_poses(model, mistakes);
  find_small_ranges(m, mistakes);
  find_bad_inertia(m, mistakes);
  find_bad_actuators(m, mistakes);
  find_strong_motors(m, mistakes);
  if (m.timestep > 0.02)
    mistakes.push_back(format("timestep %g s is long: contacts want 0.01 s or less", m.timestep));
  if (m.nv > 0 && m.npair == 0)
    mistakes.push_back("no two geoms can touch: are contype and conaffinity right?");
  if (mistakes.empty()) {
    std::printf("no likely mistakes\n");
    return 0;
  }
  std::printf("%zu likely mistake%s\n", mistakes.size(), mistakes.size() == 1 ? "" : "s");
  for (const std::string& line : mistakes) std::printf("  %s\n", line.c_str());
  return 0;
}

}  // namespace motorium::cli
