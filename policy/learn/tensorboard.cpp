#include "motorium/policy/learn/tensorboard.h"

#include <unistd.h>

#include <array>
#include <chrono>
#include <cstring>

#include "motorium/core/error.h"

namespace motorium {

uint32_t crc32c(const void* data, size_t size) {
  static const auto table = [] {
    std::array<uint32_t, 256> t{};
    for (uint32_t i = 0; i < 256; ++i) {
      uint32_t c = i;
      for (int k = 0; k < 8; ++k) c = c & 1 ? 0x82f63b78u ^ (c >> 1) : c >> 1;
      t[i] = c;
    }
    return t;
  }();
  uint32_t c = 0xffffffffu;
  const uint8_t* p = static_cast<const uint8_t*>(data);
  for (size_t i = 0; i < size; ++i) c = table[(c ^ p[i]) & 0xff] ^ (c >> 8);
  return ~c;
}

uint32_t masked_crc32c(const void* data, size_t size) {
  const uint32_t c = crc32c(data, size);
  return ((c >> 15) | (c << 17)) + 0xa282ead8u;
}

namespace {

void add_varint(std::string& s, uint64_t x) {
  while (x >= 128) s += static_cast<char>((x & 127) | 128), x >>= 7;
  s += static_cast<char>(x);
}
template <class T> void add_raw(std::string& s, T x) {
  char b[sizeof x];
  std::memcpy(b, &x, sizeof x);
  s.append(b, sizeof x);
}
void add_bytes(std::string& s, char key, const std::string& bytes) {
  s += key;
  add_varint(s, bytes.size());
  s += bytes;
}
// keys are (field << 3 | wire type)
std::string event_head(int64_t step) {
  using namespace std::chrono;
  std::string e;
  e += '\x09';
  add_raw(e, duration<double>(system_clock::now().time_since_epoch()).count());
  e += '\x10';
  add_varint(e, static_cast<uint64_t>(step));
  return e;
}

}  // namespace

TensorBoardWriter::TensorBoardWriter(const std::string& directory) {
  const long long now = std::chrono::duration_cast<std::chrono::seconds>(
                            std::chrono::system_clock::now().time_since_epoch())
                            .count();
  path_ =
      directory + "/events.out.tfevents." + std::to_string(now) + "." + std::to_string(getpid());
  file_ = std::fopen(path_.c_str(), "ab");
  require(file_, path_ + ": cannot be written: " + std::strerror(errno));
  std::string e = event_head(0);
  add_bytes(e, '\x1a', "brain.Event:2");
  frame(e);
}

TensorBoardWriter::~TensorBoardWriter() {
  if (file_) std::fclose(file_);
}

void TensorBoardWriter::write(int64_t step,
                              const std::vector<std::pair<std::string, double>>& scalars) {
  std::string summary;
  for (const auto& [tag, x] : scalars) {
    std::string value;
    add_bytes(value, '\x0a', tag);
    value += '\x15';
    add_raw(value, static_cast<float>(x));
    add_bytes(summary, '\x0a', value);
  }
  std::string e = event_head(step);
  add_bytes(e, '\x2a', summary);
  frame(e);
}

void TensorBoardWriter::frame(const std::string& data) {
  std::string head;
  add_raw(head, static_cast<uint64_t>(data.size()));
  std::string out = head;
  add_raw(out, masked_crc32c(head.data(), head.size()));
  out += data;
  add_raw(out, masked_crc32c(data.data(), data.size()));
  std::fwrite(out.data(), 1, out.size(), file_);
  std::fflush(file_);
}

}  // namespace motorium
