// Numbers of the model that worlds have for themselves, and what follows from them.
#include <cmath>

#include "motorium/core/float_mode.h"
#include "motorium/core/text.h"
#include "motorium/physics/compile/rederive.h"
#include "motorium/physics/device_worlds.h"
#include "motorium/physics/override_rules.h"
#include "motorium/physics/spec/text.h"

namespace motorium {
namespace {

// the rows of worlds in the kernels' model
template <class S> WorldRows<S>* world_rows(ModelData<S>& d, const std::string& field) {
#define MOTORIUM_REAL(name, rows, columns, unit, doc) \
  if (field == #name) return &d.name##_worlds;
  MOTORIUM_MODEL_OVERRIDES(MOTORIUM_REAL)
#undef MOTORIUM_REAL
  return nullptr;
}

// "[row][column]" of number i of a field
std::string place_of(const Model& m, const std::string& field, size_t i) {
  std::string out;
  each_field(m, [&](const char* name, const auto&, int rows, int columns) {
    if (field != name) return;
    const size_t n = static_cast<size_t>(columns);
    if (rows > 1 || n == 1) out += "[" + std::to_string(i / n) + "]";
    if (n > 1) out += "[" + std::to_string(i % n) + "]";
  });
  return out;
}

// what the present groups of constants write
const std::vector<std::string> kInertiaFields = {
    "body_subtreemass", "body_invweight0", "dof_invweight0", "tendon_length0", "tendon_invweight0",
    "actuator_acc0",    "cam_poscom0",     "cam_pos0",       "cam_mat0",       "eq_data"};
const std::vector<std::string> kShapeFields = {"geom_rbound", "geom_fluid"};
const std::vector<std::string> kContactFields = {"pair_margin", "pair_gap", "pair_solref",
                                                 "pair_solimp"};

}  // namespace

const double* Batch::Impl::numbers(const std::string& field, const std::vector<double>& shared,
                                   int world) const {
  const auto it = overrides.find(field);
  if (it == overrides.end()) return shared.data();
  const Override& o = it->second;
  return o.rows.data() + static_cast<size_t>(o.row_of[static_cast<size_t>(world)]) * shared.size();
}

// writes rows of one field into the double masters and the kernels' arrays
void Batch::Impl::set_field(const std::string& field, const double* values, const int* ids, int n) {
  const std::vector<double>& shared = *override_field(*model, field);
  const size_t size = shared.size();
  if (n == 0 || size == 0) return;
  const auto placed = overrides.try_emplace(field);
  const bool fresh = placed.second;
  Override& o = placed.first->second;
  if (fresh) {
    o.row_of.assign(static_cast<size_t>(options.worlds), 0);
    o.rows = shared;
  }
  // a world gets its row with its first number
  for (int i = 0; i < n; ++i) {
    int& row = o.row_of[static_cast<size_t>(ids[i])];
    const double* from = values + static_cast<size_t>(i) * size;
    if (row == 0) {
      row = static_cast<int>(o.rows.size() / size);
      o.rows.insert(o.rows.end(), from, from + size);
    } else {
      std::copy_n(from, size,
                  o.rows.begin() + static_cast<std::ptrdiff_t>(static_cast<size_t>(row) * size));
    }
  }

  // where a world has the model's number the kernels see what they see of the model
  if (!frames) frames = std::make_unique<SameFrames>(*model);
  const std::vector<double>& as_kernels_see = frames->of(shared);
  visit([&](auto& w) {
    using S = std::remove_reference_t<decltype(w.fields[0][0])>;
    auto& rows = w.overrides[field];
    rows.resize(o.rows.size());
    const auto copy_row = [&](int row) {
      const size_t at = static_cast<size_t>(row) * size;
      for (size_t k = 0; k < size; ++k)
        rows[at + k] =
            static_cast<S>(o.rows[at + k] == shared[k] ? as_kernels_see[k] : o.rows[at + k]);
    };
    if (fresh) copy_row(0);
    for (int i = 0; i < n; ++i) copy_row(o.row_of[static_cast<size_t>(ids[i])]);
    *world_rows(w.blob.data, field) = {rows.data(), o.row_of.data()};
    w.blob.data.any_worlds = true;
    if (fresh) w.prepare(threads->count());
  });
  if (on_device) on_device->override_changed(field);
}

// is a field positive anywhere, in the model or in a world?
bool Batch::Impl::ever_positive(const char* field, size_t at) const {
  const std::vector<double>& shared = *override_field(*model, field);
  if (shared[at] > 0) return true;
  const auto it = overrides.find(field);
  if (it == overrides.end()) return false;
  for (size_t k = at; k < it->second.rows.size(); k += shared.size())
    if (it->second.rows[k] > 0) return true;
  return false;
}

// which dofs and tendons can have friction, damping, stiffness or inertia in any world
void Batch::Impl::refresh_lists() {
  const Model& m = *model;
  visit([&](auto& w) {
    auto& blob = w.blob;
    for (size_t d = 0; d < m.dof_damping.size(); ++d)
      blob.data.dof_damped = blob.data.dof_damped || ever_positive("dof_damping", d);
    for (size_t t = 0; t < m.tendon_armature.size(); ++t)
      blob.data.tendon_inertia = blob.data.tendon_inertia || ever_positive("tendon_armature", t);
    blob.list_friction(
        m, [&](size_t i) { return ever_positive("dof_frictionloss", i); },
        [&](size_t i) { return ever_positive("tendon_frictionloss", i); });
    blob.widen_metric(m, [&](size_t i) {
      return ever_positive("tendon_stiffness", i) || ever_positive("tendon_damping", i);
    });
    w.prepare(threads->count());
  });
  if (on_device) on_device->model_changed();
}

// the model with the numbers of one world
void Batch::Impl::fold(int world, Model& m) const {
  for (const auto& [field, o] : overrides) {
    std::vector<double>& out = *override_field(m, field);
    const double* row = numbers(field, out, world);
    std::copy_n(row, out.size(), out.begin());
  }
}

// derives constants of worlds anew; a field that stays what it was gets no rows
void Batch::Impl::derive_worlds(uint32_t groups, const int* ids, int n) {
  if (!edited) edited = std::make_unique<Model>(*model);
  for (int i = 0; i < n; ++i) {
    fold(ids[i], *edited);
    rederive(*edited, groups);
    const auto write = [&](const std::vector<std::string>& fields) {
      for (const std::string& field : fields) {
        const std::vector<double>& now = *override_field(*edited, field);
        const double* was = numbers(field, *override_field(*model, field), ids[i]);
        if (!std::equal(now.begin(), now.end(), was)) set_field(field, now.data(), &ids[i], 1);
      }
    };
    if (groups & kInertia) write(kInertiaFields);
    if (groups & kShapes) write(kShapeFields);
    if (groups & kContacts) write(kContactFields);
  }
}

void Batch::set_override(const std::string& field, const double* values, const int* ids,
                         int id_count) {
  const DefaultFloatMode mode;
  require(impl_->models.empty(),
          "Batch.set_override: the worlds have models of their own (set_models): edit those");
  const OverrideRule* rule = find_override_rule(field);
  if (!rule)
    throw Error("Batch.set_override: '" + field + "' cannot differ between worlds" +
                did_you_mean(field, override_names()));
  int n = 0;
  const int* list = impl_->worlds_of(ids, id_count, n, "set_override");
  const Model& m = *impl_->model;
  const size_t size = override_field(m, field)->size();

  // numbers that would make a world impossible are the caller's mistake
  for (int i = 0; i < n; ++i) {
    const double* row = values + static_cast<size_t>(i) * size;
    OverrideFault fault;
    for (size_t k = 0; k < size && fault.index < 0; ++k)
      if (!(std::fabs(row[k]) <= 1e10)) fault = {static_cast<long>(k), "finite numbers up to 1e10"};
    if (fault.index < 0 && size > 0) fault = rule->check(m, row);
    if (fault.index < 0) continue;
    const size_t at = static_cast<size_t>(fault.index);
    throw Error("Batch.set_override: " + field + "[world " + std::to_string(list[i]) + "]" +
                place_of(m, field, at) + " = " + number_text(row[at]) + ": allowed are " +
                fault.allowed);
  }
  impl_->set_field(field, values, list, n);
  if (field == "dof_damping" || field == "dof_frictionloss" || field == "tendon_armature" ||
      field == "tendon_frictionloss" || field == "tendon_stiffness" || field == "tendon_damping")
    impl_->refresh_lists();
  if (rule->follows) impl_->derive_worlds(rule->follows, list, n);
}

std::shared_ptr<const Model> Batch::world_model(int world) const {
  require(world >= 0 && world < worlds(), "Batch.world_model: no world " + std::to_string(world));
  if (impl_->overrides.empty()) return model_of(world);
  auto out = std::make_shared<Model>(*impl_->model);
  impl_->fold(world, *out);
  rederive(*out, kAll);
  return out;
}

std::vector<double> Batch::get_override(const std::string& field, int world) const {
  const std::vector<double>* shared = override_field(impl_->model_at(world), field);
  if (!shared) throw Error("Batch.get_override: no such field: '" + field + "'");
  const double* row = impl_->numbers(field, *shared, world);
  return {row, row + shared->size()};
}

}  // namespace motorium
