// Same seed, same bits: D1 (golden), D2 (width and instruction set), D3 (threads), D4 (neighbours),
// D5 (shuffled), D5b (crew), D12 (foreign modes), D8 (save and restore), and shared against
// expanded fields.
#include <gtest/gtest.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include <algorithm>
#include <chrono>
#include <fstream>
#include <map>

#include "check_entries.h"
#include "motorium/core/cpu.h"
#include "motorium/physics/override_rules.h"
#include "motorium/physics/regroup.h"
#include "runner.h"

namespace motorium {
namespace {

std::shared_ptr<const Model> load_scene(const std::string& name) {
  static std::map<std::string, std::shared_ptr<const Model>> cache;
  auto& m = cache[name];
  if (!m) m = load_model(scene(name));
  return m;
}

// the pile is a hundred times dearer than the others
int steps_of(const std::string& name) { return name == "pile" ? 20 : 1000; }
int worlds_of(const std::string& name) { return name == "pile" ? 8 : 16; }

template <class S>
uint64_t run_scene(const std::string& name, const PhysicsKernels<S>& kernels, int worlds,
                   int steps) {
  Runner<S> r(*load_scene(name), worlds, kernels);
  r.step(steps);
  return r.hash_state();
}

class Scene : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(All, Scene, testing::ValuesIn(scene_names()),
                         [](const auto& info) { return info.param; });

// one hash per scene is committed; MOTORIUM_PRINT_GOLDEN=1 prints the present ones
TEST_P(Scene, HasTheGoldenBits) {
  std::map<std::string, std::string> golden;
  std::ifstream file(std::string(MOTORIUM_SOURCE_DIR) + "/tests/golden/scenes.txt");
  for (std::string name, value; file >> name >> value;) golden[name] = value;
  const uint64_t hash =
      run_scene(GetParam(), motorium_physics_v3_pack, worlds_of(GetParam()), steps_of(GetParam()));
  char text[20];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(hash));
  if (std::getenv("MOTORIUM_PRINT_GOLDEN")) std::printf("GOLDEN %s %s\n", GetParam().c_str(), text);
  EXPECT_EQ(golden[GetParam()], text);
}

TEST_P(Scene, SameBitsForEveryWidthAndInstructionSet) {
  const int worlds = worlds_of(GetParam()) - 3, steps = steps_of(GetParam()) / 4;
  const uint64_t want = run_scene(GetParam(), motorium_physics_v3_float, worlds, steps);
  EXPECT_EQ(want, run_scene(GetParam(), motorium_physics_v3_pack, worlds, steps));
  if (has_isa(Isa::v4))
    EXPECT_EQ(want, run_scene(GetParam(), motorium_physics_v4_pack, worlds, steps));
}

// a world's result does not depend on its neighbours
TEST_P(Scene, SameBitsAloneAndInCompany) {
  const int steps = steps_of(GetParam()) / 10;
  Runner<float> company(*load_scene(GetParam()), 8, motorium_physics_v3_pack);
  company.step(steps);
  for (int w : {0, 3, 7}) {
    Runner<float> alone(*load_scene(GetParam()), 1, motorium_physics_v3_pack, w);
    alone.step(steps);
    const int nq = alone.model.nq, nv = alone.model.nv;
    EXPECT_EQ(0, std::memcmp(alone.qpos.data(), company.qpos.data() + w * nq,
                             sizeof(float) * static_cast<size_t>(nq)));
    EXPECT_EQ(0, std::memcmp(alone.qvel.data(), company.qvel.data() + w * nv,
                             sizeof(float) * static_cast<size_t>(nv)));
  }
}

TEST_P(Scene, SameBitsInShuffledOrder) {
  const int steps = GetParam() == "pile" ? 2 : 20;
  Runner<float> want(*load_scene(GetParam()), 8, motorium_physics_v3_pack);
  want.step(steps);
  const int ids[8] = {0, 1, 2, 3, 4, 5, 6, 7};
  for (uint64_t seed = 1; seed <= (GetParam() == "pile" ? 2u : 20u); ++seed) {
    Runner<float> shuffled(*load_scene(GetParam()), 8, motorium_physics_v3_pack);
    uint64_t state = seed;
    step_shuffled(&state, shuffled.args(), ids, 8, steps);
    ASSERT_EQ(want.hash_state(), shuffled.hash_state()) << "seed " << seed;
  }
}

TEST_P(Scene, SameBitsWithThreadsAsLanes) {
  if (GetParam() == "pile") GTEST_SKIP() << "SKIPPED pile: 400 contacts make too many barriers";
  const int steps = 3;
  Runner<float> want(*load_scene(GetParam()), 1, motorium_physics_v3_float);
  want.step(50);
  const Runner<float>* start = &want;
  std::vector<float> q = start->qpos, v = start->qvel, w = start->warmstart, past = start->history;
  const std::vector<uint32_t> status = start->status;  // bits once set stay
  want.step(steps);
  const bool all = std::getenv("MOTORIUM_FULL") != nullptr;
  std::vector<int> widths = {8};
  if (all) widths = {8, 16, 32, 64};
#if !defined(__SANITIZE_THREAD__)
  if (GetParam() == "quadruped") widths.push_back(64);
#endif
  for (int lanes : widths) {
    Runner<float> crew(*load_scene(GetParam()), 1, motorium_physics_v3_float);
    crew.qpos = q;
    crew.qvel = v;
    crew.warmstart = w;
    crew.history = past;
    crew.status = status;
    crew.arrays.qpos = crew.qpos.data();
    crew.arrays.qvel = crew.qvel.data();
    crew.arrays.qacc_warmstart = crew.warmstart.data();
    crew.arrays.history = crew.history.data();
    crew.arrays.status = crew.status.data();
    step_crew(lanes, crew.args(), 0, steps);
    EXPECT_EQ(want.hash_state(), crew.hash_state()) << lanes << " lanes";
  }
}

// the fields used most in memory of another kind (on chip), as far as it reaches and no further
TEST_P(Scene, SameBitsWithScratchOnChip) {
  const int steps = GetParam() == "pile" ? 2 : 20, worlds = 9;
  for (const auto* kernels : {&motorium_physics_v3_float, &motorium_physics_v3_pack}) {
    Runner<float> want(*load_scene(GetParam()), worlds, *kernels);
    want.step(steps);
    for (const int bytes : {64, 640, 4096, 1 << 20}) {
      Runner<float> got(*load_scene(GetParam()), worlds, *kernels);
      // bytes 0xff are no number: what was not written there must not be read
      Arena memory(static_cast<size_t>(bytes) + 64);
      std::memset(memory.data(), 0xff, static_cast<size_t>(bytes) + 64);
      got.chip = static_cast<char*>(memory.data());
      got.chip_bytes = bytes;
      got.step(steps);
      EXPECT_EQ(want.hash_state(), got.hash_state()) << bytes << " bytes";
      bool used = false, beyond = false;
      for (int i = 0; i < bytes + 64; ++i) (i < bytes ? used : beyond) |= got.chip[i] != '\xff';
      EXPECT_FALSE(beyond) << bytes << " bytes";
      EXPECT_TRUE(used || bytes < 1 << 20) << bytes << " bytes";
    }
  }
}

// guards that were never seen failing are hopes
TEST(Guards, ShuffledFindsAPlantedRace) {
  const int ids[8] = {0, 1, 2, 3, 4, 5, 6, 7};
  uint64_t in_order = 0;
  int caught = 0;
  for (uint64_t seed = 0; seed <= 20; ++seed) {
    Runner<float> r(*load_scene("quadruped"), 8, motorium_physics_v3_pack);
    uint64_t state = seed;
    step_with_race(&state, r.args(), ids, 8);
    if (seed == 0)
      in_order = r.hash_state();
    else
      caught += r.hash_state() != in_order;
  }
  EXPECT_GE(caught, 19);
}
TEST(Guards, CrewFindsALanePrivateMaximum) {
  const float values[] = {1, 2, 3, 9, 4, 5, 6, 7, 8};
  EXPECT_EQ(7, lanes_misled(values, 9));
}

TEST(Threads_, SameBitsForEveryThreadCount) {
  uint64_t want = 0;
  for (int threads : {1, 2, 3, 7, 16}) {
    Threads pool(threads);
    Batch batch(load_scene("quadruped"), {.worlds = 1000, .threads = &pool});
    auto* v = static_cast<float*>(batch.state("qvel").data);
    for (int i = 0; i < 1000 * batch.model().nv; ++i)
      v[i] = static_cast<float>(i % 97) * 0.01f - 0.5f;
    for (int k = 0; k < 20; ++k) batch.step({.nstep = 10});
    Hash h;
    h.add(batch.state("qpos").data, sizeof(float) * 1000 * static_cast<size_t>(batch.model().nq));
    h.add(batch.state("qvel").data, sizeof(float) * 1000 * static_cast<size_t>(batch.model().nv));
    if (threads == 1) want = h.value();
    EXPECT_EQ(want, h.value()) << threads << " threads";
  }
}

// ---- worlds dealt into packs by their rows (regroup.h) --------------------------------------

TEST(Regroup, SortsByRowsAndKeepsTheOrderOfEquals) {
  for (const int scale : {1, 7, 5000}) {
    std::vector<int32_t> rows(300);
    for (int w = 0; w < 300; ++w) rows[static_cast<size_t>(w)] = scale * ((w * 37) % 11);
    std::vector<int> ids, want;
    for (int i = 0; i < 200; ++i) ids.push_back((i * 7) % 300);
    want = ids;
    std::stable_sort(want.begin(), want.end(), [&](int a, int b) {
      return rows[static_cast<size_t>(a)] < rows[static_cast<size_t>(b)];
    });
    std::vector<int> found(ids.size());
    sort_by_rows(rows.data(), ids.data(), static_cast<int>(ids.size()), found.data());
    EXPECT_EQ(want, found) << scale;
  }
}

// worlds that fly, stand and lie: in any company, on any thread and in any list as each one alone
TEST(Regroup, WorldsOfVeryDifferentRowsHaveTheBitsOfWorldsAlone) {
  for (const char* scene : {"quadruped", "figure_on_boxes"}) {
    const int worlds = 300, calls = 3, nstep = 8;
    const auto model = load_scene(scene);
    const auto start = [&](Batch& b) {
      auto* q = static_cast<float*>(b.state("qpos").data);
      auto* v = static_cast<float*>(b.state("qvel").data);
      for (int w = 0; w < worlds; ++w) {
        q[w * model->nq + 2] += 0.05f * static_cast<float>((w * 5) % 8) - 0.1f;
        for (int i = 0; i < model->nv; ++i)
          v[w * model->nv + i] = static_cast<float>((w * 31 + i * 17) % 97) * 0.01f - 0.5f;
      }
    };
    std::vector<int> mixed;
    for (int i = 0; i < worlds; ++i) mixed.push_back((i * 7) % worlds);  // 7 divides it not

    // one by one, all steps of a call fused
    Batch alone(model, {.worlds = worlds});
    const auto* rows = static_cast<const float*>(alone.bind("nefc").data);
    start(alone);
    for (int w = 0; w < worlds; ++w)
      for (int k = 0; k < calls; ++k) alone.step({.nstep = nstep, .ids = &w, .id_count = 1});
    EXPECT_GE(*std::max_element(rows, rows + worlds), *std::min_element(rows, rows + worlds) + 6);

    for (const int threads : {1, 2, 3, 7})
      for (const bool listed : {false, true}) {
        Threads pool(threads);
        Batch company(model, {.worlds = worlds, .threads = &pool});
        const auto* found = static_cast<const float*>(company.bind("nefc").data);
        start(company);
        for (int k = 0; k < calls; ++k) {
          if (!listed) {
            company.step({.nstep = nstep});
            continue;
          }
          const int first = 100 + k;
          company.step({.nstep = nstep, .ids = mixed.data(), .id_count = first});
          company.step({.nstep = nstep, .ids = mixed.data() + first, .id_count = worlds - first});
        }
        EXPECT_EQ(0, std::memcmp(rows, found, sizeof(float) * worlds)) << scene;
        for (int w = 0; w < worlds; ++w)
          ASSERT_EQ(alone.save(w), company.save(w))
              << scene << ", world " << w << ", " << threads << " threads";
      }
  }
}

#if defined(__x86_64__)
// D12: modes of the caller's thread, as a library that was built with fast-math leaves them behind,
// reach no kernel and are still there afterwards
// every integrator and width; the trace names the stages of each pack and step
TEST(Traces, ATracedBatchTakesTheSameBits) {
  for (const std::string& name : scene_names()) {
    if (name == "pile") continue;
    for (const int worlds : {1, 21}) {
      Threads threads(2);
      Trace trace(2, 100'000);
      std::vector<std::vector<uint8_t>> worlds_bytes[2];
      for (const bool traced : {false, true}) {
        Batch batch(load_scene(name), {.worlds = worlds, .threads = &threads});
        batch.bind("ncon");
        threads.set_trace(traced ? &trace : nullptr);
        for (int k = 0; k < 20; ++k) batch.step({.nstep = 2});
        threads.set_trace(nullptr);
        for (int w = 0; w < worlds; ++w) worlds_bytes[traced].push_back(batch.save(w));
      }
      EXPECT_EQ(worlds_bytes[0], worlds_bytes[1]) << name;
      std::map<std::string, int> count;
      for (int w = 0; w < 2; ++w)
        for (int i = 0; i < trace.lane(w)->count; ++i) ++count[trace.lane(w)->events[i].name];
      EXPECT_EQ(trace.dropped(), 0);
      EXPECT_EQ(count["Batch.step"], 20);
      EXPECT_EQ(count["load"], count["step"]);
      int width = 0;
      {
        Batch batch(load_scene(name), {.worlds = worlds, .threads = &threads});
        width = batch.pack_width();
      }
      // packs of all calls; two steps each, in one go or with worlds dealt anew
      const int packs = 20 * ((worlds + width - 1) / width);
      EXPECT_EQ(count["solver"], 2 * packs);
      EXPECT_EQ(count["collision"], count["integration"]);
      EXPECT_EQ(count["sensors"] % packs, 0);
      EXPECT_GE(count["sensors"], packs);
    }
  }
}

TEST(ForeignModes, AStepHasItsBitsInAnyFloatModeOfTheCaller) {
  const unsigned usual = _mm_getcsr();
  uint64_t want = 0;
  const unsigned modes[] = {0, _MM_FLUSH_ZERO_ON | _MM_DENORMALS_ZERO_ON, _MM_ROUND_UP,
                            _MM_ROUND_TOWARD_ZERO | _MM_FLUSH_ZERO_ON};
  for (const unsigned mode : modes) {
    for (const int threads : {1, 3}) {
      _mm_setcsr(usual | mode);
      Threads pool(threads);
      Batch batch(load_scene("quadruped"), {.worlds = 40, .threads = &pool});
      batch.step({.nstep = 50});
      EXPECT_EQ(_mm_getcsr() & ~_MM_EXCEPT_MASK, (usual | mode) & ~_MM_EXCEPT_MASK);
      _mm_setcsr(usual);
      Hash h;
      h.add(batch.state("qpos").data, sizeof(float) * 40 * static_cast<size_t>(batch.model().nq));
      if (mode == 0 && threads == 1) want = h.value();
      EXPECT_EQ(h.value(), want) << "mode " << mode << ", " << threads << " threads";
    }
  }
}
#endif

TEST(Save, RestoredWorldsGoOnWithTheSameBits) {
  Batch batch(load_scene("quadruped"), {.worlds = 20});
  std::mt19937 random(5);
  auto* ctrl = static_cast<float*>(batch.state("ctrl").data);
  const int nq = batch.model().nq;
  const auto qpos = [&](int w) {
    const auto* q = static_cast<const float*>(batch.state("qpos").data) + w * nq;
    return std::vector<float>(q, q + nq);
  };
  for (int trial = 0; trial < 100; ++trial) {
    for (int i = 0; i < 20 * batch.model().nu; ++i)
      ctrl[i] = static_cast<float>(random() % 1000) * 1e-3f - 0.5f;
    batch.step({.nstep = static_cast<int>(random() % 30)});
    const int w = static_cast<int>(random() % 20);
    const std::vector<uint8_t> saved = batch.save(w);
    const double time = batch.time(w);
    batch.step({.nstep = 20});
    const std::vector<float> want = qpos(w);
    batch.load(w, saved);
    EXPECT_EQ(time, batch.time(w));
    batch.step({.nstep = 20, .ids = &w, .id_count = 1});
    ASSERT_EQ(want, qpos(w)) << "trial " << trial;
  }
}

// what is remembered of a model ends with it, though the next one lies at its address
TEST(Save, NamesTheModelThatTheWorldHasNow) {
  const auto with_mass = [](int mass) {
    return load_model_from_string("<mujoco><worldbody><body><freejoint/><geom size='0.1' mass='" +
                                  std::to_string(mass) + "'/></body></worldbody></mujoco>");
  };
  Batch batch(with_mass(1), {.worlds = 1});
  for (int k = 1; k < 30; ++k) {
    auto m = with_mass(k);
    const uint64_t want = hash(*m);
    batch.set_models({std::move(m)});
    const std::vector<uint8_t> saved = batch.save(0);
    uint64_t named = 0;  // second word of the header
    std::memcpy(&named, saved.data() + sizeof named, sizeof named);
    ASSERT_EQ(want, named) << k;
  }
}

// worlds of a field of 160,000 heights are saved and restored without reading it for each of them
TEST(Save, ReadsALargeModelOnce) {
  const auto m = load_model_from_string(R"(<mujoco>
    <asset><hfield name="hills" nrow="400" ncol="400" size="5 5 1 1"/></asset>
    <worldbody><geom type="hfield" hfield="hills"/>
      <body pos="0 0 2"><freejoint/><geom size="0.1"/></body></worldbody></mujoco>)");
  Batch batch(m, {.worlds = 200});
  const auto seconds = [](const auto& work) {
    const auto start = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  uint64_t sum = 0;
  const double reading = seconds([&] { sum = hash(*m); });
  const double saving = seconds([&] {
    for (int w = 0; w < batch.worlds(); ++w) batch.load(w, batch.save(w));
  });
  EXPECT_LT(saving, 40 * reading) << "hash " << sum;
}

// fields that are overridden with the model's own values change no bit
TEST(Override, ExpandedFieldsGiveTheBitsOfSharedOnes) {
  for (const char* scene : {"quadruped", "figure_on_boxes", "pile", "closed_loop", "chain"}) {
    const int worlds = 12;
    Batch shared(load_scene(scene), {.worlds = worlds}), own(load_scene(scene), {.worlds = worlds});
    for (const std::string& field : override_names()) {
      std::vector<double> rows;
      for (int w = 0; w < worlds; ++w) {
        const std::vector<double> v = own.get_override(field, w);
        rows.insert(rows.end(), v.begin(), v.end());
      }
      own.set_override(field, rows.data(), nullptr, 0);
    }
    shared.step({.nstep = 200});
    own.step({.nstep = 200});
    EXPECT_EQ(0, std::memcmp(shared.state("qpos").data, own.state("qpos").data,
                             sizeof(float) * worlds * static_cast<size_t>(own.model().nq)))
        << scene;
  }
}

// friction that only a neighbour has moves no row of the others
TEST(Override, FrictionOfANeighbourChangesNoBit) {
  const auto model = load_scene("quadruped");
  Batch plain(model, {.worlds = 12}), mixed(model, {.worlds = 12});
  std::vector<double> loss(static_cast<size_t>(model->nv), 0.2);
  const int world = 5;
  mixed.set_override("dof_frictionloss", loss.data(), &world, 1);
  plain.step({.nstep = 200});
  mixed.step({.nstep = 200});
  const size_t row = sizeof(float) * static_cast<size_t>(model->nq);
  for (int w = 0; w < 12; ++w) {
    const auto* a = static_cast<const char*>(plain.state("qpos").data) + w * row;
    const auto* b = static_cast<const char*>(mixed.state("qpos").data) + w * row;
    EXPECT_EQ(w != world, std::memcmp(a, b, row) == 0) << w;
  }
}

}  // namespace
}  // namespace motorium
