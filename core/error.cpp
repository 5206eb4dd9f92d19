#include "motorium/core/error.h"

#include <cstdio>
#include <cstdlib>

namespace motorium {

void fail_assertion(const char* what, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: motorium: this must hold and does not: %s\n", file, line, what);
  std::abort();
}

}  // namespace motorium
