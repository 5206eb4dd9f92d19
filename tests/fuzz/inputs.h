// What fuzzers do with hostile bytes, by kind of file: they are read or an Error says why not.
// Nothing else may happen. Each returns true when the bytes are sound.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>

#include "motorium/core/error.h"
#include "motorium/physics/compile/compile.h"
#include "motorium/physics/spec/load.h"
#include "motorium/physics/spec/mesh_file.h"
#include "motorium/policy/nn/safetensors.h"
#include "tests/fuzz/mjcf_input.h"

namespace motorium {

template <class Read> bool survives(const Read& read) {
  try {
    read();
    return true;
  } catch (const Error&) {
    return false;
  }
}

// meshes of the robot are not there
inline bool try_urdf(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  return survives([&] { compile(load_spec_from_string(text, "", {.repair = true})); });
}
inline bool try_stl(const uint8_t* data, size_t size) {
  return survives([&] { read_stl(Bytes(data, data + size)); });
}
inline bool try_obj(const uint8_t* data, size_t size) {
  return survives([&] { read_obj(Bytes(data, data + size)); });
}
inline bool try_msh(const uint8_t* data, size_t size) {
  return survives([&] { read_msh(Bytes(data, data + size)); });
}
inline bool try_png(const uint8_t* data, size_t size) {
  return survives([&] { read_png_heights(Bytes(data, data + size)); });
}
inline bool try_safetensors(const uint8_t* data, size_t size) {
  return survives([&] { Safetensors::parse(Bytes(data, data + size), "bytes"); });
}

}  // namespace motorium
