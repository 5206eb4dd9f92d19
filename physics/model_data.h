// Builds the kernels' arrays of one precision from a Model.
#pragma once
#include <functional>
#include <memory>
#include <vector>

#include "motorium/physics/model.h"
#include "motorium/physics/model_view.h"

namespace motorium {

// Owns what `data` points to. Copying is forbidden because of those pointers.
template <class S> struct ModelBlob {
  ModelData<S> data;
  std::vector<S> numbers;
  std::vector<int> integers, friction_dof, friction_tendon;

  explicit ModelBlob(const Model& m);
  // lists of what has dry friction: in the file first, then where dof(i), tendon(i)
  void list_friction(const Model& m, const std::function<bool(size_t)>& dof,
                     const std::function<bool(size_t)>& tendon);
  ModelBlob(const ModelBlob&) = delete;
  ModelBlob& operator=(const ModelBlob&) = delete;
};

extern template struct ModelBlob<float>;
extern template struct ModelBlob<double>;

}  // namespace motorium
