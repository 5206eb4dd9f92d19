// compiler options that change the tree of bodies
#include "motorium/physics/compile/scene.h"

namespace motorium {

void reshape_scene(Scene&) {}

}  // namespace motorium
