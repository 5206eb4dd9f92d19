// The sensors of MJCF: what each looks at, and how many numbers it gives. For readers, the compiler
// and validation.
#pragma once
#include "motorium/core/limits.h"
#include "motorium/physics/model.h"

namespace motorium {

// what a sensor looks at, and how a file names it
enum class SensorTarget {
  site,
  joint,       // a hinge or slide
  ball_joint,  // a ball
  limited,     // a hinge, slide or ball with limits
  tendon,
  limited_tendon,
  actuator,
  body,
  frame,        // anything that has a frame
  site_volume,  // a frame, and the site that may hold it
  projection,   // a site, and the camera that sees it
  range,        // a site that casts a ray, or a camera that casts one a pixel
  pair,         // two geoms or bodies
  contact,      // what touches
  anything,     // left to the caller: any object or none
  nothing       // the world as a whole
};

struct SensorKind {
  SensorType type;
  const char* tag;
  SensorTarget target;
  int dim;                 // 0: depends on what the sensor is asked for
  bool reference = false;  // may be given relative to another frame
  bool cutoff = true;      // its numbers may be clipped
};

inline constexpr SensorKind kSensorKinds[] = {
    {SensorType::accelerometer, "accelerometer", SensorTarget::site, 3},
    {SensorType::gyro, "gyro", SensorTarget::site, 3},
    {SensorType::velocimeter, "velocimeter", SensorTarget::site, 3},
    {SensorType::jointpos, "jointpos", SensorTarget::joint, 1},
    {SensorType::jointvel, "jointvel", SensorTarget::joint, 1},
    {SensorType::tendonpos, "tendonpos", SensorTarget::tendon, 1},
    {SensorType::tendonvel, "tendonvel", SensorTarget::tendon, 1},
    {SensorType::tendonactuatorfrc, "tendonactuatorfrc", SensorTarget::tendon, 1},
    {SensorType::tendonlimitpos, "tendonlimitpos", SensorTarget::limited_tendon, 1},
    {SensorType::tendonlimitvel, "tendonlimitvel", SensorTarget::limited_tendon, 1},
    {SensorType::tendonlimitfrc, "tendonlimitfrc", SensorTarget::limited_tendon, 1},
    {SensorType::actuatorfrc, "actuatorfrc", SensorTarget::actuator, 1},
    {SensorType::framepos, "framepos", SensorTarget::frame, 3, true},
    {SensorType::framequat, "framequat", SensorTarget::frame, 4, true, false},
    {SensorType::framexaxis, "framexaxis", SensorTarget::frame, 3, true, false},
    {SensorType::frameyaxis, "frameyaxis", SensorTarget::frame, 3, true, false},
    {SensorType::framezaxis, "framezaxis", SensorTarget::frame, 3, true, false},
    {SensorType::framelinvel, "framelinvel", SensorTarget::frame, 3, true},
    {SensorType::frameangvel, "frameangvel", SensorTarget::frame, 3, true},
    {SensorType::subtreecom, "subtreecom", SensorTarget::body, 3},
    {SensorType::subtreelinvel, "subtreelinvel", SensorTarget::body, 3},
    {SensorType::subtreeangmom, "subtreeangmom", SensorTarget::body, 3},
    {SensorType::contact, "contact", SensorTarget::contact, 0},
    {SensorType::actuatorpos, "actuatorpos", SensorTarget::actuator, 1},
    {SensorType::actuatorvel, "actuatorvel", SensorTarget::actuator, 1},
    {SensorType::jointactuatorfrc, "jointactuatorfrc", SensorTarget::joint, 1},
    {SensorType::ballquat, "ballquat", SensorTarget::ball_joint, 4, false, false},
    {SensorType::ballangvel, "ballangvel", SensorTarget::ball_joint, 3},
    {SensorType::framelinacc, "framelinacc", SensorTarget::frame, 3},
    {SensorType::frameangacc, "frameangacc", SensorTarget::frame, 3},
    {SensorType::touch, "touch", SensorTarget::site, 1},
    {SensorType::force, "force", SensorTarget::site, 3},
    {SensorType::torque, "torque", SensorTarget::site, 3},
    {SensorType::clock, "clock", SensorTarget::nothing, 1},
    {SensorType::e_potential, "e_potential", SensorTarget::nothing, 1},
    {SensorType::e_kinetic, "e_kinetic", SensorTarget::nothing, 1},
    {SensorType::magnetometer, "magnetometer", SensorTarget::site, 3},
    {SensorType::jointlimitpos, "jointlimitpos", SensorTarget::limited, 1},
    {SensorType::jointlimitvel, "jointlimitvel", SensorTarget::limited, 1},
    {SensorType::jointlimitfrc, "jointlimitfrc", SensorTarget::limited, 1},
    {SensorType::insidesite, "insidesite", SensorTarget::site_volume, 1},
    {SensorType::camprojection, "camprojection", SensorTarget::projection, 2},
    {SensorType::rangefinder, "rangefinder", SensorTarget::range, 0},
    {SensorType::distance, "distance", SensorTarget::pair, 1},
    {SensorType::normal, "normal", SensorTarget::pair, 3},
    {SensorType::fromto, "fromto", SensorTarget::pair, 6},
    {SensorType::user, "user", SensorTarget::anything, 0}};

inline const SensorKind* sensor_kind(SensorType type) {
  for (const SensorKind& kind : kSensorKinds) {
    if (kind.type == type) return &kind;
  }
  return nullptr;
}

// numbers of a sensor, by its kind and what it is asked for (sensor_intprm), of a rangefinder those
// of one ray; 0: none
inline int sensor_dim(const SensorKind& kind, const int* prm) {
  int sum = 0;
  if (kind.target == SensorTarget::contact) {
    for (int i = 0; i < 9; ++i) sum += prm[0] >> i & 1 ? kContactDataSizes[i] : 0;
    return sum * prm[2];
  }
  if (kind.target == SensorTarget::range) {
    for (int i = 0; i < 6; ++i) sum += prm[0] >> i & 1 ? kRayDataSizes[i] : 0;
    return sum;
  }
  return kind.dim;
}

// numbers of all pixels of a camera; too many: more than anybody may ask for
inline int image_numbers(const Model& m, int camera, int numbers) {
  const int64_t all =
      static_cast<int64_t>(m.cam_resolution[2 * camera]) * m.cam_resolution[2 * camera + 1];
  return all > limits::kSensorNumbers ? limits::kSensorNumbers + 1
                                      : static_cast<int>(all) * numbers;
}

}  // namespace motorium
