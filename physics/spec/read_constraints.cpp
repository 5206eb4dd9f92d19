// contact pairs and excludes, equality constraints
#include "motorium/physics/spec/read_elements.h"

namespace motorium {
namespace {

void take_required(Attributes& a, const char* name, std::string& out) {
  if (!a.has(name)) a.malformed("", std::string(name) + ": is missing");
  a.take_name(name, out);
}

}  // namespace

void read_pair(Attributes& a, PairSpec& pair) {
  a.take("condim", pair.condim);
  a.take("friction", pair.friction, 1);
  a.take("solref", pair.solref, 1);
  a.take("solreffriction", pair.solreffriction, 1);
  a.take("solimp", pair.solimp, 1);
  a.take("margin", pair.margin);
  a.take("gap", pair.gap);
  a.take("adhesion", pair.adhesion);
}

void read_contact_section(const Element& element, const Defaults& defaults, Spec& spec) {
  Attributes(element, spec).finish(true);
  for (const Element& child : element.children) {
    Attributes a(child, spec);
    if (child.tag == "pair") {
      PairSpec pair = defaults.classes[find_class(a, defaults, 0)].pair;
      pair.place = child.place;
      a.take_name("name", pair.name);
      take_required(a, "geom1", pair.geom1);
      take_required(a, "geom2", pair.geom2);
      read_pair(a, pair);
      a.finish();
      spec.pairs.push_back(std::move(pair));
    } else if (child.tag == "exclude") {
      ExcludeSpec exclude;
      exclude.place = child.place;
      a.take_name("name", exclude.name);
      take_required(a, "body1", exclude.body1);
      take_required(a, "body2", exclude.body2);
      a.finish();
      spec.excludes.push_back(std::move(exclude));
    } else {
      unknown_element(child, "contact", {"pair", "exclude"}, spec);
    }
  }
}

void read_equality(Attributes& a, EqualitySpec& equality) {
  a.take("active", equality.active);
  a.take("solref", equality.solref, 1);
  a.take("solimp", equality.solimp, 1);
}

void read_equality_section(const Element& element, const Defaults& defaults, Spec& spec) {
  Attributes(element, spec).finish(true);
  for (const Element& child : element.children) {
    const std::string& tag = child.tag;
    if (tag != "connect" && tag != "weld" && tag != "joint" && tag != "tendon") {
      if (!refuse_known(child, "equality", spec)) {
        unknown_element(child, "equality", {"connect", "weld", "joint", "tendon"}, spec);
      }
      continue;
    }
    Attributes a(child, spec);
    EqualitySpec equality = defaults.classes[find_class(a, defaults, 0)].equality;
    equality.place = child.place;
    a.take_name("name", equality.name);
    read_equality(a, equality);
    if (tag == "joint") {
      equality.type = EqualityType::joint;
      equality.objtype = ObjectType::joint;
      take_required(a, "joint1", equality.object1);
      a.take_name("joint2", equality.object2);
      a.take("polycoef", equality.polycoef, 1);
    } else if (tag == "tendon") {
      equality.type = EqualityType::tendon;
      equality.objtype = ObjectType::tendon;
      take_required(a, "tendon1", equality.object1);
      a.take_name("tendon2", equality.object2);
      a.take("polycoef", equality.polycoef, 1);
    } else {
      equality.type = tag == "weld" ? EqualityType::weld : EqualityType::connect;
      // two sites, or a body with an anchor and another body or the world
      const bool sites = a.has("site1") || a.has("site2");
      const bool bodies = a.has("body1") || a.has("body2") || a.has("anchor") || a.has("relpose");
      if (sites && bodies) a.malformed("", "give site1 and site2, or body1, body2 and anchor");
      equality.objtype = sites ? ObjectType::site : ObjectType::body;
      if (sites) {
        take_required(a, "site1", equality.object1);
        take_required(a, "site2", equality.object2);
        a.skip({"body1", "body2", "anchor", "relpose"});
      } else {
        take_required(a, "body1", equality.object1);
        a.take_name("body2", equality.object2);
        if (a.take("anchor", equality.anchor) == 0) {
          if (tag == "connect" && !a.has("anchor")) a.malformed("", "anchor: is missing");
          equality.anchor = {0, 0, 0};
        }
        if (tag == "weld") a.take("relpose", equality.relpose);
      }
      if (tag == "weld") a.take("torquescale", equality.torquescale);
    }
    a.finish();
    spec.equalities.push_back(std::move(equality));
  }
}

}  // namespace motorium
