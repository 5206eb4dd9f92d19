// Every index, count and number of a Model, whatever it came from: afterwards no kernel reads
// outside.
#include "motorium/physics/compile/validate.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>

#include "motorium/core/error.h"
#include "motorium/core/limits.h"
#include "motorium/physics/collider_table.h"

namespace motorium {
namespace {

class Validator {
 public:
  explicit Validator(const Model& m) : m_(m) {}

  void run() {
    sizes();
    arrays();
    options();
    bodies();
    joints();
    matrix_rows();
    geoms();
    validate_assets(m_);
    cameras();
    pairs();
    equalities();
    tendons();
    validate_actuators(m_);
    lists();
    validate_sensors(m_);
    quaternions();
  }

 private:
  void check(bool ok, const char* field, long index, const char* what) const {
    if (ok) return;
    throw Error("model: " + std::string(field) + "[" + std::to_string(index) + "]: " + what);
  }
  void in_range(const std::vector<int>& values, const char* field, int low, int end) const {
    for (size_t i = 0; i < values.size(); ++i) {
      check(values[i] >= low && values[i] < end, field, static_cast<long>(i), "is out of range");
    }
  }
  void not_negative(const std::vector<double>& values, const char* field) const {
    for (size_t i = 0; i < values.size(); ++i) {
      check(values[i] >= 0, field, static_cast<long>(i), "is negative");
    }
  }

  void sizes() const {
    const auto size = [&](const char* name, int value, int most) {
      if (value >= 0 && value <= most) return;
      throw Error(std::string("model: ") + name + " is " + std::to_string(value) + ": at most " +
                  std::to_string(most));
    };
    size("nbody", m_.nbody, limits::kBodies);
    size("nv", m_.nv, limits::kDofs);
    size("nq", m_.nq, 2 * limits::kDofs);
    size("njnt", m_.njnt, limits::kDofs);
    size("ngeom", m_.ngeom, limits::kGeoms);
    size("npair", m_.npair, limits::kPairs);
    size("npairgroup", m_.npairgroup, limits::kPairs);
    size("nsensordata", m_.nsensordata, limits::kSensorNumbers);
    size("nkey", m_.nkey, limits::kKeyframes);
    const int many = 1 << 30;
    size("nsite", m_.nsite, many);
    size("nmesh", m_.nmesh, 1 << 20);
    size("nmeshvert", m_.nmeshvert, limits::kMeshVerticesAll);
    size("nmeshface", m_.nmeshface, 2 * limits::kMeshVerticesAll);
    size("nmeshgraph", m_.nmeshgraph, many);
    size("nmeshpoly", m_.nmeshpoly, 2 * limits::kMeshVerticesAll);
    size("nmeshpolyvert", m_.nmeshpolyvert, many);
    size("nmeshpolymap", m_.nmeshpolymap, many);
    size("npolygonmax", m_.npolygonmax, m_.nmeshpolyvert);
    size("nhfield", m_.nhfield, 1 << 20);
    size("nhfielddata", m_.nhfielddata, limits::kHeightSamplesAll);
    size("nactuator", m_.nactuator, 1 << 20);
    size("nu", m_.nu, 4 * m_.nactuator);
    size("nout", m_.nout, 3 * m_.nactuator);
    size("na", m_.na, 5 * m_.nactuator);
    size("nhistory", m_.nhistory, limits::kHistoryNumbers);
    size("neq", m_.neq, 1 << 20);
    size("ntendon", m_.ntendon, 1 << 20);
    size("nwrap", m_.nwrap, 1 << 24);
    size("nJten", m_.nJten, limits::kTendonNumbers);
    size("ntendonlimit", m_.ntendonlimit, m_.ntendon);
    size("nsensor", m_.nsensor, 1 << 20);
    size("ncam", m_.ncam, 1 << 20);
    size("nmocap", m_.nmocap, m_.nbody);
    size("ntree", m_.ntree, m_.nv);
    size("ngravcomp", m_.ngravcomp, m_.nbody);
    size("nlevel", m_.nlevel, m_.nbody);
    size("ncgeom", m_.ncgeom, m_.ngeom);
    size("nM", m_.nM, limits::kDofs * limits::kDofs);
    size("nconmax", m_.nconmax, many);
    size("nlimit", m_.nlimit, m_.njnt);
    size("nballlimit", m_.nballlimit, m_.njnt);
    if (m_.nbody < 1) throw Error("model: has no world body");
    if (m_.nword != (m_.nv + 31) / 32) throw Error("model: nword does not fit nv");
  }

