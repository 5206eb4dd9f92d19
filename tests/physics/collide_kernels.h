// Colliders over arrays of cases, for tests and benchmarks: one entry per number type and
// instruction set, so that the caller needs no special compiler flags.
#pragma once

namespace motorium {

// poses of two geoms and what to do with them
template <class S> struct CollideCase {
  S pos1[3], R1[9], size1[3], pos2[3], R2[9], size2[3];
  S margin;
  bool active;
};

template <class S> struct CollideResult {
  bool found[8];
  S dist[8], pos[8][3], normal[8][3];
};

// number of slots of a collider, in the order of the enum Collider
inline constexpr int kColliderSlots[9] = {1, 2, 4, 1, 1, 1, 2, 2, 8};

template <class S>
using CollideEntry = void (*)(int collider, const CollideCase<S>* in, int n, CollideResult<S>* out);
// nanoseconds per case of `repeats` runs over packs that are prepared once (n a multiple of 16)
using CollideTimer = double (*)(int collider, const CollideCase<float>* in, int n, int repeats);

void collide_double(int collider, const CollideCase<double>* in, int n, CollideResult<double>* out);
void collide_float(int collider, const CollideCase<float>* in, int n, CollideResult<float>* out);
void collide_pack8_v3(int collider, const CollideCase<float>* in, int n, CollideResult<float>* out);
void collide_pack8_v4(int collider, const CollideCase<float>* in, int n, CollideResult<float>* out);
void collide_pack16_v4(int collider, const CollideCase<float>* in, int n,
                       CollideResult<float>* out);
double time_float(int collider, const CollideCase<float>* in, int n, int repeats);
double time_pack8_v3(int collider, const CollideCase<float>* in, int n, int repeats);
double time_pack16_v4(int collider, const CollideCase<float>* in, int n, int repeats);

}  // namespace motorium
