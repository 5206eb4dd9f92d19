// A task table and a model become rows of numbers.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <regex>
#include <tuple>

#include "motorium/robots/tasks/task.h"
#include "motorium/robots/tasks/tasks.h"
#include "motorium/robots/tasks/vocabulary.h"

namespace motorium {
namespace {

using Names = std::vector<std::string>;

std::regex pattern_of(const std::string& text, const std::string& where) {
  try {
    return std::regex(text);
  } catch (const std::regex_error&) {
    throw Error(where + ": \"" + escape(text) + "\" is not a regular expression");
  }
}

// names that a regular expression matches in full
std::vector<int> select_names(const Names& names, const std::string& text,
                              const std::string& where) {
  const std::regex pattern = pattern_of(text, where);
  std::vector<int> out;
  for (size_t i = 0; i < names.size(); ++i)
    if (std::regex_match(names[i], pattern)) out.push_back(static_cast<int>(i));
  require(!out.empty(), where + ": \"" + escape(text) + "\" matches nothing" +
                            did_you_mean(text, names));
  return out;
}

int index_of(const Names& names, const std::string& name, const std::string& where) {
  const auto at = std::find(names.begin(), names.end(), name);
  require(at != names.end(),
          where + ": there is no \"" + escape(name) + "\"" + did_you_mean(name, names));
  return static_cast<int>(at - names.begin());
}

// one number per chosen name: a number for all, or {pattern: number} that covers each name once
std::vector<double> per_name(const Json& j, const Names& all, const std::vector<int>& chosen,
                             const std::string& where) {
  std::vector<double> out(chosen.size());
  if (!j.is_object()) {
    std::fill(out.begin(), out.end(), Reader::as_number(j, where));
    return out;
  }
  std::vector<int> hits(chosen.size(), 0);
  for (const auto& [text, value] : j.items()) {
    select_names(all, text, where);
    const std::regex pattern = pattern_of(text, where);
    for (size_t i = 0; i < chosen.size(); ++i)
      if (std::regex_match(all[static_cast<size_t>(chosen[i])], pattern)) {
        out[i] = Reader::as_number(value, where);
        ++hits[i];
      }
  }
  for (size_t i = 0; i < chosen.size(); ++i)
    require(hits[i] == 1, where + ": \"" + all[static_cast<size_t>(chosen[i])] + "\" is matched " +
                              std::to_string(hits[i]) + " times; each name needs one pattern");
  return out;
}

class Compiler {
 public:
  Compiler(const Task& task, const Model& model, CompiledTask& out)
      : task_(task), m_(model), c_(out), t_(out.table), top_(task.table, "task " + task.name) {}

  void run();

 private:
  void read_basics();
  void read_joints();
  void read_actions();
  void read_feet();
  void read_commands();
  void read_observations();
  void read_rewards();
  void read_terminations();
  void read_events();
  void read_startup(const std::string& term, Reader& p, const std::string& where);
  void read_curriculum();
  void read_mirror();
  void lay_out();

  // rows of a table section
  const Json& rows(const std::string& section) {
    static const Json none = Json::array();
    if (!top_.has(section)) return none;
    const Json& j = top_.at(section);
    require(j.is_array(), top_.where() + "." + section + ": must be a list of rows");
    return j;
  }
  std::string row_where(const std::string& section, const std::string& name) const {
    return top_.where() + "." + section + "." + name;
  }
  Names& unique(Names& names, const std::string& name, const std::string& where) {
    require(std::find(names.begin(), names.end(), name) == names.end(),
            where + ": the name is used twice");
    names.push_back(name);
    return names;
  }
  int sensor_address(const std::string& name, int dim, const std::string& where) {
    const int s = index_of(m_.sensor_name, name, where);
    require(m_.sensor_dim[static_cast<size_t>(s)] >= dim,
            where + ": sensor \"" + name + "\" is too short");
    c_.needs_sensors = true;
    return m_.sensor_adr[static_cast<size_t>(s)];
  }
  // checks what a term reads, fills numbers and joints of its row
  void read_term(const TermSpec& spec, Reader& p, TermRow& row);
  void reads(const TermSpec& spec, const std::string& where);

