"""Batches on a device: the same bits and the same calls as on the CPU, arrays for GPU libraries."""

import pathlib

import numpy as np
import pytest

import motorium as mo

SCENES = pathlib.Path(__file__).parents[1] / "physics/scenes"


def devices():
    """The emulated device, and a GPU if there is one."""
    found = [pytest.param("emulated", id="emulated")]
    try:
        mo.Batch(mo.load(SCENES / "chain.xml"), device="cuda")
        found.append(pytest.param("cuda", id="cuda"))
    except mo.Error as reason:
        skip = pytest.mark.skip(reason=f"SKIPPED on CUDA: {reason}")
        found.append(pytest.param("cuda", id="cuda", marks=skip))
    return found


@pytest.fixture(params=devices())
def device(request):
    return request.param


@pytest.fixture(scope="module")
def model():
    return mo.load(SCENES / "quadruped.xml")


def pair(model, device, worlds=8, **options):
    """The same worlds on the CPU and on the device."""
    both = mo.Batch(model, worlds=worlds, **options), mo.Batch(
        model, worlds=worlds, device=device, **options
    )
    rng = np.random.default_rng(3)
    ctrl, qvel = rng.uniform(-1, 1, (worlds, model.nu)), rng.normal(size=(worlds, model.nv))
    for b in both:
        b.ctrl = ctrl
        b.qvel = qvel
    return both


def test_the_bits_of_the_cpu(model, device):
    cpu, there = pair(model, device)
    for b in (cpu, there):
        b.step(nstep=20)
        b.step(ids=[1, 5], nstep=3, refresh="acc")
        b.reset(mask=np.arange(8) == 2)
        b.step()
    np.testing.assert_array_equal(cpu.get_state(), there.get_state())
    for name in ("xpos", "qacc", "sensordata", "subtree_com"):
        np.testing.assert_array_equal(getattr(cpu, name), getattr(there, name).numpy(), name)
    np.testing.assert_array_equal(cpu.time, there.time)
    assert there.device.startswith(device) and cpu.device == "cpu"
    for world in (0, 2):
        assert cpu.save(world) == there.save(world)


def test_state_rows_and_rollouts(model, device):
    cpu, there = pair(model, device)
    rows = cpu.get_state(ids=[3, 1])
    rows[:, cpu.state_layout["time"]] = [[2.0], [4.5]]
    rows[:, cpu.state_layout["xfrc_applied"]] = 0.25
    for b in (cpu, there):
        b.set_state(rows, ids=[6, 0])
    np.testing.assert_array_equal(cpu.get_state(), there.get_state())
    controls = np.random.default_rng(1).uniform(-1, 1, (3, 6, model.nu))
    made = [
        b.rollout(controls, record=["qpos", "time", "xpos", "ctrl"], nstep=2, ids=[7, 0, 2])
        for b in (cpu, there)
    ]
    for name in made[0]:
        np.testing.assert_array_equal(made[0][name], made[1][name], name)
    with pytest.raises(mo.Error, match="finite"):
        there.set_state(rows * np.nan, ids=[6, 0])
    np.testing.assert_array_equal(cpu.get_state(), there.get_state())


def test_arrays_are_written_from_numbers_arrays_and_parts(model, device):
    cpu, there = pair(model, device)
    values = np.arange(8 * model.nu, dtype=np.float64).reshape(8, model.nu)
    for b in (cpu, there):
        b.ctrl[:] = values
        b.ctrl[3] = 0.5
        b.ctrl[5:7, 1] = -1
        b.ctrl[np.array([0, 2])] = np.ones(model.nu)
        b.qvel = 0.0
    np.testing.assert_array_equal(cpu.ctrl, there.ctrl.numpy())
    np.testing.assert_array_equal(cpu.ctrl, np.asarray(there.ctrl))
    assert np.asarray(there.ctrl, dtype=np.float64).dtype == np.float64
    there.ctrl = there.ctrl
    there.qvel = mo.Batch(model, worlds=8, device=device).qvel
    np.testing.assert_array_equal(cpu.ctrl, there.ctrl.numpy())
    assert there.ctrl.shape == (8, model.nu) and len(there.ctrl) == 8 and there.ctrl.ndim == 2
    assert there.ctrl.dtype == np.float32
    assert "float32 on " + device in repr(there.ctrl)
    with pytest.raises(ValueError, match="broadcast"):
        there.ctrl = np.zeros((3, model.nu))
    with pytest.raises(mo.Error, match="output"):
        there.xpos[:] = 0
    # what reads like a view and is a copy cannot be written
    with pytest.raises(ValueError, match="read-only"):
        there.qpos[0][2] = 1
    with pytest.raises(ValueError, match="read-only"):
        there.joint(0).qpos[:] = 1


