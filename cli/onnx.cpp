#include "motorium/cli/onnx.h"

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>

#include "motorium/cli/version.h"
#include "motorium/core/error.h"
#include "motorium/core/random.h"
#include "motorium/core/text.h"
#include "motorium/policy/nn/file_io.h"

namespace motorium::cli {
namespace {

// The wire format of protocol buffers, as far as ONNX models need it: a message is a row of
// (field number, wire type) keys with values; integers are varints, the rest is length and bytes.
// Field numbers are those of onnx.proto.
class Message {
 public:
  Message& integer(int field, int64_t value) {
    key(field, 0);
    varint(static_cast<uint64_t>(value));
    return *this;
  }
  Message& real(int field, float value) {
    key(field, 5);
    const auto* p = reinterpret_cast<const uint8_t*>(&value);
    bytes_.insert(bytes_.end(), p, p + sizeof value);
    return *this;
  }
  Message& text(int field, const std::string& value) {
    return raw(field, value.data(), value.size());
  }
  Message& message(int field, const Message& value) {
    return raw(field, value.bytes_.data(), value.bytes_.size());
  }
  Message& raw(int field, const void* data, size_t size) {
    key(field, 2);
    varint(size);
    const auto* p = static_cast<const uint8_t*>(data);
    bytes_.insert(bytes_.end(), p, p + size);
    return *this;
  }
  const std::vector<uint8_t>& bytes() const { return bytes_; }

