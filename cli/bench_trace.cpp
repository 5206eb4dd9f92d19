// motorium bench --trace: when each thread was in which stage, in the trace event format that
// chrome://tracing and Perfetto read. One complete event ("X") a line; times in microseconds from
// the start of the trace.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>

#include "motorium/cli/measure.h"
#include "motorium/cli/verbs.h"
#include "motorium/cli/version.h"
#include "motorium/core/trace.h"
#include "motorium/policy/learn/config.h"
#include "motorium/policy/learn/ppo.h"
#include "motorium/policy/learn/trainer.h"
#include "motorium/robots/tasks/env.h"

namespace motorium::cli {
namespace {

using json = nlohmann::ordered_json;

constexpr int64_t kEvents = 200'000;  // of all threads: 20 MB of text

struct Recording {
  std::unique_ptr<Trace> trace;
  int runs = 0;
};

// `once` up to `most` times, at least once, and not more often than the events of a readable file
template <class F> Recording record(Threads& threads, int most, F once) {
  // without room the first run only counts
  Trace count(threads.count(), 0);
  threads.set_trace(&count);
  once();
  const int64_t each = std::max<int64_t>(count.dropped(), 1);
  const int runs = static_cast<int>(std::clamp<int64_t>(kEvents / each, 1, most));

  // threads share the work unequally, and no two runs are the same
  const int64_t all = each * runs + each * runs / 4 + 1000;
  const int64_t capacity = std::min(all, 3 * all / threads.count() + 1000);
  Recording r{std::make_unique<Trace>(threads.count(), static_cast<int>(capacity)), runs};
  threads.set_trace(r.trace.get());
  for (int i = 0; i < runs; ++i) once();
  threads.set_trace(nullptr);
  return r;
}

void write_trace(const std::string& path, const Trace& trace, const json& about) {
  std::ofstream file(path);
  if (!file) throw Failure{kExitFailed, path + ": cannot be written"};
  int64_t start = std::numeric_limits<int64_t>::max();
  for (int w = 0; w < trace.workers(); ++w)
    for (int i = 0; i < trace.lane(w).count; ++i)
      start = std::min(start, trace.lane(w).events[i].begin);

  file << "{\"displayTimeUnit\": \"ns\",\n\"otherData\": " << about.dump() << ",\n";
  file << "\"traceEvents\": [\n";
  for (int w = 0; w < trace.workers(); ++w) {
    const std::string name = w == 0 ? "thread 0, the caller" : "thread " + std::to_string(w);
    file << json{{"name", "thread_name"},
                 {"ph", "M"},
                 {"pid", 1},
                 {"tid", w},
                 {"args", {{"name", name}}}}
                .dump();
    const TraceLane& lane = trace.lane(w);
    for (int i = 0; i < lane.count; ++i) {
      const TraceEvent& e = lane.events[i];
      file << ",\n"
           << json{{"name", e.name},
                   {"ph", "X"},
                   {"pid", 1},
                   {"tid", w},
                   {"ts", static_cast<double>(e.begin - start) / 1e3},
                   {"dur", static_cast<double>(e.end - e.begin) / 1e3}}
                  .dump();
    }
    file << (w + 1 < trace.workers() ? ",\n" : "\n");
  }
  file << "]}\n";
  if (!file.flush()) throw Failure{kExitFailed, path + ": cannot be written: is the disk full?"};
}

void report(const BenchOptions& o, const Recording& recording, json about, const char* unit) {
  const Trace& trace = *recording.trace;
  const int runs = recording.runs;
  about["version"] = version_text();
  about[unit] = runs;
  about["dropped_events"] = trace.dropped();
  write_trace(o.trace, trace, about);

  std::vector<std::pair<int64_t, std::string>> rows;
  int64_t all = 0;
  for (const auto& [name, ns] : own_times(trace)) {
    rows.emplace_back(ns, name);
    all += ns;
  }
  std::sort(rows.rbegin(), rows.rend());
  std::printf("%-22s %12s %8s\n", "stage", "ms, all", "share");
  for (const auto& [ns, name] : rows)
    std::printf("%-22s %12.3f %7.1f%%\n", name.c_str(), 1e-6 * static_cast<double>(ns),
                100.0 * static_cast<double>(ns) / static_cast<double>(std::max<int64_t>(all, 1)));
  std::printf("%s: %d %s on %d threads%s\n", o.trace.c_str(), runs, unit, trace.workers(),
              trace.dropped() ? "; EVENTS WERE DROPPED" : "");
}

int trace_model(const std::string& label, const std::shared_ptr<const Model>& model,
                const BenchOptions& o) {
  Threads threads(o.threads);
  Batch batch(model, {.worlds = o.worlds, .autoreset = true, .threads = &threads});
  if (model->nkey > 0) batch.reset({.keyframe = 0});
  uint32_t draw = 0;
  for (int i = 0; i < 20; ++i) {
    random_controls(batch, 1, draw++);
    batch.step({.nstep = 10});
  }
  const Recording r = record(threads, o.steps, [&] { batch.step(); });
  report(o, r, {{"scene", label}, {"worlds", o.worlds}}, "steps");
  return 0;
}

int trace_task(const std::string& task, const BenchOptions& o) {
  EnvOptions options;
  options.worlds = o.worlds;
  options.threads = o.threads;
  PpoConfig config;
  apply_overrides(task, o, config, options);
  const std::unique_ptr<Env> env = make_env(task, options);
  Threads& threads = env->batch().threads();
  RunOptions run;
  run.threads = &threads;
  run.kernels = &policy_kernels_for(o.precision);
  Trainer trainer(*env, config, run);
  trainer.iterate();
  const Recording r = record(threads, 1, [&] { trainer.iterate(); });
  report(o, r, {{"task", task}, {"worlds", o.worlds}}, "iterations");
  return 0;
}

}  // namespace

int bench_trace(const BenchOptions& o) {
  if (o.what.empty())
    throw Failure{kExitUsage, "--trace watches one robot, task or model file: name it"};
  const std::vector<std::string> tasks = task_names();
  if (std::find(tasks.begin(), tasks.end(), o.what) != tasks.end()) return trace_task(o.what, o);
  if (std::filesystem::exists(o.what))
    return trace_model(std::filesystem::path(o.what).stem().string(), read_model(o.what), o);
  return trace_model(o.what, read_model(find_robot(o.what)), o);
}

}  // namespace motorium::cli
