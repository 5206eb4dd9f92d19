#include <unistd.h>

#include <cstdio>
#include <cstring>

#include "motorium/core/error.h"
#include "motorium/core/float_mode.h"
#include "motorium/core/status.h"
#include "motorium/core/text.h"
#include "motorium/physics/device_worlds.h"
#include "motorium/physics/initial_state.h"

namespace motorium {

namespace {

constexpr int kMaxWorlds = 10'000'000;

}  // namespace

Batch::Impl::Impl() = default;
Batch::Impl::~Impl() = default;

Batch::Batch(std::shared_ptr<const Model> model, const BatchOptions& options)
    : impl_(std::make_unique<Impl>()) {
  const DefaultFloatMode mode;
  require(model != nullptr, "Batch: model is null");
  require(options.worlds >= 1 && options.worlds <= kMaxWorlds,
          "Batch: worlds = " + std::to_string(options.worlds) + ": allowed are 1 .. " +
              std::to_string(kMaxWorlds));
  require(!options.device || options.precision == Precision::single,
          "Batch: precision double runs on device cpu only");
  require(options.lanes == 0 || options.device, "Batch: lanes are a device's: name one");

  // refuse what cannot fit, and say what would
  double numbers = 0;
  for (const FieldShape& s : state_shapes(*model)) numbers += s.columns;
  const double bytes = numbers * (options.precision == Precision::single ? 4 : 8) + 32;
  const double available =
      static_cast<double>(sysconf(_SC_AVPHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGESIZE));
  const auto need_room = [&](double room, const std::string& where) {
    if (bytes * options.worlds <= room) return;
    char text[200];
    std::snprintf(text, sizeof text,
                  "Batch: %d worlds need %.1f GiB, %.1f GiB are free%s: at most %d fit",
                  options.worlds, bytes * options.worlds / (1 << 30), room / (1 << 30),
                  where.c_str(), static_cast<int>(room / bytes));
    throw Error(text);
  };
  need_room(available, "");
  if (options.device)
    need_room(static_cast<double>(options.device->free_memory()),
              " on device " + options.device->name());

  impl_->model = std::move(model);
  impl_->options = options;
  impl_->threads = options.threads ? options.threads : &default_threads();
  if (options.precision == Precision::single)
    impl_->single = std::make_unique<Worlds<float>>(*impl_->model, options.worlds);
  else
    impl_->reference = std::make_unique<Worlds<double>>(*impl_->model, options.worlds);
  impl_->ctrl0 = initial_control(*impl_->model);
  impl_->history0 = initial_history(*impl_->model);
  impl_->time0.assign(static_cast<size_t>(options.worlds), 0.0);
  impl_->visit([&](auto& w) { w.arrays.time0 = impl_->time0.data(); });
  impl_->all.resize(static_cast<size_t>(options.worlds));
  for (int w = 0; w < options.worlds; ++w) impl_->all[static_cast<size_t>(w)] = w;
  impl_->seen.assign(static_cast<size_t>(options.worlds), 0);
  impl_->frozen.assign(static_cast<size_t>(options.worlds), 0);
  impl_->visit([&](auto& w) { w.prepare(impl_->threads->count()); });
  if (options.device) {
    impl_->on_device =
        std::make_unique<DeviceWorlds>(options.device, *impl_->model, *impl_->single, impl_->time0);
    if (options.lanes != 0) impl_->on_device->set_lanes(options.lanes);
    Impl* impl = impl_.get();
    impl->on_device->start_on_host = [impl](int w) { impl->reset_world(w, -1); };
    impl->on_device->has_own_start = [impl](int w) {
      return !impl->models.empty() || impl->has_own("qpos0", w) || impl->has_own("body_pos", w) ||
             impl->has_own("body_quat", w);
    };
  }
  reset();
  if (impl_->on_device && options.lanes == 0) impl_->on_device->choose_lanes();
}

Batch::~Batch() = default;

const Model& Batch::model() const { return *impl_->model; }
std::shared_ptr<const Model> Batch::shared_model() const { return impl_->model; }
int Batch::worlds() const { return impl_->options.worlds; }
Precision Batch::precision() const { return impl_->options.precision; }
Threads& Batch::threads() { return *impl_->threads; }

const std::shared_ptr<Device>& Batch::device() const { return impl_->options.device; }
void Batch::set_stream(Stream stream) {
  if (!impl_->on_device) return;
  impl_->on_device->device().order(impl_->on_device->stream, stream);
  impl_->on_device->stream = stream;
}
void Batch::wait() {
  if (impl_->on_device) impl_->on_device->device().wait(impl_->on_device->stream);
}
int64_t Batch::changes() const { return impl_->on_device ? impl_->on_device->changes() : 0; }
Stream Batch::stream() const { return impl_->on_device ? impl_->on_device->stream : nullptr; }
void Batch::set_lanes(int lanes) {
  require(impl_->on_device != nullptr, "Batch.set_lanes: lanes are a device's");
  impl_->on_device->set_lanes(lanes);
}
int Batch::lanes() const { return impl_->on_device ? impl_->on_device->lanes() : 0; }

// ---- host and device ---------------------------------------------------------------------------

void Batch::Impl::pull(const int* ids, int n) const {
  if (on_device) on_device->pull(device_ids(ids), n);
}
void Batch::Impl::push(const int* ids, int n) {
  if (on_device) on_device->push(device_ids(ids), n);
}
void Batch::Impl::forget_freezes(const int* ids, int n) {
  if (on_device) on_device->forget_freezes(device_ids(ids), n);
  for (int i = 0; i < n; ++i) frozen[static_cast<size_t>(ids[i])] = 0;
}
void Batch::Impl::pull_marks() const {
  if (on_device) on_device->pull_marks();
}
void Batch::Impl::collect_faults() const {
  if (on_device) on_device->take_faults([&](int w) { const_cast<Impl*>(this)->remember_fault(w); });
}

// ---- stepping ----------------------------------------------------------------------------------

void Batch::step(const StepOptions& o) {
  if (o.nstep < 0)
    throw Error("Batch.step: nstep = " + std::to_string(o.nstep) + ": allowed is 0 or more");
  const Phase phase(impl_->threads->lane(0), "Batch.step");
  int n = 0;
  const int* ids = impl_->worlds_of(o.ids, o.id_count, n, "step");
  if (impl_->on_device)
    return impl_->on_device->step(impl_->device_ids(ids), n, o.nstep, o.refresh,
                                  impl_->options.autoreset);
  if (impl_->options.autoreset)
    for (int i = 0; i < n; ++i)
      if (status()[ids[i]] & kStatusFrozen) {
        impl_->reset_world(ids[i], -1);
        impl_->frozen[static_cast<size_t>(ids[i])] = 0;
      }
  impl_->visit([&](auto& w) { impl_->run_steps(w, ids, n, o.nstep, o.refresh); });
  for (int i = 0; i < n; ++i) {
    const bool now = (status()[ids[i]] & kStatusFrozen) != 0;
    uint8_t& before = impl_->frozen[static_cast<size_t>(ids[i])];
    if (now && !before) keep_fault(ids[i]);
    before = now;
  }
}

void Batch::forward(const int* ids, int id_count, Refresh upto) {
  int n = 0;
  const int* list = impl_->worlds_of(ids, id_count, n, "forward");
  if (impl_->on_device) return impl_->on_device->forward(impl_->device_ids(list), n, upto);
  impl_->visit([&](auto& w) {
    impl_->run(w, list, n, [&](int worker, const int* worlds, int count, const int*) {
      w.kernels.forward(w.args(worker, *worlds), worlds, count, upto);
    });
  });
}

ArrayView Batch::inverse(const void* qacc, const int* ids, int id_count) {
  require(qacc != nullptr || impl_->model->nv == 0, "Batch.inverse: qacc is null");
  require(
      (impl_->model->flags & kFlagInvdiscrete) == 0 || impl_->model->integrator != Integrator::rk4,
      "Batch.inverse: with the flag invdiscrete the integrator RK4 cannot be inverted: use "
      "implicitfast");
  int n = 0;
  const int* list = impl_->worlds_of(ids, id_count, n, "inverse");
  impl_->pull(list, n);
  return impl_->visit([&](auto& w) -> ArrayView {
    using S = std::remove_reference_t<decltype(w.fields[0][0])>;
    w.inverse.resize(static_cast<size_t>(w.count) * static_cast<size_t>(impl_->model->nv));
    impl_->run(w, list, n, [&](int worker, const int* worlds, int count, const int*) {
      w.kernels.inverse(w.args(worker, *worlds), static_cast<const S*>(qacc), w.inverse.data(),
                        worlds, count);
    });
    return {w.inverse.data(), impl_->model->nv, false};
  });
}
// ---- arrays ------------------------------------------------------------------------------------

ArrayView Batch::state(const std::string& name) {
  return impl_->visit([&](auto& w) -> ArrayView {
    for (size_t i = 0; i < w.shapes.size(); ++i) {
      if (name != w.shapes[i].name) continue;
      if (impl_->on_device) return {impl_->on_device->state(i), w.shapes[i].columns, true};
      const size_t need = static_cast<size_t>(w.count) * static_cast<size_t>(w.shapes[i].columns);
      if (w.fields[i].size() != need) {
        w.allocate(i);
        w.point();
      }
      return {w.fields[i].data(), w.shapes[i].columns, true};
    }
    std::vector<std::string> names;
    for (const FieldShape& s : w.shapes) names.push_back(s.name);
    throw Error("Batch.state: no field '" + name + "'" + did_you_mean(name, names));
  });
}

ArrayView Batch::bind(const std::string& name) {
  return impl_->visit([&](auto& w) -> ArrayView {
    for (size_t i = 0; i < w.output_shapes_.size(); ++i) {
      if (name != w.output_shapes_[i].name) continue;
      const int columns = w.output_shapes_[i].columns;
      auto [entry, fresh] = w.outputs.try_emplace(static_cast<int>(i));
      if (fresh && impl_->on_device) w.each_blob([&](auto& b) { want_output(b.data, name); });
      if (impl_->on_device)
        return {impl_->on_device->output(static_cast<int>(i), columns), columns, false};
      if (fresh) {
        entry->second.assign(static_cast<size_t>(w.count) * static_cast<size_t>(columns), 0);
        w.bindings.push_back({static_cast<int>(i), columns, entry->second.data()});
        w.each_blob([&](auto& b) { want_output(b.data, name); });
      }
      return {entry->second.data(), columns, false};
    }
    throw Error("Batch.bind: no output '" + name + "'" + did_you_mean(name, output_names()));
  });
}

// rows of one array; on the CPU they are the array's
void Batch::read_rows(const std::string& name, const int* ids, int id_count, void* out) {
  const RowsOf rows = impl_->rows_of(*this, name);
  int n = 0;
  const int* list = impl_->worlds_of(ids, id_count, n, "read_rows");
  if (impl_->on_device)
    return impl_->on_device->read_rows(rows.data, rows.bytes, impl_->device_ids(list), n, out);
  for (int i = 0; i < n && rows.bytes > 0; ++i)
    std::memcpy(static_cast<char*>(out) + static_cast<size_t>(i) * rows.bytes,
                rows.data + static_cast<size_t>(list[i]) * rows.bytes, rows.bytes);
}
void Batch::write_rows(const std::string& name, const int* ids, int id_count, const void* in) {
  const RowsOf rows = impl_->rows_of(*this, name);
  require(rows.writable, "Batch.write_rows: '" + name + "' is an output");
  int n = 0;
  const int* list = impl_->worlds_of(ids, id_count, n, "write_rows");
  if (impl_->on_device)
    return impl_->on_device->write_rows(rows.data, rows.bytes, impl_->device_ids(list), n, in);
  for (int i = 0; i < n && rows.bytes > 0; ++i)
    std::memcpy(rows.data + static_cast<size_t>(list[i]) * rows.bytes,
                static_cast<const char*>(in) + static_cast<size_t>(i) * rows.bytes, rows.bytes);
}

// the array of a name, as bytes
RowsOf Batch::Impl::rows_of(Batch& batch, const std::string& name) const {
  const ArrayView view = visit([&](const auto& w) {
    std::vector<std::string> names = batch.output_names();
    const bool output = std::find(names.begin(), names.end(), name) != names.end();
    for (const FieldShape& s : w.shapes) {
      if (name == s.name) return batch.state(name);
      names.push_back(s.name);
    }
    require(output, "Batch: no array '" + name + "'" + did_you_mean(name, names));
    return batch.bind(name);
  });
  const size_t number = single ? sizeof(float) : sizeof(double);
  return {static_cast<char*>(view.data), static_cast<size_t>(view.columns) * number, view.writable};
}

std::vector<std::string> Batch::output_names() const {
  std::vector<std::string> names;
  for (const FieldShape& s : output_shapes(*impl_->model)) names.push_back(s.name);
  return names;
}

double Batch::time(int world) const {
  impl_->pull_marks();
  return impl_->time_on_host(world);
}
std::vector<double> Batch::times() const {
  impl_->pull_marks();
  std::vector<double> out;
  for (int w = 0; w < worlds(); ++w) out.push_back(impl_->time_on_host(w));
  return out;
}
double Batch::Impl::time_on_host(int world) const {
  return visit([&](const auto& w) {
    return time0[static_cast<size_t>(world)] +
           static_cast<double>(w.steps[static_cast<size_t>(world)]) * model_at(world).timestep;
  });
}
void Batch::set_time(int world, double seconds) { set_times(&world, 1, &seconds); }
void Batch::set_times(const int* ids, int id_count, const double* seconds) {
  int n = 0;
  const int* list = impl_->worlds_of(ids, id_count, n, "set_times");
  impl_->pull(list, n);
  for (int i = 0; i < n; ++i) {
    const size_t w = static_cast<size_t>(list[i]);
    impl_->visit([&](auto& worlds) { worlds.steps[w] = 0; });
    impl_->time0[w] = seconds[i];
  }
  impl_->push(list, n);
}
const int64_t* Batch::steps() {
  impl_->pull_marks();
  return impl_->visit([](auto& w) { return w.steps.data(); });
}
const uint32_t* Batch::status() const {
  impl_->pull_marks();
  return impl_->visit([](const auto& w) { return w.status.data(); });
}
std::vector<uint32_t> Batch::read_status() {
  impl_->pull_marks();
  return impl_->visit([&](auto& w) {
    std::vector<uint32_t> copy = w.status;
    for (uint32_t& s : w.status) s &= kStatusFrozen;
    if (impl_->on_device) impl_->on_device->push_status();
    return copy;
  });
}
int64_t Batch::status_count(uint32_t bit) const {
  int64_t n = 0;
  const uint32_t* bits = status();
  for (int w = 0; w < worlds(); ++w) n += (bits[w] & bit) != 0;
  return n;
}
// ---- for other modules
// -------------------------------------------------------------------------

int Batch::pack_width() const {
  return impl_->visit([](const auto& w) { return w.kernels.width; });
}
const PhysicsKernels<float>& Batch::kernels() const {
  if (!impl_->single || impl_->on_device)
    throw Error("Batch.kernels: tasks run in single precision on device cpu");
  return impl_->single->kernels;
}
PackArgs<float> Batch::device_args() {
  require(impl_->on_device != nullptr, "Batch.device_args: the batch is on device cpu");
  return impl_->on_device->args();
}
PackArgs<float> Batch::pack_args(int worker, const int* worlds, int) {
  if (!impl_->single || impl_->on_device)
    throw Error("Batch.pack_args: tasks run in single precision on device cpu");
  PackArgs<float> args = impl_->single->args(worker, *worlds, impl_->threads->lane(worker));
  args.rows = impl_->single->rows.data();
  return args;
}
const int32_t* Batch::pack_rows() const {
  return impl_->single && !impl_->on_device && impl_->single->regroups()
             ? impl_->single->rows.data()
             : nullptr;
}

}  // namespace motorium