  void arrays() const {
    each_field(m_, [&](const char* name, const auto& values, int rows, int columns) {
      const size_t expected = static_cast<size_t>(rows) * static_cast<size_t>(columns);
      if (values.size() != expected) {
        throw Error("model: " + std::string(name) + " has " + std::to_string(values.size()) +
                    " numbers instead of " + std::to_string(expected));
      }
      for (size_t i = 0; i < values.size(); ++i) {
        // also false for NaN
        check(std::abs(static_cast<double>(values[i])) <= 4e18, name, static_cast<long>(i),
              "is not a usable number");
      }
    });
    const auto names = [&](const char* name, const std::vector<std::string>& list, int count) {
      if (list.size() != static_cast<size_t>(count)) {
        throw Error("model: " + std::string(name) + " has " + std::to_string(list.size()) +
                    " names instead of " + std::to_string(count));
      }
    };
    names("body_name", m_.body_name, m_.nbody);
    names("jnt_name", m_.jnt_name, m_.njnt);
    names("geom_name", m_.geom_name, m_.ngeom);
    names("site_name", m_.site_name, m_.nsite);
    names("mesh_name", m_.mesh_name, m_.nmesh);
    names("hfield_name", m_.hfield_name, m_.nhfield);
    names("cam_name", m_.cam_name, m_.ncam);
    names("actuator_name", m_.actuator_name, m_.nactuator);
    names("sensor_name", m_.sensor_name, m_.nsensor);
    names("eq_name", m_.eq_name, m_.neq);
    names("tendon_name", m_.tendon_name, m_.ntendon);
    names("key_name", m_.key_name, m_.nkey);
  }

  void options() const {
    const bool ok = m_.timestep > 0 && m_.timestep < 1e6 && m_.impratio > 0 && m_.impratio < 1e10 &&
                    m_.tolerance >= 0 && m_.tolerance < 1e10 && m_.ls_tolerance >= 0 &&
                    m_.ls_tolerance < 1e10 && m_.ccd_tolerance > 0 && m_.ccd_tolerance < 1e10 &&
                    m_.ccd_iterations >= 0 && m_.iterations >= 0 && m_.ls_iterations >= 0;
    if (!ok) throw Error("model: an option is out of range");
    const bool medium = m_.density >= 0 && m_.density < 1e10 && m_.viscosity >= 0 &&
                        m_.viscosity < 1e10 && std::abs(m_.wind[0]) < 1e10 &&
                        std::abs(m_.wind[1]) < 1e10 && std::abs(m_.wind[2]) < 1e10;
    if (!medium) throw Error("model: density, viscosity or wind is out of range");
    const int integrator = static_cast<int>(m_.integrator);
    const bool kinds = integrator >= 0 && integrator <= 4 &&
                       (m_.cone == Cone::pyramidal || m_.cone == Cone::elliptic);
    if (!kinds) throw Error("model: integrator or cone is unknown");
  }

