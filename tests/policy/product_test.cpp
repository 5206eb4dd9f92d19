// Products by blocks of threads against the CPU's tiles: the same bits for ragged sizes, in either
// order of the threads.
#include "motorium/policy/nn/product.h"

#include <gtest/gtest.h>

#include "motorium/core/team_checks.h"
#include "motorium/policy/nn/kernels.h"
#include "tests/policy/reference.h"

namespace motorium {
namespace {

using test::random_floats;

// threads of a block in random order
struct ShuffledBlock {
  uint64_t* state;
  template <class F> void each(F f) const { Shuffled(state).each(kBlockThreads, f); }
  template <class T> using Own = SoloBlock::Own<T>;
};

template <class Kind> void run(const ProductArgs& p, uint64_t seed) {
  const Product<Kind> product{p};
  typename Product<Kind>::Shared shared;
  for (int tile = 0; tile < product.tiles(); ++tile)
    if (seed)
      product(ShuffledBlock{&seed}, tile, shared);
    else
      product(SoloBlock{}, tile, shared);
}

// rows of `width` numbers in rows of padded(width)
std::vector<float> spread(const std::vector<float>& dense, int width) {
  std::vector<float> out(dense.size() / width * padded(width), 0.f);
  for (size_t i = 0; i < dense.size(); ++i) out[i / width * padded(width) + i % width] = dense[i];
  return out;
}
std::vector<float> random_rows(int rows, int width, unsigned seed) {
  return spread(random_floats(size_t(rows) * width, seed), width);
}

struct Size {
  int rows, in, out;
};
const Size kSizes[] = {{1, 1, 1},      {5, 3, 2},     {64, 48, 12},   {129, 17, 65},
                       {200, 50, 130}, {31, 130, 64}, {130, 64, 129}, {7, 512, 16}};

TEST(Product, ForwardHasTheBitsOfTheTiles) {
  const PolicyKernels& k = policy_kernels();
  for (const Size& s : kSizes)
    for (const Activation kind : {Activation::none, Activation::elu, Activation::swish}) {
      const auto x = random_rows(s.rows, s.in, 1), w = random_rows(s.out, s.in, 2),
                 bias = random_rows(1, s.out, 3);
      const int width = padded(s.out);
      std::vector<float> packed(size_t(s.in) * width), want(size_t(s.rows) * width);
      k.pack_panels(s.in, s.out, w.data(), 1, padded(s.in), packed.data());
      TileArgs t{};
      t.a = x.data();
      t.lda = padded(s.in);
      t.b = packed.data();
      t.c = want.data();
      t.ldc = width;
      t.bias = bias.data();
      t.depth = s.in;
      k.gemm_packed(s.rows, width, &t);
      const auto plain = want;
      k.activate(kind, static_cast<long>(want.size()), want.data());

      ProductArgs p{};
      p.rows = s.rows;
      p.columns = s.out;
      p.depth = s.in;
      p.a = x.data();
      p.b = w.data();
      p.lda = p.ldb = padded(s.in);
      std::vector<float> got(want.size(), 9.f), before(want.size(), 9.f);
      p.c = got.data();
      p.ldc = width;
      p.bias = bias.data();
      p.activation = kind;
      p.before = before.data();
      for (const uint64_t seed : {0, 1}) {
        run<Forward>(p, seed);
        for (int r = 0; r < s.rows; ++r)
          for (int j = 0; j < width; ++j) {
            const size_t at = size_t(r) * width + j;
            ASSERT_EQ(bits(got[at]), bits(j < s.out ? want[at] : 9.f)) << r << " " << j;
            ASSERT_EQ(bits(before[at]), bits(j < s.out ? plain[at] : 9.f)) << r << " " << j;
          }
      }
    }
}

TEST(Product, InputsHaveTheBitsOfTheTiles) {
  const PolicyKernels& k = policy_kernels();
  for (const Size& s : kSizes) {
    const auto d = random_rows(s.rows, s.out, 4), w = random_rows(s.out, s.in, 5),
               y = random_rows(s.rows, s.in, 6);
    const int width = padded(s.in);
    std::vector<float> packed(size_t(s.out) * width), want(size_t(s.rows) * width);
    k.pack_panels(s.out, s.in, w.data(), width, 1, packed.data());
    TileArgs t{};
    t.a = d.data();
    t.lda = padded(s.out);
    t.b = packed.data();
    t.c = want.data();
    t.ldc = width;
    t.depth = s.out;
    k.gemm_packed(s.rows, width, &t);
    ProductArgs p{};
    p.rows = s.rows;
    p.columns = s.in;
    p.depth = s.out;
    p.a = d.data();
    p.lda = padded(s.out);
    p.b = w.data();
    p.ldb = p.ldc = width;
    p.y = y.data();
    p.activation = Activation::tanh;
    std::vector<float> got(want.size(), 9.f);
    p.c = got.data();
    for (const uint64_t seed : {0, 1}) {
      run<Inputs>(p, seed);
      for (size_t i = 0; i < want.size(); ++i)
        if (static_cast<int>(i % width) < s.in) {
          ASSERT_EQ(got[i], want[i] * (1.f - y[i] * y[i])) << i;
        }
    }
  }
}

// two halves of samples in blocks of 64, of which the last of each half is short
TEST(Product, GradientsHaveTheBitsOfTheTiles) {
  const PolicyKernels& k = policy_kernels();
  constexpr int kBlock = 64;
  for (const Size& s : kSizes)
    for (const int halves : {1, 2}) {
      const int of_half = (s.rows + kBlock - 1) / kBlock, sums = halves * of_half;
      const auto d = random_rows(sums * kBlock, s.out, 7), x = random_rows(sums * kBlock, s.in, 8);
      const int in = padded(s.in), out = padded(s.out);
      const size_t weights = size_t(s.out) * in, count = weights + out;
      std::vector<float> want(count * sums, 0.f), got(count * sums, 0.f);
      for (int b = 0; b < sums; ++b) {
        const int n = std::min(kBlock, s.rows - b % of_half * kBlock);
        TileArgs t{};
        t.a = d.data() + size_t(b) * kBlock * out;
        t.lda = out;
        t.b = x.data() + size_t(b) * kBlock * in;
        t.ldb = in;
        t.c = want.data() + b * count;
        t.ldc = in;
        t.depth = n;
        t.add = true;
        k.gemm_across(s.out, in, &t);
        k.add_columns(n, out, t.a, out, t.c + weights);
      }
      ProductArgs p{};
      p.rows = s.out;
      p.columns = s.in;
      p.depth = s.rows;
      p.a = d.data();
      p.lda = out;
      p.b = x.data();
      p.ldb = p.ldc = in;
      p.c = got.data();
      p.c_bias = got.data() + weights;
      p.block = kBlock;
      p.sums = sums;
      p.stride = static_cast<long>(count);
      for (const uint64_t seed : {0, 1}) {
        std::fill(got.begin(), got.end(), 0.f);
        run<Gradient>(p, seed);
        ASSERT_EQ(want, got) << s.rows << " " << s.in << " " << s.out;
      }
    }
}

}  // namespace
}  // namespace motorium
