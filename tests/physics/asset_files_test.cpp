// Broken, cut and changed mesh, image and height files.
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include "motorium/core/error.h"
#include "motorium/core/limits.h"
#include "motorium/physics/batch.h"
#include "motorium/physics/compile/compile.h"
#include "motorium/physics/spec/mesh_file.h"
#include "motorium/physics/spec/read_mjcf.h"
#include "tests/physics/time_limit.h"

namespace motorium {
namespace {

namespace fs = std::filesystem;

Bytes bytes_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return Bytes(std::istreambuf_iterator<char>(file), {});
}

// what the reader of a kind of file answers; empty: it reads the file
std::string answer(const std::string& kind, const Bytes& bytes) {
  try {
    if (kind == "stl") read_stl(bytes);
    if (kind == "obj") read_obj(bytes);
    if (kind == "msh") read_msh(bytes);
    if (kind == "png") read_png_heights(bytes);
    if (kind == "hfield") read_raw_heights(bytes);
    return "";
  } catch (const Error& error) {
    return error.what();
  }
}

const char* kKinds[] = {"stl", "obj", "msh", "png", "hfield"};

TEST(AssetFiles, EachDefectIsNamed) {
  for (const std::string kind : kKinds) {
    const fs::path folder = fs::path(MOTORIUM_SOURCE_DIR) / "tests/malformed" / kind;
    std::map<std::string, std::string> expected;
    std::ifstream list(folder / "expected.txt");
    for (std::string line; std::getline(list, line);) {
      const size_t colon = line.find(": ");
      ASSERT_NE(colon, line.npos) << line;
      expected[line.substr(0, colon)] = line.substr(colon + 2);
    }
    EXPECT_GE(expected.size(), 25u) << kind;
    size_t files = 0;
    for (const auto& entry : fs::directory_iterator(folder)) {
      if (entry.path().extension() != "." + kind) continue;
      ++files;
      const std::string name = entry.path().stem().string();
      EXPECT_EQ(answer(kind, bytes_of(entry.path())), expected[name]) << kind << " " << name;
    }
    EXPECT_EQ(files, expected.size()) << kind;
  }
}

// a small sound file of each kind
Bytes sound(const std::string& kind) {
  Bytes out;
  const auto put = [&](auto... numbers) {
    const auto one = [&](auto x) {
      const auto* p = reinterpret_cast<const uint8_t*>(&x);
      out.insert(out.end(), p, p + sizeof x);
    };
    (one(numbers), ...);
  };
  const float corner[4][3] = {{0, 0, 0}, {1, 0, 0}, {0, 2, 0}, {0, 0, 3}};
  const int face[4][3] = {{0, 2, 1}, {0, 1, 3}, {0, 3, 2}, {1, 2, 3}};
  if (kind == "stl") {
    out.resize(80);
    put(4);
    for (const auto& f : face) {
      put(0.f, 0.f, 0.f);
      for (const int v : f) put(corner[v][0], corner[v][1], corner[v][2]);
      out.resize(out.size() + 2);
    }
  } else if (kind == "obj") {
    const std::string text =
        "# a tetrahedron\no a\nv 0 0 0\nv 1 0 0\nv 0 2 0\nv 0 0 3\nvn 0 0 1\n"
        "f 1/1/1 3 2\nf -4 -3 -1\nf 1 4 3\nf 2 3 4\n";
    out.assign(text.begin(), text.end());
  } else if (kind == "msh") {
    put(4, 4, 0, 4);
    for (int i = 0; i < 2; ++i) {
      for (const auto& v : corner) put(v[0], v[1], v[2]);
    }
    for (const auto& f : face) put(f[0], f[1], f[2]);
  } else if (kind == "hfield") {
    put(2, 3, 0.f, 1.f, 2.f, 3.f, 4.f, 5.f);
  } else {
    out = bytes_of(fs::path(MOTORIUM_SOURCE_DIR) / "tests/parity/models/assets/hills.png");
  }
  return out;
}

// every length, every byte: an answer, and no other damage
TEST(AssetFiles, CutAndChangedFilesAreReadOrRefused) {
  for (const std::string kind : kKinds) {
    const Bytes good = sound(kind);
    ASSERT_EQ(answer(kind, good), "") << kind;
    for (size_t length = 0; length < good.size(); ++length) {
      answer(kind, Bytes(good.begin(), good.begin() + static_cast<long>(length)));
    }
    for (size_t i = 0; i < good.size(); ++i) {
      for (const int flip : {0x01, 0x80, 0xff}) {
        Bytes changed = good;
        changed[i] ^= static_cast<uint8_t>(flip);
        answer(kind, changed);
      }
    }
  }
}

// what `xml` with these files answers, and that it does so quickly
std::string load(const std::string& xml, const MemoryFolder& folder = {}) {
  const auto start = std::chrono::steady_clock::now();
  std::string message;
  try {
    compile(read_mjcf_text(xml, "model.xml", folder));
  } catch (const Error& error) {
    message = error.what();
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  // a second on an idle machine
  EXPECT_LT(took.count(), 8 * kSlowness) << xml.substr(0, 200);
  return message;
}
std::string assets(const std::string& elements, const std::string& world = "") {
  return "<mujoco><asset>" + elements + "</asset><worldbody>" + world + "</worldbody></mujoco>";
}
std::string repeated(const std::string& text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += text;
  return out;
}

TEST(AssetFiles, BombsAreRefusedAtOnce) {
  // the size of an image is looked at before its pixels
  MemoryFolder folder;
  folder.files["bomb.png"] =
      bytes_of(fs::path(MOTORIUM_SOURCE_DIR) / "tests/malformed/png/bomb.png");
  const auto start = std::chrono::steady_clock::now();
  EXPECT_NE(load(assets("<hfield file='bomb.png' size='1 1 1 1'/>"), folder).find("60000"),
            std::string::npos);
  EXPECT_LT(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(), 1);
  // many height fields and many meshes from few letters
  EXPECT_NE(load(assets(repeated("<hfield name='h' nrow='4096' ncol='4096' size='1 1 1 1'/>", 100)))
                .find("all height fields together"),
            std::string::npos);
  EXPECT_NE(load(assets(repeated("<mesh name='m' builtin='plate' params='2000 2000'/>", 100)))
                .find("all meshes together"),
            std::string::npos);
  // a hull that is too large, and one that is bounded
  const std::string torus = "<mesh name='m' builtin='supertorus' params='400 1 1 1'";
  const std::string geom = "<geom type='mesh' mesh='m'/>";
  EXPECT_NE(load(assets(torus + "/>", geom)).find("set maxhullvert"), std::string::npos);
  EXPECT_EQ(load(assets(torus + " maxhullvert='64'/>", geom)), "");
}

TEST(AssetFiles, OnlyTheFirstObjectOfAnObjFileIsReadAndThatIsSaid) {
  MemoryFolder folder;
  const std::string text =
      "v 0 0 0\nv 1 0 0\nv 0 2 0\nv 0 0 3\no a\nf 1 3 2\nf 1 2 4\nf 1 4 3\nf 2 3 4\n"
      "o b\nf 1 2 3 4\n";
  folder.files["a.obj"] = Bytes(text.begin(), text.end());
  const Model m = compile(read_mjcf_text(
      assets("<mesh file='a.obj'/>", "<geom type='mesh' mesh='a'/>"), "m.xml", folder));
  EXPECT_EQ(m.nmeshface, 4);
  EXPECT_EQ(m.report,
            std::vector<std::string>{
                "mesh file \"a.obj\": 2 triangles of further objects or groups: ignored"});
}

}  // namespace
}  // namespace motorium
