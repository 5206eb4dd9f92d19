// Offsets between things at qpos0: found by the compiler, and again where a world moves them.
#pragma once
#include "motorium/physics/model.h"

namespace motorium {

// cam_poscom0, cam_pos0, cam_mat0: where cameras that track a body stand
void camera_offsets(Model& m);
// eq_data of bodies that are connected, and of welds without a relative pose of their own
void equality_offsets(Model& m);

}  // namespace motorium
