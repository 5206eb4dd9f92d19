#include "motorium/core/threads.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>
#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>
#include <vector>

#include "motorium/core/error.h"

namespace motorium {
namespace {

long sum_of_squares(Threads& threads, int n) {
  std::vector<long> squares(static_cast<size_t>(n));
  threads.run(n, [&](int i, int) { squares[static_cast<size_t>(i)] = static_cast<long>(i) * i; });
  long sum = 0;
  for (long s : squares) sum += s;
  return sum;
}

TEST(ThreadsTest, EveryItemRunsOnce) {
  for (int count : {1, 2, 3, 8}) {
    Threads threads(count);
    EXPECT_EQ(threads.count(), count);
    for (int n : {0, 1, 2, 7, 1000}) {
      std::vector<int> runs(static_cast<size_t>(n));
      std::atomic<int> strange{0};
      threads.run(n, [&](int i, int worker) {
        ++runs[static_cast<size_t>(i)];
        strange += worker < 0 || worker >= count;
      });
      for (int r : runs) ASSERT_EQ(r, 1);
      EXPECT_EQ(strange, 0);
    }
  }
}

TEST(ThreadsTest, ManyShortJobsInARow) {
  Threads threads(4);
  long total = 0;
  for (int k = 0; k < 20000; ++k) {
    std::atomic<int> done{0};
    threads.run(5, [&](int i, int) { done += i; });
    total += done;
  }
  EXPECT_EQ(total, 20000L * 10);
}

TEST(ThreadsTest, AWorkerHasOneItemAtATime) {
  Threads threads(4);
  std::vector<int> busy(4);
  std::atomic<int> clashes{0};
  threads.run(2000, [&](int, int worker) {
    int& mine = busy[static_cast<size_t>(worker)];
    clashes += mine != 0;
    mine = 1;
    mine = 0;
  });
  EXPECT_EQ(clashes, 0);
}

TEST(ThreadsTest, TheExceptionOfTheLowestItemIsThrown) {
  for (int count : {2, 4}) {
    Threads threads(count);
    for (int repeat = 0; repeat < 50; ++repeat) {
      std::atomic<int> runs{0};
      try {
        threads.run(64, [&](int i, int) {
          ++runs;
          if (i % 10 == 7) throw Error("item " + std::to_string(i));
        });
        FAIL();
      } catch (const Error& e) {
        EXPECT_STREQ(e.what(), "item 7");
      }
      EXPECT_EQ(runs, 64);
    }
    EXPECT_EQ(sum_of_squares(threads, 100), 328350);
  }
}

TEST(ThreadsTest, AForkedChildStartsItsOwn) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "ThreadSanitizer does not follow threads of a forked child";
#endif
  Threads threads(3);
  ASSERT_EQ(sum_of_squares(threads, 100), 328350);
  const pid_t child = fork();
  if (child == 0) {
    alarm(20);
    const bool good = sum_of_squares(threads, 100) == 328350;
    Threads more(2);
    _exit(good && sum_of_squares(more, 100) == 328350 ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  EXPECT_EQ(sum_of_squares(threads, 100), 328350);
}

TEST(ThreadsTest, AForkedChildMayEndNormally) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "ThreadSanitizer does not follow threads of a forked child";
#endif
  const pid_t child = fork();
  if (child == 0) {
    alarm(20);
    {
      Threads threads(3);
      sum_of_squares(threads, 10);
      const pid_t grandchild = fork();
      if (grandchild == 0) {
        // destroys a pool whose threads live elsewhere
        threads.~Threads();
        _exit(0);
      }
      int status = -1;
      waitpid(grandchild, &status, 0);
      if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) _exit(1);
    }
    _exit(0);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

#if defined(__x86_64__)
TEST(ThreadsTest, ItemsRunWithDenormalsAndTheCallersModeComesBack) {
  for (int count : {1, 3}) {
    Threads threads(count);
    const unsigned before = _mm_getcsr();
    _mm_setcsr(before | 0x8040);  // flush to zero, denormals are zero
    std::atomic<int> flushed{0};
    threads.run(100, [&](int, int) {
      volatile float tiny = 1e-40f;
      const float half = tiny * 0.5f;
      flushed += half == 0.f;
    });
    EXPECT_EQ(_mm_getcsr() & 0x8040, 0x8040u);
    _mm_setcsr(before);
    EXPECT_EQ(flushed, 0);
  }
}
#endif

TEST(ThreadsTest, IdleWorkersSleep) {
  Threads threads(4);
  sum_of_squares(threads, 100);
  timespec a, b;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
  const double used =
      static_cast<double>(b.tv_sec - a.tv_sec) + 1e-9 * static_cast<double>(b.tv_nsec - a.tv_nsec);
  EXPECT_LT(used, 0.05);
}

TEST(ThreadsTest, TheDefaultPoolIsOne) {
  EXPECT_EQ(&default_threads(), &default_threads());
  EXPECT_GE(physical_cores(), 1);
  EXPECT_EQ(default_threads().count(), physical_cores());
}

}  // namespace
}  // namespace motorium
