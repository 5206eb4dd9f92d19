#include "motorium/cli/version.h"

#include "motorium/core/cpu.h"

#ifndef MOTORIUM_COMMIT
#define MOTORIUM_COMMIT "unknown"
#endif

namespace motorium::cli {

std::string version() { return MOTORIUM_VERSION; }

std::string version_text() {
  std::string isa;
  try {
    isa = name(best_isa());
  } catch (const Error&) {
    isa = "none for this machine";
  }
#ifdef __clang__
  const std::string compiler = "clang " __clang_version__;
#else
  const std::string compiler = "gcc " __VERSION__;
#endif
  return "motorium " + version() + ", commit " + MOTORIUM_COMMIT + ", " + compiler +
         ", CPU kernels " + isa + ", no CUDA";
}

}  // namespace motorium::cli
