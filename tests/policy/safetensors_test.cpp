// The safetensors reader refuses every malformed file by name; the writer's files come back equal.
#include "motorium/policy/nn/safetensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "motorium/core/error.h"
#include "motorium/policy/nn/policy.h"

namespace motorium {
namespace {

std::vector<uint8_t> file_of(const std::string& header, size_t data, uint64_t length = UINT64_MAX) {
  if (length == UINT64_MAX) length = header.size();
  std::vector<uint8_t> b(8 + header.size() + data, 0);
  for (int i = 0; i < 8; ++i) b[i] = static_cast<uint8_t>(length >> (8 * i));
  std::memcpy(b.data() + 8, header.data(), header.size());
  return b;
}

std::string refusal(std::vector<uint8_t> bytes) {
  try {
    Safetensors::parse(std::move(bytes), "f");
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

struct Malformed {
  const char* name;
  std::string header;
  size_t data;
  const char* message;
};

const char kGood[] = R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})";

const std::vector<Malformed>& malformed() {
  static const std::vector<Malformed> all = {
      {"HeaderNotAnObject", "[1,2,3]", 0, "header does not begin with {"},
      {"HeaderEmpty", "", 0, "header does not begin with {"},
      {"HeaderLeadingSpace", " {}", 0, "header does not begin with {"},
      {"JsonCut", R"({"a":{"dtype":"F32")", 0, "not valid JSON"},
      {"JsonTrailingGarbage", R"({}x)", 0, "not valid JSON"},
      {"JsonTrailingNul", std::string("{}\0", 3), 0, "not valid JSON"},
      {"JsonBadUtf8", "{\"\xff\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]}}", 4,
       "not valid JSON"},
      {"JsonComment", "{/*x*/}", 0, "not valid JSON"},
      {"DuplicateTensor",
       R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})",
       2, "key \"a\" twice"},
      {"DuplicateMetadataBlock", R"({"__metadata__":{},"__metadata__":{}})", 0, "twice"},
      {"DuplicateMetadataKey", R"({"__metadata__":{"k":"1","k":"2"}})", 0, "key \"k\" twice"},
      {"DuplicateField", R"({"a":{"dtype":"U8","dtype":"U8","shape":[1],"data_offsets":[0,1]}})", 1,
       "key \"dtype\" twice"},
      {"DuplicateKeyEscaped",
       R"({"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"\u0061":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}})",
       0, "key \"a\" twice"},
      {"MetadataNumber", R"({"__metadata__":{"k":1}})", 0, "found a number"},
      {"MetadataNested", R"({"__metadata__":{"k":{"x":"y"}}})", 0, "found an object"},
      {"MetadataList", R"({"__metadata__":["k"]})", 0, "found a list"},
      {"MissingDtype", R"({"a":{"shape":[1],"data_offsets":[0,4]}})", 4, "needs exactly dtype"},
      {"MissingShape", R"({"a":{"dtype":"F32","data_offsets":[0,4]}})", 4, "needs exactly dtype"},
      {"MissingOffsets", R"({"a":{"dtype":"F32","shape":[1]}})", 4, "needs exactly dtype"},
      {"ExtraField", R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":"y"}})", 4,
       "unknown field \"x\""},
      {"UnknownDtype", R"({"a":{"dtype":"F33","shape":[1],"data_offsets":[0,4]}})", 4,
       "unknown dtype \"F33\""},
      {"RefusedDtype", R"({"a":{"dtype":"F8_E8M0","shape":[1],"data_offsets":[0,1]}})", 1,
       "F8_E8M0 is known but not supported"},
      {"DtypeNumber", R"({"a":{"dtype":1,"shape":[1],"data_offsets":[0,4]}})", 4, "found a number"},
      {"ShapeNegative", R"({"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}})", 4,
       "negative number"},
      {"ShapeFraction", R"({"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}})", 4,
       "found a fraction"},
      {"ShapeString", R"({"a":{"dtype":"F32","shape":["1"],"data_offsets":[0,4]}})", 4,
       "found a string"},
      {"ShapeNested", R"({"a":{"dtype":"F32","shape":[[1]],"data_offsets":[0,4]}})", 4,
       "found a list"},
      {"ShapeOverflow",
       R"({"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}})", 0,
       "overflows"},
      {"ShapeOverflowBytes",
       R"({"a":{"dtype":"F32","shape":[4611686018427387905],"data_offsets":[0,4]}})", 4,
       "overflows"},
      {"ShapeBeyond64Bits",
       R"({"a":{"dtype":"F32","shape":[18446744073709551616],"data_offsets":[0,4]}})", 4,
       "found a fraction"},
      {"ShapeAbove63Bits",
       R"({"a":{"dtype":"F32","shape":[18446744073709551615],"data_offsets":[0,4]}})", 4,
       "shape entry too large"},
      {"RankNine", R"({"a":{"dtype":"U8","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,1]}})", 1,
       "rank above 8"},
      {"OffsetsOne", R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}})", 4,
       "needs two entries"},
      {"OffsetsThree", R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}})", 4,
       "more than two"},
      {"OffsetsReversed", R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}})", 4,
       "end before they begin"},
      {"OffsetsNegative", R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}})", 4,
       "negative number"},
      {"SizeWrong", R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}})", 4,
       "shape needs 8 bytes, data_offsets give 4"},
      {"HoleAtStart", R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})", 2,
       "a hole before"},
      {"HoleBetween",
       R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"U8","shape":[1],"data_offsets":[2,3]}})",
       3, "a hole before"},
      {"Overlap",
       R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}})",
       3, "overlaps"},
      {"SameRangeTwice",
       R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}})",
       2, "overlaps"},
      {"DataTooShort", kGood, 7, "tensors end at byte 8 of the data, which has 7"},
      {"DataTooLong", kGood, 9, "tensors end at byte 8 of the data, which has 9"},
      {"TensorNull", R"({"a":null})", 0, "found null"},
      {"TensorTrue", R"({"a":true})", 0, "found a truth value"},
      {"NestedObject", R"({"a":{"dtype":{"x":1},"shape":[1],"data_offsets":[0,4]}})", 4,
       "found an object"},
      {"NameTooLong", "{\"" + std::string(600, 'n') + "\":{}}", 0, "a name of 600 bytes"},
      {"DeepLists", "{\"a\":" + std::string(50000, '['), 0, "found a list"},
  };
  return all;
}

