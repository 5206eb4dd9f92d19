// Runs: resume is exact, a kill loses nothing that was reported as saved, logs can be read.
#include "motorium/policy/learn/trainer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "motorium/core/error.h"
#include "motorium/core/threads.h"
#include "motorium/policy/learn/checkpoint.h"
#include "motorium/policy/learn/ppo.h"
#include "motorium/policy/learn/tensorboard.h"
#include "motorium/policy/nn/file_io.h"
#include "motorium/policy/nn/policy.h"
#include "tests/policy/reference.h"
#include "tests/policy/toy_env.h"

namespace motorium {
namespace {

namespace fs = std::filesystem;
using test::ToyEnv;

// a fresh folder that goes away with the test
struct Folder {
  std::string path;
  Folder() {
    char name[] = "/tmp/motorium_policy_XXXXXX";
    path = mkdtemp(name);
  }
  ~Folder() { fs::remove_all(path); }
};

PpoConfig small_config() {
  PpoConfig c;
  c.actor_hidden_dims = c.critic_hidden_dims = {16, 16};
  c.num_steps_per_env = 8;
  return c;
}

struct Notes : Observer {
  std::vector<std::string> lines;
  std::vector<Progress> all;
  int finishes = 0;
  void iteration_done(const Progress& p) override { all.push_back(p); }
  void message(const std::string& line) override { lines.push_back(line); }
  void finished(const Progress&) override { ++finishes; }
};

std::string slurp(const std::string& path) {
  const auto b = read_bytes(path);
  return {b.begin(), b.end()};
}

TEST(Trainer, ResumeEqualsNoInterruption) {
  for (const bool symmetric : {false, true}) {
    PpoConfig c = small_config();
    c.symmetry_augmentation = symmetric;
    Folder whole, half, rest;
    Threads pool(2);
    ToyEnv a(100), b(100), d(100);
    a.bad_world = b.bad_world = d.bad_world = 3;
    Trainer one(a, c, {.directory = whole.path, .iterations = 6, .threads = &pool});
    one.run();
    Trainer first(b, c, {.directory = half.path, .iterations = 3, .threads = &pool});
    first.run();
    Trainer second(
        d, c, {.directory = rest.path, .iterations = 6, .resume = half.path, .threads = &pool});
    EXPECT_EQ(second.iteration(), 3);
    second.run();
    EXPECT_EQ(slurp(whole.path + "/checkpoint_6.safetensors"),
              slurp(rest.path + "/checkpoint_6.safetensors"));
    EXPECT_EQ(slurp(whole.path + "/policy_6.safetensors"),
              slurp(rest.path + "/policy_6.safetensors"));
    EXPECT_NE(slurp(half.path + "/policy_3.safetensors"),
              slurp(rest.path + "/policy_6.safetensors"));
  }
}

TEST(Trainer, CheckpointBytesDoNotDependOnThreadsOrInstructionSet) {
  std::vector<uint8_t> want;
  for (const PolicyKernels* kernels : test::all_kernels())
    for (int threads : {1, 3}) {
      ToyEnv env(300);
      Threads pool(threads);
      Trainer t(env, small_config(), {.iterations = 2, .threads = &pool, .kernels = kernels});
      t.run();
      if (want.empty()) want = t.checkpoint_bytes();
      EXPECT_TRUE(want == t.checkpoint_bytes()) << kernels->isa << ", " << threads << " threads";
    }
}

TEST(Trainer, KeepsTheLastThreeCheckpoints) {
  Folder f;
  ToyEnv env(16);
  PpoConfig c = small_config();
  c.save_interval = 2;
  std::ofstream(f.path + "/.checkpoint_1.safetensors.999999999.0123456789abcdef.tmp")
      << "left by a dead process";
  Trainer t(env, c, {.directory = f.path, .iterations = 11});
  const RunResult r = t.run();
  std::vector<int> numbers;
  for (const auto& [n, path] : numbered_files(f.path, "checkpoint")) numbers.push_back(n);
  EXPECT_EQ(numbers, (std::vector<int>{8, 10, 11}));
  EXPECT_EQ(r.policy, f.path + "/policy_11.safetensors");
  EXPECT_EQ(r.iterations, 11);
  EXPECT_EQ(r.steps, 11 * 16 * 8);
  for (const auto& e : fs::directory_iterator(f.path))
    EXPECT_NE(e.path().filename().string()[0], '.') << e.path();
}

TEST(Trainer, BadCheckpointsAreNamedAndSkipped) {
  Folder f;
  PpoConfig c = small_config();
  c.save_interval = 1;
  {
    ToyEnv env(16);
    Trainer t(env, c, {.directory = f.path, .iterations = 3});
    t.run();
  }
  // one torn, one with a flipped bit in the data
  auto bytes = read_bytes(f.path + "/checkpoint_3.safetensors");
  bytes.resize(bytes.size() / 2);
  save_bytes(f.path + "/checkpoint_3.safetensors", bytes);
  bytes = read_bytes(f.path + "/checkpoint_2.safetensors");
  bytes[bytes.size() - 5] ^= 4;
  save_bytes(f.path + "/checkpoint_2.safetensors", bytes);
  Notes notes;
  ToyEnv env(16);
  Trainer t(env, c, {.directory = f.path, .iterations = 3, .resume = f.path, .observer = &notes});
  EXPECT_EQ(t.iteration(), 1);
  ASSERT_EQ(notes.lines.size(), 3u);
  EXPECT_THAT(notes.lines[0], testing::HasSubstr("skipped"));
  EXPECT_THAT(notes.lines[0], testing::HasSubstr("checkpoint_3"));
  EXPECT_THAT(notes.lines[1], testing::HasSubstr("hash does not match"));
  EXPECT_THAT(notes.lines[2], testing::HasSubstr("resumed"));
}

TEST(Trainer, ResumeOfAFinishedRunStillNamesItsPolicy) {
  Folder f;
  ToyEnv env(16), again(16);
  Trainer(env, small_config(), {.directory = f.path, .iterations = 2}).run();
  const std::string before = slurp(f.path + "/checkpoint_2.safetensors");
  Trainer t(again, small_config(), {.directory = f.path, .iterations = 2, .resume = f.path});
  const RunResult r = t.run();
  EXPECT_EQ(r.policy, f.path + "/policy_2.safetensors");
  EXPECT_EQ(slurp(r.checkpoint), before);
}

TEST(Trainer, ResumeNamesWhatDoesNotFit) {
  Folder f;
  ToyEnv env(16), wider(17);
  Trainer(env, small_config(), {.directory = f.path, .iterations = 1}).run();
  const auto error = [&](VecEnv& e, const PpoConfig& c, RunOptions o) -> std::string {
    try {
      Trainer t(e, c, o);
    } catch (const Error& x) {
      return x.what();
    }
    return "";
  };
  EXPECT_THAT(error(wider, small_config(), {.resume = f.path}),
              testing::HasSubstr("has 16 worlds, this run has 17"));
  PpoConfig other = small_config();
  other.actor_hidden_dims = {17};
  EXPECT_THAT(error(env, other, {.resume = f.path}), testing::HasSubstr("actor_hidden_dims"));
  EXPECT_THAT(error(env, small_config(), {.resume = "/nonexistent"}),
              testing::HasSubstr("/nonexistent"));
  EXPECT_THAT(error(env, small_config(), {.resume = f.path + "/policy_1.safetensors"}),
              testing::HasSubstr("hash/"));
  EXPECT_THAT(error(env, small_config(), {.directory = "/proc/none"}),
              testing::HasSubstr("/proc/none"));
}

// SIGKILL at random moments of a run that saves all the time: the newest file is always whole, and
// at most one generation is lost
TEST(Trainer, KillWhileSavingLosesNothing) {
  Folder f;
  PpoConfig c = small_config();
  c.save_interval = 1;
  srand(5);
  int last = 0, whole = 0;
  for (int kill_count = 0; kill_count < 100; ++kill_count) {
    int report[2];
    ASSERT_EQ(pipe(report), 0);
    const pid_t child = fork();
    if (child == 0) {
      close(report[0]);
      ToyEnv env(32);
      Threads pool(1);
      struct Teller : Observer {
        int fd;
        void iteration_done(const Progress& p) override {
          if (write(fd, &p.iteration, 4) != 4) _exit(2);
        }
        void message(const std::string&) override {}
        void finished(const Progress&) override {}
      } teller;
      teller.fd = report[1];
      RunOptions o{
          .directory = f.path, .iterations = 1000000, .observer = &teller, .threads = &pool};
      o.tensorboard = o.csv = false;
      if (!numbered_files(f.path, "checkpoint").empty()) o.resume = f.path;
      Trainer t(env, c, o);
      t.run();
      _exit(0);
    }
    close(report[1]);
    int saved = -1, x;
    // wait until it works, then strike at a random microsecond
    if (read(report[0], &x, 4) == 4) saved = x;
    usleep(rand() % 12000);
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    while (read(report[0], &x, 4) == 4) saved = x;
    close(report[0]);
    ASSERT_GE(saved, 0);

    // what was reported as saved is there, or something newer
    bool skipped = false;
    const Safetensors file = open_checkpoint(f.path, [&](const std::string&) { skipped = true; });
    const int iteration = std::stoi(file.text("iteration"));
    ASSERT_GE(iteration, saved);
    ASSERT_LE(iteration, saved + 1);
    ASSERT_GT(iteration, last);
    ASSERT_FALSE(skipped);
    last = iteration;
    ++whole;
  }
  EXPECT_EQ(whole, 100);
}

TEST(Trainer, StopFlagFinishesTheIterationAndSaves) {
  Folder f;
  ToyEnv env(16);
  std::atomic<bool> stop{false};
  struct Stopper : Notes {
    std::atomic<bool>* flag;
    void iteration_done(const Progress& p) override {
      Notes::iteration_done(p);
      if (p.iteration == 2) *flag = true;
    }
  } stopper;
  stopper.flag = &stop;
  Trainer t(env, small_config(),
            {.directory = f.path, .iterations = 100, .observer = &stopper, .stop = &stop});
  const RunResult r = t.run();
  EXPECT_TRUE(r.stopped);
  EXPECT_EQ(r.iterations, 2);
  EXPECT_TRUE(fs::exists(f.path + "/checkpoint_2.safetensors"));
  EXPECT_EQ(stopper.finishes, 1);
}

TEST(Trainer, MinutesAreABudget) {
  ToyEnv env(64);
  Notes notes;
  Trainer t(env, small_config(), {.minutes = 0.3 / 60, .observer = &notes});
  const RunResult r = t.run();
  EXPECT_GE(r.seconds, 0.3);
  EXPECT_LT(r.seconds, 3);
  EXPECT_GT(r.iterations, 0);
  EXPECT_LE(notes.all.back().remaining_seconds, 0.3);
}

TEST(Trainer, PolicyActsAsTheLearnerDoes) {
  Folder f;
  ToyEnv env(64);
  Trainer t(env, small_config(),
            {.directory = f.path, .iterations = 5, .metadata = {{"task", "toy"}}});
  const RunResult r = t.run();
  Policy p = Policy::load(r.policy);
  EXPECT_EQ(p.text("task"), "toy");
  EXPECT_EQ(p.text("activation"), "elu");
  EXPECT_EQ(p.text("observation_groups"), "actor:2,critic:3");
  EXPECT_EQ(p.observation_size(), 2);
  EXPECT_EQ(p.action_size(), 1);
  std::vector<float> got(64), want(64);
  p.act(env.observations()[0].data, 64, got.data());
  // the normaliser of a policy is stored in float, as the learner uses it
  MlpScratch scratch(t.ppo().actor(), 64);
  mlp(t.ppo().actor(), env.observations()[0].data, 64, want.data(), scratch,
      t.ppo().actor_normalizer().scale());
  for (int i = 0; i < 64; ++i) EXPECT_NEAR(got[i], want[i], 1e-6);
  // a checkpoint is a policy too, and starts a new run
  EXPECT_EQ(Policy::load(r.checkpoint).action_size(), 1);
  ToyEnv fresh(8);
  Trainer second(fresh, small_config(), {.init_from = r.policy});
  EXPECT_EQ(0, std::memcmp(second.ppo().actor().parameters(), t.ppo().actor().parameters(),
                           t.ppo().actor().count() * sizeof(float)));
  EXPECT_EQ(second.iteration(), 0);
}

TEST(Trainer, CsvHoldsOneRowPerIterationAlsoAfterResume) {
  Folder f;
  PpoConfig c = small_config();
  ToyEnv env(16), again(16);
  Trainer(env, c, {.directory = f.path, .iterations = 3}).run();
  // two rows that the resumed run will write again
  std::ofstream(f.path + "/progress.csv", std::ios::app) << "4,1\n5,1\n";
  Trainer(again, c, {.directory = f.path, .iterations = 6, .resume = f.path}).run();
  std::ifstream csv(f.path + "/progress.csv");
  std::string line;
  std::getline(csv, line);
  EXPECT_THAT(line, testing::StartsWith("iteration,steps,Loss/value,Loss/surrogate,Loss/entropy,"
                                        "Loss/learning_rate,Loss/kl,"));
  EXPECT_THAT(line, testing::HasSubstr("Episode_Termination/any"));
  const auto commas = std::count(line.begin(), line.end(), ',');
  for (int i = 1; i <= 6; ++i) {
    ASSERT_TRUE(std::getline(csv, line)) << i;
    EXPECT_THAT(line, testing::StartsWith(std::to_string(i) + "," + std::to_string(i * 128) + ","));
    EXPECT_EQ(std::count(line.begin(), line.end(), ','), commas);
  }
  EXPECT_FALSE(std::getline(csv, line));
}

TEST(TensorBoard, FramesCarryValidChecksumsAndScalars) {
  EXPECT_EQ(crc32c("123456789", 9), 0xe3069283u);         // the check value of CRC-32C
  EXPECT_EQ(masked_crc32c("123456789", 9), 0xc78ab0e5u);  // what TensorBoard computes
  Folder f;
  std::string path;
  {
    TensorBoardWriter w(f.path);
    path = w.path();
    w.write(300, {{"Loss/value", 1.5}, {"Train/mean_reward", -2.0}});
  }
  const std::string bytes = slurp(path);
  size_t at = 0;
  std::vector<std::string> events;
  while (at < bytes.size()) {
    uint64_t n;
    uint32_t head, tail;
    std::memcpy(&n, &bytes[at], 8);
    std::memcpy(&head, &bytes[at + 8], 4);
    ASSERT_EQ(head, masked_crc32c(&bytes[at], 8));
    events.push_back(bytes.substr(at + 12, n));
    std::memcpy(&tail, &bytes[at + 12 + n], 4);
    ASSERT_EQ(tail, masked_crc32c(events.back().data(), n));
    at += 16 + n;
  }
  ASSERT_EQ(events.size(), 2u);
  EXPECT_THAT(events[0], testing::HasSubstr("brain.Event:2"));
  // step 300 as varint, then the two values
  EXPECT_EQ(events[1].substr(9, 3), std::string("\x10\xac\x02"));
  float x = 1.5f;
  EXPECT_THAT(events[1], testing::HasSubstr("Loss/value\x15" + std::string((char*)&x, 4)));
  x = -2.f;
  EXPECT_THAT(events[1], testing::HasSubstr("Train/mean_reward\x15" + std::string((char*)&x, 4)));
}

TEST(Console, PrintsPlainLinesWhenPiped) {
  int fd[2];
  ASSERT_EQ(pipe(fd), 0);
  auto console = console_observer(fd[1]);
  Progress p;
  p.iteration = 12, p.iterations = 300, p.steps = 1234567, p.steps_per_second = 40000;
  p.mean_reward = 3.25, p.remaining_seconds = 3723, p.elapsed_seconds = 61;
  console->message("hello");
  console->iteration_done(p);
  close(fd[1]);
  char b[1000] = {};
  ASSERT_GT(read(fd[0], b, 999), 0);
  close(fd[0]);
  EXPECT_THAT(b, testing::StartsWith("hello\niteration 12/300  steps 1,234,567  40000 steps/s"));
  EXPECT_THAT(b, testing::HasSubstr("elapsed 1:01  eta 1:02:03"));
  EXPECT_THAT(b, testing::Not(testing::HasSubstr("\033")));
}

TEST(Config, OverridesAreReadAndNamed) {
  PpoConfig c;
  c.set("agent.learning_rate", "3e-4");
  c.set("agent.actor-hidden-dims", "[64, 32]");
  c.set("schedule", "fixed");
  c.set("agent.activation", "swish");
  c.set("agent.symmetry_augmentation", "true");
  EXPECT_EQ(c.learning_rate, 3e-4);
  EXPECT_EQ(c.actor_hidden_dims, (std::vector<int>{64, 32}));
  PpoConfig lite = c;
  lite.set("agent.lite", "false");
  EXPECT_EQ(lite.actor_hidden_dims, (std::vector<int>{64, 32}));
  lite.set("agent.lite", "true");
  EXPECT_EQ(lite.actor_hidden_dims, (std::vector<int>{128, 128, 128}));
  EXPECT_EQ(lite.critic_hidden_dims, lite.actor_hidden_dims);
  EXPECT_EQ(c.schedule, Schedule::fixed);
  EXPECT_EQ(c.activation, Activation::swish);
  EXPECT_TRUE(c.symmetry_augmentation);
  PpoConfig again;
  for (const auto& [key, value] : c.fields()) again.set(key, value);
  EXPECT_EQ(again.fields(), c.fields());

  const auto error = [&](const std::string& key, const std::string& value) -> std::string {
    try {
      PpoConfig x;
      x.set(key, value);
      x.validate();
    } catch (const Error& e) {
      return e.what();
    }
    return "";
  };
  EXPECT_THAT(error("agent.learning_rat", "1"), testing::HasSubstr("agent.learning_rate"));
  EXPECT_THAT(error("agent.gamma", "1.5abc"), testing::HasSubstr("not a number"));
  EXPECT_THAT(error("agent.gamma", "nan"), testing::HasSubstr("not a number"));
  EXPECT_THAT(error("agent.gamma", "1e999"), testing::HasSubstr("not a number"));
  EXPECT_THAT(error("agent.gamma", "1.5"), testing::HasSubstr("gamma: 0 to 1"));
  EXPECT_THAT(error("agent.num_mini_batches", "2.5"), testing::HasSubstr("not an integer"));
  EXPECT_THAT(error("agent.schedule", "cosine"), testing::HasSubstr("adaptive and fixed"));
  EXPECT_THAT(error("agent.actor_hidden_dims", "[64,,32]"), testing::HasSubstr("not an integer"));
  EXPECT_THAT(error("agent.actor_hidden_dims", "[0]"), testing::HasSubstr("each 1 to"));
  EXPECT_THAT(error("agent.lite", "small"), testing::HasSubstr("allowed are true and false"));
  EXPECT_THAT(error("agent.activation", "gelu"), testing::HasSubstr("elu, tanh"));
}

}  // namespace
}  // namespace motorium
