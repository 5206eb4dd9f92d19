#include "motorium/physics/spec/text.h"

#include <charconv>
#include <limits>

namespace motorium {

std::vector<std::string_view> words_of(std::string_view text) {
  const auto is_blank = [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; };
  std::vector<std::string_view> words;
  size_t i = 0;
  while (i < text.size()) {
    while (i < text.size() && is_blank(text[i])) ++i;
    const size_t start = i;
    while (i < text.size() && !is_blank(text[i])) ++i;
    if (i > start) words.push_back(text.substr(start, i - start));
  }
  return words;
}

bool read_number(std::string_view word, double& value) {
  const std::optional<double> number = parse_number(word);
  if (number) value = *number;
  return number.has_value();
}

bool read_integer(std::string_view word, int& value) {
  const std::optional<int64_t> number = parse_integer(word);
  if (!number || *number < std::numeric_limits<int>::min() ||
      *number > std::numeric_limits<int>::max()) {
    return false;
  }
  value = static_cast<int>(*number);
  return true;
}

std::string printable(std::string_view text, size_t longest) { return escape(text, longest); }

std::string nearest_word(std::string_view word, const std::vector<std::string_view>& candidates,
                         bool enough) {
  // hostile words and lists are not worth the search
  if (enough || word.size() > 64 || candidates.size() > 200) return "";
  const std::vector<std::string> names(candidates.begin(), candidates.end());
  return nearest_name(word, names).value_or("");
}

std::string number_text(double value) {
  char buffer[40];
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, value);
  return error == std::errc() ? std::string(buffer, end) : "?";
}

}  // namespace motorium
