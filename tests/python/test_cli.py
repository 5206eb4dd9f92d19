"""The command line: help texts, exit codes, every verb once."""

import csv
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time
from xml.etree import ElementTree

import motorium as mo
import numpy as np
import pytest
from conftest import ROOT

VERBS = ["list", "check", "convert", "sim", "train", "play", "bench", "export", "demo"]
QUAD = ROOT / "robots/quad/robot.xml"


def motorium(*arguments, cwd=None, env=None):
    return subprocess.run(
        [sys.executable, "-m", "motorium", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=300,
        cwd=cwd,
        env={**os.environ, **(env or {})},
    )


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A short training run."""
    folder = tmp_path_factory.mktemp("run")
    out = motorium("train", "cartpole-balance", "--iterations", 3, "--worlds", 64, "--log", folder)
    assert out.returncode == 0, out.stderr
    return folder


@pytest.mark.parametrize("verb", ["", *VERBS])
def test_help_texts_are_golden(verb):
    out = motorium(*([verb] if verb else []), "--help")
    assert out.returncode == 0
    golden = ROOT / "tests/golden/help" / f"{verb or 'motorium'}.txt"
    if os.environ.get("MOTORIUM_UPDATE_GOLDEN") == "1":
        golden.parent.mkdir(parents=True, exist_ok=True)
        golden.write_text(out.stdout)
    assert out.stdout == golden.read_text(), "MOTORIUM_UPDATE_GOLDEN=1 pytest writes the new text"


def test_version():
    out = motorium("--version")
    assert out.returncode == 0
    assert re.fullmatch(
        rf"motorium {re.escape(mo.__version__)}, commit \S+, (gcc|clang) .+, CPU kernels v\d, no CUDA\n",
        out.stdout,
    )


def test_the_executable_is_the_same_program():
    binary = pathlib.Path(mo._core.__file__).parents[2] / "motorium"
    if not binary.exists():
        pytest.skip("the executable was not built")
    here = subprocess.run([binary, "list"], capture_output=True, text=True, check=True).stdout
    assert here == motorium("list").stdout


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["fly"],
        ["sim"],
        ["sim", QUAD, "--worlds", "0"],
        ["sim", QUAD, "--seconds", "-1"],
        ["train", "cartpole-balance", "novalue"],
        ["play", "nothing-like-this"],
        ["train", "cartpole-balance", "--bogus"],
    ],
    ids=str,
)
def test_wrong_usage_exits_2(arguments):
    out = motorium(*arguments)
    assert out.returncode == 2, out.stdout
    assert out.stderr or out.stdout


def test_bad_files_exit_65(tmp_path):
    bad = tmp_path / "bad.xml"
    bad.write_text("<mujoco><worldbody><geom size='-1'/></worldbody></mujoco>")
    unsupported = tmp_path / "flex.xml"
    unsupported.write_text(
        "<mujoco><worldbody><body><joint name='a'/><geom size='1'/></body></worldbody>"
        "<deformable><flex name='f'/></deformable></mujoco>"
    )
    for arguments in (
        ["check", bad],
        ["check", unsupported],
        ["check", tmp_path / "none.xml"],
        ["sim", bad],
        ["bench", bad],
        ["play", bad],
        ["export", bad, "--onnx", tmp_path / "x.onnx"],
        ["export", tmp_path, "--onnx", tmp_path / "x.onnx"],
    ):
        out = motorium(*arguments)
        assert out.returncode == 65, (arguments, out.stdout, out.stderr)
        assert out.stderr.startswith("motorium: ")
    assert "flex" in motorium("check", unsupported).stderr


def test_failures_exit_1(tmp_path):
    assert motorium("train", "no-such-task").returncode == 1
    assert motorium("list", "zzz").returncode == 1
    out = motorium("play", "cartpole-balance", cwd=tmp_path)
    assert out.returncode == 1 and "motorium train" in out.stderr
    out = motorium("train", "cartpole-balance", "--resume", cwd=tmp_path)
    assert out.returncode == 1 and "nothing to resume" in out.stderr
    out = motorium("train", "cartpole-balance", "agent.learning_rat=1")
    assert out.returncode == 1 and "learning_rate" in out.stderr


def test_an_old_cpu_exits_69():
    out = motorium("sim", QUAD, "--worlds", "1", env={"MOTORIUM_ISA": "v9"})
    assert out.returncode in (1, 69) and "v9" in out.stderr


def test_list():
    out = motorium("list").stdout
    assert "quad-velocity-flat" in out and "cartpole " in out
    assert "quad-velocity-flat" not in motorium("list", "cartpole").stdout


def test_check_describes_and_finds_mistakes(tmp_path):
    good = motorium("check", QUAD)
    assert good.returncode == 0 and "12 hinge" in good.stdout and "mass" in good.stdout
    bad = tmp_path / "bad.xml"
    bad.write_text("""
<mujoco model="bad"><option timestep="0.05"/><compiler angle="radian"/><worldbody>
  <geom type="plane" size="0 0 1" name="floor"/>
  <body pos="0 0 0.05"><freejoint/><geom name="box" type="box" size="0.1 0.1 0.1"/>
    <body><joint name="knee" range="0.5 1" limited="true"/>
      <geom size="0.001" mass="1e-5"/></body></body>
</worldbody><actuator><position name="servo" joint="knee" kp="1000"/></actuator></mujoco>""")
    out = motorium("check", bad).stdout
    for finding in (
        "joint 'knee' is at 0, its range is 0.5 .. 1",
        "geoms 'floor' and 'box' overlap by 0.05 m",
        "is tiny",
        "without damping",
        "too stiff",
        "timestep 0.05 s is long",
    ):
        assert finding in out, out
    assert out.count("overlap") == 1
    degrees = tmp_path / "degrees.xml"
    degrees.write_text(bad.read_text().replace('angle="radian"', ""))
    assert 'angle="radian"' in motorium("check", degrees).stdout


def test_sim_reports_speed_and_health():
    out = motorium("sim", QUAD, "--worlds", 64, "--seconds", 0.1, "--threads", 1, "--random")
    assert out.returncode == 0
    for word in ("steps/s", "real time", "contacts", "health"):
        assert word in out.stdout


def test_train_writes_a_run_that_resumes(run):
    policies = sorted(run.glob("policy_*.safetensors"))
    assert (
        policies and list(run.glob("checkpoint_*.safetensors")) and (run / "progress.csv").exists()
    )
    out = motorium("train", "cartpole-balance", "--iterations", 4, "--worlds", 64, "--resume", run)
    assert out.returncode == 0, out.stderr
    assert (run / "policy_4.safetensors").exists()


def test_options_and_overrides_have_aliases(tmp_path):
    out = motorium(
        *["train", "cartpole-balance", "--num_envs", 32, "--max-iterations", 1, "--headless"],
        *["--log", tmp_path, "agent.actor-hidden-dims=[16,16]", "--quiet"],
    )
    assert out.returncode == 0, out.stderr
    assert mo.Policy.load(str(tmp_path)).observation_size > 0


def test_ctrl_c_saves_and_exits_0(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-m", "motorium", "train", "cartpole-balance", "--minutes", "5"]
        + ["--worlds", "64", "--log", str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
    )
    # a few iterations, so that the handler is surely there
    for line in process.stdout:
        if "iteration 3" in line or "3/" in line:
            break
    process.send_signal(signal.SIGINT)
    start = time.monotonic()
    rest = process.stdout.read()
    assert process.wait(timeout=60) == 0
    assert time.monotonic() - start < 30
    assert "stopped" in rest and list(tmp_path.glob("checkpoint_*.safetensors"))


def test_play_prints_statistics(run):
    out = motorium("play", run, "--worlds", 32, "--seconds", 2)
    assert out.returncode == 0, out.stderr
    for word in ("cartpole-balance", "ended by the task", "reward", "episode"):
        assert word in out.stdout
    for agent in ("zero", "random"):
        out = motorium("play", "cartpole-balance", "--agent", agent, "--worlds", 8, "--seconds", 1)
        assert out.returncode == 0 and agent in out.stdout


def test_bench_writes_rows(tmp_path):
    table = tmp_path / "bench.csv"
    out = motorium("bench", "cartpole", "--worlds", 64, "--repeat", 1, "--csv", table)
    assert out.returncode == 0, out.stderr
    assert "cartpole" in out.stdout and len(table.read_text().splitlines()) == 2


def test_demo_plays_or_says_what_to_do():
    out = motorium("demo", env={"DEMO": "play"})
    shipped = (ROOT / "robots/quad/walk.safetensors").exists()
    assert out.returncode == (0 if shipped else 1)
    assert motorium("demo", env={"DEMO_SECONDS": "soon"}).returncode == 2


def test_a_short_demo_trains_draws_and_tries(tmp_path):
    out = motorium("demo", cwd=tmp_path, env={"DEMO_SECONDS": "4"})
    assert out.returncode == 0, out.stderr
    for word in ("256 worlds", "policy", "reward.svg", "motorium play"):
        assert word in out.stdout
    svg = next(tmp_path.glob("logs/*/*/reward.svg")).read_text()
    points = ElementTree.fromstring(svg).find("{*}polyline").get("points").split()
    assert all(len(p.split(",")) == 2 for p in points)


# ---- export ------------------------------------------------------------------------------------


def test_onnx_computes_the_same_actions(run, tmp_path):
    onnx = pytest.importorskip("onnx")
    runtime = pytest.importorskip("onnxruntime")
    path = tmp_path / "policy.onnx"
    assert motorium("export", run, "--onnx", path).returncode == 0
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    assert model.opset_import[0].version == 18
    policy = mo.Policy.load(str(run))
    session = runtime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    assert [i.name for i in session.get_inputs()] == ["obs"]
    assert [o.name for o in session.get_outputs()] == ["actions"]
    rng = np.random.default_rng(0)
    for rows in (1, 5, 64):
        obs = rng.normal(size=(rows, policy.observation_size)).astype(np.float32) * 3
        theirs = session.run(None, {"obs": obs})[0]
        np.testing.assert_allclose(policy(obs), theirs, rtol=1e-5, atol=1e-5)

    # metadata: lists with commas, and the rest as JSON with golden vectors
    metadata = {p.key: p.value for p in model.metadata_props}
    assert metadata["task"] == "cartpole-balance"
    names = metadata["observation_names"].split(",")
    extra = json.loads(metadata["motorium"])
    assert [term["name"] for term in extra["observations"]] == names
    assert sum(term["dim"] for term in extra["observations"]) == policy.observation_size
    for golden in extra["golden"]:
        actions = session.run(None, {"obs": np.array([golden["obs"]], np.float32)})[0][0]
        np.testing.assert_allclose(actions, golden["actions"], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("activation", ["elu", "tanh", "relu", "swish"])
def test_onnx_of_every_activation(tmp_path, activation):
    runtime = pytest.importorskip("onnxruntime")
    run = mo.train(
        "cartpole-balance",
        worlds=32,
        iterations=1,
        log=str(tmp_path),
        quiet=True,
        overrides={"agent.activation": activation, "agent.clip_actions": 0.3},
    )
    policy = run.policy()
    assert policy.metadata["activation"] == activation
    path = str(tmp_path / "policy.onnx")
    mo.export_onnx(policy, path)
    session = runtime.InferenceSession(path, providers=["CPUExecutionProvider"])
    obs = np.random.default_rng(1).normal(size=(33, policy.observation_size)).astype(np.float32) * 5
    theirs = session.run(None, {"obs": obs})[0]
    np.testing.assert_allclose(policy(obs), theirs, rtol=1e-5, atol=1e-5)
    assert np.abs(theirs).max() <= 0.3


def test_policies_refuse_wrong_shapes(run):
    policy = mo.Policy.load(str(run))
    assert policy(np.zeros(policy.observation_size)).shape == (policy.action_size,)
    with pytest.raises(mo.Error):
        policy(np.zeros((2, policy.observation_size + 1)))
    with pytest.raises(mo.Error):
        mo.Policy.load("nothing.safetensors")


def test_training_in_python_equals_the_command(run, tmp_path):
    result = mo.train("cartpole-balance", worlds=64, iterations=4, log=str(tmp_path), quiet=True)
    assert result.iterations == 4 and result.steps > 0
    here = mo.Policy.load(result.policy_path)
    there = mo.Policy.load(str(run))
    obs = np.random.default_rng(2).normal(size=(8, here.observation_size))
    np.testing.assert_array_equal(here(obs), there(obs))


def test_convert_writes_the_same_model(tmp_path):
    arm = ROOT / "tests/parity/urdf/urdf_arm.urdf"
    out = motorium("convert", arm, tmp_path / "arm.xml")
    assert out.returncode == 0, out.stderr
    same = motorium("check", arm, tmp_path / "arm.xml")
    assert same.returncode == 0 and "no differences" in same.stdout
    other = motorium("check", arm, QUAD)
    assert other.returncode == 1 and "nbody" in other.stdout
    assert motorium("convert", tmp_path / "none.urdf", tmp_path / "x.xml").returncode == 65


def test_unknown_engines_are_named():
    out = motorium("check", QUAD, "--engines", "motorium,fastest")
    assert out.returncode == 2 and "no engine 'fastest'" in out.stderr


def test_bench_of_a_task_times_steps_policy_and_learning():
    out = motorium("bench", "cartpole-balance", "--worlds", 64, "--repeat", 1, "--threads", 1)
    assert out.returncode == 0, out.stderr
    for what in ("env step", "with policy", "train"):
        (row,) = [line for line in out.stdout.splitlines() if what in line]
        assert float(row.split(what)[1].split()[2].replace(",", "")) > 1000


def test_bench_of_a_task_says_where_an_iteration_goes(tmp_path):
    table = tmp_path / "bench.csv"
    small, large = "agent.lite=true", "agent.actor_hidden_dims=[512,512]"
    shares = {}
    for override in (small, large):
        out = motorium("bench", "cartpole-balance", override, "--worlds", 256, "--repeat", 2, "--threads", 1,
                       "--csv", table)  # fmt: skip
        assert out.returncode == 0, out.stderr
        (line,) = re.findall(r"(.*) % physics, (.*) % matrix products, (.*) % rest \((.*) \.\. (.*)\), (.*) % where", out.stdout)
        physics, products, rest, low, high, busy = shares[override] = [float(x) for x in line]
        assert 0 < busy <= rest
        assert min(physics, products, rest) > 0 and abs(physics + products + rest - 100) < 0.16
        assert low <= rest <= high
        (parts,) = re.findall(r"the rest in %: (.*)", out.stdout)
        assert abs(sum(float(part.split()[-1]) for part in parts.split(", ")) - rest) < 0.05 * (parts.count(",") + 2)
        assert "pointwise" in parts and "waiting" in parts
    assert shares[large][1] > shares[small][1] and shares[large][0] < shares[small][0]

    rows = list(csv.DictReader(table.open()))
    assert [row["what"] for row in rows] == 2 * ["env step", "with policy", "train"]
    for row in rows:
        parts = [row[key] for key in ("physics", "products", "rest")]
        if row["what"] == "train":
            assert abs(sum(map(float, parts)) - 1) < 1e-4
        else:
            assert parts == ["", "", ""]


def test_bench_takes_overrides_for_tasks_alone():
    out = motorium("bench", "cartpole", "agent.lite=true")
    assert out.returncode == 2 and "not" in out.stderr and "cartpole" in out.stderr
    out = motorium("bench", "cartpole-balance", "agent.no_such=1", "--worlds", 16, "--repeat", 1)
    assert out.returncode != 0 and "no_such" in out.stderr


def bf16_here():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        return "avx512_bf16" in file.read() and os.environ.get("MOTORIUM_ISA") != "v3"


@pytest.mark.parametrize(
    "arguments",
    [
        ("train", "cartpole-balance", "--iterations", 1, "--worlds", 16),
        ("play", ROOT / "robots/quad/walk.safetensors", "--worlds", 4, "--seconds", 0.1),
        ("bench", "cartpole-balance", "--worlds", 16, "--repeat", 1),
        ("bench", "cartpole-balance", "--worlds", 16, "--trace", "out.json"),
    ],
)
def test_bf16_is_refused_where_the_cpu_lacks_it(arguments, tmp_path):
    out = motorium(*arguments, "--precision", "bf16", cwd=tmp_path, env={"MOTORIUM_ISA": "v3"})
    assert out.returncode == 69
    assert "bf16 needs AVX512-BF16, MOTORIUM_ISA=v3 forbids it: unset it, or use fp32" in out.stderr


def test_an_unknown_precision_is_refused():
    out = motorium("train", "cartpole-balance", "--precision", "fp16")
    assert out.returncode == 2 and "fp32" in out.stderr


def test_train_on_a_device_equals_the_cpu(tmp_path):
    bits = []
    for device in ("cpu", "emulated"):
        out = motorium("train", "cartpole-balance", "--device", device, "--iterations", 2, "--worlds", 16,
                       "--log", tmp_path / device, "--quiet", "agent.actor_hidden_dims=[8]",
                       "agent.critic_hidden_dims=[8]")  # fmt: skip
        assert out.returncode == 0, out.stderr
        bits.append((tmp_path / device / "policy_2.safetensors").read_bytes())
    assert bits[0] == bits[1]
    out = motorium("train", "cartpole-balance", "--device", "tpu", "--iterations", 1, "--log", tmp_path / "no")
    assert out.returncode == 1 and "tpu" in out.stderr
    if bf16_here():
        out = motorium("train", "cartpole-balance", "--device", "emulated", "--precision", "bf16",
                       "--iterations", 1, "--log", tmp_path / "no")  # fmt: skip
        assert out.returncode == 1 and "precision bf16" in out.stderr


@pytest.mark.skipif(not bf16_here(), reason="SKIPPED: this CPU has no AVX512-BF16")
def test_bf16_trains_plays_and_is_measured(tmp_path):
    log, bits = tmp_path / "run", []
    for threads in (1, 2):
        out = motorium("train", "cartpole-balance", "--precision", "bf16", "--iterations", 2, "--worlds", 64,
                       "--threads", threads, "--log", log / str(threads), "--quiet")  # fmt: skip
        assert out.returncode == 0, out.stderr
        (policy,) = (log / str(threads)).glob("policy_2.safetensors")
        bits.append(policy.read_bytes())
    assert bits[0] == bits[1]
    plain = motorium("train", "cartpole-balance", "--iterations", 2, "--worlds", 64, "--log", log / "fp32", "--quiet")
    assert plain.returncode == 0 and (log / "fp32/policy_2.safetensors").read_bytes() != bits[0]
    walk = [ROOT / "robots/quad/walk.safetensors", "--worlds", 16, "--seconds", 2]
    outs = [motorium("play", *walk, "--precision", p).stdout for p in ("fp32", "bf16")]
    assert outs[0] != outs[1] and "agent" in outs[1]
    out = motorium("bench", "cartpole-balance", "--worlds", 64, "--repeat", 1, "--precision", "bf16")
    assert "train bf16" in out.stdout and "with policy bf16" in out.stdout
