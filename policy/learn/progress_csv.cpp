#include "motorium/policy/learn/progress_csv.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include "motorium/core/error.h"

namespace motorium {

ProgressCsv::ProgressCsv(const std::string& path, int resumed_at) : path_(path) {
  // keep the rows up to the checkpoint
  std::string kept, line;
  if (resumed_at > 0) {
    std::ifstream old(path);
    while (std::getline(old, line)) {
      if (columns_.empty()) {
        for (size_t at = 0; at <= line.size();) {
          const size_t comma = std::min(line.find(',', at), line.size());
          columns_.push_back(line.substr(at, comma - at));
          at = comma + 1;
        }
      } else if (std::atoi(line.c_str()) > resumed_at) {
        continue;
      }
      kept += line + "\n";
    }
  }
  file_ = std::fopen(path.c_str(), "wb");
  require(file_, path + ": cannot be written: " + std::strerror(errno));
  std::fwrite(kept.data(), 1, kept.size(), file_);
  std::fflush(file_);
}

ProgressCsv::~ProgressCsv() {
  if (file_) std::fclose(file_);
}

void ProgressCsv::write(int iteration, int64_t steps,
                        const std::vector<std::pair<std::string, double>>& scalars) {
  if (columns_.empty()) {
    columns_ = {"iteration", "steps"};
    for (const auto& s : scalars) columns_.push_back(s.first);
    for (size_t i = 0; i < columns_.size(); ++i)
      std::fprintf(file_, "%s%s", i ? "," : "", columns_[i].c_str());
    std::fputc('\n', file_);
  }
  std::fprintf(file_, "%d,%lld", iteration, static_cast<long long>(steps));
  for (size_t i = 2; i < columns_.size(); ++i) {
    std::fputc(',', file_);
    // usually the scalar stands where its column stands
    const size_t guess = i - 2;
    const std::pair<std::string, double>* found = nullptr;
    if (guess < scalars.size() && scalars[guess].first == columns_[i]) found = &scalars[guess];
    for (size_t k = 0; !found && k < scalars.size(); ++k)
      if (scalars[k].first == columns_[i]) found = &scalars[k];
    if (found) std::fprintf(file_, "%.9g", found->second);
  }
  std::fputc('\n', file_);
  std::fflush(file_);
}

}  // namespace motorium
