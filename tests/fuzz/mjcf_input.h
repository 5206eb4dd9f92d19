// What a fuzzer does with bytes that claim to be an MJCF file: a Model or an Error, nothing else.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>

#include "motorium/core/error.h"
#include "motorium/physics/compile/compile.h"
#include "motorium/physics/spec/folder.h"
#include "motorium/physics/spec/read_mjcf.h"

namespace motorium {

// true when the bytes are a model; files that it may name lie in a small folder in memory
inline bool try_mjcf(const uint8_t* data, size_t size) {
  static const MemoryFolder folder = [] {
    MemoryFolder made;
    const auto add = [&](const char* path, const std::string& text) {
      made.files[path] = Bytes(text.begin(), text.end());
    };
    add("m.obj", "v 0 0 0\nv 1 0 0\nv 0 1 0\nv 0 0 1\nf 1 3 2\nf 1 2 4\nf 2 3 4\nf 3 1 4\n");
    add("part.xml",
        "<mujoco model=\"part\"><worldbody><body name=\"p\"><joint name=\"j\"/><geom size=\"1\"/>"
        "</body></worldbody><actuator><motor joint=\"j\"/></actuator></mujoco>");
    return made;
  }();
  try {
    const std::string text(reinterpret_cast<const char*>(data), size);
    compile(read_mjcf_text(text, "model.xml", folder, {.newton = true}));
    return true;
  } catch (const Error&) {
    return false;
  }
}

}  // namespace motorium