  void bodies() const {
    in_range(m_.body_mocapid, "body_mocapid", -1, m_.nmocap);
    in_range(m_.body_treeid, "body_treeid", -1, m_.ntree);
    long joint = 0, dof = 0, geom = 0, child = 0;
    for (int b = 0; b < m_.nbody; ++b) {
      const int parent = m_.body_parentid[b];
      check(parent >= 0 && (b == 0 ? parent == 0 : parent < b), "body_parentid", b,
            "parents come before children");
      check(m_.body_rootid[b] == (b == 0        ? 0
                                  : parent == 0 ? b
                                                : m_.body_rootid[parent]),
            "body_rootid", b, "is not the top of the tree");
      const int weld = m_.body_weldid[b];
      check(weld == b || (b > 0 && weld == m_.body_weldid[parent]), "body_weldid", b, "is wrong");
      // joints, dofs and geoms of bodies follow each other without holes
      const auto run = [&](int count, int adr, long& next, const char* field) {
        check(count >= 0 && (count == 0 ? adr == -1 : adr == next), field, b, "leaves a hole");
        next += count;
      };
      run(m_.body_jntnum[b], m_.body_jntadr[b], joint, "body_jntadr");
      run(m_.body_dofnum[b], m_.body_dofadr[b], dof, "body_dofadr");
      run(m_.body_geomnum[b], m_.body_geomadr[b], geom, "body_geomadr");
      check(m_.body_childadr[b] == child && m_.body_childnum[b] >= 0, "body_childadr", b,
            "leaves a hole");
      child += m_.body_childnum[b];
    }
    const auto compensated = std::count_if(m_.body_gravcomp.begin(), m_.body_gravcomp.end(),
                                           [](double part) { return part != 0; });
    check(compensated == m_.ngravcomp, "ngravcomp", 0, "does not fit body_gravcomp");
    check(joint == m_.njnt && dof == m_.nv && geom == m_.ngeom && child == m_.nbody - 1, "nbody", 0,
          "does not cover joints, dofs, geoms and children");
    in_range(m_.child_body, "child_body", 0, m_.nbody);
    for (int b = 0; b < m_.nbody; ++b) {
      for (int k = 0; k < m_.body_childnum[b]; ++k) {
        check(m_.body_parentid[m_.child_body[m_.body_childadr[b] + k]] == b, "child_body", b,
              "is no child");
      }
    }
    not_negative(m_.body_mass, "body_mass");
    not_negative(m_.body_inertia, "body_inertia");
    // levels: every body once, deeper than its parent
    std::vector<int> level(m_.nbody, -1);
    check(m_.level_adr[0] == 0 && m_.level_adr[m_.nlevel] == m_.nbody, "level_adr", 0,
          "does not cover the bodies");
    for (int l = 0; l < m_.nlevel; ++l) {
      check(m_.level_adr[l] < m_.level_adr[l + 1], "level_adr", l, "is not rising");
      for (int i = m_.level_adr[l]; i < m_.level_adr[l + 1]; ++i) {
        const int b = m_.level_body[i];
        check(b >= 0 && b < m_.nbody && level[b] < 0, "level_body", i, "is wrong");
        check(b == 0 || level[m_.body_parentid[b]] == l - 1, "level_body", i,
              "is at a wrong depth");
        level[b] = l;
      }
    }
  }

