// The attributes of every element, once: what writes MJCF and what edits a Spec visit these lists.
//
//   each_attribute(joint, visit):   visit(name, value) for each attribute
//   visit(name, value, written):    an attribute whose MJCF name depends on the others; "" where
//   the
//                                   file says it otherwise, kNowhere where the element has none
//
// A field of spec.h that is missing here is lost when a model is written; a test compares.
#pragma once
#include <string>

#include "motorium/physics/spec/spec.h"
#include "motorium/physics/spec/words.h"

namespace motorium {

inline constexpr char kNowhere[] = "!";

template <class V> void each_attribute(CompilerSpec& s, V&& v) {
  v("autolimits", s.autolimits);
  v("degree", s.degree, "");  // angle="degree|radian"
  v("eulerseq", s.eulerseq);
  v("meshdir", s.meshdir);
  v("texturedir", s.texturedir);
  v("strippath", s.strippath);
  v("inertiafromgeom", s.inertiafromgeom);
  v("inertiagrouprange", s.inertiagrouprange);
  v("boundmass", s.boundmass);
  v("boundinertia", s.boundinertia);
  v("balanceinertia", s.balanceinertia);
  v("settotalmass", s.settotalmass);
  v("fitaabb", s.fitaabb);
  v("alignfree", s.alignfree);
  v("fusestatic", s.fusestatic);
  v("discardvisual", s.discardvisual);
}

template <class V> void each_attribute(LengthRangeSpec& s, V&& v) {
  v("mode", s.mode);
  v("useexisting", s.useexisting);
  v("uselimit", s.uselimit);
  v("accel", s.accel);
  v("maxforce", s.maxforce);
  v("timeconst", s.timeconst);
  v("timestep", s.timestep);
  v("inttotal", s.inttotal);
  v("interval", s.interval);
  v("tolrange", s.tolrange);
}

template <class V> void each_attribute(OptionSpec& s, V&& v) {
  v("timestep", s.timestep);
  v("impratio", s.impratio);
  v("tolerance", s.tolerance);
  v("ls_tolerance", s.ls_tolerance);
  v("gravity", s.gravity);
  v("wind", s.wind);
  v("density", s.density);
  v("viscosity", s.viscosity);
  v("o_margin", s.o_margin);
  v("o_solref", s.o_solref);
  v("o_solimp", s.o_solimp);
  v("o_friction", s.o_friction);
  v("magnetic", s.magnetic);
  v("ccd_tolerance", s.ccd_tolerance);
  v("ccd_iterations", s.ccd_iterations);
  v("iterations", s.iterations);
  v("ls_iterations", s.ls_iterations);
  v("integrator", s.integrator);
  v("cone", s.cone);
  GroupSet groups = {s.disableactuator};
  v("actuatorgroupdisable", groups);
  s.disableactuator = groups.bits;
}

template <class V> void each_attribute(MeshSpec& s, V&& v) {
  v("name", s.name);
  v("file", s.file);
  v("material", s.material);
  v("inertia", s.inertia);
  v("scale", s.scale);
  v("refpos", s.refpos);
  v("refquat", s.refquat);
  v("maxhullvert", s.maxhullvert);
}

template <class V> void each_attribute(HfieldSpec& s, V&& v) {
  v("name", s.name);
  v("file", s.file, "");  // the heights are written out
  v("size", s.size);
  v("nrow", s.nrow);
  v("ncol", s.ncol);
}

template <class V> void each_attribute(BodySpec& s, V&& v) {
  v("name", s.name);
  v("pos", s.pos);
  v("orientation", s.orientation);
  v("mocap", s.mocap);
  v("gravcomp", s.gravcomp);
  v("fuse", s.fuse, s.fuse ? "" : "fuse");
  v("simple", s.simple, s.simple ? "" : "simple");
}

template <class V> void each_attribute(InertialSpec& s, V&& v) {
  v("mass", s.mass);
  v("pos", s.pos);
  v("orientation", s.orientation);
  v("diaginertia", s.diaginertia);
  v("fullinertia", s.fullinertia);
}

template <class V> void each_attribute(JointSpec& s, V&& v) {
  v("name", s.name);
  v("type", s.type);
  v("pos", s.pos);
  v("axis", s.axis);
  v("limited", s.limited);
  v("range", s.range);
  v("actuatorfrclimited", s.actuatorfrclimited);
  v("actuatorfrcrange", s.actuatorfrcrange);
  v("ref", s.ref);
  v("springref", s.springref);
  // linear, quadratic and cubic parts are one attribute
  const auto polynomial = [&](const char* name, double& linear, std::array<double, 2>& poly) {
    std::array<double, 3> all = {linear, poly[0], poly[1]};
    v(name, all);
    linear = all[0];
    poly = {all[1], all[2]};
  };
  polynomial("stiffness", s.stiffness, s.stiffness_poly);
  polynomial("damping", s.damping, s.damping_poly);
  v("springdamper", s.springdamper);
  v("actuatorgravcomp", s.actuatorgravcomp);
  v("armature", s.armature);
  v("frictionloss", s.frictionloss);
  v("margin", s.margin);
  v("solreflimit", s.solref_limit);
  v("solimplimit", s.solimp_limit);
  v("solreffriction", s.solref_friction);
  v("solimpfriction", s.solimp_friction);
  v("group", s.group);
  v("align", s.align, "");  // of <freejoint> only
  v("velocity_limit", s.velocity_limit, "");
}

template <class V> void each_attribute(CameraSpec& s, V&& v) {
  v("name", s.name);
  v("mode", s.mode);
  v("target", s.target);
  v("pos", s.pos);
  v("orientation", s.orientation);
  v("orthographic", s.orthographic, "");                 // projection="orthographic"
  v("fovy", s.fovy, s.sensorsize[0] > 0 ? "" : "fovy");  // or by the lens
  v("resolution", s.resolution);
  v("sensorsize", s.sensorsize);
  v("focal", s.focal);
  v("focalpixel", s.focalpixel);
  v("principal", s.principal);
  v("principalpixel", s.principalpixel);
}

template <class V> void each_attribute(GeomSpec& s, V&& v) {
  v("name", s.name);
  v("type", s.type);
  v("pos", s.pos);
  v("orientation", s.orientation);
  v("fromto", s.fromto);
  v("size", s.size);
  v("mesh", s.mesh);
  v("hfield", s.hfield);
  v("fitscale", s.fitscale);
  v("mass", s.mass);
  v("density", s.density);
  v("shellinertia", s.shellinertia);
  FluidShape shape = s.fluid_ellipsoid ? FluidShape::ellipsoid : FluidShape::none;
  v("fluidshape", shape);
  s.fluid_ellipsoid = shape == FluidShape::ellipsoid;
  v("fluidcoef", s.fluidcoef);
  v("adhesion", s.adhesion);
  v("surfacevel", s.surfacevel);
  v("contype", s.contype);
  v("conaffinity", s.conaffinity);
  v("condim", s.condim);
  v("priority", s.priority);
  v("friction", s.friction);
  v("solmix", s.solmix);
  v("solref", s.solref);
  v("solimp", s.solimp);
  v("margin", s.margin);
  v("gap", s.gap);
  v("group", s.group);
  v("material", s.material);
  v("rgba", s.rgba);
}

template <class V> void each_attribute(SiteSpec& s, V&& v) {
  v("name", s.name);
  v("type", s.type);
  v("pos", s.pos);
  v("orientation", s.orientation);
  v("fromto", s.fromto);
  v("size", s.size);
  v("mesh", s.mesh);
  v("group", s.group);
  v("material", s.material);
  v("rgba", s.rgba);
}

template <class V> void each_attribute(PairSpec& s, V&& v) {
  v("name", s.name);
  v("geom1", s.geom1);
  v("geom2", s.geom2);
  v("condim", s.condim);
  v("friction", s.friction);
  v("solref", s.solref);
  v("solreffriction", s.solreffriction);
  v("solimp", s.solimp);
  v("margin", s.margin);
  v("gap", s.gap);
  v("adhesion", s.adhesion);
}

template <class V> void each_attribute(ExcludeSpec& s, V&& v) {
  v("name", s.name);
  v("body1", s.body1);
  v("body2", s.body2);
}

template <class V> void each_attribute(EqualitySpec& s, V&& v) {
  const bool coupling = s.type == EqualityType::joint || s.type == EqualityType::tendon;
  const bool bodies = !coupling && s.objtype == ObjectType::body;
  const std::string object = word_of(s.objtype);
  v("name", s.name);
  v("type", s.type, "");        // the element's name
  v("objtype", s.objtype, "");  // in the names of the objects
  v("object1", s.object1, object + "1");
  v("object2", s.object2, object + "2");
  v("active", s.active);
  v("anchor", s.anchor, bodies ? "anchor" : kNowhere);
  v("relpose", s.relpose, bodies && s.type == EqualityType::weld ? "relpose" : kNowhere);
  v("polycoef", s.polycoef, coupling ? "polycoef" : kNowhere);
  v("torquescale", s.torquescale, s.type == EqualityType::weld ? "torquescale" : kNowhere);
  v("solref", s.solref);
  v("solimp", s.solimp);
}

template <class V> void each_attribute(TendonSpec& s, V&& v) {
  v("name", s.name);
  v("type", s.type, "");  // the element's name
  v("limited", s.limited);
  v("range", s.range);
  v("actuatorfrclimited", s.actuatorfrclimited);
  v("actuatorfrcrange", s.actuatorfrcrange);
  v("springlength", s.springlength);
  v("stiffness", s.stiffness);
  v("damping", s.damping);
  v("armature", s.armature);
  v("frictionloss", s.frictionloss);
  v("margin", s.margin);
  v("solreflimit", s.solref_limit);
  v("solimplimit", s.solimp_limit);
  v("solreffriction", s.solref_friction);
  v("solimpfriction", s.solimp_friction);
  v("group", s.group);
  const bool spatial = s.type == TendonType::spatial;
  v("width", s.width, spatial ? "width" : kNowhere);
  v("material", s.material, spatial ? "material" : kNowhere);
  v("rgba", s.rgba, spatial ? "rgba" : kNowhere);
}

template <class V> void each_attribute(WrapSpec& s, V&& v) {
  const bool joint = s.type == WrapType::joint, pulley = s.type == WrapType::pulley;
  v("type", s.type, "");  // the element's name
  v("object", s.object, pulley ? "" : word_of(s.type));
  v("sidesite", s.sidesite);
  v("number", s.number, joint ? "coef" : pulley ? "divisor" : "");
}

// shortcuts are written as <general>, which says the same in full
template <class V> void each_attribute(ActuatorSpec& s, V&& v) {
  v("name", s.name);
  v("transmission", s.transmission, "");  // the name of the target
  v("target", s.target, word_of(s.transmission));
  v("refsite", s.refsite);
  v("slidersite", s.slidersite);
  v("cranklength", s.cranklength);
  v("dyntype", s.dyntype);
  v("gaintype", s.gaintype);
  v("biastype", s.biastype);
  v("dynprm", s.dynprm);
  v("gainprm", s.gainprm);
  v("biasprm", s.biasprm);
  v("gear", s.gear);
  v("ctrllimited", s.ctrllimited);
  v("ctrlrange", s.ctrlrange);
  v("forcelimited", s.forcelimited);
  v("forcerange", s.forcerange);
  v("actlimited", s.actlimited);
  v("actrange", s.actrange);
  WordSet inputs = input_words(s.gaintype, s.inputs);
  v("input", inputs);
  s.inputs = inputs.bits;
  v("velrange", s.velrange);
  v("ffrange", s.ffrange);
  v("inheritrange", s.inheritrange);
  v("lengthrange", s.lengthrange);
  v("damping", s.damping);
  v("armature", s.armature);
  v("nsample", s.nsample);
  v("delay", s.delay);
  v("interp", s.interp);
  v("actearly", s.actearly);
  v("group", s.group);
}

// the element is called as `tag`; how it names its objects depends on it
template <class V> void each_attribute(SensorSpec& s, V&& v) {
  const bool frame = s.tag.compare(0, 5, "frame") == 0, contact = s.tag == "contact",
             user = s.tag == "user",
             pair = s.tag == "distance" || s.tag == "normal" || s.tag == "fromto";
  const auto of_contact = [&](ObjectType type, const char* digit) {
    if (type == ObjectType::none) return std::string();
    if (type == ObjectType::site) return std::string("site");
    return (type == ObjectType::xbody ? "subtree" : word_of(type)) + digit;
  };
  std::string object = word_of(s.objtype), reference;
  if (s.objtype == ObjectType::none) object = "actuator";
  if (frame || user) object = "objname";
  if (frame) reference = "refname";
  if (s.tag == "insidesite") object = "objname";
  if (s.tag == "insidesite" || s.tag == "camprojection") reference = word_of(s.reftype);
  if (contact || pair) object = of_contact(s.objtype, "1");
  if (contact || pair) reference = of_contact(s.reftype, "2");
  v("name", s.name);
  v("tag", s.tag, "");
  const bool named = frame || (user && s.objtype != ObjectType::none);
  v("objtype", s.objtype, named || s.tag == "insidesite" ? "objtype" : "");
  v("object", s.object, object);
  v("reftype", s.reftype, frame ? "reftype" : "");
  v("reference", s.reference, reference);
  v("cutoff", s.cutoff);
  v("num", s.slots, contact ? "num" : kNowhere);
  v("reduce", s.reduce, contact ? "reduce" : kNowhere);
  WordSet data = data_words(s);
  v("data", data, data.words.empty() ? kNowhere : "data");
  if (!data.words.empty()) s.data = data.bits;
  v("dim", s.dim, user ? "dim" : kNowhere);
  v("datatype", s.datatype);
  v("needstage", s.needstage);
  v("nsample", s.nsample);
  v("delay", s.delay);
  v("interval", s.interval);
  v("interp", s.interp);
  v("enclosed", s.enclosed, s.tag == "insidesite" ? "enclosed" : kNowhere);
}

template <class V> void each_attribute(KeySpec& s, V&& v) {
  v("name", s.name);
  v("time", s.time);
  v("qpos", s.qpos);
  v("qvel", s.qvel);
  v("act", s.act);
  v("ctrl", s.ctrl);
  v("mpos", s.mpos);
  v("mquat", s.mquat);
}

}  // namespace motorium
