// Large zeroed memory that costs nothing until it is touched.
#pragma once
#include <cstddef>

namespace motorium {

// A block of `bytes` zero bytes, aligned to a page. The system provides pages at first touch, so
// that a generous block is cheap and its pages lie near the thread that uses them. Throws Error
// when the address space or the memory limit does not allow it.
class Arena {
 public:
  Arena() = default;
  explicit Arena(size_t bytes);
  ~Arena();
  Arena(Arena&& other) noexcept;
  Arena& operator=(Arena&& other) noexcept;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  void* data() const { return data_; }  // null if bytes() is 0
  size_t bytes() const { return bytes_; }
  void clear();  // all bytes zero again; returns the pages to the system

 private:
  void* data_ = nullptr;
  size_t bytes_ = 0;
};

// free memory of this machine that a program may still use          [bytes]
size_t available_memory();

}  // namespace motorium