 private:
  void key(int field, int type) {
    varint(static_cast<uint64_t>(field) << 3 | static_cast<uint64_t>(type));
  }
  void varint(uint64_t value) {
    for (; value >= 128; value >>= 7) bytes_.push_back(static_cast<uint8_t>(value | 128));
    bytes_.push_back(static_cast<uint8_t>(value));
  }
  std::vector<uint8_t> bytes_;
};

constexpr int kFloat = 1;  // TensorProto.DataType

// TensorProto
Message tensor(const std::string& name, const std::vector<int64_t>& shape,
               const std::vector<float>& values) {
  Message t;
  for (int64_t n : shape) t.integer(1, n);
  t.integer(2, kFloat).text(8, name).raw(9, values.data(), values.size() * sizeof(float));
  return t;
}

// ValueInfoProto: float [batch, size]
Message value_info(const std::string& name, int size) {
  const Message batch = Message().text(2, "batch"), columns = Message().integer(1, size);
  const Message shape = Message().message(1, batch).message(1, columns);
  const Message type = Message().message(1, Message().integer(1, kFloat).message(2, shape));
  return Message().text(1, name).message(2, type);
}

// NodeProto with integer attributes
Message node(const std::string& op, const std::vector<std::string>& inputs,
             const std::string& output,
             const std::vector<std::pair<std::string, int64_t>>& attributes = {}) {
  Message n;
  for (const std::string& input : inputs) n.text(1, input);
  n.text(2, output).text(3, output).text(4, op);
  for (const auto& [name, value] : attributes)
    n.message(5, Message().text(1, name).integer(3, value).integer(20, 2));  // 2: INT
  return n;
}

Message property(const std::string& name, const std::string& value) {
  return Message().text(1, name).text(2, value);
}

std::vector<std::string> split(const std::string& list) {
  std::vector<std::string> out;
  for (size_t at = 0; at < list.size();) {
    const size_t comma = std::min(list.find(',', at), list.size());
    out.push_back(list.substr(at, comma - at));
    at = comma + 1;
  }
  return out;
}
std::vector<double> numbers(const std::string& list) {
  std::vector<double> out;
  for (const std::string& word : split(list)) out.push_back(parse_number(word).value_or(0));
  return out;
}

// what the comma-separated keys cannot hold: rates, terms with their sizes, gains, golden vectors
std::string json_of(const Policy& policy) {
  nlohmann::ordered_json j;
  j["schema"] = 1;
  j["version"] = policy.text("version");
  j["task"] = policy.text("task");
  j["step_seconds"] = parse_number(policy.text("step_seconds")).value_or(0);
  const auto names = split(policy.text("observation_names")),
             sizes = split(policy.text("observation_sizes"));
  for (size_t i = 0; i < names.size() && i < sizes.size(); ++i)
    j["observations"].push_back({{"name", names[i]}, {"dim", parse_integer(sizes[i]).value_or(0)}});
  j["actions"] = {{"type", "joint_position"},
                  {"names", split(policy.text("action_names"))},
                  {"offset", numbers(policy.text("default_joint_pos"))},
                  {"scale", numbers(policy.text("action_scale"))}};
  j["actuators"] = {{"joints", split(policy.text("joint_names"))},
                    {"stiffness", numbers(policy.text("joint_stiffness"))},
                    {"damping", numbers(policy.text("joint_damping"))}};

  // golden vectors: a reader proves that it computes the same network
  constexpr int kGolden = 16;
  const size_t in = static_cast<size_t>(policy.observation_size()),
               out = static_cast<size_t>(policy.action_size());
  std::vector<float> obs(kGolden * in), actions(kGolden * out);
  for (size_t i = 0; i < obs.size(); ++i) {
    const Words<float> w = random_words<float>(1, static_cast<int>(i / in), 0, Purpose::test,
                                               static_cast<int>(i % in));
    obs[i] = 2 * uniform01<float>(w.v[0]) - 1;
  }
  MlpScratch scratch(policy.actor(), kGolden);
  policy.act(obs.data(), kGolden, actions.data(), scratch);
  for (size_t r = 0; r < kGolden; ++r)
    j["golden"].push_back(
        {{"obs", std::vector<float>(obs.begin() + r * in, obs.begin() + (r + 1) * in)},
         {"actions",
          std::vector<float>(actions.begin() + r * out, actions.begin() + (r + 1) * out)}});
  return j.dump();
}

}  // namespace

std::vector<uint8_t> to_onnx(const Policy& policy) {
  const Mlp& net = policy.actor();
  Message graph;
  const auto add = [&](const Message& n) { graph.message(1, n); };
  const auto constant = [&](const std::string& name, const std::vector<int64_t>& shape,
                            const std::vector<float>& values) {
    graph.message(5, tensor(name, shape, values));
  };

  // y = (x - mean) scale
  std::string x = "obs";
  const size_t inputs = static_cast<size_t>(policy.observation_size());
  if (const ObservationScale s = policy.scale(); s.mean) {
    constant("mean", {static_cast<int64_t>(inputs)}, {s.mean, s.mean + inputs});
    constant("scale", {static_cast<int64_t>(inputs)}, {s.scale, s.scale + inputs});
    add(node("Sub", {x, "mean"}, "centred"));
    add(node("Mul", {"centred", "scale"}, "normalized"));
    x = "normalized";
  }

  // layers: y = activation(W x + b), none after the last
  const std::string clip = policy.text("clip_actions");
  for (int l = 0; l < net.layers(); ++l) {
    const std::string name = "actor." + std::to_string(l);
    const int in = net.in(l), out = net.out(l);
    const long stride = padded(net.in(l));
    std::vector<float> weight;
    for (int r = 0; r < out; ++r)
      weight.insert(weight.end(), net.weight(l) + r * stride, net.weight(l) + r * stride + in);
    constant(name + ".weight", {out, in}, weight);
    constant(name + ".bias", {out}, {net.bias(l), net.bias(l) + out});
    const bool last = l + 1 == net.layers();
    const std::string sum = !last ? name : clip.empty() ? "actions" : "unclipped";
    add(node("Gemm", {x, name + ".weight", name + ".bias"}, sum, {{"transB", 1}}));
    x = sum;
    if (last) continue;
    const std::string y = name + ".active";
    switch (net.activation()) {
      case Activation::elu:
        add(node("Elu", {x}, y));
        break;
      case Activation::tanh:
        add(node("Tanh", {x}, y));
        break;
      case Activation::relu:
        add(node("Relu", {x}, y));
        break;
      case Activation::swish:
        add(node("Sigmoid", {x}, name + ".gate"));
        add(node("Mul", {x, name + ".gate"}, y));
        break;
      case Activation::none:
        continue;
    }
    x = y;
  }
  if (!clip.empty()) {
    const float bound = std::stof(clip);
    constant("low", {}, {-bound});
    constant("high", {}, {bound});
    add(node("Clip", {x, "low", "high"}, "actions"));
  }
  graph.text(2, "policy");
  graph.message(11, value_info("obs", policy.observation_size()));
  graph.message(12, value_info("actions", policy.action_size()));

  // ModelProto: IR version 8 goes with opset 18
  Message model;
  model.integer(1, 8).text(2, "motorium").text(3, version()).message(7, graph);
  model.message(8, Message().text(1, "").integer(2, 18));
  for (const auto& [key, value] : policy.metadata()) model.message(14, property(key, value));
  model.message(14, property("motorium", json_of(policy)));
  return model.bytes();
}

void write_onnx(const Policy& policy, const std::string& path) {
  save_bytes(path, to_onnx(policy));
}

}  // namespace motorium::cli
