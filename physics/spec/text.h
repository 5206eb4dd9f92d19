// Text from files: whole-token numbers without locale, names, and words for messages.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "motorium/core/text.h"

namespace motorium {

// The whole token must be one finite decimal number; false otherwise ("1,5", "nan", "0x1",
// "1e999").
bool parse_number(std::string_view token, double& value);
bool parse_integer(std::string_view token, int& value);

// valid UTF-8, at most kNameBytes bytes, no control characters
bool is_name(std::string_view text);

// for messages: control characters and quotes escaped, long texts cut
std::string printable(std::string_view text, std::size_t longest = 80);

// the candidate with the smallest edit distance, or empty when none is near
std::string nearest_word(std::string_view word, const std::vector<std::string_view>& candidates);

// shortest text that reads back as the same number
std::string number_text(double value);

}  // namespace motorium
