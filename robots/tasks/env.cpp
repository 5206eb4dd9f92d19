// How an Env is made, what it tells, and its log.
#include "motorium/robots/tasks/env_impl.h"

namespace motorium {
namespace {

const TaskKernels& kernels_for(int width) {
  if (width == 16) return motorium_tasks_v4_pack;
  if (width == 8) return motorium_tasks_v3_pack;
  MOTORIUM_ASSERT(width == 1);
  return motorium_tasks_v3_float;
}

}  // namespace

void Env::Impl::allocate() {
  TaskTable& t = c.table;
  const size_t n = static_cast<size_t>(worlds);
  ids.resize(n);
  for (int w = 0; w < worlds; ++w) ids[static_cast<size_t>(w)] = w;
  done_ids.reserve(n);
  t.worlds = worlds;
  state.assign(n * static_cast<size_t>(t.at.columns), 0.f);
  log.assign(n * static_cast<size_t>(t.log_at.columns), 0.f);
  reward.assign(n, 0.f);
  actions.assign(n * static_cast<size_t>(t.nu), 0.f);
  terminated.assign(n, 0);
  truncated.assign(n, 0);
  nonfinite.assign(n, 0);
  reason.assign(n, 0);
  length.assign(n, 0);
  data.resize(static_cast<size_t>(t.ngroup));
  final_data.resize(data.size());
  for (size_t g = 0; g < data.size(); ++g) {
    const size_t size = n * c.elements[g].size();
    data[g].assign(size, 0.f);
    final_data[g].assign(size, 0.f);
    t.groups[g].data = data[g].data();
    t.groups[g].final_data = final_data[g].data();
    groups.push_back({c.group_names[g], static_cast<int>(c.elements[g].size()), data[g].data()});
  }
  t.state = state.data();
  t.log = log.data();
  t.reward = reward.data();
  t.terminated = terminated.data();
  t.truncated = truncated.data();
  t.nonfinite = nonfinite.data();
  t.reason = reason.data();
  t.length = length.data();

  // outputs that some term reads
  const auto bind = [&](bool wanted, const char* name) {
    return wanted ? static_cast<const float*>(batch->bind(name).data) : nullptr;
  };
  t.sensordata = bind(c.needs_sensors, "sensordata");
  t.effort = bind(c.needs_effort, "qfrc_actuator");
  t.acceleration = bind(c.needs_acceleration, "qacc");

  if (options.device) {
    on_device = std::make_unique<DeviceEnv>(
        options.device, *batch, c,
        DeviceEnv::Host{state, log, reward, actions, data, final_data, terminated, truncated,
                        nonfinite, reason, length});
    for (size_t g = 0; g < groups.size(); ++g) groups[g].data = on_device->data(g);
    return;
  }
  const size_t bytes = kernels->scratch_bytes(t);
  for (int i = 0; i < batch->threads().count(); ++i)
    scratch.push_back(std::make_unique<Arena>(bytes));
}

Env::Env(std::shared_ptr<const Task> task, std::shared_ptr<const Model> model,
         const EnvOptions& options)
    : impl_(std::make_unique<Impl>()) {
  require(options.worlds >= 1, "make_env: worlds must be 1 or more");
  require(options.threads >= 0, "make_env: threads must be 0 or more");
  Impl& s = *impl_;
  s.task = std::move(task);
  s.model = std::move(model);
  s.options = options;
  s.worlds = options.worlds;
  compile_task(*s.task, *s.model, s.c);
  if (options.threads > 0) s.own_threads = std::make_unique<Threads>(options.threads);
  BatchOptions b;
  b.worlds = options.worlds;
  b.threads = s.own_threads.get();
  b.device = options.device;
  s.batch = std::make_unique<Batch>(s.model, b);
  if (!b.device) s.kernels = &kernels_for(s.batch->kernels().width);
  s.allocate();
  reset(options.seed);
}
Env::~Env() = default;

std::unique_ptr<Env> make_env(const std::string& name, const EnvOptions& options) {
  auto task = std::make_shared<const Task>(read_task(name, options.overrides));
  return std::make_unique<Env>(task, load_task_model(*task, options.robot_path), options);
}

std::shared_ptr<Device> Env::device() const { return impl_->batch->device(); }
Stream Env::stream() const { return impl_->batch->stream(); }
void Env::set_stream(Stream stream) { impl_->batch->set_stream(stream); }
int64_t Env::changes() const { return impl_->batch->changes(); }

int Env::worlds() const { return impl_->worlds; }
int Env::action_size() const { return impl_->c.table.nu; }
int Env::max_episode_length() const { return impl_->c.table.max_length; }
double Env::step_seconds() const { return impl_->model->timestep * impl_->c.table.decimation; }
const std::vector<ObservationGroup>& Env::observations() const { return impl_->groups; }
const float* Env::rewards() const {
  return impl_->on_device ? impl_->on_device->reward() : impl_->reward.data();
}
const uint8_t* Env::terminated() const {
  return impl_->on_device ? impl_->on_device->terminated() : impl_->terminated.data();
}
const uint8_t* Env::truncated() const {
  return impl_->on_device ? impl_->on_device->truncated() : impl_->truncated.data();
}
const uint8_t* Env::nonfinite() const {
  return impl_->on_device ? impl_->on_device->nonfinite() : impl_->nonfinite.data();
}
const float* Env::final_observations(int group) const {
  const std::vector<float>& host = impl_->final_data.at(static_cast<size_t>(group));
  return impl_->on_device ? impl_->on_device->final_data(static_cast<size_t>(group)) : host.data();
}
int32_t* Env::episode_length() {
  return impl_->on_device ? impl_->on_device->length() : impl_->length.data();
}
const std::vector<std::pair<int, float>>& Env::action_mirror() const {
  return impl_->c.action_mirror;
}
const std::vector<std::pair<int, float>>& Env::observation_mirror(int group) const {
  return impl_->c.observation_mirror.at(static_cast<size_t>(group));
}
float* Env::actions() {
  return impl_->on_device ? impl_->on_device->actions() : impl_->actions.data();
}
const uint32_t* Env::reasons() const {
  return impl_->on_device ? impl_->on_device->reason() : impl_->reason.data();
}
const float* Env::reward_terms() {
  Impl& s = *impl_;
  if (s.on_device) {
    s.on_device->want_reward_terms();
    return s.on_device->reward_terms();
  }
  if (s.terms.empty())
    s.terms.assign(static_cast<size_t>(s.worlds) * static_cast<size_t>(s.c.table.nreward), 0.f);
  s.table().reward_terms = s.terms.data();
  return s.terms.data();
}
const std::vector<std::string>& Env::reward_names() const { return impl_->c.reward_names; }
const std::vector<std::string>& Env::termination_names() const { return impl_->c.done_names; }
std::vector<std::pair<std::string, int>> Env::observation_terms(int group) const {
  return impl_->c.group_terms.at(static_cast<size_t>(group));
}
std::vector<double> Env::action_scale() const {
  std::vector<double> out;
  for (const ActionRow& a : impl_->c.actions) out.push_back(static_cast<double>(a.scale));
  return out;
}
std::vector<std::string> Env::action_names() const { return impl_->model->actuator_name; }
const float* Env::command() const {
  const TaskTable& t = impl_->c.table;
  const float* state = impl_->on_device ? impl_->on_device->state() : impl_->state.data();
  return t.command.present ? state + t.at.command : nullptr;
}
int Env::command_stride() const { return impl_->c.table.at.columns; }
const Task& Env::task() const { return *impl_->task; }
Batch& Env::batch() { return *impl_->batch; }
uint64_t Env::seed() const { return impl_->c.table.seed; }
int64_t Env::step_count() const { return impl_->steps; }

std::vector<std::pair<std::string, double>> Env::take_log() {
  Impl& s = *impl_;
  const TaskTable& t = s.table();
  if (s.on_device) s.on_device->take_log();
  // sums over worlds in the order of their ids
  std::vector<double> sum(static_cast<size_t>(t.log_at.columns), 0.0);
  double level = 0;
  for (int w = 0; w < s.worlds; ++w) {
    float* row = s.log.data() + static_cast<size_t>(w) * sum.size();
    for (size_t i = 0; i < sum.size(); ++i) {
      sum[i] += static_cast<double>(row[i]);
      row[i] = 0;
    }
    level +=
        static_cast<double>(s.state[static_cast<size_t>(w) * static_cast<size_t>(t.at.columns) +
                                    static_cast<size_t>(t.at.level)]);
  }
  if (s.on_device) s.on_device->clear_log();
  std::vector<std::pair<std::string, double>> out;
  const double episodes = sum[static_cast<size_t>(t.log_at.episodes)];
  const auto at = [&](int column) { return sum[static_cast<size_t>(column)]; };
  if (episodes > 0) {
    for (int i = 0; i < t.nreward; ++i)
      out.emplace_back("Episode_Reward/" + s.c.reward_names[static_cast<size_t>(i)],
                       at(t.log_at.rewards + i) / episodes);
    if (t.command.present) {
      out.emplace_back("Metrics/twist/error_vel_xy", at(t.log_at.metric_xy) / episodes);
      out.emplace_back("Metrics/twist/error_vel_yaw", at(t.log_at.metric_yaw) / episodes);
    }
  }
  for (int i = 0; i < t.ndone; ++i)
    out.emplace_back("Episode_Termination/" + s.c.done_names[static_cast<size_t>(i)],
                     at(t.log_at.reasons + i));
  if (t.command.levels) out.emplace_back("Curriculum/command_levels", level / s.worlds);
  out.emplace_back("Health/nonfinite_worlds", at(t.log_at.nonfinite));
  return out;
}

}  // namespace motorium