  const Task& task_;
  const Model& m_;
  CompiledTask& c_;
  TaskTable& t_;
  Reader top_;
  Names command_names_;
  bool feet_pose_ = false;
};

void Compiler::reads(const TermSpec& spec, const std::string& where) {
  if (spec.base)
    require(t_.floating, where + ": " + spec.name + " needs a floating base");
  if (spec.command)
    require(t_.command.present, where + ": " + spec.name + " needs a velocity command");
  if (spec.feet) require(t_.nfeet > 0, where + ": " + spec.name + " needs \"feet\"");
  if (spec.feet_pose)
    require(feet_pose_, where + ": " + spec.name + " needs \"position\" and \"velocity\" of feet");
  if (spec.gait)
    require(t_.gait_period > 0, where + ": " + spec.name + " needs \"gait\"");
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

// ---- sections ----------------------------------------------------------------------------------------

void Compiler::read_basics() {
  top_.text("about", "");
  top_.text("robot");
  top_.has("scene");
  top_.has("agent");
  t_.decimation = static_cast<int>(top_.number("decimation", 4));
  require(t_.decimation >= 1 && t_.decimation <= 1000,
          top_.where() + ".decimation: must be 1 .. 1000");
  t_.substep = static_cast<float>(m_.timestep);
  t_.dt = static_cast<float>(m_.timestep * t_.decimation);
  c_.episode_seconds = top_.number("episode_seconds", 0);
  t_.max_length = static_cast<int>(
      std::ceil(c_.episode_seconds / (m_.timestep * t_.decimation) - 1e-6));
  t_.scale_by_dt = top_.truth("scale_rewards_by_dt", true);
  const std::string timers = top_.text("contact_timers", "filtered");
  require(timers == "filtered" || timers == "substep",
          top_.where() + ".contact_timers: must be \"filtered\" or \"substep\"");
  t_.substep_timers = timers == "substep";

  // the pose that a world starts from
  const std::string key = top_.text("keyframe", "home");
  const auto at = std::find(m_.key_name.begin(), m_.key_name.end(), key);
  const size_t nq = static_cast<size_t>(m_.nq);
  if (at != m_.key_name.end()) {
    c_.keyframe = static_cast<int>(at - m_.key_name.begin());
    for (size_t i = 0; i < nq; ++i)
      c_.qpos0.push_back(
          static_cast<float>(m_.key_qpos[static_cast<size_t>(c_.keyframe) * nq + i]));
  } else {
    require(!top_.has("keyframe"), top_.where() + ".keyframe: the model has no keyframe \"" +
                                       escape(key) + "\"" + did_you_mean(key, m_.key_name));
    for (size_t i = 0; i < nq; ++i) c_.qpos0.push_back(static_cast<float>(m_.qpos0[i]));
  }
  t_.nq = m_.nq;
  t_.nv = m_.nv;
  t_.nu = m_.nu;
  t_.nsensordata = m_.nsensordata;
  t_.floating = m_.njnt > 0 && m_.jnt_type[0] == static_cast<int>(JointType::free);
}

void Compiler::read_joints() {
  for (size_t j = 0; j < static_cast<size_t>(m_.njnt); ++j) {
    const auto type = static_cast<JointType>(m_.jnt_type[j]);
    if (type != JointType::hinge && type != JointType::slide) continue;
    JointRow row;
    row.qpos = m_.jnt_qposadr[j];
    row.dof = m_.jnt_dofadr[j];
    row.q0 = c_.qpos0[static_cast<size_t>(row.qpos)];
    row.low = 1;
    row.high = -1;
    if (m_.jnt_limited[j]) {
      row.low = static_cast<float>(m_.jnt_range[2 * j]);
      row.high = static_cast<float>(m_.jnt_range[2 * j + 1]);
    }
    c_.joints.push_back(row);
    c_.joint_names.push_back(m_.jnt_name[j]);
  }
  t_.njoint = static_cast<int>(c_.joints.size());
}

void Compiler::read_actions() {
  // a control that no row names stays at its value of the keyframe
  c_.actions.resize(static_cast<size_t>(m_.nu));
  std::vector<int> named(static_cast<size_t>(m_.nu), 0);
  Names names;
  for (const Json& j : rows("actions")) {
    Reader row(j, row_where("actions", j.value("name", "?")));
    const std::string name = row.text("name"), term = row.text("term");
    unique(names, name, row.where());
    const Names terms = {"joint_position", "joint_effort"};
    require(std::find(terms.begin(), terms.end(), term) != terms.end(),
            row.where() + ": unknown term \"" + escape(term) + "\"" + did_you_mean(term, terms));
    Reader p = row.object("params");
    const std::vector<int> chosen =
        select_names(m_.actuator_name, p.text("actuators", ".*"), p.where() + ".actuators");
    const std::vector<double> scale =
        per_name(p.at("scale"), m_.actuator_name, chosen, p.where() + ".scale");
    const double clip = p.number("clip", 0);
    const bool offset = p.truth("use_default_offset", term == "joint_position");
    for (size_t i = 0; i < chosen.size(); ++i) {
      const size_t a = static_cast<size_t>(chosen[i]);
      require(named[a]++ == 0,
              row.where() + ": actuator \"" + m_.actuator_name[a] + "\" is named twice");
      ActionRow& r = c_.actions[a];
      r.scale = static_cast<float>(scale[i]);
      r.clip = static_cast<float>(clip);
      if (term != "joint_position") continue;
      const int joint = m_.actuator_trnid[2 * a];
      require(m_.actuator_trntype[a] == static_cast<int>(TransmissionType::joint),
              row.where() + ": actuator \"" + m_.actuator_name[a] + "\" does not drive a joint");
      r.joint = index_of(c_.joint_names, m_.jnt_name[static_cast<size_t>(joint)], row.where());
      if (offset) r.offset = c_.joints[static_cast<size_t>(r.joint)].q0;
    }
    p.finish();
    row.finish();
  }
  for (size_t a = 0; a < named.size(); ++a)
    require(named[a] == 1, top_.where() + ".actions: no row names the actuator \"" +
                               m_.actuator_name[a] + "\"");
}

void Compiler::read_feet() {
  if (top_.has("gait")) {
    Reader g = top_.object("gait");
    t_.gait_period = static_cast<float>(g.number("period"));
    require(t_.gait_period > 0, g.where() + ".period: must be positive");
    g.finish();
  }
  if (!top_.has("feet")) return;
  Reader f = top_.object("feet");
  c_.foot_names = f.texts("names");
  require(c_.foot_names.size() <= kMaxFeet, f.where() + ": at most 8 feet");
  const auto fill = [](std::string text, const std::string& name) {
    const size_t at = text.find("{}");
    return at == std::string::npos ? text : text.replace(at, 2, name);
  };
  const std::string contact = f.text("contact"), position = f.text("position", ""),
                    velocity = f.text("velocity", "");
  for (size_t i = 0; i < c_.foot_names.size(); ++i) {
    const std::string& name = c_.foot_names[i];
    FootRow row;
    const std::string sensor = fill(contact, name);
    row.found = sensor_address(sensor, 1, f.where() + ".contact");
    const size_t s = static_cast<size_t>(index_of(m_.sensor_name, sensor, f.where()));
    require(m_.sensor_type[s] == static_cast<int>(SensorType::contact) &&
                (m_.sensor_intprm[3 * s] & kContactFound),
            f.where() + ".contact: \"" + sensor + "\" must be a contact sensor with \"found\"");
    if (m_.sensor_intprm[3 * s] & kContactForce) row.force = row.found + 1;
    if (!position.empty())
      row.position = sensor_address(fill(position, name), 3, f.where() + ".position");
    if (!velocity.empty())
      row.velocity = sensor_address(fill(velocity, name), 3, f.where() + ".velocity");
    if (f.has("gait_offsets")) {
      const Json& o = f.at("gait_offsets");
      require(o.is_array() && o.size() == c_.foot_names.size(),
              f.where() + ".gait_offsets: one number per foot");
      const double v = Reader::as_number(o[i], f.where() + ".gait_offsets");
      require(v >= 0 && v < 1, f.where() + ".gait_offsets: must be in 0 .. 1");
      row.gait_offset = static_cast<float>(v);
    }
    c_.feet.push_back(row);
  }
  feet_pose_ = !position.empty() && !velocity.empty();
  f.finish();
  t_.nfeet = static_cast<int>(c_.feet.size());
}

const char* const kRangeNames[3] = {"lin_vel_x", "lin_vel_y", "ang_vel_z"};

void Compiler::read_commands() {
  for (const Json& j : rows("commands")) {
    Reader row(j, row_where("commands", j.value("name", "?")));
    const std::string name = row.text("name"), term = row.text("term");
    unique(command_names_, name, row.where());
    require(term == "uniform_velocity", row.where() + ": unknown term \"" + escape(term) + "\"" +
                                            did_you_mean(term, Names{"uniform_velocity"}));
    require(!t_.command.present, row.where() + ": one velocity command is enough");
    require(t_.floating, row.where() + ": needs a floating base");
    CommandTable& c = t_.command;
    c.present = true;
    Reader p = row.object("params");
    Reader r = p.object("ranges");
    for (int i = 0; i < 3; ++i) {
      const auto [low, high] = r.range(kRangeNames[i], {0, 0});
      c.low[i] = c.start_low[i] = static_cast<float>(low);
      c.high[i] = c.start_high[i] = static_cast<float>(high);
    }
    r.finish();
    const auto [low, high] = p.range("resample", {5, 5});
    require(low > 0, p.where() + ".resample: must be positive");
    c.resample_low = static_cast<float>(low);
    c.resample_high = static_cast<float>(high);
    c.p_standing = static_cast<float>(p.number("p_standing", 0));
    c.p_heading = static_cast<float>(p.number("p_heading", 0));
    c.p_forward = static_cast<float>(p.number("p_forward", 0));
    c.stiffness = static_cast<float>(p.number("heading_stiffness", 0.5));
    p.finish();
    row.finish();
  }
}

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
      const TermSpec& spec =
          find_term(observe_vocabulary(), row.text("term", name), row.where());
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
        case ObserveTerm::generated_commands: count(3); break;
        case ObserveTerm::joint_pos_rel:
        case ObserveTerm::joint_vel_rel:
        case ObserveTerm::joint_effort:
          indices = select_names(c_.joint_names, p.text("joints", ".*"), p.where() + ".joints");
          break;
        case ObserveTerm::last_action: count(m_.nu); break;
        case ObserveTerm::gait_phase: count(2); break;
        case ObserveTerm::foot_height: t_.needs_refresh = true; [[fallthrough]];
        case ObserveTerm::foot_contact:
        case ObserveTerm::foot_air_time: count(t_.nfeet); break;
        case ObserveTerm::foot_contact_forces: count(3 * t_.nfeet); break;
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
        const JointRow& joint = c_.joints[static_cast<size_t>(c_.ids[static_cast<size_t>(r.first + i)])];
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

void Compiler::read_startup(const std::string& term, Reader& p, const std::string& where) {
  StartupEvent e;
  const std::string operation = p.text("operation", term == "geom_friction" ? "abs"
                                                    : term == "body_mass"   ? "scale"
                                                                            : "add");
  const Names operations = {"abs", "add", "scale"};
  e.operation =
      static_cast<StartupEvent::Operation>(index_of(operations, operation, where + ".operation"));
  const std::string distribution = p.text("distribution", "uniform");
  require(distribution == "uniform" || distribution == "log_uniform",
          where + ".distribution: must be \"uniform\" or \"log_uniform\"");
  e.log_uniform = distribution == "log_uniform";
  e.shared = p.truth("shared", false);
  const auto one_range = [&] { std::tie(e.low[0], e.high[0]) = p.range("range", {0, 0}); };
  if (term == "geom_friction") {
    e.kind = StartupEvent::geom_friction;
    e.ids = select_names(m_.geom_name, p.text("geoms"), where + ".geoms");
    e.axis = static_cast<int>(p.number("axis", 0));
    require(e.axis >= 0 && e.axis <= 2, where + ".axis: must be 0, 1 or 2");
    p.at("range");
    one_range();
  } else if (term == "body_mass") {
    e.kind = StartupEvent::body_mass;
    e.ids = select_names(m_.body_name, p.text("bodies"), where + ".bodies");
    const std::string inertia = p.text("inertia", "scale");
    require(inertia == "scale" || inertia == "keep",
            where + ".inertia: must be \"scale\" or \"keep\"");
    e.inertia = inertia == "scale";
    p.at("range");
    one_range();
  } else if (term == "body_com") {
    e.kind = StartupEvent::body_com;
    e.ids = select_names(m_.body_name, p.text("bodies"), where + ".bodies");
    const char* axes[3] = {"x", "y", "z"};
    for (int i = 0; i < 3; ++i) std::tie(e.low[i], e.high[i]) = p.range(axes[i], {0, 0});
  } else {
    e.kind = StartupEvent::encoder_bias;
    e.ids = select_names(c_.joint_names, p.text("joints", ".*"), where + ".joints");
    p.at("range");
    one_range();
  }
  require(!e.log_uniform || e.low[0] > 0, where + ".range: log_uniform needs positive numbers");
  c_.startup.push_back(e);
}

void Compiler::read_events() {
  Names names;
  const Names known = {"reset_root_uniform", "reset_joints_by_offset", "reset_joints_by_scale",
                       "reset_to_default",   "push_by_setting_velocity", "geom_friction",
                       "body_mass",          "body_com",               "encoder_bias"};
  const Names axes = {"x", "y", "z", "roll", "pitch", "yaw"};
  for (const Json& j : rows("events")) {
    Reader row(j, row_where("events", j.value("name", "?")));
    const std::string name = row.text("name"), term = row.text("term", name);
    unique(names, name, row.where());
    Reader p = row.object("params");
    const int kind = index_of(known, term, row.where() + ": unknown term; events");
    const std::string mode = kind <= 3 ? "reset" : kind == 4 ? "interval" : "startup";
    require(row.text("mode", mode) == mode,
            row.where() + ".mode: " + term + " is an event of mode \"" + mode + "\"");
    TermRow r;
    if (term == "reset_root_uniform") {
      require(t_.floating, row.where() + ": needs a floating base");
      r.kind = static_cast<int>(ResetTerm::reset_root_uniform);
      r.numbers = static_cast<int>(c_.numbers.size());
      for (const char* part : {"pose", "velocity"}) {
        Reader q = p.object(part);
        for (const std::string& axis : axes) {
          const auto [low, high] = q.range(axis, {0, 0});
          c_.numbers.push_back(static_cast<float>(low));
          c_.numbers.push_back(static_cast<float>(high));
        }
        q.finish();
      }
      c_.resets.push_back(r);
    } else if (term == "reset_joints_by_offset" || term == "reset_joints_by_scale") {
      const bool scale = term == "reset_joints_by_scale";
      r.kind = static_cast<int>(scale ? ResetTerm::reset_joints_by_scale
                                      : ResetTerm::reset_joints_by_offset);
      const std::vector<int> chosen =
          select_names(c_.joint_names, p.text("joints", ".*"), p.where() + ".joints");
      r.first = static_cast<int>(c_.ids.size());
      r.count = static_cast<int>(chosen.size());
      require(r.count <= 64, row.where() + ": at most 64 joints");
      c_.ids.insert(c_.ids.end(), chosen.begin(), chosen.end());
      const double idle = scale ? 1 : 0;
      const auto q = p.range("position", {idle, idle}), v = p.range("velocity", {0, 0});
      r.p[0] = static_cast<float>(q.first);
      r.p[1] = static_cast<float>(q.second);
      r.p[2] = static_cast<float>(v.first);
      r.p[3] = static_cast<float>(v.second);
      c_.resets.push_back(r);
    } else if (term == "push_by_setting_velocity") {
      require(!t_.push.present, row.where() + ": one push event is enough");
      require(t_.floating, row.where() + ": needs a floating base");
      PushTable& push = t_.push;
      push.present = true;
      const auto interval = p.range("interval", {5, 5});
      require(interval.first > 0, p.where() + ".interval: must be positive");
      push.interval_low = static_cast<float>(interval.first);
      push.interval_high = static_cast<float>(interval.second);
      Reader v = p.object("velocity");
      for (size_t i = 0; i < 6; ++i) {
        const auto [low, high] = v.range(axes[i], {0, 0});
        push.low[i] = static_cast<float>(low);
        push.high[i] = static_cast<float>(high);
      }
      v.finish();
      const auto planar = p.range("planar_speed", {0, 0});
      push.planar_low = static_cast<float>(planar.first);
      push.planar_high = static_cast<float>(planar.second);
    } else if (kind > 4) {
      read_startup(term, p, p.where());
    }
    p.finish();
    row.finish();
  }
  t_.nreset = static_cast<int>(c_.resets.size());
}

void Compiler::read_curriculum() {
  Names names;
  const Names known = {"command_stages", "command_levels", "reward_weight_stages"};
  for (const Json& j : rows("curriculum")) {
    Reader row(j, row_where("curriculum", j.value("name", "?")));
    const std::string name = row.text("name"), term = row.text("term", name);
    unique(names, name, row.where());
    Reader p = row.object("params");
    const int kind = index_of(known, term, row.where() + ": unknown term; curriculum");
    if (kind == 1) {
      require(t_.command.present, row.where() + ": needs a velocity command");
      CommandTable& c = t_.command;
      c.levels = true;
      Reader start = p.object("start");
      for (int i = 0; i < 3; ++i) {
        const auto [low, high] = start.range(kRangeNames[i], {c.low[i], c.high[i]});
        c.start_low[i] = static_cast<float>(low);
        c.start_high[i] = static_cast<float>(high);
      }
      start.finish();
      c.level_step = static_cast<float>(p.number("step", 0.1));
      c.level_up = static_cast<float>(p.number("up", 0.35));
      c.level_down = static_cast<float>(p.number("down", 0.8));
      c.level_floor = static_cast<float>(p.number("floor", 0.3));
    } else {
      const Json& stages = p.at("stages");
      require(stages.is_array(), p.where() + ".stages: must be a list");
      int64_t last = -1;
      const int reward =
          kind == 2 ? index_of(c_.reward_names, p.text("reward"), p.where() + ".reward") : -1;
      for (const Json& s : stages) {
        Reader stage(s, p.where() + ".stages");
        const auto step = static_cast<int64_t>(stage.number("step"));
        require(step > last, stage.where() + ".step: steps must rise");
        last = step;
        if (kind == 2) {
          c_.weight_stages.push_back({step, reward, static_cast<float>(stage.number("weight"))});
        } else {
          require(t_.command.present, row.where() + ": needs a velocity command");
          CommandStage out;
          out.step = step;
          for (int i = 0; i < 3; ++i) {
            out.set[i] = stage.has(kRangeNames[i]);
            const auto [low, high] = stage.range(kRangeNames[i], {0, 0});
            out.low[i] = static_cast<float>(low);
            out.high[i] = static_cast<float>(high);
          }
          c_.command_stages.push_back(out);
        }
        stage.finish();
      }
    }
    p.finish();
    row.finish();
  }
}

// mirrored[i] = sign[i] original[index[i]]
void Compiler::read_mirror() {
  c_.observation_mirror.resize(static_cast<size_t>(t_.ngroup));
  if (!top_.has("mirror")) return;
  const std::filesystem::path path = std::filesystem::path(robots_folder()) / top_.text("mirror");
  std::ifstream in(path);
  require(in.good(), top_.where() + ".mirror: " + path.string() + " cannot be read");
  const Json j = Json::parse(in, nullptr, false);
  require(!j.is_discarded(), path.string() + ": not valid JSON");
  Reader file(j, path.string());
  file.text("about", "");

  // joints and feet as permutations that undo themselves
  std::vector<std::pair<int, float>> joint(c_.joint_names.size(), {-1, 0.f});
  const Json& joints = file.at("joints");
  require(joints.is_object(), path.string() + ".joints: must be an object");
  for (const auto& [name, partner] : joints.items()) {
    require(partner.is_array() && partner.size() == 2 && partner[0].is_string() &&
                partner[1].is_number(),
            path.string() + ".joints." + name + ": must be [partner, sign]");
    const int to = index_of(c_.joint_names, name, path.string());
    joint[static_cast<size_t>(to)] = {
        index_of(c_.joint_names, partner[0].get<std::string>(), path.string()),
        partner[1].get<float>()};
  }
  for (size_t i = 0; i < joint.size(); ++i) {
    require(joint[i].first >= 0, path.string() + ": no partner for " + c_.joint_names[i]);
    const auto& back = joint[static_cast<size_t>(joint[i].first)];
    require(back.first == static_cast<int>(i) && back.second == joint[i].second &&
                std::fabs(joint[i].second) == 1.f,
            path.string() + ": " + c_.joint_names[i] + " and its partner do not agree");
    const float there = c_.joints[static_cast<size_t>(joint[i].first)].q0;
    require(std::fabs(joint[i].second * there - c_.joints[i].q0) < 1e-6f,
            path.string() + ": the default pose of " + c_.joint_names[i] + " is not symmetric");
  }
  std::vector<int> foot(c_.foot_names.size(), -1);
  const Json none = Json::object();
  const Json& feet = file.has("feet") ? file.at("feet") : none;
  for (const auto& [name, partner] : feet.items())
    if (!c_.foot_names.empty())
      foot[static_cast<size_t>(index_of(c_.foot_names, name, path.string()))] =
          index_of(c_.foot_names, partner.get<std::string>(), path.string());
  file.finish();
  for (size_t i = 0; i < foot.size(); ++i)
    require(foot[i] >= 0, path.string() + ": no partner for the foot " + c_.foot_names[i]);

  // actions follow the joints they drive
  for (const ActionRow& a : c_.actions) {
    require(a.joint >= 0, top_.where() + ".mirror: needs joint_position actions");
    const auto [partner, sign] = joint[static_cast<size_t>(a.joint)];
    const auto to = std::find_if(c_.actions.begin(), c_.actions.end(),
                                 [&, p = partner](const ActionRow& r) { return r.joint == p; });
    require(to != c_.actions.end() && to->scale == a.scale,
            top_.where() + ".mirror: partner joints need the same action scale");
    c_.action_mirror.emplace_back(static_cast<int>(to - c_.actions.begin()), sign);
  }

  // observations: polar vectors flip y, axial ones flip x and z
  for (int g = 0; g < t_.ngroup; ++g) {
    auto& out = c_.observation_mirror[static_cast<size_t>(g)];
    const std::vector<ObserveElement>& elements = c_.elements[g];
    const auto find = [&](size_t i, int index) {
      // the same term's element of that index: terms lie together
      size_t first = i;
      while (first > 0 && elements[first - 1].kind == elements[i].kind) --first;
      for (size_t k = first; k < elements.size() && elements[k].kind == elements[i].kind; ++k)
        if (elements[k].index == index) return static_cast<int>(k);
      throw Error(top_.where() + ".mirror: a partner joint is not observed");
    };
    for (size_t i = 0; i < elements.size(); ++i) {
      const ObserveElement& e = elements[i];
      const float polar[3] = {1, -1, 1}, axial[3] = {-1, 1, -1}, twist[3] = {1, -1, -1};
      switch (static_cast<ObserveTerm>(e.kind)) {
        case ObserveTerm::base_lin_vel:
        case ObserveTerm::projected_gravity: out.emplace_back(int(i), polar[e.index]); break;
        case ObserveTerm::base_ang_vel: out.emplace_back(int(i), axial[e.index]); break;
        case ObserveTerm::generated_commands: out.emplace_back(int(i), twist[e.index]); break;
        // the mirrored gait is half a period away
        case ObserveTerm::gait_phase: out.emplace_back(int(i), -1.f); break;
        case ObserveTerm::joint_pos_rel:
        case ObserveTerm::joint_vel_rel:
        case ObserveTerm::joint_effort: {
          const auto [partner, sign] = joint[static_cast<size_t>(e.index)];
          out.emplace_back(find(i, partner), sign);
          break;
        }
        case ObserveTerm::last_action: {
          const auto [partner, sign] = c_.action_mirror[static_cast<size_t>(e.index)];
          out.emplace_back(find(i, partner), sign);
          break;
        }
        case ObserveTerm::foot_contact:
        case ObserveTerm::foot_air_time:
        case ObserveTerm::foot_height:
          out.emplace_back(find(i, foot[static_cast<size_t>(e.index)]), 1.f);
          break;
        case ObserveTerm::foot_contact_forces: {
          const int f = foot[static_cast<size_t>(e.index / 3)], axis = e.index % 3;
          out.emplace_back(find(i, 3 * f + axis), polar[axis]);
          break;
        }
        case ObserveTerm::gravity_sensor:
        case ObserveTerm::sensor: {
          // vectors of a sensor in the plane of symmetry
          int s = 0;
          while (m_.sensor_adr[static_cast<size_t>(s)] +
                     m_.sensor_dim[static_cast<size_t>(s)] <= e.index)
            ++s;
          const int axis = e.index - m_.sensor_adr[static_cast<size_t>(s)];
          require(m_.sensor_dim[static_cast<size_t>(s)] == 3,
                  top_.where() + ".mirror: cannot mirror sensor " +
                      m_.sensor_name[static_cast<size_t>(s)]);
          const auto type = static_cast<SensorType>(m_.sensor_type[static_cast<size_t>(s)]);
          const bool turns = type == SensorType::gyro || type == SensorType::frameangvel ||
                             type == SensorType::subtreeangmom;
          out.emplace_back(int(i), turns ? axial[axis] : polar[axis]);
          break;
        }
      }
    }
  }
}

void Compiler::lay_out() {
  int at = 0;
  const auto take = [&](int n) {
    const int first = at;
    at += n;
    return first;
  };
  StateLayout& s = t_.at;
  const int nu = t_.nu, nf = t_.nfeet;
  s.action = take(nu);
  s.action1 = take(nu);
  s.action2 = take(nu);
  // command .. command_left lie together: a reset keeps the command it has just drawn
  s.command = take(3);
  s.heading = take(1);
  s.flags = take(3);
  s.command_left = take(1);
  s.error_xy = take(1);
  s.error_yaw = take(1);
  s.error_time = take(1);
  s.level = take(1);
  s.push_left = take(1);
  s.air = take(nf);
  s.stand = take(nf);
  s.last_air = take(nf);
  s.last_stand = take(nf);
  s.contact = take(nf);
  s.land = take(nf);
  s.peak = take(nf);
  s.force = take(3 * nf);
  s.phase = take(1);
  s.bias = take(t_.njoint);
  s.sums = take(t_.nreward);
  s.metric_xy = take(1);
  s.metric_yaw = take(1);
  s.metric_count = take(1);
  s.columns = at;

  at = 0;
  LogLayout& l = t_.log_at;
  l.rewards = take(t_.nreward);
  l.reasons = take(t_.ndone);
  l.nonfinite = take(1);
  l.metric_xy = take(1);
  l.metric_yaw = take(1);
  l.level = take(1);
  l.episodes = take(1);
  l.columns = at;
}

void Compiler::run() {
  read_basics();
  read_joints();
  read_actions();
  read_feet();
  read_commands();
  read_observations();
  read_rewards();
  read_terminations();
  read_events();
  read_curriculum();
  read_mirror();
  top_.finish();
  lay_out();

  // pointers last: the arrays do not move any more
  t_.joints = c_.joints.data();
  t_.actions = c_.actions.data();
  t_.feet = c_.feet.data();
  t_.rewards = c_.rewards.data();
  t_.dones = c_.dones.data();
  t_.resets = c_.resets.data();
  t_.ids = c_.ids.data();
  t_.numbers = c_.numbers.data();
  t_.qpos0 = c_.qpos0.data();
  for (int g = 0; g < t_.ngroup; ++g) {
    t_.groups[g].elements = c_.elements[g].data();
    t_.groups[g].count = static_cast<int>(c_.elements[g].size());
  }
}

}  // namespace

void compile_task(const Task& task, const Model& model, CompiledTask& out) {
  Compiler(task, model, out).run();
}

}  // namespace motorium
