// Lengths that actuators can reach. Each is pulled towards either end, with the force that
// accelerates the dofs by `accel`, against nothing but joint limits and equalities, while
// velocities decay; the range is where it comes to rest.
#include <algorithm>
#include <cmath>
#include <memory>

#include "motorium/core/status.h"
#include "motorium/core/threads.h"
#include "motorium/physics/batch.h"
#include "motorium/physics/compile/assemble.h"

namespace motorium {
namespace {

using Mode = LengthRangeSpec::Mode;

// the longest simulation that a file may ask for
constexpr double kMostSteps = 1e6;
constexpr int kWorldsAtOnce = 256;

bool is_muscle(const Model& m, int u) {
  return m.actuator_gaintype[u] == static_cast<int>(GainType::muscle) ||
         m.actuator_biastype[u] == static_cast<int>(BiasType::muscle);
}

// x <- M^-1 x by the factor M = L' D L, L in the rows of qLD, D on the diagonal
void solve(const Model& m, const double* qLD, std::vector<double>& x) {
  for (int i = m.nv - 1; i >= 0; --i) {
    const int row = m.M_rowadr[i], count = m.M_rownum[i];
    for (int k = 0; k < count - 1; ++k) x[m.M_col[row + k]] -= qLD[row + k] * x[i];
  }
  for (int i = 0; i < m.nv; ++i) {
    const int row = m.M_rowadr[i], count = m.M_rownum[i];
    x[i] /= qLD[row + count - 1];
    for (int k = 0; k < count - 1; ++k) x[i] -= qLD[row + k] * x[m.M_col[row + k]];
  }
}

// world 2 i pulls actuator i of the list to its short end, world 2 i + 1 to its long end
class Pulling {
 public:
  Pulling(Assembly& a, const std::vector<int>& list)
      : a_(a), list_(list), spec_(a.scene.spec.compiler.lengthrange), pool_(1) {
    auto model = std::make_shared<Model>(a.m);
    if (spec_.timestep > 0) model->timestep = spec_.timestep;
    model->flags = (model->flags | 0x1ffffu) & ~(kFlagFrictionloss | kFlagContact | kFlagSpring |
                                                 kFlagDamper | kFlagGravity | kFlagActuation);
    // MuJoCo takes these steps in two halves, which have no Runge-Kutta
    if (model->integrator == Integrator::rk4) model->integrator = Integrator::euler;
    model_ = model;
    ends_.resize(2 * list.size());
  }

  // for each world, the least and the largest length of the last interval; false: it blew up
  struct End {
    bool calm = true, seen = false;
    double low = 0, high = 0;
  };
  const std::vector<End>& run() {
    const Model& m = *model_;
    const int worlds = static_cast<int>(ends_.size());
    Batch batch(model_, {.worlds = worlds, .precision = Precision::double_, .threads = &pool_});
    const auto numbers = [&](const ArrayView& v) { return static_cast<double*>(v.data); };
    double* qvel = numbers(batch.state("qvel"));
    double* applied = numbers(batch.state("qfrc_applied"));
    const double* moment = numbers(batch.bind("actuator_moment"));
    const double* length = numbers(batch.bind("actuator_length"));
    const double* qLD = numbers(batch.bind("qLD"));
    const double decay = std::exp(-m.timestep / std::max(0.01, spec_.timeconst));
    std::vector<double> x(m.nv);
    for (double time = 0; time < spec_.inttotal;) {
      for (int i = 0; i < worlds * m.nv; ++i) qvel[i] *= decay;
      batch.forward();
      for (int w = 0; w < worlds; ++w) {
        const int out = m.actuator_outadr[list_[w / 2]];
        const double* row = moment + (static_cast<size_t>(w) * m.nout + out) * m.nv;
        pull(m, row, qLD + static_cast<size_t>(w) * m.nM, w % 2 ? 1 : -1, x);
        std::copy(x.begin(), x.end(), applied + static_cast<size_t>(w) * m.nv);
      }
      batch.step();
      time += m.timestep;
      for (int w = 0; w < worlds; ++w) {
        if (batch.status()[w] & kStatusFrozen) ends_[w].calm = false;
        if (time <= spec_.inttotal - spec_.interval) continue;
        note(ends_[w], length[static_cast<size_t>(w) * m.nout + m.actuator_outadr[list_[w / 2]]]);
      }
    }
    return ends_;
  }

