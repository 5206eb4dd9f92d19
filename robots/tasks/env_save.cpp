// An Env as bytes.
#include <cstring>

#include "motorium/robots/tasks/env_impl.h"

namespace motorium {

namespace {
struct StateHeader {
  uint64_t magic, bytes;
  int64_t steps;
  uint64_t seed;
  int32_t worlds, columns, log_columns, groups;
};
constexpr uint64_t kStateMagic = 0x31766e65776f746dULL;  // "mtowenv1"
}  // namespace

// everything besides the batch that the next step reads or a caller may still look at
template <class F> void Env::Impl::each_array(F f) {
  f(state.data(), state.size() * sizeof(float));
  f(log.data(), log.size() * sizeof(float));
  f(reward.data(), reward.size() * sizeof(float));
  f(actions.data(), actions.size() * sizeof(float));
  f(terminated.data(), terminated.size());
  f(truncated.data(), truncated.size());
  f(nonfinite.data(), nonfinite.size());
  f(reason.data(), reason.size() * sizeof(uint32_t));
  f(length.data(), length.size() * sizeof(int32_t));
  for (size_t g = 0; g < data.size(); ++g) {
    f(data[g].data(), data[g].size() * sizeof(float));
    f(final_data[g].data(), final_data[g].size() * sizeof(float));
  }
}

std::vector<uint8_t> Env::save_state() const {
  Impl& s = *impl_;
  std::vector<uint8_t> out(sizeof(StateHeader));
  const auto put = [&](const void* p, size_t n) {
    const auto* b = static_cast<const uint8_t*>(p);
    out.insert(out.end(), b, b + n);
  };
  if (s.on_device) s.on_device->download();
  s.each_array([&](void* p, size_t n) { put(p, n); });
  for (int w = 0; w < s.worlds; ++w) {
    const std::vector<uint8_t> world = s.batch->save(w);
    const uint64_t size = world.size();
    put(&size, sizeof size);
    put(world.data(), world.size());
  }
  const TaskTable& t = s.table();
  const StateHeader header = {kStateMagic, out.size(),   s.steps,          t.seed,
                              s.worlds,    t.at.columns, t.log_at.columns, t.ngroup};
  std::memcpy(out.data(), &header, sizeof header);
  return out;
}

void Env::load_state(const std::vector<uint8_t>& bytes) {
  Impl& s = *impl_;
  const TaskTable& t = s.table();
  StateHeader header{};
  require(bytes.size() >= sizeof header, "Env.load_state: these bytes are too short");
  std::memcpy(&header, bytes.data(), sizeof header);
  require(header.magic == kStateMagic && header.bytes == bytes.size(),
          "Env.load_state: these bytes are not a saved environment, or are cut");
  require(header.worlds == s.worlds, "Env.load_state: saved with " + std::to_string(header.worlds) +
                                         " worlds, this environment has " +
                                         std::to_string(s.worlds));
  require(header.columns == t.at.columns && header.log_columns == t.log_at.columns &&
              header.groups == t.ngroup,
          "Env.load_state: saved with another task");
  reset(header.seed);
  s.steps = header.steps;
  s.table().step = static_cast<int>(static_cast<uint32_t>(s.steps));
  s.follow_curriculum();
  size_t pos = sizeof header;
  const auto take = [&](void* p, size_t n) {
    require(n <= bytes.size() - pos, "Env.load_state: these bytes are cut");
    if (n > 0) std::memcpy(p, bytes.data() + pos, n);
    pos += n;
  };
  s.each_array(take);
  for (int w = 0; w < s.worlds; ++w) {
    uint64_t size = 0;
    take(&size, sizeof size);
    require(size <= bytes.size() - pos, "Env.load_state: these bytes are cut");
    std::vector<uint8_t> world(static_cast<size_t>(size));
    take(world.data(), world.size());
    s.batch->load(w, world);
  }
  if (s.on_device) {
    s.on_device->upload();
    s.on_device->send_table();
  }
}

}  // namespace motorium
