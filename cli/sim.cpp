// motorium sim: how fast a model steps here, and how its worlds are.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>

#include "motorium/cli/measure.h"
#include "motorium/cli/verbs.h"
#include "motorium/core/text.h"
#include "motorium/robots/tasks/tasks.h"

namespace motorium::cli {

int sim(const SimOptions& o) {
  std::string path = o.path;
  if (!std::filesystem::exists(path) && path.find('.') == std::string::npos)
    path = find_robot(path);
  const std::shared_ptr<const Model> model = read_model(path, o.load);
  const Model& m = *model;
  Threads threads(o.threads);
  Batch batch(model, {.worlds = o.worlds, .threads = &threads});
  if (m.nkey > 0) batch.reset({.keyframe = 0});
  batch.bind("ncon");
  batch.bind("nefc");
  batch.bind("solver_niter");

  const int steps = std::max(1, static_cast<int>(std::lround(o.seconds / m.timestep)));
  const int chunk = 10;  // steps between new controls
  double spent = 0, contacts = 0, rows = 0, iterations = 0;
  int draws = 0;
  for (int done = 0; done < steps; done += chunk, ++draws) {
    if (o.random) random_controls(batch, 1, static_cast<uint32_t>(draws));
    const double start = now();
    batch.step({.nstep = std::min(chunk, steps - done)});
    spent += now() - start;
    contacts += mean_output(batch, "ncon");
    rows += mean_output(batch, "nefc");
    iterations += mean_output(batch, "solver_niter");
  }

  const double count = static_cast<double>(steps) * o.worlds, rate = count / spent;
  std::printf("%s: nv %d, %d worlds, %d threads, %d steps of %g s each\n",
              m.name.empty() ? path.c_str() : m.name.c_str(), m.nv, o.worlds, threads.count(),
              steps, m.timestep);
  std::printf("speed      %s steps/s, %s per thread, %.3g us a step\n",
              with_commas(static_cast<uint64_t>(rate)).c_str(),
              with_commas(static_cast<uint64_t>(rate / threads.count())).c_str(),
              1e6 * threads.count() / rate);
  std::printf("real time  %.0f x over all worlds, %.3g x each\n", rate * m.timestep,
              rate * m.timestep / o.worlds);
  std::printf("per step   %.2f contacts, %.2f rows, %.2f Newton iterations\n", contacts / draws,
              rows / draws, iterations / draws);
  const std::string trouble = health(batch);
  std::printf("health     %s\n", trouble.empty() ? "good" : ("worlds: " + trouble).c_str());
  return 0;
}

}  // namespace motorium::cli
