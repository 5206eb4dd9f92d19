#include "collide_run.h"

namespace motorium {

void collide_double(int collider, const CollideCase<double>* in, int n,
                    CollideResult<double>* out) {
  collide_cases<double>(collider, in, n, out);
}
void collide_float(int collider, const CollideCase<float>* in, int n, CollideResult<float>* out) {
  collide_cases<float>(collider, in, n, out);
}
void collide_pack8_v3(int collider, const CollideCase<float>* in, int n,
                      CollideResult<float>* out) {
  collide_cases<Pack<8>>(collider, in, n, out);
}
double time_float(int collider, const CollideCase<float>* in, int n, int repeats) {
  return collide_time<float>(collider, in, n, repeats);
}
double time_pack8_v3(int collider, const CollideCase<float>* in, int n, int repeats) {
  return collide_time<Pack<8>>(collider, in, n, repeats);
}

}  // namespace motorium
