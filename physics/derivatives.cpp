#include "motorium/physics/derivatives.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "motorium/core/error.h"
#include "motorium/core/status.h"

namespace motorium {
namespace {

constexpr int kProbes = 4096;  // perturbed worlds that are stepped at once

struct Quaternion {
  double w, x, y, z;
};
Quaternion quaternion(const double* p) {
  const double n = std::sqrt(p[0] * p[0] + p[1] * p[1] + p[2] * p[2] + p[3] * p[3]);
  if (n < 1e-15) return {1, 0, 0, 0};
  return {p[0] / n, p[1] / n, p[2] / n, p[3] / n};
}
Quaternion times(const Quaternion& a, const Quaternion& b) {
  return {
      a.w * b.w - a.x * b.x - a.y * b.y - a.z * b.z, a.w * b.x + a.x * b.w + a.y * b.z - a.z * b.y,
      a.w * b.y - a.x * b.z + a.y * b.w + a.z * b.x, a.w * b.z + a.x * b.y - a.y * b.x + a.z * b.w};
}

// qpos moved by `way` along dof d of joint j
void nudge(const Model& m, int j, int d, double way, double* qpos) {
  const auto type = static_cast<JointType>(m.jnt_type[static_cast<size_t>(j)]);
  const int q = m.jnt_qposadr[static_cast<size_t>(j)];
  const int k = d - m.jnt_dofadr[static_cast<size_t>(j)];
  const int lines = type == JointType::free ? 3 : type == JointType::ball ? 0 : 1;
  if (k < lines) {
    qpos[q + k] += way;
    return;
  }
  double turn[3] = {0, 0, 0};
  turn[k - lines] = std::sin(way / 2);
  const Quaternion p =
      times(quaternion(qpos + q + lines), {std::cos(way / 2), turn[0], turn[1], turn[2]});
  const double numbers[4] = {p.w, p.x, p.y, p.z};
  std::copy_n(numbers, 4, qpos + q + lines);
}

// out <- the way from one qpos to another in the tangent space
void difference(const Model& m, const double* from, const double* to, double* out) {
  for (int j = 0; j < m.njnt; ++j) {
    const size_t at = static_cast<size_t>(j);
    const auto type = static_cast<JointType>(m.jnt_type[at]);
    const int q = m.jnt_qposadr[at], d = m.jnt_dofadr[at];
    const int lines = type == JointType::free ? 3 : type == JointType::ball ? 0 : 1;
    for (int k = 0; k < lines; ++k) out[d + k] = to[q + k] - from[q + k];
    if (type != JointType::free && type != JointType::ball) continue;
    const Quaternion a = quaternion(from + q + lines), b = quaternion(to + q + lines);
    const Quaternion r = times({a.w, -a.x, -a.y, -a.z}, b);
    const double s = std::sqrt(r.x * r.x + r.y * r.y + r.z * r.z);
    double angle = 2 * std::atan2(s, r.w);
    if (angle > 3.14159265358979323846) angle -= 2 * 3.14159265358979323846;
    const double scale = s > 1e-15 ? angle / s : 2;
    out[d + lines] = scale * r.x;
    out[d + lines + 1] = scale * r.y;
    out[d + lines + 2] = scale * r.z;
  }
}

// a change of one input: which, and how much; input < 0: none
struct Change {
  int world, input;
  double way;
};

class Probe {
 public:
  Probe(Batch& batch, const TransitionOptions& o)
      : m_(batch.model()), batch_(batch), options_(o), nx_(2 * m_.nv + m_.na) {
    out_.nx = nx_;
    out_.nu = m_.nu;
    out_.ns = o.sensors ? m_.nsensordata : 0;
  }

  Transition run() {
    const size_t n = static_cast<size_t>(batch_.worlds()), nx = static_cast<size_t>(nx_),
                 nu = static_cast<size_t>(m_.nu), ns = static_cast<size_t>(out_.ns);
    out_.A.assign(n * nx * nx, 0);
    out_.B.assign(n * nx * nu, 0);
    out_.C.assign(n * ns * nx, 0);
    out_.D.assign(n * ns * nu, 0);
    plan();
    const int worlds = static_cast<int>(std::min<size_t>(changes_.size(), kProbes));
    if (worlds == 0) return std::move(out_);
    Batch probes(batch_.shared_model(),
                 {.worlds = worlds, .precision = Precision::double_, .threads = &batch_.threads()});
    results_.resize(changes_.size());
    for (size_t first = 0; first < changes_.size(); first += kProbes) step(probes, first);
    differences();
    return std::move(out_);
  }

 private:
  // the unchanged step of every world, then the steps to both sides of every input
  void plan() {
    const size_t numbers = static_cast<size_t>(batch_.worlds()) * static_cast<size_t>(m_.nu);
    std::vector<float> single(batch_.precision() == Precision::single ? numbers : 0);
    std::vector<double> ctrls(numbers);
    batch_.read_rows("ctrl", nullptr, 0,
                     single.empty() ? static_cast<void*>(ctrls.data()) : single.data());
    std::copy(single.begin(), single.end(), ctrls.begin());
    for (int w = 0; w < batch_.worlds(); ++w) {
      changes_.push_back({w, -1, 0});
      for (int i = 0; i < nx_ + m_.nu; ++i) {
        bool forward = true, backward = options_.centered;
        const size_t u = static_cast<size_t>(i - nx_);
        if (i >= nx_ && m_.actuator_ctrllimited[u]) {
          const size_t at = static_cast<size_t>(w) * static_cast<size_t>(m_.nu) + u;
          const double ctrl = ctrls[at];
          const double lo = m_.actuator_ctrlrange[2 * u], hi = m_.actuator_ctrlrange[2 * u + 1];
          forward = ctrl >= lo && ctrl + options_.eps <= hi;
          backward = (options_.centered || !forward) && ctrl <= hi && ctrl - options_.eps >= lo;
        }
        if (forward) changes_.push_back({w, i, options_.eps});
        if (backward) changes_.push_back({w, i, -options_.eps});
      }
    }
  }

