// The MJCF reader against files that are wrong on purpose, hostile or merely unusual.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <clocale>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "motorium/core/error.h"
#include "motorium/physics/batch.h"
#include "motorium/physics/compile/compile.h"
#include "motorium/physics/spec/read_mjcf.h"

namespace motorium {
namespace {

namespace fs = std::filesystem;

std::string read_text(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

void replace_all(std::string& text, const std::string& from, const std::string& to) {
  for (size_t at = text.find(from); at != text.npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

// what loading says, "" when it succeeds
std::string message_of(const std::string& xml, const std::string& folder = "") {
  try {
    load_model_from_string(xml, folder);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

// a free ball with one more attribute
std::string ball(const std::string& attributes) {
  return "<mujoco><worldbody><body><freejoint/><geom type=\"sphere\" " + attributes +
         "/></body></worldbody></mujoco>";
}

// the first line of each file says what loading it must say: <!-- kind: message | message -->
TEST(Mjcf, EveryMalformedFileIsRefusedWithItsMessage) {
  int count = 0;
  const fs::path folder = fs::path(MOTORIUM_SOURCE_DIR) / "tests/malformed/mjcf";
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() != ".xml") continue;
    ++count;
    const std::string text = read_text(entry.path());
    const std::string line = text.substr(0, text.find('\n'));
    const size_t colon = line.find(": ");
    ASSERT_EQ(line.substr(0, 5), "<!-- ") << entry.path();
    const std::string kind = line.substr(5, colon - 5);
    const std::string expected = line.substr(colon + 2, line.size() - colon - 6);
    std::string found_kind = "loaded", found;
    try {
      load_model(entry.path().string());
    } catch (const UnsupportedModel& error) {
      found_kind = "unsupported";
      found = error.what();
    } catch (const Error& error) {
      found_kind = "malformed";
      found = error.what();
    }
    replace_all(found, std::string(MOTORIUM_SOURCE_DIR) + "/", "ROOT/");
    replace_all(found, "\n", " | ");
    EXPECT_EQ(found_kind, kind) << entry.path();
    EXPECT_EQ(found, expected) << entry.path();
  }
  EXPECT_GE(count, 90);
}

TEST(Mjcf, EveryModelOfOursLoads) {
  int count = 0;
  const fs::path folder = fs::path(MOTORIUM_SOURCE_DIR) / "tests/parity/models";
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() != ".xml") continue;
    ++count;
    EXPECT_NO_THROW(load_model(entry.path().string())) << entry.path();
  }
  EXPECT_GE(count, 60);
}

TEST(Mjcf, NumbersAreWholeFiniteDecimalTokens) {
  const std::string digits(100'000, '7');
  const std::string bad[] = {"nan",
                             "NaN",
                             "-nan",
                             "nan(1)",
                             "inf",
                             "-inf",
                             "INF",
                             "infinity",
                             "1e999",
                             "-1e999",
                             "1e400",
                             "0x1p3",
                             "0x10",
                             "1,5",
                             "1,000",
                             "1.5abc",
                             "abc1.5",
                             "1.5.2",
                             "1..5",
                             "--1",
                             "++1",
                             "+-1",
                             "- 1",
                             "1e",
                             "1e+",
                             "e5",
                             ".",
                             "-",
                             "+",
                             "1f",
                             "1d",
                             "1_000",
                             "1'000",
                             "\xd9\xa1",
                             "\xef\xbc\x91",
                             "\xe2\x88\x92"
                             "1",
                             "1;",
                             "(1)",
                             "1%",
                             "true",
                             "None",
                             digits};
  for (const std::string& word : bad) {
    const std::string message = message_of(ball("size=\"" + word + "\""));
    EXPECT_NE(message.find("model.xml:1: geom: size"), message.npos) << word.substr(0, 40);
  }
  EXPECT_GE(std::size(bad), 40u);
  EXPECT_NE(message_of(ball("size=\"\"")).find("has 0 numbers"), std::string::npos);
  // unusual, but numbers
  for (const char* word : {"1", "+1", "1.", ".5", "1e-3", " 1 ", "1E2", "\t0.5\n", "00.5"}) {
    EXPECT_EQ(message_of(ball(std::string("size=\"") + word + "\"")), "") << word;
  }
}

TEST(Mjcf, IntegersAreWholeNumbersInRange) {
  for (const char* word : {"1.0", "1e0", "0x1", "99999999999", "-99999999999", "one", "", "1 2"}) {
    const std::string message = message_of(ball("size=\"1\" group=\"" + std::string(word) + "\""));
    EXPECT_NE(message.find("geom: group"), message.npos) << word;
  }
}

TEST(Mjcf, LocaleDoesNotMatter) {
  const char* before = std::setlocale(LC_ALL, nullptr);
  const std::string keep = before ? before : "C";
  for (const char* name : {"de_DE.UTF-8", "fr_FR.UTF-8"}) std::setlocale(LC_ALL, name);
  EXPECT_EQ(message_of(ball("size=\"0.5\"")), "");
  std::setlocale(LC_ALL, keep.c_str());
}

// remembers what was asked for
class CountingFolder : public MemoryFolder {
 public:
  mutable std::vector<std::string> asked;
  Bytes read(const std::string& path, uint64_t most) const override {
    asked.push_back(path);
    return MemoryFolder::read(path, most);
  }
};

TEST(Mjcf, PathsThatLeaveTheFolderAreNeverOpened) {
  const std::string bad[] = {"../a.stl",
                             "../../etc/passwd.stl",
                             "a/../../b.stl",
                             "/etc/passwd.stl",
                             "//host/share.stl",
                             "C:/windows.stl",
                             "c:a.stl",
                             "a\\b.stl",
                             "..\\a.stl",
                             "http://host/a.stl",
                             "file:///etc/passwd.stl",
                             "package://robot/a.stl",
                             "./../a.stl",
                             "a/b/../../../c.stl",
                             std::string(5000, 'a') + ".stl",
                             "/dev/zero.stl",
                             "/proc/self/mem.stl"};
  for (const std::string& path : bad) {
    CountingFolder folder;
    const std::string xml =
        "<mujoco><asset><mesh name=\"m\" file=\"" + path + "\"/></asset></mujoco>";
    EXPECT_THROW(read_mjcf_text(xml, "model.xml", folder), Error) << path;
    EXPECT_TRUE(folder.asked.empty()) << path;
    const std::string include = "<mujoco><include file=\"" + path + "\"/></mujoco>";
    EXPECT_THROW(read_mjcf_text(include, "model.xml", folder), Error) << path;
    EXPECT_TRUE(folder.asked.empty()) << path;
  }
  // a folder attribute does not help
  CountingFolder folder;
  EXPECT_THROW(read_mjcf_text("<mujoco><compiler meshdir=\"..\"/><asset><mesh file=\"a.stl\"/>"
                              "</asset></mujoco>",
                              "model.xml", folder),
               Error);
  EXPECT_TRUE(folder.asked.empty());
}

TEST(Mjcf, LinksAndSpecialFilesAreRefused) {
  const fs::path root = fs::path(MOTORIUM_BINARY_DIR) / "folder_test";
  fs::remove_all(root);
  fs::create_directories(root / "model/inside");
  std::ofstream(root / "secret.xml") << "<mujoco/>";
  std::ofstream(root / "model/inside/real.xml") << "<mujoco/>";
  fs::create_symlink("../secret.xml", root / "model/link.xml");
  fs::create_directory_symlink("..", root / "model/up");
  fs::create_symlink("/dev/zero", root / "model/zero.xml");
  fs::create_symlink("loop.xml", root / "model/loop.xml");
  fs::create_symlink("inside/real.xml", root / "model/good.xml");
  fs::create_directory(root / "model/folder.xml");
  ASSERT_EQ(mkfifo((root / "model/fifo.xml").c_str(), 0600), 0);
  const DiskFolder folder((root / "model").string());
  for (const char* name : {"link.xml", "up/secret.xml", "zero.xml", "loop.xml", "folder.xml",
                           "fifo.xml", "gone.xml"}) {
    EXPECT_THROW(folder.read(name, 1000), Error) << name;
  }
  EXPECT_EQ(folder.read("good.xml", 1000).size(), 9u);
  EXPECT_EQ(folder.read("inside/../good.xml", 1000).size(), 9u);
  EXPECT_THROW(folder.read("good.xml", 8), Error);
  fs::remove_all(root);
}

TEST(Mjcf, IncludesAreSplicedOnceAndRelativeToTheIncludingFile) {
  MemoryFolder folder;
  const auto add = [&](const std::string& path, const std::string& text) {
    folder.files[path] = Bytes(text.begin(), text.end());
  };
  add("main.xml",
      "<mujoco><include file=\"parts/body.xml\"/><worldbody><geom name=\"c\" size=\"1\"/>"
      "</worldbody></mujoco>");
  add("parts/body.xml",
      "<mujocoinclude><worldbody><geom name=\"a\" size=\"1\"/><include file=\"leaf.xml\"/>"
      "</worldbody></mujocoinclude>");
  add("parts/leaf.xml", "<mujoco><geom name=\"b\" size=\"1\"/></mujoco>");
  const Model m = compile(read_mjcf("main.xml", folder));
  EXPECT_EQ(m.geom_name, (std::vector<std::string>{"a", "b", "c"}));
  // below the root, beside the main file and up again inside the root
  add("sub/main.xml",
      "<mujoco><compiler meshdir=\"../parts\"/><include file=\"../parts/list.xml\"/></mujoco>");
  add("parts/list.xml", "<mujoco><asset><mesh name=\"m\" file=\"m.obj\"/></asset></mujoco>");
  add("parts/m.obj", "v 0 0 0\nv 1 0 0\nv 0 1 0\nv 0 0 1\nf 1 3 2\n");
  EXPECT_EQ(read_mjcf("sub/main.xml", folder).meshes[0].vertex.size(), 12u);
  // a ring
  add("ring.xml", "<mujoco><include file=\"ring2.xml\"/></mujoco>");
  add("ring2.xml", "<mujoco><include file=\"./ring.xml\"/></mujoco>");
  EXPECT_THROW(read_mjcf("ring.xml", folder), Error);
  // a chain that is too long
  for (int i = 0; i < 40; ++i) {
    add("chain" + std::to_string(i) + ".xml",
        "<mujoco><include file=\"chain" + std::to_string(i + 1) + ".xml\"/></mujoco>");
  }
  EXPECT_THROW(read_mjcf("chain0.xml", folder), Error);
}

// refused within a second
void expect_bomb(const std::string& xml, const std::string& word) {
  const auto start = std::chrono::steady_clock::now();
  const std::string message = message_of(xml);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  EXPECT_NE(message.find(word), message.npos) << message.substr(0, 300);
  EXPECT_LT(message.size(), 100'000u);
  EXPECT_LT(took.count(), 1.0 + 1.0 * static_cast<double>(xml.size() >> 20));
}

std::string repeated(const std::string& part, int count) {
  std::string out;
  out.reserve(part.size() * static_cast<size_t>(count));
  for (int i = 0; i < count; ++i) out += part;
  return out;
}

TEST(Mjcf, BombsAreRefusedQuickly) {
  // depth
  expect_bomb("<mujoco>" + repeated("<a>", 500'000) + repeated("</a>", 500'000) + "</mujoco>",
              "nested deeper");
  expect_bomb(repeated("<mujoco>", 100'000), "not well-formed");
  expect_bomb("<mujoco><worldbody>" + repeated("<body>", 5'000) + repeated("</body>", 5'000) +
                  "</worldbody></mujoco>",
              "nested deeper");
  // width
  std::string attributes = "<mujoco><option";
  for (int i = 0; i < 80'000; ++i) attributes += " a" + std::to_string(i) + "=\"1\"";
  expect_bomb(attributes + "/></mujoco>", "more than 128 attributes");
  expect_bomb("<mujoco>" + repeated("<a/>", 1'000'001) + "</mujoco>", "more than 1000000 elements");
  // copies
  expect_bomb("<mujoco><worldbody>" + repeated("<replicate count=\"1000\">", 3) +
                  "<geom size=\"1\"/>" + repeated("</replicate>", 3) + "</worldbody></mujoco>",
              "copied objects");
  // entities are not expanded
  expect_bomb(
      "<!DOCTYPE m [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;\">]>"
      "<mujoco><option timestep=\"&b;\"/></mujoco>",
      "not a finite decimal number");
  // many problems: the first hundred, and a count
  const std::string many = message_of("<mujoco>" + repeated("<a/>\n", 5'000) + "</mujoco>");
  EXPECT_EQ(std::count(many.begin(), many.end(), '\n'), 100);
  EXPECT_NE(many.find("and 4900 more problems"), many.npos);
  // a long value
  expect_bomb("<mujoco model=\"" + std::string(20 << 20, 'a') + "\"/>", "longer than");
  // more bodies, sensors and keyframes than fit
  expect_bomb("<mujoco><worldbody>" + repeated("<body/>", 10'001) + "</worldbody></mujoco>",
              "more than 10000 bodies");
  expect_bomb("<mujoco><size nkey=\"2000000000\"/></mujoco>", "keyframes");
  expect_bomb("<mujoco><worldbody/><sensor>" +
                  repeated("<contact num=\"10000\" data=\"found force torque\"/>", 20) +
                  "</sensor></mujoco>",
              "sensor numbers");
}

TEST(Mjcf, CutFilesAreRefusedOrLoaded) {
  const std::string text =
      read_text(fs::path(MOTORIUM_SOURCE_DIR) / "tests/parity/models/sensors_contact.xml");
  for (size_t length = 0; length <= text.size(); ++length) message_of(text.substr(0, length));
  // each byte changed
  for (size_t i = 0; i < text.size(); ++i) {
    for (const char c : {'\0', '<', '"', '9', '\xff'}) {
      std::string changed = text;
      changed[i] = c;
      message_of(changed);
    }
  }
}

TEST(Mjcf, UnusedPartsAreReported) {
  const auto m = load_model_from_string(
      "<mujoco><size njmax=\"5\"/><option jacobian=\"sparse\"/><worldbody><body user=\"1\">"
      "<geom size=\"1\"/></body></worldbody></mujoco>");
  const auto has = [&](const std::string& line) {
    return std::find(m->report.begin(), m->report.end(), line) != m->report.end();
  };
  EXPECT_TRUE(has("size/njmax: ignored"));
  EXPECT_TRUE(has("option/jacobian: ignored"));
  EXPECT_TRUE(has("body/user: ignored"));
}

}  // namespace
}  // namespace motorium
