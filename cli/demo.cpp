// motorium demo: train a robot to walk, draw the curve, try the policy in worlds it has not seen.
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>

#include "motorium/cli/curve.h"
#include "motorium/cli/evaluate.h"
#include "motorium/cli/train.h"
#include "motorium/cli/verbs.h"
#include "motorium/core/text.h"
#include "motorium/core/threads.h"
#include "motorium/policy/nn/file_io.h"
#include "motorium/policy/nn/policy.h"
#include "motorium/robots/tasks/evaluate.h"

namespace motorium::cli {
namespace {

constexpr const char* kTask = "quad-velocity-flat";
constexpr double kSeconds = 180;  // of training, unless DEMO_SECONDS says otherwise
constexpr int kUnseenWorlds = 256;
constexpr uint64_t kUnseenSeed = 1000;  // training uses seed 1

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

void try_policy(const std::string& path) {
  const Policy policy = Policy::load(path);
  EnvOptions options;
  options.worlds = kUnseenWorlds;
  options.seed = kUnseenSeed;
  const std::unique_ptr<Env> env = make_env(kTask, options);
  print(evaluate(*env, policy_agent(policy, *env), kUnseenSeed));

  // the same judge as for any other learner: commands along x, pushes, no training noise
  WalkOptions walk;
  walk.task = kTask;
  walk.worlds = kUnseenWorlds;
  const WalkScore score =
      evaluate_walk([&policy, scratch = std::make_shared<MlpScratch>(policy.actor(), 64)](
                        const float* observations, int worlds,
                        float* actions) { policy.act(observations, worlds, actions, *scratch); },
                    walk);
  std::printf("judged with pushes  %.3f m/s error, %d falls, %.1f m walked, %.0f J/m\n",
              score.error, score.falls, score.distance, score.energy);
}

int play_shipped() {
  const std::string path = robots_folder() + "/quad/walk.safetensors";
  if (!std::filesystem::exists(path)) {
    std::printf("no policy comes with this version (%s): run `motorium demo` to train one\n",
                path.c_str());
    return kExitFailed;
  }
  std::printf("playing %s\n", path.c_str());
  try_policy(path);
  return 0;
}

}  // namespace

int demo() {
  if (environment("DEMO") == "play") return play_shipped();
  double seconds = kSeconds;
  if (const std::string text = environment("DEMO_SECONDS"); !text.empty()) {
    const auto value = parse_number(text);
    if (!value || *value <= 0)
      throw Failure{kExitUsage, "DEMO_SECONDS='" + text + "': expected a number of seconds"};
    seconds = *value;
  }

  // train
  TrainRequest request;
  request.task = kTask;
  request.run.minutes = seconds / 60;
  request.run.seed = 1;
  request.run.directory = new_run_folder(kTask);
  CurveRecorder recorder(console_observer(1));
  request.run.observer = &recorder;
  const StopSignal stop;
  request.run.stop = stop.flag();
  std::printf(
      "A four-legged robot learns to walk: %s, %.0f s on %d cores.\nCtrl-C stops early and keeps "
      "what was learned.\n\n",
      kTask, seconds, physical_cores());
  std::fflush(stdout);
  const RunResult r = train_task(request);

  // draw
  const std::string svg = request.run.directory + "/reward.svg";
  const std::string picture =
      curve_svg(recorder.reward(), std::string(kTask) + ": reward of an episode", "mean reward");
  save_bytes(svg, {picture.begin(), picture.end()});

  // try
  std::printf("\nThe policy in %d worlds that it has not seen:\n", kUnseenWorlds);
  try_policy(r.policy);
  std::printf("\npolicy  %s\ncurve   %s\n", r.policy.c_str(), svg.c_str());
  std::printf(
      "again   motorium play %s\ngo on   motorium train %s --resume %s --minutes 10\nexport  "
      "motorium export %s "
      "--onnx walk.onnx\n",
      r.policy.c_str(), kTask, request.run.directory.c_str(), r.policy.c_str());
  return 0;
}

}  // namespace motorium::cli
