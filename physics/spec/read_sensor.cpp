// sensors and keyframes
#include "motorium/core/limits.h"
#include "motorium/physics/sensor_kinds.h"
#include "motorium/physics/spec/read_elements.h"
#include "motorium/physics/spec/text.h"
#include "motorium/physics/spec/words.h"

namespace motorium {
namespace {

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
    type = ObjectType::camera;
  } else {
    a.malformed(name, "unknown word: use body, xbody, geom, site or camera");
  }
}

// any element that the engine knows by number
void take_any_type(Attributes& a, ObjectType& type) {
  const std::string* word = a.claim("objtype");
  if (!value_of(*word, type)) {
    a.unsupported("objtype", "use " + all_words(type) + ", or leave it out");
  }
}

void take_word(Attributes& a, const char* name, std::initializer_list<const char*> known,
               std::string& out) {
  const std::string* word = a.claim(name);
  if (!word) return;
  std::string list;
  for (const char* each : known) {
    if (*word == each) out = *word;
    list += std::string(list.empty() ? "" : ", ") + each;
  }
  if (out.empty()) a.malformed(name, "unknown word: use one of " + list);
}

// words in a fixed order, each a bit
void take_data(Attributes& a, std::initializer_list<std::string_view> names, int& data) {
  const std::string* text = a.claim("data");
  if (!text) return;
  std::string order;
  for (const std::string_view name : names) order += " " + std::string(name);
  data = 0;
  for (const std::string_view word : words_of(*text)) {
    int bit = 0, next = 1;
    for (const std::string_view name : names) {
      if (word == name) bit = next;
      next *= 2;
    }
    if (bit == 0) {
      a.malformed("data", "unknown word: use" + order);
    } else if (data >= bit) {
      a.malformed("data", "must be in the order" + order);
    }
    data |= bit;
  }
  if (words_of(*text).empty()) a.malformed("data", "is empty");
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

  take_data(a, {"found", "force", "torque", "dist", "pos", "normal", "tangent", "linvel", "angvel"},
            sensor.data);
  a.take("reduce", sensor.reduce,
         {{"none", ContactReduce::none},
          {"mindist", ContactReduce::mindist},
          {"maxforce", ContactReduce::maxforce},
          {"netforce", ContactReduce::netforce}});
  if (sensor.reduce == ContactReduce::netforce &&
      (sensor.data & (kContactLinvel | kContactAngvel)) != 0) {
    a.malformed("reduce", "netforce has no velocity: leave linvel and angvel out of data");
  }
  a.take("num", sensor.slots);
  if (sensor.slots < 1 || sensor.slots > 10000) a.malformed("num", "give 1 to 10000");
}

void read_frame(Attributes& a, SensorSpec& sensor) {
  if (!a.has("objtype")) {
    a.malformed("", "objtype: is missing: use body, xbody, geom, site or camera");
  }
  take_object_type(a, "objtype", sensor.objtype);
  take_required(a, "objname", sensor.object);
}

// two sides, each a geom or a body
void read_pair(Attributes& a, SensorSpec& sensor) {
  const auto take_side = [&](const char* geom, const char* body, ObjectType& type,
                             std::string& name) {
    if (a.has(geom) == a.has(body)) {
      a.malformed("", std::string(geom) + ", " + body + ": give one of them");
    }
    if (a.take_name(body, name)) type = ObjectType::body;
    if (a.take_name(geom, name)) type = ObjectType::geom;
  };
  take_side("geom1", "body1", sensor.objtype, sensor.object);
  take_side("geom2", "body2", sensor.reftype, sensor.reference);
}

// room for numbers that the caller computes
void read_user(Attributes& a, SensorSpec& sensor) {
  if (a.has("objtype") != a.has("objname")) {
    a.malformed("", "objtype and objname belong together");
  }
  if (a.has("objtype")) take_any_type(a, sensor.objtype);
  a.take_name("objname", sensor.object);
  if (!a.has("dim")) a.malformed("", "dim: is missing");
  if (a.take("dim", sensor.dim) && (sensor.dim < 1 || sensor.dim > limits::kSensorNumbers)) {
    a.malformed("dim", "give 1 to " + std::to_string(limits::kSensorNumbers));
  }
  take_word(a, "datatype", {"real", "positive", "axis", "quaternion"}, sensor.datatype);
  take_word(a, "needstage", {"pos", "vel", "acc"}, sensor.needstage);
  const bool axis = sensor.datatype == "axis", turn = sensor.datatype == "quaternion";
  if ((axis && sensor.dim != 3) || (turn && sensor.dim != 4)) {
    a.malformed("dim", axis ? "an axis has 3" : "a quaternion has 4");
  }
  if ((axis || turn) && a.has("cutoff")) {
    a.malformed("cutoff", "directions and rotations cannot be clipped: leave it out");
  }
}

