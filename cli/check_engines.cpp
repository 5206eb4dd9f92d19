// motorium check FILE --engines: the same controls in each engine that is installed. The other
// engines are Python packages, so a child Python runs them (python/motorium/engines.py).
#include <spawn.h>
#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>

#include "motorium/cli/verbs.h"

extern char** environ;

namespace motorium::cli {

int check_engines(const std::string& path, const std::string& engines) {
  // the installed command says which Python it runs in
  const char* given = std::getenv("MOTORIUM_PYTHON");
  std::string python = given ? given : "python3", dash = "-m", module = "motorium.engines";
  std::string file = path, list = engines;
  char* const arguments[] = {python.data(), dash.data(), module.data(),
                             file.data(),   list.data(), nullptr};
  std::fflush(stdout);
  pid_t child = 0;
  if (posix_spawnp(&child, python.c_str(), nullptr, nullptr, arguments, environ) != 0) {
    throw Failure{kExitFailed, "'" + python +
                                   "' cannot be started: --engines needs Python with "
                                   "the package motorium; MOTORIUM_PYTHON names another one"};
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : kExitFailed;
}

}  // namespace motorium::cli
