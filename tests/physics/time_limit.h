// Limits of time in tests: what an idle machine takes, and more where sanitizers slow the code.
#pragma once

namespace motorium {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr double kSlowness = 10;
#else
constexpr double kSlowness = 1;
#endif

}  // namespace motorium
