#include "motorium/physics/same_frames.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>

namespace motorium {
namespace {

constexpr double kNear = 1e-6;
constexpr double kZero[3] = {0, 0, 0}, kOne[4] = {1, 0, 0, 0};

bool is_near(const double* a, const double* b, int n, double sign = 1) {
  for (int i = 0; i < n; ++i)
    if (!(std::abs(a[i] - sign * b[i]) <= kNear)) return false;
  return true;
}

bool same_turn(const double* a, const double* b) {
  return is_near(a, b, 4) || is_near(a, b, 4, -1);
}

// gives (pos, quat) the frame it coincides with: all of it of the first one that fits, else its
// axes
struct Frame {
  const double *pos, *quat;
};
void snap(double* pos, double* quat, std::initializer_list<Frame> frames) {
  for (const Frame& f : frames) {
    if (!is_near(pos, f.pos, 3) || !same_turn(quat, f.quat)) continue;
    std::copy_n(f.pos, 3, pos);
    std::copy_n(f.quat, 4, quat);
    return;
  }
  for (const Frame& f : frames) {
    if (!same_turn(quat, f.quat)) continue;
    std::copy_n(f.quat, 4, quat);
    return;
  }
}

}  // namespace

SameFrames::SameFrames(const Model& m)
    : m_(m),
      body_ipos_(m.body_ipos),
      body_iquat_(m.body_iquat),
      geom_pos_(m.geom_pos),
      geom_quat_(m.geom_quat),
      site_pos_(m.site_pos),
      site_quat_(m.site_quat) {
  const Frame body = {kZero, kOne};
  for (int b = 0; b < m.nbody; ++b) snap(&body_ipos_[3 * b], &body_iquat_[4 * b], {body});
  const auto inertia = [&](int b) { return Frame{&body_ipos_[3 * b], &body_iquat_[4 * b]}; };
  for (int g = 0; g < m.ngeom; ++g) {
    snap(&geom_pos_[3 * g], &geom_quat_[4 * g], {body, inertia(m.geom_bodyid[g])});
  }
  for (int s = 0; s < m.nsite; ++s) {
    snap(&site_pos_[3 * s], &site_quat_[4 * s], {body, inertia(m.site_bodyid[s])});
  }
}

const std::vector<double>& SameFrames::of(const std::vector<double>& field) const {
  if (&field == &m_.body_ipos) return body_ipos_;
  if (&field == &m_.body_iquat) return body_iquat_;
  if (&field == &m_.geom_pos) return geom_pos_;
  if (&field == &m_.geom_quat) return geom_quat_;
  if (&field == &m_.site_pos) return site_pos_;
  if (&field == &m_.site_quat) return site_quat_;
  return field;
}

}  // namespace motorium
