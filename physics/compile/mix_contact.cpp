// Priority decides, or parameters are blended by the weights solmix:
//   p = w p1 + (1 - w) p2,  w = s1 / (s1 + s2);  frictions: the larger of each
#include "motorium/physics/compile/mix_contact.h"

#include <algorithm>

#include "motorium/physics/spec/pose.h"

namespace motorium {
namespace {

// weight of the first of two geoms of equal priority
double first_weight(double solmix1, double solmix2) {
  if (solmix1 >= kMinVal && solmix2 >= kMinVal) return solmix1 / (solmix1 + solmix2);
  if (solmix1 >= kMinVal) return 1;
  return solmix2 >= kMinVal ? 0 : 0.5;
}

}  // namespace

ContactMix mix_contact(const Model& m, int g1, int g2) {
  ContactMix out;
  const double *r1 = &m.geom_solref[2 * g1], *r2 = &m.geom_solref[2 * g2];
  const double *i1 = &m.geom_solimp[5 * g1], *i2 = &m.geom_solimp[5 * g2];
  const double *f1 = &m.geom_friction[3 * g1], *f2 = &m.geom_friction[3 * g2];
  const int p1 = m.geom_priority[g1], p2 = m.geom_priority[g2];
  double weight;
  if (p1 != p2) {
    // the geom of higher priority decides
    const int g = p1 > p2 ? g1 : g2;
    out.friction_of = p1 > p2 ? FrictionMix::first : FrictionMix::second;
    weight = p1 > p2 ? 1 : 0;
    out.condim = m.geom_condim[g];
    out.adhesion = m.geom_adhesion[g];
  } else {
    weight = first_weight(m.geom_solmix[g1], m.geom_solmix[g2]);
    out.condim = std::max(m.geom_condim[g1], m.geom_condim[g2]);
    out.adhesion = m.geom_adhesion[g1] + m.geom_adhesion[g2];
  }
  const auto blend = [&](double x, double y) {
    return weight == 1 ? x : weight == 0 ? y : weight * x + (1 - weight) * y;
  };
  out.margin = m.geom_margin[g1] + m.geom_margin[g2];
  out.gap = m.geom_gap[g1] + m.geom_gap[g2];
  double f[3];
  for (int i = 0; i < 3; ++i) {
    f[i] = out.friction_of == FrictionMix::first    ? f1[i]
           : out.friction_of == FrictionMix::second ? f2[i]
                                                    : std::max(f1[i], f2[i]);
    f[i] = std::max(f[i], kMinMu);
  }
  out.friction = {f[0], f[0], f[1], f[2], f[2]};
  // direct references (not positive) are not blended: the smaller one holds
  const bool blendable = out.friction_of != FrictionMix::larger || (r1[0] > 0 && r2[0] > 0);
  for (int i = 0; i < 2; ++i) {
    out.solref[i] = blendable ? blend(r1[i], r2[i]) : std::min(r1[i], r2[i]);
  }
  for (int i = 0; i < 5; ++i) out.solimp[i] = blend(i1[i], i2[i]);
  return out;
}

}  // namespace motorium
