#include "motorium/cli/python_module.h"

#include <spawn.h>
#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>

#include "motorium/cli/verbs.h"

extern char** environ;

namespace motorium::cli {

int run_python_module(const std::string& module, std::vector<std::string> arguments,
                      const std::string& what) {
  // the installed command says which Python it runs in
  const char* given = std::getenv("MOTORIUM_PYTHON");
  const std::string python = given ? given : "python3";
  arguments.insert(arguments.begin(), {python, "-m", module});
  std::vector<char*> pointers;
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  std::fflush(stdout);
  pid_t child = 0;
  if (posix_spawnp(&child, python.c_str(), nullptr, nullptr, pointers.data(), environ) != 0) {
    throw Failure{kExitFailed, "'" + python + "' cannot be started: " + what +
                                   " needs Python with the package motorium; MOTORIUM_PYTHON "
                                   "names another one"};
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : kExitFailed;
}

}  // namespace motorium::cli
