#include "motorium/core/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>

#include "motorium/core/error.h"
#include "motorium/core/text.h"

namespace motorium {
namespace {

[[noreturn]] void fail(const std::string& path, const char* doing, int error) {
  throw Error(path + ": cannot " + doing + ": " + std::strerror(error));
}

std::string folder_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

std::string temporary_name(const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string leaf = slash == std::string::npos ? path : path.substr(slash + 1);
  uint64_t random = 0;
  if (getrandom(&random, sizeof random, 0) != sizeof random)
    random = reinterpret_cast<uintptr_t>(&random);
  char ending[64];
  std::snprintf(ending, sizeof ending, ".%ld.%016llx.tmp", static_cast<long>(getpid()),
                static_cast<unsigned long long>(random));
  return folder_of(path) + "/." + leaf + ending;
}

// the process in `.<name>.<pid>.<random>.tmp`, if a name has this form
std::optional<long> process_of(std::string_view name) {
  if (name.size() < 24 || name.front() != '.' || !name.ends_with(".tmp")) return std::nullopt;
  name.remove_suffix(4);
  const size_t dot = name.rfind('.');
  if (dot == std::string_view::npos || name.size() - dot != 17) return std::nullopt;
  name = name.substr(0, dot);
  const size_t before = name.rfind('.');
  if (before == std::string_view::npos) return std::nullopt;
  const std::optional<int64_t> pid = parse_integer(name.substr(before + 1));
  return pid && *pid > 0 ? std::optional<long>(*pid) : std::nullopt;
}

// an open file that is closed, and a temporary name that is removed, unless all went well
struct Pending {
  const FileCalls& calls;
  std::string name;
  int file = -1;
  bool exists = false;
  ~Pending() {
    if (file >= 0) calls.close(file);
    if (exists) calls.unlink(name.c_str());
  }
};

}  // namespace

const FileCalls& system_file_calls() {
  static const FileCalls calls = {
      [](const char* path, int flags, mode_t mode) { return ::open(path, flags, mode); },
      [](int file, const void* data, size_t bytes) { return ::write(file, data, bytes); },
      [](int file, mode_t mode) { return ::fchmod(file, mode); },
      [](int file) { return ::fsync(file); },
      [](int file) { return ::close(file); },
      [](const char* from, const char* to) { return ::rename(from, to); },
      [](const char* path) { return ::unlink(path); },
  };
  return calls;
}

std::string read_file(const std::string& path, uint64_t limit) {
  // O_NONBLOCK: opening a pipe must not wait for a writer
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (file < 0) fail(path, "open", errno);
  struct Closer {
    int file;
    ~Closer() { ::close(file); }
  } closer{file};
  struct stat info;
  if (fstat(file, &info) != 0) fail(path, "read", errno);
  require(S_ISREG(info.st_mode), path + ": not a regular file");
  const uint64_t size = static_cast<uint64_t>(info.st_size);
  const auto too_large = [&](uint64_t found) {
    return path + ": " + with_commas(found) + " bytes, at most " + with_commas(limit) + " are read";
  };
  require(size <= limit, too_large(size));

  // a file that grows meanwhile is read to its end or to the limit
  std::string bytes;
  bytes.resize(size);
  size_t have = 0;
  while (true) {
    if (have == bytes.size()) bytes.resize(have + 4096);
    const ssize_t n = ::read(file, bytes.data() + have, bytes.size() - have);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail(path, "read", errno);
    if (n == 0) break;
    have += static_cast<size_t>(n);
    require(have <= limit, too_large(have));
  }
  bytes.resize(have);
  return bytes;
}

void write_durably(const std::string& path, const std::vector<std::string_view>& parts,
                   const FileCalls& calls) {
  require(!path.empty() && path.back() != '/', "\"" + path + "\": not the name of a file");
  struct stat old;
  const bool replaces = ::stat(path.c_str(), &old) == 0;
  require(!replaces || S_ISREG(old.st_mode), path + ": exists and is not a regular file");

  // 1. a temporary file in the same folder, so that rename stays inside one file system
  Pending pending{calls, temporary_name(path)};
  pending.file = calls.open(pending.name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (pending.file < 0) fail(path, "create a temporary file beside it", errno);
  pending.exists = true;
  if (replaces && calls.change_mode(pending.file, old.st_mode & 07777) != 0)
    fail(path, "set the mode of the new file", errno);

  // 2. all bytes; the system may take fewer at a time
  for (std::string_view part : parts) {
    while (!part.empty()) {
      const ssize_t n =
          calls.write(pending.file, part.data(), std::min(part.size(), size_t{1} << 30));
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) fail(path, "write", n < 0 ? errno : ENOSPC);
      part.remove_prefix(static_cast<size_t>(n));
    }
  }

  // 3. to the disk, before the name points to it; some systems report write errors only at close
  if (calls.sync(pending.file) != 0) fail(path, "bring to the disk", errno);
  const int file = pending.file;
  pending.file = -1;
  if (calls.close(file) != 0) fail(path, "close", errno);

  // 4. the new name
  if (calls.rename(pending.name.c_str(), path.c_str()) != 0) fail(path, "rename into place", errno);
  pending.exists = false;

  // 5. the folder, or the rename itself may be lost
  const std::string folder = folder_of(path);
  Pending directory{calls, folder};
  directory.file = calls.open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
  if (directory.file < 0) fail(folder, "open the folder", errno);
  if (calls.sync(directory.file) != 0) fail(folder, "bring the folder to the disk", errno);
}

void write_durably(const std::string& path, std::string_view bytes, const FileCalls& calls) {
  write_durably(path, std::vector<std::string_view>{bytes}, calls);
}

void probe_folder(const std::string& folder, const FileCalls& calls) {
  const std::string probe = temporary_name(folder + "/probe");
  write_durably(probe, "motorium probes whether this folder keeps files\n", calls);
  if (calls.unlink(probe.c_str()) != 0) fail(probe, "remove", errno);
}

int remove_stale_temporaries(const std::string& folder) {
  DIR* const directory = opendir(folder.c_str());
  if (directory == nullptr) return 0;
  std::vector<std::string> stale;
  while (const dirent* entry = readdir(directory)) {
    const std::optional<long> pid = process_of(entry->d_name);
    if (pid && kill(static_cast<pid_t>(*pid), 0) != 0 && errno == ESRCH)
      stale.push_back(folder + "/" + entry->d_name);
  }
  closedir(directory);
  int removed = 0;
  for (const std::string& path : stale) removed += ::unlink(path.c_str()) == 0;
  return removed;
}

}  // namespace motorium
