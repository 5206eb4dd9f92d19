#include "motorium/cli/curve.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace motorium::cli {
namespace {

constexpr double kWidth = 720, kHeight = 360, kLeft = 70, kRight = 20, kTop = 40, kBottom = 50;

// 1, 2 or 5 times a power of ten, so that about `count` ticks fill the range
double tick_step(double range, int count) {
  const double raw = range / count, power = std::pow(10, std::floor(std::log10(raw)));
  for (double m : {1.0, 2.0, 5.0})
    if (m * power >= raw) return m * power;
  return 10 * power;
}

std::string format(const char* text, auto... values) {
  char buffer[256];
  std::snprintf(buffer, sizeof buffer, text, values...);
  return buffer;
}

}  // namespace

std::string curve_svg(const std::vector<CurvePoint>& points, const std::string& title,
                      const std::string& label) {
  double end = 1e-9, low = 0, high = 1e-9;
  for (const CurvePoint& p : points) {
    end = std::max(end, p.seconds);
    low = std::min(low, p.value);
    high = std::max(high, p.value);
  }
  const double plot_width = kWidth - kLeft - kRight, plot_height = kHeight - kTop - kBottom;
  const auto x_of = [&](double t) { return kLeft + t / end * plot_width; };
  const auto y_of = [&](double v) { return kTop + (high - v) / (high - low) * plot_height; };

  std::string svg = format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %g %g\" font-family=\"sans-serif\" "
      "font-size=\"12\">\n<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n",
      kWidth, kHeight);
  svg += "<text x=\"70\" y=\"24\" font-size=\"15\">" + title + "</text>\n";

  // grid with numbers
  const double dx = tick_step(end, 8), dy = tick_step(high - low, 6);
  for (int i = 0; i * dx <= end * 1.0001; ++i)
    svg += format(
        "<path d=\"M%.1f %g V%g\" stroke=\"#ddd\"/><text x=\"%.1f\" y=\"%g\" "
        "text-anchor=\"middle\">%g</text>\n",
        x_of(i * dx), kTop, kHeight - kBottom, x_of(i * dx), kHeight - kBottom + 18, i * dx);
  for (double v = std::ceil(low / dy) * dy; v <= high * 1.0001; v += dy)
    svg += format(
        "<path d=\"M%g %.1f H%g\" stroke=\"#ddd\"/><text x=\"%g\" y=\"%.1f\" "
        "text-anchor=\"end\">%g</text>\n",
        kLeft, y_of(v), kWidth - kRight, kLeft - 8, y_of(v) + 4, std::abs(v) < 1e-9 * dy ? 0.0 : v);
  svg += format("<text x=\"%g\" y=\"%g\" text-anchor=\"middle\">training time [s]</text>\n",
                kLeft + plot_width / 2, kHeight - 10);
  svg += format("<text transform=\"translate(16 %g) rotate(-90)\" text-anchor=\"middle\">",
                kTop + plot_height / 2) +
         label + "</text>\n";

  // the curve
  svg += "<polyline fill=\"none\" stroke=\"#1667b7\" stroke-width=\"2\" points=\"";
  for (const CurvePoint& p : points) svg += format("%.1f,%.1f ", x_of(p.seconds), y_of(p.value));
  return svg + "\"/>\n</svg>\n";
}

void CurveRecorder::iteration_done(const Progress& p) {
  if (p.episodes > 0) {
    reward_.push_back({p.elapsed_seconds, p.mean_reward});
    length_.push_back({p.elapsed_seconds, p.mean_episode_length});
  }
  if (next_) next_->iteration_done(p);
}
void CurveRecorder::message(const std::string& line) {
  if (next_) next_->message(line);
}
void CurveRecorder::finished(const Progress& p) {
  if (next_) next_->finished(p);
}

}  // namespace motorium::cli
