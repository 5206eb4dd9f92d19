#include "motorium/robots/tasks/device_env.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

namespace motorium {

DeviceEnv::DeviceEnv(std::shared_ptr<Device> device, Batch& batch, CompiledTask& c,
                     const Host& host)
    : device_(std::move(device)), batch_(batch), c_(c), host_(host), tasks_(tasks_of(device_)) {
  const Stream stream = batch_.stream();
  const auto place = [&](auto& to, const auto& from) { to = {device_, from, stream}; };
  place(joints_, c.joints);
  place(action_rows_, c.actions);
  place(feet_, c.feet);
  place(rewards_, c.rewards);
  place(dones_, c.dones);
  place(resets_, c.resets);
  place(term_ids_, c.ids);
  place(numbers_, c.numbers);
  place(qpos0_, c.qpos0);
  place(history0_, c.history0);
  for (int g = 0; g < c.table.ngroup; ++g) elements_.emplace_back(device_, c.elements[g], stream);
  table_ = {device_, 1};

  place(state_, host.state);
  place(log_, host.log);
  place(reward_, host.reward);
  place(actions_, host.actions);
  for (size_t g = 0; g < host.data.size(); ++g) {
    data_.emplace_back(device_, host.data[g], stream);
    final_data_.emplace_back(device_, host.final_data[g], stream);
  }
  place(terminated_, host.terminated);
  place(truncated_, host.truncated);
  place(nonfinite_, host.nonfinite);
  place(reason_, host.reason);
  place(length_, host.length);

  std::vector<int> all(host.length.size());
  for (size_t w = 0; w < all.size(); ++w) all[w] = static_cast<int>(w);
  place(all_, all);
  ids_ = {device_, all.size()};

  stride_ = (tasks_->scratch_bytes(c.table) + 255) & ~size_t{255};
  threads_ = std::min(tasks_->resident_threads(), (static_cast<int>(all.size()) + 63) / 64 * 64);
  scratch_ = {device_, static_cast<size_t>(threads_) * stride_};
}

// ---- tables
// ----------------------------------------------------------------------------------------

void DeviceEnv::send_table() {
  TaskTable t = c_.table;
  t.joints = joints_.data();
  t.actions = action_rows_.data();
  t.feet = feet_.data();
  t.rewards = rewards_.data();
  t.dones = dones_.data();
  t.resets = resets_.data();
  t.ids = term_ids_.data();
  t.numbers = numbers_.data();
  t.qpos0 = qpos0_.data();
  t.history0 = history0_.data();
  for (int g = 0; g < t.ngroup; ++g) {
    const auto at = static_cast<size_t>(g);
    t.groups[g].elements = elements_[at].data();
    t.groups[g].data = data_[at].data();
    t.groups[g].final_data = final_data_[at].data();
  }
  t.state = state_.data();
  t.log = log_.data();
  t.reward = reward_.data();
  t.terminated = terminated_.data();
  t.truncated = truncated_.data();
  t.nonfinite = nonfinite_.data();
  t.reason = reason_.data();
  t.length = length_.data();
  t.reward_terms = terms_.data();
  // sensordata, effort and acceleration are arrays of the batch already
  device_->upload(table_.data(), &t, sizeof t, batch_.stream());
  sent_ = t;
  sent_rewards_.clear();
  follow_curriculum();
}

void DeviceEnv::follow_curriculum() {
  const auto differ = [](const void* a, const void* b, size_t n) {
    return std::memcmp(a, b, n) != 0;
  };
  if (differ(&sent_.command, &c_.table.command, sizeof sent_.command)) {
    sent_.command = c_.table.command;
    device_->upload(reinterpret_cast<char*>(table_.data()) + offsetof(TaskTable, command),
                    &sent_.command, sizeof sent_.command, batch_.stream());
  }
  const size_t bytes = c_.rewards.size() * sizeof(TermRow);
  if (sent_rewards_.size() != c_.rewards.size() ||
      (bytes > 0 && differ(sent_rewards_.data(), c_.rewards.data(), bytes))) {
    sent_rewards_ = c_.rewards;
    if (bytes > 0) device_->upload(rewards_.data(), sent_rewards_.data(), bytes, batch_.stream());
  }
}

void DeviceEnv::want_reward_terms() {
  if (terms_.size() > 0) return;
  terms_ = {device_, host_.length.size() * static_cast<size_t>(c_.table.nreward)};
  const float* p = terms_.data();
  device_->upload(reinterpret_cast<char*>(table_.data()) + offsetof(TaskTable, reward_terms), &p,
                  sizeof p, batch_.stream());
}

// ---- rows of worlds
// --------------------------------------------------------------------------------

template <class F> void DeviceEnv::each_array(F f) {
  f(state_, host_.state);
  f(log_, host_.log);
  f(reward_, host_.reward);
  f(actions_, host_.actions);
  f(terminated_, host_.terminated);
  f(truncated_, host_.truncated);
  f(nonfinite_, host_.nonfinite);
  f(reason_, host_.reason);
  f(length_, host_.length);
  for (size_t g = 0; g < data_.size(); ++g) {
    f(data_[g], host_.data[g]);
    f(final_data_[g], host_.final_data[g]);
  }
}

void DeviceEnv::upload() {
  each_array([&](auto& array, const auto& host) {
    if (!host.empty())
      device_->upload(array.data(), host.data(), host.size() * sizeof(host[0]), batch_.stream());
  });
}
void DeviceEnv::download() {
  each_array([&](const auto& array, auto& host) {
    if (!host.empty())
      device_->download(host.data(), array.data(), host.size() * sizeof(host[0]), batch_.stream());
  });
}
void DeviceEnv::take_log() {
  if (!host_.log.empty())
    device_->download(host_.log.data(), log_.data(), host_.log.size() * sizeof(float),
                      batch_.stream());
  device_->download(host_.state.data(), state_.data(), host_.state.size() * sizeof(float),
                    batch_.stream());
}
void DeviceEnv::clear_log() {
  if (!host_.log.empty())
    device_->upload(log_.data(), host_.log.data(), host_.log.size() * sizeof(float),
                    batch_.stream());
}

// ---- stages
// ----------------------------------------------------------------------------------------

const int* DeviceEnv::send_ids(const int* ids, int count) {
  if (!ids) return all_.data();
  device_->upload(ids_.data(), ids, static_cast<size_t>(count) * sizeof(int), batch_.stream());
  return ids_.data();
}

void DeviceEnv::run(TaskStage stage, const int* worlds, int count) {
  TaskCall call;
  call.table = table_.data();
  call.physics = batch_.device_args();
  call.actions = actions_.data();
  call.worlds = worlds;
  call.count = count;
  call.scratch = scratch_.data();
  call.stride = stride_;
  call.threads = threads_;
  call.stream = batch_.stream();
  tasks_->run(stage, call);
}

void DeviceEnv::begin(const int* ids, int count) {
  const int* worlds = send_ids(ids, count);
  run(TaskStage::begin, worlds, count);
  if (c_.table.needs_refresh) batch_.forward(ids, ids ? count : 0, Refresh::vel);
  run(TaskStage::observe, worlds, count);
}

void DeviceEnv::step(const int* ids, int count) {
  const TaskTable& t = c_.table;
  const int named = ids ? count : 0;
  const int* worlds = send_ids(ids, count);
  tasks_->advance(table_.data(), batch_.stream());
  run(TaskStage::act, worlds, count);
  const bool split = t.substep_timers && t.nfeet > 0;
  for (int k = 0; k < (split ? t.decimation : 1); ++k) {
    batch_.step({split ? 1 : t.decimation, ids, named, Refresh::none});
    if (split) run(TaskStage::watch, worlds, count);
  }
  if (!t.needs_refresh) return run(TaskStage::finish, worlds, count);
  run(TaskStage::judge, worlds, count);
  batch_.forward(ids, named, Refresh::vel);
  run(TaskStage::reset, worlds, count);
  batch_.forward(ids, named, Refresh::vel);
  run(TaskStage::observe, worlds, count);
}

}  // namespace motorium
