#include <bit>
#include <cstdint>
#include <string>

#include "motorium/physics/model.h"

namespace motorium {
namespace {

// FNV-1a over 64-bit words: the same on every platform
struct Hasher {
  uint64_t state = 0xcbf29ce484222325ull;
  void word(uint64_t value) {
    for (int i = 0; i < 8; ++i) state = (state ^ (value >> 8 * i & 0xff)) * 0x100000001b3ull;
  }
  void number(double value) { word(std::bit_cast<uint64_t>(value == 0 ? 0.0 : value)); }
  void text(const std::string& value) {
    word(value.size());
    for (const char c : value) state = (state ^ static_cast<uint8_t>(c)) * 0x100000001b3ull;
  }
  void values(const std::vector<double>& v) {
    word(v.size());
    for (const double x : v) number(x);
  }
  void values(const std::vector<int>& v) {
    word(v.size());
    for (const int x : v) word(static_cast<uint32_t>(x));
  }
};

}  // namespace

uint64_t hash(const Model& m) {
  Hasher h;
#define MOTORIUM_SIZE(name) h.word(static_cast<uint32_t>(m.name));
  MOTORIUM_MODEL_SIZES(MOTORIUM_SIZE)
#undef MOTORIUM_SIZE
  each_field(m, [&](const char* name, const auto& values, int, int) {
    h.text(name);
    h.values(values);
  });
  for (const double x : {m.timestep, m.impratio, m.tolerance, m.ls_tolerance, m.ccd_tolerance,
                         m.density, m.viscosity, m.wind[0], m.wind[1], m.wind[2]})
    h.number(x);
  h.word(static_cast<uint32_t>(m.iterations));
  h.word(static_cast<uint32_t>(m.ls_iterations));
  h.word(static_cast<uint32_t>(m.ccd_iterations));
  h.word(static_cast<uint32_t>(m.integrator));
  h.word(static_cast<uint32_t>(m.cone));
  h.word(m.flags);
  h.word(m.disableactuator);
  return h.state;
}

}  // namespace motorium
