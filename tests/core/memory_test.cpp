#include "motorium/core/memory.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <utility>

#include "motorium/core/error.h"

namespace motorium {
namespace {

TEST(Memory, ArenasAreZeroAlignedAndMovable) {
  Arena a(100000);
  EXPECT_EQ(a.bytes(), 100000u);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(a.data()) % 64, 0u);
  const unsigned char* bytes = static_cast<const unsigned char*>(a.data());
  for (size_t i = 0; i < a.bytes(); ++i) ASSERT_EQ(bytes[i], 0);
  std::memset(a.data(), 7, a.bytes());
  Arena b = std::move(a);
  EXPECT_EQ(a.data(), nullptr);
  EXPECT_EQ(static_cast<unsigned char*>(b.data())[99999], 7);
  b.clear();
  EXPECT_EQ(static_cast<unsigned char*>(b.data())[99999], 0);
  EXPECT_EQ(Arena().data(), nullptr);
  EXPECT_EQ(Arena(0).bytes(), 0u);
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST(Memory, UntouchedMemoryCostsNothingAndTooMuchIsAnError) {
  Arena large(size_t{1} << 40);
  static_cast<char*>(large.data())[size_t{1} << 39] = 1;
  try {
    Arena impossible(size_t{1} << 60);
    FAIL();
  } catch (const Error& e) {
    EXPECT_NE(std::string(e.what()).find("1048576.0 TiB"), std::string::npos) << e.what();
  }
}
#endif

TEST(Memory, AvailableMemoryIsKnown) { EXPECT_GT(available_memory(), size_t{1} << 20); }

}  // namespace
}  // namespace motorium
