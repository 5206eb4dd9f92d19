// cameras: where they stand, how they move, what they see
#include "motorium/physics/spec/read_elements.h"

namespace motorium {

void read_camera(Attributes& a, CameraSpec& camera) {
  a.take("mode", camera.mode,
         {{"fixed", CameraMode::fixed},
          {"track", CameraMode::track},
          {"trackcom", CameraMode::trackcom},
          {"targetbody", CameraMode::targetbody},
          {"targetbodycom", CameraMode::targetbodycom}});
  a.take_name("target", camera.target);
  a.take("pos", camera.pos);
  take_orientation(a, camera.orientation);
  a.take("projection", camera.orthographic, {{"perspective", false}, {"orthographic", true}});
  if (a.has("fovy") && a.has("sensorsize")) a.malformed("fovy", "give fovy or sensorsize");
  a.take("fovy", camera.fovy);
  a.take("resolution", camera.resolution);
  a.take("sensorsize", camera.sensorsize);
  a.take("focal", camera.focal);
  a.take("focalpixel", camera.focalpixel);
  a.take("principal", camera.principal);
  a.take("principalpixel", camera.principalpixel);
  // only a renderer uses these
  a.skip({"ipd", "output"});
  a.report({"user"});
}

}  // namespace motorium
