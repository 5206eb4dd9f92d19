#include "motorium/policy/nn/safetensors.h"

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>

#include "motorium/core/error.h"

namespace motorium {

namespace {

constexpr uint64_t kHeaderBytes = 100'000'000;
constexpr size_t kTensors = 100'000;
constexpr size_t kRank = 8;
constexpr size_t kNameLength = 512;

struct DtypeRow {
  const char* name;
  int bytes;
};
constexpr DtypeRow kDtypes[] = {{"BOOL", 1}, {"U8", 1},      {"I8", 1},     {"U16", 2},
                                {"I16", 2},  {"U32", 4},     {"I32", 4},    {"U64", 8},
                                {"I64", 8},  {"F16", 2},     {"BF16", 2},   {"F32", 4},
                                {"F64", 8},  {"F8_E4M3", 1}, {"F8_E5M2", 1}};
const char* const kRefused[] = {"F8_E4M3FNUZ", "F8_E5M2FNUZ", "F8_E8M0", "F4",
                                "F6_E2M3",     "F6_E3M2",     "C64"};

// printable form of a name from a file
std::string in_quotes(const std::string& s) {
  return nlohmann::json(s.substr(0, 80))
      .dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
}

uint64_t checked_multiply(uint64_t a, uint64_t b, const std::string& what) {
  uint64_t r;
  require(!__builtin_mul_overflow(a, b, &r), what + ": shape overflows 64 bits");
  return r;
}

// Walks the header event by event, so that duplicate keys and wrong types are seen where they
// stand.
class HeaderReader : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit HeaderReader(const std::string& o) : origin(o) {}
  std::string origin;
  std::vector<TensorInfo> tensors;
  std::map<std::string, std::string> metadata;

  bool null() override { return wrong("null"); }
  bool boolean(bool) override { return wrong("a truth value"); }
  bool number_integer(number_integer_t) override { return wrong("a negative number"); }
  bool number_float(number_float_t, const string_t&) override { return wrong("a fraction"); }
  bool binary(binary_t&) override { return wrong("binary"); }

  bool number_unsigned(number_unsigned_t x) override {
    if (place == Place::shape) {
      require(shape.size() < kRank, at() + ": rank above " + std::to_string(kRank));
      require(x <= INT64_MAX, at() + ": shape entry too large");
      shape.push_back(static_cast<int64_t>(x));
      return true;
    }
    if (place == Place::offsets) {
      require(offsets.size() < 2, at() + ": data_offsets has more than two entries");
      offsets.push_back(x);
      return true;
    }
    return wrong("a number");
  }

  bool string(string_t& s) override {
    if (place == Place::metadata) {
      metadata[field] = s;
      return true;
    }
    if (place == Place::tensor && field == "dtype") {
      for (const char* r : kRefused)
        require(s != r, at() + ": dtype " + std::string(r) + " is known but not supported");
      for (size_t i = 0; i < std::size(kDtypes); ++i)
        if (s == kDtypes[i].name) {
          dtype = static_cast<int>(i);
          return true;
        }
      throw Error(at() + ": unknown dtype " + in_quotes(s));
    }
    return wrong("a string");
  }

  bool start_object(size_t) override {
    if (place == Place::outside) {
      place = Place::top;
      return true;
    }
    if (place != Place::top) return wrong("an object");
    fields.clear();
    if (name == "__metadata__") {
      place = Place::metadata;
      return true;
    }
    place = Place::tensor;
    dtype = -1;
    has_shape = has_offsets = false;
    shape.clear();
    offsets.clear();
    return true;
  }

  bool end_object() override {
    if (place == Place::tensor) {
      require(dtype >= 0 && has_shape && has_offsets,
              at() + ": needs exactly dtype, shape and data_offsets");
      require(offsets.size() == 2, at() + ": data_offsets needs two entries");
      require(offsets[0] <= offsets[1], at() + ": data_offsets end before they begin");
      TensorInfo t;
      t.name = name;
      t.dtype = static_cast<Dtype>(dtype);
      t.shape = shape;
      t.begin = offsets[0];
      t.end = offsets[1];
      uint64_t bytes = dtype_bytes(t.dtype);
      for (int64_t n : shape) bytes = checked_multiply(bytes, static_cast<uint64_t>(n), at());
      require(bytes == offsets[1] - offsets[0], at() + ": shape needs " + std::to_string(bytes) +
                                                    " bytes, data_offsets give " +
                                                    std::to_string(offsets[1] - offsets[0]));
      require(tensors.size() < kTensors,
              origin + ": more than " + std::to_string(kTensors) + " tensors");
      tensors.push_back(std::move(t));
      place = Place::top;
    } else if (place == Place::metadata) {
      place = Place::top;
    } else {
      place = Place::outside;
    }
    return true;
  }