  void joints() const {
    int nq = 0, nv = 0;
    for (int j = 0; j < m_.njnt; ++j) {
      const int type = m_.jnt_type[j];
      check(type >= 0 && type <= 3, "jnt_type", j, "is unknown");
      check(m_.jnt_qposadr[j] == nq && m_.jnt_dofadr[j] == nv, "jnt_qposadr", j, "leaves a hole");
      const int b = m_.jnt_bodyid[j];
      check(b > 0 && b < m_.nbody && j >= m_.body_jntadr[b] &&
                j < m_.body_jntadr[b] + m_.body_jntnum[b],
            "jnt_bodyid", j, "does not hold the joint");
      const int dofs[] = {6, 3, 1, 1}, positions[] = {7, 4, 1, 1};
      for (int i = 0; i < dofs[type] && nv + i < m_.nv; ++i) {
        check(m_.dof_jntid[nv + i] == j && m_.dof_bodyid[nv + i] == b, "dof_jntid", nv + i,
              "is another joint's");
      }
      nq += positions[type];
      nv += dofs[type];
    }
    check(nq == m_.nq && nv == m_.nv, "njnt", 0, "does not fit nq and nv");
    for (int b = 0; b < m_.nbody; ++b) {
      int dofs = 0;
      for (int j = m_.body_jntadr[b]; j >= 0 && j < m_.body_jntadr[b] + m_.body_jntnum[b]; ++j) {
        const int counts[] = {6, 3, 1, 1};
        dofs += counts[m_.jnt_type[j]];
        check(m_.jnt_type[j] != 0 || (m_.body_jntnum[b] == 1 && m_.body_parentid[b] == 0),
              "jnt_type", j, "a free joint is not alone on a child of the world");
      }
      check(dofs == m_.body_dofnum[b], "body_dofnum", b, "does not fit the joints");
    }
    not_negative(m_.dof_armature, "dof_armature");
    not_negative(m_.dof_damping, "dof_damping");
    not_negative(m_.dof_frictionloss, "dof_frictionloss");
    in_range(m_.jnt_limited, "jnt_limited", 0, 2);
    in_range(m_.jnt_actfrclimited, "jnt_actfrclimited", 0, 2);
    in_range(m_.jnt_actgravcomp, "jnt_actgravcomp", 0, 2);
    in_range(m_.dof_treeid, "dof_treeid", 0, m_.ntree);
    in_range(m_.dof_frictionrow, "dof_frictionrow", 0, 2);
  }

  void matrix_rows() const {
    int adr = 0;
    for (int i = 0; i < m_.nv; ++i) {
      const int parent = m_.dof_parentid[i];
      check(parent >= -1 && parent < i, "dof_parentid", i, "comes later");
      const int count = 1 + (parent >= 0 ? m_.M_rownum[parent] : 0);
      check(m_.M_rowadr[i] == adr && m_.M_rownum[i] == count && adr + count <= m_.nM, "M_rowadr", i,
            "does not fit the ancestors");
      for (int k = 0; k < count; ++k) {
        const int expected = k == count - 1 ? i : m_.M_col[m_.M_rowadr[parent] + k];
        check(m_.M_col[adr + k] == expected, "M_col", adr + k, "is no ancestor");
      }
      adr += count;
      check(m_.dof_descnum[i] >= 0 && m_.dof_descnum[i] < m_.nv - i, "dof_descnum", i, "is wrong");
    }
    check(adr == m_.nM, "nM", 0, "does not fit the rows");
    for (int b = 0; b < m_.nbody; ++b) {
      // the dofs of the parent and its own
      std::vector<uint32_t> expected(m_.nword, 0);
      for (int w = 0; b > 0 && w < m_.nword; ++w) {
        expected[w] = static_cast<uint32_t>(m_.body_dofmask[m_.body_parentid[b] * m_.nword + w]);
      }
      for (int i = 0; i < m_.body_dofnum[b]; ++i) {
        const int dof = m_.body_dofadr[b] + i;
        expected[dof / 32] |= 1u << dof % 32;
      }
      for (int w = 0; w < m_.nword; ++w) {
        check(static_cast<uint32_t>(m_.body_dofmask[b * m_.nword + w]) == expected[w],
              "body_dofmask", b, "is wrong");
      }
      const int first = m_.body_dofadr[b];
      if (first < 0) continue;
      // the first dof of a body hangs on the last one above it
      int above = m_.body_parentid[b];
      while (above > 0 && m_.body_dofnum[above] == 0) above = m_.body_parentid[above];
      const int last = above > 0 ? m_.body_dofadr[above] + m_.body_dofnum[above] - 1 : -1;
      check(m_.dof_parentid[first] == last, "dof_parentid", first, "does not fit the bodies");
      for (int i = 1; i < m_.body_dofnum[b]; ++i) {
        check(m_.dof_parentid[first + i] == first + i - 1, "dof_parentid", first + i,
              "does not fit the joints");
      }
    }
  }

