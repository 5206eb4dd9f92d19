// GEMM, MLP and activations against double; equal bits for any instruction set, row count and
// chunk.
#include <gtest/gtest.h>

#include <cstring>

#include "tests/policy/reference.h"

namespace motorium {
namespace {

using test::all_kernels;
using test::PlainMlp;
using test::random_floats;

struct GemmShape {
  int rows, depth, columns;
};
const GemmShape kGemmShapes[] = {{1, 1, 1},    {2, 3, 5},     {7, 48, 12},    {13, 17, 33},
                                 {64, 45, 12}, {61, 128, 1},  {96, 128, 128}, {31, 512, 97},
                                 {8, 97, 512}, {65, 256, 130}};

// every output must be exactly this chain
float chain(float start, int depth, const float* a, int a_step, const float* b, int b_step) {
  for (int k = 0; k < depth; ++k) start = std::fma(a[long(k) * a_step], b[long(k) * b_step], start);
  return start;
}

TEST(Gemm, PackedProductIsOneFmaChainPerOutput) {
  for (const PolicyKernels* kernels : all_kernels())
    for (const GemmShape& s : kGemmShapes) {
      const int lda = row_stride(s.depth), ldc = row_stride(s.columns), width = padded(s.columns);
      const auto a = random_floats(size_t(s.rows) * lda, 1);
      const auto w = random_floats(size_t(s.columns) * s.depth, 2);  // (columns, depth)
      auto bias = random_floats(width, 3);
      std::vector<float> packed(size_t(width) * s.depth), c(size_t(s.rows) * ldc, -7.f);
      kernels->pack_panels(s.depth, s.columns, w.data(), 1, s.depth, packed.data());
      TileArgs t{};
      t.a = a.data(), t.lda = lda, t.b = packed.data(), t.c = c.data(), t.ldc = ldc;
      t.bias = bias.data(), t.depth = s.depth;
      kernels->gemm_packed(s.rows, width, &t);
      for (int r = 0; r < s.rows; ++r) {
        for (int j = 0; j < s.columns; ++j) {
          const float want =
              chain(bias[j], s.depth, &a[long(r) * lda], 1, &w[long(j) * s.depth], 1);
          ASSERT_EQ(c[long(r) * ldc + j], want)
              << kernels->isa << " row " << r << " column " << j << " of " << s.rows << "x"
              << s.depth << "x" << s.columns;
        }
        for (int j = s.columns; j < width; ++j) ASSERT_EQ(c[long(r) * ldc + j], bias[j]);
        for (int j = width; j < ldc; ++j) ASSERT_EQ(c[long(r) * ldc + j], -7.f);
      }
    }
}

TEST(Gemm, AcrossProductGoesOnWithTheChain) {
  for (const PolicyKernels* kernels : all_kernels())
    for (const GemmShape& s : kGemmShapes) {  // here rows: samples, depth: outputs, columns: inputs
      const int lda = row_stride(s.depth), ldb = row_stride(s.columns), width = padded(s.columns);
      const auto d = random_floats(size_t(s.rows) * lda, 1);
      const auto x = random_floats(size_t(s.rows) * ldb, 2);
      const auto start = random_floats(size_t(s.depth) * width, 3);
      auto c = start;
      // in two pieces: the second must continue where the first stopped
      const int first = s.rows / 3;
      for (int piece = 0; piece < 2; ++piece) {
        const long skip = piece ? first : 0;
        TileArgs t{};
        t.a = d.data() + skip * lda, t.lda = lda, t.b = x.data() + skip * ldb, t.ldb = ldb;
        t.c = c.data(), t.ldc = width, t.depth = piece ? s.rows - first : first, t.add = true;
        kernels->gemm_across(s.depth, width, &t);
      }
      for (int o = 0; o < s.depth; ++o)
        for (int k = 0; k < s.columns; ++k)
          ASSERT_EQ(c[long(o) * width + k],
                    chain(start[long(o) * width + k], s.rows, &d[o], lda, &x[k], ldb))
              << kernels->isa << " " << o << "," << k;
    }
}

TEST(Activation, ValueAndSlopeMatchDouble) {
  for (Activation a :
       {Activation::elu, Activation::tanh, Activation::swish, Activation::relu, Activation::none}) {
    Mlp net({1, 1, 1}, a);
    for (float x = -20.f; x < 20.f; x += 0.0371f) {
      net.weight(0)[0] = net.weight(1)[0] = 1.f;
      net.repack();
      MlpScratch scratch(net, 1, true);
      float y;
      mlp(net, &x, 1, &y, scratch);
      ASSERT_NEAR(y, test::activate_plain(a, x), 3e-7 * std::max(1.0, std::fabs(double(y))))
          << activation_name(a) << " " << x;
      std::vector<float> gradient(net.count());
      scratch.d_output()[0] = 1.f;
      net.kernels().backward(&net.view(), &scratch.buffers(), 1, gradient.data());
      const double h = 1e-5;
      const double slope =
          (test::activate_plain(a, x + h) - test::activate_plain(a, x - h)) / (2 * h);
      ASSERT_NEAR(gradient[net.view().bias_at(0)], slope, 1e-5) << activation_name(a) << " " << x;
    }
  }
}

TEST(Mlp, ForwardMatchesDouble) {
  for (Activation a : {Activation::elu, Activation::tanh, Activation::swish}) {
    Mlp net({45, 97, 128, 33, 12}, a);
    net.initialize(7, 0);
    const PlainMlp plain(net);
    const int rows = 71;
    const auto x = random_floats(rows * 45, 5, 3.f);
    std::vector<float> y(rows * 12);
    MlpScratch scratch(net, 32);
    mlp(net, x.data(), rows, y.data(), scratch);
    for (int r = 0; r < rows; ++r) {
      const auto want = plain.forward({x.begin() + r * 45, x.begin() + (r + 1) * 45});
      for (int i = 0; i < 12; ++i) ASSERT_NEAR(y[r * 12 + i], want[i], 2e-6) << r << " " << i;
    }
  }
}

TEST(Mlp, RowsDoNotDependOnNeighboursOrInstructionSet) {
  Mlp net({48, 128, 128, 128, 12}, Activation::elu);
  net.initialize(3, 1);
  const int rows = 1000;
  const auto x = random_floats(rows * 48, 5, 2.f);
  std::vector<float> want(rows * 12), got(rows * 12);
  MlpScratch scratch(net, 64);
  mlp(net, x.data(), rows, want.data(), scratch);
  for (const PolicyKernels* kernels : all_kernels())
    for (int block : {1, 7, 16, 1000}) {
      Mlp other({48, 128, 128, 128, 12}, Activation::elu, kernels);
      other.initialize(3, 1);
      MlpScratch small(other, 48);
      for (int r = 0; r < rows; r += block)
        mlp(other, &x[r * 48], std::min(block, rows - r), &got[r * 12], small);
      ASSERT_EQ(0, std::memcmp(want.data(), got.data(), want.size() * 4))
          << kernels->isa << " in blocks of " << block;
    }
}

// gradient of sum_r c_r . y_r
TEST(Mlp, GradientMatchesFiniteDifferencesOfDouble) {
  for (const PolicyKernels* kernels : all_kernels())
    for (Activation a : {Activation::elu, Activation::tanh, Activation::swish}) {
      Mlp net({9, 21, 17, 3}, a, kernels);
      net.initialize(11, 2);
      const int rows = 37;
      const auto x = random_floats(rows * 9, 6, 2.f), c = random_floats(rows * 3, 7);
      MlpScratch scratch(net, rows, true);
      std::vector<float> y(rows * 3), gradient(net.count());
      mlp(net, x.data(), rows, y.data(), scratch);
      std::fill(scratch.d_output(), scratch.d_output() + rows * scratch.buffers().d_stride, 0.f);
      for (int r = 0; r < rows; ++r)
        for (int i = 0; i < 3; ++i)
          scratch.d_output()[r * scratch.buffers().d_stride + i] = c[r * 3 + i];
      kernels->backward(&net.view(), &scratch.buffers(), rows, gradient.data());

      PlainMlp plain(net);
      const auto loss = [&] {
        double sum = 0;
        for (int r = 0; r < rows; ++r) {
          const auto out = plain.forward({x.begin() + r * 9, x.begin() + (r + 1) * 9});
          for (int i = 0; i < 3; ++i) sum += c[r * 3 + i] * out[i];
        }
        return sum;
      };
      const double h = 1e-6;
      const auto check = [&](double& p, float got, const char* what, int l, int i) {
        const double keep = p;
        p = keep + h;
        const double up = loss();
        p = keep - h;
        const double down = loss();
        p = keep;
        ASSERT_NEAR(got, (up - down) / (2 * h), 3e-5)
            << kernels->isa << " " << activation_name(a) << " " << what << " " << l << " " << i;
      };
      for (int l = 0; l < net.layers(); ++l) {
        const int in = net.in(l);
        for (size_t i = 0; i < plain.weight[l].size(); i += 5)
          check(plain.weight[l][i],
                gradient[net.view().weight_at(l) + long(i) / in * padded(in) + long(i) % in],
                "weight", l, int(i));
        for (size_t i = 0; i < plain.bias[l].size(); ++i)
          check(plain.bias[l][i], gradient[net.view().bias_at(l) + i], "bias", l, int(i));
        for (int o = 0; o < net.out(l); ++o)
          for (int k = in; k < padded(in); ++k)
            ASSERT_EQ(gradient[net.view().weight_at(l) + long(o) * padded(in) + k], 0.f);
      }
    }
}

TEST(Mlp, GradientBitsDoNotDependOnChunksOrInstructionSet) {
  const std::vector<int> sizes = {45, 128, 64, 12};
  const int rows = 1024;
  const auto x = random_floats(rows * 45, 6), c = random_floats(rows * 12, 7);
  std::vector<float> want;
  for (const PolicyKernels* kernels : all_kernels())
    for (int chunk : {1024, 64, 96, 37}) {
      Mlp net(sizes, Activation::elu, kernels);
      net.initialize(1, 0);
      MlpScratch scratch(net, chunk, true);
      std::vector<float> y(rows * 12), gradient(net.count());
      for (int begin = 0; begin < rows; begin += chunk) {
        const int n = std::min(chunk, rows - begin);
        mlp(net, &x[begin * 45], n, y.data(), scratch);
        const int stride = scratch.buffers().d_stride;
        std::fill(scratch.d_output(), scratch.d_output() + n * stride, 0.f);
        for (int r = 0; r < n; ++r)
          for (int i = 0; i < 12; ++i) scratch.d_output()[r * stride + i] = c[(begin + r) * 12 + i];
        kernels->backward(&net.view(), &scratch.buffers(), n, gradient.data());
      }
      if (want.empty()) want = gradient;
      ASSERT_EQ(0, std::memcmp(want.data(), gradient.data(), want.size() * 4))
          << kernels->isa << " chunk " << chunk;
    }
}

}  // namespace
}  // namespace motorium
