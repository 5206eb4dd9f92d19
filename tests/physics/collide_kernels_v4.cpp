#include "collide_run.h"

namespace motorium {

void collide_pack8_v4(int collider, const CollideCase<float>* in, int n,
                      CollideResult<float>* out) {
  collide_cases<Pack<8>>(collider, in, n, out);
}
void collide_pack16_v4(int collider, const CollideCase<float>* in, int n,
                       CollideResult<float>* out) {
  collide_cases<Pack<16>>(collider, in, n, out);
}
double time_pack16_v4(int collider, const CollideCase<float>* in, int n, int repeats) {
  return collide_time<Pack<16>>(collider, in, n, repeats);
}

}  // namespace motorium
