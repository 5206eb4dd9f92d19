#include "motorium/core/memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <fstream>
#include <string>
#include <utility>

#include "motorium/core/error.h"
#include "motorium/core/text.h"

namespace motorium {
namespace {

constexpr size_t kHugePage = 2u << 20;

}  // namespace

Arena::Arena(size_t bytes) {
  if (bytes == 0) return;
  void* p = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  require(p != MAP_FAILED, "Arena: the system refuses " + format_bytes(bytes) + " of memory, " +
                               format_bytes(available_memory()) +
                               " are free: use fewer worlds or raise the limit (ulimit -v)");
  // large pages save TLB misses in long walks; a system without them ignores the wish
  if (bytes >= 2 * kHugePage) madvise(p, bytes, MADV_HUGEPAGE);
  data_ = p;
  bytes_ = bytes;
}

Arena::~Arena() {
  if (data_ != nullptr) munmap(data_, bytes_);
}

Arena::Arena(Arena&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}

Arena& Arena::operator=(Arena&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

void Arena::clear() {
  if (data_ != nullptr) madvise(data_, bytes_, MADV_DONTNEED);
}

size_t available_memory() {
  // MemAvailable counts caches that would be given up; sysconf does not
  std::ifstream file("/proc/meminfo");
  std::string key, unit;
  size_t kib = 0;
  while (file >> key >> kib) {
    if (key == "MemAvailable:") return kib * 1024;
    std::getline(file, unit);
  }
  return static_cast<size_t>(sysconf(_SC_AVPHYS_PAGES)) *
         static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace motorium
