// FNV-1a, 64 bits [Fowler, Noll, Vo]: names states, models and layouts. Not for hostile input.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

namespace motorium {

class Hash {
 public:
  constexpr Hash& add(std::string_view text) {
    for (char c : text) value_ = (value_ ^ static_cast<unsigned char>(c)) * 0x100000001b3ull;
    return *this;
  }
  Hash& add(const void* data, size_t bytes) {
    return add(std::string_view(static_cast<const char*>(data), bytes));
  }
  // the bytes of one number, without padding
  template <class T> Hash& add_value(const T& x) {
    static_assert(std::has_unique_object_representations_v<T> || std::is_floating_point_v<T>);
    return add(&x, sizeof x);
  }
  constexpr uint64_t value() const { return value_; }

 private:
  uint64_t value_ = 0xcbf29ce484222325ull;
};

constexpr uint64_t hash_of(std::string_view bytes) { return Hash().add(bytes).value(); }

}  // namespace motorium