  double* row(Batch& probes, const char* field, int world) {
    const ArrayView v = probes.state(field);
    return static_cast<double*>(v.data) +
           static_cast<size_t>(world) * static_cast<size_t>(v.columns);
  }

  void apply(Batch& probes, int world, const Change& c) {
    if (c.input < 0) return;
    const int nv = m_.nv, na = m_.na;
    if (c.input < nv) {
      nudge(m_, m_.dof_jntid[static_cast<size_t>(c.input)], c.input, c.way,
            row(probes, "qpos", world));
    } else if (c.input < 2 * nv) {
      row(probes, "qvel", world)[c.input - nv] += c.way;
    } else if (c.input < 2 * nv + na) {
      row(probes, "act", world)[c.input - 2 * nv] += c.way;
    } else {
      row(probes, "ctrl", world)[c.input - nx_] += c.way;
    }
  }

  // steps one portion of the changes and keeps what comes out
  void step(Batch& probes, size_t first) {
    const int count = static_cast<int>(std::min<size_t>(changes_.size() - first, kProbes));
    std::vector<int> ids(static_cast<size_t>(count));
    std::vector<uint8_t> saved;
    int of = -1;
    for (int k = 0; k < count; ++k) {
      const Change& c = changes_[first + static_cast<size_t>(k)];
      if (c.world != of) saved = batch_.save(of = c.world);
      probes.load(k, saved);
      apply(probes, k, c);
      ids[static_cast<size_t>(k)] = k;
    }
    const ArrayView sensors = options_.sensors ? probes.bind("sensordata") : ArrayView{};
    probes.step({.ids = ids.data(), .id_count = count});
    for (int k = 0; k < count; ++k) {
      const Change& c = changes_[first + static_cast<size_t>(k)];
      if (probes.status()[k] & kStatusFrozen)
        throw Error("transition_fd: the step of world " + std::to_string(c.world) +
                    " faults: its state or its inputs are bad");
      std::vector<double>& r = results_[first + static_cast<size_t>(k)];
      const double *qpos = row(probes, "qpos", k), *qvel = row(probes, "qvel", k),
                   *act = row(probes, "act", k);
      r.insert(r.end(), qpos, qpos + m_.nq);
      r.insert(r.end(), qvel, qvel + m_.nv);
      r.insert(r.end(), act, act + m_.na);
      if (!options_.sensors) continue;
      const double* s = static_cast<const double*>(sensors.data) +
                        static_cast<size_t>(k) * static_cast<size_t>(m_.nsensordata);
      r.insert(r.end(), s, s + m_.nsensordata);
    }
  }

  // one column from the outcomes on two sides, `span` apart
  void column(const Change& c, const std::vector<double>& from, const std::vector<double>& to,
              double span) {
    const size_t nx = static_cast<size_t>(nx_), nu = static_cast<size_t>(m_.nu),
                 ns = static_cast<size_t>(out_.ns), nq = static_cast<size_t>(m_.nq),
                 nv = static_cast<size_t>(m_.nv);
    std::vector<double> change(nx + ns);
    difference(m_, from.data(), to.data(), change.data());
    for (size_t i = nv; i < nx + ns; ++i) change[i] = to[i + nq - nv] - from[i + nq - nv];
    const bool state = c.input < nx_;
    const size_t columns = state ? nx : nu,
                 at = static_cast<size_t>(state ? c.input : c.input - nx_),
                 world = static_cast<size_t>(c.world);
    std::vector<double>&X = state ? out_.A : out_.B, &S = state ? out_.C : out_.D;
    for (size_t i = 0; i < nx; ++i) X[(world * nx + i) * columns + at] = change[i] / span;
    for (size_t i = 0; i < ns; ++i) S[(world * ns + i) * columns + at] = change[nx + i] / span;
  }

  void differences() {
    size_t base = 0;
    for (size_t k = 0; k < changes_.size(); ++k) {
      const Change& c = changes_[k];
      if (c.input < 0) {
        base = k;
        continue;
      }
      const bool both = k + 1 < changes_.size() && changes_[k + 1].input == c.input &&
                        changes_[k + 1].world == c.world;
      if (both) {
        column(c, results_[k + 1], results_[k], 2 * options_.eps);
        ++k;
      } else if (c.way > 0) {
        column(c, results_[base], results_[k], options_.eps);
      } else {
        column(c, results_[k], results_[base], options_.eps);
      }
    }
  }

  const Model& m_;
  Batch& batch_;
  const TransitionOptions options_;
  const int nx_;
  Transition out_;
  std::vector<Change> changes_;
  std::vector<std::vector<double>> results_;  // qpos, qvel, act, sensors after each change
};

}  // namespace

Transition transition_fd(Batch& batch, const TransitionOptions& options) {
  require(options.eps >= 1e-12 && options.eps <= 1,
          "transition_fd: eps = " + std::to_string(options.eps) + ": allowed is 1e-12 .. 1");
  return Probe(batch, options).run();
}

}  // namespace motorium