def test_dlpack_shares_the_memory(model, device):
    _, there = pair(model, device)
    kind, index = there.qpos.__dlpack_device__()
    assert (kind, index) == ((2, 0) if device == "cuda" else (1, 0))
    if device == "cuda":
        torch = pytest.importorskip("torch", reason="SKIPPED: no torch")
        shared = torch.from_dlpack(there.qpos)
        read = lambda: shared.cpu().numpy()  # noqa: E731
    else:
        shared = np.from_dlpack(there.qpos)
        read = lambda: shared  # noqa: E731
    there.step(nstep=3)
    np.testing.assert_array_equal(read(), there.qpos.numpy())
    there.qpos[4, 2] = 7.5
    assert read()[4, 2] == 7.5
    # the memory outlives the batch that made it
    kept = read().copy()
    del there
    np.testing.assert_array_equal(kept, read())
    # an unused capsule frees what it holds
    other = mo.Batch(model, device=device)
    other.qpos.__dlpack__()
    with pytest.raises(BufferError, match="outputs are read-only"):
        other.xpos.__dlpack__()
    with pytest.raises(BufferError, match="copy"):
        other.qpos.__dlpack__(copy=True)


def test_cuda_array_interface(model, device):
    there = mo.Batch(model, worlds=3, device=device)
    if device == "emulated":
        assert not hasattr(there.qpos, "__cuda_array_interface__")
        return
    info = there.qpos.__cuda_array_interface__
    assert info["shape"] == (3, model.nq) and info["typestr"] == "<f4" and info["version"] == 3
    assert info["stream"] == 1 and not info["data"][1]
    assert there.xpos.__cuda_array_interface__["data"][1]


def test_overrides_faults_and_questions(model, device):
    cpu, there = pair(model, device, autoreset=True)
    bad = np.full((1, model.nv), np.nan)
    for b in (cpu, there):
        b.set_body_mass(np.asarray(model.body_mass) * 1.5, ids=[4])
        b.qvel[2] = bad
        b.step(nstep=40)
    np.testing.assert_array_equal(cpu.status, there.status)
    assert cpu.status_counts() == there.status_counts() and there.status_counts()["frozen"] == 1
    assert there.faults == [2] and cpu.fault(2) == there.fault(2)
    assert [e.message for e in cpu.errors()] == [e.message for e in there.errors()]
    for b in (cpu, there):
        b.step(nstep=40)  # resets world 2
    np.testing.assert_array_equal(cpu.read_status(), there.read_status())
    np.testing.assert_array_equal(cpu.get_state(), there.get_state())
    forces = [[c.force for c in b.contacts(5)] for b in (cpu, there)]
    np.testing.assert_array_equal(*forces)
    rays = [b.ray([0, 0, 3], [0, 0, -1]) for b in (cpu, there)]
    for one, other in zip(*rays, strict=True):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(cpu.inverse(np.zeros(model.nv)), there.inverse(np.zeros(model.nv)))
    cpu_fd, there_fd = mo.transition_fd(cpu), mo.transition_fd(there)
    np.testing.assert_array_equal(cpu_fd.A, there_fd.A)
    world = there.get_world(4)
    np.testing.assert_array_equal(world.state, cpu.get_world(4).state)


def test_bad_use_is_refused(model, device):
    there = mo.Batch(model, worlds=4, device=device)
    with pytest.raises(mo.Error, match="device cpu only"):
        mo.Batch(model, device=device, precision="double")
    with pytest.raises(mo.Error, match="lanes = 7"):
        there.lanes = 7
    assert there.lanes in (8, 16, 32, 64, 128)
    assert mo.Batch(model).lanes == 0
    with pytest.raises(mo.Error, match="no streams"):
        mo.Batch(model).stream = 5
    assert there.stream == 0
    env = mo.make("cartpole-balance", worlds=2, device=device)
    with pytest.raises(mo.Error, match=r"actions must have the shape \(2, 1\)"):
        env.step(np.zeros((2, 3), np.float32))
    with pytest.raises(mo.Error, match="allowed are 'cpu', 'cuda'"):
        mo.make("cartpole-balance", worlds=2, device="gpu")


