// C1, C4: what was reported as saved survives; what was not leaves the old file whole.
#include "motorium/core/file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>
#include <thread>

#include "motorium/core/error.h"
#include "motorium/core/hash.h"

namespace motorium {
namespace {

namespace fs = std::filesystem;

class File : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "motorium_file_XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder = name;
  }
  void TearDown() override { fs::remove_all(folder); }
  int entries() const {
    return static_cast<int>(
        std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
  }
  std::string folder;
};

// ---- a table of calls that records, and fails where it is told to ----
std::vector<std::string> trace;
std::string fail_at;  // name of the call that fails
int short_write = 0;  // bytes taken per write, 0: all
int folder_file = -1;

bool failing(const char* name) {
  trace.push_back(name);
  errno = ENOSPC;
  return fail_at == name;
}

const FileCalls kTraced = {
    [](const char* path, int flags, mode_t mode) {
      const bool is_folder = flags & O_DIRECTORY;
      if (failing(is_folder ? "open folder" : "open")) return -1;
      if (!is_folder) {
        EXPECT_EQ(flags & (O_EXCL | O_CLOEXEC | O_CREAT), O_EXCL | O_CLOEXEC | O_CREAT);
      }
      const int file = ::open(path, flags, mode);
      if (is_folder) folder_file = file;
      return file;
    },
    [](int file, const void* data, size_t bytes) -> ssize_t {
      if (failing("write")) return -1;
      return ::write(file, data, short_write ? std::min<size_t>(bytes, 3) : bytes);
    },
    [](int file, mode_t mode) { return failing("mode") ? -1 : ::fchmod(file, mode); },
    [](int file) {
      return failing(file == folder_file ? "sync folder" : "sync") ? -1 : ::fsync(file);
    },
    [](int file) {
      const bool is_folder = file == folder_file;
      if (is_folder) folder_file = -1;
      const int result = ::close(file);
      return failing(is_folder ? "close folder" : "close") ? -1 : result;
    },
    [](const char* a, const char* b) { return failing("rename") ? -1 : ::rename(a, b); },
    [](const char* path) {
      trace.push_back("unlink");
      return ::unlink(path);
    },
};

TEST_F(File, CallsComeInTheOrderThatLasts) {
  trace.clear();
  fail_at.clear();
  write_durably(folder + "/a", "hello", kTraced);
  EXPECT_EQ(trace, (std::vector<std::string>{"open", "write", "sync", "close", "rename",
                                             "open folder", "sync folder", "close folder"}));
  trace.clear();
  write_durably(folder + "/a", "hello again", kTraced);
  EXPECT_EQ(trace, (std::vector<std::string>{"open", "mode", "write", "sync", "close", "rename",
                                             "open folder", "sync folder", "close folder"}));
  EXPECT_EQ(read_file(folder + "/a", 100), "hello again");
  EXPECT_EQ(entries(), 1);
}

TEST_F(File, AnyFailureLeavesTheOldFileAndNoOther) {
  write_durably(folder + "/a", "old");
  for (const char* name : {"open", "mode", "write", "sync", "close", "rename"}) {
    fail_at = name;
    trace.clear();
    EXPECT_THROW(write_durably(folder + "/a", "new bytes", kTraced), Error) << name;
    EXPECT_EQ(read_file(folder + "/a", 100), "old") << name;
    EXPECT_EQ(entries(), 1) << name;
  }
  // after the rename the new file is there, but it may not be reported as saved
  for (const char* name : {"open folder", "sync folder"}) {
    fail_at = name;
    EXPECT_THROW(write_durably(folder + "/a", "new bytes", kTraced), Error) << name;
    EXPECT_EQ(entries(), 1) << name;
  }
  fail_at.clear();
}

TEST_F(File, ShortWritesAreContinued) {
  short_write = 1;
  fail_at.clear();
  write_durably(folder + "/a", {"hello ", "", "wide", " world"}, kTraced);
  short_write = 0;
  EXPECT_EQ(read_file(folder + "/a", 100), "hello wide world");
}

TEST_F(File, TheModeIsKept) {
  write_durably(folder + "/a", "x");
  ::chmod((folder + "/a").c_str(), 0640);
  write_durably(folder + "/a", "y");
  struct stat info;
  ASSERT_EQ(::stat((folder + "/a").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0640u);
}

TEST_F(File, ReadingHasALimitAndWantsAFile) {
  write_durably(folder + "/a", std::string(1000, 'x'));
  EXPECT_EQ(read_file(folder + "/a", 1000).size(), 1000u);
  const auto message = [](const std::string& path, uint64_t limit) -> std::string {
    try {
      read_file(path, limit);
    } catch (const Error& e) {
      return e.what();
    }
    return "";
  };
  EXPECT_NE(message(folder + "/a", 999).find("1,000 bytes, at most 999 are read"),
            std::string::npos);
  EXPECT_NE(message(folder, 999).find("not a regular file"), std::string::npos);
  EXPECT_NE(message(folder + "/none", 999).find("No such file"), std::string::npos);
  EXPECT_NE(message("/dev/zero", 999).find("not a regular file"), std::string::npos);
  ASSERT_EQ(::mkfifo((folder + "/pipe").c_str(), 0600), 0);
  EXPECT_NE(message(folder + "/pipe", 999).find("not a regular file"), std::string::npos);
  EXPECT_THROW(write_durably(folder + "/pipe", "x"), Error);
  EXPECT_THROW(write_durably(folder + "/", "x"), Error);
}

TEST_F(File, AFolderIsProbedBeforeARun) {
  probe_folder(folder);
  EXPECT_EQ(entries(), 0);
  EXPECT_THROW(probe_folder(folder + "/none"), Error);
  fail_at = "rename";
  EXPECT_THROW(probe_folder(folder, kTraced), Error);
  fail_at.clear();
  EXPECT_EQ(entries(), 0);
}

TEST_F(File, TemporariesOfDeadProcessesAreRemoved) {
  const pid_t child = fork();
  if (child == 0) _exit(0);
  waitpid(child, nullptr, 0);
  const std::string dead =
      folder + "/.run.safetensors." + std::to_string(child) + ".0123456789abcdef.tmp";
  const std::string alive =
      folder + "/.run.safetensors." + std::to_string(getpid()) + ".0123456789abcdef.tmp";
  for (const std::string& path : {dead, alive, folder + "/.notes.tmp", folder + "/a.tmp"})
    std::ofstream(path) << "x";
  EXPECT_EQ(remove_stale_temporaries(folder), 1);
  EXPECT_FALSE(fs::exists(dead));
  EXPECT_EQ(entries(), 3);
}

// C1: SIGKILL at random moments of saving; the file is always one that was written whole, and never
// older than the last one reported
TEST_F(File, KilledWhileSavingLeavesAWholeFile) {
  const std::string path = folder + "/checkpoint";
  std::mt19937 random(12345);
  int progress = 0;
  for (int k = 0; k < 100; ++k) {
    int report[2];
    ASSERT_EQ(::pipe2(report, O_CLOEXEC), 0);
    const pid_t child = fork();
    if (child == 0) {
      // number, 200 kB made from it, and a hash of all
      for (uint64_t n = static_cast<uint64_t>(progress) + 1;; ++n) {
        std::string body(sizeof n + 200000, static_cast<char>('a' + n % 26));
        std::memcpy(body.data(), &n, sizeof n);
        const uint64_t hash = hash_of(body);
        write_durably(path, {body, {reinterpret_cast<const char*>(&hash), sizeof hash}});
        if (::write(report[1], &n, sizeof n) != sizeof n) _exit(1);
      }
    }
    ::close(report[1]);
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 20000));
    ::kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    uint64_t reported = static_cast<uint64_t>(progress), n = 0;
    while (::read(report[0], &n, sizeof n) == sizeof n) reported = n;
    ::close(report[0]);

    if (reported == 0 && !fs::exists(path)) continue;
    const std::string bytes = read_file(path, 1 << 20);
    ASSERT_EQ(bytes.size(), 8 + 200000 + 8u);
    uint64_t hash = 0;
    std::memcpy(&n, bytes.data(), 8);
    std::memcpy(&hash, bytes.data() + bytes.size() - 8, 8);
    ASSERT_EQ(hash, hash_of(std::string_view(bytes).substr(0, bytes.size() - 8)));
    ASSERT_GE(n, reported);
    progress = static_cast<int>(n);
  }
  EXPECT_GT(progress, 0);

  // negative control: the check above does notice a torn file
  std::string torn = read_file(path, 1 << 20);
  torn[100000] ^= 1;
  uint64_t hash = 0;
  std::memcpy(&hash, torn.data() + torn.size() - 8, 8);
  EXPECT_NE(hash, hash_of(std::string_view(torn).substr(0, torn.size() - 8)));

  remove_stale_temporaries(folder);
  EXPECT_EQ(entries(), 1);
}

}  // namespace
}  // namespace motorium
