// progress.csv: one row per iteration; the columns are those of the first row. A scalar that
// appears later is in the TensorBoard file only. A resumed run goes on in the same file, rows of
// iterations that are done again are cut.
#pragma once
#include <cstdint>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

namespace motorium {

class ProgressCsv {
 public:
  // resumed_at: rows of later iterations are dropped; 0 starts a new file.
  ProgressCsv(const std::string& path, int resumed_at);
  ~ProgressCsv();
  ProgressCsv(const ProgressCsv&) = delete;
  ProgressCsv& operator=(const ProgressCsv&) = delete;

  void write(int iteration, int64_t steps,
             const std::vector<std::pair<std::string, double>>& scalars);

 private:
  std::string path_;
  std::FILE* file_ = nullptr;
  std::vector<std::string> columns_;
};

}  // namespace motorium
