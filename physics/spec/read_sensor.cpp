// sensors and keyframes
#include "motorium/physics/spec/read_elements.h"
#include "motorium/physics/spec/text.h"

namespace motorium {
namespace {

// how a sensor names what it looks at
enum class Target { site, joint, tendon, actuator, body, frame, contact };

struct Kind {
  const char* tag;
  SensorType type;
  Target target;
  bool reference = false;  // may be given relative to another frame
  bool cutoff = true;
};

const Kind kKinds[] = {{"accelerometer", SensorType::accelerometer, Target::site},
                       {"gyro", SensorType::gyro, Target::site},
                       {"velocimeter", SensorType::velocimeter, Target::site},
                       {"jointpos", SensorType::jointpos, Target::joint},
                       {"jointvel", SensorType::jointvel, Target::joint},
                       {"tendonpos", SensorType::tendonpos, Target::tendon},
                       {"tendonvel", SensorType::tendonvel, Target::tendon},
                       {"tendonactuatorfrc", SensorType::tendonactuatorfrc, Target::tendon},
                       {"tendonlimitpos", SensorType::tendonlimitpos, Target::tendon},
                       {"tendonlimitvel", SensorType::tendonlimitvel, Target::tendon},
                       {"tendonlimitfrc", SensorType::tendonlimitfrc, Target::tendon},
                       {"actuatorfrc", SensorType::actuatorfrc, Target::actuator},
                       {"framepos", SensorType::framepos, Target::frame, true},
                       {"framequat", SensorType::framequat, Target::frame, true, false},
                       {"framexaxis", SensorType::framexaxis, Target::frame, true, false},
                       {"frameyaxis", SensorType::frameyaxis, Target::frame, true, false},
                       {"framezaxis", SensorType::framezaxis, Target::frame, true, false},
                       {"framelinvel", SensorType::framelinvel, Target::frame, true},
                       {"frameangvel", SensorType::frameangvel, Target::frame, true},
                       {"subtreecom", SensorType::subtreecom, Target::body},
                       {"subtreelinvel", SensorType::subtreelinvel, Target::body},
                       {"subtreeangmom", SensorType::subtreeangmom, Target::body},
                       {"contact", SensorType::contact, Target::contact, false, false}};

void take_required(Attributes& a, const char* name, std::string& out) {
  if (!a.has(name)) a.malformed("", std::string(name) + ": is missing");
  a.take_name(name, out);
}

void take_object_type(Attributes& a, const char* name, ObjectType& type) {
  const std::string* word = a.claim(name);
  if (!word) return;
  if (*word == "body") {
    type = ObjectType::body;
  } else if (*word == "xbody") {
    type = ObjectType::xbody;
  } else if (*word == "geom") {
    type = ObjectType::geom;
  } else if (*word == "site") {
    type = ObjectType::site;
  } else if (*word == "camera") {
    a.unsupported(name, "the engine has no camera frames: put a site there");
  } else {
    a.malformed(name, "unknown word: use body, xbody, geom or site");
  }
}

void read_contact(Attributes& a, SensorSpec& sensor) {
  // first and second object, each by geom, body, subtree, or the volume of a site
  int given1 = 0, given2 = 0;
  const auto take_object = [&](const char* name, ObjectType type, ObjectType& out,
                               std::string& target, int& given) {
    if (a.has(name) && ++given > 1) a.malformed(name, "the object is given twice");
    if (a.take_name(name, target)) out = type;
  };
  take_object("site", ObjectType::site, sensor.objtype, sensor.object, given1);
  take_object("geom1", ObjectType::geom, sensor.objtype, sensor.object, given1);
  take_object("body1", ObjectType::body, sensor.objtype, sensor.object, given1);
  take_object("subtree1", ObjectType::xbody, sensor.objtype, sensor.object, given1);
  take_object("geom2", ObjectType::geom, sensor.reftype, sensor.reference, given2);
  take_object("body2", ObjectType::body, sensor.reftype, sensor.reference, given2);
  take_object("subtree2", ObjectType::xbody, sensor.reftype, sensor.reference, given2);

  if (const std::string* data = a.claim("data")) {
    const char* names[] = {"found", "force", "torque", "dist", "pos", "normal", "tangent"};
    sensor.data = 0;
    for (const std::string_view word : words_of(*data)) {
      if (word == "linvel" || word == "angvel") {
        a.unsupported("data", "the engine has no contact velocities: use framelinvel");
        continue;
      }
      int bit = 0;
      for (int i = 0; i < 7; ++i) {
        if (word == names[i]) bit = 1 << i;
      }
      if (bit == 0) {
        a.malformed("data", "unknown word: use found force torque dist pos normal tangent");
      } else if (sensor.data >= bit) {
        a.malformed("data", "must be in the order found force torque dist pos normal tangent");
      }
      sensor.data |= bit;
    }
    if (words_of(*data).empty()) a.malformed("data", "is empty");
  }
  a.take("reduce", sensor.reduce,
         {{"none", ContactReduce::none},
          {"mindist", ContactReduce::mindist},
          {"maxforce", ContactReduce::maxforce},
          {"netforce", ContactReduce::netforce}});
  a.take("num", sensor.slots);
  if (sensor.slots < 1 || sensor.slots > 10000) a.malformed("num", "give 1 to 10000");
}

void read_target(Attributes& a, const Kind& kind, SensorSpec& sensor) {
  switch (kind.target) {
    case Target::site:
      sensor.objtype = ObjectType::site;
      return take_required(a, "site", sensor.object);
    case Target::joint:
      sensor.objtype = ObjectType::joint;
      return take_required(a, "joint", sensor.object);
    case Target::tendon:
      sensor.objtype = ObjectType::tendon;
      return take_required(a, "tendon", sensor.object);
    case Target::actuator:
      return take_required(a, "actuator", sensor.object);
    case Target::body:
      sensor.objtype = ObjectType::body;
      return take_required(a, "body", sensor.object);
    case Target::frame:
      if (!a.has("objtype")) a.malformed("", "objtype: is missing: use body, xbody, geom or site");
      take_object_type(a, "objtype", sensor.objtype);
      take_required(a, "objname", sensor.object);
      if (a.has("reftype") != a.has("refname")) {
        a.malformed("", "reftype and refname belong together");
      }
      take_object_type(a, "reftype", sensor.reftype);
      a.take_name("refname", sensor.reference);
      return;
    case Target::contact:
      return read_contact(a, sensor);
  }
}

}  // namespace

void read_sensor_section(const Element& element, Spec& spec) {
  Attributes(element, spec).finish(true);
  for (const Element& child : element.children) {
    const Kind* kind = nullptr;
    std::vector<std::string_view> known;
    for (const Kind& candidate : kKinds) {
      known.emplace_back(candidate.tag);
      if (child.tag == candidate.tag) kind = &candidate;
    }
    if (!kind) {
      if (!refuse_known(child, "sensor", spec)) unknown_element(child, "sensor", known, spec);
      continue;
    }
    Attributes a(child, spec);
    SensorSpec sensor;
    sensor.place = child.place;
    sensor.tag = child.tag;
    sensor.type = kind->type;
    a.take_name("name", sensor.name);
    read_target(a, *kind, sensor);
    if (a.take("cutoff", sensor.cutoff) && sensor.cutoff < 0) a.malformed("cutoff", "is negative");
    if (!kind->cutoff && sensor.cutoff > 0 && kind->target != Target::contact) {
      a.malformed("cutoff", "directions and rotations cannot be clipped: leave it out");
    }
    // samples of the past
    for (const char* name : {"delay", "interval", "nsample"}) {
      a.refuse_nonzero(name, "the engine keeps no sensor history: sample in the caller");
    }
    a.report({"noise", "user", "interp"});
    a.finish();
    spec.sensors.push_back(std::move(sensor));
  }
}

void read_keyframe_section(const Element& element, Spec& spec) {
  Attributes(element, spec).finish(true);
  for (const Element& child : element.children) {
    if (child.tag != "key") {
      unknown_element(child, "keyframe", {"key"}, spec);
      continue;
    }
    Attributes a(child, spec);
    KeySpec key;
    key.place = child.place;
    a.take_name("name", key.name);
    a.take("time", key.time);
    a.take("qpos", key.qpos);
    a.take("qvel", key.qvel);
    a.take("act", key.act);
    a.take("ctrl", key.ctrl);
    a.take("mpos", key.mpos);
    a.take("mquat", key.mquat);
    a.finish();
    spec.keys.push_back(std::move(key));
  }
}

}  // namespace motorium
