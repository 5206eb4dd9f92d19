// motorium._core.Env: a task running in many worlds. Arrays are views of the environment's memory.
#include "bind.h"
#include "motorium/core/error.h"
#include "motorium/robots/tasks/env.h"

namespace motorium::python {
namespace {

struct PyEnv {
  std::shared_ptr<Env> env;
  std::unique_ptr<std::mutex> own_lock;
  std::mutex* lock = nullptr;
  std::shared_ptr<PyBatch> batch;
  std::string task;
};
using Self = std::shared_ptr<PyEnv>;

template <class T>
py::object rows(const Self& self, const T* data, int columns, bool writable = false) {
  std::vector<py::ssize_t> shape = {self->env->worlds()};
  if (columns >= 0) shape.push_back(columns);
  if (self->env->batch().device())
    return py::cast(std::make_shared<PyArray>(PyArray{
        self->batch, const_cast<T*>(data), shape, writable, py::dtype::of<T>(), py::cast(self)}));
  return view(data, shape, py::cast(self), writable);
}

Self make(const std::string& task, int worlds, const std::string& device, uint64_t seed,
          int threads, const py::object& overrides, const std::string& robot_path) {
  EnvOptions o;
  o.worlds = worlds;
  o.seed = seed;
  o.threads = threads;
  o.overrides = overrides_of(overrides);
  o.robot_path = robot_path;
  auto self = std::make_shared<PyEnv>();
  self->task = task;
  self->lock = &default_lock();
  if (threads > 0) {
    self->own_lock = std::make_unique<std::mutex>();
    self->lock = self->own_lock.get();
  }
  {
    py::gil_scoped_release release;
    o.device = device_of(device);
    self->env = make_env(task, o);
  }
  self->batch = std::make_shared<PyBatch>();
  self->batch->batch = std::shared_ptr<Batch>(self->env, &self->env->batch());
  self->batch->model = std::shared_ptr<const Model>(self->env, &self->env->batch().model());
  self->batch->lock = self->lock;
  return self;
}

py::dict observations(const Self& self) {
  py::dict out;
  for (const ObservationGroup& g : self->env->observations())
    out[g.name.c_str()] = rows(self, g.data, g.size);
  return out;
}

py::dict final_observations(const Self& self) {
  py::dict out;
  int i = 0;
  for (const ObservationGroup& g : self->env->observations())
    out[g.name.c_str()] = rows(self, self->env->final_observations(i++), g.size);
  return out;
}

// on a device: the actions go there, or are there
void step_device(const Self& self, const py::object& actions, const Ids& list) {
  Env& env = *self->env;
  if (!actions.is_none()) {
    const py::object target = rows(self, env.actions(), env.action_size(), true);
    const py::tuple wanted = target.attr("shape");
    if (!py::hasattr(actions, "shape") || !py::tuple(actions.attr("shape")).equal(wanted))
      throw Error("Env.step: actions must have the shape " + py::repr(wanted).cast<std::string>());
    target.attr("__setitem__")(py::ellipsis(), actions);
  }
  unlocked(*self->lock, [&] {
    if (list.all)
      env.step_fused();
    else
      env.step_worlds(nullptr, list.data(), list.count());
  });
}

void step(const Self& self, const py::object& actions, const py::object& ids) {
  Env& env = *self->env;
  const Ids list = ids_of(ids, env.worlds(), "Env.step_worlds");
  if (env.batch().device()) return step_device(self, actions, list);
  using Dense = py::array_t<float, py::array::c_style | py::array::forcecast>;
  const Dense a = Dense::ensure(actions);
  if (!a || a.ndim() != 2 || a.shape(0) != env.worlds() || a.shape(1) != env.action_size())
    throw Error("Env.step: actions must have the shape (" + std::to_string(env.worlds()) + ", " +
                std::to_string(env.action_size()) + ")");
  const float* data = a.data();
  unlocked(*self->lock, [&] {
    if (list.all)
      env.step(data);
    else
      env.step_worlds(data, list.data(), list.count());
  });
}

}  // namespace

std::vector<std::pair<std::string, std::string>> overrides_of(const py::object& overrides) {
  std::vector<std::pair<std::string, std::string>> out;
  if (overrides.is_none()) return out;
  const py::object dumps = py::module_::import("json").attr("dumps");
  for (const auto& item : py::dict(overrides)) {
    const bool text = py::isinstance<py::str>(item.second);
    out.emplace_back(py::str(item.first),
                     text ? py::str(item.second) : py::str(dumps(item.second)));
  }
  return out;
}

void bind_env(py::module_& m) {
  m.def("task_names", &task_names, "Names of all tasks, sorted.");
  m.def("task_summary", &task_summary, py::arg("task"), "One line about a task.");
  m.def("robots_folder", &robots_folder,
        "Folder of the robots and task tables that come with motorium.");
  m.def(
      "task_agent",
      [](const std::string& task, const py::object& overrides) {
        py::dict out;
        for (const auto& [key, value] : task_agent(task, overrides_of(overrides)))
          out[key.c_str()] = value;
        return out;
      },
      py::arg("task"), py::arg("overrides") = py::none(), "A task's own settings of the learner.");

  py::class_<PyEnv, Self> c(
      m, "Env",
      "A task in many worlds, with autoreset in the same step.\n\n"
      "Arrays are float32 views at fixed addresses; step() writes them anew. On a device they are\n"
      "motorium.Array, and step() only launches.");
  c.def(py::init(&make), py::arg("task"), py::kw_only(), py::arg("worlds") = 512,
        py::arg("device") = "cpu", py::arg("seed") = 1, py::arg("threads") = 0,
        py::arg("overrides") = py::none(), py::arg("robot_path") = "");
  c.def_property_readonly(
      "task", [](const PyEnv& e) { return e.task; }, "Name of the task.");
  c.def_property_readonly(
      "worlds", [](const PyEnv& e) { return e.env->worlds(); }, "Number of worlds.");
  c.def_property_readonly(
      "device", [](const PyEnv& e) { return device_name(e.env->batch()); },
      "Where the arrays live: 'cpu', 'cuda:N' or 'emulated'.");
  c.def_property_readonly(
      "actions",
      [](const Self& s) { return rows(s, s->env->actions(), s->env->action_size(), true); },
      "Actions of the last step; on a device a policy may write them there and call step(None)\n"
      "(worlds, action_size).");
  c.def_property_readonly(
      "action_size", [](const PyEnv& e) { return e.env->action_size(); }, "Numbers in an action.");
  c.def_property_readonly(
      "max_episode_length", [](const PyEnv& e) { return e.env->max_episode_length(); },
      "Control steps after which an episode is cut; 0: never.");
  c.def_property_readonly(
      "step_seconds", [](const PyEnv& e) { return e.env->step_seconds(); }, "Control period [s].");
  c.def_property_readonly(
      "batch", [](const Self& self) { return self->batch; },
      "The worlds below; writing to its state changes them.");
  c.def_property_readonly("observations", &observations,
                          "Group -> observations after the last reset or step (worlds, size).");
  c.def_property_readonly(
      "final_observations", &final_observations,
      "Group -> last observations of the worlds that ended in this step (worlds, size);\n"
      "other rows hold nothing of meaning.");
  c.def_property_readonly(
      "rewards", [](const Self& s) { return rows(s, s->env->rewards(), -1); },
      "Reward of the last step (worlds,)");
  c.def_property_readonly(
      "terminated",
      [](const Self& s) {
        return rows(s, reinterpret_cast<const bool*>(s->env->terminated()), -1);
      },
      "Worlds that the task ended in the last step (worlds,)");
  c.def_property_readonly(
      "truncated",
      [](const Self& s) { return rows(s, reinterpret_cast<const bool*>(s->env->truncated()), -1); },
      "Worlds whose time was up in the last step (worlds,)");
  c.def_property_readonly(
      "nonfinite",
      [](const Self& s) { return rows(s, reinterpret_cast<const bool*>(s->env->nonfinite()), -1); },
      "Worlds that ended because of bad numbers (worlds,)");
  c.def_property_readonly(
      "episode_length", [](const Self& s) { return rows(s, s->env->episode_length(), -1, true); },
      "Control steps of the running episodes; may be written (worlds,)");
  c.def(
      "reset",
      [](const Self& self, uint64_t seed) {
        unlocked(*self->lock, [&] { self->env->reset(seed); });
      },
      py::arg("seed"), "Starts all worlds anew; world w draws its numbers from (seed, w).");
  c.def(
      "step", [](const Self& self, const py::object& actions) { step(self, actions, py::none()); },
      py::arg("actions"), "One control step of all worlds; actions: (worlds, action_size).");
  c.def("step_worlds", &step, py::arg("actions"), py::arg("ids"),
        "One control step of some worlds; the others stay as they are. actions: those of all "
        "worlds.");
  c.def(
      "reset_worlds",
      [](const Self& self, const py::object& ids) {
        const Ids list = ids_of(ids, self->env->worlds(), "Env.reset_worlds");
        if (list.all) throw Error("Env.reset_worlds: name the worlds, or call reset");
        unlocked(*self->lock, [&] { self->env->reset_worlds(list.data(), list.count()); });
      },
      py::arg("ids"), "Starts some worlds anew; the others stay as they are.");
  c.def(
      "take_log",
      [](const Self& self) {
        py::dict out;
        for (const auto& [tag, value] : self->env->take_log()) out[tag.c_str()] = value;
        return out;
      },
      "Means and counts since the last call, by tag.");
  c.def(
      "save_state",
      [](const Self& self) {
        std::vector<uint8_t> bytes;
        unlocked(*self->lock, [&] { bytes = self->env->save_state(); });
        return py::bytes(reinterpret_cast<const char*>(bytes.data()), bytes.size());
      },
      "Everything the environment is, as bytes.");
  c.def(
      "load_state",
      [](const Self& self, const py::bytes& bytes) {
        const std::string_view text = bytes;
        const std::vector<uint8_t> copy(text.begin(), text.end());
        unlocked(*self->lock, [&] { self->env->load_state(copy); });
      },
      py::arg("bytes"), "Goes back to what save_state found.");
  c.def(
      "action_names", [](const Self& s) { return s->env->action_names(); },
      "What each action moves.");
  c.def(
      "action_scale", [](const Self& s) { return s->env->action_scale(); },
      "Units per unit of action.");
  c.def(
      "reward_names", [](const Self& s) { return s->env->reward_names(); },
      "Rows of the reward table.");
  c.def(
      "termination_names", [](const Self& s) { return s->env->termination_names(); },
      "Rows of the table of terminations.");
  c.def(
      "observation_terms",
      [](const Self& s, const std::string& group) {
        const auto& groups = s->env->observations();
        for (size_t g = 0; g < groups.size(); ++g)
          if (groups[g].name == group) return s->env->observation_terms(static_cast<int>(g));
        throw Error("Env.observation_terms: no group '" + group + "'");
      },
      py::arg("group"), "Terms of an observation group and their sizes, in order.");
}

}  // namespace motorium::python
