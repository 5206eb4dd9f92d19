// Colliders against MuJoCo (tests/golden/collide.bin, made by
// tests/parity/make_collide_vectors.py), against themselves in other number types, and against a
// sweep over directions.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "motorium/core/cpu.h"
#include "tests/physics/collide_kernels.h"

namespace motorium {
namespace {

const CollideKernels& v3() { return motorium_physics_check_v3_collide; }

struct Contact {
  double dist, pos[3], normal[3];
};

// MuJoCo's broad phase, which the golden results contain: it sweeps along the line between two
// bodies. Only boxes notice, they can be near along all their own axes and not along this one
bool sweep_touches(int collider, const CollideCase<double>& c) {
  if (collider != 8) return true;
  double u[3], length = 0, gap = 0;
  for (int i = 0; i < 3; ++i) u[i] = c.pos2[i] - c.pos1[i], length += u[i] * u[i];
  length = std::sqrt(length);
  for (int k = 0; k < 3; ++k)
    gap -= std::abs(c.R1[k] * u[0] + c.R1[3 + k] * u[1] + c.R1[6 + k] * u[2]) * c.size1[k] +
           std::abs(c.R2[k] * u[0] + c.R2[3 + k] * u[1] + c.R2[6 + k] * u[2]) * c.size2[k];
  return length < 1e-10 || length + gap / length <= c.margin + 1e-9;
}

struct GoldenCase {
  int collider;
  bool tie;  // rounding decides MuJoCo's result
  CollideCase<double> in;
  std::vector<Contact> contacts;
};

void rotation(const double* q, double* R) {
  const double n = std::sqrt(q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3]);
  const double w = q[0] / n, x = q[1] / n, y = q[2] / n, z = q[3] / n;
  const double r[9] = {
      w * w + x * x - y * y - z * z, 2 * (x * y - w * z),           2 * (x * z + w * y),
      2 * (x * y + w * z),           w * w - x * x + y * y - z * z, 2 * (y * z - w * x),
      2 * (x * z - w * y),           2 * (y * z + w * x),           w * w - x * x - y * y + z * z};
  std::copy(r, r + 9, R);
}

class Reader {
 public:
  explicit Reader(const std::string& path) {
    std::ifstream f(path, std::ios::binary);
    bytes_.assign(std::istreambuf_iterator<char>(f), {});
  }
  template <class T> T take() {
    T x{};
    if (at_ + sizeof(T) <= bytes_.size()) std::memcpy(&x, bytes_.data() + at_, sizeof(T));
    at_ += sizeof(T);
    return x;
  }
  bool complete() const { return at_ == bytes_.size(); }

