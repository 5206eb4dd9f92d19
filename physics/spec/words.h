// The words that MJCF has for the values of an enumeration, in both directions.
#pragma once
#include <initializer_list>
#include <span>
#include <string>
#include <utility>

#include "motorium/physics/spec/spec.h"

namespace motorium {

template <class Enum> using Word = std::pair<const char*, Enum>;

std::span<const Word<bool>> words(bool);
std::span<const Word<Tristate>> words(Tristate);
std::span<const Word<JointType>> words(JointType);
std::span<const Word<GeomType>> words(GeomType);
std::span<const Word<MeshSpec::Inertia>> words(MeshSpec::Inertia);
std::span<const Word<DynType>> words(DynType);
std::span<const Word<Interpolation>> words(Interpolation);
std::span<const Word<LengthRangeSpec::Mode>> words(LengthRangeSpec::Mode);
// an attribute that holds several words, each a bit of `bits`, in the order of the bits
struct WordSet {
  std::span<const Word<int>> words;
  int bits = 0;
  bool single = false;  // one word at most
};
// `input` of an actuator with this gain
WordSet input_words(GainType gain, int inputs);
// `data` of a sensor
WordSet data_words(const SensorSpec& sensor);
// groups 0 .. 30, each a bit: `actuatorgroupdisable`
struct GroupSet {
  uint32_t bits = 0;
};
enum class FluidShape { none, ellipsoid };
std::span<const Word<FluidShape>> words(FluidShape);
std::string text_of(const WordSet& set);
std::string text_of(const GroupSet& set);
// false, and the set untouched, where the text does not fit
bool parse(const std::string& text, WordSet& set);
bool parse(const std::string& text, GroupSet& set);
std::span<const Word<GainType>> words(GainType);
std::span<const Word<BiasType>> words(BiasType);
std::span<const Word<TransmissionType>> words(TransmissionType);
std::span<const Word<EqualityType>> words(EqualityType);
std::span<const Word<ObjectType>> words(ObjectType);
std::span<const Word<TendonType>> words(TendonType);
std::span<const Word<WrapType>> words(WrapType);
std::span<const Word<Integrator>> words(Integrator);
std::span<const Word<Cone>> words(Cone);
std::span<const Word<ContactReduce>> words(ContactReduce);
std::span<const Word<CameraMode>> words(CameraMode);

// the word of a value; empty: it has none
template <class Enum> std::string word_of(Enum value) {
  for (const auto& [word, code] : words(value)) {
    if (code == value) return word;
  }
  return "";
}

// false, and value untouched, when no value has this word
template <class Enum> bool value_of(const std::string& text, Enum& value) {
  for (const auto& [word, code] : words(value)) {
    if (text != word) continue;
    value = code;
    return true;
  }
  return false;
}

// "a, b, c": what value_of knows
template <class Enum> std::string all_words(Enum value) {
  std::string out;
  for (const auto& [word, code] : words(value))
    out += (out.empty() ? "" : ", ") + std::string(word);
  return out;
}

// flags of <option><flag>: word and bit, those that are on by default
std::span<const Word<uint32_t>> flag_words();
// what a contact sensor reports, in the order of the readings
std::span<const Word<int>> contact_data_words();
// what a rangefinder reports, likewise
std::span<const Word<int>> ray_data_words();

}  // namespace motorium
