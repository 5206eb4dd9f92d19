#include "motorium/policy/learn/iteration_shares.h"

#include <algorithm>

namespace motorium {

IterationShares iteration_shares(const Trace& trace, int64_t elapsed) {
  IterationShares shares;
  const double all = static_cast<double>(std::max<int64_t>(elapsed, 1)) * trace.workers();
  double noted = 0;
  const auto label = [](const std::string& name, const std::string& outer) -> std::string {
    if (outer == "physics" || name == "step" || name == "refresh") return "physics";
    // phases of the host hold what other threads do meanwhile, and code without a name
    for (const char* phase : {"rollout", "update", "mini-batch", "Env.step", "env step"})
      if (name == phase) return IterationShares::kUnnoted;
    return name;
  };
  for (const auto& [name, ns] : own_times(trace, label)) {
    const double share = static_cast<double>(ns) / all;
    noted += share;
    if (name == "physics")
      shares.physics += share;
    else if (name == "products")
      shares.products += share;
    else
      shares.of_rest[name] += share;
  }
  shares.of_rest[IterationShares::kUnnoted] += 1 - noted;
  shares.rest = 1 - shares.physics - shares.products;
  return shares;
}

}  // namespace motorium
