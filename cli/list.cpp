// motorium list: tasks and robots.
#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "motorium/cli/verbs.h"
#include "motorium/robots/tasks/tasks.h"

namespace motorium::cli {

int list(const std::string& word) {
  const auto wanted = [&](const std::string& text) { return text.find(word) != std::string::npos; };
  int shown = 0;
  std::printf("tasks\n");
  for (const std::string& task : task_names()) {
    const std::string about = task_summary(task);
    if (!wanted(task) && !wanted(about)) continue;
    std::printf("  %-26s %s\n", task.c_str(), about.c_str());
    ++shown;
  }

  // robots are folders with a robot.xml
  std::vector<std::string> robots;
  for (const auto& entry : std::filesystem::directory_iterator(robots_folder()))
    if (std::filesystem::exists(entry.path() / "robot.xml"))
      robots.push_back(entry.path().filename().string());
  std::sort(robots.begin(), robots.end());
  std::printf("robots\n");
  for (const std::string& robot : robots) {
    if (!wanted(robot)) continue;
    std::printf("  %-26s %s\n", robot.c_str(), find_robot(robot).c_str());
    ++shown;
  }
  if (!shown) std::printf("nothing has the word '%s'\n", word.c_str());
  return shown ? 0 : kExitFailed;
}

}  // namespace motorium::cli
