// The attributes of one element, taken one by one; what nobody took is unknown.
//
// Each `take` leaves its target as it is where the attribute is absent, so that defaults shine
// through. Numbers given for the front part of a vector replace only that part.
#pragma once
#include <array>
#include <initializer_list>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "motorium/physics/spec/spec.h"

namespace motorium {

class Attributes {
 public:
  // report: gets one line per attribute that is accepted without effect
  Attributes(const Element& element, Spec& spec);

  const Element& element() const { return element_; }
  Place place() const { return element_.place; }
  bool has(std::string_view name) const;

  // numbers: between `least` and `most` of them; returns how many were given
  int take(std::string_view name, double* out, int least, int most);
  template <size_t n>
  int take(std::string_view name, std::array<double, n>& out, int least = static_cast<int>(n)) {
    return take(name, out.data(), least, static_cast<int>(n));
  }
  bool take(std::string_view name, double& out) { return take(name, &out, 1, 1) == 1; }
  bool take(std::string_view name, int& out);
  bool take(std::string_view name, std::array<int, 2>& out);
  bool take(std::string_view name, bool& out);  // true, false
  bool take(std::string_view name, Tristate& out);
  bool take(std::string_view name, std::vector<double>& out);
  bool take_name(std::string_view name, std::string& out);
  bool take_path(std::string_view name, std::string& out);
  bool take_color(std::string_view name, std::array<float, 4>& out);
  template <class Enum>
  bool take(std::string_view name, Enum& out,
            std::initializer_list<std::pair<const char*, Enum>> words) {
    const std::string* value = claim(name);
    if (!value) return false;
    std::vector<std::string_view> known;
    for (const auto& [word, code] : words) {
      known.emplace_back(word);
      if (*value == word) {
        out = code;
        return true;
      }
    }
    bad_word(name, *value, known);
    return false;
  }

  // the raw text, claimed
  const std::string* claim(std::string_view name);
  // accepted, no effect, nothing to say (viewer attributes)
  void skip(std::initializer_list<std::string_view> names);
  // accepted, no effect, listed in the report
  void report(std::initializer_list<std::string_view> names);
  // not supported when present
  void refuse(std::string_view name, const std::string& why);
  // not supported unless all its numbers are zero
  void refuse_nonzero(std::string_view name, const std::string& why);

  void malformed(std::string_view attribute, const std::string& what);
  void unsupported(std::string_view attribute, const std::string& what);
  // no more suggestions are wanted
  bool enough() const { return spec_.problems.full(); }
  // element with its name, for messages
  std::string title() const;

  // every attribute must have been claimed by now; children are allowed or not
  void finish(bool children_allowed = false);
  // the same where others may add attributes (URDF): only what looks misspelled is refused, the
  // rest is reported
  void finish_extensible();

 private:
  void bad_word(std::string_view name, const std::string& value,
                const std::vector<std::string_view>& known);
  std::string shown(std::string_view attribute) const;

  const Element& element_;
  Spec& spec_;
  std::vector<bool> claimed_;
  std::vector<std::string_view> asked_;
};

// adds a line to the report once
void report_once(Spec& spec, const std::string& line);

}  // namespace motorium
