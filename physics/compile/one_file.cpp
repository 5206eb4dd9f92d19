#include "motorium/physics/compile/one_file.h"

#include <algorithm>

#include "motorium/physics/compile/compile.h"

namespace motorium {
namespace {

std::vector<double> row(const std::vector<double>& values, size_t k, int columns) {
  const size_t n = static_cast<size_t>(columns);
  return {values.begin() + static_cast<std::ptrdiff_t>(k * n),
          values.begin() + static_cast<std::ptrdiff_t>((k + 1) * n)};
}

// Bodies from files with compiler settings of their own: the masses and inertias that these gave.
void say_inertia(BodySpec& body, const Model& m, int& id) {
  for (BodySpec& child : body.bodies) {
    const size_t b = static_cast<size_t>(++id);
    if (child.compiler && m.body_mass[b] > 0) {
      InertialSpec& in = child.inertial;
      in = {};
      child.has_inertial = true;
      in.mass = m.body_mass[b];
      std::copy_n(&m.body_ipos[3 * b], 3, in.pos.begin());
      std::copy_n(&m.body_iquat[4 * b], 4, in.orientation.v.begin());
      std::copy_n(&m.body_inertia[3 * b], 3, in.diaginertia.begin());
    }
    child.compiler = nullptr;
    say_inertia(child, m, id);
  }
}

}  // namespace

Spec as_one_file(const Spec& spec) {
  Spec out = spec;
  if (spec.layouts <= 1) return out;
  const Model m = compile(spec);
  int body = 0;
  say_inertia(out.world, m, body);
  for (size_t k = 0; k < out.keys.size(); ++k) {
    KeySpec& key = out.keys[k];
    key.layout = 0;
    key.qpos = row(m.key_qpos, k, m.nq);
    key.qvel = row(m.key_qvel, k, m.nv);
    key.act = row(m.key_act, k, m.na);
    key.ctrl = row(m.key_ctrl, k, m.nu);
    key.mpos = row(m.key_mpos, k, 3 * m.nmocap);
    key.mquat = row(m.key_mquat, k, 4 * m.nmocap);
  }
  return out;
}

}  // namespace motorium
