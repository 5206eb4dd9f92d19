// sensors: what they look at, and where their numbers are
#include <string>

#include "motorium/core/error.h"
#include "motorium/core/limits.h"
#include "motorium/physics/compile/validate.h"
#include "motorium/physics/sensor_kinds.h"

namespace motorium {
namespace {

void check(bool ok, const char* field, int index, const char* what) {
  if (ok) return;
  throw Error("model: " + std::string(field) + "[" + std::to_string(index) + "]: " + what);
}

// objects of a kind; 0 for kinds that sensors do not name
int count_of(const Model& m, int type) {
  switch (static_cast<ObjectType>(type)) {
    case ObjectType::body:
    case ObjectType::xbody:
      return m.nbody;
    case ObjectType::joint:
      return m.njnt;
    case ObjectType::geom:
      return m.ngeom;
    case ObjectType::site:
      return m.nsite;
    case ObjectType::camera:
      return m.ncam;
    case ObjectType::tendon:
      return m.ntendon;
    case ObjectType::none:
      return 0;
  }
  return 0;
}

bool parameters_fit(const SensorKind& kind, const int* prm) {
  switch (kind.target) {
    case SensorTarget::contact:
      return prm[0] > 0 && prm[0] < 512 && prm[1] >= 0 && prm[1] <= 3 && prm[2] > 0 &&
             prm[2] <= 10000;
    case SensorTarget::range:
      return prm[0] > 0 && prm[0] < 64;
    case SensorTarget::site_volume:
      return prm[0] == 0 || prm[0] == 1;
    default:
      return prm[0] == 0;
  }
}

// shapes that end somewhere: what an enclosure looks at
bool has_shapes(const Model& m, ObjectType type, int id) {
  if (type == ObjectType::camera) return false;
  if (type == ObjectType::site) return m.site_type[id] > 1;
  for (int g = 0; g < m.ngeom; ++g) {
    int b = m.geom_bodyid[g];
    while (type == ObjectType::xbody && b > id) b = m.body_parentid[b];
    if ((type == ObjectType::geom ? g : b) == id && m.geom_type[g] <= 1) return false;
  }
  return true;
}

// the kinds of objects that a sensor can look at; their ids are in range
bool objects_fit(const Model& m, const SensorKind& kind, int s) {
  const auto object = static_cast<ObjectType>(m.sensor_objtype[s]);
  const auto reference = static_cast<ObjectType>(m.sensor_reftype[s]);
  const int id = m.sensor_objid[s];
  const auto has_frame = [](ObjectType t) {
    return t == ObjectType::body || t == ObjectType::xbody || t == ObjectType::geom ||
           t == ObjectType::site || t == ObjectType::camera;
  };
  const auto joint = [&](int low, int high) {
    return object == ObjectType::joint && id >= 0 && m.jnt_type[id] >= low &&
           m.jnt_type[id] <= high;
  };
  switch (kind.target) {
    case SensorTarget::range:
      return object == ObjectType::site || object == ObjectType::camera;
    case SensorTarget::site:
      return object == ObjectType::site;
    case SensorTarget::joint:
      return joint(2, 3);
    case SensorTarget::ball_joint:
      return joint(1, 1);
    case SensorTarget::limited:
      return joint(1, 3) && m.jnt_limitadr[id] >= 0;
    case SensorTarget::tendon:
      return object == ObjectType::tendon;
    case SensorTarget::limited_tendon:
      return object == ObjectType::tendon && m.tendon_limited[id] != 0;
    case SensorTarget::actuator:
      return object == ObjectType::none && id >= 0;
    case SensorTarget::body:
      return object == ObjectType::body;
    case SensorTarget::frame:
      return has_frame(object) && (reference == ObjectType::none || has_frame(reference));
    case SensorTarget::site_volume:
      return has_frame(object) && reference == ObjectType::site &&
             (m.sensor_intprm[3 * s] == 0 ||
              (has_shapes(m, object, id) && has_shapes(m, reference, m.sensor_refid[s])));
    case SensorTarget::projection:
      return object == ObjectType::site && reference == ObjectType::camera;
    case SensorTarget::pair:
      return (object == ObjectType::geom || object == ObjectType::body) &&
             (reference == ObjectType::geom || reference == ObjectType::body);
    case SensorTarget::contact:
      return object != ObjectType::joint && object != ObjectType::camera &&
             object != ObjectType::tendon &&
             (reference == ObjectType::none || reference == ObjectType::geom ||
              reference == ObjectType::body || reference == ObjectType::xbody);
    case SensorTarget::anything:
      return true;
    case SensorTarget::nothing:
      return object == ObjectType::none;
  }
  return false;
}

// samples of the past, after those of actuators
void validate_history(const Model& m, int s, int& adr) {
  const int samples = m.sensor_history[2 * s], how = m.sensor_history[2 * s + 1];
  const double delay = m.sensor_delay[s], period = m.sensor_interval[2 * s],
               phase = m.sensor_interval[2 * s + 1];
  check(samples >= 0 && samples <= limits::kHistorySamples && how >= 0 && how <= 2,
        "sensor_history", s, "is out of range");
  check(m.sensor_historyadr[s] == (samples > 0 ? adr : -1), "sensor_historyadr", s, "is wrong");
  check(delay >= 0 && (delay == 0 || samples > 0), "sensor_delay", s, "needs samples");
  check(
      period >= 0 && (period == 0 || samples > 0) && phase <= 0 && (period == 0 || phase > -period),
      "sensor_interval", s, "does not fit its samples");
  if (samples > 0) adr += 2 + samples * (1 + m.sensor_dim[s]);
  check(adr <= m.nhistory, "nhistory", 0, "does not fit the sensors");
}

}  // namespace

void validate_sensors(const Model& m) {
  int adr = 0, history = 0;
  for (int u = 0; u < m.nactuator; ++u) {
    const int samples = m.actuator_history[2 * u];
    if (samples > 0) history += 2 + samples * (1 + m.actuator_ctrlnum[u]);
  }
  for (int s = 0; s < m.nsensor; ++s) {
    const SensorKind* kind = sensor_kind(static_cast<SensorType>(m.sensor_type[s]));
    check(kind != nullptr, "sensor_type", s, "is unknown");
    check(m.sensor_adr[s] == adr && m.sensor_dim[s] > 0 && m.sensor_dim[s] <= m.nsensordata - adr,
          "sensor_adr", s, "leaves a hole");
    adr += m.sensor_dim[s];
    check(parameters_fit(*kind, &m.sensor_intprm[3 * s]), "sensor_intprm", s,
          "does not fit the sensor");
    const auto type = static_cast<SensorType>(m.sensor_type[s]);
    const bool forces = type == SensorType::actuatorfrc || type == SensorType::actuatorpos ||
                        type == SensorType::actuatorvel;
    const int id = m.sensor_objid[s];
    int dim = forces && id >= 0 && id < m.nactuator ? m.actuator_outnum[id]
                                                    : sensor_dim(*kind, &m.sensor_intprm[3 * s]);
    const bool image = type == SensorType::rangefinder &&
                       m.sensor_objtype[s] == static_cast<int>(ObjectType::camera);
    if (image && id >= 0 && id < m.ncam) {
      check(m.cam_resolution[2 * id] > 0 && m.cam_resolution[2 * id + 1] > 0, "cam_resolution",
            2 * id, "is not positive");
      dim = image_numbers(m, id, dim);
    }
    check(type == SensorType::user || m.sensor_dim[s] == dim, "sensor_dim", s,
          "does not fit the sensor");
    const int object = m.sensor_objtype[s];
    const bool actuator = kind->target == SensorTarget::actuator;
    const int count = actuator ? m.nactuator : count_of(m, object);
    check(object == 0 && !actuator ? id == -1 : id >= 0 && id < count, "sensor_objid", s,
          "is out of range");
    const int reference = m.sensor_reftype[s], id2 = m.sensor_refid[s];
    check(reference == 0 ? id2 == -1 : id2 >= 0 && id2 < count_of(m, reference), "sensor_refid", s,
          "is out of range");
    check(objects_fit(m, *kind, s), "sensor_objtype", s, "does not fit the sensor");
    validate_history(m, s, history);
  }
  check(history == m.nhistory, "nhistory", 0, "does not fit actuators and sensors");
  check(adr == m.nsensordata, "nsensordata", 0, "does not fit the sensors");
}

}  // namespace motorium
