#include "motorium/physics/spec/attributes.h"

#include <algorithm>

#include "motorium/physics/spec/text.h"

namespace motorium {

Attributes::Attributes(const Element& element, Spec& spec)
    : element_(element), spec_(spec), claimed_(element.attributes.size(), false) {}

std::string Attributes::title() const {
  const std::string* name = element_.find("name");
  const std::string tag = printable(element_.tag);
  return name ? tag + "[@name='" + printable(*name) + "']" : tag;
}

std::string Attributes::shown(std::string_view attribute) const {
  const std::string* value = element_.find(std::string(attribute));
  std::string text(attribute);
  if (value) text += "=\"" + printable(*value, 40) + "\"";
  return text;
}

void Attributes::malformed(std::string_view attribute, const std::string& what) {
  const std::string where = attribute.empty() ? "" : shown(attribute) + ": ";
  spec_.problems.malformed(place(), title(), where + what);
}

void Attributes::unsupported(std::string_view attribute, const std::string& what) {
  const std::string where = attribute.empty() ? "" : shown(attribute) + ": ";
  spec_.problems.unsupported(place(), title(), where + what);
}

bool Attributes::has(std::string_view name) const {
  return element_.find(std::string(name)) != nullptr;
}

const std::string* Attributes::claim(std::string_view name) {
  asked_.push_back(name);
  for (size_t i = 0; i < element_.attributes.size(); ++i) {
    if (element_.attributes[i].name == name) {
      claimed_[i] = true;
      return &element_.attributes[i].value;
    }
  }
  return nullptr;
}

int Attributes::take(std::string_view name, double* out, int least, int most) {
  const std::string* value = claim(name);
  if (!value) return 0;
  const std::vector<std::string_view> words = words_of(*value);
  const int count = static_cast<int>(words.size());
  if (count < least || count > most) {
    const std::string range = least == most ? std::to_string(least)
                                            : std::to_string(least) + " to " + std::to_string(most);
    malformed(name, "has " + std::to_string(count) + " numbers: give " + range);
    return 0;
  }
  std::vector<double> numbers(words.size());
  for (size_t i = 0; i < words.size(); ++i) {
    if (!read_number(words[i], numbers[i])) {
      malformed(name, "\"" + printable(words[i], 40) + "\" is not a finite decimal number");
      return 0;
    }
  }
  std::copy(numbers.begin(), numbers.end(), out);
  return count;
}

bool Attributes::take(std::string_view name, std::vector<double>& out) {
  const std::string* value = claim(name);
  if (!value) return false;
  const std::vector<std::string_view> words = words_of(*value);
  std::vector<double> numbers(words.size());
  for (size_t i = 0; i < words.size(); ++i) {
    if (!read_number(words[i], numbers[i])) {
      malformed(name, "\"" + printable(words[i], 40) + "\" is not a finite decimal number");
      return false;
    }
  }
  out = std::move(numbers);
  return true;
}

bool Attributes::take(std::string_view name, int& out) {
  const std::string* value = claim(name);
  if (!value) return false;
  if (read_integer(*value, out)) return true;
  malformed(name, "is not a whole number");
  return false;
}

bool Attributes::take(std::string_view name, std::array<int, 2>& out) {
  const std::string* value = claim(name);
  if (!value) return false;
  const std::vector<std::string_view> words = words_of(*value);
  if (words.size() == 2 && read_integer(words[0], out[0]) && read_integer(words[1], out[1])) {
    return true;
  }
  malformed(name, "give two whole numbers");
  return false;
}

bool Attributes::take(std::string_view name, bool& out) {
  return take(name, out, {{"true", true}, {"false", false}});
}

bool Attributes::take(std::string_view name, Tristate& out) {
  return take(name, out,
              {{"true", Tristate::on}, {"false", Tristate::off}, {"auto", Tristate::automatic}});
}

bool Attributes::take_name(std::string_view name, std::string& out) {
  const std::string* value = claim(name);
  if (!value) return false;
  if (value->empty()) {
    malformed(name, "is empty");
    return false;
  }
  if (!is_valid_name(*value)) {
    malformed(name, "is no name: use at most 256 bytes of UTF-8 without control characters");
    return false;
  }
  out = *value;
  return true;
}

bool Attributes::take_path(std::string_view name, std::string& out) {
  const std::string* value = claim(name);
  if (value) out = *value;
  return value != nullptr;
}

bool Attributes::take_color(std::string_view name, std::array<float, 4>& out) {
  double color[4] = {out[0], out[1], out[2], out[3]};
  const int count = take(name, color, 4, 4);
  for (int i = 0; i < count; ++i) out[i] = static_cast<float>(color[i]);
  return count > 0;
}

void Attributes::bad_word(std::string_view name, const std::string& value,
                          const std::vector<std::string_view>& known) {
  std::string list;
  for (const std::string_view word : known) list += (list.empty() ? "" : ", ") + std::string(word);
  const std::string near = nearest_word(value, known, spec_.problems.full());
  malformed(name, "unknown word: use one of " + list +
                      (near.empty() ? "" : ", did you mean " + near + "?"));
}

void Attributes::skip(std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) claim(name);
}

void Attributes::report(std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    if (claim(name)) report_once(spec_, element_.tag + "/" + std::string(name) + ": ignored");
  }
}

void Attributes::refuse(std::string_view name, const std::string& why) {
  if (claim(name)) unsupported(name, why);
}

void Attributes::refuse_nonzero(std::string_view name, const std::string& why) {
  std::vector<double> numbers;
  if (!take(name, numbers)) return;
  for (const double number : numbers) {
    if (number != 0) return unsupported(name, why);
  }
}

void Attributes::finish(bool children_allowed) {
  for (size_t i = 0; i < claimed_.size(); ++i) {
    if (claimed_[i]) continue;
    const std::string& name = element_.attributes[i].name;
    const std::string near = nearest_word(name, asked_, spec_.problems.full());
    spec_.problems.malformed(place(), title(),
                             printable(name) + ": unknown attribute" +
                                 (near.empty() ? "" : ": did you mean " + near + "?"));
  }
  if (!children_allowed) {
    for (const Element& child : element_.children) {
      spec_.problems.malformed(child.place, printable(child.tag),
                               "unknown element inside <" + printable(element_.tag) + ">");
    }
  }
  if (element_.has_text)
    report_once(spec_, "text inside <" + printable(element_.tag) + ">: ignored");
}

void Attributes::finish_extensible() {
  for (size_t i = 0; i < claimed_.size(); ++i) {
    if (claimed_[i]) continue;
    const std::string& name = element_.attributes[i].name;
    if (name.compare(0, 5, "xmlns") == 0) continue;
    const std::string near = nearest_word(name, asked_, spec_.problems.full());
    if (near.empty()) {
      report_once(spec_, printable(element_.tag) + "/" + printable(name) + ": ignored");
    } else {
      spec_.problems.malformed(place(), title(),
                               printable(name) + ": unknown attribute: did you mean " + near + "?");
    }
  }
}

void report_once(Spec& spec, const std::string& line) {
  if (std::find(spec.report.begin(), spec.report.end(), line) == spec.report.end()) {
    spec.report.push_back(line);
  }
}

}  // namespace motorium
