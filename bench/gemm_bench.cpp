// Our matrix products against OpenBLAS (where CMake finds it), one thread each, at the shapes of
// PPO.
//
//   gemm_bench [v3|v4|v4bf16]
//
// Columns: batch, inputs, outputs, then GFLOP/s ours / OpenBLAS' sgemm and their ratio for the
// forward product Y = X W', the input gradient dX = dY W, and the weight gradient dW = dY' X.
// Products of bfloat16 include the rounding of X and dY, as a network pays it.
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <vector>

#include "motorium/policy/nn/mlp.h"

#if defined(MOTORIUM_OPENBLAS)
#include <cblas.h>
extern "C" void openblas_set_num_threads(int);
extern "C" char* openblas_get_corename();
#endif

namespace {

using namespace motorium;

// processor time of this thread, so that other users of the machine do not count
double seconds() {
  timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return double(t.tv_sec) + 1e-9 * double(t.tv_nsec);
}

// best of several rounds, GFLOP/s
double rate(double flops, const std::function<void()>& f) {
  f();
  const int inner = std::max(1, static_cast<int>(4e8 / flops));
  double best = 1e9;
  for (int round = 0; round < 7; ++round) {
    const double start = seconds();
    for (int i = 0; i < inner; ++i) f();
    best = std::min(best, (seconds() - start) / inner);
  }
  return flops / best * 1e-9;
}

constexpr int kChunk = 64;  // rows that the learner hands to a product

}  // namespace

int main(int argc, char** argv) {
  const PolicyKernels* chosen = argc > 1 ? policy_kernels(argv[1]) : &policy_kernels();
  if (!chosen) {
    std::printf("SKIPPED %s: this CPU has not got it\n", argv[1]);
    return 0;
  }
  const PolicyKernels& k = *chosen;
#if defined(MOTORIUM_OPENBLAS)
  openblas_set_num_threads(1);
  std::printf("# kernels %s, OpenBLAS core %s\n", k.isa, openblas_get_corename());
#else
  std::printf("# kernels %s, built without OpenBLAS\n", k.isa);
#endif
  std::printf("batch,in,out,forward,blas,ratio,dx,blas,ratio,dw,blas,ratio\n");
  double worst = 1e9;
  for (int batch : {1024, 4096, 8192})
    for (int in : {48, 128, 256, 512})
      for (int out : {128, 256, 512}) {
        const int ldx = row_stride(in), ldy = row_stride(out);
        Floats x(size_t(batch) * ldx), y(size_t(batch) * ldy), w(size_t(out) * in);
        Floats packed(size_t(in) * out), packed_back(size_t(in) * out), dw(size_t(out) * in);
        // operands in pairs, of a chunk
        const bool paired = k.pair_rows != nullptr;
        const int steps = paired ? 2 : 1;
        std::vector<int> cells(size_t(kChunk) * std::max(ldx, ldy)), other(cells.size());
        const auto along = [&](TileArgs& t, int width) {
          if (!paired) return;
          k.pair_neighbours(kChunk, width, t.a, t.lda, cells.data(), t.lda / 2);
          t.a = reinterpret_cast<const float*>(cells.data()), t.lda /= 2;
        };
        for (size_t i = 0; i < x.size(); ++i) x[i] = float(i % 37) * 0.01f;
        for (size_t i = 0; i < w.size(); ++i) w[i] = float(i % 29) * 0.01f - 0.1f;
        k.pack_panels(in, out, w.data(), 1, in, packed.data());
        k.pack_panels(out, in, w.data(), in, 1, packed_back.data());
        const double flops = 2. * batch * in * out;
        double r[6];
        const auto chunks = [&](auto product) {
          return [&, product] {
            for (int b = 0; b < batch; b += kChunk) product(b);
          };
        };
        r[0] = rate(flops, chunks([&](int b) {
                      TileArgs t{};
                      t.a = x.data() + size_t(b) * ldx, t.lda = ldx, t.b = packed.data();
                      t.c = y.data() + size_t(b) * ldy, t.ldc = ldy, t.depth = in / steps;
                      along(t, in);
                      k.gemm_packed(kChunk, out, &t);
                    }));
        r[2] = rate(flops, chunks([&](int b) {
                      TileArgs t{};
                      t.a = y.data() + size_t(b) * ldy, t.lda = ldy, t.b = packed_back.data();
                      t.c = x.data() + size_t(b) * ldx, t.ldc = ldx, t.depth = out / steps;
                      along(t, out);
                      k.gemm_packed(kChunk, in, &t);
                    }));
        // values would grow without bound from call to call: start from small ones again
        for (size_t i = 0; i < x.size(); ++i) x[i] = float(i % 37) * 0.01f;
        for (size_t i = 0; i < y.size(); ++i) y[i] = float(i % 41) * 0.01f;
        r[4] = rate(flops, chunks([&](int b) {
                      TileArgs t{};
                      t.a = y.data() + size_t(b) * ldy, t.lda = ldy;
                      t.b = x.data() + size_t(b) * ldx, t.ldb = ldx;
                      t.c = dw.data(), t.ldc = in, t.depth = kChunk / steps, t.add = b > 0;
                      if (paired) {
                        k.pair_rows(kChunk, out, t.a, ldy, cells.data(), ldy);
                        k.pair_rows(kChunk, in, t.b, ldx, other.data(), ldx);
                        t.a = reinterpret_cast<const float*>(cells.data());
                        t.b = reinterpret_cast<const float*>(other.data());
                      }
                      k.gemm_across(out, in, &t);
                    }));
#if defined(MOTORIUM_OPENBLAS)
        r[1] = rate(flops, [&] {
          cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, batch, out, in, 1, x.data(), ldx,
                      w.data(), in, 0, y.data(), ldy);
        });
        for (size_t i = 0; i < y.size(); ++i) y[i] = float(i % 41) * 0.01f;
        r[5] = rate(flops, [&] {
          cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, out, in, batch, 1, y.data(), ldy,
                      x.data(), ldx, 0, dw.data(), in);
        });
        r[3] = rate(flops, [&] {
          cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, batch, in, out, 1, y.data(), ldy,
                      w.data(), in, 0, x.data(), ldx);
        });
#else
        r[1] = r[3] = r[5] = 0;
#endif
        std::printf("%d,%d,%d", batch, in, out);
        for (int i = 0; i < 6; i += 2) {
          if (r[i + 1] == 0) {
            std::printf(",%.1f,,", r[i]);
            continue;
          }
          std::printf(",%.1f,%.1f,%.2f", r[i], r[i + 1], r[i] / r[i + 1]);
          worst = std::min(worst, r[i] / r[i + 1]);
        }
        std::printf("\n");
        std::fflush(stdout);
      }
  if (worst < 1e9) std::printf("# lowest ratio %.2f\n", worst);
}
