// Worker threads. A pool runs fn(item, worker) for item = 0 .. count-1; items are taken one by one
// from a shared counter, so results must not depend on who computes them. The calling thread works
// too. Threads start at the first `run` that needs them, never at import; a forked child starts its
// own. Workers run with the default floating-point mode; the caller's is saved, set and restored.
#pragma once
#include <functional>
#include <memory>
#include <type_traits>

#include "motorium/core/trace.h"

namespace motorium {

// physical cores that this process may use
int physical_cores();

class Threads {
 public:
  explicit Threads(int count = 0);  // workers, the caller included; 0: one per physical core
  ~Threads();
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

  int count() const { return count_; }
  // Blocks until all items are done. Not reentrant. An exception of an item is rethrown here.
  // Allocation-free after the first call: fn is passed by reference.
  template <class F> void run(int items, F&& fn) {
    run_erased(
        items,
        [](void* f, int item, int worker) {
          (*static_cast<std::remove_reference_t<F>*>(f))(item, worker);
        },
        &fn);
  }

  // What its workers do is noted from the next run on; null: nothing is. The trace must have a lane
  // for each of them and outlive its use.
  void set_trace(Trace* trace) { trace_ = trace; }
  TraceLane* lane(int worker) const { return trace_ ? trace_->lane(worker) : nullptr; }

 private:
  using Call = void (*)(void*, int, int);
  void run_erased(int items, Call call, void* fn);
  struct State;
  int count_;
  Trace* trace_ = nullptr;
  std::unique_ptr<State> state_;
};

// the process's default pool, made at first use
Threads& default_threads();

}  // namespace motorium
