#include "motorium/policy/learn/ppo_device.h"

#include <algorithm>

#include "motorium/core/error.h"
#include "motorium/policy/learn/device_run.h"

namespace motorium {
namespace {

template <class T> DeviceArray<T>& added(std::vector<DeviceArray<T>>& to) {
  to.emplace_back();
  return to.back();
}

}  // namespace

template <class T> T* Ppo::OnDevice::place(DeviceArray<T>& to, size_t n) {
  to = {device_, n};
  return to.data();
}
template <class K> void Ppo::OnDevice::items(int n, const K& kernel) {
  run_items(device(), stream(), n, kernel);
}
template <class K> void Ppo::OnDevice::blocks(int n, const K& kernel) {
  run_blocks(device(), stream(), n, kernel);
}

// ---- memory -------------------------------------------------------------------------------------

void Ppo::OnDevice::place_net(Net& net, const Mlp& mlp, float* parameters,
                              const std::vector<int>& map, const std::vector<float>& sign) {
  net.shape = mlp.view();
  net.parameters = parameters;
  ActNet& a = net.act;
  a.layers = mlp.layers();
  a.activation = mlp.activation();
  a.sizes[0] = a.widest = mlp.inputs();
  for (int l = 0; l < a.layers; ++l) {
    a.sizes[l + 1] = mlp.out(l);
    a.widest = std::max(a.widest, mlp.out(l));
    a.weight[l] = place(added(net.across), size_t(mlp.in(l)) * mlp.out(l));
    a.bias[l] = parameters + net.shape.bias_at(l);
  }
  if (map.empty()) return;
  net.mirror.index = (added(ints_) = {device_, map, stream()}).data();
  net.mirror.sign = (added(floats_) = {device_, sign, stream()}).data();
}

void Ppo::OnDevice::place_norm(Norm& norm, Normalizer& host, const float* rows) {
  NormalizerView& v = norm.view;
  const auto size = static_cast<size_t>(host.size());
  v.size = host.size();
  v.count_rows = v_.worlds;
  v.rows = rows;
  v.mean = place(norm.mean, size);
  v.var = place(norm.var, size);
  v.count = place(norm.count, 1);
  v.mean_f = place(norm.mean_f, size);
  v.scale_f = place(norm.scale_f, size);
  v.sums = place(norm.sums, size_t(v.blocks()) * 2 * size);
  v.kept = place(norm.kept, static_cast<size_t>(v.blocks()));
}

Ppo::OnDevice::OwnStream::OwnStream(VecEnv& e) : env(e), before(e.stream()) {
  if (before == nullptr) env.set_stream(env.device()->new_stream());
}
Ppo::OnDevice::OwnStream::~OwnStream() {
  // a device that is lost refuses; then there is nothing to put back
  if (before == nullptr) try {
      env.set_stream(nullptr);
    } catch (const std::exception&) {
    }
}

Ppo::OnDevice::OnDevice(Ppo& host) : h_(host), device_(host.env_.device()), own_stream_(host.env_) {
  require(h_.k_.pair_rows == nullptr,
          "precision bf16: products of bfloat16 run on device cpu only: use fp32 on device " +
              device_->name());
  // the learner's view, with every array of the device's
  v_ = h_.view();
  LearnView& v = v_;
  const auto samples = static_cast<size_t>(v.samples());
  const auto worlds = static_cast<size_t>(v.worlds), actions = static_cast<size_t>(v.actions);
  const auto floats = [&](size_t n) { return place(added(floats_), n); };
  const auto doubles = [&](size_t n) { return place(added(doubles_), n); };
  const auto ints = [&](size_t n) { return place(added(ints_), n); };
  const auto bytes = [&](size_t n) { return place(added(bytes_), n); };
  v.env_action = h_.env_.actions();
  v.actor_obs = floats(samples * static_cast<size_t>(v.actor_size));
  v.critic_obs = v.separate ? floats(samples * static_cast<size_t>(v.critic_size)) : v.actor_obs;
  v.action = floats(samples * actions);
  v.mean = floats(samples * actions);
  for (float** x : {&v.log_prob, &v.reward, &v.done, &v.advantage, &v.target}) *x = floats(samples);
  v.value = floats(samples + worlds);
  v.masked = bytes(samples);
  v.bad = bytes(samples + worlds);
  v.ended_reward = doubles(samples);
  v.ended_length = doubles(samples);
  v.episode_reward = doubles(worlds);
  v.episode_length = doubles(worlds);
  v.time_out = bytes(worlds);
  v.final_value = floats(worlds);
  v.ends = ints(3 * static_cast<size_t>(blocks_of(v.samples(), kSampleBlock)));
  const auto wide = static_cast<size_t>(padded(v.actions));
  for (float** x : {&v.old_std, &v.sigma, &v.inverse_sigma}) *x = floats(wide);
  count_ = v.critic_at() + v.critic_count;
  const auto count = static_cast<size_t>(count_);
  parameters_ = floats(count);
  for (float** x : {&v.adam_m, &v.adam_v, &v.gradient}) *x = floats(count);
  v.std = parameters_ + v.actor_count;
  v.permutation = permutation_ = ints(samples);
  v.valid = ints(static_cast<size_t>(v.batches));
  v.advantage_sums = doubles(2 * static_cast<size_t>(v.sets()) * v.set_blocks());
  v.advantage_scale = place(advantage_scale_, static_cast<size_t>(v.sets()));
  v.sums = place(sums_, 2 * static_cast<size_t>(v.blocks()));
  v.squares = doubles(static_cast<size_t>(ranges_of(v.actor_count) + ranges_of(v.critic_count)));
  v.n = place(numbers_, 1);
  block_gradient_ = floats(static_cast<size_t>(v.blocks()) * count);
  place_net(actor_, h_.actor_, parameters_, h_.actor_map_, h_.actor_sign_);
  place_net(critic_, h_.critic_, parameters_ + v.critic_at(), h_.critic_map_, h_.critic_sign_);
  place_norm(actor_norm_, h_.actor_norm_, v.actor_now);
  if (v.separate) place_norm(critic_norm_, h_.critic_norm_, v.critic_now);
  teams_ = act_teams(device());
  scratch_ = floats(static_cast<size_t>(teams_) * 2 * kMlpRows *
                    static_cast<size_t>(std::max(actor_.act.widest, critic_.act.widest)));

  // the two networks take turns in the work space of a mini-batch
  batch_.v = v;
  const auto rows = static_cast<size_t>(batch_.rows());
  size_t widest = 0;
  for (int l = 0; l <= std::max(actor_.act.layers, critic_.act.layers); ++l) {
    const auto width = static_cast<size_t>(
        std::max(padded(actor_.shape.sizes[l]), padded(critic_.shape.sizes[l])));
    widest = std::max(widest, width);
    y_[l] = floats(rows * width);
    if (h_.config_.activation == Activation::swish) x_[l] = floats(rows * width);
  }
  require(rows * widest < (size_t{1} << 31),
          "num_mini_batches: a mini-batch is too large for a device: use more of them");
  for (float*& d : d_) d = floats(rows * widest);
  for (float** x : {&batch_.log_prob, &batch_.advantage, &batch_.weight, &batch_.loss, &batch_.kl,
                    &batch_.clipped, &batch_.old_value, &batch_.target})
    *x = floats(rows);
  for (float** x : {&batch_.action, &batch_.old_mean, &batch_.d_std}) *x = floats(rows * wide);
  if (!h_.action_map_.empty())
    action_mirror_ = {(added(ints_) = {device_, h_.action_map_, stream()}).data(),
                      (added(floats_) = {device_, h_.action_sign_, stream()}).data()};
  send();
}

// ---- host and device ----------------------------------------------------------------------------

// what a learner's state is made of
template <class F> void Ppo::OnDevice::each_number(F f) {
  const auto floats = [&](float* there, Floats& here) { f(there, here.data(), here.size()); };
  f(parameters_, h_.actor_.parameters(), static_cast<size_t>(v_.actor_count));
  floats(v_.std, h_.std_);
  f(parameters_ + v_.critic_at(), h_.critic_.parameters(), static_cast<size_t>(v_.critic_count));
  floats(v_.adam_m, h_.adam_m_);
  floats(v_.adam_v, h_.adam_v_);
  floats(v_.gradient, h_.gradient_);
  floats(v_.sigma, h_.sigma_);
  floats(v_.inverse_sigma, h_.inverse_sigma_);
  floats(v_.old_std, h_.rollout_.old_std);
  f(v_.n, &h_.numbers_, 1);
  f(v_.episode_reward, h_.episode_reward_.data(), h_.episode_reward_.size());
  f(v_.episode_length, h_.episode_length_.data(), h_.episode_length_.size());
  const auto norm = [&](Norm& there, Normalizer& here) {
    f(there.view.mean, here.mean.data(), here.mean.size());
    f(there.view.var, here.var.data(), here.var.size());
    f(there.view.count, &here.count, 1);
  };
  norm(actor_norm_, h_.actor_norm_);
  if (v_.separate) norm(critic_norm_, h_.critic_norm_);
}

void Ppo::OnDevice::send() {
  v_.seed = batch_.v.seed = h_.seed_;
  each_number([&](auto* there, const auto* here, size_t n) {
    if (n > 0) device().upload(there, here, n * sizeof(*here), stream());
  });
  const auto refresh = [&](Norm& there, Normalizer& here) {
    const ObservationScale s = here.scale();
    const size_t size = static_cast<size_t>(here.size()) * sizeof(float);
    device().upload(there.view.mean_f, s.mean, size, stream());
    device().upload(there.view.scale_f, s.scale, size, stream());
  };
  refresh(actor_norm_, h_.actor_norm_);
  if (v_.separate) refresh(critic_norm_, h_.critic_norm_);
  lay_across();
  rollout_graph_.reset();
  update_graph_.reset();
}

void Ppo::OnDevice::fetch() {
  each_number([&](const auto* there, auto* here, size_t n) {
    if (n > 0) device().download(here, there, n * sizeof(*here), stream());
  });
  h_.actor_.repack();
  h_.critic_.repack();
  h_.actor_norm_.refresh();
  if (v_.separate) h_.critic_norm_.refresh();
}

void Ppo::OnDevice::fetch_rollout() {
  h_.allocate_rollout();
  Rollout& r = h_.rollout_;
  const auto get = [&](auto& here, const auto* there) {
    device().download(here.data(), there, here.size() * sizeof(*there), stream());
  };
  get(r.actor_obs, v_.actor_obs);
  if (v_.separate) get(r.critic_obs, v_.critic_obs);
  get(r.action, v_.action);
  get(r.mean, v_.mean);
  get(r.log_prob, v_.log_prob);
  get(r.value, v_.value);
  get(r.reward, v_.reward);
  get(r.done, v_.done);
  get(r.masked, v_.masked);
  get(r.bad, v_.bad);
  get(r.advantage, v_.advantage);
  get(r.target, v_.target);
  get(r.old_std, v_.old_std);
}

void Ppo::OnDevice::write_lengths(const std::vector<int32_t>& lengths) {
  device().upload(h_.env_.episode_length(), lengths.data(), lengths.size() * sizeof(int32_t),
                  stream());
}

void Ppo::OnDevice::look() {
  items(v_.worlds, ScanRows{v_, v_.steps});
  warm_ = false;
  rollout_graph_.reset();
}

// ---- rollout ------------------------------------------------------------------------------------

// the first time as it is, the second time recorded, from then on replayed
template <class F>
void Ppo::OnDevice::replayed(std::unique_ptr<Graph>& graph, bool recorded, F queue) {
  if (!recorded) return queue();
  if (!graph) {
    device().begin_capture(stream());
    try {
      queue();
    } catch (...) {
      // what went wrong has ended the capture of a GPU, and is what to say
      try {
        device().end_capture(stream());
      } catch (const std::exception&) {
      }
      throw;
    }
    graph = device().end_capture(stream());
  }
  graph->launch(stream());
}

void Ppo::OnDevice::act(const Net& net, const Norm* norm, const float* observations, float* out,
                        const uint8_t* only) {
  ActCall c;
  c.net = net.act;
  if (norm && h_.config_.obs_normalization) {
    c.net.mean = norm->view.mean_f;
    c.net.scale = norm->view.scale_f;
  }
  c.observations = observations;
  c.rows = v_.worlds;
  c.actions = out;
  c.scratch = scratch_;
  c.teams = teams_;
  c.stream = stream();
  c.only = only;
  motorium::act(device(), c);
}

void Ppo::OnDevice::collect() {
  if (h_.env_.changes() != changes_) {
    warm_ = false;
    rollout_graph_.reset();
  }
  const bool steady = warm_ && h_.env_.steady(v_.steps);
  if (steady && rollout_graph_) h_.env_.count_steps(v_.steps);
  replayed(rollout_graph_, steady, [&] { queue_rollout(); });
  warm_ = true;
  changes_ = h_.env_.changes();
}

void Ppo::OnDevice::queue_rollout() {
  const LearnView& v = v_;
  const int worlds = v.worlds;
  items(1, BeginRollout{v});
  device().copy(v.bad, v.bad + v.samples(), static_cast<size_t>(worlds), stream());
  for (int t = 0; t < v.steps; ++t) {
    const long at = long(t) * worlds;
    const auto store = [&](const float* from, float* to, int size) {
      items(worlds * size, StoreRows{from, to + at * size, v.bad + at, size});
    };
    store(v.actor_now, v.actor_obs, v.actor_size);
    if (v.separate) store(v.critic_now, v.critic_obs, v.critic_size);
    act(actor_, &actor_norm_, v.actor_obs + at * v.actor_size, v.mean + at * v.actions);
    act(critic_, critic_norm(), v.critic_obs + at * v.critic_size, v.value + at);
    items(worlds, SampleWorld{v, t});
    h_.env_.step_there();

    // rewards and flags; a new look at the worlds: bad rows, then the normaliser
    items(worlds, AfterStep{v, t});
    items(worlds, ScanRows{v, t + 1});
    const auto normalise = [&](NormalizerView n) {
      n.skip = v.bad + at + worlds;
      items(n.blocks() * n.size, NormalizerSums{n});
      items(n.size, NormalizerColumn{n});
      items(1, NormalizerCount{n});
    };
    if (h_.config_.obs_normalization) {
      normalise(actor_norm_.view);
      if (v.separate) normalise(critic_norm_.view);
    }
    if (v.final_time_out) {
      act(critic_, critic_norm(), v.critic_final, v.final_value, v.time_out);
      items(worlds, AddFinalValue{v, t});
    }
    items(1, EndStep{v});
  }

  // value of the state after the last step, episodes, returns
  act(critic_, critic_norm(), v.critic_now, v.value + v.samples());
  items(worlds, LastValue{v});
  blocks(blocks_of(v.samples(), kSampleBlock), CountEnds{v});
  blocks(blocks_of(v.samples(), kSampleBlock), KeepEnds{v});
  items(1, EndRollout{v});
  compute_returns();
}

void Ppo::OnDevice::compute_returns() { items(v_.worlds, Returns{v_}); }

// ---- update -------------------------------------------------------------------------------------

void Ppo::OnDevice::update() {
  replayed(update_graph_, updates_ > 0, [&] { queue_update(); });
  ++updates_;
  const size_t floats = static_cast<size_t>(v_.actions) * sizeof(float);
  device().download(h_.sigma_.data(), v_.sigma, floats, stream());
  device().download(&h_.numbers_, v_.n, sizeof(LearnNumbers), stream());
  if (h_.numbers_.finite) return;
  LearnNumbers healthy = h_.numbers_;
  healthy.finite = 1;
  device().upload(v_.n, &healthy, sizeof healthy, stream());
}

void Ppo::OnDevice::queue_update() {
  const LearnView& v = v_;
  items(1, BeginUpdate{v});
  items(v.samples(), PermuteSamples{v, permutation_});
  blocks(v.batches, CountValid{v});
  for (const bool squares : {false, true}) {
    blocks(v.sets() * v.set_blocks(), AdvantageSum{v, squares});
    blocks(v.sets(), AdvantageFinish{v, squares});
  }
  for (int i = 0; i < h_.config_.num_learning_epochs * v.batches; ++i) minibatch(i % v.batches);
  items(1, EndUpdate{v});
  lay_across();
}

// weights as they are used to act
void Ppo::OnDevice::lay_across() {
  for (const Net* net : {&actor_, &critic_})
    for (int l = 0; l < net->act.layers; ++l)
      items(net->shape.in(l)*net->shape.out(l),
            LayAcross{net->parameters + net->shape.weight_at(l),
                      const_cast<float*>(net->act.weight[l]), net->shape.in(l), net->shape.out(l)});
}

void Ppo::OnDevice::minibatch(int batch) {
  const LearnView& v = v_;
  BatchView b = batch_;
  b.batch = batch;
  pass(b, actor_, &actor_norm_, v.actor_obs, false);
  pass(b, critic_, critic_norm(), v.critic_obs, true);
  const SumRanges sum{v, block_gradient_, count_};
  blocks(sum.ranges() + 1, sum);
  blocks(1, DecideStep{v, batch});
  items(static_cast<int>(v.actor_count + v.critic_count), AdamStep{v, parameters_});
}

// forward, loss and backward of one network: sums of gradients of every block of samples
void Ppo::OnDevice::pass(const BatchView& b, const Net& net, const Norm* norm, const float* from,
                         bool critic) {
  const LearnView& v = v_;
  const NetView& n = net.shape;
  const int layers = n.layers, rows = b.rows();
  const bool normalised = h_.config_.obs_normalization;
  items(rows * n.inputs(), GatherObservations{b, from, n.inputs(), net.mirror,
                                              normalised ? norm->view.mean_f : nullptr,
                                              normalised ? norm->view.scale_f : nullptr, y_[0]});
  for (int l = 0; l < layers; ++l) {
    const bool hidden = l + 1 < layers;
    ProductArgs p{};
    p.rows = rows;
    p.columns = n.out(l);
    p.depth = n.in(l);
    p.a = y_[l];
    p.lda = padded(n.in(l));
    p.b = net.parameters + n.weight_at(l);
    p.ldb = padded(n.in(l));
    p.bias = net.parameters + n.bias_at(l);
    p.c = y_[l + 1];
    p.ldc = padded(n.out(l));
    p.activation = hidden ? n.activation : Activation::none;
    p.before = hidden ? x_[l + 1] : nullptr;
    const Product<Forward> product{p};
    blocks(product.tiles(), product);
  }
  if (critic)
    items(rows, ValueRows{b, y_[layers], d_[layers & 1]});
  else
    items(rows, PolicyRows{b, action_mirror_, y_[layers], d_[layers & 1]});
  blocks(v.blocks(), LossSums{b, critic});

  float* gradient = block_gradient_ + (critic ? v.critic_at() : 0);
  const auto sum_of = [&](const float* d, int width, const float* y, int inputs, float* weight,
                          float* bias) {
    ProductArgs p{};
    p.rows = width;
    p.columns = inputs;
    p.depth = v.batch_size;
    p.a = d;
    p.lda = padded(width);
    p.b = y;
    p.ldb = p.ldc = padded(inputs);
    p.c = weight;
    p.c_bias = bias;
    p.block = kSampleBlock;
    p.sums = v.blocks();
    p.stride = count_;
    const Product<Gradient> product{p};
    blocks(product.tiles(), product);
  };
  // the sum of its terms alone: a bias without weights
  if (!critic) sum_of(b.d_std, v.actions, nullptr, 0, nullptr, gradient + v.actor_count);
  for (int l = layers - 1; l >= 0; --l) {
    const float* d = d_[(l + 1) & 1];
    sum_of(d, n.out(l), y_[l], n.in(l), gradient + n.weight_at(l), gradient + n.bias_at(l));
    if (l == 0) break;
    ProductArgs p{};
    p.rows = rows;
    p.columns = n.in(l);
    p.depth = n.out(l);
    p.a = d;
    p.lda = padded(n.out(l));
    p.b = net.parameters + n.weight_at(l);
    p.ldb = p.ldc = padded(n.in(l));
    p.c = d_[l & 1];
    p.activation = n.activation;
    p.y = y_[l];
    p.x = x_[l];
    const Product<Inputs> product{p};
    blocks(product.tiles(), product);
  }
}

}  // namespace motorium
