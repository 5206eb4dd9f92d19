// tendons: fixed (a sum of joint positions) and spatial (a string through sites and around geoms)
#include "motorium/physics/spec/read_elements.h"

namespace motorium {
namespace {

void take_required(Attributes& a, const char* name, std::string& out) {
  if (!a.has(name)) a.malformed("", std::string(name) + ": is missing");
  a.take_name(name, out);
}

// <fixed><joint joint="" coef=""/></fixed>
void read_fixed_path(const Element& element, TendonSpec& tendon, Spec& spec) {
  for (const Element& child : element.children) {
    if (child.tag != "joint") {
      unknown_element(child, "fixed", {"joint"}, spec);
      continue;
    }
    Attributes a(child, spec);
    WrapSpec wrap;
    wrap.place = child.place;
    wrap.type = WrapType::joint;
    take_required(a, "joint", wrap.object);
    if (!a.take("coef", wrap.number) && !a.has("coef")) a.malformed("", "coef: is missing");
    a.finish();
    tendon.path.push_back(std::move(wrap));
  }
}

// <spatial><site/> <geom/> <site/> <pulley/> ...</spatial>
void read_spatial_path(const Element& element, TendonSpec& tendon, Spec& spec) {
  for (const Element& child : element.children) {
    Attributes a(child, spec);
    WrapSpec wrap;
    wrap.place = child.place;
    if (child.tag == "site") {
      wrap.type = WrapType::site;
      take_required(a, "site", wrap.object);
    } else if (child.tag == "geom") {
      // sphere or cylinder: the compiler knows
      wrap.type = WrapType::sphere;
      take_required(a, "geom", wrap.object);
      a.take_name("sidesite", wrap.sidesite);
    } else if (child.tag == "pulley") {
      wrap.type = WrapType::pulley;
      if (!a.take("divisor", wrap.number) && !a.has("divisor")) {
        a.malformed("", "divisor: is missing");
      } else if (!(wrap.number > 0)) {
        a.malformed("divisor", "is not positive: give the number of strands that the pulley makes");
      }
    } else {
      unknown_element(child, "spatial", {"site", "geom", "pulley"}, spec);
      continue;
    }
    a.finish();
    tendon.path.push_back(std::move(wrap));
  }
}

}  // namespace

void read_tendon(Attributes& a, bool spatial, TendonSpec& tendon) {
  a.take("group", tendon.group);
  a.take("limited", tendon.limited);
  a.take("range", tendon.range);
  a.take("actuatorfrclimited", tendon.actuatorfrclimited);
  a.take("actuatorfrcrange", tendon.actuatorfrcrange);
  a.take("solreflimit", tendon.solref_limit, 1);
  a.take("solimplimit", tendon.solimp_limit, 1);
  a.take("solreffriction", tendon.solref_friction, 1);
  a.take("solimpfriction", tendon.solimp_friction, 1);
  a.take("frictionloss", tendon.frictionloss);
  a.take("margin", tendon.margin);
  a.take("stiffness", tendon.stiffness, 1);
  a.take("damping", tendon.damping, 1);
  a.take("armature", tendon.armature);
  // one number stands for both ends of the dead band
  if (a.take("springlength", tendon.springlength, 1) == 1) {
    tendon.springlength[1] = tendon.springlength[0];
  }
  a.refuse_nonzero("springyield", "the engine has no plastic springs: use 0");
  if (spatial) {
    a.take("width", tendon.width);
    a.take_name("material", tendon.material);
    a.take_color("rgba", tendon.rgba);
  }
  a.report({"user"});
}

void read_tendon_section(const Element& element, const Defaults& defaults, Spec& spec) {
  Attributes(element, spec).finish(true);
  for (const Element& child : element.children) {
    const bool spatial = child.tag == "spatial";
    if (!spatial && child.tag != "fixed") {
      unknown_element(child, "tendon", {"fixed", "spatial"}, spec);
      continue;
    }
    Attributes a(child, spec);
    TendonSpec tendon = defaults.classes[find_class(a, defaults, 0)].tendon;
    tendon.place = child.place;
    tendon.type = spatial ? TendonType::spatial : TendonType::fixed;
    a.take_name("name", tendon.name);
    read_tendon(a, spatial, tendon);
    a.finish(true);
    if (spatial) {
      read_spatial_path(child, tendon, spec);
    } else {
      read_fixed_path(child, tendon, spec);
    }
    spec.tendons.push_back(std::move(tendon));
  }
}

}  // namespace motorium
