// Strict reading of one JSON object: every key must be asked for, every value has a type.
#pragma once
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "motorium/core/error.h"
#include "motorium/core/text.h"

namespace motorium {

using Json = nlohmann::ordered_json;

class Reader {
 public:
  Reader(const Json& object, std::string where) : json_(object), where_(std::move(where)) {
    require(object.is_object(), where_ + ": must be an object { ... }");
  }
  const std::string& where() const { return where_; }
  bool has(const std::string& key) {
    known_.push_back(key);
    return json_.contains(key) && !json_.at(key).is_null();
  }
  const Json& at(const std::string& key) {
    require(has(key), where_ + ": \"" + key + "\" is missing");
    return json_.at(key);
  }
  double number(const std::string& key) { return as_number(at(key), where_ + "." + key); }
  double number(const std::string& key, double fallback) {
    return has(key) ? number(key) : fallback;
  }
  std::string text(const std::string& key) {
    require(at(key).is_string(), where_ + "." + key + ": must be a text");
    return at(key).get<std::string>();
  }
  std::string text(const std::string& key, const std::string& fallback) {
    return has(key) ? text(key) : fallback;
  }
  bool truth(const std::string& key, bool fallback) {
    if (!has(key)) return fallback;
    require(at(key).is_boolean(), where_ + "." + key + ": must be true or false");
    return at(key).get<bool>();
  }
  // [low, high] or one number for both
  std::pair<double, double> range(const std::string& key, std::pair<double, double> fallback) {
    if (!has(key)) return fallback;
    const Json& j = at(key);
    if (j.is_number()) return {number(key), number(key)};
    require(j.is_array() && j.size() == 2, where_ + "." + key + ": must be [low, high]");
    const double low = as_number(j[0], where_ + "." + key),
                 high = as_number(j[1], where_ + "." + key);
    require(low <= high, where_ + "." + key + ": low is above high");
    return {low, high};
  }
  Reader object(const std::string& key) {
    static const Json empty = Json::object();
    return has(key) ? Reader(json_.at(key), where_ + "." + key) : Reader(empty, where_ + "." + key);
  }
  std::vector<std::string> texts(const std::string& key) {
    std::vector<std::string> out;
    const Json& j = at(key);
    require(j.is_array(), where_ + "." + key + ": must be a list of texts");
    for (const Json& e : j) {
      require(e.is_string(), where_ + "." + key + ": must be a list of texts");
      out.push_back(e.get<std::string>());
    }
    return out;
  }
  // throws for keys that nobody asked for
  void finish() {
    for (const auto& [key, value] : json_.items()) {
      bool found = false;
      for (const std::string& k : known_) found = found || k == key;
      require(found,
              where_ + ": unknown parameter \"" + escape(key) + "\"" + did_you_mean(key, known_));
    }
  }

  static double as_number(const Json& j, const std::string& where) {
    require(j.is_number(), where + ": must be a number");
    const double v = j.get<double>();
    require(v >= -1e9 && v <= 1e9, where + ": must be between -1e9 and 1e9");
    return v;
  }

 private:
  const Json& json_;
  std::string where_;
  std::vector<std::string> known_;
};

}  // namespace motorium