  bool start_array(size_t) override {
    if (place == Place::tensor && field == "shape") {
      place = Place::shape;
      has_shape = true;
      return true;
    }
    if (place == Place::tensor && field == "data_offsets") {
      place = Place::offsets;
      has_offsets = true;
      return true;
    }
    return wrong("a list");
  }
  bool end_array() override {
    place = Place::tensor;
    return true;
  }

  bool key(string_t& k) override {
    require(k.size() <= kNameLength, origin + ": a name of " + std::to_string(k.size()) +
                                         " bytes, allowed are " + std::to_string(kNameLength));
    if (place == Place::top) {
      require(names.insert({k, 0}).second, origin + ": key " + in_quotes(k) + " twice");
      name = k;
      field.clear();
      return true;
    }
    require(fields.insert({k, 0}).second, at() + ": key " + in_quotes(k) + " twice");
    require(place == Place::metadata || k == "dtype" || k == "shape" || k == "data_offsets",
            at() + ": unknown field " + in_quotes(k));
    field = k;
    return true;
  }

  bool parse_error(size_t where, const std::string&, const nlohmann::detail::exception&) override {
    throw Error(origin + ": header is not valid JSON at byte " + std::to_string(where));
  }

 private:
  enum class Place { outside, top, tensor, metadata, shape, offsets } place = Place::outside;
  std::map<std::string, int> names, fields;
  std::string name, field;
  int dtype = -1;
  bool has_shape = false, has_offsets = false;
  std::vector<int64_t> shape;
  std::vector<uint64_t> offsets;

  std::string at() const { return origin + ": tensor " + in_quotes(name); }
  bool wrong(const char* found) {
    std::string where = origin;
    if (!name.empty()) where += ": " + in_quotes(name);
    if (!field.empty()) where += ": " + in_quotes(field);
    throw Error(where + ": found " + found + " where the format has none");
  }
};

}  // namespace

const char* dtype_name(Dtype d) { return kDtypes[static_cast<int>(d)].name; }
int dtype_bytes(Dtype d) { return kDtypes[static_cast<int>(d)].bytes; }

Safetensors Safetensors::parse(std::vector<uint8_t> bytes, const std::string& origin) {
  Safetensors file;
  file.origin_ = origin;

  // length, then header, then entries, then meaning; nothing is allocated by a number of the file
  require(bytes.size() >= 8, origin + ": " + std::to_string(bytes.size()) +
                                 " bytes: a safetensors file has at least 8");
  uint64_t n = 0;
  for (int i = 0; i < 8; ++i) n |= static_cast<uint64_t>(bytes[i]) << (8 * i);
  require(n <= kHeaderBytes, origin + ": header of " + std::to_string(n) + " bytes, allowed are " +
                                 std::to_string(kHeaderBytes));
  require(n <= bytes.size() - 8, origin + ": header of " + std::to_string(n) +
                                     " bytes, the file has " + std::to_string(bytes.size() - 8));
  const char* header = reinterpret_cast<const char*>(bytes.data()) + 8;
  require(n > 0 && header[0] == '{', origin + ": header does not begin with {");
  // the JSON library takes a NUL for the end of its input
  require(!std::memchr(header, 0, n), origin + ": header is not valid JSON: it holds a NUL byte");
  HeaderReader reader(origin);
  nlohmann::json::sax_parse(header, header + n, &reader);
  file.tensors_ = std::move(reader.tensors);
  file.metadata_ = std::move(reader.metadata);

  // data: covered exactly once
  auto& t = file.tensors_;
  std::stable_sort(t.begin(), t.end(), [](const TensorInfo& a, const TensorInfo& b) {
    return a.begin != b.begin ? a.begin < b.begin : a.end < b.end;
  });
  const size_t length = bytes.size() - 8 - n;
  size_t end = 0;
  for (const TensorInfo& i : t) {
    require(i.begin == end,
            origin + ": tensor " + in_quotes(i.name) +
                (i.begin < end ? ": overlaps the one before" : ": a hole before it"));
    end = i.end;
  }
  require(end == length, origin + ": tensors end at byte " + std::to_string(end) +
                             " of the data, which has " + std::to_string(length));
  for (size_t i = 0; i < t.size(); ++i) file.index_[t[i].name] = i;
  file.data_at_ = 8 + n;
  file.bytes_ = std::move(bytes);
  return file;
}

