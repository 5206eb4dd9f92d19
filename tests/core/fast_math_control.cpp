// Compiled with -ffast-math: the control of test N2. A guard by isnan or by comparison is folded
// away there; the one by the bits of the number is not.
#include <cmath>

#include "motorium/core/math.h"

namespace motorium {

bool bad_by_isnan(float x) { return std::isnan(x) || std::isinf(x); }
bool bad_by_comparison(float x) { return !(std::fabs(x) < 1e10f); }
bool bad_by_bits(float x) { return is_bad(x); }

}  // namespace motorium
