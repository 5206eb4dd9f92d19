// The console observer: one refreshed block on a terminal, a plain line per iteration when piped.
#include <unistd.h>

#include <cstdio>
#include <cstring>

#include "motorium/policy/learn/observer.h"

namespace motorium {

namespace {

std::string clock_text(double seconds) {
  if (!(seconds >= 0) || seconds > 1e8) return "-";
  const long s = static_cast<long>(seconds + 0.5);
  char b[40];
  if (s >= 3600)
    std::snprintf(b, sizeof b, "%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
  else
    std::snprintf(b, sizeof b, "%ld:%02ld", s / 60, s % 60);
  return b;
}

// 1234567 -> "1,234,567"
std::string grouped(int64_t x) {
  std::string s = std::to_string(x);
  for (int i = static_cast<int>(s.size()) - 3; i > 0; i -= 3) s.insert(i, ",");
  return s;
}

class Console : public Observer {
 public:
  explicit Console(int fd) : fd_(fd), terminal_(isatty(fd)) {}

  void iteration_done(const Progress& p) override {
    if (!terminal_) {
      put(line(p));
      return;
    }
    std::string out = up();
    const std::string all = block(p);
    for (char c : all) lines_ += c == '\n';
    put(out + all);
  }

  void message(const std::string& text) override {
    // messages scroll away above the block
    put(up() + text + "\n");
  }

  void finished(const Progress& p) override {
    if (terminal_) iteration_done(p);
    lines_ = 0;
    put("done: " + std::to_string(p.iteration) + " iterations, " + grouped(p.steps) + " steps, " +
        clock_text(p.elapsed_seconds) + "\n");
  }

 private:
  std::string up() {
    std::string s;
    if (terminal_ && lines_) s = "\033[" + std::to_string(lines_) + "A\033[J";
    lines_ = 0;
    return s;
  }

  static std::string goal(const Progress& p) {
    return std::to_string(p.iteration) + (p.iterations ? "/" + std::to_string(p.iterations) : "");
  }

  static std::string line(const Progress& p) {
    char b[240];
    std::snprintf(
        b, sizeof b,
        "iteration %s  steps %s  %.0f steps/s  reward %.2f  length %.1f  elapsed %s  eta %s%s%s\n",
        goal(p).c_str(), grouped(p.steps).c_str(), p.steps_per_second, p.mean_reward,
        p.mean_episode_length, clock_text(p.elapsed_seconds).c_str(),
        clock_text(p.remaining_seconds).c_str(), p.note.empty() ? "" : "  ",
        p.note.substr(0, 80).c_str());
    return b;
  }

  static void row(std::string& out, const std::string& name, const std::string& value) {
    char b[120];
    std::snprintf(b, sizeof b, "%38.38s  %.38s\n", name.c_str(), value.c_str());
    out += b;
  }
  static std::string number(double x) {
    char b[40];
    std::snprintf(b, sizeof b, "%.4g", x);
    return b;
  }

  static std::string block(const Progress& p) {
    std::string out(80, '-');
    out += '\n';
    const std::string title = "Learning iteration " + goal(p);
    out += std::string((80 - title.size()) / 2, ' ') + title + "\n";
    row(out, "total steps", grouped(p.steps));
    row(out, "steps per second", grouped(static_cast<int64_t>(p.steps_per_second)));
    row(out, "collection, learning",
        number(p.collection_seconds) + " s, " + number(p.learning_seconds) + " s");
    row(out, "mean reward", number(p.mean_reward));
    row(out, "mean episode length", number(p.mean_episode_length));
    std::string health;
    int shown = 0;
    if (p.scalars)
      for (const auto& [tag, x] : *p.scalars) {
        if (tag.rfind("Perf/", 0) == 0 || tag.rfind("Train/", 0) == 0) continue;
        if (tag.rfind("Health/", 0) == 0) {
          if (x != 0) row(health, tag, number(x));
        } else if (++shown <= 30) {
          row(out, tag, number(x));
        }
      }
    row(out, "elapsed", clock_text(p.elapsed_seconds));
    row(out, "eta", clock_text(p.remaining_seconds));
    if (!p.note.empty()) row(out, "note", p.note);
    return out + health;
  }

  void put(const std::string& s) {
    size_t at = 0;
    while (at < s.size()) {
      const ssize_t n = write(fd_, s.data() + at, s.size() - at);
      if (n <= 0) return;  // a closed pipe does not end a run
      at += static_cast<size_t>(n);
    }
  }

  int fd_;
  bool terminal_;
  int lines_ = 0;
};

}  // namespace

std::unique_ptr<Observer> console_observer(int fd) { return std::make_unique<Console>(fd); }

}  // namespace motorium
