#include "motorium/physics/device_worlds.h"

#include <chrono>
#include <cstring>
#include <mutex>
#include <tuple>

#include "motorium/physics/plain_model.h"
#include "motorium/physics/search_queue.h"

namespace motorium {
namespace {

constexpr int kFaultSlots = 64;           // frozen worlds whose evidence is kept between two looks
constexpr size_t kDenseBytes = 4u << 20;  // rows that travel at once

StateSizes sizes_of(const Model& m) {
  return {m.nq, m.nv, m.na, m.nhistory, m.nu, m.nbody, m.nmocap, m.neq};
}

// the pointers of a table, in the order of the state's fields
void point_fields(StateArrays<float>& arrays, const std::vector<DeviceArray<float>>& fields) {
  size_t i = 0;
#define MOTORIUM_FIELD(name, columns, unit, doc) arrays.name = fields[i++].data();
  MOTORIUM_STATE_FIELDS(MOTORIUM_FIELD)
#undef MOTORIUM_FIELD
}

// which row each world has of a field
const int* row_of(const ModelData<float>& d, const std::string& field) {
#define MOTORIUM_REAL(name, rows, columns, unit, doc) \
  if (field == #name) return d.name##_worlds.row_of;
  MOTORIUM_MODEL_OVERRIDES(MOTORIUM_REAL)
#undef MOTORIUM_REAL
  return nullptr;
}

}  // namespace

DeviceWorlds::DeviceWorlds(std::shared_ptr<Device> device, const Model& model, Worlds<float>& host,
                           std::vector<double>& host_time0)
    : device_(std::move(device)),
      physics_(physics_of(device_)),
      model_(model),
      host_(host),
      host_time0_(host_time0),
      sizes_(sizes_of(model)),
      worlds_(host.count) {
  const auto n = static_cast<size_t>(worlds_);
  const auto made = [&](size_t rows, std::vector<DeviceArray<float>>& out, bool optional) {
    for (const FieldShape& shape : host_.shapes) {
      const std::string name = shape.name;
      const bool wanted = optional || (name != "qfrc_applied" && name != "xfrc_applied");
      out.emplace_back(device_, wanted ? rows * static_cast<size_t>(shape.columns) : 0);
    }
  };
  made(n, fields_, false);
  steps_ = {device_, n};
  time0_ = {device_, n};
  status_ = {device_, n};
  seen_ = {device_, n};
  point();

  std::vector<int> all(n);
  for (size_t w = 0; w < n; ++w) all[w] = static_cast<int>(w);
  all_ = {device_, all, stream};
  ids_ = {device_, n};
  dense_ = {device_, kDenseBytes / sizeof(uint32_t)};

  // evidence of faults
  made(kFaultSlots, slot_fields_, true);
  slot_steps_ = {device_, kFaultSlots};
  slot_time0_ = {device_, kFaultSlots};
  slot_status_ = {device_, kFaultSlots};
  slot_world_ = {device_, kFaultSlots};
  slot_count_ = {device_, 1};
  point_fields(slots_.table.arrays, slot_fields_);
  slots_.table.arrays.steps = slot_steps_.data();
  slots_.table.arrays.status = slot_status_.data();
  slots_.table.time0 = slot_time0_.data();
  slots_.worlds = slot_world_.data();
  slots_.count = slot_count_.data();
  slots_.seen = seen_.data();
  slots_.capacity = kFaultSlots;

  // half a warp suits a leg's dofs and a foot's rows; other widths are chosen by measuring
  const std::vector<int> widths = physics_->widths();
  set_lanes(std::find(widths.begin(), widths.end(), 16) != widths.end() ? 16 : widths.front());
}

void DeviceWorlds::point() {
  point_fields(table_.arrays, fields_);
  table_.arrays.steps = steps_.data();
  table_.arrays.time0 = time0_.data();
  table_.arrays.status = status_.data();
  table_.time0 = time0_.data();
}

void DeviceWorlds::set_lanes(int lanes) {
  const std::vector<int> widths = physics_->widths();
  require(std::find(widths.begin(), widths.end(), lanes) != widths.end(),
          "Batch: lanes = " + std::to_string(lanes) + ": this build has no such kernels");
  lanes_ = lanes;
  chip_bytes_ = physics_->chip_bytes(lanes);
  scratch_ = {};
  model_changed();
}

void DeviceWorlds::choose_lanes() {
  // a batch that fills the device behaves as larger ones do
  const std::vector<int> widths = physics_->widths();
  int most = 0;
  for (const int w : widths) most = std::max(most, physics_->resident_tiles(w));
  const int count = std::min(worlds_, most);
  struct Choice {
    int lanes = 0, chip_bytes = 0;
  };
  static std::mutex lock;
  static std::map<std::tuple<uint64_t, std::string, int>, Choice> known;
  const std::lock_guard<std::mutex> guard(lock);
  Choice& best = known[{hash(model_), device_->name(), count}];

  // everything but the integration, from where worlds start
  double least = 0;
  const std::vector<int> candidates = best.lanes ? std::vector<int>{} : widths;
  for (const int w : candidates) {
    set_lanes(w);
    prepare();
    const auto seconds = [&] {
      const auto begin = std::chrono::steady_clock::now();
      physics_->forward(call_of({0, all_.data(), count}), Refresh::acc);
      device_->wait(stream);
      return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    };
    for (const int bytes : {chip_bytes_, 0}) {
      chip_bytes_ = bytes;
      seconds();  // warms up
      const double t = std::min({seconds(), seconds(), seconds()});
      if (best.lanes == 0 || t < least) {
        best = {w, bytes};
        least = t;
      }
    }
  }
  set_lanes(best.lanes);
  chip_bytes_ = best.chip_bytes;
}

// ---- constants
// -----------------------------------------------------------------------------------

void DeviceWorlds::override_changed(const std::string& field) {
  stale_fields_.insert(field);
  model_changed();
  if (field == "qpos0" || field == "body_pos" || field == "body_quat") starts_stale_ = true;
}

void DeviceWorlds::models_changed() {
  models_.clear();
  all_by_model_.clear();
  starts_stale_ = true;
  model_changed();
}

// the arrays of a model once, its lists and overrides as they are now
void DeviceWorlds::send_model(ModelBlob<float>& blob, DeviceModel& out) {
  if (out.numbers.size() == 0) {
    out.numbers = {device_, blob.numbers, stream};
    out.integers = {device_, blob.integers, stream};
  }
  out.ranges.clear();
  out.lists.clear();
  const auto place = [&](const auto& from, auto* to) {
    if (!from.empty())
      out.ranges.push_back(
          {from.data(), {from.size() * sizeof(from[0]), reinterpret_cast<char*>(to)}});
  };
  place(blob.numbers, out.numbers.data());
  place(blob.integers, out.integers.data());
  for (const std::vector<int>* list :
       {&blob.friction_dof, &blob.friction_tendon, &blob.elastic_tendon, &blob.single_dof,
        &blob.pair_far, &blob.run_group, &blob.run_body, &blob.group_geom, &blob.hull_start,
        &blob.metric_rowadr, &blob.metric_rownum, &blob.metric_col, &blob.metric_descnum}) {
    out.lists.emplace_back(device_, *list, stream);
    place(*list, out.lists.back().data());
  }
  out.pair_reach2 = {device_, blob.pair_reach2, stream};
  out.run_reach = {device_, blob.run_reach, stream};
  out.hull_walk = {device_, blob.hull_walk, stream};
  place(blob.pair_reach2, out.pair_reach2.data());
  place(blob.run_reach, out.run_reach.data());
  place(blob.hull_walk, out.hull_walk.data());

  // every pointer of the host's struct becomes the device's; one into an empty list stays unread
  ModelData<float> d = blob.data;
  const auto move = [&](auto*& p) {
    const char* host = reinterpret_cast<const char*>(p);
    p = nullptr;
    for (const auto& [from, to] : out.ranges) {
      const char* begin = static_cast<const char*>(from);
      if (host >= begin && host < begin + to.first)
        p = reinterpret_cast<std::remove_reference_t<decltype(p)>>(to.second + (host - begin));
    }
  };
#define MOTORIUM_REAL(name, rows, columns, unit, doc) move(d.name);
#define MOTORIUM_INT(name, rows, columns, doc) move(d.name);
  MOTORIUM_MODEL_REALS(MOTORIUM_REAL)
  MOTORIUM_MODEL_OVERRIDES(MOTORIUM_REAL)
  MOTORIUM_MODEL_INTS(MOTORIUM_INT)
#undef MOTORIUM_REAL
#undef MOTORIUM_INT
  for (const int** list : {&d.friction_dof, &d.friction_tendon, &d.elastic_tendon, &d.single_dof,
                           &d.pair_far, &d.run_group, &d.run_body, &d.group_geom, &d.hull_start,
                           &d.metric.rowadr, &d.metric.rownum, &d.metric.col, &d.metric.descnum})
    move(*list);
  move(d.pair_reach2);
  move(d.run_reach);
  move(d.hull_walk);
#define MOTORIUM_REAL(name, rows, columns, unit, doc)       \
  if (d.name##_worlds.data) {                               \
    const OwnRows& own = own_.at(#name);                    \
    d.name##_worlds = {own.data.data(), own.row_of.data()}; \
  }
  MOTORIUM_MODEL_OVERRIDES(MOTORIUM_REAL)
#undef MOTORIUM_REAL

#if defined(__has_builtin)
#if __has_builtin(__builtin_clear_padding)
  // a pointer of the host that was forgotten above would be a fault of the device; what lies
  // between members may look like one
  __builtin_clear_padding(&d);
  for (size_t at = 0; at + sizeof(char*) <= sizeof d; at += sizeof(char*)) {
    const char* word = nullptr;
    std::memcpy(&word, reinterpret_cast<const char*>(&d) + at, sizeof word);
    for (const auto& [from, to] : out.ranges) {
      const char* begin = static_cast<const char*>(from);
      MOTORIUM_ASSERT(word < begin || word >= begin + to.first);
    }
  }
#endif
#endif

  if (out.data.size() == 0) out.data = {device_, 1};
  device_->upload(out.data.data(), &d, sizeof d, stream);
}

void DeviceWorlds::prepare() {
  if (model_stale_) {
    for (const std::string& field : stale_fields_) {
      const std::vector<float>& rows = host_.overrides.at(field);
      OwnRows& own = own_[field];
      if (own.data.size() < rows.size()) own.data = {device_, 2 * rows.size()};
      device_->upload(own.data.data(), rows.data(), rows.size() * sizeof(float), stream);
      if (own.row_of.size() == 0) own.row_of = {device_, static_cast<size_t>(worlds_)};
      device_->upload(own.row_of.data(), row_of(host_.blob.data, field),
                      static_cast<size_t>(worlds_) * sizeof(int), stream);
    }
    stale_fields_.clear();
    if (host_.others.empty()) {
      models_.resize(1);
      send_model(host_.blob, models_[0]);
    } else {
      models_.resize(host_.others.size());
      for (size_t i = 0; i < models_.size(); ++i) send_model(*host_.others[i], models_[i]);
    }
    make_scratch();
    make_queue();
    groups_of_all();
    model_stale_ = false;
  }
  if (outputs_stale_) send_outputs();
  if (starts_stale_) send_starts();
}

void DeviceWorlds::send_outputs() {
  std::vector<OutputBinding<float>> list;
  for (const auto& [field, array] : outputs_) {
    if (array.size() == 0) continue;
    list.push_back(
        {field, static_cast<int>(array.size() / static_cast<size_t>(worlds_)), array.data()});
  }
  bindings_ = {device_, list, stream};
  output_count_ = static_cast<int>(list.size());
  outputs_stale_ = false;
}

// one row for all, and one for each world that has a start of its own
void DeviceWorlds::send_starts() {
  std::vector<int> row_of(static_cast<size_t>(worlds_), 0), ids = {0};
  for (int w = 0; w < worlds_; ++w) {
    if (w == 0 || !has_own_start(w)) continue;
    row_of[static_cast<size_t>(w)] = static_cast<int>(ids.size());
    ids.push_back(w);
  }
  // world 0 may be the one with a start of its own
  if (const auto other = std::find(row_of.begin() + 1, row_of.end(), 0);
      has_own_start(0) && other != row_of.end()) {
    row_of[0] = static_cast<int>(ids.size());
    ids.push_back(0);
    ids[0] = static_cast<int>(other - row_of.begin());
  }
  const size_t n = ids.size();
  start_fields_.clear();
  for (size_t i = 0; i < host_.shapes.size(); ++i) {
    const auto columns = static_cast<size_t>(host_.shapes[i].columns);
    std::vector<float> rows(host_.fields[i].empty() ? 0 : n * columns);
    for (size_t r = 0; r < n && !rows.empty(); ++r) {
      const int w = ids[r];
      if (i == 0) start_on_host(w);
      std::copy_n(
          host_.fields[i].begin() + static_cast<std::ptrdiff_t>(static_cast<size_t>(w) * columns),
          columns, rows.begin() + static_cast<std::ptrdiff_t>(r * columns));
    }
    start_fields_.emplace_back(device_, rows, stream);
  }
  start_steps_ = {device_, n};
  start_time0_ = {device_, n};
  start_row_ = {device_, row_of, stream};
  point_fields(starts_.table.arrays, start_fields_);
  starts_.table.arrays.steps = start_steps_.data();
  starts_.table.time0 = start_time0_.data();
  starts_.row_of = start_row_.data();
  starts_stale_ = false;
}

// as many tiles as are resident, fewer where their scratch would take over half of what is free
void DeviceWorlds::make_scratch() {
  size_t need = 0;
  host_.each_blob(
      [&](const ModelBlob<float>& b) { need = std::max(need, physics_->scratch_bytes(b.data)); });
  need = (need + 255) & ~size_t{255};
  if (scratch_.size() > 0 && need <= scratch_stride_) return;
  scratch_ = {};
  const int of_block = 128 / lanes_;
  const int worlds = (worlds_ + of_block - 1) / of_block * of_block;
  const auto room = static_cast<int>(
      std::min<size_t>(device_->free_memory() / 2 / std::max<size_t>(need, 1), 1 << 24));
  tiles_ = std::min({worlds, physics_->resident_tiles(lanes_), room / of_block * of_block});
  tiles_ = std::max(tiles_, of_block);
  scratch_stride_ = need;
  scratch_ = {device_, static_cast<size_t>(tiles_) * need};
}

// Room for the searches of all worlds. Worlds of large scenes meet few of their pairs at a time;
// one that finds no room searches in its step
void DeviceWorlds::make_queue() {
  constexpr size_t kPlaces = 32, kSlots = 128;  // of a world, on average
  size_t places = 0, slots = 0;
  host_.each_blob([&](const ModelBlob<float>& b) {
    size_t pairs = 0, contacts = 0;
    for (int p = 0; p < b.data.npair && uses_queue(b.data); ++p) {
      pairs += is_one_by_one(b.data.pair_collider[p]);
      contacts += static_cast<size_t>(collider_slots(b.data.pair_collider[p]));
    }
    if (pairs == 0) return;
    places = std::max(places, std::min(pairs, kPlaces));
    slots = std::max(slots, std::min(contacts, kSlots));
  });
  if (places == 0) return;
  const auto worlds = static_cast<size_t>(worlds_);
  places *= worlds;
  slots *= worlds;
  if (queue_places_ >= places && queue_slots_ >= slots) return;
  queue_places_ = places;
  queue_slots_ = slots;

  // at most a quarter of what is free
  const size_t each = sizeof(SearchTask<float>) + sizeof(SearchFound);
  const size_t room = device_->free_memory() / 8;
  queue_task_ = {};
  queue_found_ = {};
  queue_contact_ = {};
  queue_task_ = {device_, std::min(places, room / each)};
  queue_found_ = {device_, queue_task_.size()};
  queue_contact_ = {device_, std::min(slots, room / sizeof(SearchContact<float>))};
  queue_taken_ = {device_, 2};
  queue_first_ = {device_, worlds};
  SearchQueue<float> queue;
  queue.places = static_cast<int>(queue_task_.size());
  queue.slots = static_cast<int>(queue_contact_.size());
  queue.taken = queue_taken_.data();
  queue.first = queue_first_.data();
  queue.task = queue_task_.data();
  queue.found = queue_found_.data();
  queue.contact = queue_contact_.data();
  queue_ = {device_, std::vector<SearchQueue<float>>{queue}, stream};
}

// ---- launches
// ------------------------------------------------------------------------------------

const int* DeviceWorlds::send_ids(const int* ids, int n) {
  if (!ids) return all_.data();
  if (n > 0) device_->upload(ids_.data(), ids, static_cast<size_t>(n) * sizeof(int), stream);
  return ids_.data();
}

// a launch works on worlds of one model
std::vector<DeviceWorlds::Group> DeviceWorlds::groups_of(const int* ids, int n) {
  if (host_.other_of.empty()) return {{0, send_ids(ids, n), n}};
  if (!ids) return all_by_model_;
  return groups(ids, n, ids_);
}

void DeviceWorlds::groups_of_all() {
  if (host_.other_of.empty() || !all_by_model_.empty()) return;
  std::vector<int> all(static_cast<size_t>(worlds_));
  for (int w = 0; w < worlds_; ++w) all[static_cast<size_t>(w)] = w;
  by_model_ = {device_, all.size()};
  all_by_model_ = groups(all.data(), worlds_, by_model_);
}

std::vector<DeviceWorlds::Group> DeviceWorlds::groups(const int* ids, int n,
                                                      const DeviceArray<int>& memory) {
  const auto model = [&](int w) { return host_.other_of[static_cast<size_t>(w)]; };
  std::vector<int> sorted(ids, ids + n);
  std::stable_sort(sorted.begin(), sorted.end(), [&](int a, int b) { return model(a) < model(b); });
  device_->upload(memory.data(), sorted.data(), sorted.size() * sizeof(int), stream);
  std::vector<Group> out;
  for (int first = 0; first < n;) {
    int end = first;
    while (end < n &&
           model(sorted[static_cast<size_t>(end)]) == model(sorted[static_cast<size_t>(first)]))
      ++end;
    out.push_back({model(sorted[static_cast<size_t>(first)]), memory.data() + first, end - first});
    first = end;
  }
  return out;
}

const ModelData<float>& DeviceWorlds::host_model(int model) const {
  return host_.others.empty() ? host_.blob.data : host_.others[static_cast<size_t>(model)]->data;
}

DeviceCall DeviceWorlds::call_of(const Group& group) {
  DeviceCall c;
  c.args.model = models_[static_cast<size_t>(group.model)].data.data();
  c.args.state = table_.arrays;
  c.args.outputs = bindings_.data();
  c.args.output_count = output_count_;
  c.args.scratch = scratch_.data();
  c.worlds = group.ids;
  c.count = group.count;
  c.scratch_stride = scratch_stride_;
  c.tiles = tiles_;
  c.lanes = lanes_;
  c.chip_bytes = chip_bytes_;
  c.plain = is_plain(host_model(group.model));
  c.stream = stream;
  return c;
}

PackArgs<float> DeviceWorlds::args() {
  prepare();
  PackArgs<float> a = call_of({0, nullptr, 0}).args;
  a.scratch = nullptr;
  return a;
}

void DeviceWorlds::step(const int* ids, int n, int nstep, Refresh refresh, bool autoreset) {
  prepare();
  if (n == 0) return;
  const std::vector<Group> groups = groups_of(ids, n);
  for (const Group& g : groups) {
    if (autoreset)
      physics_->restart({sizes_, table_, starts_, seen_.data(), g.ids, g.count, true, stream});
    DeviceCall call = call_of(g);
    const ModelData<float>& d = host_model(g.model);
    if (uses_queue(d)) {
      call.args.queue = queue_.data();
      call.search_bytes = search_bytes(d);
    }
    // outputs of the new state are another launch: kernels of steps are shorter without
    if (refresh != Refresh::none) call.args.output_count = 0;
    physics_->step(call, nstep);
    if (refresh != Refresh::none) physics_->forward(call_of(g), refresh);
    physics_->keep({sizes_, table_, slots_, g.ids, g.count, stream});
  }
}

void DeviceWorlds::forward(const int* ids, int n, Refresh upto) {
  prepare();
  if (n == 0) return;
  for (const Group& g : groups_of(ids, n)) physics_->forward(call_of(g), upto);
}

void DeviceWorlds::restart(const int* ids, int n) {
  prepare();
  if (n == 0) return;
  physics_->restart({sizes_, table_, starts_, seen_.data(), send_ids(ids, n), n, false, stream});
}

// ---- arrays
// ----------------------------------------------------------------------------------------

float* DeviceWorlds::state(size_t shape) {
  const size_t need =
      static_cast<size_t>(worlds_) * static_cast<size_t>(host_.shapes[shape].columns);
  if (fields_[shape].size() != need) {
    fields_[shape] = {device_, need};
    point();
    ++changes_;
  }
  return fields_[shape].data();
}

float* DeviceWorlds::output(int field, int columns) {
  auto [entry, fresh] = outputs_.try_emplace(field);
  if (fresh) {
    entry->second = {device_, static_cast<size_t>(worlds_) * static_cast<size_t>(columns)};
    outputs_stale_ = true;
    model_changed();
  }
  return entry->second.data();
}

// f(call, first row, bytes) for as many rows as travel at once
template <class F>
void DeviceWorlds::each_load(const void* rows, size_t row_bytes, const int* ids, int n, F f) {
  RowsCall c;
  c.rows = static_cast<uint32_t*>(const_cast<void*>(rows));
  c.dense = dense_for(row_bytes);
  c.words = static_cast<int>(row_bytes / sizeof(uint32_t));
  c.stream = stream;
  const int most = static_cast<int>(dense_.size() * sizeof(uint32_t) / row_bytes);
  for (int first = 0; first < n; first += most) {
    c.count = std::min(most, n - first);
    c.ids = send_ids(ids + first, c.count);
    f(c, static_cast<size_t>(first) * row_bytes, static_cast<size_t>(c.count) * row_bytes);
  }
}

void DeviceWorlds::read_rows(const void* rows, size_t row_bytes, const int* ids, int n, void* out) {
  if (n == 0 || row_bytes == 0) return;
  if (!ids) return device_->download(out, rows, row_bytes * static_cast<size_t>(n), stream);
  each_load(rows, row_bytes, ids, n, [&](const RowsCall& c, size_t at, size_t bytes) {
    physics_->gather(c);
    device_->download(static_cast<char*>(out) + at, c.dense, bytes, stream);
  });
}

void DeviceWorlds::write_rows(void* rows, size_t row_bytes, const int* ids, int n, const void* in) {
  if (n == 0 || row_bytes == 0) return;
  if (!ids) return device_->upload(rows, in, row_bytes * static_cast<size_t>(n), stream);
  each_load(rows, row_bytes, ids, n, [&](const RowsCall& c, size_t at, size_t bytes) {
    device_->upload(c.dense, static_cast<const char*>(in) + at, bytes, stream);
    physics_->scatter(c);
  });
}

// at least one row
uint32_t* DeviceWorlds::dense_for(size_t row_bytes) {
  if (dense_.size() * sizeof(uint32_t) < row_bytes)
    dense_ = {device_, (row_bytes + sizeof(uint32_t) - 1) / sizeof(uint32_t)};
  return dense_.data();
}

// ---- the mirror
// ------------------------------------------------------------------------------------

// forces that are applied on the device have a place on the host
void DeviceWorlds::complete_mirror() {
  for (size_t i = 0; i < fields_.size(); ++i)
    if (fields_[i].size() > 0 && host_.fields[i].empty()) {
      host_.allocate(i);
      host_.point();
    }
}

// f(device rows, host rows, bytes of a row) for everything a world is
template <class F> void DeviceWorlds::each_field(F f) {
  complete_mirror();
  for (size_t i = 0; i < fields_.size(); ++i)
    if (fields_[i].size() > 0)
      f(fields_[i].data(), host_.fields[i].data(),
        static_cast<size_t>(host_.shapes[i].columns) * sizeof(float));
  f(steps_.data(), host_.steps.data(), sizeof(int64_t));
  f(time0_.data(), host_time0_.data(), sizeof(double));
  f(status_.data(), host_.status.data(), sizeof(uint32_t));
}

void DeviceWorlds::pull(const int* ids, int n) {
  std::vector<char> dense;
  each_field([&](const void* device_rows, auto* host_rows, size_t bytes) {
    if (!ids) return read_rows(device_rows, bytes, nullptr, worlds_, host_rows);
    dense.resize(bytes * static_cast<size_t>(n));
    read_rows(device_rows, bytes, ids, n, dense.data());
    for (int i = 0; i < n; ++i)
      std::memcpy(reinterpret_cast<char*>(host_rows) + static_cast<size_t>(ids[i]) * bytes,
                  dense.data() + static_cast<size_t>(i) * bytes, bytes);
  });
}

void DeviceWorlds::push(const int* ids, int n) {
  std::vector<char> dense;
  // a field that the host has got meanwhile
  for (size_t i = 0; i < fields_.size(); ++i)
    if (!host_.fields[i].empty()) state(i);
  each_field([&](void* device_rows, const auto* host_rows, size_t bytes) {
    if (!ids) return write_rows(device_rows, bytes, nullptr, worlds_, host_rows);
    dense.resize(bytes * static_cast<size_t>(n));
    for (int i = 0; i < n; ++i)
      std::memcpy(dense.data() + static_cast<size_t>(i) * bytes,
                  reinterpret_cast<const char*>(host_rows) + static_cast<size_t>(ids[i]) * bytes,
                  bytes);
    write_rows(device_rows, bytes, ids, n, dense.data());
  });
}

void DeviceWorlds::forget_freezes(const int* ids, int n) {
  const std::vector<uint32_t> none(static_cast<size_t>(n), 0);
  write_rows(seen_.data(), sizeof(uint32_t), ids, n, none.data());
}

void DeviceWorlds::pull_marks() {
  read_rows(steps_.data(), sizeof(int64_t), nullptr, worlds_, host_.steps.data());
  read_rows(time0_.data(), sizeof(double), nullptr, worlds_, host_time0_.data());
  read_rows(status_.data(), sizeof(uint32_t), nullptr, worlds_, host_.status.data());
}

void DeviceWorlds::push_status() {
  write_rows(status_.data(), sizeof(uint32_t), nullptr, worlds_, host_.status.data());
}

void DeviceWorlds::take_faults(const std::function<void(int)>& f) {
  int count = 0;
  device_->download(&count, slot_count_.data(), sizeof count, stream);
  count = std::min(count, kFaultSlots);
  if (count == 0) return;
  complete_mirror();
  const auto n = static_cast<size_t>(count);
  const auto fetch = [&](auto& array, size_t columns, auto zero) {
    std::vector<decltype(zero)> out(n * columns);
    if (!out.empty())
      device_->download(out.data(), array.data(), out.size() * sizeof(zero), stream);
    return out;
  };
  std::vector<std::vector<float>> rows;
  for (size_t i = 0; i < slot_fields_.size(); ++i)
    rows.push_back(fetch(slot_fields_[i], static_cast<size_t>(host_.shapes[i].columns), 0.0f));
  const auto steps = fetch(slot_steps_, 1, int64_t{0});
  const auto time0 = fetch(slot_time0_, 1, 0.0);
  const auto status = fetch(slot_status_, 1, uint32_t{0});
  const auto worlds = fetch(slot_world_, 1, 0);
  for (size_t k = 0; k < n; ++k) {
    const auto w = static_cast<size_t>(worlds[k]);
    for (size_t i = 0; i < rows.size(); ++i) {
      const auto columns = static_cast<size_t>(host_.shapes[i].columns);
      if (!host_.fields[i].empty())
        std::copy_n(rows[i].begin() + static_cast<std::ptrdiff_t>(k * columns), columns,
                    host_.fields[i].begin() + static_cast<std::ptrdiff_t>(w * columns));
    }
    host_.steps[w] = steps[k];
    host_time0_[w] = time0[k];
    host_.status[w] = status[k];
    f(worlds[k]);
  }
  const int none = 0;
  device_->upload(slot_count_.data(), &none, sizeof none, stream);
}

}  // namespace motorium
