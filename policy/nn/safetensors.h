// The safetensors file format: our own reader and writer.
//
//   u64 little-endian N | N bytes of UTF-8 JSON | data
//
// The reader takes bytes from anywhere, hostile ones too: everything is checked before it is used,
// and what is wrong is named (policy rules: sizes exact, no hole, no overlap, no duplicate key).
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace motorium {

enum class Dtype {
  boolean,
  u8,
  i8,
  u16,
  i16,
  u32,
  i32,
  u64,
  i64,
  f16,
  bf16,
  f32,
  f64,
  f8_e4m3,
  f8_e5m2
};
const char* dtype_name(Dtype d);  // "F32"
int dtype_bytes(Dtype d);

struct TensorInfo {
  std::string name;
  Dtype dtype = Dtype::f32;
  std::vector<int64_t> shape;  // empty: a scalar
  size_t begin = 0, end = 0;   // bytes, from the start of the data
  size_t count() const { return (end - begin) / dtype_bytes(dtype); }
};

// A file in memory, checked. Tensors are in the order of their data.
class Safetensors {
 public:
  // Throws Error that names `origin` (a path, say) and the defect.
  static Safetensors parse(std::vector<uint8_t> bytes, const std::string& origin);

  const std::vector<TensorInfo>& tensors() const { return tensors_; }
  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  const TensorInfo* find(const std::string& name) const;  // null: absent
  const uint8_t* data(const TensorInfo& t) const { return bytes_.data() + data_at_ + t.begin; }
  const std::string& origin() const { return origin_; }

  // Copies a tensor; throws Error when it is absent, of another dtype, or of another element count.
  void read(const std::string& name, Dtype dtype, void* to, size_t count) const;
  // All of an F32 tensor with this shape; throws Error otherwise.
  std::vector<float> floats(const std::string& name, const std::vector<int64_t>& shape) const;
  // Metadata value; throws Error when absent.
  const std::string& text(const std::string& key) const;

 private:
  std::vector<uint8_t> bytes_;
  size_t data_at_ = 0;
  std::vector<TensorInfo> tensors_;
  std::map<std::string, size_t> index_;
  std::map<std::string, std::string> metadata_;
  std::string origin_;
};

// Collects tensors and metadata, then gives the bytes of the file; data start at a multiple of 64.
class SafetensorsWriter {
 public:
  void metadata(const std::string& key, const std::string& value) { metadata_[key] = value; }
  // Copies the data. Throws Error for a name used twice.
  void add(const std::string& name, Dtype dtype, const std::vector<int64_t>& shape,
           const void* data);
  // rows of `cols` floats that lie `stride` floats apart
  void add_rows(const std::string& name, int rows, int cols, const float* data, long stride);
  std::vector<uint8_t> bytes() const;
  const std::vector<TensorInfo>& tensors() const { return tensors_; }
  const uint8_t* data(const TensorInfo& t) const { return data_.data() + t.begin; }

 private:
  std::map<std::string, std::string> metadata_;
  std::vector<TensorInfo> tensors_;
  std::vector<uint8_t> data_;
};

}  // namespace motorium
