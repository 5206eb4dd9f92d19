// How far a model may name files outside of its own folder.
#pragma once
#include <string>

namespace motorium {

// Levels above the model's folder that its files may lie in. With a root: up to it; throws Error
// when it does not hold the folder. Without one: up to four, but never a folder that holds the
// user's home folder, that everybody may write to, or that is the root of the file system.
int levels_above(const std::string& folder, const std::string& root);

}  // namespace motorium