  void geoms() const {
    for (int b = 0; b < m_.nbody; ++b) {
      for (int k = 0; k < m_.body_geomnum[b]; ++k) {
        check(m_.geom_bodyid[m_.body_geomadr[b] + k] == b, "geom_bodyid", b, "is wrong");
      }
    }
    in_range(m_.geom_type, "geom_type", 0, 8);
    in_range(m_.site_type, "site_type", 0, 8);
    in_range(m_.site_bodyid, "site_bodyid", 0, m_.nbody);
    in_range(m_.geom_visible, "geom_visible", 0, 2);
    in_range(m_.geom_cid, "geom_cid", -1, m_.ncgeom);
    in_range(m_.cgeom_id, "cgeom_id", 0, m_.ngeom);
    for (int c = 0; c < m_.ncgeom; ++c) {
      check(m_.geom_cid[m_.cgeom_id[c]] == c, "cgeom_id", c, "does not fit geom_cid");
    }
    not_negative(m_.geom_size, "geom_size");
    not_negative(m_.geom_friction, "geom_friction");
    not_negative(m_.geom_rbound, "geom_rbound");
    not_negative(m_.geom_adhesion, "geom_adhesion");
    not_negative(m_.pair_adhesion, "pair_adhesion");
  }

  void cameras() const {
    in_range(m_.cam_mode, "cam_mode", 0, 5);
    in_range(m_.cam_bodyid, "cam_bodyid", 0, m_.nbody);
    in_range(m_.cam_targetbodyid, "cam_targetbodyid", -1, m_.nbody);
    in_range(m_.cam_projection, "cam_projection", 0, 2);
  }

  void pairs() const {
    in_range(m_.pair_geom1, "pair_geom1", 0, m_.ngeom);
    in_range(m_.pair_geom2, "pair_geom2", 0, m_.ngeom);
    in_range(m_.pair_mix, "pair_mix", 0, 4);
    in_range(m_.pair_collider, "pair_collider", 0, kColliderCount);
    long contacts = 0;
    for (int p = 0; p < m_.npair; ++p) {
      const int g1 = m_.pair_geom1[p], g2 = m_.pair_geom2[p], c = m_.pair_collider[p];
      check(g1 != g2 && m_.geom_cid[g1] >= 0 && m_.geom_cid[g2] >= 0, "pair_geom1", p, "is wrong");
      const auto type = [&](int g) { return static_cast<GeomType>(m_.geom_type[g]); };
      check(c == collider_of(type(g1), type(g2)), "pair_collider", p, "does not fit the geoms");
      const int d = m_.pair_condim[p];
      check(d == 1 || d == 3 || d == 4 || d == 6, "pair_condim", p, "is not 1, 3, 4 or 6");
      contacts += collider_slots(c);
    }
    check(contacts == m_.nconmax, "nconmax", 0, "does not fit the pairs");

    // groups cut the list of pairs; the pairs of one are of the same geom and another body
    check(m_.pairgroup_adr.front() == 0 && m_.pairgroup_adr.back() == m_.npair, "pairgroup_adr", 0,
          "does not cover the pairs");
    const auto both = [&](int p) {
      const int low = std::min(m_.pair_geom1[p], m_.pair_geom2[p]);
      const int high = std::max(m_.pair_geom1[p], m_.pair_geom2[p]);
      return std::pair(low, m_.geom_bodyid[high]);
    };
    for (int i = 0; i < m_.npairgroup; ++i) {
      const int first = m_.pairgroup_adr[i], end = m_.pairgroup_adr[i + 1];
      check(first < end && end <= m_.npair, "pairgroup_adr", i, "does not rise");
      for (int p = first; p < end; ++p) {
        check(both(p) == both(first), "pairgroup_adr", i, "joins pairs of others");
        check(m_.pairgroup_reach[i] >= m_.pair_margin[p] + m_.pair_gap[p], "pairgroup_reach", i,
              "is less than a pair's");
      }
    }
    for (size_t i = 0; i < m_.pair_friction.size(); ++i) {
      check(m_.pair_friction[i] > 0, "pair_friction", static_cast<long>(i), "is not positive");
    }
  }

