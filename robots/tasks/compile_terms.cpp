// Rows of observations, rewards and terminations.
#include <cmath>

#include "motorium/robots/tasks/compiler.h"

namespace motorium {

void Compiler::reads(const TermSpec& spec, const std::string& where) {
  if (spec.base) require(t_.floating, where + ": " + spec.name + " needs a floating base");
  if (spec.command)
    require(t_.command.present, where + ": " + spec.name + " needs a velocity command");
  if (spec.feet) require(t_.nfeet > 0, where + ": " + spec.name + " needs \"feet\"");
  if (spec.feet_pose)
    require(feet_pose_, where + ": " + spec.name + " needs \"position\" and \"velocity\" of feet");
  if (spec.gait) require(t_.gait_period > 0, where + ": " + spec.name + " needs \"gait\"");
  c_.needs_effort = c_.needs_effort || spec.effort;
  c_.needs_acceleration = c_.needs_acceleration || spec.acceleration;
}

void Compiler::read_term(const TermSpec& spec, Reader& p, TermRow& row) {
  reads(spec, p.where());
  row.kind = spec.kind;
  for (size_t i = 0; i < spec.parameters.size(); ++i) {
    const ParameterSpec& s = spec.parameters[i];
    row.p[i] = static_cast<float>(s.required ? p.number(s.name) : p.number(s.name, s.value));
  }
  if (spec.joints) {
    const std::vector<int> chosen =
        select_names(c_.joint_names, p.text("joints", ".*"), p.where() + ".joints");
    row.first = static_cast<int>(c_.ids.size());
    row.count = static_cast<int>(chosen.size());
    c_.ids.insert(c_.ids.end(), chosen.begin(), chosen.end());
    row.numbers = static_cast<int>(c_.numbers.size());
    for (const std::string& name : spec.joint_numbers) {
      static const Json one = 1.0;
      const bool weights = name == "weights";
      const Json& j = weights && !p.has(name) ? one : p.at(name);
      for (double v : per_name(j, c_.joint_names, chosen, p.where() + "." + name)) {
        require(weights || v > 0, p.where() + "." + name + ": must be positive");
        c_.numbers.push_back(static_cast<float>(v));
      }
    }
  }
  if (spec.sensor) {
    row.first = static_cast<int>(c_.ids.size());
    c_.ids.push_back(sensor_address(p.text("sensor"), 3, p.where() + ".sensor"));
  }
}

// ---- sections
// ----------------------------------------------------------------------------------------

void Compiler::read_observations() {
  require(top_.has("observations"), top_.where() + ": \"observations\" is missing");
  const Json& groups = top_.at("observations");
  require(groups.is_object() && !groups.empty() && groups.size() <= kMaxGroups,
          top_.where() + ".observations: must hold 1 .. 4 groups");
  for (const auto& [group, body] : groups.items()) {
    const int g = t_.ngroup++;
    Reader gr(body, row_where("observations", group));
    c_.group_names.push_back(group);
    c_.group_terms.emplace_back();
    const bool corrupt = gr.truth("corrupt", false);
    t_.groups[g].corrupt = corrupt;
    const Json& list = gr.at("terms");
    require(list.is_array(), gr.where() + ".terms: must be a list of rows");
    Names names;
    for (const Json& j : list) {
      Reader row(j, gr.where() + "." + j.value("name", "?"));
      const std::string name = row.text("name");
      unique(names, name, row.where());
      const TermSpec& spec = find_term(observe_vocabulary(), row.text("term", name), row.where());
      Reader p = row.object("params");
      reads(spec, row.where());
      ObserveElement e;
      e.kind = spec.kind;
      e.scale = static_cast<float>(row.number("scale", 1));
      e.clip = static_cast<float>(row.number("clip", 0));
      const auto [low, high] = row.range("noise", {0, 0});
      if (corrupt) {
        e.noise_low = static_cast<float>(low);
        e.noise_high = static_cast<float>(high);
      }
      std::vector<int> indices;
      const auto count = [&](int n) {
        for (int i = 0; i < n; ++i) indices.push_back(i);
      };
      switch (static_cast<ObserveTerm>(spec.kind)) {
        case ObserveTerm::base_lin_vel:
        case ObserveTerm::base_ang_vel:
        case ObserveTerm::projected_gravity:
        case ObserveTerm::generated_commands:
          count(3);
          break;
        case ObserveTerm::joint_pos_rel:
        case ObserveTerm::joint_vel_rel:
        case ObserveTerm::joint_effort:
          indices = select_names(c_.joint_names, p.text("joints", ".*"), p.where() + ".joints");
          break;
        case ObserveTerm::last_action:
          count(m_.nu);
          break;
        case ObserveTerm::gait_phase:
          count(2);
          break;
        case ObserveTerm::foot_height:
          t_.needs_refresh = true;
          [[fallthrough]];
        case ObserveTerm::foot_contact:
        case ObserveTerm::foot_air_time:
          count(t_.nfeet);
          break;
        case ObserveTerm::foot_contact_forces:
          count(3 * t_.nfeet);
          break;
        default: {
          const std::string sensor = p.text("sensor", spec.name);
          const int s = index_of(m_.sensor_name, sensor, p.where() + ".sensor");
          const int adr = sensor_address(sensor, 1, p.where() + ".sensor");
          for (int i = 0; i < m_.sensor_dim[static_cast<size_t>(s)]; ++i)
            indices.push_back(adr + i);
          t_.needs_refresh = true;
        }
      }
      for (int i : indices) {
        e.index = i;
        c_.elements[g].push_back(e);
      }
      c_.group_terms.back().emplace_back(name, static_cast<int>(indices.size()));
      p.finish();
      row.finish();
    }
    gr.finish();
  }
}

void Compiler::read_rewards() {
  for (const Json& j : rows("rewards")) {
    Reader row(j, row_where("rewards", j.value("name", "?")));
    const std::string name = row.text("name");
    unique(c_.reward_names, name, row.where());
    const TermSpec& spec = find_term(reward_vocabulary(), row.text("term", name), row.where());
    TermRow r;
    Reader p = row.object("params");
    read_term(spec, p, r);
    p.finish();
    r.weight = static_cast<float>(row.number("weight"));
    if (spec.kind == static_cast<int>(RewardTerm::joint_pos_limits)) {
      // soft limits: centre +- half of factor times range
      r.numbers = static_cast<int>(c_.numbers.size());
      for (int i = 0; i < r.count; ++i) {
        const JointRow& joint =
            c_.joints[static_cast<size_t>(c_.ids[static_cast<size_t>(r.first + i)])];
        const double low = joint.low, high = joint.high;
        const bool limited = low <= high;
        const double centre = 0.5 * (low + high), half = 0.5 * double(r.p[0]) * (high - low);
        c_.numbers.push_back(limited ? static_cast<float>(centre - half) : -1e9f);
        c_.numbers.push_back(limited ? static_cast<float>(centre + half) : 1e9f);
      }
    }
    c_.rewards.push_back(r);
    row.finish();
  }
  t_.nreward = static_cast<int>(c_.rewards.size());
}

void Compiler::read_terminations() {
  for (const Json& j : rows("terminations")) {
    Reader row(j, row_where("terminations", j.value("name", "?")));
    const std::string name = row.text("name");
    unique(c_.done_names, name, row.where());
    const TermSpec& spec = find_term(done_vocabulary(), row.text("term", name), row.where());
    TermRow r;
    Reader p = row.object("params");
    read_term(spec, p, r);
    p.finish();
    row.finish();
    if (spec.kind == static_cast<int>(DoneTerm::bad_orientation)) r.p[0] = std::cos(r.p[0]);
    c_.dones.push_back(r);
  }
  require(c_.dones.size() <= 30, top_.where() + ".terminations: at most 30 rows");
  t_.ndone = static_cast<int>(c_.dones.size());
}

}  // namespace motorium