 private:
  void pull(const Model& m, const double* moment, const double* qLD, int side,
            std::vector<double>& x) const {
    std::copy(moment, moment + m.nv, x.begin());
    solve(m, qLD, x);
    const double scale = side * spec_.accel / std::max(kMinVal, norm(x));
    for (int i = 0; i < m.nv; ++i) x[i] = moment[i] * scale;
    const double force = norm(x);
    if (spec_.maxforce <= 0 || force <= spec_.maxforce) return;
    for (double& f : x) f *= spec_.maxforce / force;
  }
  static double norm(const std::vector<double>& x) {
    double sum = 0;
    for (const double v : x) sum += v * v;
    return std::sqrt(sum);
  }
  static void note(End& e, double length) {
    e.low = e.seen ? std::min(e.low, length) : length;
    e.high = e.seen ? std::max(e.high, length) : length;
    e.seen = true;
  }

  Assembly& a_;
  const std::vector<int>& list_;
  const LengthRangeSpec& spec_;
  Threads pool_;
  std::shared_ptr<const Model> model_;
  std::vector<End> ends_;
};

void simulate(Assembly& a, const std::vector<int>& list) {
  Model& m = a.m;
  Pulling pulling(a, list);
  const auto& ends = pulling.run();
  for (size_t i = 0; i < list.size(); ++i) {
    const ActuatorSpec& s = a.scene.spec.actuators[list[i]];
    const auto fail = [&](const char* what) {
      a.malformed(s.place, title(s.tag, s.name),
                  std::string("lengthrange: ") + what + ": give lengthrange, or limit the joints");
    };
    const auto &low = ends[2 * i], &high = ends[2 * i + 1];
    double* range = &m.actuator_lengthrange[2 * m.actuator_outadr[list[i]]];
    range[0] = low.low;
    range[1] = high.high;
    const double span = range[1] - range[0];
    const double most = a.scene.spec.compiler.lengthrange.tolrange * span;
    if (!low.calm || !high.calm) {
      fail("the simulation that finds it blows up");
    } else if (!(span > 0)) {
      fail("the length does not change");
    } else if (low.high - low.low > most || high.high - high.low > most) {
      fail("the length does not come to rest");
    }
  }
}

}  // namespace

void find_length_ranges(Assembly& a) {
  Model& m = a.m;
  const LengthRangeSpec& spec = a.scene.spec.compiler.lengthrange;
  std::vector<int> list;
  for (int u = 0; u < m.nactuator; ++u) {
    double* range = &m.actuator_lengthrange[2 * m.actuator_outadr[u]];
    if (spec.mode == Mode::none || (spec.mode != Mode::all && !is_muscle(m, u))) continue;
    if (spec.useexisting && range[0] < range[1]) continue;
    const auto type = static_cast<TransmissionType>(m.actuator_trntype[u]);
    const int target = m.actuator_trnid[2 * u];
    const bool joint = type == TransmissionType::joint || type == TransmissionType::jointinparent;
    if (spec.uselimit && joint && m.jnt_limited[target]) {
      std::copy_n(&m.jnt_range[2 * target], 2, range);
      continue;
    }
    if (spec.uselimit && type == TransmissionType::tendon && m.tendon_limited[target]) {
      std::copy_n(&m.tendon_range[2 * target], 2, range);
      continue;
    }
    list.push_back(u);
  }
  if (list.empty()) return;
  const double step = spec.timestep > 0 ? spec.timestep : m.timestep;
  if (!(spec.inttotal / step <= kMostSteps)) {
    a.malformed({}, "lengthrange", "inttotal: is more than 1000000 steps");
    return;
  }
  for (size_t first = 0; first < list.size(); first += kWorldsAtOnce / 2) {
    const size_t end = std::min(list.size(), first + kWorldsAtOnce / 2);
    const std::vector<int> some(list.begin() + static_cast<std::ptrdiff_t>(first),
                                list.begin() + static_cast<std::ptrdiff_t>(end));
    simulate(a, some);
  }
}

}  // namespace motorium
