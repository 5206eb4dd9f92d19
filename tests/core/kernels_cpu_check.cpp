// built once per instruction set, see check_kernels.h
#include "motorium/core/random.h"
#include "motorium/core/team_checks.h"
#include "tests/core/check_kernels.h"

namespace motorium {
namespace {

template <class Real> Real call(Function f, Real x, Real y) {
  switch (f) {
    case Function::sin:
      return sin(x);
    case Function::cos:
      return cos(x);
    case Function::exp:
      return exp(x);
    case Function::log:
      return log(x);
    case Function::tanh:
      return tanh(x);
    case Function::asin:
      return asin(x);
    case Function::acos:
      return acos(x);
    case Function::atan2:
      return atan2(y, x);
    case Function::pow:
      return pow(x, y);
    case Function::kCount:
      break;
  }
  return x;
}

template <class Real>
void evaluate_as(Function f, const float* x, const float* y, float* out, int n) {
  for (int i = 0; i < n; i += kWidth<Real>)
    store(out + i, call(f, load<Real>(x + i), load<Real>(y + i)));
}

template <class Real> void find_bad_as(const float* x, int* out, int n) {
  for (int i = 0; i < n; i += kWidth<Real>) {
    const Mask<Real> bad = is_bad(load<Real>(x + i));
    for (int lane = 0; lane < kWidth<Real>; ++lane) out[i + lane] = get_mask<Real>(bad, lane);
  }
}

template <class Real>
void draw_as(uint64_t seed, int first, int step, int index, int* words, float* normals) {
  for (int w = 0; w < 16; w += kWidth<Real>) {
    Int<Real> world = Int<Real>(0);
    for (int lane = 0; lane < kWidth<Real>; ++lane) put_int<Real>(world, lane, first + w + lane);
    const Words<Real> r =
        random_words<Real>(seed, world, Int<Real>(step), Purpose::test, Int<Real>(index));
    for (int lane = 0; lane < kWidth<Real>; ++lane)
      for (int k = 0; k < 4; ++k) words[(w + lane) * 4 + k] = get_int<Real>(r.v[k], lane);
    store(normals + w, normal<Real>(r.v[0], r.v[1]));
  }
}

template <class Real, class Team>
void add_with(Team team, const float* items, int n, float* sum, float* max, float* sum_at) {
  for (int w = 0; w < 16; w += kWidth<Real>) {
    const auto item = [&](int i) { return load<Real>(items + i * 16 + w); };
    const auto two = [&](int i) {
      Sums<Real, 2> s;
      s.v[0] = item(i);
      s.v[1] = Real(0.f) - item(i);
      return s;
    };
    const Sums<Real, 2> both = team.sum(n, two);
    const Real one = team.sum(n, item);
    // a sum of several numbers is the sum of each
    store(sum + w, select(one == both.v[0], one, Real(1e9f)));
    store(max + w, team.max(n, item));
    store(sum_at + w, team.sum_at(
                          n, [](int i) { return 3 * i + 1; }, item));
  }
}

template <class Real>
void add_as(int team, uint64_t seed, const float* items, int n, float* sum, float* max,
            float* sum_at) {
  if (team == 0) add_with<Real>(Solo(), items, n, sum, max, sum_at);
  if (team == 1) add_with<Real>(Shuffled(&seed), items, n, sum, max, sum_at);
}

#if defined(__AVX512F__)
#define MOTORIUM_CALL_AS(width, function, ...)          \
  do {                                                  \
    if ((width) == 1) function<float>(__VA_ARGS__);     \
    if ((width) == 8) function<Pack<8>>(__VA_ARGS__);   \
    if ((width) == 16) function<Pack<16>>(__VA_ARGS__); \
  } while (false)
constexpr int kWidest = 16;
#else
#define MOTORIUM_CALL_AS(width, function, ...)        \
  do {                                                \
    if ((width) == 1) function<float>(__VA_ARGS__);   \
    if ((width) == 8) function<Pack<8>>(__VA_ARGS__); \
  } while (false)
constexpr int kWidest = 8;
#endif

void evaluate(Function f, int width, const float* x, const float* y, float* out, int n) {
  MOTORIUM_CALL_AS(width, evaluate_as, f, x, y, out, n);
}
void find_bad(int width, const float* x, int* out, int n) {
  MOTORIUM_CALL_AS(width, find_bad_as, x, out, n);
}
void draw(int width, uint64_t seed, int first, int step, int index, int* words, float* normals) {
  MOTORIUM_CALL_AS(width, draw_as, seed, first, step, index, words, normals);
}
void add(int width, int team, uint64_t seed, const float* items, int n, float* sum, float* max,
         float* sum_at) {
  MOTORIUM_CALL_AS(width, add_as, team, seed, items, n, sum, max, sum_at);
}
float tiny_sum(float x, float y) { return x + y; }

}  // namespace
}  // namespace motorium

#define MOTORIUM_JOIN_NAMES(a, b) a##b
#define MOTORIUM_TABLE_NAME(isa) MOTORIUM_JOIN_NAMES(motorium_core_check_, isa)
extern "C" const motorium::CheckKernels MOTORIUM_TABLE_NAME(MOTORIUM_ISA_NAME) = {
    motorium::kWidest, motorium::evaluate, motorium::find_bad,
    motorium::draw,    motorium::add,      motorium::tiny_sum};
