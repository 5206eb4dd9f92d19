// Elements and numbers as XML text; private to the writer of MJCF.
#pragma once
#include <array>
#include <charconv>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "motorium/physics/spec/fields.h"
#include "motorium/physics/spec/text.h"
#include "motorium/physics/spec/xml_tree.h"

namespace motorium {

// the element as indented text
void append_xml(const Element& element, int indent, std::string& out);

// Values as attributes hold them; "" for what is not given.
inline std::string text_of(const std::string& value) { return value; }
inline std::string text_of(double value) { return std::isnan(value) ? "" : number_text(value); }
inline std::string text_of(float value) {
  char buffer[40];
  return {buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr};
}
inline std::string text_of(int value) { return std::to_string(value); }
template <class Enum>
requires(std::is_enum_v<Enum> || std::is_same_v<Enum, bool>) std::string text_of(Enum value) {
  return word_of(value);
}
template <class Numbers> std::string text_of_all(const Numbers& values) {
  std::string out;
  for (const auto value : values) out += (out.empty() ? "" : " ") + text_of(value);
  return out;
}
template <class T, size_t n> std::string text_of(const std::array<T, n>& values) {
  // the first number says whether any is given
  if constexpr (std::is_floating_point_v<T>) {
    if (std::isnan(values[0])) return "";
  }
  return text_of_all(values);
}
template <class T> std::string text_of(const std::vector<T>& values) { return text_of_all(values); }
std::string text_of(const Orientation& orientation);
// quat, axisangle, xyaxes, zaxis or euler
std::string name_of(const Orientation& orientation);

// collects what each_attribute visits; every visit adds one, so that two lists can be compared
struct AttributeTexts {
  std::vector<Attribute> all;
  template <class T> void operator()(const char* name, const T& value) {
    all.push_back({name, text_of(value)});
  }
  template <class T> void operator()(const char*, const T& value, const std::string& written) {
    all.push_back({written == kNowhere ? "" : written, text_of(value)});
  }
  void operator()(const char*, const Orientation& value) {
    all.push_back({name_of(value), text_of(value)});
  }
};

// the attributes of an element that differ from those of a new one
template <class Item> void append_attributes(const Item& item, Element& element) {
  // visitors that edit share the lists, hence no const there
  AttributeTexts given, fresh;
  each_attribute(const_cast<Item&>(item), given);
  Item none;
  each_attribute(none, fresh);
  for (size_t i = 0; i < given.all.size(); ++i) {
    const Attribute &a = given.all[i], &b = fresh.all[i];
    if (a.name.empty() || a.value.empty() || (a.name == b.name && a.value == b.value)) continue;
    element.attributes.push_back(a);
  }
}

}  // namespace motorium
