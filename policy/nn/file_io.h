// The two file operations of policy/.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace motorium {

// Whole file; throws Error when it cannot be read or is larger than 16 GiB.
std::vector<uint8_t> read_bytes(const std::string& path);
// Old or new content after any failure, never a torn one; on disk when the call returns. Throws
// Error.
void save_bytes(const std::string& path, const std::vector<uint8_t>& bytes);

}  // namespace motorium
