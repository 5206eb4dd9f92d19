// Searches of all worlds in one list (physics/search_queue.h): the bits of a step that searches by
// itself, whatever the order of worlds and workers and however small the list.
#include <gtest/gtest.h>

#include <memory>

#include "motorium/core/status.h"
#include "motorium/physics/search_queue.h"
#include "runner.h"

namespace motorium {
namespace {

// a queue of its own memory
struct Places {
  Places(int worlds, int places, int slots)
      : first(static_cast<size_t>(worlds), 0),
        task(static_cast<size_t>(places)),
        found(static_cast<size_t>(places)),
        contact(static_cast<size_t>(slots)) {
    queue = {places, slots, taken, first.data(), task.data(), found.data(), contact.data()};
  }
  int taken[2] = {0, 0};
  std::vector<int> first;
  std::vector<SearchTask<float>> task;
  std::vector<SearchFound> found;
  std::vector<SearchContact<float>> contact;
  SearchQueue<float> queue;
};

// the three kernels of a step, as a device launches them; between(places) after the searches
struct Ahead {
  Runner<float>& r;
  Places& p;
  bool backwards = false;
  std::function<void(Places&)> between = [](Places&) {};

  void step() {
    PackArgs<float> a = r.args();
    a.queue = &p.queue;
    const auto each = [&](int n, const auto& f) {
      for (int i = 0; i < n; ++i) f(backwards ? n - 1 - i : i);
    };
    each(r.count, [&](int w) { r.entries.queue(a, &w); });
    each(3, [&](int worker) { r.entries.search(a, worker, 3, static_cast<char*>(a.scratch)); });
    between(p);
    each(r.count, [&](int w) { r.entries.step(a, &w, 1, 1, Refresh::none); });
    p.taken[0] = p.taken[1] = 0;
  }
};

std::shared_ptr<const Model> parity_model(const std::string& name) {
  return load_model(std::string(MOTORIUM_SOURCE_DIR) + "/tests/parity/models/" + name + ".xml");
}

class Queue : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(All, Queue,
                         testing::Values("collide_mesh_mesh", "collide_mesh_round",
                                         "collide_plane_mesh", "collide_hfield_round",
                                         "collide_hfield_flat", "collide_again_meshes"),
                         [](const auto& place) { return place.param; });

TEST_P(Queue, HasTheBitsOfAStepThatSearches) {
  constexpr int kWorlds = 5, kSteps = 40;
  const auto model = parity_model(GetParam());
  Runner<float> want(*model, kWorlds, motorium_physics_v3_float);
  want.step(kSteps);
  for (const int places : {0, 1, 3, 1000})
    for (const int slots : {0, 9, 100000})
      for (const bool backwards : {false, true}) {
        Runner<float> got(*model, kWorlds, motorium_physics_v3_float);
        Places p(kWorlds, places, slots);
        Ahead ahead{got, p, backwards};
        for (int k = 0; k < kSteps; ++k) ahead.step();
        EXPECT_EQ(want.hash_state(), got.hash_state())
            << places << " places, " << slots << " slots" << (backwards ? ", backwards" : "");
      }
}

// the step reads what the queue holds, and only in its first look at contacts
TEST(QueueGuards, AStepUsesWhatWasFound) {
  for (const char* name : {"collide_mesh_mesh", "collide_hfield_round"}) {
    const auto model = parity_model(name);
    Runner<float> want(*model, 2, motorium_physics_v3_float);
    Runner<float> got(*model, 2, motorium_physics_v3_float);
    Places p(2, 1000, 100000);
    int contacts = 0;
    Ahead ahead{got, p, false, [&](Places& places) {
                  for (int i = 0; i < places.taken[0]; ++i) {
                    contacts += places.found[static_cast<size_t>(i)].count;
                    places.found[static_cast<size_t>(i)].count = 0;
                  }
                }};
    for (int k = 0; k < 40; ++k) ahead.step();
    want.step(40);
    EXPECT_GT(contacts, 0) << name;
    EXPECT_NE(want.hash_state(), got.hash_state()) << name;
  }
}

// however many worlds find it full, its counters stay where they were
TEST(QueueGuards, AFullListIsAskedNoMore) {
  constexpr int kWorlds = 40, kPlaces = 2, kSlots = 9;
  const auto model = parity_model("collide_mesh_mesh");
  Runner<float> r(*model, kWorlds, motorium_physics_v3_float);
  Places p(kWorlds, kPlaces, kSlots);
  int most = 0;
  Ahead ahead{r, p, false, [&](Places& places) {
                most = std::max(most, places.taken[0]);
                EXPECT_LE(places.taken[0], kPlaces + model->npair);
                EXPECT_LE(places.taken[1], kSlots + model->nconmax);
              }};
  for (int k = 0; k < 40; ++k) ahead.step();
  EXPECT_GE(most, kPlaces);
}

// a run that meets its limit is told of
TEST(QueueGuards, ASearchThatMeetsItsLimitIsReported) {
  auto model = std::make_shared<Model>(*parity_model("collide_mesh_mesh"));
  model->ccd_iterations = 1;
  Runner<float> want(*model, 3, motorium_physics_v3_float);
  Runner<float> got(*model, 3, motorium_physics_v3_float);
  Places p(3, 1000, 100000);
  Ahead ahead{got, p};
  for (int k = 0; k < 30; ++k) ahead.step();
  want.step(30);
  uint32_t all = 0;
  for (const uint32_t s : got.status) all |= s;
  EXPECT_TRUE(all & kStatusCcdLimit);
  EXPECT_EQ(want.status, got.status);
  EXPECT_EQ(want.hash_state(), got.hash_state());
}

}  // namespace
}  // namespace motorium
