// The command `motorium`. One function, called by the executable and by the Python package.
//
// Exit codes: 0 done, 1 the task failed, 2 usage, 65 bad input file, 69 CPU too old, 70 device
// lost.
#pragma once

namespace motorium {

int main(int argc, const char* const* argv);

}  // namespace motorium
