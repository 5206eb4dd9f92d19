#include "motorium/physics/compile/compile.h"

#include <algorithm>

#include "motorium/core/float_mode.h"
#include "motorium/physics/compile/assemble.h"
#include "motorium/physics/compile/offsets.h"
#include "motorium/physics/compile/scene.h"

namespace motorium {
namespace {

void take_options(const Spec& spec, Model& m) {
  const OptionSpec& o = spec.option;
  m.name = spec.name;
  m.timestep = o.timestep;
  m.impratio = o.impratio;
  m.tolerance = o.tolerance;
  m.ls_tolerance = o.ls_tolerance;
  m.ccd_tolerance = o.ccd_tolerance;
  m.ccd_iterations = o.ccd_iterations;
  m.density = o.density;
  m.viscosity = o.viscosity;
  std::copy(o.wind.begin(), o.wind.end(), m.wind);
  m.iterations = o.iterations;
  m.ls_iterations = o.ls_iterations;
  m.integrator = o.integrator;
  m.cone = o.cone;
  m.flags = o.flags;
  m.disableactuator = o.disableactuator;
  m.gravity.assign(o.gravity.begin(), o.gravity.end());
  m.magnetic.assign(o.magnetic.begin(), o.magnetic.end());
}

void take_custom(const Spec& spec, Model& m) {
  for (const NumericSpec& n : spec.numerics) m.numerics.push_back({n.name, n.data});
  for (const TextSpec& t : spec.texts) m.texts.push_back({t.name, t.data});
  for (const TupleSpec& t : spec.tuples) {
    m.tuples.push_back({t.name, {}});
    for (const TupleSpec::Item& item : t.items) {
      m.tuples.back().items.push_back({item.type, item.name, item.prm});
    }
  }
}

}  // namespace

void prepare_scene(Scene& scene) {
  build_scene(scene);
  scene.problems.throw_if_any();
  infer_inertia(scene);
  bound_inertia(scene);
  reshape_scene(scene);
  set_total_mass(scene);
}

std::shared_ptr<Model> compile_and_keep(Spec spec) {
  auto model = std::make_shared<Model>(compile(spec));
  model->source = std::make_shared<const Spec>(std::move(spec));
  return model;
}

Model compile(const Spec& spec) {
  const DefaultFloatMode mode;
  Scene scene(spec);
  scene.problems.throw_if_any();
  prepare_scene(scene);

  // arrays in MuJoCo's order
  Model m;
  take_options(spec, m);
  Assembly a{scene, m, {}, {}, {}, {}, {}, {}, {}, {}};
  assemble_assets(a);
  assemble_bodies(a);
  assemble_tables(a);
  assemble_cameras(a);
  assemble_tendons(a);
  assemble_actuators(a);
  assemble_sensors(a);
  scene.problems.throw_if_any();

  // constants at qpos0, and what needs them
  Derived derived = derive(m);
  finish_actuators(a, derived);
  for (int b = 1; b < m.nbody; ++b) {
    const BodySpec& body = *scene.bodies[b].spec;
    if (body.simple || !is_sliding_leaf(m, b)) continue;
    a.unsupported(
        body.place, title("body", body.name),
        "simple=\"false\": constants of sliding leaf bodies take a short cut: leave it out");
  }
  m.body_subtreemass = std::move(derived.body_subtreemass);
  m.body_invweight0 = std::move(derived.body_invweight0);
  m.dof_invweight0 = std::move(derived.dof_invweight0);
  m.dof_M0 = std::move(derived.dof_M0);
  m.tendon_length0 = std::move(derived.tendon_length0);
  m.tendon_invweight0 = std::move(derived.tendon_invweight0);
  rest_tendons(m);
  m.actuator_acc0 = std::move(derived.actuator_acc0);
  m.meaninertia = derived.meaninertia;
  camera_offsets(m);
  finish_springs(a);
  assemble_equalities(a);
  assemble_pairs(a);
  assemble_keys(a);
  scene.problems.throw_if_any();
  m.report = std::move(scene.report);
  m.replaced = spec.replaced;
  take_custom(spec, m);
  validate(m);
  find_length_ranges(a);
  scene.problems.throw_if_any();
  return m;
}

}  // namespace motorium