 private:
  std::vector<char> bytes_;
  size_t at_ = 0;
};

std::vector<GoldenCase> load_golden() {
  Reader f(std::string(MOTORIUM_SOURCE_DIR) + "/tests/golden/collide.bin");
  std::vector<GoldenCase> all;
  const double grid = std::ldexp(1., -13);
  const double margins[4] = {0, 0, 0.015625, 0.125};
  f.take<uint32_t>();
  const int groups = f.take<uint16_t>();
  for (int g = 0; g < groups; ++g) {
    GoldenCase c{};
    c.collider = f.take<uint8_t>();
    const int cases = f.take<uint8_t>();
    for (double& s : c.in.size1) s = f.take<int16_t>() * grid;
    for (double& s : c.in.size2) s = f.take<int16_t>() * grid;
    for (int k = 0; k < cases; ++k) {
      c.in.margin = margins[f.take<uint8_t>() & 3];
      double q1[4], q2[4];
      for (double& x : q1) x = f.take<int16_t>();
      for (double& x : q2) x = f.take<int16_t>();
      rotation(q1, c.in.R1);
      rotation(q2, c.in.R2);
      const double centre[3] = {0.5, -0.25, 0.75};
      for (int i = 0; i < 3; ++i) {
        c.in.pos1[i] = k % 2 ? centre[i] : 0;
        c.in.pos2[i] = c.in.pos1[i] + f.take<int16_t>() * grid;
      }
      const int count = f.take<uint8_t>(), own = f.take<uint8_t>();
      c.tie = (count & 0x80) != 0;
      c.contacts.clear();
      for (int i = 0; i < (count & 0x7f); ++i) {
        Contact p = i ? c.contacts.back() : Contact{};
        p.dist = std::ldexp(f.take<int32_t>(), -30);
        for (int j = 0; j < 3; ++j) p.pos[j] = std::ldexp(f.take<int32_t>(), -30) + c.in.pos1[j];
        if (own >> i & 1)
          for (double& x : p.normal) x = std::ldexp(f.take<int32_t>(), -31);
        c.contacts.push_back(p);
      }
      c.in.active = sweep_touches(c.collider, c.in);
      all.push_back(c);
    }
  }
  if (!f.complete()) all.clear();
  return all;
}

const std::vector<GoldenCase>& golden() {
  static const std::vector<GoldenCase> cases = load_golden();
  return cases;
}

template <class S> CollideCase<S> convert(const CollideCase<double>& c) {
  CollideCase<S> r;
  for (int k = 0; k < 3; ++k) {
    r.pos1[k] = static_cast<S>(c.pos1[k]);
    r.pos2[k] = static_cast<S>(c.pos2[k]);
    r.size1[k] = static_cast<S>(c.size1[k]);
    r.size2[k] = static_cast<S>(c.size2[k]);
  }
  for (int k = 0; k < 9; ++k) {
    r.R1[k] = static_cast<S>(c.R1[k]);
    r.R2[k] = static_cast<S>(c.R2[k]);
  }
  r.margin = static_cast<S>(c.margin);
  r.active = c.active;
  return r;
}

template <class S> std::vector<Contact> listed(const CollideResult<S>& r) {
  std::vector<Contact> list;
  for (int k = 0; k < 8; ++k)
    if (r.found[k])
      list.push_back({static_cast<double>(r.dist[k]),
                      {static_cast<double>(r.pos[k][0]), static_cast<double>(r.pos[k][1]),
                       static_cast<double>(r.pos[k][2])},
                      {static_cast<double>(r.normal[k][0]), static_cast<double>(r.normal[k][1]),
                       static_cast<double>(r.normal[k][2])}});
  return list;
}

// the worst difference of dist, position and normal
struct Gap {
  double dist = 0, pos = 0, normal = 0;
  void add(const Contact& a, const Contact& b) {
    dist = std::max(dist, std::abs(a.dist - b.dist));
    for (int i = 0; i < 3; ++i) {
      pos = std::max(pos, std::abs(a.pos[i] - b.pos[i]));
      normal = std::max(normal, std::abs(a.normal[i] - b.normal[i]));
    }
  }
  bool within(double d, double p, double n) const { return dist <= d && pos <= p && normal <= n; }
};

double deepest(const std::vector<Contact>& list) {
  double d = 1e10;
  for (const Contact& c : list) d = std::min(d, c.dist);
  return d;
}

template <class S> bool finite(const CollideResult<S>& r, int slots) {
  bool ok = true;
  for (int k = 0; k < slots; ++k) {
    ok = ok && std::isfinite(r.dist[k]);
    for (int i = 0; i < 3; ++i)
      ok = ok && std::isfinite(r.pos[k][i]) && std::isfinite(r.normal[k][i]);
    if (r.found[k]) {
      const double n = std::hypot(r.normal[k][0], r.normal[k][1], r.normal[k][2]);
      ok = ok && std::abs(n - 1) < 1e-5;
    }
  }
  return ok;
}

void print_case(const GoldenCase& c, const std::vector<Contact>& mine) {
  const CollideCase<double>& in = c.in;
  printf("%s margin %g size %g %g %g / %g %g %g tie %d\n", kColliderName[c.collider], in.margin,
         in.size1[0], in.size1[1], in.size1[2], in.size2[0], in.size2[1], in.size2[2], c.tie);
  for (const Contact& p : c.contacts)
    printf("  expected %.9f at %.9f %.9f %.9f normal %.9f %.9f %.9f\n", p.dist, p.pos[0], p.pos[1],
           p.pos[2], p.normal[0], p.normal[1], p.normal[2]);
  for (const Contact& p : mine)
    printf("  found    %.9f at %.9f %.9f %.9f normal %.9f %.9f %.9f\n", p.dist, p.pos[0], p.pos[1],
           p.pos[2], p.normal[0], p.normal[1], p.normal[2]);
}

TEST(Collide, DoubleGivesTheContactsOfMuJoCoInOrder) {
  ASSERT_GE(golden().size(), 9 * 2000u);
  for (int collider = 0; collider < 9; ++collider) {
    Gap worst;
    int cases = 0, contacts = 0, ties = 0, ties_equal = 0, shown = 0;
    for (const GoldenCase& c : golden()) {
      if (c.collider != collider) continue;
      CollideResult<double> r;
      v3().in_double(collider, &c.in, 1, &r);
      ASSERT_TRUE(finite(r, kColliderSlots[collider]));
      const std::vector<Contact> mine = listed(r);
      Gap gap;
      bool same = mine.size() == c.contacts.size();
      for (size_t i = 0; same && i < mine.size(); ++i) gap.add(mine[i], c.contacts[i]);
      same = same && gap.within(1e-9, 1.5e-9, 1e-9);
      ++cases;
      contacts += static_cast<int>(c.contacts.size());
      if (c.tie) {
        // which of equal answers comes out is rounding's choice, the depth is not
        ++ties;
        ties_equal += same;
        if (!mine.empty() && !c.contacts.empty()) {
          EXPECT_NEAR(deepest(mine), deepest(c.contacts), 1e-6) << kColliderName[collider];
        }
        continue;
      }
      if (!same && shown++ < 3) print_case(c, mine);
      EXPECT_TRUE(same) << kColliderName[collider];
      worst.add({gap.dist, {gap.pos, 0, 0}, {gap.normal, 0, 0}}, {});
    }
    printf(
        "%-16s %d cases, %d contacts, worst dist %.1e pos %.1e normal %.1e; %d of %d ties equal\n",
        kColliderName[collider], cases, contacts, worst.dist, worst.pos, worst.normal, ties_equal,
        ties);
  }
}

// float: equal up to rounding; what stands within 1e-5 of the margin may be there or not, and where
// two answers are within rounding of each other only the depth must agree
TEST(Collide, FloatStaysCloseToMuJoCo) {
  for (int collider = 0; collider < 9; ++collider) {
    Gap worst;
    int cases = 0, equal = 0, threshold = 0, near_ties = 0, bad = 0;
    for (const GoldenCase& c : golden()) {
      if (c.collider != collider) continue;
      const CollideCase<float> in = convert<float>(c.in);
      CollideResult<float> r;
      v3().in_float(collider, &in, 1, &r);
      ASSERT_TRUE(finite(r, kColliderSlots[collider]));
      std::vector<Contact> mine = listed(r);
      ++cases;
      const auto inside = [&](const std::vector<Contact>& list) {
        std::vector<Contact> kept;
        for (const Contact& p : list)
          if (std::abs(p.dist - c.in.margin) > 1e-5) kept.push_back(p);
        return kept;
      };
      const std::vector<Contact> a = inside(mine), b = inside(c.contacts);
      Gap gap;
      bool same = a.size() == b.size();
      for (size_t i = 0; same && i < a.size(); ++i) gap.add(a[i], b[i]);
      if (same && gap.within(1e-5, 2e-5, 1e-4)) {
        ++(mine.size() == c.contacts.size() ? equal : threshold);
        worst.add({gap.dist, {gap.pos, 0, 0}, {gap.normal, 0, 0}}, {});
      } else if (a.empty() != b.empty() ||
                 (!a.empty() && std::abs(deepest(a) - deepest(b)) > 1e-5)) {
        if (!c.tie && bad++ < 3) print_case(c, mine);
      } else {
        ++near_ties;
      }
    }
    printf(
        "%-16s %d cases: %d equal (dist %.1e pos %.1e normal %.1e), %d at the margin, "
        "%d near ties, %d bad\n",
        kColliderName[collider], cases, equal, worst.dist, worst.pos, worst.normal, threshold,
        near_ties, bad);
    EXPECT_EQ(bad, 0);
    EXPECT_LE(near_ties, cases / 5) << kColliderName[collider];
  }
}

bool same_bits(const CollideResult<float>& a, const CollideResult<float>& b) {
  bool same = std::memcmp(a.found, b.found, sizeof a.found) == 0;
  for (int k = 0; k < 8 && same; ++k)
    if (a.found[k])
      same = std::memcmp(&a.dist[k], &b.dist[k], sizeof(float)) == 0 &&
             std::memcmp(a.pos[k], b.pos[k], sizeof a.pos[k]) == 0 &&
             std::memcmp(a.normal[k], b.normal[k], sizeof a.normal[k]) == 0;
  return same;
}

TEST(Collide, EveryWidthGivesTheSameBits) {
  std::vector<CollideEntry<float>> entries = {v3().in_pack8};
  if (has_isa(Isa::v4)) {
    const CollideKernels& v4 = motorium_physics_check_v4_collide;
    entries.insert(entries.end(), {v4.in_float, v4.in_pack8, v4.in_widest});
  }
  std::mt19937 random(1);
  for (int collider = 0; collider < 9; ++collider) {
    // neighbours in a pack are unrelated cases, some of them inactive, and the last pack is partial
    std::vector<CollideCase<float>> in;
    for (const GoldenCase& c : golden())
      if (c.collider == collider) in.push_back(convert<float>(c.in));
    in.resize(in.size() - 3);
    for (int round = 0; round < 3; ++round) {
      std::shuffle(in.begin(), in.end(), random);
      for (auto& c : in) c.active = random() % 4 != 0;
      const int n = static_cast<int>(in.size());
      std::vector<CollideResult<float>> expected(in.size()), result(in.size());
      v3().in_float(collider, in.data(), n, expected.data());
      for (const auto entry : entries) {
        entry(collider, in.data(), n, result.data());
        int different = 0, unasked = 0;
        for (size_t i = 0; i < in.size(); ++i) {
          different += !same_bits(result[i], expected[i]);
          for (bool f : result[i].found) unasked += f && !in[i].active;
        }
        EXPECT_EQ(different, 0) << kColliderName[collider];
        EXPECT_EQ(unasked, 0) << kColliderName[collider];
      }
    }
  }
}

// ---- brute force ----------------------------------------------------------------------------
enum class Shape { plane, sphere, capsule, box };
constexpr Shape kShape[9][2] = {
    {Shape::plane, Shape::sphere},    {Shape::plane, Shape::capsule},  {Shape::plane, Shape::box},
    {Shape::sphere, Shape::sphere},   {Shape::sphere, Shape::capsule}, {Shape::sphere, Shape::box},
    {Shape::capsule, Shape::capsule}, {Shape::capsule, Shape::box},    {Shape::box, Shape::box}};

double support(Shape s, const double* R, const double* size, const double* u) {
  double along[3];
  for (int k = 0; k < 3; ++k) along[k] = std::abs(R[k] * u[0] + R[3 + k] * u[1] + R[6 + k] * u[2]);
  switch (s) {
    case Shape::sphere:
      return size[0];
    case Shape::capsule:
      return size[0] + size[1] * along[2];
    case Shape::box:
      return size[0] * along[0] + size[1] * along[1] + size[2] * along[2];
    default:
      return 0;
  }
}

// separation along the unit direction u, from geom 1 to geom 2
double separation(int collider, const CollideCase<double>& c, const double* u) {
  double d = 0;
  for (int i = 0; i < 3; ++i) d += u[i] * (c.pos2[i] - c.pos1[i]);
  return d - support(kShape[collider][0], c.R1, c.size1, u) -
         support(kShape[collider][1], c.R2, c.size2, u);
}

// signed distance: the largest separation over all directions, by a sweep and local refinement
double sweep(int collider, const CollideCase<double>& c, std::mt19937& random) {
  if (kShape[collider][0] == Shape::plane) {
    const double n[3] = {c.R1[2], c.R1[5], c.R1[8]};
    return separation(collider, c, n);
  }
  constexpr int kDirections = 2000, kStarts = 5;
  struct Start {
    double sep, u[3];
  };
  static const std::vector<Start> kSphere = [] {
    std::vector<Start> s(kDirections);
    for (int i = 0; i < kDirections; ++i) {
      const double z = 1 - (2 * i + 1.) / kDirections, r = std::sqrt(1 - z * z), a = 2.399963 * i;
      s[i] = {0, {r * std::cos(a), r * std::sin(a), z}};
    }
    return s;
  }();
  std::vector<Start> start = kSphere;
  for (Start& s : start) s.sep = separation(collider, c, s.u);
  std::partial_sort(start.begin(), start.begin() + kStarts, start.end(),
                    [](const Start& a, const Start& b) { return a.sep > b.sep; });
  std::normal_distribution<double> normal;
  double best = -1e10;
  for (int k = 0; k < kStarts; ++k) {
    Start s = start[k];
    double step = 0.05;
    for (int i = 0; i < 800; ++i) {
      Start t = s;
      double n = 0;
      for (double& x : t.u) x += step * normal(random), n += x * x;
      for (double& x : t.u) x /= std::sqrt(n);
      t.sep = separation(collider, c, t.u);
      if (t.sep > s.sep)
        s = t;
      else
        step *= 0.985;
    }
    best = std::max(best, s.sep);
  }
  return best;
}

TEST(Collide, DepthIsThatOfASweepOverDirections) {
  std::mt19937 random(3);
  std::normal_distribution<double> normal;
  std::uniform_real_distribution<double> uniform;
  for (int collider = 0; collider < 9; ++collider) {
    double worst = 0;
    int compared = 0;
    for (int trial = 0; trial < 3000 && compared < 250; ++trial) {
      // needles and slabs: sizes over two orders of magnitude
      CollideCase<double> c{};
      c.margin = 0.02;
      c.active = true;
      double q[4];
      for (double& x : q) x = normal(random);
      rotation(q, c.R1);
      for (double& x : q) x = normal(random);
      rotation(q, c.R2);
      double reach = 0;
      for (int k = 0; k < 3; ++k) {
        c.size1[k] = std::pow(10., -2 * uniform(random)) * 0.5;
        c.size2[k] = std::pow(10., -2 * uniform(random)) * 0.5;
        reach = std::max({reach, c.size1[k], c.size2[k]});
      }
      for (int k = 0; k < 3; ++k) c.pos2[k] = normal(random) * reach * 0.7;
      const CollideCase<float> in = convert<float>(c);
      CollideResult<float> r;
      v3().in_float(collider, &in, 1, &r);
      const std::vector<Contact> mine = listed(r);
      const double d = sweep(collider, c, random);

      // boxes apart within the margin: a separating axis is a bound, not the distance
      const bool box_box = collider == 8;
      if (box_box ? d > 0 : d > c.margin - 1e-4) {
        if (!box_box && d > c.margin + 1e-4) {
          EXPECT_TRUE(mine.empty()) << kColliderName[collider];
        }
        continue;
      }
      // an axis that cuts into the other shape is beyond MuJoCo's rule: capsules report the radii,
      // a capsule through a box with both ends outside may report nothing
      const double core = collider == 6 ? c.size1[0] + c.size2[0] : c.size1[0];
      if ((collider == 6 || collider == 7) && d < -0.98 * core) continue;

      ASSERT_FALSE(mine.empty()) << kColliderName[collider] << " " << d;

      // an edge axis yields to a face that is up to 5 % deeper
      const double tolerance = 2.5e-3 * reach + (box_box ? 0.05 * -d : 0);
      EXPECT_NEAR(deepest(mine), d, tolerance) << kColliderName[collider];
      worst = std::max(worst, std::abs(deepest(mine) - d) / reach);
      EXPECT_LE(mine.size(), 8u);
      for (const Contact& p : mine) {
        for (int i = 0; i < 3 && box_box; ++i) EXPECT_EQ(p.normal[i], mine[0].normal[i]);
      }
      ++compared;
    }
    printf("%-16s %d poses, worst depth error %.1e of the size\n", kColliderName[collider],
           compared, worst);
    EXPECT_GT(compared, 100) << kColliderName[collider];
  }
}

TEST(Collide, DegenerateInputsStayFinite) {
  const double lengths[] = {0, 1e-30, 1e-12, 1e-4, 0.1, 1, 1e3};
  const double offsets[] = {0, 1e-38, 1e-20, 1e-8, 0.1, 0.2, 2, 1e3};
  const double turns[] = {0, 1e-12, 1e-7, 1e-4, 0.5, 1};
  const double axes[3][3] = {{1, 0, 0}, {0, 0, 1}, {0.6, 0, 0.8}};
  std::mt19937 random(5);
  int cases = 0;
  for (int collider = 0; collider < 9; ++collider) {
    std::vector<CollideCase<double>> in;
    for (double turn : turns)
      for (const auto& axis : axes)
        for (double offset : offsets)
          for (int k = 0; k < 60; ++k) {
            CollideCase<double> c{};
            const double one[4] = {1, 0, 0, 0};
            const double q[4] = {1, turn * axis[0], turn * axis[1], turn * axis[2]};
            rotation(one, c.R1);
            rotation(q, c.R2);
            for (int i = 0; i < 3; ++i) {
              c.size1[i] = lengths[random() % 7];
              c.size2[i] = lengths[random() % 7];
              c.pos1[i] = k % 3 == 0 ? 1 : 0;
              c.pos2[i] = c.pos1[i] + (random() % 2 ? offset : 0.);
            }
            if (k % 4 == 0) std::copy(c.size1, c.size1 + 3, c.size2);
            c.margin = random() % 2 ? 0.1 : 0;
            c.active = true;
            in.push_back(c);
          }
    const int n = static_cast<int>(in.size());
    std::vector<CollideCase<float>> in_float;
    for (const auto& c : in) in_float.push_back(convert<float>(c));
    std::vector<CollideResult<double>> out(in.size());
    std::vector<CollideResult<float>> out_float(in.size()), out_pack(in.size());
    v3().in_double(collider, in.data(), n, out.data());
    v3().in_float(collider, in_float.data(), n, out_float.data());
    v3().in_pack8(collider, in_float.data(), n, out_pack.data());
    for (size_t i = 0; i < in.size(); ++i) {
      ASSERT_TRUE(finite(out[i], kColliderSlots[collider])) << kColliderName[collider] << " " << i;
      ASSERT_TRUE(finite(out_float[i], kColliderSlots[collider]))
          << kColliderName[collider] << " " << i;
      ASSERT_TRUE(finite(out_pack[i], kColliderSlots[collider]))
          << kColliderName[collider] << " " << i;
      ASSERT_TRUE(same_bits(out_float[i], out_pack[i])) << kColliderName[collider] << " " << i;
      ++cases;
    }
  }
  printf("%d cases\n", cases);
}

}  // namespace
}  // namespace motorium
