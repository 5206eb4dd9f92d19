#include "motorium/core/text.h"

#include <gtest/gtest.h>

#include <clocale>

#include "motorium/core/hash.h"
#include "motorium/core/limits.h"

namespace motorium {
namespace {

TEST(Text, NumbersFillTheWholeToken) {
  EXPECT_EQ(parse_number("1.5"), 1.5);
  EXPECT_EQ(parse_number("  -2e3\n"), -2000.);
  EXPECT_EQ(parse_number("+.5"), 0.5);
  EXPECT_EQ(parse_number("1e-400"), 0.);
  for (const char* bad : {"", " ", "1e999", "-1e999", "nan", "inf", "-inf", "1.5abc", "1,5", "0x10",
                          "1 2", "+-1", "++1", "-", "1e", "--1", "1e+", "\xef\xbc\x91"})
    EXPECT_FALSE(parse_number(bad)) << bad;
  EXPECT_FALSE(parse_number(std::string_view("1\0", 2)));
  EXPECT_EQ(parse_integer(" 42 "), 42);
  EXPECT_EQ(parse_integer("-9223372036854775808"), INT64_MIN);
  for (const char* bad : {"", "9223372036854775808", "1.0", "1e3", "0x1", "4 2", "true"})
    EXPECT_FALSE(parse_integer(bad)) << bad;
  EXPECT_EQ(parse_numbers("1 2\t3\n"), (std::vector<double>{1, 2, 3}));
  EXPECT_EQ(parse_numbers(""), (std::vector<double>{}));
  EXPECT_FALSE(parse_numbers("1 x"));
  EXPECT_EQ(parse_bool("true"), true);
  EXPECT_FALSE(parse_bool("True"));
}

TEST(Text, NamesAreValidUtf8WithoutControls) {
  for (const char* good : {"", "hip_left", "a b", "\u00fc", "\U0001F916"})
    EXPECT_TRUE(is_valid_name(good)) << good;
  for (const char* bad :
       {"a\n", "\x7f", "\xff", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82", "\x80"})
    EXPECT_FALSE(is_valid_name(bad)) << escape(bad);
  EXPECT_TRUE(is_valid_name(std::string(limits::kNameBytes, 'x')));
  EXPECT_FALSE(is_valid_name(std::string(limits::kNameBytes + 1, 'x')));
  EXPECT_EQ(escape("a\x1b[31m\xff"), "a\\x1b[31m\\xff");
  EXPECT_EQ(escape("abcdef", 3), "abc...");
}

TEST(Text, TheNearestNameIsOffered) {
  const std::vector<std::string> names = {"position", "velocity", "motor", "general"};
  EXPECT_EQ(nearest_name("postion", names), "position");
  EXPECT_EQ(nearest_name("Motor", names), "motor");
  EXPECT_EQ(nearest_name("vleocity", names), "velocity");
  EXPECT_FALSE(nearest_name("muscle", names));
  EXPECT_FALSE(nearest_name("x", {}));
  EXPECT_EQ(did_you_mean("moter", names), ": did you mean \"motor\"?");
  EXPECT_EQ(did_you_mean("qqqqqq", names), "");
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3);
  EXPECT_EQ(edit_distance("ab", "ba"), 1);
  EXPECT_EQ(edit_distance("", "abc"), 3);
}

TEST(Text, SizesAreReadable) {
  EXPECT_EQ(with_commas(0), "0");
  EXPECT_EQ(with_commas(999), "999");
  EXPECT_EQ(with_commas(1234567), "1,234,567");
  EXPECT_EQ(format_bytes(512), "512 bytes");
  EXPECT_EQ(format_bytes(33500000000ull), "31.2 GiB");
}

TEST(HashTest, KnownAnswers) {
  EXPECT_EQ(hash_of(""), 0xcbf29ce484222325ull);
  EXPECT_EQ(hash_of("a"), 0xaf63dc4c8601ec8cull);
  EXPECT_EQ(hash_of("foobar"), 0x85944171f73967e8ull);
  const int x = 5;
  EXPECT_EQ(Hash().add_value(x).value(), Hash().add(&x, sizeof x).value());
}

}  // namespace
}  // namespace motorium
