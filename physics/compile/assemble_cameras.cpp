// Cameras: frames and lenses.
//   focal = focalpixel sensorsize / resolution where given in pixels;  fovy = 2 atan(height / 2
//   focal)
#include <cmath>
#include <numbers>

#include "motorium/physics/compile/assemble.h"

namespace motorium {
namespace {

// lenses are kept in float, as MuJoCo keeps them
double as_float(double x) { return static_cast<double>(static_cast<float>(x)); }

void add_lens(Assembly& a, const CameraSpec& s) {
  Model& m = a.m;
  const std::string element = title("camera", s.name);
  if (s.fovy >= 180) a.malformed(s.place, element, "fovy: must be below 180");
  const bool sized = s.sensorsize[0] > 0 && s.sensorsize[1] > 0;
  double intrinsic[4] = {0, 0, 0, 0};
  const std::array<double, 2>* lengths[] = {&s.focal, &s.principal};
  const std::array<double, 2>* pixels[] = {&s.focalpixel, &s.principalpixel};
  bool given = false;
  for (int i = 0; i < 4; ++i) {
    const double length = (*lengths[i / 2])[i % 2], pixel = (*pixels[i / 2])[i % 2];
    given = given || length != 0 || pixel != 0;
    intrinsic[i] = as_float(length);
    if (sized && pixel != 0) {
      const int resolution = s.resolution[i % 2];
      if (resolution <= 0) {
        a.malformed(s.place, element, "resolution: must be positive where lengths are in pixels");
        return;
      }
      const float density =
          static_cast<float>(resolution) / static_cast<float>(s.sensorsize[i % 2]);
      intrinsic[i] = static_cast<double>(static_cast<float>(pixel) / density);
    }
  }
  if (given && !sized) {
    a.malformed(s.place, element, "sensorsize: is missing: focal and principal need it");
  }
  double fovy = s.fovy;
  if (sized) {
    const auto height = static_cast<float>(s.sensorsize[1]);
    const float angle = std::atan2(height, 2 * static_cast<float>(intrinsic[1]));
    fovy = static_cast<double>(angle) * 360 / std::numbers::pi;
  }
  m.cam_fovy.push_back(fovy);
  for (const double size : s.sensorsize) m.cam_sensorsize.push_back(as_float(size));
  m.cam_intrinsic.insert(m.cam_intrinsic.end(), intrinsic, intrinsic + 4);
}

}  // namespace

void assemble_cameras(Assembly& a) {
  Model& m = a.m;
  for (size_t b = 0; b < a.scene.bodies.size(); ++b) {
    for (const SceneCamera& camera : a.scene.bodies[b].cameras) {
      const CameraSpec& s = *camera.spec;
      const std::string element = title("camera", s.name);
      add_name(a, a.camera, s.name, m.ncam, "camera", s.place);
      m.cam_name.push_back(s.name);
      m.cam_bodyid.push_back(static_cast<int>(b));
      m.cam_mode.push_back(static_cast<int>(s.mode));
      m.cam_targetbodyid.push_back(a.find(a.body, "body", s.target, s.place, element));
      append(m.cam_pos, camera.pose.pos);
      append(m.cam_quat, camera.pose.quat);
      m.cam_projection.push_back(s.orthographic);
      m.cam_resolution.insert(m.cam_resolution.end(), s.resolution.begin(), s.resolution.end());
      add_lens(a, s);
      ++m.ncam;
    }
  }
}

}  // namespace motorium
