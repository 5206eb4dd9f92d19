// Writes TensorBoard event files: TFRecord frames around hand-encoded protocol buffers.
//
//   frame  u64 length | u32 masked crc32c(length) | data | u32 masked crc32c(data)
//   Event  { double wall_time = 1; int64 step = 2; string file_version = 3; Summary summary = 5; }
//   Summary { repeated Value value = 1; }  Value { string tag = 1; float simple_value = 2; }
#pragma once
#include <cstdint>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

namespace motorium {

// CRC-32C (Castagnoli) of some bytes, and the masked form of TFRecord.
uint32_t crc32c(const void* data, size_t size);
uint32_t masked_crc32c(const void* data, size_t size);

class TensorBoardWriter {
 public:
  // Opens <directory>/events.out.tfevents.<time>.<pid>; throws Error when it cannot.
  explicit TensorBoardWriter(const std::string& directory);
  ~TensorBoardWriter();
  TensorBoardWriter(const TensorBoardWriter&) = delete;
  TensorBoardWriter& operator=(const TensorBoardWriter&) = delete;

  // One event with all scalars; on disk when the call returns (not synced).
  void write(int64_t step, const std::vector<std::pair<std::string, double>>& scalars);
  const std::string& path() const { return path_; }

 private:
  void frame(const std::string& data);
  std::string path_;
  std::FILE* file_ = nullptr;
};

}  // namespace motorium
