// dump_model [OPTION...] FILE...: one line per file, {"file": ..., "model": {...}} or {"file": ...,
// "error":
// "..."}. Options: --compat=newton, of URDFs --repair --floating --ignore-mimic
#include <cstdio>
#include <exception>
#include <string>

#include "motorium/core/error.h"
#include "motorium/physics/batch.h"
#include "motorium/physics/compile/model_json.h"

namespace {

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += {'\\', c};
    } else if (c == '\n') {
      out += "\\n";
    } else {
      out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
  }
  return out + "\"";
}

}  // namespace

int main(int argc, char** argv) {
  motorium::LoadOptions options;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--repair") options.repair = true;
    if (word == "--floating") options.floating_base = true;
    if (word == "--ignore-mimic") options.mimic = motorium::Mimic::ignore;
    if (word == "--compat=newton") options.compat = motorium::Compat::newton;
    if (word.compare(0, 2, "--") == 0) continue;
    std::string line = "{\"file\": " + quoted(argv[i]) + ", ";
    try {
      std::string model = motorium::model_to_json(*motorium::load_model(word, options));
      for (char& c : model) c = c == '\n' ? ' ' : c;
      line += "\"model\": " + model;
    } catch (const motorium::UnsupportedModel& error) {
      line += "\"unsupported\": true, \"error\": " + quoted(error.what());
    } catch (const std::exception& error) {
      line += "\"error\": " + quoted(error.what());
    }
    std::puts((line + "}").c_str());
  }
}
