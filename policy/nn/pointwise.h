// Activation functions and their derivatives, one number (or pack) at a time.
//
//   elu    y = x for x > 0, else exp(x) - 1     y' = 1, else y + 1
//   tanh   y = tanh x                           y' = 1 - y^2
//   swish  y = x s, s = 1 / (1 + exp(-x))       y' = s (1 + x (1 - s))
//   relu   y = max(x, 0)                        y' = 1 for y > 0, else 0
#pragma once
#include "motorium/core/math.h"
#include "motorium/policy/nn/activation.h"

namespace motorium {

template <class Real> FN Real sigmoid(Real x) { return Real(1.f) / (Real(1.f) + exp(-x)); }

// `kind` is the same for all lanes, so a branch is no harm
template <class Real> FN Real activate(Activation kind, Real x) {
  switch (kind) {
    case Activation::elu:
      return select(x > Real(0.f), x, exp(x) - Real(1.f));
    case Activation::tanh:
      return tanh(x);
    case Activation::swish:
      return x * sigmoid(x);
    case Activation::relu:
      return select(x > Real(0.f), x, Real(0.f));
    default:
      return x;
  }
}

// dy/dx from the output y; swish alone needs its input x
template <class Real> FN Real activation_slope(Activation kind, Real y, Real x) {
  switch (kind) {
    case Activation::elu:
      return select(y > Real(0.f), Real(1.f), y + Real(1.f));
    case Activation::tanh:
      return Real(1.f) - y * y;
    case Activation::swish: {
      const Real s = sigmoid(x);
      return s * (Real(1.f) + x * (Real(1.f) - s));
    }
    case Activation::relu:
      return select(y > Real(0.f), Real(1.f), Real(0.f));
    default:
      return Real(1.f);
  }
}

}  // namespace motorium
