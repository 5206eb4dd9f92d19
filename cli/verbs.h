// The verbs of the command line. Each returns an exit code and throws Failure or Error.
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "motorium/physics/model.h"
#include "motorium/physics/spec/load_options.h"

namespace motorium {
struct EnvOptions;
struct PpoConfig;
}  // namespace motorium

namespace motorium::cli {

inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitBadInput = 65;

// ends the program with a code; the message goes to stderr
struct Failure {
  int code;
  std::string message;
};

// Reads a model file; Failure 65 when it is bad.
std::shared_ptr<const Model> read_model(const std::string& path, const LoadOptions& options = {});

// "a.b=3" -> ("a.b", "3"); Failure 2 without '='
std::vector<std::pair<std::string, std::string>> read_overrides(
    const std::vector<std::string>& words);

// Stops at the first Ctrl-C or SIGTERM while it lives; the second one ends the program.
class StopSignal {
 public:
  StopSignal();
  ~StopSignal();
  const std::atomic<bool>* flag() const;
};

int list(const std::string& word);

struct CheckOptions {
  std::string path, other;  // other: compare with it; empty: do not
  std::string engines;      // names with commas; empty: do not compare engines
  LoadOptions load;
};
int check(const CheckOptions& o);

int convert(const std::string& in, const std::string& out, const LoadOptions& options);

struct SimOptions {
  std::string path;
  int worlds = 4096;
  double seconds = 1;  // simulated
  int threads = 0;
  bool random = false;
  LoadOptions load;
};
int sim(const SimOptions& o);

struct TrainOptions {
  std::string task;
  std::string device = "cpu";      // cuda, cuda:1, emulated: worlds and learner there
  std::string precision = "fp32";  // of the networks' products: fp32 or bf16
  int worlds = 0;                  // 0: what the task says, else 512
  double minutes = 0;
  int iterations = 0;
  uint64_t seed = 1;
  int threads = 0;
  std::string log;  // run folder; empty: logs/<task>/<date>_<time>
  bool resume = false;
  std::string resume_from;  // run folder or checkpoint; empty: the newest run of the task
  std::string init_from;
  bool quiet = false;
  std::vector<std::string> overrides;
};
int train(const TrainOptions& o);

struct PlayOptions {
  std::string precision = "fp32";  // of the networks' products: fp32 or bf16
  std::string what;                // task or policy file
  std::string checkpoint, agent = "policy";
  int worlds = 256;
  double seconds = 0;  // simulated; 0: one episode
  uint64_t seed = 1000;
  int threads = 0;
  std::vector<std::string> overrides;
};
int play(const PlayOptions& o);

struct BenchOptions {
  std::string precision = "fp32";  // of the networks' products: fp32 or bf16
  std::string what;
  int worlds = 4096, threads = 0, repeat = 5;
  std::string csv;
  int seeds = 5;                       // demo, forward-walk: learners
  double minutes = 3;                  // ... and how long each may train
  bool processor_time = false;         // ... by processor time per worker: for busy machines
  std::string peers;                   // engines to compare with, names with commas; empty: none
  std::string markdown, svg;           // ... files to write
  int steps = 200;                     // ... of each world in a run
  std::string trace;                   // file for the times of each thread's stages
  std::vector<std::string> overrides;  // of a task, as in TrainOptions
};
int bench(const BenchOptions& o);
// settings of a task's learner and environment for `bench`: the task's, then the overrides
void apply_overrides(const std::string& task, const BenchOptions& o, PpoConfig& config,
                     EnvOptions& options);
// what each thread did during some steps of a scene, or some iterations of a task
int bench_trace(const BenchOptions& o);
// quad-velocity-flat from nothing, judged in unseen worlds: a row per seed and the median
int bench_demo(const BenchOptions& o);
// time until a Go1 walks forward
int bench_forward_walk(const BenchOptions& o);

int export_policy(const std::string& run, const std::string& onnx);

int demo();

}  // namespace motorium::cli
