// Fills a table of entries for one kind of number; included by kernels_cpu_*.cpp only.
#pragma once
#include "motorium/core/team.h"
#include "motorium/physics/distance_query.h"
#include "motorium/physics/kernels.h"
#include "motorium/physics/pack.h"
#include "motorium/physics/ray_query.h"

namespace motorium {

template <class Real> STAGE size_t entry_scratch_bytes(const ModelData<Scalar<Real>>& d) {
  return pack_bytes<Real>(d);
}
template <class Real>
STAGE void entry_step(const PackArgs<Scalar<Real>>& args, const int* worlds, int count, int nstep,
                      Refresh refresh) {
  Views<Real> views(args);
  Pack3<Real> p = views.pack(worlds, count);
  if (args.trace)
    step_pack(Solo{}, p, nstep, refresh, Stopwatch{args.trace});
  else
    step_pack(Solo{}, p, nstep, refresh);
}
template <class Real>
STAGE void entry_forward(const PackArgs<Scalar<Real>>& args, const int* worlds, int count,
                         Refresh upto) {
  Views<Real> views(args);
  Pack3<Real> p = views.pack(worlds, count);
  forward_pack(Solo{}, p, upto);
}
template <class Real>
STAGE void entry_rays(const PackArgs<Scalar<Real>>& args, const int* worlds, int count,
                      const RayQuery<Scalar<Real>>& query) {
  cast_rays<Solo, Real>(Solo{}, args, worlds, count, query);
}
template <class Real>
STAGE void entry_distances(const PackArgs<Scalar<Real>>& args, const int* worlds, int count,
                           const DistanceQuery<Scalar<Real>>& query) {
  measure_distances<Solo, Real>(Solo{}, args, worlds, count, query);
}
template <class Real>
STAGE void entry_inverse(const PackArgs<Scalar<Real>>& args, const Scalar<Real>* qacc,
                         Scalar<Real>* qfrc, const int* worlds, int count) {
  Views<Real> views(args);
  Pack3<Real> p = views.pack(worlds, count);
  inverse_pack(Solo{}, p, qacc, qfrc);
}

template <class Real>
STAGE void entry_queue(const PackArgs<Scalar<Real>>& args, const int* worlds) {
  Views<Real> views(args);
  Pack3<Real> p = views.pack(worlds, 1);
  queue_pack(Solo{}, p);
}
template <class Real>
STAGE void entry_search(const PackArgs<Scalar<Real>>& args, int worker, int workers, char* memory) {
  search_queue(view_of<Real>(*args.model), *args.queue, worker, workers, memory);
}

template <class Real> constexpr PhysicsKernels<Scalar<Real>> physics_kernels() {
  PhysicsKernels<Scalar<Real>> k;
  k.width = kWidth<Real>;
  k.scratch_bytes = entry_scratch_bytes<Real>;
  k.step = entry_step<Real>;
  k.forward = entry_forward<Real>;
  k.rays = entry_rays<Real>;
  k.distances = entry_distances<Real>;
  k.inverse = entry_inverse<Real>;
  // queues are a device's, which works on single worlds in float
  if constexpr (sizeof(Real) == sizeof(float)) {
    k.queue = entry_queue<Real>;
    k.search = entry_search<Real>;
  }
  return k;
}

}  // namespace motorium
