// Text from model files, on top of core/text.h: words, and words for messages.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "motorium/core/text.h"

namespace motorium {

// the parts between blanks, tabs and line ends
std::vector<std::string_view> words_of(std::string_view text);

// false, and value untouched, unless the whole word is one finite decimal number
bool read_number(std::string_view word, double& value);
bool read_integer(std::string_view word, int& value);

// for messages: control characters escaped, long texts cut
std::string printable(std::string_view text, std::size_t longest = 80);

// the word most like `word`, or empty when none is near; `enough`: do not search
std::string nearest_word(std::string_view word, const std::vector<std::string_view>& candidates,
                         bool enough = false);

// shortest text that reads back as the same number
std::string number_text(double value);

}  // namespace motorium
