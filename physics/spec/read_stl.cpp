#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <unordered_map>

#include "motorium/core/error.h"
#include "motorium/core/limits.h"
#include "motorium/physics/spec/mesh_file.h"
#include "motorium/physics/spec/text.h"

namespace motorium {
namespace {

static_assert(std::endian::native == std::endian::little, "STL files are little-endian");

struct Hash {
  size_t operator()(const std::array<uint32_t, 3>& v) const {
    uint64_t h = 0x9e3779b97f4a7c15ull;
    for (const uint32_t word : v) h = (h ^ word) * 0xff51afd7ed558ccdull, h ^= h >> 32;
    return static_cast<size_t>(h);
  }
};

// collects triangles, one vertex per place
class Collector {
 public:
  void add(const float* corner) {
    std::array<uint32_t, 3> key;
    for (int i = 0; i < 3; ++i) {
      const float x = corner[i];
      require(std::isfinite(x) && std::abs(x) < 1e10f, "STL: a coordinate is not a usable number");
      key[i] = std::bit_cast<uint32_t>(x == 0 ? 0.f : x);  // -0 is 0
    }
    const int next = static_cast<int>(mesh.vertex.size() / 3);
    const auto [at, fresh] = index_.try_emplace(key, next);
    if (fresh) {
      require(next < limits::kMeshVertices,
              "STL: more than " + std::to_string(limits::kMeshVertices) + " vertices");
      mesh.vertex.insert(mesh.vertex.end(), corner, corner + 3);
    }
    mesh.face.push_back(at->second);
  }
  Triangles mesh;

 private:
  std::unordered_map<std::array<uint32_t, 3>, int, Hash> index_;
};

Triangles read_binary(const Bytes& bytes, uint32_t count) {
  Collector collector;
  for (uint32_t i = 0; i < count; ++i) {
    // normal, three corners, two bytes of attributes
    float numbers[12];
    std::memcpy(numbers, bytes.data() + 84 + size_t{50} * i, sizeof numbers);
    for (int corner = 1; corner < 4; ++corner) collector.add(numbers + 3 * corner);
  }
  return std::move(collector.mesh);
}

Triangles read_text(const Bytes& bytes) {
  Collector collector;
  std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  int corners = 0;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    const std::vector<std::string_view> words = words_of(text.substr(0, end));
    text = end == text.npos ? std::string_view() : text.substr(end + 1);
    if (words.empty()) continue;
    if (words[0] == "vertex") {
      double v[3];
      bool ok = words.size() == 4;
      for (int i = 0; ok && i < 3; ++i) ok = read_number(words[i + 1], v[i]);
      require(ok, "STL: a vertex line does not hold three numbers");
      const float corner[3] = {static_cast<float>(v[0]), static_cast<float>(v[1]),
                               static_cast<float>(v[2])};
      collector.add(corner);
      ++corners;
    } else if (words[0] == "endloop") {
      require(corners == 3, "STL: a facet has " + std::to_string(corners) + " corners");
      require(collector.mesh.face.size() / 3 <= static_cast<size_t>(limits::kMeshFaces),
              "STL: more than " + std::to_string(limits::kMeshFaces) + " faces");
      corners = 0;
    }
  }
  require(corners == 0, "STL: ends inside a facet");
  require(!collector.mesh.face.empty(), "STL: holds no triangle");
  return std::move(collector.mesh);
}

}  // namespace

Triangles read_stl(const Bytes& bytes) {
  require(bytes.size() <= limits::kMeshBytes,
          "STL: more than " + std::to_string(limits::kMeshBytes) + " bytes");
  // a binary file says how long it is; a text may start like one, so the length decides
  if (bytes.size() >= 84) {
    uint32_t count = 0;
    std::memcpy(&count, bytes.data() + 80, sizeof count);
    if (bytes.size() == 84 + uint64_t{50} * count) {
      require(count > 0, "STL: holds no triangle");
      require(count <= static_cast<uint32_t>(limits::kMeshFaces),
              "STL: more than " + std::to_string(limits::kMeshFaces) + " faces");
      return read_binary(bytes, count);
    }
  }
  const bool text = bytes.size() >= 5 && std::memcmp(bytes.data(), "solid", 5) == 0;
  require(text, "STL: neither a text nor a binary file whose length fits its triangle count");
  return read_text(bytes);
}

}  // namespace motorium
