#include "motorium/physics/compile/rederive.h"

#include <algorithm>
#include <utility>

#include "motorium/physics/compile/derive.h"
#include "motorium/physics/compile/mix_contact.h"
#include "motorium/physics/compile/offsets.h"
#include "motorium/physics/compile/poses0.h"
#include "motorium/physics/compile/shape.h"

namespace motorium {
namespace {

void derive_inertia(Model& m) {
  Derived d = derive(m);
  m.body_subtreemass = std::move(d.body_subtreemass);
  m.body_invweight0 = std::move(d.body_invweight0);
  m.dof_invweight0 = std::move(d.dof_invweight0);
  m.dof_M0 = std::move(d.dof_M0);
  m.tendon_length0 = std::move(d.tendon_length0);
  m.tendon_invweight0 = std::move(d.tendon_invweight0);
  m.actuator_acc0 = std::move(d.actuator_acc0);
  m.actuator_length0 = std::move(d.actuator_length0);
  m.meaninertia = d.meaninertia;
  camera_offsets(m);
  equality_offsets(m);
}

// meshes and height fields keep their shapes
void derive_shapes(Model& m) {
  for (int g = 0; g < m.ngeom; ++g) {
    const auto type = static_cast<GeomType>(m.geom_type[g]);
    double* fluid = &m.geom_fluid[12 * g];
    std::array<double, 5> coefficients;
    std::copy_n(fluid + 1, 5, coefficients.begin());
    const auto added = fluid_parameters(type, vec_at(m.geom_size, g), fluid[0] > 0, coefficients);
    std::copy(added.begin(), added.end(), fluid);
    if (type == GeomType::mesh || type == GeomType::hfield) continue;
    m.geom_rbound[g] = shape_radius(type, vec_at(m.geom_size, g));
    const auto box = shape_box(type, vec_at(m.geom_size, g));
    std::copy(box.begin(), box.end(), m.geom_aabb.begin() + 6 * g);
  }
}

// pairs that the file gives have their own
void derive_contacts(Model& m) {
  for (int p = 0; p < m.npair; ++p) {
    if (static_cast<FrictionMix>(m.pair_mix[p]) == FrictionMix::own) continue;
    const ContactMix x = mix_contact(m, m.pair_geom1[p], m.pair_geom2[p]);
    m.pair_margin[p] = x.margin;
    m.pair_gap[p] = x.gap;
    std::copy(x.friction.begin(), x.friction.end(), m.pair_friction.begin() + 5 * p);
    std::copy(x.solref.begin(), x.solref.end(), m.pair_solref.begin() + 2 * p);
    std::copy(x.solimp.begin(), x.solimp.end(), m.pair_solimp.begin() + 5 * p);
  }
  for (int group = 0; group < m.npairgroup; ++group) {
    double& reach = m.pairgroup_reach[group] = 0;
    for (int p = m.pairgroup_adr[group]; p < m.pairgroup_adr[group + 1]; ++p)
      reach = std::max(reach, m.pair_margin[p] + m.pair_gap[p]);
  }
}

}  // namespace

void rederive(Model& m, uint32_t groups) {
  if (groups & kInertia) derive_inertia(m);
  if (groups & kShapes) derive_shapes(m);
  if (groups & kContacts) derive_contacts(m);
}

}  // namespace motorium
