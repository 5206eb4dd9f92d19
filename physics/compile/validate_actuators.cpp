#include <algorithm>
#include <string>

#include "motorium/core/error.h"
#include "motorium/core/limits.h"
#include "motorium/physics/compile/validate.h"

namespace motorium {
namespace {

class ActuatorValidator {
 public:
  explicit ActuatorValidator(const Model& m) : m_(m) {}

  void run() const {
    in_range(m_.actuator_dyntype, "actuator_dyntype", 0, 7);
    in_range(m_.actuator_gaintype, "actuator_gaintype", 0, 6);
    in_range(m_.actuator_biastype, "actuator_biastype", 0, 5);
    int ctrl = 0, out = 0, act = 0, history = 0;
    for (int u = 0; u < m_.nactuator; ++u) {
      actuator_target(u);
      const auto dyn = static_cast<DynType>(m_.actuator_dyntype[u]);
      const auto gain = static_cast<GainType>(m_.actuator_gaintype[u]);
      const auto bias = static_cast<BiasType>(m_.actuator_biastype[u]);
      const bool so3 = gain == GainType::so3, motor = gain == GainType::dcmotor,
                 pid = gain == GainType::pid;
      check((bias == BiasType::so3) == so3 && (bias == BiasType::dcmotor) == motor &&
                (dyn == DynType::dcmotor) == motor && (dyn != DynType::pid || pid),
            "actuator_gaintype", u, "does not fit its other laws");

      // blocks of controls, forces, activations and samples without holes
      const int spec = m_.actuator_ctrlspec[u], count = m_.actuator_ctrlnum[u];
      int inputs = 0;
      for (int bit = 0; bit < 4; ++bit) inputs += spec >> bit & 1;
      const int controls = so3 ? 2 + spec : motor || pid ? inputs : 1;
      check(spec >= 0 && spec < 64 && (!so3 || spec == 1 || spec == 2), "actuator_ctrlspec", u,
            "is unknown");
      check(m_.actuator_ctrladr[u] == ctrl && count == controls, "actuator_ctrladr", u,
            "leaves a hole");
      check(m_.actuator_outadr[u] == out && m_.actuator_outnum[u] == (so3 ? 3 : 1),
            "actuator_outadr", u, "leaves a hole");
      const int acts = m_.actuator_actnum[u], samples = m_.actuator_history[2 * u];
      check(acts == activations(u) && m_.actuator_actadr[u] == (acts > 0 ? act : -1),
            "actuator_actadr", u, "is wrong");
      check(samples >= 0 && samples <= limits::kHistorySamples &&
                m_.actuator_historyadr[u] == (samples > 0 ? history : -1),
            "actuator_historyadr", u, "is wrong");
      check(m_.actuator_delay[u] == 0 || (m_.actuator_delay[u] > 0 && samples > 0),
            "actuator_delay", u, "needs samples");
      ctrl += count;
      out += m_.actuator_outnum[u];
      act += acts;
      if (samples > 0) history += 2 + samples * (1 + count);
      const bool filter = dyn == DynType::filter || dyn == DynType::filterexact;
      check(!filter || m_.actuator_dynprm[10 * u] >= 0, "actuator_dynprm", 10 * u, "is negative");
      const int how = m_.actuator_history[2 * u + 1];
      check(how >= 0 && how <= 2, "actuator_history", 2 * u + 1, "is unknown");
    }
    check(ctrl == m_.nu && out == m_.nout && act == m_.na, "nactuator", 0,
          "does not fit nu, nout and na");
    check(history <= m_.nhistory, "nhistory", 0, "does not fit the actuators");
    in_range(m_.actuator_ctrllimited, "actuator_ctrllimited", 0, 2);
    in_range(m_.actuator_forcelimited, "actuator_forcelimited", 0, 2);
    in_range(m_.actuator_actlimited, "actuator_actlimited", 0, 2);
    in_range(m_.actuator_actearly, "actuator_actearly", 0, 2);
    for (int u = 0; u < m_.nactuator; ++u)
      check(m_.actuator_armature[u] >= 0, "actuator_armature", u, "is negative");
  }

 private:
  void check(bool ok, const char* field, long index, const char* what) const {
    if (ok) return;
    throw Error("model: " + std::string(field) + "[" + std::to_string(index) + "]: " + what);
  }
  void in_range(const std::vector<int>& values, const char* field, int low, int end) const {
    for (size_t i = 0; i < values.size(); ++i) {
      check(values[i] >= low && values[i] < end, field, static_cast<long>(i), "is out of range");
    }
  }

  void actuator_target(int u) const {
    const auto type = static_cast<TransmissionType>(m_.actuator_trntype[u]);
    const int target = m_.actuator_trnid[2 * u], other = m_.actuator_trnid[2 * u + 1];
    const bool so3 = type == TransmissionType::so3;
    int count = m_.njnt, others = 0;
    switch (type) {
      case TransmissionType::joint:
      case TransmissionType::jointinparent:
        break;
      case TransmissionType::site:
      case TransmissionType::slidercrank:
        count = others = m_.nsite;
        break;
      case TransmissionType::so3:
        if (other >= 0) count = others = m_.nsite;
        break;
      case TransmissionType::tendon:
        count = m_.ntendon;
        break;
      case TransmissionType::body:
        count = m_.nbody;
        break;
      default:
        check(false, "actuator_trntype", u, "is unknown");
    }
    check(target >= 0 && target < count, "actuator_trnid", 2 * u, "is out of range");
    const int least = type == TransmissionType::slidercrank ? 0 : -1;
    check(other >= least && other < std::max(others, 0), "actuator_trnid", 2 * u + 1,
          "is out of range");
    check(so3 == (m_.actuator_gaintype[u] == static_cast<int>(GainType::so3)), "actuator_trntype",
          u, "does not fit the gain");
    check(!so3 || other >= 0 || m_.jnt_type[target] == static_cast<int>(JointType::ball),
          "actuator_trnid", 2 * u, "is no ball joint");
  }

  // activations that the dynamics of an actuator have
  int activations(int u) const {
    const double* dyn = &m_.actuator_dynprm[10 * u];
    const double* gain = &m_.actuator_gainprm[10 * u];
    switch (static_cast<DynType>(m_.actuator_dyntype[u])) {
      case DynType::none:
        return 0;
      case DynType::integrator:
        return m_.actuator_ctrlnum[u];
      case DynType::dcmotor:
        return (dyn[7] > 0) + (gain[5] > 0) + (dyn[2] > 0) + (dyn[5] > 0) + (dyn[0] > 0);
      case DynType::pid:
        return (dyn[1] > 0) + (gain[0] > 0);
      default:
        return 1;
    }
  }

  const Model& m_;
};

}  // namespace

void validate_actuators(const Model& m) { ActuatorValidator(m).run(); }

}  // namespace motorium
