// What this program is: version, commit, compiler, instruction set.
#pragma once
#include <string>

namespace motorium::cli {

// "0.1.0"
std::string version();

// "motorium 0.1.0, commit 1a2b3c4, gcc 12.2.0, CPU kernels v3"
std::string version_text();

}  // namespace motorium::cli
