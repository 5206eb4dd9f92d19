#include "motorium/policy/nn/mlp.h"

#include <cmath>
#include <cstring>
#include <new>

#include "motorium/core/error.h"
#include "motorium/policy/learn/ppo_kernels.h"
#include "motorium/policy/nn/noise.h"

namespace motorium {

namespace {
const struct {
  const char* name;
  Activation value;
} kActivations[] = {{"none", Activation::none},  {"elu", Activation::elu},
                    {"tanh", Activation::tanh},  {"swish", Activation::swish},
                    {"silu", Activation::swish}, {"relu", Activation::relu}};
}  // namespace

Activation parse_activation(const std::string& name) {
  for (const auto& a : kActivations)
    if (name == a.name) return a.value;
  throw Error("activation '" + name + "': allowed are elu, tanh, swish (silu), relu, none");
}

std::string activation_name(Activation a) {
  for (const auto& k : kActivations)
    if (k.value == a) return k.name;
  return "none";
}

// ---- Floats -------------------------------------------------------------------------------------
Floats::Floats(size_t count) : size_(count) {
  if (!count) return;
  data_ = static_cast<float*>(::operator new(count * sizeof(float), std::align_val_t(64)));
  std::memset(data_, 0, count * sizeof(float));
}
Floats::Floats(const Floats& o) : Floats(o.size_) {
  if (size_) std::memcpy(data_, o.data_, size_ * sizeof(float));
}
Floats::~Floats() {
  if (data_) ::operator delete(data_, std::align_val_t(64));
}

// ---- Mlp ----------------------------------------------------------------------------------------
Mlp::Mlp(const std::vector<int>& sizes, Activation activation, const PolicyKernels* kernels)
    : kernels_(kernels ? kernels : &policy_kernels()) {
  const int layers = static_cast<int>(sizes.size()) - 1;
  require(layers >= 1 && layers <= kMaxLayers, "network: " + std::to_string(layers) +
                                                   " layers, allowed are 1 to " +
                                                   std::to_string(kMaxLayers));
  view_.layers = layers;
  view_.activation = activation;
  for (int l = 0; l <= layers; ++l) {
    require(sizes[l] >= 1 && sizes[l] <= kMaxWidth, "network: width " + std::to_string(sizes[l]) +
                                                        ", allowed are 1 to " +
                                                        std::to_string(kMaxWidth));
    view_.sizes[l] = sizes[l];
  }
  // a pair more than half of the depth fits as well
  size_t packed = 0;
  for (int l = 0; l < layers; ++l)
    packed += size_t(in(l)) * padded(out(l)) + (l ? size_t(out(l)) * padded(in(l)) : 0);
  memory_ = Floats(view_.count());
  packs_ = Floats(packed);
  place();
}

void Mlp::place() {
  view_.parameters = memory_.data();
  float* at = packs_.data();
  for (int l = 0; l < view_.layers; ++l) {
    view_.forward_pack[l] = at;
    at += size_t(in(l)) * padded(out(l));
    view_.backward_pack[l] = l ? at : nullptr;
    if (l) at += size_t(out(l)) * padded(in(l));
  }
}

Mlp::Mlp(const Mlp& o)
    : view_(o.view_), kernels_(o.kernels_), memory_(o.memory_), packs_(o.packs_) {
  place();
}
Mlp& Mlp::operator=(const Mlp& o) {
  if (this != &o) *this = Mlp(o);
  return *this;
}

void Mlp::initialize(uint64_t seed, uint32_t stream) {
  for (int l = 0; l < layers(); ++l) {
    const float bound = sqrt(1.f / static_cast<float>(in(l)));
    const auto uniform = [&](uint32_t i, uint32_t kind) {
      const DrawWords w = draw(seed, Draw::weights, i, stream * kMaxLayers + l, kind);
      return bound * (2.f * unit_uniform(w.v[0]) - 1.f);
    };
    for (int o = 0; o < out(l); ++o) {
      for (int k = 0; k < in(l); ++k)
        weight(l)[long(o) * padded(in(l)) + k] = uniform(static_cast<uint32_t>(o * in(l) + k), 0);
      bias(l)[o] = uniform(static_cast<uint32_t>(o), 1);
    }
  }
  repack();
}

void Mlp::repack() {
  for (int l = 0; l < layers(); ++l) repack(l);
}

// ---- MlpScratch ---------------------------------------------------------------------------------
MlpScratch::MlpScratch(const Mlp& net, int rows, bool backward) : rows_(rows) {
  // kernels load whole packs of rows in the heads, so row counts are padded too
  const size_t tall = padded(rows);
  const bool inputs = backward && net.activation() == Activation::swish;
  size_t floats = 0;
  int widest = 0;
  for (int l = 0; l <= net.layers(); ++l) {
    floats += tall * row_stride(net.view().sizes[l]) * (inputs ? 2 : 1);
    widest = net.view().sizes[l] > widest ? net.view().sizes[l] : widest;
  }
  buffers_.d_stride = row_stride(widest);
  if (backward) floats += 2 * tall * buffers_.d_stride;
  const size_t cells = net.kernels().pair_rows ? tall / 2 * buffers_.d_stride : 0;
  floats += 2 * cells;
  memory_ = Floats(floats);
  float* at = memory_.data();
  for (int l = 0; l <= net.layers(); ++l) {
    const size_t size = tall * row_stride(net.view().sizes[l]);
    buffers_.y[l] = at;
    at += size;
    if (inputs) buffers_.x[l] = at, at += size;
  }
  if (backward)
    for (float*& d : buffers_.d) d = at, at += tall * buffers_.d_stride;
  if (cells)
    for (int*& c : buffers_.cells) c = reinterpret_cast<int*>(at), at += cells;
  output_ = buffers_.y[net.layers()];
  d_output_ = buffers_.d[net.layers() & 1];
}

// ---- inference ----------------------------------------------------------------------------------
void mlp(const Mlp& net, const float* observations, int rows, float* outputs, MlpScratch& scratch,
         const ObservationScale& scale) {
  const PolicyKernels& k = net.kernels();
  const int size = net.inputs(), count = net.outputs(), stride = row_stride(count);
  for (int begin = 0; begin < rows; begin += scratch.rows()) {
    const int n = rows - begin < scratch.rows() ? rows - begin : scratch.rows();
    GatherArgs g{};
    g.rows = n;
    g.size = size;
    g.from = observations + size_t(begin) * size;
    g.mean = scale.mean;
    g.scale = scale.scale;
    g.to = scratch.input();
    g.to_stride = row_stride(size);
    k.gather_rows(&g);
    k.forward(&net.view(), &scratch.buffers(), n);
    for (int r = 0; r < n; ++r)
      std::memcpy(outputs + size_t(begin + r) * count, scratch.output() + size_t(r) * stride,
                  count * sizeof(float));
  }
}

}  // namespace motorium
