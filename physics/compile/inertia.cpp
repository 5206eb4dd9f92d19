// masses and inertial frames of bodies
#include <algorithm>

#include "motorium/physics/compile/scene.h"
#include "motorium/physics/spec/text.h"

namespace motorium {
namespace {

// lighter geoms do not count
constexpr double kLeastMass = 1e-14;

void take_inertial(Scene& scene, SceneBody& body) {
  const InertialSpec& in = body.spec->inertial;
  const std::string element = title("body", body.spec->name) + "/inertial";
  body.mass = in.mass;
  body.inertial.pos = in.pos;
  if (!std::isnan(in.fullinertia[0])) {
    const auto& f = in.fullinertia;
    principal_axes({f[0], f[3], f[4], f[3], f[1], f[5], f[4], f[5], f[2]}, kBodyAxesTolerance,
                   body.inertia, body.inertial.quat);
    if (body.inertia[2] <= 0) {
      scene.problems.malformed(in.place, element, "fullinertia: is not positive definite");
      body.inertia = {1, 1, 1};  // said once
    }
    body.inertial = compose(in.frame, body.inertial);
    return;
  }
  std::string why;
  body.inertial.quat = resolve(in.orientation, scene.spec.compiler, why);
  if (!why.empty()) scene.problems.malformed(in.place, element, why);
  body.inertial = compose(in.frame, body.inertial);
  body.inertia = in.diaginertia;
}

void infer(const CompilerSpec& compiler, SceneBody& body) {
  std::vector<const SceneGeom*> parts;
  for (const SceneGeom& g : body.geoms) {
    const bool in_range = g.spec->group >= compiler.inertiagrouprange[0] &&
                          g.spec->group <= compiler.inertiagrouprange[1];
    if (in_range && g.mass > kLeastMass) parts.push_back(&g);
  }
  if (parts.empty()) return;
  // one part keeps its own frame
  if (parts.size() == 1) {
    body.inertial = parts[0]->pose;
    body.mass = parts[0]->mass;
    body.inertia = parts[0]->inertia;
    return;
  }
  Vec centre = {0, 0, 0};
  body.mass = 0;
  for (const SceneGeom* g : parts) {
    body.mass += g->mass;
    centre = add(centre, scaled(g->pose.pos, g->mass));
  }
  centre = scaled(centre, 1 / body.mass);
  // sum of R I R' + m (d'd 1 - d d')
  Matrix sum = {};
  for (const SceneGeom* g : parts) {
    const Matrix r = to_matrix(g->pose.quat);
    const Vec d = subtract(g->pose.pos, centre);
    for (int i = 0; i < 3; ++i) {
      for (int j = 0; j < 3; ++j) {
        double value = -g->mass * d[i] * d[j] + (i == j ? g->mass * dot(d, d) : 0);
        for (int k = 0; k < 3; ++k) value += r[3 * i + k] * g->inertia[k] * r[3 * j + k];
        sum[3 * i + j] += value;
      }
    }
  }
  body.inertial.pos = centre;
  principal_axes(sum, kBodyAxesTolerance, body.inertia, body.inertial.quat);
}

}  // namespace

void infer_inertia(Scene& scene) {
  for (size_t b = 1; b < scene.bodies.size(); ++b) {
    SceneBody& body = scene.bodies[b];
    const CompilerSpec& compiler = compiler_of(scene, body);
    const bool from_geoms =
        compiler.inertiafromgeom == Tristate::on ||
        (compiler.inertiafromgeom == Tristate::automatic && !body.spec->has_inertial);
    // where nothing says otherwise MuJoCo repeats the body's own pose
    body.inertial = {body.spec->pos, body.pose.quat};
    body.inertial.pos = body.pose.pos;
    if (body.spec->has_inertial) take_inertial(scene, body);
    if (from_geoms) infer(compiler, body);
  }
}

void bound_inertia(Scene& scene) {
  for (size_t b = 1; b < scene.bodies.size(); ++b) {
    SceneBody& body = scene.bodies[b];
    const CompilerSpec& compiler = compiler_of(scene, body);
    const std::string element = title("body", body.spec->name);
    body.mass = std::max(body.mass, compiler.boundmass);
    for (double& x : body.inertia) x = std::max(x, compiler.boundinertia);
    // every real body keeps the triangle inequality
    Vec& I = body.inertia;
    if (I[0] < 0 || I[1] < 0 || I[2] < 0) {
      scene.problems.malformed(body.spec->place, element, "inertia is negative");
    }
    const bool broken = I[0] + I[1] < I[2] || I[0] + I[2] < I[1] || I[1] + I[2] < I[0];
    if (!broken) continue;
    if (compiler.balanceinertia) {
      const double mean = (I[0] + I[1] + I[2]) / 3;
      I = {mean, mean, mean};
    } else {
      scene.problems.malformed(body.spec->place, element,
                               "inertia breaks A + B >= C (" + number_text(I[0]) + " " +
                                   number_text(I[1]) + " " + number_text(I[2]) +
                                   "): correct it, or set compiler/balanceinertia");
    }
  }
}

void set_total_mass(Scene& scene) {
  const double wanted = scene.spec.compiler.settotalmass;
  if (!(wanted > 0)) return;
  double total = 0;
  for (size_t b = 1; b < scene.bodies.size(); ++b) total += scene.bodies[b].mass;
  if (total < kMinVal) return;
  const double scale = std::max(kMinVal, wanted / total);
  for (size_t b = 1; b < scene.bodies.size(); ++b) {
    scene.bodies[b].mass *= scale;
    for (double& x : scene.bodies[b].inertia) x *= scale;
  }
  scene.report.push_back("compiler/settotalmass: is deprecated, but acts");
}

}  // namespace motorium
