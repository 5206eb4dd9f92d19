#include "motorium/core/cpu.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/core/check_kernels.h"

namespace motorium {
namespace {

TEST(Cpu, TheChoiceFollowsMachineCacheAndWish) {
  EXPECT_EQ(choose_isa(true, false, 1 << 20, nullptr), Isa::v3);
  EXPECT_EQ(choose_isa(true, true, 1 << 20, nullptr), Isa::v4);
  EXPECT_EQ(choose_isa(true, true, 512 << 10, nullptr), Isa::v3);
  EXPECT_EQ(choose_isa(true, true, 0, nullptr), Isa::v4);
  EXPECT_EQ(choose_isa(true, true, 1 << 20, "v3"), Isa::v3);
  EXPECT_EQ(choose_isa(true, true, 1 << 10, "v4"), Isa::v4);
  EXPECT_EQ(choose_isa(true, true, 1 << 20, ""), Isa::v4);
}

TEST(Cpu, MessagesSayWhatToDo) {
  const auto message = [](bool v3, bool v4, const char* forced) -> std::string {
    try {
      choose_isa(v3, v4, 1 << 20, forced);
    } catch (const Error& e) {
      return e.what();
    }
    return "";
  };
  EXPECT_EQ(message(true, true, "avx9"), "MOTORIUM_ISA=avx9: allowed are v3 and v4");
  EXPECT_EQ(message(true, false, "v4"),
            "MOTORIUM_ISA=v4: this CPU lacks AVX-512 (x86-64-v4): use v3 or unset it");
  EXPECT_EQ(message(false, false, nullptr),
            "this CPU lacks AVX2 and FMA (x86-64-v3): motorium needs a CPU of 2015 or newer");
  EXPECT_THROW(choose_isa(false, false, 0, "v3"), UnsupportedCpu);
}

TEST(Cpu, EveryTableOfThisMachineRuns) {
  if (!has_isa(Isa::v3)) GTEST_SKIP() << "needs AVX2";
  EXPECT_EQ(motorium_core_check_v3.widest, 8);
  EXPECT_EQ(motorium_core_check_v3.tiny_sum(0x1p-149f, 0x1p-148f), 0x3p-149f);
  if (has_isa(Isa::v4)) {
    EXPECT_EQ(motorium_core_check_v4.widest, 16);
  }
  EXPECT_TRUE(has_isa(best_isa()));
}

}  // namespace
}  // namespace motorium
