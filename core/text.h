// Numbers and names in text: strict reading, and help for people who misspell.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace motorium {

// A number that fills the whole trimmed text, with a dot and without regard to the locale. Empty
// for nan, inf, overflow, hexadecimal and anything left over. "+1" is read, "1." and ".5" too.
std::optional<double> parse_number(std::string_view text);
std::optional<int64_t> parse_integer(std::string_view text);

// all numbers of a text separated by white space; empty if one of them is none
std::optional<std::vector<double>> parse_numbers(std::string_view text);

// "true" or "false"
std::optional<bool> parse_bool(std::string_view text);

// no control characters, valid UTF-8, at most limits::kNameBytes bytes
bool is_valid_name(std::string_view name);

// printable form of any bytes: control characters and broken UTF-8 as \xNN, cut after `most` bytes
std::string escape(std::string_view text, size_t most = 256);

// insertions, deletions, substitutions and swaps of neighbours that turn a into b
int edit_distance(std::string_view a, std::string_view b);

// The name most like `name`, or nothing if none is near (a third of its letters, at least one); the
// first of equals. Case counts half as much as another letter.
std::optional<std::string> nearest_name(std::string_view name, std::span<const std::string> names);

// ": did you mean "x"?" or nothing; goes behind a message
std::string did_you_mean(std::string_view name, std::span<const std::string> names);

// 1234567 -> "1,234,567"
std::string with_commas(uint64_t n);

// 33500000000 -> "31.2 GiB"
std::string format_bytes(uint64_t bytes);

}  // namespace motorium
