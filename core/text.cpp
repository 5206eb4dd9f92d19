#include "motorium/core/text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>

#include "motorium/core/limits.h"

namespace motorium {
namespace {

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

std::vector<std::string_view> split_words(std::string_view text) {
  std::vector<std::string_view> words;
  for (size_t i = 0; i < text.size();) {
    while (i < text.size() && is_space(text[i])) ++i;
    const size_t start = i;
    while (i < text.size() && !is_space(text[i])) ++i;
    if (i > start) words.push_back(text.substr(start, i - start));
  }
  return words;
}

// from_chars knows no leading plus
std::string_view without_plus(std::string_view text) {
  if (text.size() > 1 && text[0] == '+' && text[1] != '-' && text[1] != '+') text.remove_prefix(1);
  return text;
}

// bytes of the UTF-8 character at the start of text; 0 if there is none
size_t utf8_length(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char b = byte(0);
  const size_t n = b < 0x80                ? 1
                   : b >= 0xc2 && b < 0xe0 ? 2
                   : b >= 0xe0 && b < 0xf0 ? 3
                   : b >= 0xf0 && b < 0xf5 ? 4
                                           : 0;
  if (n == 0 || n > text.size()) return 0;
  for (size_t i = 1; i < n; ++i)
    if ((byte(i) & 0xc0) != 0x80) return 0;
  // no overlong forms, no surrogates, nothing above U+10FFFF
  if (b == 0xe0 && byte(1) < 0xa0) return 0;
  if (b == 0xed && byte(1) > 0x9f) return 0;
  if (b == 0xf0 && byte(1) < 0x90) return 0;
  if (b == 0xf4 && byte(1) > 0x8f) return 0;
  return n;
}

}  // namespace

std::optional<double> parse_number(std::string_view text) {
  text = without_plus(trim(text));
  double x = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, x);
  if (stop != end || text.empty() || !std::isfinite(x)) return std::nullopt;
  // a number too small for a double counts as zero, one too large as an error
  if (error == std::errc::result_out_of_range) {
    const size_t e = text.find_first_of("eE");
    if (e == std::string_view::npos || text.substr(e + 1).front() != '-') return std::nullopt;
    return 0.0;
  }
  if (error != std::errc()) return std::nullopt;
  return x;
}

std::optional<int64_t> parse_integer(std::string_view text) {
  text = without_plus(trim(text));
  int64_t x = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, x);
  if (stop != end || text.empty() || error != std::errc()) return std::nullopt;
  return x;
}

std::optional<std::vector<double>> parse_numbers(std::string_view text) {
  std::vector<double> numbers;
  for (std::string_view word : split_words(text)) {
    const std::optional<double> x = parse_number(word);
    if (!x) return std::nullopt;
    numbers.push_back(*x);
  }
  return numbers;
}

std::optional<bool> parse_bool(std::string_view text) {
  text = trim(text);
  if (text == "true") return true;
  if (text == "false") return false;
  return std::nullopt;
}

bool is_valid_name(std::string_view name) {
  if (name.size() > limits::kNameBytes) return false;
  while (!name.empty()) {
    const size_t n = utf8_length(name);
    const unsigned char b = static_cast<unsigned char>(name[0]);
    if (n == 0 || b < 0x20 || b == 0x7f) return false;
    name.remove_prefix(n);
  }
  return true;
}

std::string escape(std::string_view text, size_t most) {
  std::string out;
  while (!text.empty()) {
    if (out.size() >= most) return out + "...";
    const size_t n = utf8_length(text);
    const unsigned char b = static_cast<unsigned char>(text[0]);
    if (n == 0 || b < 0x20 || b == 0x7f) {
      char buffer[8];
      std::snprintf(buffer, sizeof buffer, "\\x%02x", static_cast<unsigned>(b));
      out += buffer;
      text.remove_prefix(1);
    } else {
      out += text.substr(0, n);
      text.remove_prefix(n);
    }
  }
  return out;
}

namespace {

// costs are doubled, so that a change of case can count half
int doubled_distance(std::string_view a, std::string_view b) {
  const size_t n = b.size();
  std::vector<int> before(n + 1), last(n + 1), row(n + 1);
  for (size_t j = 0; j <= n; ++j) last[j] = static_cast<int>(2 * j);
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = static_cast<int>(2 * i);
    for (size_t j = 1; j <= n; ++j) {
      const int change = a[i - 1] == b[j - 1] ? 0 : lower(a[i - 1]) == lower(b[j - 1]) ? 1 : 2;
      row[j] = std::min({last[j] + 2, row[j - 1] + 2, last[j - 1] + change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before[j - 2] + 2);
    }
    before.swap(last);
    last.swap(row);
  }
  return last[n];
}

}  // namespace

int edit_distance(std::string_view a, std::string_view b) {
  return (doubled_distance(a, b) + 1) / 2;
}

std::optional<std::string> nearest_name(std::string_view name, std::span<const std::string> names) {
  // long names would cost time that is not theirs
  if (name.size() > limits::kNameBytes) return std::nullopt;
  int best = 2 * std::max<int>(1, static_cast<int>(name.size()) / 3) + 1;
  const std::string* found = nullptr;
  for (const std::string& candidate : names) {
    const int difference = static_cast<int>(candidate.size()) - static_cast<int>(name.size());
    if (2 * std::abs(difference) >= best) continue;
    const int d = doubled_distance(name, candidate);
    if (d < best) {
      best = d;
      found = &candidate;
    }
  }
  return found != nullptr ? std::optional<std::string>(*found) : std::nullopt;
}

std::string did_you_mean(std::string_view name, std::span<const std::string> names) {
  const std::optional<std::string> near = nearest_name(name, names);
  return near ? ": did you mean \"" + escape(*near) + "\"?" : "";
}

std::string with_commas(uint64_t n) {
  std::string digits = std::to_string(n);
  for (int i = static_cast<int>(digits.size()) - 3; i > 0; i -= 3)
    digits.insert(static_cast<size_t>(i), ",");
  return digits;
}

std::string format_bytes(uint64_t bytes) {
  static const char* const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
  double x = static_cast<double>(bytes);
  int u = 0;
  for (; x >= 1024 && u < 4; ++u) x /= 1024;
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, u == 0 ? "%.0f %s" : "%.1f %s", x, units[u]);
  return buffer;
}

}  // namespace motorium
