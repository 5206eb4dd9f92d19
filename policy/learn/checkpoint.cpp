#include "motorium/policy/learn/checkpoint.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "motorium/core/error.h"
#include "motorium/core/file.h"
#include "motorium/policy/nn/file_io.h"

namespace motorium {

namespace fs = std::filesystem;

// eight bytes at a time: multiply, rotate, multiply [MurmurHash2's constants]
uint64_t hash_bytes(const void* data, size_t size) {
  const uint64_t m = 0xc6a4a7935bd1e995ull;
  const uint8_t* p = static_cast<const uint8_t*>(data);
  uint64_t h = size * m ^ 0x9e3779b97f4a7c15ull;
  for (; size >= 8; size -= 8, p += 8) {
    uint64_t k;
    std::memcpy(&k, p, 8);
    k *= m;
    k ^= k >> 47;
    h = (h ^ k * m) * m;
  }
  uint64_t k = 0;
  for (size_t i = 0; i < size; ++i) k |= static_cast<uint64_t>(p[i]) << (8 * i);
  h = (h ^ k) * m;
  h ^= h >> 47;
  h *= m;
  return h ^ h >> 47;
}

namespace {
std::string hex(uint64_t x) {
  char b[20];
  std::snprintf(b, sizeof b, "%016llx", static_cast<unsigned long long>(x));
  return b;
}
}  // namespace

std::vector<uint8_t> seal(SafetensorsWriter writer) {
  for (const TensorInfo& t : writer.tensors())
    writer.metadata("hash/" + t.name, hex(hash_bytes(writer.data(t), t.end - t.begin)));
  return writer.bytes();
}

Safetensors open_sealed(std::vector<uint8_t> bytes, const std::string& origin) {
  Safetensors file = Safetensors::parse(std::move(bytes), origin);
  for (const TensorInfo& t : file.tensors())
    require(file.text("hash/" + t.name) == hex(hash_bytes(file.data(t), t.end - t.begin)),
            origin + ": tensor " + t.name + " was altered: its hash does not match");
  return file;
}

std::vector<std::pair<int, std::string>> numbered_files(const std::string& directory,
                                                        const std::string& stem) {
  std::vector<std::pair<int, std::string>> found;
  std::error_code error;
  const std::string head = stem + "_", tail = ".safetensors";
  for (const auto& entry : fs::directory_iterator(directory, error)) {
    const std::string name = entry.path().filename().string();
    if (name.size() <= head.size() + tail.size() || name.rfind(head, 0) != 0 ||
        name.compare(name.size() - tail.size(), tail.size(), tail) != 0)
      continue;
    const char* begin = name.data() + head.size();
    const char* end = name.data() + name.size() - tail.size();
    int number = 0;
    const auto r = std::from_chars(begin, end, number);
    if (r.ec == std::errc() && r.ptr == end) found.emplace_back(number, directory + "/" + name);
  }
  std::sort(found.begin(), found.end());
  return found;
}

Safetensors open_checkpoint(const std::string& path,
                            const std::function<void(const std::string&)>& tell) {
  if (!fs::is_directory(path)) return open_sealed(read_bytes(path), path);
  const auto files = numbered_files(path, "checkpoint");
  require(!files.empty(), path + ": no checkpoint_<number>.safetensors in this folder");
  for (auto f = files.rbegin(); f != files.rend(); ++f) try {
      return open_sealed(read_bytes(f->second), f->second);
    } catch (const Error& e) {
      if (tell) tell(std::string("skipped ") + e.what());
    }
  throw Error(path + ": none of its " + std::to_string(files.size()) + " checkpoints can be read");
}

void remove_old_files(const std::string& directory, const std::string& stem, int keep) {
  const auto files = numbered_files(directory, stem);
  for (size_t i = 0; i + static_cast<size_t>(std::max(keep, 1)) < files.size(); ++i)
    std::remove(files[i].second.c_str());
}

void prepare_run_folder(const std::string& directory) {
  std::error_code error;
  fs::create_directories(directory, error);
  require(fs::is_directory(directory), directory + ": cannot be made: " + error.message());
  remove_stale_temporaries(directory);
  probe_folder(directory);
}

}  // namespace motorium
