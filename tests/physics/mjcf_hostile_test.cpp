// MJCF that was cut, flipped or found by a fuzzer; paths that climb; copies without end.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include "motorium/core/error.h"
#include "motorium/physics/batch.h"
#include "motorium/physics/spec/load.h"
#include "motorium/physics/spec/model_root.h"
#include "tests/fuzz/mjcf_input.h"
#include "tests/physics/time_limit.h"

namespace motorium {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

std::string read_text(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

std::vector<fs::path> seeds() {
  std::vector<fs::path> out;
  for (const char* folder : {"tests/fuzz/mjcf", "tests/parity/models", "tests/parity/models/parts",
                             "tests/malformed/mjcf", "robots"}) {
    const fs::path root = fs::path(MOTORIUM_SOURCE_DIR) / folder;
    if (std::string(folder) == "robots") {
      for (const auto& entry : fs::recursive_directory_iterator(root)) {
        if (entry.path().extension() == ".xml") out.push_back(entry.path());
      }
    } else {
      for (const auto& entry : fs::directory_iterator(root)) {
        if (entry.path().extension() == ".xml") out.push_back(entry.path());
      }
    }
  }
  std::sort(out.begin(), out.end());
  return out;
}

// seconds that a text may take: 1 up to 64 KiB, 1 more for each further MiB
double allowed(size_t bytes) { return 1.0 + static_cast<double>(bytes) / (1 << 20); }

// an Error or a Model, in time
void expect_survived(const std::string& text, const std::string& folder, const std::string& what) {
  const auto start = Clock::now();
  try {
    load_model_from_string(text, folder);
  } catch (const Error&) {
  }
  const std::chrono::duration<double> took = Clock::now() - start;
  EXPECT_LT(took.count(), kSlowness * allowed(text.size())) << what;
}

TEST(MjcfHostile, KeptInputsOfTheFuzzerAreSurvived) {
  int models = 0;
  for (const fs::path& path : seeds()) {
    const std::string text = read_text(path);
    const auto start = Clock::now();
    models += try_mjcf(reinterpret_cast<const uint8_t*>(text.data()), text.size());
    const std::chrono::duration<double> took = Clock::now() - start;
    EXPECT_LT(took.count(), kSlowness * allowed(text.size())) << path;
  }
  EXPECT_GE(models, 60);
}

// every seed cut somewhere, and with bytes, words and lines changed
TEST(MjcfHostile, CutAndFlippedFilesAreErrorsOrModels) {
  const char* full = std::getenv("MOTORIUM_FULL");
  const int loads = full && std::string(full) == "1" ? 100'000 : 5'000;
  const std::vector<fs::path> paths = seeds();
  std::vector<std::string> texts;
  for (const fs::path& path : paths) texts.push_back(read_text(path));
  std::mt19937 random(20261125);
  const auto below = [&](size_t n) { return n == 0 ? 0 : random() % n; };
  const auto end = Clock::now() + std::chrono::minutes(loads > 5'000 ? 60 : 2);
  int done = 0;
  for (; done < loads && Clock::now() < end; ++done) {
    const size_t k = static_cast<size_t>(done) % texts.size();
    std::string text = texts[k];
    // keep the big ones rare
    if (text.size() > 20'000 && done % 8 != 0) continue;
    switch (below(4)) {
      case 0:
        text.resize(below(text.size() + 1));
        break;
      case 1:
        for (size_t i = 0; i <= below(3); ++i) {
          if (!text.empty()) text[below(text.size())] ^= static_cast<char>(1 << below(8));
        }
        break;
      case 2: {
        // a piece of another file in the place of a piece of this one
        const std::string& other = texts[below(texts.size())];
        const size_t from = below(other.size() + 1), at = below(text.size() + 1);
        text.replace(at, std::min<size_t>(below(200), text.size() - at), other.substr(from, 200));
        break;
      }
      default: {
        const char* numbers[] = {"-1", "0", "1e308", "2147483647", "nan", "", "1e-320", "999999"};
        const size_t quote = text.find('"', below(text.size() + 1));
        const size_t close = quote == text.npos ? text.npos : text.find('"', quote + 1);
        if (close != text.npos) text.replace(quote + 1, close - quote - 1, numbers[below(8)]);
      }
    }
    expect_survived(text, paths[k].parent_path().string(), paths[k].string());
  }
  EXPECT_GT(done, 500);
  RecordProperty("loads", done);
}

void expect_bomb(const std::string& xml, const std::string& word) {
  const auto start = Clock::now();
  std::string message;
  try {
    load_model_from_string(xml);
  } catch (const Error& error) {
    message = error.what();
  }
  const std::chrono::duration<double> took = Clock::now() - start;
  EXPECT_NE(message.find(word), message.npos) << message.substr(0, 300);
  EXPECT_LT(took.count(), kSlowness * allowed(xml.size()));
}

std::string repeated(const std::string& part, int count) {
  std::string out;
  for (int i = 0; i < count; ++i) out += part;
  return out;
}

TEST(MjcfHostile, CopiesAreCountedBeforeTheyAreMade) {
  const auto world = [](const std::string& inner) {
    return "<mujoco><worldbody>" + inner + "</worldbody></mujoco>";
  };
  const std::string sphere = "<geom size=\"1\"/>";
  expect_bomb(world("<replicate count=\"1000000\"><replicate count=\"1000000\">" + sphere +
                    "</replicate></replicate>"),
              "copied objects");
  expect_bomb(
      world(repeated("<replicate count=\"10\">", 20) + sphere + repeated("</replicate>", 20)),
      "copied objects");
  expect_bomb(world("<replicate count=\"2147483647\"><body/></replicate>"), "copied objects");
  expect_bomb(world(repeated("<replicate count=\"1\"/>", 20'000)), "<replicate> and <attach>");
  // what refers to copies multiplies too
  expect_bomb(
      "<mujoco><worldbody><replicate count=\"50000\"><site name=\"s\"/></replicate>"
      "</worldbody><sensor>" +
          repeated("<gyro site=\"s\"/>", 1000) + "</sensor></mujoco>",
      "copied objects");
}

TEST(MjcfHostile, AttachedModelsEnd) {
  MemoryFolder folder;
  const auto add = [&](const std::string& path, const std::string& text) {
    folder.files[path] = Bytes(text.begin(), text.end());
  };
  // two references a level would be 2^20 files
  for (int i = 0; i < 20; ++i) {
    const std::string next = std::to_string(i + 1) + ".xml";
    add(std::to_string(i) + ".xml", "<mujoco><asset><model name=\"a\" file=\"" + next +
                                        "\"/><model name=\"b\" file=\"./" + next +
                                        "\"/></asset></mujoco>");
  }
  add("20.xml", "<mujoco/>");
  const auto start = Clock::now();
  EXPECT_THROW(read_mjcf("0.xml", folder), Error);
  EXPECT_LT(std::chrono::duration<double>(Clock::now() - start).count(), 2.0);
  add("ring.xml", "<mujoco><asset><model name=\"a\" file=\"other.xml\"/></asset></mujoco>");
  add("other.xml", "<mujoco><asset><model name=\"a\" file=\"ring.xml\"/></asset></mujoco>");
  EXPECT_THROW(read_mjcf("ring.xml", folder), Error);
}

// a robot whose meshes lie beside the folder of its model
class Climbing : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::remove_all(root);
    fs::create_directories(root / "robot/xml/deep");
    fs::create_directories(root / "robot/meshes");
    fs::create_directories(root / "other");
    std::ofstream(root / "robot/meshes/m.obj")
        << "v 0 0 0\nv 1 0 0\nv 0 1 0\nv 0 0 1\nf 1 3 2\nf 1 2 4\nf 2 3 4\nf 3 1 4\n";
    fs::copy(root / "robot/meshes/m.obj", root / "other/m.obj");
    const auto model = [](const std::string& file) {
      return "<mujoco><asset><mesh name=\"m\" file=\"" + file +
             "\"/></asset><worldbody><body><freejoint/><geom type=\"mesh\" mesh=\"m\" "
             "contype=\"0\" "
             "conaffinity=\"0\"/></body></worldbody></mujoco>";
    };
    std::ofstream(root / "robot/xml/near.xml") << model("../meshes/m.obj");
    std::ofstream(root / "robot/xml/far.xml") << model("../../other/m.obj");
    std::ofstream(root / "robot/xml/linked.xml") << model("link.obj");
    fs::create_symlink("../../other/m.obj", root / "robot/xml/link.obj");
  }
  void TearDown() override { fs::remove_all(root); }
  std::string path(const std::string& name) const { return (root / name).string(); }
  bool loads(const std::string& name, const std::string& within = "") const {
    try {
      load_model(path(name), {.root = within});
      return true;
    } catch (const Error&) {
      return false;
    }
  }
  const fs::path root = fs::path(MOTORIUM_BINARY_DIR) / ("climb_" + std::to_string(getpid()));
};

TEST_F(Climbing, FilesLieBesideTheModelsFolder) {
  EXPECT_TRUE(loads("robot/xml/near.xml"));
  EXPECT_TRUE(loads("robot/xml/far.xml"));
}

TEST_F(Climbing, NothingLeavesAGivenRoot) {
  EXPECT_TRUE(loads("robot/xml/near.xml", path("robot")));
  EXPECT_FALSE(loads("robot/xml/near.xml", path("robot/xml")));
  EXPECT_FALSE(loads("robot/xml/far.xml", path("robot")));
  EXPECT_TRUE(loads("robot/xml/far.xml", path("")));
  // nor does a link
  EXPECT_FALSE(loads("robot/xml/linked.xml", path("robot")));
  EXPECT_TRUE(loads("robot/xml/linked.xml", path("")));
  // a root that does not hold the model
  EXPECT_FALSE(loads("robot/xml/near.xml", path("other")));
  EXPECT_FALSE(loads("robot/xml/near.xml", path("gone")));
}

TEST_F(Climbing, HomeAndPublicFoldersAreNeverTheRoot) {
  const char* before = std::getenv("HOME");
  const std::string keep = before ? before : "";
  setenv("HOME", path("robot").c_str(), 1);
  EXPECT_EQ(levels_above(path("robot/xml"), ""), 0);
  EXPECT_EQ(levels_above(path("robot/xml/deep"), ""), 1);
  EXPECT_FALSE(loads("robot/xml/near.xml"));
  setenv("HOME", keep.c_str(), 1);
  fs::permissions(root / "robot", fs::perms::all);
  EXPECT_EQ(levels_above(path("robot/xml"), ""), 0);
  EXPECT_FALSE(loads("robot/xml/near.xml"));
  EXPECT_EQ(levels_above("/", ""), 0);
}

TEST(MjcfHostile, AFolderGivesWhatItsLevelsAllow) {
  EXPECT_EQ(clean_path("../a.xml", 1), "../a.xml");
  EXPECT_EQ(join_path("../b/", "../c/./a.xml", 1), "../c/a.xml");
  EXPECT_EQ(join_path("a/", "../../b.xml", 1), "../b.xml");
  for (const char* path : {"../../a.xml", "..", "../", "a/../../../b.xml"}) {
    EXPECT_THROW(clean_path(path, 1), Error) << path;
  }
}

}  // namespace
}  // namespace motorium
