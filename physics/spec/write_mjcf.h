// Spec -> MJCF text, and the files it needs.
//
// Every attribute that differs from MJCF's default is written, numbers in the shortest form that
// reads back as the same number: reading the text gives a model with the same constants. Default
// classes, replicas and includes are gone, shortcuts of actuators are written as <general>.
#pragma once
#include <functional>
#include <string>

#include "motorium/physics/spec/spec.h"

namespace motorium {

struct WriteOptions {
  // The name that a file gets in the text: `source` is where it lies, `file` as the model names it.
  // Left out: files keep their names, and meshes that no MJCF could name are written out.
  std::function<std::string(const std::string& source, const std::string& file)> place;
};
std::string write_mjcf(const Spec& spec, const WriteOptions& options = {});

// Writes a model file. Meshes and textures that lie below its folder are referred to, others are
// copied into the folder assets beside it.
void save_mjcf(const Spec& spec, const std::string& path);

}  // namespace motorium
