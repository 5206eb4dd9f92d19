// Names and regular expressions of a task table.
#include <algorithm>
#include <regex>

#include "motorium/robots/tasks/compiler.h"

namespace motorium {
namespace {

std::regex pattern_of(const std::string& text, const std::string& where) {
  try {
    return std::regex(text);
  } catch (const std::regex_error&) {
    throw Error(where + ": \"" + escape(text) + "\" is not a regular expression");
  }
}

}  // namespace

std::vector<int> select_names(const Names& names, const std::string& text,
                              const std::string& where) {
  const std::regex pattern = pattern_of(text, where);
  std::vector<int> out;
  for (size_t i = 0; i < names.size(); ++i)
    if (std::regex_match(names[i], pattern)) out.push_back(static_cast<int>(i));
  require(!out.empty(),
          where + ": \"" + escape(text) + "\" matches nothing" + did_you_mean(text, names));
  return out;
}

int index_of(const Names& names, const std::string& name, const std::string& where) {
  const auto at = std::find(names.begin(), names.end(), name);
  require(at != names.end(),
          where + ": there is no \"" + escape(name) + "\"" + did_you_mean(name, names));
  return static_cast<int>(at - names.begin());
}

std::vector<double> per_name(const Json& j, const Names& all, const std::vector<int>& chosen,
                             const std::string& where) {
  std::vector<double> out(chosen.size());
  if (!j.is_object()) {
    std::fill(out.begin(), out.end(), Reader::as_number(j, where));
    return out;
  }
  std::vector<int> hits(chosen.size(), 0);
  for (const auto& [text, value] : j.items()) {
    select_names(all, text, where);
    const std::regex pattern = pattern_of(text, where);
    for (size_t i = 0; i < chosen.size(); ++i)
      if (std::regex_match(all[static_cast<size_t>(chosen[i])], pattern)) {
        out[i] = Reader::as_number(value, where);
        ++hits[i];
      }
  }
  for (size_t i = 0; i < chosen.size(); ++i)
    require(hits[i] == 1, where + ": \"" + all[static_cast<size_t>(chosen[i])] + "\" is matched " +
                              std::to_string(hits[i]) + " times; each name needs one pattern");
  return out;
}

}  // namespace motorium
