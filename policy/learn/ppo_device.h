// The learner where the environment lives on a device: all arrays of an iteration are there, and
// the host only launches. The arrays of Ppo are a mirror for files and for people. Private to
// policy/learn/.
#pragma once
#include "motorium/policy/learn/device_kernels.h"
#include "motorium/policy/learn/ppo_internal.h"
#include "motorium/policy/nn/device_launch.h"
#include "motorium/policy/nn/normalizer_kernel.h"

namespace motorium {

class Ppo::OnDevice {
 public:
  explicit OnDevice(Ppo& host);

  void send();   // the learner's state from the host
  void fetch();  // ... to the host; waits
  void fetch_rollout();
  void write_lengths(const std::vector<int32_t>& lengths);  // of the running episodes
  void look();  // at the observations after a reset; what was recorded is forgotten

  void collect();
  void compute_returns();
  void update();  // ends with the numbers on the host

 private:
  struct Net {
    ActNet act;
    const float* parameters = nullptr;
    NetView shape;
    MirrorMap mirror{};
    std::vector<DeviceArray<float>> across;
  };
  // what is recorded in a graph cannot lie on the default stream: the environment gets one of ours
  struct OwnStream {
    explicit OwnStream(VecEnv& e);
    ~OwnStream();
    VecEnv& env;
    Stream before;
  };
  // numbers of a normaliser
  struct Norm {
    DeviceArray<double> mean, var, sums;
    DeviceArray<int64_t> count, kept;
    DeviceArray<float> mean_f, scale_f;
    NormalizerView view{};
  };

  Device& device() const { return *device_; }
  Stream stream() const { return h_.env_.stream(); }
  template <class T> T* place(DeviceArray<T>& to, size_t n);
  template <class K> void items(int n, const K& kernel);
  template <class K> void blocks(int n, const K& kernel);
  template <class F> void replayed(std::unique_ptr<Graph>& graph, bool recorded, F queue);
  template <class F> void each_number(F f);
  void place_net(Net& net, const Mlp& mlp, float* parameters, const std::vector<int>& map,
                 const std::vector<float>& sign);
  void place_norm(Norm& norm, Normalizer& host, const float* rows);
  void act(const Net& net, const Norm* norm, const float* observations, float* out,
           const uint8_t* only = nullptr);
  const Norm* critic_norm() const { return h_.separate_ ? &critic_norm_ : &actor_norm_; }
  void queue_rollout();
  void queue_update();
  void lay_across();
  void minibatch(int batch);
  void pass(const BatchView& b, const Net& net, const Norm* norm, const float* from, bool critic);

  Ppo& h_;
  std::shared_ptr<Device> device_;
  OwnStream own_stream_;
  bool warm_ = false;     // the environment has been sent all that its steps need
  int64_t changes_ = -1;  // the environment's, when it was
  int updates_ = 0;
  std::unique_ptr<Graph> rollout_graph_, update_graph_;
  LearnView v_{};
  Net actor_, critic_;
  MirrorMap action_mirror_{};
  Norm actor_norm_, critic_norm_;

  std::vector<DeviceArray<float>> floats_;
  std::vector<DeviceArray<double>> doubles_;
  std::vector<DeviceArray<int>> ints_;
  std::vector<DeviceArray<uint8_t>> bytes_;
  DeviceArray<LearnNumbers> numbers_;
  DeviceArray<BlockSums> sums_;
  DeviceArray<AdvantageScale> advantage_scale_;
  int* permutation_ = nullptr;
  float *parameters_ = nullptr, *block_gradient_ = nullptr, *scratch_ = nullptr;
  long count_ = 0;  // parameters
  int teams_ = 0;

  // work space of a mini-batch
  BatchView batch_{};
  float* y_[kMaxLayers + 1] = {};  // (rows, size) stride: padded(size)
  float* x_[kMaxLayers + 1] = {};  // before the activation; swish alone
  float* d_[2] = {};
};

}  // namespace motorium
