#include <cstdio>

#include "motorium/core/status.h"
#include "motorium/physics/batch.h"

int main() {
  motorium::Batch batch(motorium::load_model("robots/quad/robot.xml"), {.worlds = 256});
  batch.step({.nstep = 200});
  const float* qpos = static_cast<const float*>(batch.state("qpos").data);
  std::printf("after %.2f s the trunk of world 0 is %.3f m high\n", batch.time(0),
              static_cast<double>(qpos[2]));
  return batch.status_count(motorium::kStatusFrozen) == 0 ? 0 : 1;
}
