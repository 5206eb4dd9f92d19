// Verbs that other engines take part in: those are Python packages, so a child Python runs them.
#pragma once
#include <string>
#include <vector>

namespace motorium::cli {

// python -m MODULE ARGUMENTS..., in the Python that runs this command, or $MOTORIUM_PYTHON, or
// python3; returns its exit code. what: the option that needs it, for the message
int run_python_module(const std::string& module, std::vector<std::string> arguments,
                      const std::string& what);

}  // namespace motorium::cli
