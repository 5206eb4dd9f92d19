// D5, D5b: every team gives the same bits, and the two checking teams find what they are made for.
#include "motorium/core/team.h"

#include <gtest/gtest.h>

#include <vector>

#include "motorium/core/cpu.h"
#include "motorium/core/random.h"
#include "motorium/core/team_checks.h"
#include "tests/core/check_kernels.h"

namespace motorium {
namespace {

float item(int i) {
  return normal<float>(random_words<float>(5, i, 0, Purpose::test, 0).v[0],
                       random_words<float>(5, i, 1, Purpose::test, 0).v[0]) *
         static_cast<float>(1 << (i % 20));
}

struct Results {
  float sum = 0, difference = 0, max = 0, sum_at = 0;
  bool operator==(const Results&) const = default;
};

template <class Team> Results reduce(Team team, int n) {
  Results r;
  r.sum = team.sum(n, item);
  r.difference = team.sum(n,
                          [](int i) {
                            Sums<float, 3> s;
                            s.v[0] = item(i);
                            s.v[1] = -item(i);
                            s.v[2] = item(i) * item(i);
                            return s;
                          })
                     .v[2];
  r.max = team.max(n, item);
  r.sum_at = team.sum_at(
      n, [](int i) { return 5 * i + 2; }, item);
  return r;
}

TEST(Team, ReductionsAreTheSameOnEveryTeam) {
  for (int n : {0, 1, 2, 7, 8, 9, 15, 16, 17, 31, 32, 33, 64, 100, 257}) {
    const Results alone = reduce(Solo(), n);
    for (uint64_t seed = 1; seed <= 5; ++seed) {
      uint64_t state = seed;
      EXPECT_EQ(reduce(Shuffled(&state), n), alone) << n;
    }
    const auto with_crew = [&]<int L>() {
      std::vector<Results> lanes(L);
      run_crew<L>([&](Crew<L> team) { lanes[static_cast<size_t>(team.lane())] = reduce(team, n); });
      for (const Results& lane : lanes) EXPECT_EQ(lane, alone) << "crew of " << L << ", n = " << n;
    };
    with_crew.operator()<8>();
    with_crew.operator()<16>();
    with_crew.operator()<32>();
    with_crew.operator()<64>();
    if (n < 20 || n == 257) with_crew.operator()<128>();
  }
}

TEST(Team, PacksAddTheSameTree) {
  for (int n : {0, 1, 8, 9, 16, 17, 40}) {
    std::vector<float> items(static_cast<size_t>(n + 1) * 16);
    for (int i = 0; i < n * 16; ++i) items[static_cast<size_t>(i)] = item(i);
    for (const Isa isa : {Isa::v3, Isa::v4}) {
      if (!has_isa(isa)) continue;
      const CheckKernels& k = isa == Isa::v3 ? motorium_core_check_v3 : motorium_core_check_v4;
      for (int width = 1; width <= k.widest; width = width == 1 ? 8 : 2 * width) {
        for (int team = 0; team < 2; ++team) {
          float sum[16], max[16], sum_at[16];
          k.add(width, team, 77, items.data(), n, sum, max, sum_at);
          for (int w = 0; w < 16; ++w) {
            const auto f = [&](int i) { return items[static_cast<size_t>(i * 16 + w)]; };
            ASSERT_EQ(bits(sum[w]), bits(Solo().sum(n, f))) << width;
            ASSERT_EQ(bits(max[w]), bits(Solo().max(n, f))) << width;
            ASSERT_EQ(bits(sum_at[w]), bits(Solo().sum_at(
                                           n, [](int i) { return 3 * i + 1; }, f)))
                << width;
          }
        }
      }
    }
  }
}

TEST(Team, SumFollowsTheWrittenTree) {
  // 32 partial sums, then halves: written out once more, independently
  for (int n : {5, 12, 40, 75}) {
    const int width = n <= 8 ? 8 : n <= 16 ? 16 : 32;
    std::vector<float> part(static_cast<size_t>(width), 0.f);
    for (int i = 0; i < n; ++i) part[static_cast<size_t>(i % width)] += item(i);
    for (int half = width / 2; half > 0; half /= 2)
      for (int k = 0; k < half; ++k)
        part[static_cast<size_t>(k)] += part[static_cast<size_t>(k + half)];
    EXPECT_EQ(bits(Solo().sum(n, item)), bits(part[0]));
  }
}

TEST(Team, TrailingZerosChangeNothing) {
  // inside one width of the tree
  for (const auto& [few, many] : {std::pair(3, 8), {9, 16}, {20, 32}, {33, 64}}) {
    const int n = few;
    const auto padded = [n](int i) { return i < n ? item(i) : 0.f; };
    EXPECT_EQ(bits(Solo().sum(few, item)), bits(Solo().sum(many, padded)));
  }
}

TEST(Team, AbsentItemsCountAsZeros) {
  // sum_at over the items 1, 4, 7, ... equals sum_at over all with zeros between
  const int n = 11;
  const float sparse = Solo().sum_at(
      n, [](int i) { return 3 * i + 1; }, item);
  const float dense = Solo().sum_at(
      3 * n, [](int i) { return i; }, [](int i) { return i % 3 == 1 ? item(i / 3) : 0.f; });
  EXPECT_EQ(bits(sparse), bits(dense));
}

TEST(Team, SumsOverKindsOfItemsAreThoseOverAll) {
  const auto index = [](int i) { return 3 * i + 1; };
  const auto kinds = [&](auto team) {
    return team.sum_at(index, items(0, item), items(4, item),
                       items(7, [](int i) { return item(i + 4); }));
  };
  const float all = Solo().sum_at(11, index, item);
  uint64_t state = 3;
  EXPECT_EQ(bits(kinds(Solo())), bits(all));
  EXPECT_EQ(bits(kinds(Shuffled(&state))), bits(all));
  run_crew<16>([&](Crew<16> team) { EXPECT_EQ(bits(kinds(team)), bits(all)); });
}

TEST(Team, OnceRunsOnceAndIsSeenByAll) {
  int runs = 0;
  std::vector<int> seen(16);
  run_crew<16>([&](Crew<16> team) {
    team.once([&] { ++runs; });
    seen[static_cast<size_t>(team.lane())] = runs;
  });
  for (int s : seen) EXPECT_EQ(s, 1);
}

// a planted race: each item reads what its neighbour writes
template <class Team> float racing(Team team, int n) {
  std::vector<float> x(static_cast<size_t>(n) + 1, 1.f);
  team.each(n, [&](int i) {
    x[static_cast<size_t>(i) + 1] = x[static_cast<size_t>(i)] * 0.5f + static_cast<float>(i);
  });
  return x.back();
}

TEST(Team, ShuffledFindsAPlantedRace) {
  const float alone = racing(Solo(), 16);
  int found = 0;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    uint64_t state = seed;
    found += racing(Shuffled(&state), 16) != alone;
  }
  EXPECT_GE(found, 19);
}

// right on one thread in any order, wrong on a tile: `best` is a register of each lane
template <class Team> float lane_private(Team team, int n) {
  float best = -1e9f;
  team.each(n, [&](int i) { best = max(best, item(i)); });
  return best;
}

TEST(Team, CrewFindsALanePrivateSum) {
  const int n = 30;
  const float truth = lane_private(Solo(), n);
  uint64_t state = 1;
  EXPECT_EQ(lane_private(Shuffled(&state), n), truth);
  std::vector<float> lanes(8);
  run_crew<8>(
      [&](Crew<8> team) { lanes[static_cast<size_t>(team.lane())] = lane_private(team, n); });
  int misled = 0;
  for (float lane : lanes) misled += lane != truth;
  EXPECT_GT(misled, 0);
}

}  // namespace
}  // namespace motorium