  void equalities() const {
    for (int e = 0; e < m_.neq; ++e) {
      const int type = m_.eq_type[e], object = m_.eq_objtype[e];
      check(type >= 0 && type <= 3, "eq_type", e, "is unknown");
      const bool joint = type == 2, tendon = type == 3;
      const int count = joint                                          ? m_.njnt
                        : tendon                                       ? m_.ntendon
                        : object == static_cast<int>(ObjectType::site) ? m_.nsite
                                                                       : m_.nbody;
      const bool fits = joint    ? object == static_cast<int>(ObjectType::joint)
                        : tendon ? object == static_cast<int>(ObjectType::tendon)
                                 : object == static_cast<int>(ObjectType::site) ||
                                       object == static_cast<int>(ObjectType::body);
      check(fits, "eq_objtype", e, "does not fit eq_type");
      check(m_.eq_obj1id[e] >= 0 && m_.eq_obj1id[e] < count, "eq_obj1id", e, "is out of range");
      check(m_.eq_obj2id[e] >= (joint || tendon ? -1 : 0) && m_.eq_obj2id[e] < count, "eq_obj2id",
            e, "is out of range");
      for (const int id : {m_.eq_obj1id[e], m_.eq_obj2id[e]}) {
        check(!joint || id < 0 || m_.jnt_type[id] >= 2, "eq_obj1id", e, "is no hinge or slide");
      }
    }
    in_range(m_.eq_active0, "eq_active0", 0, 2);
  }

  // joints, sites, geoms and divisors on the path of tendon t
  void tendon_path(int t) const {
    const bool spatial = m_.tendon_type[t] == static_cast<int>(TendonType::spatial);
    const int first = m_.tendon_adr[t], end = first + m_.tendon_num[t];
    for (int w = first; w < end; ++w) {
      const int id = m_.wrap_objid[w];
      const double number = m_.wrap_prm[w];
      const auto type = static_cast<WrapType>(m_.wrap_type[w]);
      const auto site_at = [&](int i) {
        return i >= first && i < end && m_.wrap_type[i] == static_cast<int>(WrapType::site);
      };
      bool ok = spatial;
      switch (type) {
        case WrapType::joint:
          ok = !spatial && id >= 0 && id < m_.njnt && m_.jnt_type[id] >= 2;
          break;
        case WrapType::pulley:
          ok = spatial && id == -1 && number > 0 && w + 1 < end;
          break;
        case WrapType::site:
          ok = spatial && id >= 0 && id < m_.nsite;
          break;
        case WrapType::sphere:
        case WrapType::cylinder: {
          const int shape = type == WrapType::sphere ? 2 : 5;
          ok = spatial && id >= 0 && id < m_.ngeom && m_.geom_type[id] == shape && site_at(w - 1) &&
               site_at(w + 1) && number >= -1 && number < m_.nsite &&
               number == std::floor(number) && m_.tendon_armature[t] == 0;
          break;
        }
        default:
          ok = false;
      }
      check(ok, "wrap_objid", w, "does not fit the path");
    }
  }

