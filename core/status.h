// What a step has to say about one world: bits of one 32-bit word, sticky until read.
#pragma once
#include <cstdint>

namespace motorium {

enum Status : uint32_t {
  kStatusFaultState = 1u << 0,    // bad qpos, qvel or act: not committed, the world is frozen
  kStatusFaultAcc = 1u << 1,      // bad qacc: not committed, the world is frozen
  kStatusBadInput = 1u << 2,      // bad control or force: the step used zero controls
  kStatusSpilled = 1u << 3,       // rows left the on-chip budget: exact, slower
  kStatusWaiting = 1u << 4,       // no room in the arena in this step: not committed, retried
  kStatusCapped = 1u << 5,        // memory exhausted: the deepest contacts were kept
  kStatusNotConverged = 1u << 6,  // Newton stopped by its iteration limit
  kStatusSearchLimit = 1u << 7,   // line search stopped by its evaluation limit
  kStatusDeep = 1u << 8,          // penetration above 10 % of a geom's size
  kStatusCcdLimit = 1u << 9,      // a convex collision stopped by its iteration limit
};
// present state, not history: the world's steps are no-ops until it is reset. Set with every fault;
// reading the status does not clear it
inline constexpr uint32_t kStatusFrozen = 1u << 31;
inline constexpr int kStatusCount = 10;

}  // namespace motorium
