// Builds the kernels' arrays of one precision from a Model.
#pragma once
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
  ModelBlob(const ModelBlob&) = delete;
  ModelBlob& operator=(const ModelBlob&) = delete;
};

extern template struct ModelBlob<float>;
extern template struct ModelBlob<double>;

}  // namespace motorium
