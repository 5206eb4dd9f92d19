#include "motorium/core/float_mode.h"

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace motorium {
namespace {

#if defined(__x86_64__)
unsigned float_mode() { return _mm_getcsr(); }
void set_float_mode(unsigned mode) { _mm_setcsr(mode); }
constexpr unsigned kDefault = 0x1f80;
#elif defined(__aarch64__)
unsigned float_mode() {
  unsigned long x;
  asm volatile("mrs %0, fpcr" : "=r"(x));
  return static_cast<unsigned>(x);
}
void set_float_mode(unsigned mode) { asm volatile("msr fpcr, %0" : : "r"((unsigned long)mode)); }
constexpr unsigned kDefault = 0;
#endif

}  // namespace

void use_default_float_mode() { set_float_mode(kDefault); }

DefaultFloatMode::DefaultFloatMode() : saved_(float_mode()) { set_float_mode(kDefault); }
DefaultFloatMode::~DefaultFloatMode() { set_float_mode(saved_); }

}  // namespace motorium
