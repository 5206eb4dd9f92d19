// A world as bytes, and what is kept of worlds that froze.
#include <cstring>

#include "motorium/core/status.h"
#include "motorium/physics/batch_impl.h"

namespace motorium {

namespace {
struct SaveHeader {
  uint64_t magic, model, bytes;
};
constexpr uint64_t kSaveMagic = 0x32646c726f77746dULL;  // "mtworld2"
}  // namespace

std::vector<uint8_t> Batch::save(int world) const {
  require(world >= 0 && world < worlds(), "Batch.save: no world " + std::to_string(world));
  impl_->pull(&world, 1);
  return impl_->save_host(world);
}

std::vector<uint8_t> Batch::Impl::save_host(int world) const {
  std::vector<uint8_t> out(sizeof(SaveHeader));
  const auto put = [&](const void* p, size_t n) {
    const auto* b = static_cast<const uint8_t*>(p);
    out.insert(out.end(), b, b + n);
  };
  const size_t at = static_cast<size_t>(world);
  visit([&](const auto& w) {
    put(&w.steps[at], sizeof(int64_t));
    put(&w.status[at], sizeof(uint32_t));
    put(&time0[at], sizeof(double));
    for (size_t i = 0; i < w.shapes.size(); ++i) {
      // state is kept exactly: a double holds every float
      for (int k = 0; k < w.shapes[i].columns; ++k) {
        const double v =
            w.fields[i].empty()
                ? 0.0
                : static_cast<double>(w.fields[i][at * static_cast<size_t>(w.shapes[i].columns) +
                                                  static_cast<size_t>(k)]);
        put(&v, sizeof v);
      }
    }
  });
#define MOTORIUM_REAL(name, rows, columns, unit, doc)                                      \
  {                                                                                        \
    const uint8_t own = has_own(#name, world);                                             \
    put(&own, 1);                                                                          \
    if (own) put(numbers(#name, model->name, world), model->name.size() * sizeof(double)); \
  }
  MOTORIUM_MODEL_OVERRIDES(MOTORIUM_REAL)
#undef MOTORIUM_REAL
  const SaveHeader header = {kSaveMagic, hash_at(world), out.size()};
  std::memcpy(out.data(), &header, sizeof header);
  return out;
}

void Batch::load(int world, const std::vector<uint8_t>& bytes) {
  require(world >= 0 && world < worlds(), "Batch.load: no world " + std::to_string(world));
  SaveHeader header{};
  require(bytes.size() >= sizeof header, "Batch.load: these bytes are too short for a saved world");
  std::memcpy(&header, bytes.data(), sizeof header);
  require(header.magic == kSaveMagic && header.bytes == bytes.size(),
          "Batch.load: these bytes are not a saved world, or are cut");
  require(header.model == impl_->hash_at(world),
          "Batch.load: the world was saved with another model");
  impl_->pull(&world, 1);
  impl_->forget_freezes(&world, 1);
  size_t pos = sizeof header;
  const auto take = [&](void* p, size_t n) {
    require(n <= bytes.size() - pos, "Batch.load: these bytes are cut");
    std::memcpy(p, bytes.data() + pos, n);
    pos += n;
  };
  const size_t at = static_cast<size_t>(world);
  impl_->visit([&](auto& w) {
    using S = std::remove_reference_t<decltype(w.fields[0][0])>;
    take(&w.steps[at], sizeof(int64_t));
    take(&w.status[at], sizeof(uint32_t));
    take(&impl_->time0[at], sizeof(double));
    for (size_t i = 0; i < w.shapes.size(); ++i)
      for (int k = 0; k < w.shapes[i].columns; ++k) {
        double v = 0;
        take(&v, sizeof v);
        if (w.fields[i].empty() && v != 0) {
          w.allocate(i);
          w.point();
        }
        if (!w.fields[i].empty())
          w.fields[i][at * static_cast<size_t>(w.shapes[i].columns) + static_cast<size_t>(k)] =
              static_cast<S>(v);
      }
  });
#define MOTORIUM_REAL(name, rows, columns, unit, doc)      \
  {                                                        \
    uint8_t flag = 0;                                      \
    take(&flag, 1);                                        \
    if (flag || impl_->has_own(#name, world)) {            \
      std::vector<double> v = impl_->model_at(world).name; \
      if (flag) take(v.data(), v.size() * sizeof(double)); \
      impl_->set_field(#name, v.data(), &world, 1);        \
    }                                                      \
  }
  MOTORIUM_MODEL_OVERRIDES(MOTORIUM_REAL)
#undef MOTORIUM_REAL
  impl_->refresh_lists();
  impl_->push(&world, 1);
}

// ---- evidence of faults ------------------------------------------------------------------------

void Batch::keep_fault(int world) {
  impl_->pull(&world, 1);
  impl_->remember_fault(world);
}

void Batch::Impl::remember_fault(int world) {
  // State was not committed and inputs stand: what froze the world is all there, but for its mark
  std::vector<uint8_t> bytes = save_host(world);
  uint32_t bits = 0;
  uint8_t* at = bytes.data() + sizeof(SaveHeader) + sizeof(int64_t);
  std::memcpy(&bits, at, sizeof bits);
  bits &= ~(kStatusFrozen | kStatusFaultState | kStatusFaultAcc | kStatusBadInput);
  std::memcpy(at, &bits, sizeof bits);
  const std::lock_guard<std::mutex> guard(faults_lock);
  faults[world] = std::move(bytes);
}

std::vector<uint8_t> Batch::fault(int world) const {
  require(world >= 0 && world < worlds(), "Batch.fault: no world " + std::to_string(world));
  impl_->collect_faults();
  const std::lock_guard<std::mutex> guard(impl_->faults_lock);
  const auto found = impl_->faults.find(world);
  return found == impl_->faults.end() ? std::vector<uint8_t>() : found->second;
}

std::vector<int> Batch::faults() const {
  impl_->collect_faults();
  const std::lock_guard<std::mutex> guard(impl_->faults_lock);
  std::vector<int> out;
  for (const auto& [world, bytes] : impl_->faults) out.push_back(world);
  return out;
}

}  // namespace motorium
