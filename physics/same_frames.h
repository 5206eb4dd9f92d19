// Frames that coincide but for rounding: the kernels are given them as equal, so that a geom whose
// frame is its body's (MuJoCo's sameframe) has exactly its pose.
//
//   geom, site:  (pos, quat) becomes (0, 1) or (ipos, iquat) of its body, else quat alone 1 or
//   iquat body:        (ipos, iquat) becomes (0, 1), else iquat alone 1
//
// where every number is within 1e-6. The model keeps the numbers of the file.
#pragma once
#include <vector>

#include "motorium/physics/model.h"

namespace motorium {

class SameFrames {
 public:
  explicit SameFrames(const Model& m);

  // `field`, a field of the model, or what the kernels see in its place
  const std::vector<double>& of(const std::vector<double>& field) const;

 private:
  const Model& m_;
  std::vector<double> body_ipos_, body_iquat_, geom_pos_, geom_quat_, site_pos_, site_quat_;
};

}  // namespace motorium
