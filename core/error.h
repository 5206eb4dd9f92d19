// Three words for what goes wrong: `require` for what a user, a file or a peer got wrong (throws
// Error), `assert_that` for our own mistakes (prints and aborts, also in release), and status bits
// (status.h) for what physics does.
#pragma once
#include <stdexcept>
#include <string>

namespace motorium {

// A message says where, what was found, what is allowed and what to change. Python: motorium.Error,
// a ValueError.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// A file uses something the engine does not have; the message lists every such place.
// Python: motorium.UnsupportedModel, an Error.
class UnsupportedModel : public Error {
 public:
  using Error::Error;
};

inline void require(bool ok, const std::string& message) {
  if (!ok) throw Error(message);
}

[[noreturn]] void fail_assertion(const char* what, const char* file, int line);

}  // namespace motorium

#define MOTORIUM_ASSERT(ok) \
  (static_cast<bool>(ok) ? void(0) : ::motorium::fail_assertion(#ok, __FILE__, __LINE__))
