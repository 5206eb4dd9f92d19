#include "motorium/physics/spec/problems.h"

#include "motorium/core/error.h"
#include "motorium/core/limits.h"
#include "motorium/physics/spec/text.h"

namespace motorium {

std::string Problems::where(Place place) const {
  const bool known = place.file >= 0 && place.file < static_cast<int>(files.size());
  return (known ? printable(files[place.file], 200) : std::string("model")) + ":" +
         std::to_string(place.line);
}

bool Problems::full() const { return static_cast<int>(lines_.size()) >= limits::kProblems; }

void Problems::add(Place place, const std::string& element, const std::string& what) {
  ++count_;
  if (full()) return;
  lines_.push_back(where(place) + ": " + element + ": " + what);
}

void Problems::malformed(Place place, const std::string& element, const std::string& what) {
  add(place, element, what);
}

void Problems::unsupported(Place place, const std::string& element, const std::string& what) {
  unsupported_ = true;
  add(place, element, what);
}

void Problems::throw_if_any() const {
  if (count_ == 0) return;
  std::string text;
  for (const std::string& line : lines_) text += (text.empty() ? "" : "\n") + line;
  const int left = count_ - static_cast<int>(lines_.size());
  if (left > 0) text += "\n... and " + std::to_string(left) + " more problems";
  if (unsupported_) throw UnsupportedModel(text);
  throw Error(text);
}

}  // namespace motorium