class SafetensorsMalformed : public testing::TestWithParam<Malformed> {};
TEST_P(SafetensorsMalformed, IsRefusedByName) {
  const Malformed& m = GetParam();
  EXPECT_THAT(refusal(file_of(m.header, m.data)), testing::HasSubstr(m.message));
}
INSTANTIATE_TEST_SUITE_P(Files, SafetensorsMalformed, testing::ValuesIn(malformed()),
                         [](const auto& i) { return std::string(i.param.name); });

TEST(Safetensors, LengthsAreCheckedBeforeUse) {
  EXPECT_THAT(refusal({}), testing::HasSubstr("has at least 8"));
  EXPECT_THAT(refusal({1, 2, 3, 4, 5, 6, 7}), testing::HasSubstr("7 bytes"));
  EXPECT_THAT(refusal(file_of(kGood, 8, 1000)), testing::HasSubstr("header of 1000 bytes"));
  EXPECT_THAT(refusal(file_of(kGood, 8, 100'000'001)), testing::HasSubstr("allowed are 100000000"));
  EXPECT_THAT(refusal(file_of(kGood, 8, UINT64_MAX - 1)), testing::HasSubstr("allowed are"));
  EXPECT_EQ(refusal(file_of(kGood, 8)), "");
}

TEST(Safetensors, EmptyAndScalarTensorsAreLegal) {
  const auto f = Safetensors::parse(
      file_of(
          R"({"z":{"dtype":"F32","shape":[0,5],"data_offsets":[0,0]},"s":{"dtype":"F64","shape":[],"data_offsets":[0,8]}}   )",
          8),
      "f");
  EXPECT_EQ(f.find("z")->count(), 0u);
  EXPECT_EQ(f.find("s")->count(), 1u);
  EXPECT_EQ(f.find("absent"), nullptr);
}

