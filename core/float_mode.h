// The floating-point mode of a thread: rounding, traps, flushing of denormals. What programs and
// libraries around us leave there (fast-math switches flushing on) must reach no number of ours.
#pragma once

namespace motorium {

// round to nearest, no traps, denormals kept
void use_default_float_mode();

// the default mode for the lifetime of the object, then the caller's again
class DefaultFloatMode {
 public:
  DefaultFloatMode();
  ~DefaultFloatMode();
  DefaultFloatMode(const DefaultFloatMode&) = delete;
  DefaultFloatMode& operator=(const DefaultFloatMode&) = delete;

 private:
  unsigned saved_;
};

}  // namespace motorium
