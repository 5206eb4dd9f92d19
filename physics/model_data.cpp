#include "motorium/physics/model_data.h"

#include <algorithm>

#include "motorium/core/limits.h"
#include "motorium/physics/collider_table.h"
#include "motorium/physics/compile/derive.h"
#include "motorium/physics/same_frames.h"

namespace motorium {

namespace {

// would a factor of M cost more than sweeps over bodies? multiply-adds of both, per dof; a factor
// has the simpler ones
constexpr double kSweepCost = 160;
bool is_deep(const Model& m) {
  double factor = 0;
  for (const int n : m.M_rownum) factor += 0.5 * n * n;
  return factor > kSweepCost * m.nv;
}

// does what depends on velocities couple no dofs, whatever worlds override? MuJoCo's matrix of an
// implicit step is then M and a diagonal
bool is_uncoupled(const Model& m) {
  if (m.density > 0 || m.viscosity > 0) return false;
  for (size_t a = 0; a < static_cast<size_t>(m.nactuator); ++a) {
    const auto type = static_cast<TransmissionType>(m.actuator_trntype[a]);
    const bool joint = type == TransmissionType::joint || type == TransmissionType::jointinparent;
    const auto target = static_cast<size_t>(m.actuator_trnid[2 * a]);
    if (joint && static_cast<JointType>(m.jnt_type[target]) >= JointType::slide) continue;
    if (static_cast<GainType>(m.actuator_gaintype[a]) != GainType::fixed ||
        static_cast<BiasType>(m.actuator_biastype[a]) != BiasType::none)
      return false;
  }
  return true;
}

// can a row, in any world, act on two bodies that move apart, or on several dofs of a joint?
bool may_couple(const Model& m) {
  if (m.nballlimit > 0) return true;
  const auto apart = [&](int b1, int b2) {
    const int w1 = m.body_weldid[static_cast<size_t>(b1)],
              w2 = m.body_weldid[static_cast<size_t>(b2)];
    return w1 > 0 && w2 > 0 && w1 != w2;
  };
  for (size_t p = 0; p < static_cast<size_t>(m.npair); ++p)
    if (apart(m.geom_bodyid[static_cast<size_t>(m.pair_geom1[p])],
              m.geom_bodyid[static_cast<size_t>(m.pair_geom2[p])]))
      return true;
  for (size_t e = 0; e < static_cast<size_t>(m.neq); ++e) {
    int b1 = m.eq_obj1id[e], b2 = m.eq_obj2id[e];
    const auto type = static_cast<EqualityType>(m.eq_type[e]);
    if (type == EqualityType::joint || type == EqualityType::tendon) {
      if (b2 >= 0) return true;
      continue;
    }
    if (static_cast<ObjectType>(m.eq_objtype[e]) == ObjectType::site) {
      b1 = m.site_bodyid[static_cast<size_t>(b1)];
      b2 = m.site_bodyid[static_cast<size_t>(b2)];
      // two sites of one body have rows that no body alone explains
      const int weld = m.body_weldid[static_cast<size_t>(b1)];
      if (weld > 0 && weld == m.body_weldid[static_cast<size_t>(b2)]) return true;
    }
    if (apart(b1, b2)) return true;
  }
  return false;
}

}  // namespace

template <class S> ModelBlob<S>::ModelBlob(const Model& m) {
  // copy everything into two blocks; offsets first, because the blocks grow
  const SameFrames same(m);
  std::vector<size_t> real_at, int_at;
  const auto add_real = [&](const std::vector<double>& v) {
    real_at.push_back(numbers.size());
    for (double x : v) numbers.push_back(static_cast<S>(x));
    // a field may be empty and still be pointed to; keep vectors apart by whole cache lines
    numbers.resize((numbers.size() + 16) & ~size_t{15});
  };
  const auto add_int = [&](const std::vector<int>& v) {
    int_at.push_back(integers.size());
    integers.insert(integers.end(), v.begin(), v.end());
    integers.resize((integers.size() + 16) & ~size_t{15});
  };
#define MOTORIUM_REAL(name, rows, columns, unit, doc) add_real(same.of(m.name));
#define MOTORIUM_INT(name, rows, columns, doc) add_int(m.name);
  MOTORIUM_MODEL_REALS(MOTORIUM_REAL)
  MOTORIUM_MODEL_OVERRIDES(MOTORIUM_REAL)
  MOTORIUM_MODEL_INTS(MOTORIUM_INT)
#undef MOTORIUM_REAL
#undef MOTORIUM_INT

  size_t r = 0, i = 0;
#define MOTORIUM_REAL(name, rows, columns, unit, doc) data.name = numbers.data() + real_at[r++];
#define MOTORIUM_INT(name, rows, columns, doc) data.name = integers.data() + int_at[i++];
#define MOTORIUM_SIZE(name) data.name = m.name;
  MOTORIUM_MODEL_REALS(MOTORIUM_REAL)
  MOTORIUM_MODEL_OVERRIDES(MOTORIUM_REAL)
  MOTORIUM_MODEL_INTS(MOTORIUM_INT)
  MOTORIUM_MODEL_SIZES(MOTORIUM_SIZE)
#undef MOTORIUM_REAL
#undef MOTORIUM_INT
#undef MOTORIUM_SIZE

  data.step_time = m.timestep;
  data.timestep = static_cast<S>(m.timestep);
  data.impratio = static_cast<S>(m.impratio);
  data.tolerance = static_cast<S>(m.tolerance);
  data.ls_tolerance = static_cast<S>(m.ls_tolerance);
  data.ccd_tolerance = static_cast<S>(m.ccd_tolerance);
  data.ccd_iterations = std::min(m.ccd_iterations, limits::kCcdIterations);
  data.density = static_cast<S>(m.density);
  data.viscosity = static_cast<S>(m.viscosity);
  for (int k = 0; k < 3; ++k) data.wind[k] = static_cast<S>(m.wind[k]);
  data.in_fluid = m.density > 0 || m.viscosity > 0;
  for (const double a : m.pair_adhesion) data.sticky = data.sticky || a != 0;
  for (const double v : m.geom_surfacevel) data.belts = data.belts || v != 0;
  data.iterations = m.iterations;
  data.ls_iterations = m.ls_iterations;
  data.integrator = m.integrator;
  data.cone = m.cone;
  data.flags = m.flags;
  data.want_searches = (m.flags & kFlagSpeculative) != 0;
  for (const int collider : m.pair_collider) {
    data.convex_pairs = data.convex_pairs || is_one_by_one(collider);
  }
  for (int i = 0; i < m.nsensor; ++i) {
    const auto at = static_cast<size_t>(i);
    const auto type = static_cast<SensorType>(m.sensor_type[at]);
    const int camera = static_cast<int>(ObjectType::camera);
    const bool enclosure = type == SensorType::insidesite && m.sensor_intprm[3 * at] != 0;
    if (type == SensorType::rangefinder || enclosure) data.want_geoms = true;
    if (type == SensorType::distance || type == SensorType::normal || type == SensorType::fromto)
      data.want_distances = data.want_searches = data.want_geoms = true;
    if (m.sensor_history[2 * at] > 0) data.sensor_memory = true;
    if (type == SensorType::clock) data.want_time = true;
    if (m.sensor_objtype[at] == camera || m.sensor_reftype[at] == camera) data.want_cameras = true;
  }
  data.disableactuator = m.disableactuator;
  for (int d = 0; d < m.nv; ++d) {
    if (m.dof_damping[static_cast<size_t>(d)] > 0) data.dof_damped = true;
  }
  for (size_t a = 0; a < m.actuator_damping.size(); ++a) {
    const bool heavy = m.actuator_armature[a] != 0, damped = m.actuator_damping[a] != 0 ||
                                                             m.actuator_dampingpoly[2 * a] != 0 ||
                                                             m.actuator_dampingpoly[2 * a + 1] != 0;
    if (static_cast<TransmissionType>(m.actuator_trntype[a]) == TransmissionType::tendon) {
      data.tendon_rotors = data.tendon_rotors || heavy || damped;
      data.tendon_inertia = data.tendon_inertia || heavy;
    } else {
      data.rotor_heavy = data.rotor_heavy || heavy;
      data.rotor_damped = data.rotor_damped || damped;
    }
  }
  for (const double p : m.dof_dampingpoly)
    if (p != 0) data.dof_damped = data.dof_curved = true;
  for (const double a : m.tendon_armature) data.tendon_inertia = data.tendon_inertia || a > 0;
  // a choice for all worlds, whatever they override: tendons may get inertia, exact weights need
  // the factor
  const bool deep = is_deep(m) && m.ntendon == 0 && (m.flags & kFlagDiagexact) == 0;
  const bool discrete = m.integrator == Integrator::discrete;
  data.articulated = deep && (!discrete || is_uncoupled(m));
  data.articulated_step = data.articulated && m.integrator != Integrator::implicit &&
                          (m.integrator == Integrator::euler || is_uncoupled(m));
  data.rows_by_bodies = data.articulated && !discrete;
  data.may_couple = !data.rows_by_bodies || may_couple(m);
  data.lean_inertia =
      data.rows_by_bodies && (m.integrator == Integrator::euler ||
                              m.integrator == Integrator::rk4 || data.articulated_step);
  list_pairs(m);
  list_hulls(m);
  list_friction(
      m, [&](size_t i) { return m.dof_frictionloss[i] > 0; },
      [&](size_t i) { return m.tendon_frictionloss[i] > 0; });
  widen_metric(m, [&](size_t i) { return m.tendon_stiffness[i] != 0 || m.tendon_damping[i] != 0; });
}

template <class S> void ModelBlob<S>::list_pairs(const Model& m) {
  for (int p = 0; p < m.npair; ++p) {
    const int g1 = data.pair_geom1[p], g2 = data.pair_geom2[p];
    // as a kernel adds them
    const S reach = data.pair_margin[p] + data.pair_gap[p] + data.geom_rbound[g2];
    const S r = reach + data.geom_rbound[g1];
    const bool plane = static_cast<GeomType>(data.geom_type[g1]) == GeomType::plane;
    pair_far.push_back(data.geom_cid[std::max(g1, g2)]);
    pair_reach2.push_back(plane ? S(-1) : r * r);
  }
  data.pair_far = pair_far.data();
  data.pair_reach2 = pair_reach2.data();

  for (int group = 0; group < m.npairgroup; ++group) {
    const int p = data.pairgroup_adr[group];
    const auto [low, high] = std::minmax(data.pair_geom1[p], data.pair_geom2[p]);
    const int body1 = data.geom_bodyid[low], body2 = data.geom_bodyid[high];
    const size_t runs = run_reach.size();
    if (runs == 0 || run_body[2 * runs - 2] != body1 || run_body[2 * runs - 1] != body2) {
      run_group.push_back(group);
      run_body.insert(run_body.end(), {body1, body2});
      run_reach.push_back(0);
    }
    run_reach.back() = std::max(run_reach.back(), data.pairgroup_reach[group]);
    group_geom.push_back(data.geom_cid[low]);
  }
  data.nrun = static_cast<int>(run_reach.size());
  run_group.push_back(m.npairgroup);
  data.run_group = run_group.data();
  data.run_body = run_body.data();
  data.run_reach = run_reach.data();
  data.group_geom = group_geom.data();
}

template <class S> void ModelBlob<S>::list_hulls(const Model& m) {
  const auto entry_at = [&](int vert) {
    const S* at = data.mesh_vert + 3 * vert;
    return HullEntry<S>{{at[0], at[1], at[2]}, 0};
  };
  hull_start.assign(27 * static_cast<size_t>(m.nmesh), 0);
  for (int mesh = 0; mesh < m.nmesh; ++mesh) {
    if (data.mesh_graphadr[mesh] < 0) continue;
    const int first = data.mesh_vertadr[mesh], *graph = data.mesh_graph + data.mesh_graphadr[mesh];
    const int n = graph[0], *adr = graph + 2, *vert = adr + n, *neighbour = vert + n;

    // an entry names the neighbour, until it is known where each begins
    std::vector<int> begin;
    const size_t old = hull_walk.size();
    for (int v = 0; v < n; ++v) {
      begin.push_back(static_cast<int>(hull_walk.size()));
      hull_walk.push_back(entry_at(first + vert[v]));
      hull_walk.back().next = -1 - vert[v];
      for (int i = adr[v]; neighbour[i] >= 0; ++i) {
        hull_walk.push_back(entry_at(first + vert[neighbour[i]]));
        hull_walk.back().next = neighbour[i];
      }
    }
    for (size_t e = old; e < hull_walk.size(); ++e)
      if (hull_walk[e].next >= 0) hull_walk[e].next = begin[static_cast<size_t>(hull_walk[e].next)];
    for (int k = 27 * mesh; k < 27 * mesh + 27; ++k)
      hull_start[static_cast<size_t>(k)] = begin[static_cast<size_t>(data.mesh_extrema[k])];
  }
  hull_walk.push_back({{0, 0, 0}, -1});
  data.hull_walk = hull_walk.data();
  data.hull_start = hull_start.data();
}

template <class S>
void ModelBlob<S>::list_friction(const Model& m, const std::function<bool(size_t)>& dof,
                                 const std::function<bool(size_t)>& tendon) {
  const auto list = [](const std::vector<int>& first, const std::function<bool(size_t)>& rubs,
                       std::vector<int>& out, int& base) {
    out.clear();
    for (size_t i = 0; i < first.size(); ++i)
      if (first[i]) out.push_back(static_cast<int>(i));
    base = static_cast<int>(out.size());
    for (size_t i = 0; i < first.size(); ++i)
      if (!first[i] && rubs(i)) out.push_back(static_cast<int>(i));
    return static_cast<int>(out.size());
  };
  data.nfriction = list(m.dof_frictionrow, dof, friction_dof, data.nfriction_base);
  data.nfriction_tendon =
      list(m.tendon_frictionrow, tendon, friction_tendon, data.nfriction_tendon_base);
  data.friction_dof = friction_dof.data();
  data.friction_tendon = friction_tendon.data();
}

namespace {

// the dofs that an actuator's moment can touch
std::vector<int> actuated_dofs(const Model& m, size_t a) {
  const auto type = static_cast<TransmissionType>(m.actuator_trntype[a]);
  const int target = m.actuator_trnid[2 * a], other = m.actuator_trnid[2 * a + 1];
  std::vector<int> dofs;
  if (type == TransmissionType::tendon) {
    const auto t = static_cast<size_t>(target);
    const auto* first = m.ten_J_colind.data() + m.ten_J_rowadr[t];
    dofs.assign(first, first + m.ten_J_rownnz[t]);
    return dofs;
  }
  const auto moves = [&](int site, int dof) {
    const int body = m.site_bodyid[static_cast<size_t>(site)];
    const auto word = static_cast<size_t>(body * m.nword + dof / 32);
    return (static_cast<uint32_t>(m.body_dofmask[word]) >> (dof % 32) & 1u) != 0;
  };
  const bool sites = type == TransmissionType::site || type == TransmissionType::slidercrank ||
                     (type == TransmissionType::so3 && other >= 0);
  for (int d = 0; d < m.nv; ++d) {
    const bool touched = type == TransmissionType::body ? true
                         : sites ? moves(target, d) || (other >= 0 && moves(other, d))
                                 : m.dof_jntid[static_cast<size_t>(d)] == target;
    if (touched) dofs.push_back(d);
  }
  return dofs;
}

}  // namespace

template <class S>
void ModelBlob<S>::widen_metric(const Model& m, const std::function<bool(size_t)>& elastic) {
  data.metric = {data.M_rowadr, data.M_rownum, data.M_col, data.dof_descnum, data.nM};
  elastic_tendon.clear();
  single_dof.clear();
  if (m.integrator != Integrator::discrete) return;

  // last[k]: the last dof whose row must hold k, as rows of M do
  const auto n = static_cast<size_t>(m.nv);
  std::vector<int> last(n);
  for (size_t k = 0; k < n; ++k)
    for (int p = 0; p < m.M_rownum[k]; ++p)
      last[static_cast<size_t>(m.M_col[static_cast<size_t>(m.M_rowadr[k] + p)])] =
          static_cast<int>(k);
  const auto couple = [&](const std::vector<int>& dofs) {
    for (const int d : dofs)
      last[static_cast<size_t>(d)] = std::max(last[static_cast<size_t>(d)], dofs.back());
  };
  for (size_t t = 0; t < static_cast<size_t>(m.ntendon); ++t) {
    bool rotors = false;
    for (size_t a = 0; a < static_cast<size_t>(m.nactuator); ++a)
      rotors = rotors ||
               (static_cast<TransmissionType>(m.actuator_trntype[a]) == TransmissionType::tendon &&
                m.actuator_trnid[2 * a] == static_cast<int>(t) &&
                (m.actuator_damping[a] != 0 || m.actuator_dampingpoly[2 * a] != 0 ||
                 m.actuator_dampingpoly[2 * a + 1] != 0));
    const bool curved = m.tendon_stiffnesspoly[2 * t] != 0 ||
                        m.tendon_stiffnesspoly[2 * t + 1] != 0 ||
                        m.tendon_dampingpoly[2 * t] != 0 || m.tendon_dampingpoly[2 * t + 1] != 0;
    if (!rotors && !curved && !elastic(t)) continue;
    elastic_tendon.push_back(static_cast<int>(t));
    const auto* first = m.ten_J_colind.data() + m.ten_J_rowadr[t];
    couple({first, first + m.ten_J_rownnz[t]});
  }
  for (size_t a = 0; a < static_cast<size_t>(m.nactuator); ++a)
    if (static_cast<GainType>(m.actuator_gaintype[a]) != GainType::fixed ||
        static_cast<BiasType>(m.actuator_biastype[a]) != BiasType::none)
      couple(actuated_dofs(m, a));

  // MuJoCo keeps only the diagonal of the drag where M has nothing else
  for (int b = 1; data.in_fluid && b < m.nbody; ++b)
    if (has_diagonal_inertia(m, b))
      for (int i = 1; i < m.body_dofnum[static_cast<size_t>(b)]; ++i)
        single_dof.push_back(m.body_dofadr[static_cast<size_t>(b)] + i);

  // a tree again: what lies between k and last[k] hangs below k, with its own last ones
  for (size_t k = n; k-- > 0;)
    for (size_t i = k + 1; i <= static_cast<size_t>(last[k]); ++i)
      last[k] = std::max(last[k], last[i]);

  // rows: the ancestors of k are the dofs whose descendants it is among
  metric_rowadr.assign(n, 0);
  metric_rownum.assign(n, 0);
  metric_descnum.assign(n, 0);
  metric_col.clear();
  std::vector<int> path;
  for (size_t k = 0; k < n; ++k) {
    const int dof = static_cast<int>(k);
    while (!path.empty() && last[static_cast<size_t>(path.back())] < dof) path.pop_back();
    path.push_back(dof);
    metric_rowadr[k] = static_cast<int>(metric_col.size());
    metric_rownum[k] = static_cast<int>(path.size());
    metric_descnum[k] = last[k] - dof;
    metric_col.insert(metric_col.end(), path.begin(), path.end());
  }
  data.metric = {metric_rowadr.data(), metric_rownum.data(), metric_col.data(),
                 metric_descnum.data(), static_cast<int>(metric_col.size())};
  data.elastic_tendon = elastic_tendon.data();
  data.nelastic_tendon = static_cast<int>(elastic_tendon.size());
  data.single_dof = single_dof.data();
  data.nsingle_dof = static_cast<int>(single_dof.size());
}

template struct ModelBlob<float>;
template struct ModelBlob<double>;

}  // namespace motorium