// samples of the past
void read_history(Attributes& a, SensorSpec& sensor) {
  a.take("nsample", sensor.nsample);
  a.take("interp", sensor.interp,
         {{"zoh", Interpolation::zoh},
          {"linear", Interpolation::linear},
          {"cubic", Interpolation::cubic}});
  if (a.take("delay", sensor.delay) && sensor.delay < 0) a.malformed("delay", "is negative");
  if (a.take("interval", sensor.interval, 1) == 0) return;
  if (sensor.interval[0] < 0) a.malformed("interval", "the period is negative");
  if (sensor.interval[1] > 0) a.malformed("interval", "the phase is positive");
}

void read_target(Attributes& a, const SensorKind& kind, SensorSpec& sensor) {
  switch (kind.target) {
    case SensorTarget::site:
      sensor.objtype = ObjectType::site;
      return take_required(a, "site", sensor.object);
    case SensorTarget::joint:
    case SensorTarget::ball_joint:
    case SensorTarget::limited:
      sensor.objtype = ObjectType::joint;
      return take_required(a, "joint", sensor.object);
    case SensorTarget::tendon:
    case SensorTarget::limited_tendon:
      sensor.objtype = ObjectType::tendon;
      return take_required(a, "tendon", sensor.object);
    case SensorTarget::actuator:
      return take_required(a, "actuator", sensor.object);
    case SensorTarget::body:
      sensor.objtype = ObjectType::body;
      return take_required(a, "body", sensor.object);
    case SensorTarget::frame:
      read_frame(a, sensor);
      if (!kind.reference) return;
      if (a.has("reftype") != a.has("refname")) {
        a.malformed("", "reftype and refname belong together");
      }
      take_object_type(a, "reftype", sensor.reftype);
      a.take_name("refname", sensor.reference);
      return;
    case SensorTarget::site_volume:
      read_frame(a, sensor);
      sensor.reftype = ObjectType::site;
      take_required(a, "site", sensor.reference);
      a.take("enclosed", sensor.enclosed);
      if (sensor.enclosed && sensor.objtype == ObjectType::camera) {
        a.malformed("objtype", "a camera has no shape: use body, xbody, geom or site");
      }
      return;
    case SensorTarget::projection:
      sensor.objtype = ObjectType::site;
      take_required(a, "site", sensor.object);
      sensor.reftype = ObjectType::camera;
      return take_required(a, "camera", sensor.reference);
    case SensorTarget::range:
      sensor.data = kRayDist;
      if (a.has("camera") == a.has("site")) a.malformed("", "site, camera: give one of them");
      if (a.take_name("camera", sensor.object)) sensor.objtype = ObjectType::camera;
      if (a.take_name("site", sensor.object)) sensor.objtype = ObjectType::site;
      return take_data(a, {"dist", "dir", "origin", "point", "normal", "depth"}, sensor.data);
    case SensorTarget::contact:
      return read_contact(a, sensor);
    case SensorTarget::pair:
      return read_pair(a, sensor);
    case SensorTarget::anything:
      return read_user(a, sensor);
    case SensorTarget::nothing:
      return;
  }
}

}  // namespace

void read_sensor_section(const Element& element, Spec& spec) {
  Attributes(element, spec).finish(true);
  for (const Element& child : element.children) {
    const SensorKind* kind = nullptr;
    std::vector<std::string_view> known;
    for (const SensorKind& candidate : kSensorKinds) {
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
    if (!kind->cutoff && sensor.cutoff > 0 && kind->target != SensorTarget::contact) {
      a.malformed("cutoff", "directions and rotations cannot be clipped: leave it out");
    }
    if (kind->type != SensorType::user) read_history(a, sensor);
    a.report({"noise", "user"});
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
