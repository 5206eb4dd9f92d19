// Where robots are.
#include <cstdlib>
#include <filesystem>

#include "motorium/core/error.h"
#include "motorium/core/text.h"
#include "motorium/robots/tasks/tasks.h"

namespace motorium {
namespace fs = std::filesystem;
namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}
bool is_file(const fs::path& p) {
  std::error_code error;
  return fs::is_regular_file(p, error);
}

// site-packages folders below a Python installation
std::vector<fs::path> site_packages(const fs::path& prefix) {
  std::vector<fs::path> out;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(prefix / "lib", error))
    if (entry.path().filename().string().starts_with("python"))
      out.push_back(entry.path() / "site-packages");
  return out;
}

}  // namespace

std::string robots_folder() {
  const std::string set = environment("MOTORIUM_ROBOTS_DIR");
  return set.empty() ? MOTORIUM_ROBOTS_DIR : set;
}

std::string find_robot(const std::string& name, const std::string& robot_path) {
  // our own robots by their short name
  const fs::path own = fs::path(robots_folder()) / name / "robot.xml";
  if (name.find('/') == std::string::npos && name.find('.') == std::string::npos) {
    if (is_file(own)) return own.string();
    std::vector<std::string> names;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(robots_folder(), error))
      if (is_file(entry.path() / "robot.xml")) names.push_back(entry.path().filename().string());
    throw Error("unknown robot \"" + escape(name) + "\"" + did_you_mean(name, names));
  }

  // robots of others: a file itself, or a folder that holds it at any tail of its path
  std::vector<fs::path> places;
  if (!robot_path.empty()) places.push_back(robot_path);
  if (const std::string set = environment("MOTORIUM_ROBOTS"); !set.empty()) places.push_back(set);
  if (const std::string set = environment("MOTORIUM_SITE_PACKAGES"); !set.empty())
    places.push_back(set);
  if (const std::string set = environment("VIRTUAL_ENV"); !set.empty())
    for (const fs::path& p : site_packages(set)) places.push_back(p);
  const std::string cache = environment("XDG_CACHE_HOME"), home = environment("HOME");
  const fs::path corpus = (cache.empty() ? fs::path(home) / ".cache" : fs::path(cache)) /
                          "motorium" / "corpus" / "mjlab-1.6.0";
  places.push_back(corpus);
  const fs::path wanted = name;
  for (const fs::path& place : places) {
    if (is_file(place) && place.filename() == wanted.filename()) return place.string();
    fs::path tail = wanted;
    while (!tail.empty()) {
      if (is_file(place / tail)) return (place / tail).string();
      fs::path shorter;
      for (auto part = std::next(tail.begin()); part != tail.end(); ++part) shorter /= *part;
      tail = shorter;
    }
  }
  throw Error("robot file " + escape(name) +
              " not found: name its folder with --robot-path, or set MOTORIUM_ROBOTS, or install "
              "the Python package that holds it (mjlab), or unpack that package into " +
              corpus.string());
}

}  // namespace motorium
