// A small kernel over all elementary functions, for tests of what compilers make of our sources.
#pragma once
#include "motorium/core/random.h"
#include "motorium/core/team.h"

namespace motorium {

template <class Real> FN Real sample(Real x, Real y, Real* out) {
  Real s, c;
  sincos(x, s, c);
  const auto f = [&](int i) { return out[i] * y + s; };
  const Words<Real> w =
      random_words<Real>(7, round_to_int(x), Int<Real>(1), Purpose::test, Int<Real>(2));
  return exp(x) * y + log(y) * s + pow(y, x) + tanh(x) * c + atan2(x, y) + asin(x) + acos(y) +
         Solo().sum(9, f) + normal<Real>(w.v[0], w.v[1]);
}

}  // namespace motorium
