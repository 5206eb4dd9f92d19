// The course of a training run as a picture.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "motorium/policy/learn/observer.h"

namespace motorium::cli {

struct CurvePoint {
  double seconds, value;
};

// An SVG line chart: time [s] to the right, value up.
std::string curve_svg(const std::vector<CurvePoint>& points, const std::string& title,
                      const std::string& label);

// Passes everything on and keeps (seconds, mean reward) of each iteration.
class CurveRecorder : public Observer {
 public:
  explicit CurveRecorder(std::unique_ptr<Observer> next) : next_(std::move(next)) {}
  void iteration_done(const Progress& p) override;
  void message(const std::string& line) override;
  void finished(const Progress& p) override;
  const std::vector<CurvePoint>& reward() const { return reward_; }
  const std::vector<CurvePoint>& length() const { return length_; }

 private:
  std::unique_ptr<Observer> next_;
  std::vector<CurvePoint> reward_, length_;
};

}  // namespace motorium::cli
