#include "motorium/policy/nn/policy.h"

#include <cmath>
#include <cstring>

#include "motorium/core/error.h"
#include "motorium/core/text.h"
#include "motorium/policy/learn/ppo_kernels.h"
#include "motorium/policy/nn/file_io.h"
#include "motorium/policy/nn/safetensors.h"

namespace motorium {

namespace {
constexpr int kRows = 64;  // rows per pass

void require_finite(const std::vector<float>& x, const std::string& what) {
  for (float v : x) require(std::isfinite(v), what + ": holds a number that is not finite");
}
}  // namespace

Mlp read_mlp(const Safetensors& file, const std::string& prefix, Activation activation,
             const PolicyKernels* kernels) {
  // shapes first
  std::vector<int> sizes;
  for (int l = 0; l <= kMaxLayers; ++l) {
    const std::string name = prefix + "." + std::to_string(l) + ".weight";
    const TensorInfo* t = file.find(name);
    if (!t) break;
    require(l < kMaxLayers, file.origin() + ": " + prefix + " has more than " +
                                std::to_string(kMaxLayers) + " layers");
    require(t->dtype == Dtype::f32 && t->shape.size() == 2,
            file.origin() + ": " + name + " must be F32 with two dimensions");
    for (int64_t n : t->shape)
      require(n >= 1 && n <= kMaxWidth, file.origin() + ": " + name + ": width " +
                                            std::to_string(n) + ", allowed are 1 to " +
                                            std::to_string(kMaxWidth));
    if (l == 0) sizes.push_back(static_cast<int>(t->shape[1]));
    require(t->shape[1] == sizes.back(),
            file.origin() + ": " + name + " takes " + std::to_string(t->shape[1]) +
                " inputs, the layer before gives " + std::to_string(sizes.back()));
    sizes.push_back(static_cast<int>(t->shape[0]));
  }
  require(sizes.size() >= 2, file.origin() + ": no network " + prefix + ".0.weight");

  Mlp net(sizes, activation, kernels);
  for (int l = 0; l < net.layers(); ++l) {
    const std::string name = prefix + "." + std::to_string(l);
    const int in = net.in(l), out = net.out(l);
    const auto w = file.floats(name + ".weight", {out, in});
    const auto b = file.floats(name + ".bias", {out});
    require_finite(w, file.origin() + ": " + name + ".weight");
    require_finite(b, file.origin() + ": " + name + ".bias");
    for (int o = 0; o < out; ++o)
      std::memcpy(net.weight(l) + long(o) * padded(in), &w[size_t(o) * in], in * sizeof(float));
    std::memcpy(net.bias(l), b.data(), out * sizeof(float));
  }
  net.repack();
  return net;
}

void write_mlp(SafetensorsWriter& out, const std::string& prefix, const Mlp& net) {
  for (int l = 0; l < net.layers(); ++l) {
    const std::string name = prefix + "." + std::to_string(l);
    out.add_rows(name + ".weight", net.out(l), net.in(l), net.weight(l), padded(net.in(l)));
    out.add(name + ".bias", Dtype::f32, {net.out(l)}, net.bias(l));
  }
}

Policy Policy::load(const std::string& path, const PolicyKernels* kernels) {
  return Policy(Safetensors::parse(read_bytes(path), path), kernels);
}

Policy Policy::parse(std::vector<uint8_t> bytes, const std::string& origin) {
  return Policy(Safetensors::parse(std::move(bytes), origin));
}

Policy::Policy(const Safetensors& file, const PolicyKernels* kernels) : metadata_(file.metadata()) {
  require(file.text("format").rfind("motorium.", 0) == 0,
          file.origin() + ": format is \"" + file.text("format").substr(0, 40) +
              "\", needed is \"motorium.policy 1\"");
  actor_ = read_mlp(file, "actor", parse_activation(file.text("activation")), kernels);
  const int n = actor_.inputs();
  std_ = file.floats("actor.std", {actor_.outputs()});
  require_finite(std_, file.origin() + ": actor.std");
  normalised_ = file.find("normalizer.mean") != nullptr;
  if (normalised_) {
    norm_ = Normalizer(n);
    const auto mean = file.floats("normalizer.mean", {n}), var = file.floats("normalizer.var", {n});
    require_finite(mean, file.origin() + ": normalizer.mean");
    require_finite(var, file.origin() + ": normalizer.var");
    for (int i = 0; i < n; ++i) {
      require(var[i] >= 0, file.origin() + ": normalizer.var is negative");
      norm_.mean[i] = mean[i];
      norm_.var[i] = var[i];
    }
    norm_.refresh();
  }
  if (const std::string clip = text("clip_actions"); !clip.empty()) {
    const auto limit = parse_number(clip);
    require(limit && *limit >= 0, file.origin() + ": clip_actions is not a number of at least 0");
    clip_ = static_cast<float>(*limit);
  }
  scratch_ = MlpScratch(actor_, kRows);
}

std::string Policy::text(const std::string& key) const {
  const auto i = metadata_.find(key);
  return i == metadata_.end() ? std::string() : i->second;
}

void Policy::act(const float* observations, int rows, float* actions) {
  act(observations, rows, actions, scratch_);
}

void Policy::act(const float* observations, int rows, float* actions, MlpScratch& scratch) const {
  mlp(actor_, observations, rows, actions, scratch, scale());
  if (clip_ > 0.f)
    for (long i = 0; i < long(rows) * action_size(); ++i)
      actions[i] = clamp<float>(actions[i], -clip_, clip_);
}

}  // namespace motorium
