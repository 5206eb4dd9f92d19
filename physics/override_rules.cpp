#include "motorium/physics/override_rules.h"

#include <cmath>
#include <initializer_list>
#include <utility>

#include "motorium/physics/compile/rederive.h"

namespace motorium {
namespace {

using Fault = OverrideFault;

// ---- what a row may be -------------------------------------------------------------------------

Fault anything(const Model&, const double*) { return {}; }

Fault first_below(const double* v, size_t n, double least, const char* allowed) {
  for (size_t i = 0; i < n; ++i)
    if (v[i] < least) return {static_cast<long>(i), allowed};
  return {};
}
template <auto field> Fault not_negative(const Model& m, const double* v) {
  return first_below(v, (m.*field).size(), 0, "numbers of 0 or more");
}

Fault unit(const double* v, long at, int n, const char* allowed) {
  double sum = 0;
  for (int i = 0; i < n; ++i) sum += v[at + i] * v[at + i];
  if (std::abs(sum - 1) < 1e-6) return {};
  return {at, allowed};
}
template <auto field> Fault unit_quaternions(const Model& m, const double* v) {
  for (size_t i = 0; i < (m.*field).size(); i += 4)
    if (Fault f = unit(v, static_cast<long>(i), 4, "unit quaternions"); f.index >= 0) return f;
  return {};
}

// orientations of free and ball joints in qpos
Fault positions(const Model& m, const double* v) {
  for (size_t j = 0; j < m.jnt_type.size(); ++j) {
    const auto type = static_cast<JointType>(m.jnt_type[j]);
    if (type != JointType::free && type != JointType::ball) continue;
    const int at = m.jnt_qposadr[j] + (type == JointType::free ? 3 : 0);
    if (Fault f = unit(v, at, 4, "unit quaternions of free and ball joints"); f.index >= 0)
      return f;
  }
  return {};
}
Fault axes(const Model& m, const double* v) {
  for (size_t j = 0; j < m.jnt_type.size(); ++j) {
    const auto type = static_cast<JointType>(m.jnt_type[j]);
    if (type == JointType::free || type == JointType::ball) continue;
    if (Fault f = unit(v, static_cast<long>(3 * j), 3, "unit vectors"); f.index >= 0) return f;
  }
  return {};
}

// a lower bound below the upper one, where there is a bound
Fault rising(const double* v, size_t i) {
  if (v[2 * i] < v[2 * i + 1]) return {};
  return {static_cast<long>(2 * i), "lower bounds below upper ones"};
}
template <auto limited> Fault bounds(const Model& m, const double* v) {
  for (size_t i = 0; i < (m.*limited).size(); ++i) {
    if (!(m.*limited)[i]) continue;
    if (Fault f = rising(v, i); f.index >= 0) return f;
  }
  return {};
}
Fault joint_ranges(const Model& m, const double* v) {
  for (size_t j = 0; j < m.jnt_type.size(); ++j) {
    if (!m.jnt_limited[j]) continue;
    const bool ball = static_cast<JointType>(m.jnt_type[j]) == JointType::ball;
    if (ball && v[2 * j] != 0) return {static_cast<long>(2 * j), "0 first for ball joints"};
    if (ball && v[2 * j + 1] >= 0) continue;
    if (Fault f = rising(v, j); f.index >= 0) return f;
  }
  return {};
}
Fault tendon_forces(const Model& m, const double* v) {
  for (size_t t = 0; t < m.tendon_actfrclimited.size(); ++t) {
    if (!m.tendon_actfrclimited[t]) continue;
    if (Fault f = rising(v, t); f.index >= 0) return f;
    if (v[2 * t] > 0 || v[2 * t + 1] < 0)
      return {static_cast<long>(2 * t), "bounds with 0 between them"};
  }
  return {};
}
Fault actuator_forces(const Model& m, const double* v) {
  for (size_t a = 0; a < m.actuator_gaintype.size(); ++a) {
    const bool so3 = static_cast<GainType>(m.actuator_gaintype[a]) == GainType::so3;
    if (so3 && v[2 * a] != 0) return {static_cast<long>(2 * a), "0 first for orientation servos"};
  }
  return bounds<&Model::actuator_forcelimited>(m, v);
}

// ---- shapes ------------------------------------------------------------------------------------

Fault size_of(int kind, const double* v, const double* now, size_t at) {
  const auto type = static_cast<GeomType>(kind);
  if (type == GeomType::mesh || type == GeomType::hfield) {
    for (size_t k = 0; k < 3; ++k)
      if (v[at + k] != now[at + k])
        return {static_cast<long>(at + k), "the model's own size for meshes and height fields"};
    return {};
  }
  if (type == GeomType::plane) {
    for (size_t k = 0; k < 3; ++k)
      if (v[at + k] < 0 || (k == 2 && v[at + k] == 0))
        return {static_cast<long>(at + k), "half sizes of planes of 0 (endless) or more"};
    return {};
  }
  const size_t count = type == GeomType::sphere                                  ? 1
                       : type == GeomType::capsule || type == GeomType::cylinder ? 2
                                                                                 : 3;
  for (size_t k = 0; k < 3; ++k)
    if (k < count ? !(v[at + k] > 0) : v[at + k] < 0)
      return {static_cast<long>(at + k), "positive sizes"};
  return {};
}
template <auto type, auto size> Fault sizes(const Model& m, const double* v) {
  for (size_t i = 0; i < (m.*type).size(); ++i)
    if (Fault f = size_of((m.*type)[i], v, (m.*size).data(), 3 * i); f.index >= 0) return f;
  return {};
}

// ---- contacts ----------------------------------------------------------------------------------

// the flag override gives all contacts the options' parameters
Fault mixed(const Model& m, const double*) {
  if (!(m.flags & kFlagOverride)) return {};
  return {0, "nothing: the flag override gives contacts the option's parameters"};
}
template <auto field> Fault mixed_not_negative(const Model& m, const double* v) {
  if (Fault f = mixed(m, v); f.index >= 0) return f;
  return not_negative<field>(m, v);
}

// ---- cameras, equalities -----------------------------------------------------------------------

Fault views(const Model& m, const double* v) {
  for (size_t c = 0; c < m.cam_projection.size(); ++c)
    if (!(v[c] > 0) || (!m.cam_projection[c] && v[c] >= 180))
      return {static_cast<long>(c), "angles above 0 and below 180 degrees"};
  return {};
}
Fault equality_data(const Model& m, const double* v) {
  for (size_t e = 0; e < m.eq_type.size(); ++e) {
    const bool weld = static_cast<EqualityType>(m.eq_type[e]) == EqualityType::weld;
    const bool bodies = static_cast<ObjectType>(m.eq_objtype[e]) == ObjectType::body;
    if (!weld || !bodies || v[12 * e + 11] != 0) continue;
    const auto at = static_cast<long>(12 * e + 6);
    if (Fault f = unit(v, at, 4, "unit quaternions of welds"); f.index >= 0) return f;
  }
  return {};
}

// ---- tendons -----------------------------------------------------------------------------------

Fault tendon_armatures(const Model& m, const double* v) {
  for (size_t t = 0; t < m.tendon_armature.size(); ++t) {
    if (v[t] < 0) return {static_cast<long>(t), "numbers of 0 or more"};
    for (int w = m.tendon_adr[t]; v[t] > 0 && w < m.tendon_adr[t] + m.tendon_num[t]; ++w) {
      const auto type = static_cast<WrapType>(m.wrap_type[static_cast<size_t>(w)]);
      if (type == WrapType::sphere || type == WrapType::cylinder)
        return {static_cast<long>(t), "0 for tendons with geoms on their path"};
    }
  }
  return {};
}
Fault spring_lengths(const Model& m, const double* v) {
  for (size_t t = 0; t < m.tendon_type.size(); ++t)
    if (v[2 * t] > v[2 * t + 1]) return {static_cast<long>(2 * t), "lengths that do not fall"};
  return {};
}

// ---- actuators ---------------------------------------------------------------------------------

// the setpoint of a turn between two sites lies on a circle, that of a shift on a line
Fault gears(const Model& m, const double* v) {
  for (size_t a = 0; a < m.actuator_trntype.size(); ++a) {
    const auto type = static_cast<TransmissionType>(m.actuator_trntype[a]);
    if (type != TransmissionType::site || m.actuator_trnid[2 * a + 1] < 0) continue;
    const size_t at = 6 * static_cast<size_t>(m.actuator_outadr[a]);
    const auto turns = [&](const double* g) {
      return g[at] == 0 && g[at + 1] == 0 && g[at + 2] == 0;
    };
    if (turns(v) != turns(m.actuator_gear.data()))
      return {static_cast<long>(at), "gears that keep a turn between sites a turn"};
  }
  return {};
}
Fault rods(const Model& m, const double* v) {
  for (size_t a = 0; a < m.actuator_trntype.size(); ++a) {
    const auto type = static_cast<TransmissionType>(m.actuator_trntype[a]);
    if (type == TransmissionType::slidercrank && !(v[a] > 0))
      return {static_cast<long>(a), "positive lengths of slider-cranks"};
  }
  return {};
}
// numbers that decide whether an actuator has an activation decide as in the model
Fault same_sign(const double* v, const double* now, size_t at) {
  if ((v[at] > 0) == (now[at] > 0)) return {};
  return {static_cast<long>(at), now[at] > 0 ? "numbers above 0: the model has an activation for it"
                                             : "0: the model has no activation for it"};
}
Fault dynamics(const Model& m, const double* v) {
  const double* now = m.actuator_dynprm.data();
  for (size_t a = 0; a < m.actuator_dyntype.size(); ++a) {
    const size_t at = 10 * a;
    const auto decide = [&](std::initializer_list<size_t> numbers) {
      Fault f;
      for (const size_t k : numbers)
        if (f.index < 0) f = same_sign(v, now, at + k);
      return f;
    };
    Fault f;
    switch (static_cast<DynType>(m.actuator_dyntype[a])) {
      case DynType::filter:
      case DynType::filterexact:
        if (v[at] < 0) f = {static_cast<long>(at), "time constants of 0 or more"};
        break;
      case DynType::muscle:
        f = decide({2});
        break;
      case DynType::pid:
        f = decide({1});
        break;
      case DynType::dcmotor:
        f = decide({0, 2, 5, 7});
        break;
      default:
        break;
    }
    if (f.index >= 0) return f;
  }
  return {};
}
Fault gains(const Model& m, const double* v) {
  const double* now = m.actuator_gainprm.data();
  for (size_t a = 0; a < m.actuator_gaintype.size(); ++a) {
    const auto dyn = static_cast<DynType>(m.actuator_dyntype[a]);
    Fault f;
    if (dyn == DynType::pid) f = same_sign(v, now, 10 * a);
    if (dyn == DynType::dcmotor) f = same_sign(v, now, 10 * a + 5);
    if (f.index >= 0) return f;
  }
  return {};
}

}  // namespace

const std::vector<OverrideRule>& override_rules() {
  static const std::vector<OverrideRule> rules = {
      {"gravity", kNothing, anything},
      {"qpos0", kInertia, positions},
      {"qpos_spring", kNothing, positions},
      {"body_pos", kInertia, anything},
      {"body_quat", kInertia, unit_quaternions<&Model::body_quat>},
      {"body_mass", kInertia, not_negative<&Model::body_mass>},
      {"body_inertia", kInertia, not_negative<&Model::body_inertia>},
      {"body_ipos", kInertia, anything},
      {"body_iquat", kInertia, unit_quaternions<&Model::body_iquat>},
      {"jnt_pos", kInertia, anything},
      {"jnt_axis", kInertia, axes},
      {"jnt_stiffness", kNothing, not_negative<&Model::jnt_stiffness>},
      {"jnt_range", kNothing, joint_ranges},
      {"jnt_margin", kNothing, anything},
      {"jnt_solref", kNothing, anything},
      {"jnt_solimp", kNothing, anything},
      {"jnt_actfrcrange", kNothing, bounds<&Model::jnt_actfrclimited>},
      {"dof_armature", kInertia, not_negative<&Model::dof_armature>},
      {"dof_damping", kNothing, not_negative<&Model::dof_damping>},
      {"dof_frictionloss", kNothing, not_negative<&Model::dof_frictionloss>},
      {"dof_solref", kNothing, anything},
      {"dof_solimp", kNothing, anything},
      {"geom_pos", kInertia, anything},
      {"geom_quat", kInertia, unit_quaternions<&Model::geom_quat>},
      {"geom_size", kInertia | kShapes, sizes<&Model::geom_type, &Model::geom_size>},
      {"geom_friction", kNothing, not_negative<&Model::geom_friction>},
      {"geom_margin", kContacts, mixed_not_negative<&Model::geom_margin>},
      {"geom_gap", kContacts, mixed_not_negative<&Model::geom_gap>},
      {"geom_solref", kContacts, mixed},
      {"geom_solimp", kContacts, mixed},
      {"site_pos", kInertia, anything},
      {"site_quat", kInertia, unit_quaternions<&Model::site_quat>},
      {"site_size", kNothing, sizes<&Model::site_type, &Model::site_size>},
      {"cam_pos", kInertia, anything},
      {"cam_quat", kInertia, unit_quaternions<&Model::cam_quat>},
      {"cam_fovy", kNothing, views},
      {"eq_data", kInertia, equality_data},
      {"eq_solref", kNothing, anything},
      {"eq_solimp", kNothing, anything},
      {"tendon_range", kNothing, bounds<&Model::tendon_limited>},
      {"tendon_margin", kNothing, anything},
      {"tendon_solref_lim", kNothing, anything},
      {"tendon_solimp_lim", kNothing, anything},
      {"tendon_solref_fri", kNothing, anything},
      {"tendon_solimp_fri", kNothing, anything},
      {"tendon_actfrcrange", kNothing, tendon_forces},
      {"tendon_stiffness", kNothing, not_negative<&Model::tendon_stiffness>},
      {"tendon_damping", kNothing, not_negative<&Model::tendon_damping>},
      {"tendon_armature", kInertia, tendon_armatures},
      {"tendon_frictionloss", kNothing, not_negative<&Model::tendon_frictionloss>},
      {"tendon_lengthspring", kNothing, spring_lengths},
      {"actuator_gear", kInertia, gears},
      {"actuator_cranklength", kInertia, rods},
      {"actuator_ctrlrange", kNothing, bounds<&Model::actuator_ctrllimited>},
      {"actuator_forcerange", kNothing, actuator_forces},
      {"actuator_actrange", kNothing, bounds<&Model::actuator_actlimited>},
      {"actuator_dynprm", kNothing, dynamics},
      {"actuator_gainprm", kNothing, gains},
      {"actuator_biasprm", kNothing, anything},
  };
  return rules;
}

const OverrideRule* find_override_rule(const std::string& field) {
  for (const OverrideRule& r : override_rules())
    if (field == r.field) return &r;
  return nullptr;
}

std::vector<std::string> override_names() {
  std::vector<std::string> out;
  for (const OverrideRule& r : override_rules()) out.push_back(r.field);
  return out;
}

const std::vector<double>* override_field(const Model& m, const std::string& field) {
#define MOTORIUM_REAL(name, rows, columns, unit, doc) \
  if (field == #name) return &m.name;
  MOTORIUM_MODEL_OVERRIDES(MOTORIUM_REAL)
#undef MOTORIUM_REAL
  return nullptr;
}
std::vector<double>* override_field(Model& m, const std::string& field) {
  return const_cast<std::vector<double>*>(override_field(std::as_const(m), field));
}

}  // namespace motorium
