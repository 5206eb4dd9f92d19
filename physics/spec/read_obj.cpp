#include <cmath>

#include "motorium/core/error.h"
#include "motorium/core/limits.h"
#include "motorium/physics/spec/mesh_file.h"
#include "motorium/physics/spec/text.h"

namespace motorium {
namespace {

// "7", "7/2", "7//3", "-1/..": counted from 1, or from the end when negative
int vertex_index(std::string_view word, int count) {
  int index = 0;
  require(read_integer(word.substr(0, word.find('/')), index),
          "OBJ: \"" + printable(word, 40) + "\" is no vertex of a face");
  const int64_t at = index > 0 ? int64_t{index} - 1 : int64_t{count} + index;
  require(index != 0 && at >= 0 && at < count,
          "OBJ: a face uses vertex " + std::to_string(index) + " of " + std::to_string(count));
  return static_cast<int>(at);
}

}  // namespace

Triangles read_obj(const Bytes& bytes) {
  require(bytes.size() <= limits::kMeshBytes,
          "OBJ: more than " + std::to_string(limits::kMeshBytes) + " bytes");
  Triangles mesh;
  bool ended = false;  // as in MuJoCo, the faces of the first object or group that has any count
  std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  while (!text.empty()) {
    const size_t end = text.find('\n');
    const std::vector<std::string_view> words = words_of(text.substr(0, end));
    text = end == text.npos ? std::string_view() : text.substr(end + 1);
    if (words.empty()) continue;
    const int count = static_cast<int>(mesh.vertex.size() / 3);
    if (words[0] == "v") {
      require(words.size() >= 4, "OBJ: a v line holds fewer than three numbers");
      require(count < limits::kMeshVertices,
              "OBJ: more than " + std::to_string(limits::kMeshVertices) + " vertices");
      for (int i = 1; i < 4; ++i) {
        double x = 0;
        require(read_number(words[i], x) && std::abs(x) < 1e10,
                "OBJ: \"" + printable(words[i], 40) + "\" is not a usable number");
        mesh.vertex.push_back(static_cast<float>(x));
      }
    } else if (words[0] == "o" || words[0] == "g") {
      ended = !mesh.face.empty();
    } else if (words[0] == "f" && !ended) {
      require(words.size() >= 4, "OBJ: a face has fewer than three corners");
      const int first = vertex_index(words[1], count);
      for (size_t i = 2; i + 1 < words.size(); ++i) {
        const int second = vertex_index(words[i], count), third = vertex_index(words[i + 1], count);
        mesh.face.insert(mesh.face.end(), {first, second, third});
        require(mesh.face.size() / 3 <= static_cast<size_t>(limits::kMeshFaces),
                "OBJ: more than " + std::to_string(limits::kMeshFaces) + " faces");
      }
    }
  }
  require(!mesh.vertex.empty(), "OBJ: holds no vertex");
  return mesh;
}

}  // namespace motorium
