// Plain double-precision references that the fast kernels are compared with.
#pragma once
#include <cmath>
#include <random>
#include <vector>

#include "motorium/core/error.h"
#include "motorium/policy/nn/mlp.h"

namespace motorium::test {

inline std::vector<float> random_floats(size_t count, unsigned seed, float scale = 1.f) {
  std::mt19937 generator(seed);
  std::uniform_real_distribution<float> uniform(-scale, scale);
  std::vector<float> x(count);
  for (float& v : x) v = uniform(generator);
  return x;
}

inline double activate_plain(Activation a, double x) {
  switch (a) {
    case Activation::elu:
      return x > 0 ? x : std::expm1(x);
    case Activation::tanh:
      return std::tanh(x);
    case Activation::swish:
      return x / (1 + std::exp(-x));
    case Activation::relu:
      return x > 0 ? x : 0;
    default:
      return x;
  }
}

// a network in double, with the parameters of an Mlp
struct PlainMlp {
  std::vector<std::vector<double>> weight, bias;
  std::vector<int> sizes;
  Activation activation;

  explicit PlainMlp(const Mlp& net) : activation(net.activation()) {
    for (int l = 0; l < net.layers(); ++l) {
      sizes.push_back(net.in(l));
      weight.emplace_back();
      bias.emplace_back(net.bias(l), net.bias(l) + net.out(l));
      for (int o = 0; o < net.out(l); ++o)
        for (int k = 0; k < net.in(l); ++k)
          weight[l].push_back(net.weight(l)[long(o) * padded(net.in(l)) + k]);
    }
    sizes.push_back(net.outputs());
  }

  std::vector<double> forward(std::vector<double> x) const {
    for (size_t l = 0; l < weight.size(); ++l) {
      std::vector<double> y(bias[l]);
      for (size_t o = 0; o < y.size(); ++o) {
        for (size_t k = 0; k < x.size(); ++k) y[o] += weight[l][o * x.size() + k] * x[k];
        if (l + 1 < weight.size()) y[o] = activate_plain(activation, y[o]);
      }
      x = y;
    }
    return x;
  }
};

inline std::vector<const PolicyKernels*> all_kernels() {
  std::vector<const PolicyKernels*> all;
  for (const char* isa : {"v3", "v4"})
    if (const PolicyKernels* k = policy_kernels(isa)) all.push_back(k);
  // a loop over nothing would pass every test
  if (all.empty()) throw Error("no kernels for this CPU");
  return all;
}

}  // namespace motorium::test
