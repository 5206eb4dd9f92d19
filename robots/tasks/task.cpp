// Reading task tables and applying overrides.
#include "motorium/robots/tasks/task.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "motorium/physics/compile/compile.h"
#include "motorium/physics/spec/load.h"
#include "motorium/robots/tasks/tasks.h"

namespace motorium {
namespace fs = std::filesystem;
namespace {

std::string read_text(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  require(in.good(), path.string() + ": cannot be read");
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

// names of rows, for messages
std::vector<std::string> row_names(const Json& rows) {
  std::vector<std::string> names;
  for (const Json& r : rows)
    if (r.is_object() && r.contains("name")) names.push_back(r["name"].get<std::string>());
  return names;
}

std::string plain(std::string s) {
  std::replace(s.begin(), s.end(), '-', '_');
  return s;
}

const std::vector<std::string> kRowKeys = {"name",  "term", "weight", "mode",   "params",
                                           "noise", "clip", "scale",  "corrupt"};

}  // namespace

Task parse_task(const std::string& text, const std::string& name,
                const std::vector<std::pair<std::string, std::string>>& overrides) {
  Task task;
  task.name = name;
  task.table = Json::parse(text, nullptr, false, true);
  require(!task.table.is_discarded(), "task " + name + ": the table is not valid JSON");
  require(task.table.is_object(), "task " + name + ": the table must be an object { ... }");
  for (const auto& [path, value] : overrides) apply_override(task.table, path, value);
  return task;
}

Task read_task(const std::string& name,
               const std::vector<std::pair<std::string, std::string>>& overrides) {
  const std::vector<std::string> names = task_names();
  require(std::find(names.begin(), names.end(), name) != names.end(),
          "unknown task \"" + escape(name) + "\"" + did_you_mean(name, names));
  return parse_task(read_text(fs::path(robots_folder()) / "tasks" / (name + ".json")), name,
                    overrides);
}

void apply_override(Json& table, const std::string& path, const std::string& value) {
  // the path without "env.", in parts
  std::vector<std::string> parts;
  std::stringstream in(plain(path));
  for (std::string part; std::getline(in, part, '.');) parts.push_back(part);
  if (!parts.empty() && parts[0] == "env") parts.erase(parts.begin());
  require(!parts.empty(), "override \"" + escape(path) + "\": the path is empty");

  // descend: objects by key, tables of rows by name; "terms" and "params" may be left out
  Json* at = &table;
  for (size_t i = 0; i < parts.size(); ++i) {
    const std::string& part = parts[i];
    const bool last = i + 1 == parts.size();
    if (at->is_object() && !at->contains(part) && at->contains("terms")) at = &(*at)["terms"];
    if (at->is_array()) {
      const auto row = std::find_if(at->begin(), at->end(), [&](const Json& r) {
        return r.is_object() && plain(r.value("name", "")) == part;
      });
      require(row != at->end(), "override \"" + escape(path) + "\": no row \"" + escape(part) +
                                    "\"" + did_you_mean(part, row_names(*at)));
      if (last) {
        require(value == "null", "override \"" + escape(path) +
                                     "\": names a whole row; the only value for that is null");
        at->erase(row);
        return;
      }
      at = &*row;
      continue;
    }
    require(at->is_object(), "override \"" + escape(path) + "\": nothing below \"" +
                                 escape(i ? parts[i - 1] : "") + "\"");
    const bool is_row = at->contains("name") || at->contains("term");
    if (is_row && std::find(kRowKeys.begin(), kRowKeys.end(), part) == kRowKeys.end()) {
      if (!at->contains("params")) (*at)["params"] = Json::object();
      at = &(*at)["params"];
    }
    if (last) {
      Json parsed = Json::parse(value, nullptr, false);
      if (parsed.is_discarded()) parsed = value;
      if (parsed.is_null())
        at->erase(part);
      else
        (*at)[part] = parsed;
      return;
    }
    if (!at->contains(part)) {
      std::vector<std::string> keys;
      for (const auto& [key, unused] : at->items()) keys.push_back(key);
      // the learner's own names are checked by the learner
      require(part == "agent", "override \"" + escape(path) + "\": no \"" + escape(part) + "\"" +
                                   did_you_mean(part, keys));
      (*at)[part] = Json::object();
    }
    at = &(*at)[part];
  }
}

Spec load_task_spec(const Task& task, const std::string& robot_path) {
  const std::string where = "task " + task.name;
  require(task.table.contains("robot") && task.table["robot"].is_string(),
          where + ": \"robot\" must name a model");
  const fs::path file = find_robot(task.table["robot"].get<std::string>(), robot_path);
  if (!task.table.contains("scene")) return load_spec(file.string());

  // a robot of others: its file with a floor, motors, ... put in by replacing pieces of text
  Reader scene(task.table["scene"], where + ".scene");
  std::string xml = read_text(file);
  const Json& edits = scene.at("edits");
  require(edits.is_array(), where + ".scene.edits: must be a list");
  for (const Json& e : edits) {
    Reader edit(e, where + ".scene.edits");
    const std::string find = edit.text("find");
    std::string replace;
    const Json& to = edit.at("replace");
    if (to.is_array())
      for (const Json& line : to) replace += line.get<std::string>() + "\n";
    else
      replace = edit.text("replace");
    edit.finish();
    size_t pos = xml.find(find);
    require(!find.empty() && pos != std::string::npos,
            where + ": " + file.string() + " holds no text \"" + escape(find) +
                "\": is it the file this task was written for?");
    for (; pos != std::string::npos; pos = xml.find(find, pos + replace.size()))
      xml.replace(pos, find.size(), replace);
  }
  scene.finish();
  return load_spec_from_string(xml, file.parent_path().string());
}

std::shared_ptr<const Model> load_task_model(const Task& task, const std::string& robot_path) {
  return compile_and_keep(load_task_spec(task, robot_path));
}

// ---- by name
// -------------------------------------------------------------------------------------

std::vector<std::string> task_names() {
  std::vector<std::string> names;
  const fs::path folder = fs::path(robots_folder()) / "tasks";
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error))
    if (entry.path().extension() == ".json") names.push_back(entry.path().stem().string());
  require(!error,
          folder.string() + ": no tasks here; set MOTORIUM_ROBOTS_DIR to the folder robots/");
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::pair<std::string, std::string>> task_agent(
    const std::string& task, const std::vector<std::pair<std::string, std::string>>& overrides) {
  const Task t = read_task(task, overrides);
  std::vector<std::pair<std::string, std::string>> out;
  if (t.table.contains("agent"))
    for (const auto& [key, value] : t.table["agent"].items())
      out.emplace_back(key, value.is_string() ? value.get<std::string>() : value.dump());
  return out;
}

std::string task_summary(const std::string& task) {
  return read_task(task, {}).table.value("about", "");
}

}  // namespace motorium
