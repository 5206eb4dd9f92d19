// Rows of worlds moved from table to table: how worlds restart, are kept when they freeze, and
// travel between a device and its host.
#pragma once
#include "motorium/core/real.h"
#include "motorium/core/status.h"
#include "motorium/physics/entry.h"

namespace motorium {

// the state of some worlds, one row each; time0 may be written
struct WorldTable {
  StateArrays<float> arrays;
  double* time0 = nullptr;
};

// columns of the state's fields
struct StateSizes {
  int nq = 0, nv = 0, na = 0, nhistory = 0, nu = 0, nbody = 0, nmocap = 0, neq = 0;
};

// row `from_row` of one table becomes row `to_row` of the other, where both have a field; a field
// that only the target has becomes zero
template <class Team>
FN void move_world(Team team, const StateSizes& sizes, const WorldTable& to, int to_row,
                   const WorldTable& from, int from_row) {
  const int nq = sizes.nq, nv = sizes.nv, na = sizes.na, nhistory = sizes.nhistory, nu = sizes.nu,
            nbody = sizes.nbody, nmocap = sizes.nmocap, neq = sizes.neq;
  const auto move = [&](float* target, const float* source, int columns) {
    if (!target) return;
    float* out = target + static_cast<int64_t>(to_row) * columns;
    const float* in = source ? source + static_cast<int64_t>(from_row) * columns : nullptr;
    team.each(columns, [&](int i) { out[i] = in ? in[i] : 0.0f; });
  };
#define MOTORIUM_FIELD(name, columns, unit, doc) move(to.arrays.name, from.arrays.name, (columns));
  MOTORIUM_STATE_FIELDS(MOTORIUM_FIELD)
#undef MOTORIUM_FIELD
  team.once([&] {
    to.arrays.steps[to_row] = from.arrays.steps[from_row];
    to.time0[to_row] = from.time0[from_row];
  });
}

// where worlds start: row row_of[world] of a table; null row_of: row 0
struct Starts {
  WorldTable table;
  const int* row_of = nullptr;
};

// a world starts anew; what it reported stays, but for its freeze
template <class Team>
FN void restart_world(Team team, const StateSizes& sizes, const WorldTable& state, int world,
                      const Starts& starts, uint32_t* seen) {
  move_world(team, sizes, state, world, starts.table, starts.row_of ? starts.row_of[world] : 0);
  team.once([&] {
    state.arrays.status[world] &= ~kStatusFrozen;
    seen[world] = 0;
  });
}

// places for worlds that have frozen since the host looked
struct FaultSlots {
  WorldTable table;          // capacity rows
  int* worlds = nullptr;     // (capacity) which world a row is
  int* count = nullptr;      // (1) worlds that froze, also beyond the capacity
  uint32_t* seen = nullptr;  // (worlds) 1: this freeze was seen
  int capacity = 0;
};

// A world that froze in the last step has not been committed: its state and inputs are the
// evidence. `slot` is where it goes, beyond the capacity: nowhere.
template <class Team>
FN void keep_world(Team team, const StateSizes& sizes, const WorldTable& state, int world,
                   const FaultSlots& slots, int slot) {
  if (slot >= slots.capacity) return;
  move_world(team, sizes, slots.table, slot, state, world);
  team.once([&] {
    slots.table.arrays.status[slot] = state.arrays.status[world];
    slots.worlds[slot] = world;
  });
}

}  // namespace motorium
