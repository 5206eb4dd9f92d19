// A crew of threads that plays the lanes of a tile. By itself, so that ThreadSanitizer has one
// world's step to watch and no pack's.
#include "check_entries.h"
#include "motorium/core/team_checks.h"
#include "motorium/physics/pack.h"

namespace motorium {

void step_crew(int lanes, const PackArgs<float>& args, int world, int nstep) {
  // one set for all lanes, as in a tile
  Views<float> views(args);
  const auto run = [&](auto team) {
    Pack3<float> p = views.pack(&world, 1);
    step_pack(team, p, nstep, Refresh::none);
  };
  if (lanes == 8) run_crew<8>(run);
#if !defined(__SANITIZE_THREAD__)  // one width takes its minutes there
  if (lanes == 16) run_crew<16>(run);
  if (lanes == 32) run_crew<32>(run);
  if (lanes == 64) run_crew<64>(run);
#endif
}

int lanes_misled(const float* values, int n) {
  float largest = 0;
  for (int i = 0; i < n; ++i) largest = values[i] > largest ? values[i] : largest;
  std::atomic<int> wrong = 0;
  run_crew<8>([&](Crew<8> team) {
    // the mistake: `best` is a register of each lane
    float best = 0;
    team.each(n, [&](int i) { best = max(best, values[i]); });
    if (best != largest) ++wrong;
  });
  return wrong;
}

}  // namespace motorium
