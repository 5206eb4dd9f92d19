// Worlds with models of their own.
#include "motorium/core/float_mode.h"
#include "motorium/physics/device_worlds.h"

namespace motorium {

namespace {

// a model can stand in for another where all arrays of a batch have its shapes
void require_same_shapes(const Model& ours, const Model& theirs, size_t world) {
  const auto compare = [&](const std::vector<FieldShape>& a, const std::vector<FieldShape>& b) {
    for (size_t i = 0; i < a.size(); ++i)
      require(a[i].columns == b[i].columns,
              "Batch.set_models: models[" + std::to_string(world) + "]: " + a[i].name + " has " +
                  std::to_string(b[i].columns) + " numbers, the batch's model " +
                  std::to_string(a[i].columns));
  };
  compare(state_shapes(ours), state_shapes(theirs));
  compare(output_shapes(ours), output_shapes(theirs));
}

}  // namespace

void Batch::set_models(const std::vector<std::shared_ptr<const Model>>& models) {
  const DefaultFloatMode mode;
  const size_t worlds = static_cast<size_t>(impl_->options.worlds);
  require(models.empty() || models.size() == worlds,
          "Batch.set_models: " + std::to_string(models.size()) + " models for " +
              std::to_string(worlds) + " worlds: give one for each, or none");
  require(models.empty() || impl_->overrides.empty(),
          "Batch.set_models: worlds have overrides: edit the models instead");

  // distinct models, in order of their first world; all arrays must fit
  std::map<const Model*, int> index;
  std::vector<int> of;
  std::vector<const Model*> distinct;
  for (size_t w = 0; w < models.size(); ++w) {
    require(models[w] != nullptr, "Batch.set_models: models[" + std::to_string(w) + "] is null");
    const auto [entry, fresh] = index.emplace(models[w].get(), static_cast<int>(distinct.size()));
    if (fresh) {
      require_same_shapes(*impl_->model, *models[w], w);
      distinct.push_back(models[w].get());
    }
    of.push_back(entry->second);
  }
  impl_->visit([&](auto& w) {
    using S = std::remove_reference_t<decltype(w.fields[0][0])>;
    w.others.clear();
    for (const Model* m : distinct) {
      w.others.push_back(std::make_unique<ModelBlob<S>>(*m));
      for (const auto& [field, array] : w.outputs)
        want_output(w.others.back()->data, w.output_shapes_[static_cast<size_t>(field)].name);
    }
    w.other_of = of;
    w.prepare(impl_->threads->count());
  });
  impl_->models = models;
  impl_->hashes.clear();  // a new model may lie where an old one did
  if (impl_->on_device) impl_->on_device->models_changed();
}

std::shared_ptr<const Model> Batch::model_of(int world) const {
  require(world >= 0 && world < worlds(), "Batch.model_of: no world " + std::to_string(world));
  return impl_->models.empty() ? impl_->model : impl_->models[static_cast<size_t>(world)];
}

}  // namespace motorium
