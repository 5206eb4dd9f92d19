#include "motorium/physics/spec/text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>

#include "motorium/core/limits.h"

namespace motorium {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// bytes of the UTF-8 sequence at the start of text, or 0 when it is malformed
size_t utf8_length(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t lead = byte(0);
  if (lead < 0x80) return 1;
  const size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return 0;
  uint32_t code = lead & (0x7fu >> length);
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
    code = code << 6 | (byte(i) & 0x3fu);
  }
  // overlong forms, surrogates and codes beyond Unicode
  const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool ok = code >= least[length] && code <= 0x10ffff && !(code >= 0xd800 && code < 0xe000);
  return ok ? length : 0;
}

}  // namespace

bool parse_number(std::string_view token, double& value) {
  // from_chars takes no plus sign, but files do
  if (token.size() > 1 && token[0] == '+' && token[1] != '-') token.remove_prefix(1);
  double result = 0;
  const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), result);
  if (end != token.data() + token.size() || token.empty()) return false;
  // numbers too small for a double are zeros
  if (error == std::errc::result_out_of_range) {
    const size_t exponent = token.find_first_of("eE");
    if (exponent == token.npos || exponent + 1 >= token.size() || token[exponent + 1] != '-') {
      return false;
    }
    result = 0;
  } else if (error != std::errc() || !std::isfinite(result)) {
    return false;
  }
  value = result;
  return true;
}

bool parse_integer(std::string_view token, int& value) {
  if (token.size() > 1 && token[0] == '+' && token[1] != '-') token.remove_prefix(1);
  const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), value);
  return error == std::errc() && end == token.data() + token.size() && !token.empty();
}

bool is_name(std::string_view text) {
  if (text.size() > static_cast<size_t>(limits::kNameBytes)) return false;
  while (!text.empty()) {
    const size_t length = utf8_length(text);
    const auto lead = static_cast<uint8_t>(text[0]);
    if (length == 0 || lead < 0x20 || lead == 0x7f) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::string printable(std::string_view text, size_t longest) {
  const char* digits = "0123456789abcdef";
  std::string out;
  for (size_t i = 0; i < text.size();) {
    if (out.size() >= longest) return out + "...";
    const size_t length = utf8_length(text.substr(i));
    const auto byte = static_cast<uint8_t>(text[i]);
    if (length == 0 || byte < 0x20 || byte == 0x7f) {
      out += {'\\', 'x', digits[byte >> 4], digits[byte & 15]};
      ++i;
    } else {
      out.append(text.substr(i, length));
      i += length;
    }
  }
  return out;
}

std::string nearest_word(std::string_view word, const std::vector<std::string_view>& candidates) {
  if (word.size() > 64) return "";
  std::string_view best;
  size_t best_distance = std::max<size_t>(2, word.size() / 3) + 1;
  for (const std::string_view candidate : candidates) {
    // edit distance, one row at a time
    std::vector<size_t> row(candidate.size() + 1);
    for (size_t j = 0; j <= candidate.size(); ++j) row[j] = j;
    for (size_t i = 1; i <= word.size(); ++i) {
      size_t diagonal = row[0];
      row[0] = i;
      for (size_t j = 1; j <= candidate.size(); ++j) {
        const size_t replaced = diagonal + (word[i - 1] != candidate[j - 1]);
        diagonal = row[j];
        row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
      }
    }
    if (row.back() < best_distance) {
      best_distance = row.back();
      best = candidate;
    }
  }
  return std::string(best);
}

std::string number_text(double value) {
  char buffer[40];
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, value);
  return error == std::errc() ? std::string(buffer, end) : "?";
}

}  // namespace motorium
