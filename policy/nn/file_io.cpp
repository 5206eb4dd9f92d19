#include "motorium/policy/nn/file_io.h"

#include "motorium/core/file.h"

namespace motorium {

std::vector<uint8_t> read_bytes(const std::string& path) {
  const std::string s = read_file(path, uint64_t(16) << 30);
  return {s.begin(), s.end()};
}

void save_bytes(const std::string& path, const std::vector<uint8_t>& bytes) {
  write_durably(path, std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

}  // namespace motorium
