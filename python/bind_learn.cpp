// Training, policies, the command line.
#include <csignal>

#include "bind.h"
#include "motorium/cli/cli.h"
#include "motorium/cli/onnx.h"
#include "motorium/cli/train.h"
#include "motorium/cli/verbs.h"
#include "motorium/core/error.h"
#include "motorium/policy/nn/device_policy.h"

namespace motorium::python {
namespace {

// runs f; a Failure of the command line becomes an Error
template <class F> auto as_error(F f) {
  try {
    return f();
  } catch (const cli::Failure& e) {
    throw Error(e.message);
  }
}

RunResult train(const std::string& task, int worlds, double minutes, int iterations, uint64_t seed,
                const std::string& device, int threads, const std::string& log,
                const std::string& resume, const std::string& init_from,
                const py::object& overrides, const std::string& precision, bool quiet) {
  cli::TrainRequest request;
  request.task = task;
  request.worlds = worlds;
  request.threads = threads;
  request.device = device;
  request.overrides = overrides_of(overrides);
  request.run.minutes = minutes;
  request.run.iterations = iterations;
  request.run.seed = seed;
  request.run.directory = log.empty() ? cli::new_run_folder(task) : log;
  request.run.resume = resume;
  request.run.init_from = init_from;
  request.run.kernels = &policy_kernels_for(precision);
  const std::unique_ptr<Observer> console = quiet ? nullptr : console_observer(1);
  request.run.observer = console.get();
  py::gil_scoped_release release;
  std::unique_lock<std::mutex> guard(default_lock(), std::defer_lock);
  if (threads == 0) guard.lock();
  const cli::StopSignal stop;
  request.run.stop = stop.flag();
  return as_error([&] { return cli::train_task(request); });
}

// a policy, and the lock for its scratch
struct PyPolicy {
  Policy policy;
  std::string path;
  std::map<Device*, DevicePolicy> there = {};  // its weights on devices
};

// observations and actions of a device: a launch
py::object act_there(PyPolicy& self, const std::shared_ptr<PyArray>& obs, const py::object& out) {
  const py::ssize_t in = self.policy.observation_size(), count = self.policy.action_size();
  if (obs->shape.size() != 2 || obs->shape[1] != in || obs->dtype.kind() != 'f')
    throw Error("Policy: observations must have the shape (rows, " + std::to_string(in) + ")");
  if (!py::isinstance<PyArray>(out))
    throw Error(
        "Policy: observations of a device need out=, an array of that device such as env.actions");
  const auto to = out.cast<std::shared_ptr<PyArray>>();
  const std::shared_ptr<Device>& device = obs->batch->batch->device();
  if (to->batch->batch->device() != device || !to->writable || to->dtype.kind() != 'f' ||
      to->shape != std::vector<py::ssize_t>{obs->shape[0], count})
    throw Error("Policy: out must be a writable array (" + std::to_string(obs->shape[0]) + ", " +
                std::to_string(count) + ") of the device of the observations");
  const Stream stream = to->batch->batch->stream();
  unlocked(*obs->batch->lock, [&] {
    device->order(obs->batch->batch->stream(), stream);
    auto entry = self.there.find(device.get());
    if (entry == self.there.end())
      entry = self.there.emplace(device.get(), DevicePolicy(device, self.policy)).first;
    entry->second.act(static_cast<const float*>(obs->data), static_cast<int>(obs->shape[0]),
                      static_cast<float*>(to->data), stream);
  });
  return out;
}

py::array_t<float> act(const PyPolicy& self, const py::object& observations) {
  using Dense = py::array_t<float, py::array::c_style | py::array::forcecast>;
  const Dense obs = Dense::ensure(observations);
  const int in = self.policy.observation_size(), out = self.policy.action_size();
  if (!obs || obs.ndim() < 1 || obs.ndim() > 2 || obs.shape(obs.ndim() - 1) != in)
    throw Error("Policy: observations must have the shape (rows, " + std::to_string(in) + ")");
  const int rows = obs.ndim() == 2 ? static_cast<int>(obs.shape(0)) : 1;
  std::vector<py::ssize_t> shape = {out};
  if (obs.ndim() == 2) shape.insert(shape.begin(), rows);
  py::array_t<float> actions(shape);
  const float* from = obs.data();
  float* to = actions.mutable_data();
  py::gil_scoped_release release;
  MlpScratch scratch(self.policy.actor(), std::min(std::max(rows, 1), 64));
  self.policy.act(from, rows, to, scratch);
  return actions;
}

}  // namespace

void bind_learn(py::module_& m) {
  py::class_<PyPolicy, std::shared_ptr<PyPolicy>>(
      m, "Policy", "A trained policy: observations in, actions out, without exploration noise.")
      .def_static(
          "load",
          [](const std::string& path) {
            const std::string file = as_error([&] { return cli::find_policy(path); });
            return std::make_shared<PyPolicy>(PyPolicy{Policy::load(file), file});
          },
          py::arg("path"), "Reads a policy file, or the newest one of a run folder.")
      .def(
          "__call__",
          [](PyPolicy& self, const py::object& observations, const py::object& out) -> py::object {
            if (py::isinstance<PyArray>(observations))
              return act_there(self, observations.cast<std::shared_ptr<PyArray>>(), out);
            const py::array_t<float> actions = act(self, observations);
            if (out.is_none()) return actions;
            out.attr("__setitem__")(py::ellipsis(), actions);
            return out;
          },
          py::arg("observations"), py::kw_only(), py::arg("out") = py::none(),
          "Actions (rows, action_size) for observations (rows, observation_size); written to "
          "`out`\n"
          "if it is given, which observations of a device need.")
      .def_property_readonly(
          "observation_size", [](const PyPolicy& p) { return p.policy.observation_size(); },
          "numbers in an observation")
      .def_property_readonly(
          "action_size", [](const PyPolicy& p) { return p.policy.action_size(); },
          "numbers in an action")
      .def_property_readonly(
          "metadata", [](const PyPolicy& p) { return p.policy.metadata(); },
          "text that came with the file: task, joint names, gains, ...")
      .def_property_readonly(
          "path", [](const PyPolicy& p) { return p.path; }, "the file")
      .def("__repr__", [](const PyPolicy& p) {
        return "<motorium.Policy " + std::to_string(p.policy.observation_size()) + " -> " +
               std::to_string(p.policy.action_size()) + ", " + p.path + ">";
      });
  py::class_<RunResult>(m, "Run", "What a training run left behind.")
      .def_readonly("iterations", &RunResult::iterations, "finished so far, resumed ones included")
      .def_readonly("steps", &RunResult::steps, "world-steps so far")
      .def_readonly("seconds", &RunResult::seconds, "wall time of this run [s]")
      .def_readonly("mean_reward", &RunResult::mean_reward, "of the last 100 episodes")
      .def_readonly("mean_episode_length", &RunResult::mean_episode_length, "control steps")
      .def_readonly("stopped", &RunResult::stopped, "ended by Ctrl-C")
      .def_readonly("policy_path", &RunResult::policy, "newest policy file")
      .def_readonly("checkpoint_path", &RunResult::checkpoint, "newest checkpoint")
      .def(
          "policy",
          [](const RunResult& r) {
            return std::make_shared<PyPolicy>(PyPolicy{Policy::load(r.policy), r.policy});
          },
          "The newest policy.")
      .def("__repr__", [](const RunResult& r) {
        return "<motorium.Run of " + std::to_string(r.iterations) + " iterations, reward " +
               std::to_string(r.mean_reward) + ">";
      });
  m.def("train", &train, py::arg("task"), py::kw_only(), py::arg("worlds") = 0,
        py::arg("minutes") = 0.0, py::arg("iterations") = 0, py::arg("seed") = 1,
        py::arg("device") = "cpu", py::arg("threads") = 0, py::arg("log") = "",
        py::arg("resume") = "", py::arg("init_from") = "", py::arg("overrides") = py::none(),
        py::arg("precision") = "fp32", py::arg("quiet") = false,
        "Trains a policy with PPO, for so many minutes or iterations.\n\n"
        "log: run folder (default logs/TASK/DATE_TIME). resume: run folder or checkpoint to go on "
        "with,\n"
        "bit for bit. device: where worlds and learner live, 'cpu', 'cuda', 'cuda:1' or "
        "'emulated':\n"
        "the same bits. overrides: {'agent.learning_rate': 3e-4, 'rewards.upright.weight': 0.5}.\n"
        "precision: of the networks' products, 'fp32', or 'bf16' where the CPU has AVX512-BF16.\n"
        "Ctrl-C finishes the iteration, saves and returns.");

  m.def(
      "export_onnx",
      [](const PyPolicy& policy, const std::string& path) {
        py::gil_scoped_release release;
        cli::write_onnx(policy.policy, path);
      },
      py::arg("policy"), py::arg("path"),
      "Writes a policy as ONNX: opset 18, input `obs`, output `actions`, normaliser inside.");

  m.def(
      "main",
      [](const std::vector<std::string>& arguments) {
        std::vector<const char*> argv;
        for (const std::string& a : arguments) argv.push_back(a.c_str());
        py::gil_scoped_release release;
        return motorium::main(static_cast<int>(argv.size()), argv.data());
      },
      py::arg("arguments"), "The command `motorium`; returns its exit code.");
}

}  // namespace motorium::python
