// Which geoms may touch, resolved once, with the contact parameters of each pair.
#include <algorithm>
#include <unordered_set>

#include "motorium/core/limits.h"
#include "motorium/physics/collider_table.h"
#include "motorium/physics/compile/assemble.h"
#include "motorium/physics/compile/mix_contact.h"
#include "motorium/physics/compile/poses0.h"

namespace motorium {
namespace {

struct Candidate {
  int geom1, geom2;                 // geom1 has the lower type
  const PairSpec* given = nullptr;  // an explicit <pair>
};

uint64_t join(int low, int high) {
  return static_cast<uint64_t>(static_cast<uint32_t>(low)) << 32 | static_cast<uint32_t>(high);
}

class PairFinder {
 public:
  explicit PairFinder(Assembly& a) : a_(a), m_(a.m) {}

  void run() {
    explicit_pairs();
    excludes();
    dynamic_pairs();
    // by body signature, explicit pairs first, then by geoms
    std::stable_sort(found_.begin(), found_.end(), [&](const Candidate& x, const Candidate& y) {
      const uint64_t sx = signature(x), sy = signature(y);
      if (sx != sy) return sx < sy;
      if ((x.given != nullptr) != (y.given != nullptr)) return x.given != nullptr;
      return ordered(x) < ordered(y);
    });
    for (const Candidate& c : found_) add(c);
    groups();
    collision_geoms();
  }

 private:
  GeomType type(int g) const { return static_cast<GeomType>(m_.geom_type[g]); }
  static uint64_t ordered(const Candidate& c) {
    return join(std::min(c.geom1, c.geom2), std::max(c.geom1, c.geom2));
  }
  uint64_t signature(const Candidate& c) const {
    const int b1 = m_.geom_bodyid[c.geom1], b2 = m_.geom_bodyid[c.geom2];
    return join(std::min(b1, b2), std::max(b1, b2));
  }
  bool is_static(int body) const { return last_dof(m_, body) < 0; }

  // lower type first; equal types: lower body first
  Candidate oriented(int g1, int g2) const {
    const bool swap = m_.geom_type[g1] != m_.geom_type[g2]
                          ? m_.geom_type[g1] > m_.geom_type[g2]
                          : m_.geom_bodyid[g1] > m_.geom_bodyid[g2];
    return swap ? Candidate{g2, g1} : Candidate{g1, g2};
  }

  void explicit_pairs() {
    for (const PairSpec& pair : a_.scene.spec.pairs) {
      const std::string element = title("pair", pair.name);
      const int g1 = a_.find(a_.geom, "geom", pair.geom1, pair.place, element);
      const int g2 = a_.find(a_.geom, "geom", pair.geom2, pair.place, element);
      const int d = pair.condim;
      if (d != 1 && d != 3 && d != 4 && d != 6) {
        a_.malformed(pair.place, element, "condim: is " + std::to_string(d) + ": use 1, 3, 4 or 6");
      }
      if (g1 < 0 || g2 < 0) continue;
      if (g1 == g2) a_.malformed(pair.place, element, "geom2: a geom cannot touch itself");
      Candidate c = oriented(g1, g2);
      c.given = &pair;
      given_.insert(ordered(c));
      // a contact that moves nothing has no rows
      if (is_static(m_.geom_bodyid[g1]) && is_static(m_.geom_bodyid[g2])) continue;
      found_.push_back(c);
    }
  }

  void excludes() {
    for (const ExcludeSpec& exclude : a_.scene.spec.excludes) {
      const std::string element = title("exclude", exclude.name);
      const int b1 = a_.find(a_.body, "body", exclude.body1, exclude.place, element);
      const int b2 = a_.find(a_.body, "body", exclude.body2, exclude.place, element);
      if (b1 >= 0 && b2 >= 0) excluded_.insert(join(std::min(b1, b2), std::max(b1, b2)));
    }
  }

