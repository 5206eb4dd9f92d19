// A task table and a model become rows of numbers: what the robot is and does.
#include <algorithm>
#include <cmath>

#include "motorium/physics/initial_state.h"
#include "motorium/robots/tasks/compiler.h"

namespace motorium {

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
  t_.max_length =
      static_cast<int>(std::ceil(c_.episode_seconds / (m_.timestep * t_.decimation) - 1e-6));
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
  require(m_.nu == m_.nactuator && m_.nu == m_.nout,
          top_.where() + ": the model has actuators of several controls: tasks want one each");
  for (const double x : initial_history(m_)) c_.history0.push_back(static_cast<float>(x));
  t_.nhistory = m_.nhistory;
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
    require(named[a] == 1,
            top_.where() + ".actions: no row names the actuator \"" + m_.actuator_name[a] + "\"");
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
  t_.history0 = c_.history0.data();
  for (int g = 0; g < t_.ngroup; ++g) {
    t_.groups[g].elements = c_.elements[g].data();
    t_.groups[g].count = static_cast<int>(c_.elements[g].size());
  }
}

void compile_task(const Task& task, const Model& model, CompiledTask& out) {
  Compiler(task, model, out).run();
}

}  // namespace motorium
