// libFuzzer target: -DMOTORIUM_FUZZ=ON with clang, then
//   build/fuzz/fuzz_mjcf -dict=tests/fuzz/mjcf.dict -max_total_time=60 CORPUS \
//       tests/parity/models tests/malformed/mjcf tests/fuzz/mjcf
// Inputs that once failed are kept in tests/fuzz/mjcf and run by test_physics without a fuzzer.
#include "tests/fuzz/mjcf_input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  motorium::try_mjcf(data, size);
  return 0;
}