  bool bodies_may_touch(int b1, int b2) const {
    const int w1 = m_.body_weldid[b1], w2 = m_.body_weldid[b2];
    if (w1 == w2) return false;
    if (static_body_[b1] && static_body_[b2]) return false;
    if (m_.flags & kFlagFilterparent) {
      const int p1 = m_.body_weldid[m_.body_parentid[w1]],
                p2 = m_.body_weldid[m_.body_parentid[w2]];
      if (w1 != 0 && w2 != 0 && (w1 == p2 || w2 == p1)) return false;
    }
    return excluded_.empty() || excluded_.count(join(b1, b2)) == 0;
  }

  void dynamic_pairs() {
    // bodies by the bits of their geoms
    std::vector<uint32_t> type_bits(m_.nbody, 0), affinity_bits(m_.nbody, 0);
    for (int g = 0; g < m_.ngeom; ++g) {
      type_bits[m_.geom_bodyid[g]] |= static_cast<uint32_t>(m_.geom_contype[g]);
      affinity_bits[m_.geom_bodyid[g]] |= static_cast<uint32_t>(m_.geom_conaffinity[g]);
    }
    static_body_.resize(m_.nbody);
    for (int b = 0; b < m_.nbody; ++b) static_body_[b] = is_static(b);
    for (int b1 = 0; b1 < m_.nbody; ++b1) {
      if (!type_bits[b1] && !affinity_bits[b1]) continue;
      for (int b2 = b1 + 1; b2 < m_.nbody; ++b2) {
        if (!(type_bits[b1] & affinity_bits[b2]) && !(type_bits[b2] & affinity_bits[b1])) continue;
        if (!bodies_may_touch(b1, b2)) continue;
        if (!geom_pairs(b1, b2)) return;
      }
    }
  }

  bool geom_pairs(int b1, int b2) {
    for (int i = 0; i < m_.body_geomnum[b1]; ++i) {
      for (int j = 0; j < m_.body_geomnum[b2]; ++j) {
        const int g1 = m_.body_geomadr[b1] + i, g2 = m_.body_geomadr[b2] + j;
        if (!(m_.geom_contype[g1] & m_.geom_conaffinity[g2]) &&
            !(m_.geom_contype[g2] & m_.geom_conaffinity[g1])) {
          continue;
        }
        const Candidate c = oriented(g1, g2);
        if (collider_of(type(c.geom1), type(c.geom2)) < 0) continue;
        if (!given_.empty() && given_.count(ordered(c))) continue;
        if (static_cast<int>(found_.size()) >= limits::kPairs) {
          a_.malformed({}, "model",
                       "more than " + std::to_string(limits::kPairs) +
                           " candidate pairs: set contype and conaffinity");
          return false;
        }
        found_.push_back(c);
      }
    }
    return true;
  }

  // a mesh collides as its convex hull
  bool has_hull(int g) {
    if (type(g) != GeomType::mesh || m_.mesh_graphadr[m_.geom_dataid[g]] >= 0) return true;
    const bool contacts = (m_.flags & kFlagContact) && (m_.flags & kFlagConstraint);
    if (!contacts || !refused_.insert(g).second) return false;
    const int body = m_.geom_bodyid[g];
    const SceneGeom& geom = a_.scene.bodies[body].geoms[g - m_.body_geomadr[body]];
    a_.unsupported(
        geom.spec->place, title("geom", geom.spec->name),
        "type=\"mesh\": collides as its convex hull, which the engine does not make: use "
        "a primitive, or contype=\"0\" conaffinity=\"0\"");
    return false;
  }

  void add(const Candidate& c) {
    // planes and height fields never meet each other
    const int collider = collider_of(type(c.geom1), type(c.geom2));
    if (collider < 0 || !has_hull(c.geom1) || !has_hull(c.geom2)) return;
    m_.pair_geom1.push_back(c.geom1);
    m_.pair_geom2.push_back(c.geom2);
    m_.pair_collider.push_back(collider);
    m_.nconmax += collider_slots(collider);
    if (c.given) {
      given(*c.given);
    } else {
      mix(c.geom1, c.geom2);
    }
    if (m_.flags & kFlagOverride) replace_by_options();
    ++m_.npair;
  }

