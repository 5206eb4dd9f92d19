// A few rows through a network, by one team: how a policy acts on a device. Every output is the
// chain of gemm.h,
//
//   y(r, o) = activation(c),  c = bias(o);  for k:  c = fma(x(r, k), W(o, k), c)
//
// so the bits are those of the CPU's tiles.
#pragma once
#include "motorium/policy/nn/net_view.h"
#include "motorium/policy/nn/pointwise.h"

namespace motorium {

constexpr int kMlpRows = 8;  // of a team: each weight that is read serves so many

// one number of each of the rows: two reads of 16 bytes
struct alignas(16) NumberOfRows {
  float v[kMlpRows];
};

// weights of a layer lie across: (in, out), so that neighbouring outputs read neighbours
struct ActNet {
  int layers = 0, widest = 0;
  int sizes[kMaxLayers + 1] = {};
  Activation activation = Activation::elu;
  const float* weight[kMaxLayers] = {};
  const float* bias[kMaxLayers] = {};
  const float *mean = nullptr, *scale = nullptr;  // of observations; null: as they are
  float clip = 0;                                 // of actions; 0: none
};

// rows `first` .. of `rows`, at most kMlpRows; y: two buffers of kMlpRows * widest floats,
// aligned to 16 bytes. `only`:
// where none of the rows is marked nothing is done, null: all are wanted
template <class Team>
FN void mlp_rows(Team team, const ActNet& net, const float* observations, int first, int rows,
                 float* y, float* actions, const uint8_t* only = nullptr) {
  const int here = rows - first < kMlpRows ? rows - first : kMlpRows, stride = net.widest;
  if (only) {
    int wanted = 0;
    for (int r = 0; r < here; ++r) wanted |= only[first + r];
    if (wanted == 0) return;
  }
  float* x =
      y + kMlpRows * stride;  // number k of row r: x[k * kMlpRows + r], so that one read gives all
  const int inputs = net.sizes[0], outputs = net.sizes[net.layers];

  // rows beyond the last repeat it, so that the loops below are of one length
  team.each(kMlpRows * inputs, [&](int at) {
    const int r = at / inputs, i = at % inputs, row = first + (r < here ? r : here - 1);
    const float v = observations[static_cast<int64_t>(row) * inputs + i];
    x[i * kMlpRows + r] = net.mean ? (v - net.mean[i]) * net.scale[i] : v;
  });

  for (int l = 0; l < net.layers; ++l) {
    const int in = net.sizes[l], out = net.sizes[l + 1];
    const bool last = l + 1 == net.layers;
    const float* weight = net.weight[l];
    team.each(out, [&](int o) {
      NumberOfRows c;
      for (int r = 0; r < kMlpRows; ++r) c.v[r] = net.bias[l][o];
      const auto* inputs_of = reinterpret_cast<const NumberOfRows*>(x);
      for (int k = 0; k < in; ++k) {
        const float w = weight[static_cast<int64_t>(k) * out + o];
        const NumberOfRows a = inputs_of[k];
        for (int r = 0; r < kMlpRows; ++r) c.v[r] = fma(a.v[r], w, c.v[r]);
      }
      if (!last)
        for (int r = 0; r < kMlpRows; ++r) c.v[r] = activate<float>(net.activation, c.v[r]);
      reinterpret_cast<NumberOfRows*>(y)[o] = c;
    });
    float* swap = x;
    x = y;
    y = swap;
  }

  team.each(here * outputs, [&](int at) {
    const int r = at / outputs, o = at % outputs;
    const float a = x[o * kMlpRows + r];
    actions[static_cast<int64_t>(first + r) * outputs + o] =
        net.clip > 0 ? clamp<float>(a, -net.clip, net.clip) : a;
  });
}

}  // namespace motorium
