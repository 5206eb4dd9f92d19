// Nanoseconds per pair and world of every collider. Packs hold unrelated random poses around
// touching, the same for all widths:  collide_bench [collider]
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <vector>

#include "motorium/core/cpu.h"
#include "tests/physics/collide_kernels.h"

using namespace motorium;

namespace {

void rotation(std::mt19937& random, float* R) {
  std::normal_distribution<double> normal;
  double q[4], n = 0;
  for (double& x : q) x = normal(random), n += x * x;
  for (double& x : q) x /= std::sqrt(n);
  const double w = q[0], x = q[1], y = q[2], z = q[3];
  const double r[9] = {1 - 2 * (y * y + z * z), 2 * (x * y - w * z),     2 * (x * z + w * y),
                       2 * (x * y + w * z),     1 - 2 * (x * x + z * z), 2 * (y * z - w * x),
                       2 * (x * z - w * y),     2 * (y * z + w * x),     1 - 2 * (x * x + y * y)};
  for (int k = 0; k < 9; ++k) R[k] = static_cast<float>(r[k]);
}

// two unit-like geoms at a distance of `apart` times the sum of their sizes
std::vector<CollideCase<float>> cases(float apart, bool aligned) {
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  std::vector<CollideCase<float>> all(512);
  for (CollideCase<float>& c : all) {
    rotation(random, c.R1);
    rotation(random, c.R2);
    if (aligned)
      for (int k = 0; k < 9; ++k) c.R1[k] = c.R2[k];
    float d[3], n = 0;
    for (float& x : d) x = normal(random), n += x * x;
    for (int k = 0; k < 3; ++k) {
      c.size1[k] = c.size2[k] = 0.1f * static_cast<float>(1 + k);
      c.pos1[k] = 0;
      c.pos2[k] = d[k] / std::sqrt(n) * apart * 0.4f;
    }
    c.margin = 0;
    c.active = true;
  }
  return all;
}

}  // namespace

int main(int argc, char** argv) {
  const CollideKernels& v3 = motorium_physics_check_v3_collide;
  const CollideKernels& v4 = motorium_physics_check_v4_collide;
  const bool wide = has_isa(Isa::v4);
  const int only = argc > 1 ? std::atoi(argv[1]) : -1;
  std::printf("%-16s %-22s %8s %8s %8s   ns per pair and world\n", "collider", "poses", "float",
              "W = 8", "W = 16");
  const struct {
    const char* name;
    float apart;
    bool aligned;
  } sets[] = {
      {"most touch", 0.6f, false}, {"most apart", 1.5f, false}, {"parallel, touch", 0.6f, true}};
  for (int collider = 0; collider < 9; ++collider) {
    if (only >= 0 && only != collider) continue;
    for (const auto& set : sets) {
      const auto in = cases(set.apart, set.aligned);
      const int n = static_cast<int>(in.size());
      double best[3] = {1e10, 1e10, 1e10};
      for (int round = 0; round < 25; ++round) {
        best[0] = std::min(best[0], v3.time_float(collider, in.data(), n, 60));
        best[1] = std::min(best[1], v3.time_pack8(collider, in.data(), n, 60));
        if (wide) best[2] = std::min(best[2], v4.time_widest(collider, in.data(), n, 60));
      }
      std::printf("%-16s %-22s %8.2f %8.2f %8.2f\n", kColliderName[collider], set.name, best[0],
                  best[1], wide ? best[2] : 0.);
    }
  }
  return 0;
}