const TensorInfo* Safetensors::find(const std::string& name) const {
  const auto i = index_.find(name);
  return i == index_.end() ? nullptr : &tensors_[i->second];
}

void Safetensors::read(const std::string& name, Dtype dtype, void* to, size_t count) const {
  const TensorInfo* t = find(name);
  require(t, origin_ + ": no tensor " + in_quotes(name));
  require(t->dtype == dtype && t->count() == count,
          origin_ + ": tensor " + in_quotes(name) + " is " + dtype_name(t->dtype) + " x " +
              std::to_string(t->count()) + ", needed is " + dtype_name(dtype) + " x " +
              std::to_string(count));
  if (count) std::memcpy(to, data(*t), t->end - t->begin);
}

std::vector<float> Safetensors::floats(const std::string& name,
                                       const std::vector<int64_t>& shape) const {
  const TensorInfo* t = find(name);
  require(t, origin_ + ": no tensor " + in_quotes(name));
  require(t->shape == shape,
          origin_ + ": tensor " + in_quotes(name) + " has another shape than needed");
  size_t count = 1;
  for (int64_t n : shape) count *= static_cast<size_t>(n);
  std::vector<float> x(count);
  read(name, Dtype::f32, x.data(), count);
  return x;
}

const std::string& Safetensors::text(const std::string& key) const {
  const auto i = metadata_.find(key);
  require(i != metadata_.end(), origin_ + ": no metadata " + in_quotes(key));
  return i->second;
}

// ---- writer -------------------------------------------------------------------------------------
void SafetensorsWriter::add(const std::string& name, Dtype dtype, const std::vector<int64_t>& shape,
                            const void* data) {
  for (const TensorInfo& t : tensors_) require(t.name != name, "safetensors: " + name + " twice");
  size_t bytes = dtype_bytes(dtype);
  for (int64_t n : shape) bytes *= static_cast<size_t>(n);
  TensorInfo t{name, dtype, shape, data_.size(), data_.size() + bytes};
  const uint8_t* p = static_cast<const uint8_t*>(data);
  data_.insert(data_.end(), p, p + bytes);
  tensors_.push_back(std::move(t));
}

void SafetensorsWriter::add_rows(const std::string& name, int rows, int cols, const float* data,
                                 long stride) {
  std::vector<float> dense(size_t(rows) * cols);
  for (int r = 0; r < rows; ++r)
    std::memcpy(&dense[size_t(r) * cols], data + r * stride, cols * sizeof(float));
  add(name, Dtype::f32, {rows, cols}, dense.data());
}

std::vector<uint8_t> SafetensorsWriter::bytes() const {
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!metadata_.empty()) header["__metadata__"] = metadata_;
  for (const TensorInfo& t : tensors_)
    header[t.name] = {
        {"dtype", dtype_name(t.dtype)}, {"shape", t.shape}, {"data_offsets", {t.begin, t.end}}};
  std::string text = header.dump();
  while ((8 + text.size()) % 64) text += ' ';
  std::vector<uint8_t> out(8 + text.size() + data_.size());
  for (int i = 0; i < 8; ++i) out[i] = static_cast<uint8_t>(uint64_t(text.size()) >> (8 * i));
  std::memcpy(out.data() + 8, text.data(), text.size());
  if (!data_.empty()) std::memcpy(out.data() + 8 + text.size(), data_.data(), data_.size());
  return out;
}

}  // namespace motorium
