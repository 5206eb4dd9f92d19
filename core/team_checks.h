// Teams for tests only. `Shuffled` runs the items of one thread in random order, so that a race
// between items becomes a wrong bit; `Crew<L>` plays the L lanes of a tile with real threads, so
// that a value kept by one lane, or a missing barrier, shows without a GPU.
#pragma once
#include <atomic>
#include <barrier>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <vector>

#include "motorium/core/team.h"

namespace motorium {

// one item per index, freed at the end of the scope; no library template, because this code is
// compiled for several instruction sets
template <class T> struct ItemBuffer {
  T* data;
  FN explicit ItemBuffer(int n)
      : data(static_cast<T*>(std::aligned_alloc(
            64, (static_cast<size_t>(n > 0 ? n : 1) * sizeof(T) + 63) / 64 * 64))) {}
  FN ~ItemBuffer() { std::free(data); }
  ItemBuffer(const ItemBuffer&) = delete;
  ItemBuffer& operator=(const ItemBuffer&) = delete;
};

// Items in random order. The state of the order lies outside, because teams are passed by value.
struct Shuffled {
  static constexpr int kChunk = 2;  // unlike Solo's: the bits must not depend on it
  static constexpr int kAtOnce = 1;
  static constexpr bool kPlain = false;
  explicit Shuffled(uint64_t* the_seed) : seed(the_seed) {}

  template <class F> FN void each(int n, F f) const {
    ItemBuffer<int> order(n);
    for (int i = 0; i < n; ++i) order.data[i] = i;
    for (int i = n - 1; i > 0; --i) {
      const int j = random(i + 1), t = order.data[i];
      order.data[i] = order.data[j];
      order.data[j] = t;
    }
    for (int i = 0; i < n; ++i) f(order.data[i]);
  }
  template <class F> FN void once(F f) const { f(); }
  template <class F> FN auto sum(int n, F f) const {
    ItemBuffer<decltype(f(0))> item(n);
    each(n, [&](int i) { item.data[i] = f(i); });
    return Solo().sum(n, [&](int i) { return item.data[i]; });
  }
  template <class F> FN auto max(int n, F f) const {
    ItemBuffer<decltype(f(0))> item(n);
    each(n, [&](int i) { item.data[i] = f(i); });
    return Solo().max(n, [&](int i) { return item.data[i]; });
  }
  template <class I, class F> FN auto sum_at(int n, I index, F f) const {
    return sum_at(index, items(n, f));
  }
  template <class I, class F, class... G>
  FN auto sum_at(I index, Items<F> first, Items<G>... more) const {
    const int n = (first.n + ... + more.n);
    ItemBuffer<decltype(first.f(0))> item(n);
    int before = 0;
    const auto take = [&](const auto& kind) {
      each(kind.n, [&](int i) { item.data[before + i] = kind.f(i); });
      before += kind.n;
    };
    take(first);
    (take(more), ...);
    return Solo().sum_at(n, index, [&](int i) { return item.data[i]; });
  }

  uint64_t* seed;

 private:
  // 0 .. below - 1 [Knuth's MMIX constants]
  FN int random(int below) const {
    *seed = *seed * 6364136223846793005ull + 1442695040888963407ull;
    return static_cast<int>((*seed >> 33) % static_cast<uint64_t>(below));
  }
};

// where the L threads of a crew meet and show each other their numbers
template <int L> struct Meeting {
  static constexpr size_t kSlot = 4096;  // bytes a lane can show at once
  struct alignas(64) Slot {
    unsigned char bytes[kSlot];
  };
  std::barrier<> barrier{L};
  Slot slot[L];
};

// the team as one of its L lanes sees it
template <int L> struct Crew : LaneTeam<L, Crew<L>> {
  Crew(Meeting<L>* the_meeting, int the_lane) : meeting(the_meeting), lane_(the_lane) {}
  int lane() const { return lane_; }
  void meet() const { meeting->barrier.arrive_and_wait(); }
  template <class T> T exchange(const T& mine, int distance) const {
    static_assert(sizeof(T) <= Meeting<L>::kSlot);
    std::memcpy(meeting->slot[lane_].bytes, &mine, sizeof(T));
    meet();
    T theirs;
    std::memcpy(static_cast<void*>(&theirs), meeting->slot[lane_ ^ distance].bytes, sizeof(T));
    meet();
    return theirs;
  }

  Meeting<L>* meeting;

 private:
  int lane_;
};

// runs f(team) on L threads, one per lane, and waits for them
template <int L, class F> void run_crew(F f) {
  Meeting<L> meeting;
  std::vector<std::thread> lanes;
  for (int lane = 0; lane < L; ++lane)
    lanes.emplace_back([&meeting, &f, lane] { f(Crew<L>(&meeting, lane)); });
  for (std::thread& t : lanes) t.join();
}

}  // namespace motorium
