// OBJ: vertices of the whole file, faces of its first object or group that has any. Faces of the
// others are left out, as MuJoCo leaves them out; the reader says so.
#include <cmath>

#include "motorium/core/error.h"
#include "motorium/core/limits.h"
#include "motorium/physics/spec/cut_polygon.h"
#include "motorium/physics/spec/mesh_file.h"
#include "motorium/physics/spec/text.h"

namespace motorium {
namespace {

// cutting a polygon takes up to the cube of its corners
constexpr size_t kMostCorners = 256;

// "7", "7/2", "7//3", "-1/..": counted from 1, or from the end when negative. A face may use
// vertices that come later in the file: the last check is made at its end.
int vertex_index(std::string_view word, int count) {
  int index = 0;
  require(read_integer(word.substr(0, word.find('/')), index),
          "OBJ: \"" + printable(word, 40) + "\" is no vertex of a face");
  const int64_t at = index > 0 ? int64_t{index} - 1 : int64_t{count} + index;
  require(index != 0 && at >= 0,
          "OBJ: a face uses vertex " + std::to_string(index) + " of " + std::to_string(count));
  return static_cast<int>(at);
}

}  // namespace

Triangles read_obj(const Bytes& bytes) {
  require(bytes.size() <= limits::kMeshBytes,
          "OBJ: more than " + std::to_string(limits::kMeshBytes) + " bytes");
  Triangles mesh;
  // corners of all polygons, cut when all vertices are known
  std::vector<int> corner, corners;
  enum class Group { before, in, after } group = Group::before;
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
      if (group == Group::in) group = Group::after;
    } else if (words[0] == "f") {
      require(words.size() >= 4, "OBJ: a face has fewer than three corners");
      if (group == Group::after) {
        mesh.skipped += static_cast<int>(words.size()) - 3;
        continue;
      }
      group = Group::in;
      require(words.size() <= kMostCorners + 1, "OBJ: a face has more than " +
                                                    std::to_string(kMostCorners) +
                                                    " corners: cut it into triangles");
      corners.push_back(static_cast<int>(words.size()) - 1);
      for (size_t i = 1; i < words.size(); ++i) corner.push_back(vertex_index(words[i], count));
      require(corner.size() <= 3 * static_cast<size_t>(limits::kMeshFaces),
              "OBJ: more than " + std::to_string(limits::kMeshFaces) + " faces");
    }
  }
  require(!mesh.vertex.empty(), "OBJ: holds no vertex");
  const int count = static_cast<int>(mesh.vertex.size() / 3);
  for (const int v : corner) {
    require(v < count,
            "OBJ: a face uses vertex " + std::to_string(v + 1) + " of " + std::to_string(count));
  }
  size_t first = 0;
  for (const int n : corners) {
    cut_polygon(mesh.vertex, &corner[first], n, mesh.face);
    first += static_cast<size_t>(n);
  }
  return mesh;
}

}  // namespace motorium
