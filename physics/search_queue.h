// Searches of all worlds in one list, so that lanes of a GPU whose worlds need none help those
// whose worlds need many. A step becomes three kernels:
//   queue_searches   each world's candidates take a run of places: two posed geoms each
//   search_queue     every worker takes the next place and writes the contacts it finds
//   take_found       the world's step reads its run instead of searching
// A run holds the candidates in the order in which the step meets them, so that the order of runs
// does not matter. A world whose run finds no room searches in its own step.
#pragma once
#include "motorium/physics/collide_convex.h"

namespace motorium {

// do the searches of a model go to a queue? contacts to come are found pair by pair in the step
template <class S> FN bool uses_queue(const ModelData<S>& d) {
  const unsigned all = kFlagContact | kFlagConstraint;
  return d.convex_pairs && (d.flags & all) == all && (d.flags & kFlagSpeculative) == 0;
}

// memory of one worker: kConvexAtOnce searches at the start of each slice of scratch
FN char* search_memory(void* scratch, size_t stride, size_t bytes, int worker) {
  return static_cast<char*>(scratch) + static_cast<size_t>(worker / kConvexAtOnce) * stride +
         static_cast<size_t>(worker % kConvexAtOnce) * bytes;
}

// takes a run for the candidates of a world; candidates are listed by list_searches
template <class Team, class Real>
STAGE void queue_searches(Team team, const ModelView<Real>& m, Scratch<Real>& x,
                          const SearchQueue<Scalar<Real>>& q, int world) {
  list_searches(team, m, x);
  const int count = x.shared_int[0];
  team.once([&] {
    const int last = x.cand_count - 1;
    const int slots =
        count ? x.cand_adr[last] + collider_slots(m.pair_collider[x.cand_pair[last]]) : 0;
    // a list that is full is asked no more: its numbers stay far from those that an int can hold
    const bool open = peek(q.taken) < q.places && peek(q.taken + 1) < q.slots;
    const int first = open ? fetch_add(q.taken, count) : q.places,
              slot = open ? fetch_add(q.taken + 1, slots) : q.slots;
    const bool fits = first + count <= q.places && slot + slots <= q.slots;
    q.first[world] = fits ? first : -1;
    x.queue_first = first;
    x.shared_int[1] = fits ? slot : -1;
  });
  const int first = x.queue_first, slot = x.shared_int[1];
  team.each(count, [&](int i) {
    if (first + i >= q.places) return;
    SearchTask<Scalar<Real>>& task = q.task[first + i];
    const int cand = x.cand_convex[i];
    if (slot < 0) {
      task.pair = -1;  // of a run that does not fit
    } else {
      take_task(m, x, x.cand_pair[cand], 0, task);
      task.slot = slot + x.cand_adr[cand];
    }
  });
}

// places worker, worker + workers, ...; memory: of one search
template <class S>
STAGE void search_queue(const ModelView<S>& m, const SearchQueue<S>& q, int worker, int workers,
                        char* memory) {
  const int places = q.taken[0] < q.places ? q.taken[0] : q.places;
  ConvexWork<S> work;
  convex_carve(work, memory, m.ccd_iterations, convex_most_corners(m.npolygonmax));
  for (int i = worker; i < places; i += workers) {
    const SearchTask<S>& task = q.task[i];
    if (task.pair < 0) continue;
    int count = 0;
    bool capped = false;
    search(m, task, work, capped, [&](S dist, const Vec3<S>& pos, const Vec3<S>& normal) {
      q.contact[task.slot + count++] = {dist, pos, normal};
    });
    q.found[i] = {count, capped};
  }
}

}  // namespace motorium
