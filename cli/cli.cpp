#include "motorium/cli/cli.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <stdexcept>

#include "motorium/cli/verbs.h"
#include "motorium/cli/version.h"
#include "motorium/core/cpu.h"
#include "motorium/core/error.h"
#include "motorium/physics/batch.h"

namespace motorium {
namespace cli {
namespace {

// ---- signals -----------------------------------------------------------------------------------

std::atomic<bool> stop_flag{false};
struct sigaction old_int, old_term;

void on_signal(int) {
  // somebody who asks twice wants out
  if (stop_flag.exchange(true)) _exit(130);
}

}  // namespace

StopSignal::StopSignal() {
  stop_flag = false;
  struct sigaction action {};
  action.sa_handler = on_signal;
  sigaction(SIGINT, &action, &old_int);
  sigaction(SIGTERM, &action, &old_term);
}
StopSignal::~StopSignal() {
  sigaction(SIGINT, &old_int, nullptr);
  sigaction(SIGTERM, &old_term, nullptr);
}
const std::atomic<bool>* StopSignal::flag() const { return &stop_flag; }

// ---- shared by the verbs -----------------------------------------------------------------------

std::shared_ptr<const Model> read_model(const std::string& path, const LoadOptions& options) {
  try {
    return load_model(path, options);
  } catch (const UnsupportedModel& e) {
    throw Failure{kExitBadInput, std::string(e.what())};
  } catch (const UnsupportedCpu&) {
    throw;
  } catch (const Error& e) {
    throw Failure{kExitBadInput, std::string(e.what())};
  }
}

std::vector<std::pair<std::string, std::string>> read_overrides(
    const std::vector<std::string>& words) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const std::string& word : words) {
    const size_t at = word.find('=');
    if (at == std::string::npos || at == 0)
      throw Failure{kExitUsage, "'" + word + "': overrides have the form name=value"};
    out.emplace_back(word.substr(0, at), word.substr(at + 1));
  }
  return out;
}