  void tendons() const {
    in_range(m_.tendon_type, "tendon_type", 0, 2);
    in_range(m_.tendon_limited, "tendon_limited", 0, 2);
    in_range(m_.tendon_actfrclimited, "tendon_actfrclimited", 0, 2);
    in_range(m_.tendon_frictionrow, "tendon_frictionrow", 0, 2);
    int wrap = 0, number = 0, limited = 0;
    for (int t = 0; t < m_.ntendon; ++t) {
      check(m_.tendon_adr[t] == wrap && m_.tendon_num[t] > 0 && m_.tendon_num[t] <= m_.nwrap - wrap,
            "tendon_adr", t, "leaves a hole");
      tendon_path(t);
      wrap += m_.tendon_num[t];

      // the dofs of the path, rising
      const int count = m_.ten_J_rownnz[t];
      check(m_.ten_J_rowadr[t] == number && count >= 0 && count <= m_.nJten - number,
            "ten_J_rowadr", t, "leaves a hole");
      for (int k = number; k < number + count; ++k) {
        check(m_.ten_J_colind[k] >= 0 && m_.ten_J_colind[k] < m_.nv &&
                  (k == number || m_.ten_J_colind[k] > m_.ten_J_colind[k - 1]),
              "ten_J_colind", k, "is not rising");
      }
      number += count;
      if (!m_.tendon_limited[t]) continue;
      check(limited < m_.ntendonlimit && m_.limit_tendon[limited] == t, "limit_tendon", limited,
            "is no limited tendon");
      ++limited;
    }
    check(wrap == m_.nwrap && number == m_.nJten && limited == m_.ntendonlimit, "ntendon", 0,
          "does not fit the paths");
    not_negative(m_.tendon_damping, "tendon_damping");
    not_negative(m_.tendon_armature, "tendon_armature");
    not_negative(m_.tendon_frictionloss, "tendon_frictionloss");
  }

  void lists() const {
    in_range(m_.limit_jnt, "limit_jnt", 0, m_.njnt);
    in_range(m_.balllimit_jnt, "balllimit_jnt", 0, m_.njnt);
    for (int j = 0; j < m_.njnt; ++j) {
      const std::vector<int>& list = m_.jnt_type[j] == 1 ? m_.balllimit_jnt : m_.limit_jnt;
      const int at = m_.jnt_limitadr[j];
      check(at >= -1 && at < static_cast<int>(list.size()) && (at < 0 || list[at] == j),
            "jnt_limitadr", j, "does not fit the lists of limits");
    }
    for (const int j : m_.limit_jnt)
      check(m_.jnt_type[j] >= 2, "limit_jnt", j, "is no hinge or slide");
    for (const int j : m_.balllimit_jnt)
      check(m_.jnt_type[j] == 1, "balllimit_jnt", j, "is no ball");
  }

  void unit(const double* q, const char* field, long index) const {
    const double n = q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3];
    check(std::abs(n - 1) < 1e-6, field, index, "is no unit quaternion");
  }
  void quaternions() const {
    const auto all = [&](const std::vector<double>& v, const char* field) {
      for (size_t i = 0; i + 3 < v.size(); i += 4) unit(&v[i], field, static_cast<long>(i / 4));
    };
    all(m_.body_quat, "body_quat");
    all(m_.body_iquat, "body_iquat");
    all(m_.geom_quat, "geom_quat");
    all(m_.site_quat, "site_quat");
    all(m_.cam_quat, "cam_quat");
    all(m_.key_mquat, "key_mquat");
    for (int j = 0; j < m_.njnt; ++j) {
      if (m_.jnt_type[j] > 1) {
        const double* a = &m_.jnt_axis[3 * j];
        check(std::abs(a[0] * a[0] + a[1] * a[1] + a[2] * a[2] - 1) < 1e-6, "jnt_axis", j,
              "is no unit vector");
        continue;
      }
      const int adr = m_.jnt_qposadr[j] + (m_.jnt_type[j] == 0 ? 3 : 0);
      unit(&m_.qpos0[adr], "qpos0", adr);
      unit(&m_.qpos_spring[adr], "qpos_spring", adr);
      for (int k = 0; k < m_.nkey; ++k) {
        unit(m_.key_qpos.data() + static_cast<size_t>(k) * m_.nq + adr, "key_qpos", k);
      }
    }
  }

  const Model& m_;
};

}  // namespace

void validate(const Model& m) { Validator(m).run(); }

}  // namespace motorium
