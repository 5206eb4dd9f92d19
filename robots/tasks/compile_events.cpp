// Rows of events and of the curriculum.
#include <tuple>

#include "motorium/robots/tasks/compiler.h"

namespace motorium {

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
  const Names known = {"reset_root_uniform",
                       "reset_joints_by_offset",
                       "reset_joints_by_scale",
                       "reset_to_default",
                       "push_by_setting_velocity",
                       "geom_friction",
                       "body_mass",
                       "body_com",
                       "encoder_bias"};
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

}  // namespace motorium
