// One search of the narrow phase by itself, and the list of those of all worlds (search_queue.h).
#pragma once
#include "motorium/core/spatial.h"

namespace motorium {

// a geom of one world
template <class S> struct PosedGeom {
  Vec3<S> pos, size;
  Mat3<S> R;
};

// two geoms that may touch; what else a search reads is the same in all worlds
template <class S> struct SearchTask {
  int pair;  // -1: none
  int slot;  // first of its contacts in a queue
  S margin, tolerance;
  PosedGeom<S> geom1, geom2;
};

struct SearchFound {
  int count;
  bool capped;  // the search met its limit
};
template <class S> struct SearchContact {
  S dist;
  Vec3<S> pos, normal;
};

// places of searches and slots of contacts; each world of a launch has a run of both
template <class S> struct SearchQueue {
  int places = 0, slots = 0;  // that there are
  int* taken = nullptr;       // (2) places and slots that were asked for, perhaps more
  int* first = nullptr;       // (worlds) where a world's run starts, -1: it found no room
  SearchTask<S>* task = nullptr;
  SearchFound* found = nullptr;
  SearchContact<S>* contact = nullptr;
};

}  // namespace motorium