  void given(const PairSpec& pair) {
    m_.pair_condim.push_back(pair.condim);
    m_.pair_mix.push_back(static_cast<int>(FrictionMix::own));
    m_.pair_margin.push_back(pair.margin);
    m_.pair_gap.push_back(pair.gap);
    for (const double f : pair.friction) m_.pair_friction.push_back(std::max(f, kMinMu));
    m_.pair_adhesion.push_back(pair.adhesion);
    append(m_.pair_solref, pair.solref);
    append(m_.pair_solreffriction, pair.solreffriction);
    append(m_.pair_solimp, pair.solimp);
  }

  // one set of parameters for all contacts, whatever their geoms or pairs say; gaps stay
  void replace_by_options() {
    const OptionSpec& o = a_.scene.spec.option;
    m_.pair_mix.back() = static_cast<int>(FrictionMix::own);
    m_.pair_margin.back() = o.o_margin;
    std::transform(o.o_friction.begin(), o.o_friction.end(), m_.pair_friction.end() - 5,
                   [](double f) { return std::max(f, kMinMu); });
    std::copy(o.o_solref.begin(), o.o_solref.end(), m_.pair_solref.end() - 2);
    std::copy(o.o_solref.begin(), o.o_solref.end(), m_.pair_solreffriction.end() - 2);
    std::copy(o.o_solimp.begin(), o.o_solimp.end(), m_.pair_solimp.end() - 5);
  }

  void mix(int g1, int g2) {
    const ContactMix x = mix_contact(m_, g1, g2);
    m_.pair_condim.push_back(x.condim);
    m_.pair_adhesion.push_back(x.adhesion);
    m_.pair_mix.push_back(static_cast<int>(x.friction_of));
    m_.pair_margin.push_back(x.margin);
    m_.pair_gap.push_back(x.gap);
    append(m_.pair_friction, x.friction);
    append(m_.pair_solref, x.solref);
    append(m_.pair_solreffriction, std::array<double, 2>{0, 0});
    append(m_.pair_solimp, x.solimp);
  }

  // pairs come sorted by their bodies, then by their geoms
  void groups() {
    uint64_t last = 0;
    for (int p = 0; p < m_.npair; ++p) {
      const auto [low, high] = std::minmax(m_.pair_geom1[p], m_.pair_geom2[p]);
      const uint64_t both = join(low, m_.geom_bodyid[high]);
      if (p == 0 || both != last) {
        m_.pairgroup_adr.push_back(p);
        m_.pairgroup_reach.push_back(0);
        ++m_.npairgroup;
      }
      double& reach = m_.pairgroup_reach.back();
      reach = std::max(reach, m_.pair_margin[p] + m_.pair_gap[p]);
      last = both;
    }
    m_.pairgroup_adr.push_back(m_.npair);
  }

  void collision_geoms() {
    m_.geom_cid.assign(m_.ngeom, -1);
    for (int p = 0; p < m_.npair; ++p) {
      m_.geom_cid[m_.pair_geom1[p]] = m_.geom_cid[m_.pair_geom2[p]] = 0;
    }
    for (int g = 0; g < m_.ngeom; ++g) {
      if (m_.geom_cid[g] < 0) continue;
      m_.geom_cid[g] = m_.ncgeom++;
      m_.cgeom_id.push_back(g);
    }
  }

  Assembly& a_;
  Model& m_;
  std::vector<Candidate> found_;
  std::unordered_set<uint64_t> given_, excluded_;
  std::unordered_set<int> refused_;
  std::vector<bool> static_body_;
};

}  // namespace

void assemble_pairs(Assembly& a) { PairFinder(a).run(); }

}  // namespace motorium
