// libFuzzer target for one kind of file, MOTORIUM_FUZZ_INPUT (a function of inputs.h). `make fuzz`
// builds and runs all kinds. Inputs that once failed are kept in tests/fuzz/<kind>, and
// test_physics and test_policy read them without a fuzzer.
#include "tests/fuzz/inputs.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  motorium::MOTORIUM_FUZZ_INPUT(data, size);
  return 0;
}
