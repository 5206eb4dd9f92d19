#include "check_entries.h"

#include "motorium/core/team_checks.h"
#include "motorium/physics/pack.h"

namespace motorium {

void step_shuffled(uint64_t* seed, const PackArgs<float>& args, const int* worlds, int count,
                   int nstep) {
  Views<Pack<8>> views(args);
  Pack3<Pack<8>> p = views.pack(worlds, count);
  step_pack(Shuffled(seed), p, nstep, Refresh::none);
}

void step_plain(const PackArgs<float>& args, int world, int nstep) {
  Views<float> views(args);
  Pack3<float> p = views.pack(&world, 1);
  step_pack(Plain<Solo>{}, p, nstep, Refresh::none);
}

void step_with_race(uint64_t* seed, const PackArgs<float>& args, const int* worlds, int count) {
  using Real = Pack<8>;
  const Shuffled team(seed);
  Views<Real> views(args);
  Pack3<Real> p = views.pack(worlds, count);
  load_pack(team, p);

  // the mistake: all depths of the tree at once
  kinematics(team, p.m, p.s, p.x);
  team.each(p.m.nbody - 1, [&](int i) { place_body(p.m, p.s, p.x, i + 1); });
  team.each(p.m.nq, [&](int i) { p.s.qpos[i] += Real(0.1f); });
  team.each(p.m.nbody - 1, [&](int i) { place_body(p.m, p.s, p.x, i + 1); });
  team.each(p.m.nv, [&](int i) { p.s.qvel[i] = p.x.xpos[3 * p.m.dof_bodyid[i]]; });
  store_rows(team, p.s.qvel, args.state.qvel, p.m.nv, worlds, count);
}

}  // namespace motorium
