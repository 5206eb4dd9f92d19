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
  std::vector<int> integers, friction_dof, friction_tendon, elastic_tendon, single_dof;
  std::vector<int> pair_far, run_group, run_body, group_geom;
  std::vector<S> pair_reach2, run_reach;
  std::vector<HullEntry<S>> hull_walk;
  std::vector<int> hull_start;
  std::vector<int> metric_rowadr, metric_rownum, metric_col, metric_descnum;

  explicit ModelBlob(const Model& m);
  // lists of what has dry friction: in the file first, then where dof(i), tendon(i)
  void list_friction(const Model& m, const std::function<bool(size_t)>& dof,
                     const std::function<bool(size_t)>& tendon);
  // what the broad phase asks of each pair, and of the pairs of two bodies
  void list_pairs(const Model& m);
  // the graphs of the hulls, for walks
  void list_hulls(const Model& m);
  // the pattern of the solver's metric: that of M, and for the integrator discrete one that holds
  // all dofs of each actuator that knows lengths or velocities, and of each tendon that has a
  // spring or damper in some world: elastic(i)
  void widen_metric(const Model& m, const std::function<bool(size_t)>& elastic);
  ModelBlob(const ModelBlob&) = delete;
  ModelBlob& operator=(const ModelBlob&) = delete;
};

extern template struct ModelBlob<float>;
extern template struct ModelBlob<double>;

}  // namespace motorium
