// what only a viewer uses: known attributes, kept as written, no effect on physics
#include "motorium/physics/spec/read_elements.h"
#include "motorium/physics/spec/text.h"

namespace motorium {
namespace {

struct Known {
  const char* tag;
  const char* attributes;
  const char* children;
};

const Known kKnown[] = {
    {"visual", "", "global quality headlight map scale rgba"},
    {"global",
     "azimuth bvactive cameraid elevation ellipsoidinertia fovy glow ipd linewidth offheight "
     "offwidth orthographic realtime",
     ""},
    {"quality", "numquads numslices numstacks offsamples shadowsize", ""},
    {"headlight", "active ambient diffuse specular", ""},
    {"map",
     "actuatortendon alpha fogend fogstart force haze shadowclip shadowscale stiffness "
     "stiffnessrot "
     "torque zfar znear",
     ""},
    {"scale",
     "actuatorlength actuatorwidth camera com connect constraint contactheight contactwidth "
     "forcewidth framelength framewidth frustum jointlength jointwidth light selectpoint "
     "slidercrank",
     ""},
    {"rgba",
     "actuator actuatornegative actuatorpositive bv bvactive camera com connect constraint "
     "contactforce contactfriction contactgap contactpoint contacttorque crankbroken fog force "
     "frustum haze inertia joint light rangefinder selectpoint slidercrank",
     ""},
    {"statistic", "center extent meaninertia meanmass meansize", ""},
    {"texture",
     "builtin class colorspace content_type embed file fileback filedown filefront fileleft "
     "fileright fileup gridlayout gridsize height hflip mark markrgb name nchannel random rgb1 "
     "rgb2 "
     "type vflip width",
     ""},
    {"material",
     "class emission metallic name reflectance rgba roughness shininess specular texrepeat texture "
     "texuniform",
     "layer"},
    {"layer", "role texture", ""},
    {"light",
     "active ambient attenuation bulbradius castshadow class cutoff diffuse dir directional "
     "exponent "
     "intensity mode name pos range softness specular target texture type",
     ""},
    {"skin", "face file group inflate material name rgba texcoord vertex", "bone"},
    {"bone", "bindpos bindquat body vertid vertweight", ""},
};

const Known* find_known(const std::string& tag) {
  for (const Known& known : kKnown) {
    if (tag == known.tag) return &known;
  }
  return nullptr;
}

}  // namespace

bool is_viewer_element(const std::string& tag) {
  return tag == "texture" || tag == "material" || tag == "light";
}

void read_viewer_element(const Element& element, Spec& spec) {
  const Known* known = find_known(element.tag);
  Attributes a(element, spec);
  const std::vector<std::string_view> names = words_of(known->attributes);
  for (const std::string_view name : names) {
    // names are checked, they may be referred to
    std::string text;
    if (name == "name" || name == "target") {
      a.take_name(name, text);
    } else {
      a.claim(name);
    }
  }
  a.finish(true);
  const std::vector<std::string_view> children = words_of(known->children);
  for (const Element& child : element.children) {
    bool found = false;
    for (const std::string_view name : children) found = found || child.tag == name;
    if (found) {
      read_viewer_element(child, spec);
    } else {
      unknown_element(child, element.tag, children, spec);
    }
  }
}

}  // namespace motorium