TEST(Safetensors, WrittenFilesComeBackEqual) {
  SafetensorsWriter w;
  const std::vector<float> a = {1, 2, 3, 4, 5, 6};
  const int64_t n = -7;
  w.metadata("who", "\"quotes\" and \xc3\xa4");
  w.add("a", Dtype::f32, {2, 3}, a.data());
  w.add("n", Dtype::i64, {}, &n);
  w.add_rows("r", 2, 2, a.data(), 3);
  EXPECT_THROW(w.add("a", Dtype::f32, {0}, nullptr), Error);
  const auto bytes = w.bytes();
  uint64_t length;
  std::memcpy(&length, bytes.data(), 8);
  EXPECT_EQ((8 + length) % 64, 0u);
  const auto f = Safetensors::parse(bytes, "f");
  EXPECT_EQ(f.floats("a", {2, 3}), a);
  EXPECT_EQ(f.floats("r", {2, 2}), (std::vector<float>{1, 2, 4, 5}));
  int64_t back = 0;
  f.read("n", Dtype::i64, &back, 1);
  EXPECT_EQ(back, n);
  EXPECT_EQ(f.text("who"), "\"quotes\" and \xc3\xa4");
  EXPECT_THROW(f.read("n", Dtype::f32, &back, 1), Error);
  EXPECT_THROW(f.floats("a", {3, 2}), Error);
  EXPECT_THROW(f.text("absent"), Error);
}

// every cut and thousands of flipped bits: an Error or a value, never a crash
TEST(Safetensors, CutsAndFlipsNeverCrash) {
  SafetensorsWriter w;
  const std::vector<float> a(20, 1.f);
  w.metadata("k", "v");
  w.add("a", Dtype::f32, {4, 5}, a.data());
  w.add("b", Dtype::u8, {7}, a.data());
  const auto good = w.bytes();
  for (size_t n = 0; n < good.size(); ++n)
    EXPECT_NE(refusal({good.begin(), good.begin() + n}), "") << n;
  std::mt19937 random(1);
  for (int i = 0; i < 20000; ++i) {
    auto bad = good;
    for (unsigned k = 0; k <= i % 3u; ++k) bad[random() % bad.size()] ^= 1u << random() % 8;
    refusal(bad);
  }
}

SafetensorsWriter small_policy() {
  SafetensorsWriter w;
  w.metadata("format", "motorium.policy 1");
  w.metadata("activation", "elu");
  return w;
}

TEST(Policy, RefusesNetworksThatDoNotFit) {
  const std::vector<float> zero(64, 0.f), bad(64, std::nanf(""));
  const auto refused = [](const SafetensorsWriter& w) -> std::string {
    try {
      Policy::parse(w.bytes(), "p");
    } catch (const Error& e) {
      return e.what();
    }
    return "";
  };
  auto w = small_policy();
  EXPECT_THAT(refused(w), testing::HasSubstr("no network actor.0.weight"));
  w.add("actor.0.weight", Dtype::f32, {4, 3}, zero.data());
  auto no_bias = w;
  EXPECT_THAT(refused(no_bias), testing::HasSubstr("actor.0.bias"));
  w.add("actor.0.bias", Dtype::f32, {4}, zero.data());
  auto gap = w;
  gap.add("actor.1.weight", Dtype::f32, {2, 5}, zero.data());
  EXPECT_THAT(refused(gap), testing::HasSubstr("takes 5 inputs, the layer before gives 4"));
  auto nan = w;
  nan.add("actor.1.weight", Dtype::f32, {2, 4}, bad.data());
  nan.add("actor.1.bias", Dtype::f32, {2}, zero.data());
  EXPECT_THAT(refused(nan), testing::HasSubstr("not finite"));
  w.add("actor.1.weight", Dtype::f32, {2, 4}, zero.data());
  w.add("actor.1.bias", Dtype::f32, {2}, zero.data());
  EXPECT_THAT(refused(w), testing::HasSubstr("actor.std"));
  w.add("actor.std", Dtype::f32, {2}, zero.data());
  EXPECT_EQ(refused(w), "");
  auto half = w;
  half.add("normalizer.mean", Dtype::f32, {3}, zero.data());
  EXPECT_THAT(refused(half), testing::HasSubstr("normalizer.var"));
  w.metadata("clip_actions", "1.5abc");
  EXPECT_THAT(refused(w), testing::HasSubstr("clip_actions is not a number"));
  w.metadata("activation", "gelu");
  EXPECT_THAT(refused(w), testing::HasSubstr("activation 'gelu'"));
  w.metadata("format", "other");
  EXPECT_THAT(refused(w), testing::HasSubstr("format is \"other\""));
}

}  // namespace
}  // namespace motorium