namespace {

// "--Num_Envs=3" -> "--num-envs=3": '_' and '-' are the same in option names
std::string plain(const char* argument) {
  std::string s = argument;
  if (s.rfind("--", 0) != 0) return s;
  const size_t end = std::min(s.find('='), s.size());
  for (size_t i = 2; i < end; ++i)
    if (s[i] == '_') s[i] = '-';
  return s;
}

// how model files are read
void add_load_options(CLI::App* v, LoadOptions& load) {
  v->add_option("--root", load.root, "folder that no file of the model may leave");
  const std::map<std::string, Compat> words = {{"none", Compat::none}, {"newton", Compat::newton}};
  v->add_option("--compat", load.compat, "newton: replace solvers that the engine lacks")
      ->transform(CLI::CheckedTransformer(words));
  v->add_option("--package", load.packages, "URDF: folder that holds packages; may be repeated")
      ->allow_extra_args(false);
  v->add_flag("--repair", load.repair, "URDF: replace impossible masses and inertias, and say so");
  v->add_flag("--floating-base", load.floating_base, "URDF: the base moves freely");
  v->add_flag_callback(
      "--ignore-mimic", [&load] { load.mimic = Mimic::ignore; },
      "URDF: joints do not follow others");
}

// numbers of the networks' products
void add_precision(CLI::App* v, std::string& precision) {
  v->add_option("--precision", precision,
                "products of the networks: fp32, or bf16 where the CPU has AVX512-BF16")
      ->capture_default_str()
      ->check(CLI::IsMember({"fp32", "bf16"}));
}

int parse_and_run(int argc, const char* const* argv) {
  CLI::App app{"Batched robot physics with MuJoCo's semantics, and learning on it."};
  app.name("motorium");
  app.set_version_flag("--version", version_text(), "version, commit, compiler, instruction set");
  app.require_subcommand(1);
  int code = 0;

  std::string word;
  CLI::App* v = app.add_subcommand("list", "tasks and robots");
  v->add_option("WORD", word, "only those whose name or summary has this word");
  v->callback([&] { code = list(word); });

  CheckOptions k;
  v = app.add_subcommand("check", "what a model file holds, what is refused, likely mistakes");
  v->add_option("FILE", k.path, "model file (MJCF or URDF)")->required();
  v->add_option("FILE2", k.other, "model file to compare with");
  v->add_option("--engines", k.engines,
                "the same controls in each engine: motorium,mujoco,bullet (needs Python)");
  add_load_options(v, k.load);
  v->callback([&] { code = check(k); });

  std::string in, out;
  LoadOptions load;
  v = app.add_subcommand("convert", "write a model file, URDF or MJCF, as MJCF");
  v->add_option("IN", in, "model file (MJCF or URDF)")->required();
  v->add_option("OUT", out, "MJCF file to write; meshes are copied beside it")->required();
  add_load_options(v, load);
  v->callback([&] { code = convert(in, out, load); });

  SimOptions s;
  v = app.add_subcommand("sim", "simulate a model file and report speed and health");
  v->add_option("FILE", s.path, "model file (MJCF), or a robot of ours by name")->required();
  v->add_option("--worlds,--num-envs", s.worlds, "worlds")
      ->capture_default_str()
      ->check(CLI::Range(1, 10000000));
  v->add_option("--seconds", s.seconds, "simulated time of each world [s]")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  v->add_option("--threads", s.threads, "worker threads; 0: one per core")
      ->capture_default_str()
      ->check(CLI::Range(0, 1024));
  v->add_flag("--random", s.random, "random controls instead of the keyframe's");
  add_load_options(v, s.load);
  v->callback([&] { code = sim(s); });

  TrainOptions t;
  v = app.add_subcommand("train", "train a policy with PPO");
  v->add_option("TASK", t.task, "a task of `motorium list`")->required();
  v->add_option("OVERRIDES", t.overrides,
                "name=value, e.g. agent.learning_rate=3e-4 rewards.upright.weight=0.5");
  v->add_option("--worlds,--num-envs", t.worlds, "worlds; 0: 512")->check(CLI::Range(0, 10000000));
  v->add_option("--minutes", t.minutes, "stop after this wall time")->check(CLI::NonNegativeNumber);
  v->add_option("--iterations,--max-iterations", t.iterations, "stop at this iteration")
      ->check(CLI::NonNegativeNumber);
  v->add_option("--seed", t.seed, "seed of weights, exploration and worlds")->capture_default_str();
  v->add_option("--threads", t.threads, "worker threads; 0: one per core")
      ->capture_default_str()
      ->check(CLI::Range(0, 1024));
  v->add_option("--device", t.device, "where worlds and learner live: cpu, cuda, cuda:1, emulated")
      ->capture_default_str();
  v->add_option("--log", t.log, "run folder; default logs/TASK/DATE_TIME");
  CLI::Option* resume =
      v->add_option("--resume,--load-run", t.resume_from,
                    "go on with a run folder or checkpoint; alone: the task's newest run")
          ->expected(0, 1);
  v->add_option("--init-from", t.init_from, "start with the weights of a policy file");
  add_precision(v, t.precision);
  v->add_flag("--quiet", t.quiet, "print no progress");
  bool headless = false;
  v->add_flag("--headless", headless, "accepted; training opens no window");
  v->callback([&] {
    t.resume = resume->count() > 0;
    code = train(t);
  });

  PlayOptions p;
  v = app.add_subcommand("play", "run a policy in many worlds and print statistics");
  v->add_option("WHAT", p.what, "policy file, run folder, or a task (its newest run)")->required();
  v->add_option("OVERRIDES", p.overrides, "name=value for the task");
  v->add_option("--checkpoint", p.checkpoint,
                "policy file to use with a task; 'latest': its newest run");
  v->add_option("--agent", p.agent, "policy, zero or random")
      ->capture_default_str()
      ->check(CLI::IsMember({"policy", "zero", "random"}));
  v->add_option("--worlds,--num-envs", p.worlds, "worlds")
      ->capture_default_str()
      ->check(CLI::Range(1, 10000000));
  v->add_option("--seconds", p.seconds, "simulated time [s]; 0: one episode")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
  v->add_option("--seed", p.seed, "seed of the worlds")->capture_default_str();
  v->add_option("--threads", p.threads, "worker threads; 0: one per core")
      ->capture_default_str()
      ->check(CLI::Range(0, 1024));
  add_precision(v, p.precision);
  v->callback([&] { code = play(p); });

  BenchOptions b;
  v = app.add_subcommand("bench", "measure speed: steps per second of scenes, tasks, files");
  v->add_option("WHAT", b.what,
                "robot, task, model file, 'demo' or 'forward-walk'; default: everything of ours");
  v->add_option("OVERRIDES", b.overrides, "name=value for a task and its agent");
  v->add_option("--worlds,--num-envs", b.worlds, "worlds")
      ->capture_default_str()
      ->check(CLI::Range(1, 10000000));
  v->add_option("--threads", b.threads, "worker threads; 0: one per core")
      ->capture_default_str()
      ->check(CLI::Range(0, 1024));
  v->add_option("--repeat", b.repeat, "measurements; the median counts")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  v->add_option("--csv", b.csv, "append the rows to this file");
  v->add_option("--seeds", b.seeds, "demo, forward-walk: learners; the median counts")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  v->add_option("--minutes", b.minutes, "demo, forward-walk: training time of each learner")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  v->add_flag("--processor-time", b.processor_time,
              "demo, forward-walk: count processor time per worker, on a busy machine");
  v->add_option(
      "--peers", b.peers,
      "the same model in other engines: mujoco,mjx,mujoco-warp,motrixsim,bullet (needs Python)");
  v->add_option("--steps", b.steps, "with --peers, --trace: steps of each world in a run")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000000));
  v->add_option("--markdown", b.markdown, "with --peers: write the table to this file");
  v->add_option("--svg", b.svg, "with --peers: draw the bars in this file");
  v->add_option("--trace", b.trace,
                "write when each thread was in which stage, for chrome://tracing and Perfetto");
  add_precision(v, b.precision);
  v->callback([&] { code = bench(b); });

  std::string run, onnx;
  v = app.add_subcommand("export", "write a policy for other programs");
  v->add_option("RUN", run, "run folder or policy file")->required();
  v->add_option("--onnx", onnx, "ONNX file to write")->required();
  v->callback([&] { code = export_policy(run, onnx); });

  v = app.add_subcommand("demo", "train a robot to walk, draw the curve, try the policy");
  v->footer(
      "DEMO_SECONDS=45 trains for so long; DEMO=play plays the policy that comes with motorium.");
  v->callback([&] { code = demo(); });

  // subcommands made earlier do not inherit it
  app.footer("motorium VERB --help explains a verb.");

  std::vector<std::string> words;
  for (int i = argc - 1; i > 0; --i) words.push_back(plain(argv[i]));
  try {
    app.parse(words);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : kExitUsage;
  }
  return code;
}

}  // namespace
}  // namespace cli

int main(int argc, const char* const* argv) {
  try {
    const int code = cli::parse_and_run(argc, argv);
    std::fflush(stdout);
    return code;
  } catch (const cli::Failure& e) {
    std::fflush(stdout);
    std::fprintf(stderr, "motorium: %s\n", e.message.c_str());
    return e.code;
  } catch (const UnsupportedCpu& e) {
    std::fprintf(stderr, "motorium: %s\n", e.what());
    return kExitUnsupportedCpu;
  } catch (const std::exception& e) {
    std::fflush(stdout);
    std::fprintf(stderr, "motorium: %s\n", e.what());
    return cli::kExitFailed;
  }
}

}  // namespace motorium
