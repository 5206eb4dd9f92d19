#include "motorium/physics/compile/assemble.h"
#include "motorium/physics/compile/offsets.h"

namespace motorium {
namespace {

void check_joint(Assembly& a, const EqualitySpec& s, const std::string& element, int joint) {
  if (joint < 0) return;
  const auto type = static_cast<JointType>(a.m.jnt_type[joint]);
  if (type == JointType::hinge || type == JointType::slide) return;
  a.malformed(s.place, element, "needs hinge or slide joints");
}

// the relative pose of a weld, if it has one of its own
void weld_data(const EqualitySpec& s, std::array<double, 12>& data) {
  const auto& r = s.relpose;
  const bool given = r[3] != 0 || r[4] != 0 || r[5] != 0 || r[6] != 0;
  data[11] = given ? 0 : 1;
  if (!given) return;
  const Quaternion turn = normalized({r[3], r[4], r[5], r[6]});
  for (int i = 0; i < 3; ++i) data[3 + i] = r[i];
  for (int i = 0; i < 4; ++i) data[6 + i] = turn[i];
}

}  // namespace

void assemble_equalities(Assembly& a) {
  Model& m = a.m;
  NameMap names;
  for (const EqualitySpec& s : a.scene.spec.equalities) {
    const char* tag = s.type == EqualityType::joint    ? "joint"
                      : s.type == EqualityType::tendon ? "tendon"
                      : s.type == EqualityType::weld   ? "weld"
                                                       : "connect";
    const std::string element = title(tag, s.name);
    if (!s.name.empty() && !names.emplace(s.name, m.neq).second) {
      a.malformed(s.place, element, "an equality of this name exists");
    }
    std::array<double, 12> data = {};
    // lengths and joint positions obey a polynomial, bodies and sites stay together
    const bool coupling = s.type == EqualityType::joint || s.type == EqualityType::tendon;
    if (!coupling) data[10] = s.torquescale;
    int first = -1, second = -1;
    if (s.type == EqualityType::joint) {
      first = a.find(a.joint, "joint1", s.object1, s.place, element);
      second = a.find(a.joint, "joint2", s.object2, s.place, element);
      check_joint(a, s, element, first);
      check_joint(a, s, element, second);
      if (first >= 0 && first == second) {
        a.malformed(s.place, element, "joint2: is the same joint");
      }
      for (int i = 0; i < 5; ++i) data[i] = s.polycoef[i];
    } else if (s.type == EqualityType::tendon) {
      first = a.find(a.tendon, "tendon1", s.object1, s.place, element);
      second = a.find(a.tendon, "tendon2", s.object2, s.place, element);
      if (first >= 0 && first == second) {
        a.malformed(s.place, element, "tendon2: is the same tendon");
      }
      for (int i = 0; i < 5; ++i) data[i] = s.polycoef[i];
    } else if (s.objtype == ObjectType::site) {
      first = a.find(a.site, "site1", s.object1, s.place, element);
      second = a.find(a.site, "site2", s.object2, s.place, element);
      if (s.type == EqualityType::weld) data[6] = 1;
    } else {
      first = a.find(a.body, "body1", s.object1, s.place, element);
      // a missing second body is the world
      second = s.object2.empty() ? 0 : a.find(a.body, "body2", s.object2, s.place, element);
      for (int i = 0; i < 3; ++i) data[i] = s.anchor[i];
      if (s.type == EqualityType::weld) weld_data(s, data);
    }
    if (!coupling && first >= 0 && first == second) {
      a.malformed(s.place, element, "the second object is the first");
    }
    m.eq_name.push_back(s.name);
    m.eq_type.push_back(static_cast<int>(s.type));
    m.eq_objtype.push_back(static_cast<int>(s.objtype));
    m.eq_obj1id.push_back(first);
    m.eq_obj2id.push_back(second);
    m.eq_active0.push_back(s.active);
    append(m.eq_data, data);
    append(m.eq_solref, s.solref);
    append(m.eq_solimp, s.solimp);
    ++m.neq;
  }
  equality_offsets(m);
}

}  // namespace motorium
