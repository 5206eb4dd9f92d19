// The last 100 episodes of rollouts, kept by blocks of threads, against adding them one by one.
#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "motorium/policy/learn/rollout_kernels.h"

namespace motorium {
namespace {

void end_rollout(const LearnView& v, bool backwards) {
  const int blocks = blocks_of(v.samples(), kSampleBlock);
  CountEnds::Shared counted;
  KeepEnds::Shared kept;
  const auto at = [&](int b) { return backwards ? blocks - 1 - b : b; };
  for (int b = 0; b < blocks; ++b) CountEnds{v}(SoloBlock{backwards}, at(b), counted);
  for (int b = 0; b < blocks; ++b) KeepEnds{v}(SoloBlock{backwards}, at(b), kept);
  EndRollout{v}(0);
}

TEST(Episodes, AreThoseOfAddingInOrder) {
  // how many samples end an episode: none, few, so many that only the last blocks are kept, all
  for (const int worlds : {1, 77, 700})
    for (const double share : {0., 0.003, 0.2, 1.}) {
      LearnNumbers numbers[2];
      EpisodeWindow want;
      int64_t masked = 0, bad = 0;
      std::mt19937 random(static_cast<unsigned>(worlds));
      std::uniform_real_distribution<double> uniform(0, 1);
      for (int rollout = 0; rollout < 4; ++rollout) {
        LearnView v{};
        v.worlds = worlds;
        v.steps = 9;
        const auto n = static_cast<size_t>(v.samples());
        std::vector<float> done(n);
        std::vector<double> reward(n), length(n);
        std::vector<uint8_t> mask(n), bad_rows(n + static_cast<size_t>(worlds));
        for (uint8_t& b : bad_rows) b = uniform(random) < 0.1;
        for (size_t i = 0; i < n; ++i) {
          done[i] = uniform(random) < share ? 1.f : 0.f;
          mask[i] = uniform(random) < 0.1;
          masked += mask[i];
          bad += bad_rows[i + static_cast<size_t>(worlds)];
          reward[i] = uniform(random);
          length[i] = uniform(random);
          if (done[i] == 0.f) continue;
          want.reward[want.total % EpisodeWindow::kSize] = reward[i];
          want.length[want.total % EpisodeWindow::kSize] = length[i];
          ++want.total;
        }
        std::vector<int> ends(3 * static_cast<size_t>(blocks_of(v.samples(), kSampleBlock)));
        v.done = done.data();
        v.masked = mask.data();
        v.bad = bad_rows.data();
        v.ended_reward = reward.data();
        v.ended_length = length.data();
        v.ends = ends.data();
        for (const bool backwards : {false, true}) {
          v.n = &numbers[backwards];
          end_rollout(v, backwards);
          const EpisodeWindow& got = v.n->episodes;
          ASSERT_EQ(want.total, got.total);
          for (int i = 0; i < EpisodeWindow::kSize; ++i) {
            ASSERT_EQ(want.reward[i], got.reward[i]) << i << " of " << want.total;
            ASSERT_EQ(want.length[i], got.length[i]) << i << " of " << want.total;
          }
          ASSERT_EQ(masked, v.n->masked_samples);
          ASSERT_EQ(bad, v.n->bad_observations);
        }
      }
    }
}

}  // namespace
}  // namespace motorium