@pytest.mark.parametrize("task", ["cartpole-balance", "quad-velocity-flat"])
def test_a_task_has_the_bits_of_the_cpu(task, device):
    options = {"worlds": 12, "seed": 5, "overrides": {"episode_seconds": 0.5}}
    cpu, there = mo.make(task, **options), mo.make(task, device=device, **options)
    assert there.device.startswith(device)
    rng = np.random.default_rng(2)
    ends = 0
    for k in range(60):
        actions = rng.normal(size=(12, cpu.action_size)).astype(np.float32)
        if k == 30:
            actions[3] = np.nan
        if k == 40:
            bytes_ = there.save_state()
            assert bytes_ == cpu.save_state()
            there.load_state(bytes_)
        if k % 10 == 7:
            for env in (cpu, there):
                env.step_worlds(actions, [1, 9])
                env.reset_worlds([4])
            continue
        want, got = cpu.step(actions), there.step(actions)
        assert got.final_ids is None
        np.testing.assert_array_equal(want.final_ids, there.final_ids)
        ends += len(want.final_ids)
        for name in ("rewards", "terminated", "truncated"):
            theirs = getattr(got, name)
            assert theirs.dtype == getattr(want, name).dtype
            np.testing.assert_array_equal(getattr(want, name), theirs.numpy(), name)
        np.testing.assert_array_equal(cpu.nonfinite, there.nonfinite.numpy())
        np.testing.assert_array_equal(cpu.episode_length, there.episode_length.numpy())
        for group in want.observations:
            np.testing.assert_array_equal(want.observations[group], got.observations[group].numpy())
            for w in want.final_ids:
                np.testing.assert_array_equal(
                    cpu.final_observations[group][w], there.final_observations[group][w]
                )
    assert ends > 12
    assert cpu.take_log() == there.take_log()
    assert cpu.take_log() == there.take_log()
    np.testing.assert_array_equal(cpu.reset()["actor"], there.reset()["actor"].numpy())
    # a policy on the device writes its actions there
    there.actions[:] = 0.25
    there.step(None)
    cpu.step(np.full((12, cpu.action_size), 0.25, np.float32))
    np.testing.assert_array_equal(cpu.rewards, there.rewards.numpy())
    if device != "cuda":
        np.testing.assert_array_equal(np.from_dlpack(there.episode_length), cpu.episode_length)


def test_device_lost_is_an_exception_of_its_own():
    assert issubclass(mo.DeviceLost, RuntimeError) and not issubclass(mo.DeviceLost, mo.Error)


def test_a_policy_acts_where_the_worlds_are(device, tmp_path):
    run = mo.train("cartpole-balance", iterations=1, worlds=16, quiet=True, log=str(tmp_path))
    policy = run.policy()
    cpu, there = (mo.make("cartpole-balance", worlds=10, device=d) for d in ("cpu", device))
    cpu.reset(1), there.reset(1)
    for _ in range(5):
        cpu.step(policy(cpu.observations["actor"]))
        actions = policy(there.observations["actor"], out=there.actions)
        assert actions.shape == (10, 1)
        there.step(None)
    np.testing.assert_array_equal(cpu.rewards, there.rewards.numpy())
    np.testing.assert_array_equal(cpu.observations["actor"], there.observations["actor"].numpy())
    with pytest.raises(mo.Error, match="need out="):
        policy(there.observations["actor"])
    with pytest.raises(mo.Error, match=r"writable array \(10, 1\)"):
        policy(there.observations["actor"], out=there.rewards)
    with pytest.raises(mo.Error, match=r"shape \(rows, "):
        policy(there.actions, out=there.actions)
    out = np.zeros((10, 1), np.float32)
    assert policy(cpu.observations["actor"], out=out) is out and out.any()


def test_training_there_writes_the_policy_of_the_cpu(device, tmp_path):
    there = "cuda" if device == "cuda" else "emulated"
    agent = {"agent.actor_hidden_dims": "[16]", "agent.critic_hidden_dims": "[16]", "agent.num_steps_per_env": 8}
    runs = [
        mo.train("cartpole-balance", iterations=4, worlds=32, device=d, overrides=agent, quiet=True, log=str(tmp_path / d))
        for d in ("cpu", there)
    ]  # fmt: skip
    files = [pathlib.Path(run.policy_path).read_bytes() for run in runs]
    assert files[0] == files[1]
    checkpoints = [pathlib.Path(run.checkpoint_path).read_bytes() for run in runs]
    assert checkpoints[0] == checkpoints[1]
    rows = [(tmp_path / d / "progress.csv").read_text().splitlines() for d in ("cpu", there)]
    names = rows[0][0].split(",")
    timed = [k for k, name in enumerate(names) if name.startswith("Perf/")]
    for one, other in zip(*rows, strict=True):
        pairs = list(zip(one.split(","), other.split(","), strict=True))
        assert [a for k, (a, b) in enumerate(pairs) if a != b and k not in timed] == []
    # the other side goes on
    more = mo.train("cartpole-balance", iterations=5, worlds=32, device=there, overrides=agent, quiet=True,
                    resume=str(tmp_path / "cpu"), log=str(tmp_path / "more"))  # fmt: skip
    assert more.iterations == 5


def test_training_names_what_a_device_does_not_do(tmp_path):
    with pytest.raises(mo.Error, match="device"):
        mo.train("cartpole-balance", iterations=1, worlds=16, device="gpu", quiet=True, log=str(tmp_path))
