// What is wrong with a file, collected: all problems of a file are reported at once.
#pragma once
#include <string>
#include <vector>

namespace motorium {

// a line of one of the files of a model
struct Place {
  int file = -1;  // index into Problems::files
  int line = 0;   // 1 is the first
};

class Problems {
 public:
  std::vector<std::string> files;  // names of the files that make up the model

  // file:line: element[@name]: attribute="value": what: why or nearest alternative
  void malformed(Place place, const std::string& element, const std::string& what);
  // the same for something that MuJoCo has and the engine does not
  void unsupported(Place place, const std::string& element, const std::string& what);

  int count() const { return count_; }
  // further problems are counted only; texts for them need not be made
  bool full() const;
  // throws UnsupportedModel if any problem is one of support, else Error, if there is any
  void throw_if_any() const;
  std::string where(Place place) const;

 private:
  void add(Place place, const std::string& element, const std::string& what);
  std::vector<std::string> lines_;
  int count_ = 0;
  bool unsupported_ = false;
};

}  // namespace motorium
