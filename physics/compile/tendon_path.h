// The straight parts of a tendon at given poses, for constants that the compiler derives.
#pragma once
#include <vector>

#include "motorium/physics/compile/poses0.h"

namespace motorium {

// from a point of one body to a point of another; counts 1 / divisor towards the length
struct Segment {
  int body0 = 0, body1 = 0;
  Vec point0 = {0, 0, 0}, direction = {1, 0, 0}, point1 = {0, 0, 0};
  double share = 1;
};

struct TendonPath {
  double length = 0;
  std::vector<Segment> segments;  // none for fixed tendons
};

// qpos (nq) belongs to the poses
TendonPath tendon_path(const Model& m, const Poses0& poses, const double* qpos, int tendon);

}  // namespace motorium
