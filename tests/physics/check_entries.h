// Physics entries that run on the teams of core/team_checks.h, compiled like the kernels.
#pragma once
#include <cstdint>

#include "motorium/physics/entry.h"

namespace motorium {

// items of every parallel loop in random order, for packs of 8
void step_shuffled(uint64_t* seed, const PackArgs<float>& args, const int* worlds, int count,
                   int nstep);
// by a kernel without what few models need (plain_model.h)
void step_plain(const PackArgs<float>& args, int world, int nstep);
// 8, 16, 32 or 64 threads play the lanes of a tile that works on one world
void step_crew(int lanes, const PackArgs<float>& args, int world, int nstep);
// the same two with planted mistakes: children placed before their parents are; a maximum that each
// lane keeps for itself (returns how many of 8 lanes have the wrong one)
void step_with_race(uint64_t* seed, const PackArgs<float>& args, const int* worlds, int count);
int lanes_misled(const float* values, int n);

}  // namespace motorium
