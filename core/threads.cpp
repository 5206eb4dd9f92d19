#include "motorium/core/threads.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

#include <algorithm>
#include <atomic>
#include <exception>
#include <fstream>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "motorium/core/float_mode.h"

namespace motorium {
namespace {

#if defined(__x86_64__)
void pause_cpu() { _mm_pause(); }
#elif defined(__aarch64__)
void pause_cpu() { asm volatile("yield"); }
#endif

// number of forks between the first process and this one: threads of another number do not exist
// here
std::atomic<int> fork_count{0};

void watch_forks() {
  static std::once_flag once;
  std::call_once(once, [] {
    pthread_atfork(nullptr, nullptr, [] { fork_count.fetch_add(1, std::memory_order_relaxed); });
  });
}

// a short wait in place before the system is asked: a step is often only microseconds away
template <class Ready> bool spin(Ready ready) {
  for (int i = 0; i < 500; ++i) {
    if (ready()) return true;
    pause_cpu();
  }
  return false;
}

}  // namespace

// Workers enter and leave a job as they come; the caller does not wait for those who are late. A
// worker counts itself in (`inside`), then looks whether the job is still open. The caller closes
// the job when no item is left, then waits until nobody is inside. Both use the one total order of
// sequentially consistent operations, so one of them always sees the other.
struct Threads::State {
  explicit State(int worker_count) {
    // signals belong to the program's own threads
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    try {
      for (int w = 1; w < worker_count; ++w) workers.emplace_back([this, w] { serve(w); });
    } catch (const std::system_error&) {
      // no more threads here: those that started do the work
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }

  ~State() {
    stop = true;
    bell.fetch_add(1);
    bell.notify_all();
    for (std::thread& t : workers) t.join();
  }

  // life of a worker
  void serve(int worker) {
    unsigned heard = 0;
    while (true) {
      if (!spin([&] { return bell.load() != heard; })) bell.wait(heard);
      heard = bell.load();
      if (stop) return;
      inside.fetch_add(1);
      if (open) {
        use_default_float_mode();
        work(worker);
      }
      if (inside.fetch_sub(1) == 1) inside.notify_one();
    }
  }

  // take items until none is left
  void work(int worker) {
    for (int item; (item = next.fetch_add(1, std::memory_order_relaxed)) < items;) {
      try {
        call(fn, item, worker);
      } catch (...) {
        // the exception of the lowest item is kept, so that the report does not depend on timing
        const std::lock_guard lock(error_mutex);
        if (item < error_item) {
          error_item = item;
          error = std::current_exception();
        }
      }
    }
  }

  void run(int item_count, Call the_call, void* the_fn) {
    call = the_call;
    fn = the_fn;
    items = item_count;
    next.store(0, std::memory_order_relaxed);
    error_item = item_count;
    open = true;
    bell.fetch_add(1);
    bell.notify_all();
    work(0);

    // everybody who entered has to leave before fn may end
    open = false;
    while (true) {
      const int n = inside.load();
      if (n == 0) break;
      if (!spin([&] { return inside.load() == 0; })) inside.wait(n);  // returns if it is not n
    }
    if (error) std::rethrow_exception(std::exchange(error, nullptr));
  }

  const int born = fork_count.load(std::memory_order_relaxed);
  std::vector<std::thread> workers;
  std::atomic<bool> stop{false}, open{false};
  alignas(64) std::atomic<unsigned> bell{0};  // rung for each job
  alignas(64) std::atomic<int> inside{0};     // workers between entering and leaving
  alignas(64) std::atomic<int> next{0};       // item to be taken next
  Call call = nullptr;
  void* fn = nullptr;
  int items = 0;
  std::mutex error_mutex;
  std::exception_ptr error;
  int error_item = 0;
};

int physical_cores() {
  // hyperthreads of one core share its vector units: count each core once
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  std::set<std::string> cores;
  int cpus = 0;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET(cpu, &set)) continue;
    ++cpus;
    const std::string folder =
        "/sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/topology/thread_siblings_list";
    std::ifstream file(folder);
    std::string siblings;
    if (file >> siblings) cores.insert(siblings);
  }
  int count = cores.empty() ? cpus : static_cast<int>(cores.size());

  // a container may own less time than it sees cores
  std::ifstream quota_file("/sys/fs/cgroup/cpu.max");
  double quota = 0, period = 0;
  if (quota_file >> quota >> period && quota > 0 && period > 0)
    count = std::min(count, static_cast<int>(quota / period + 0.5));
  return std::max(count, 1);
}

Threads::Threads(int count) : count_(count > 0 ? count : physical_cores()) {}

Threads::~Threads() {
  // the threads of a parent process cannot be joined: their objects are left behind
  if (state_ && state_->born != fork_count.load(std::memory_order_relaxed)) (void)state_.release();
}

void Threads::run_erased(int items, Call call, void* fn) {
  if (items <= 0) return;
  const DefaultFloatMode mode;
  if (count_ == 1 || items == 1) {
    for (int item = 0; item < items; ++item) call(fn, item, 0);
    return;
  }
  if (state_ && state_->born != fork_count.load(std::memory_order_relaxed)) (void)state_.release();
  if (!state_) {
    watch_forks();
    state_ = std::make_unique<State>(count_);
  }
  state_->run(items, call, fn);
}

Threads& default_threads() {
  // never destroyed: other static objects may still use it at exit
  static Threads* const pool = new Threads();
  return *pool;
}

}  // namespace motorium
