"""Environments under the interfaces of gymnasium and rsl_rl."""

import subprocess
import sys
import types

import motorium as mo
import numpy as np
import pytest

TASK = "cartpole-balance"
N = 12


@pytest.fixture
def gym():
    return pytest.importorskip("gymnasium")


def push(n=N):
    return np.ones((n, 1), np.float32)


def until_done(env, most=500):
    """Steps until some world ends; returns what that step gave and the observations before it."""
    before = None
    for _ in range(most):
        out = env.step(push())
        if (out[2] | out[3]).any():
            return out, before
        before = out[0]
    raise AssertionError("no world ended")


def test_spaces_and_shapes(gym):
    env = mo.adapters.gymnasium(TASK, num_envs=N)
    assert isinstance(env, gym.vector.VectorEnv)
    observations, infos = env.reset(seed=4)
    assert env.observation_space.contains(observations) and infos == {}
    assert env.action_space.shape == (N, 1) and env.single_action_space.shape == (1,)
    observations, rewards, terminated, truncated, infos = env.step(env.action_space.sample())
    assert env.observation_space.contains(observations)
    assert rewards.shape == (N,) and terminated.dtype == truncated.dtype == bool
    assert env.metadata["autoreset_mode"] is gym.vector.AutoresetMode.SAME_STEP
    finite = mo.adapters.gymnasium(TASK, num_envs=2, clip_actions=2.0)
    assert finite.single_action_space.high[0] == 2.0
    everything = mo.adapters.gymnasium(TASK, num_envs=2, group=None)
    observations, _ = everything.reset()
    assert set(observations) == set(everything.env.observations)
    assert everything.observation_space.contains(observations)


def test_seeds_repeat(gym):
    env = mo.adapters.gymnasium(TASK, num_envs=N)
    a, b, c = (env.reset(seed=s)[0] for s in (7, 7, 8))
    np.testing.assert_array_equal(a, b)
    assert not np.array_equal(a, c)
    x, y = (env.reset(seed=list(range(N)))[0] for _ in range(2))
    np.testing.assert_array_equal(x, y)


def test_same_step_returns_the_reset_and_keeps_the_last_observation(gym):
    env = mo.adapters.gymnasium(TASK, num_envs=N)
    env.reset(seed=1)
    (observations, _, terminated, truncated, infos), _ = until_done(env)
    done = terminated | truncated
    np.testing.assert_array_equal(infos["_final_obs"], done)
    for i in range(N):
        if done[i]:
            assert not np.array_equal(infos["final_obs"][i], observations[i])
        else:
            assert infos["final_obs"][i] is None
    np.testing.assert_array_equal(infos["final_ids"], np.flatnonzero(done))
    np.testing.assert_array_equal(
        infos["final_obs_batch"][0], infos["final_obs"][infos["final_ids"][0]]
    )


def test_next_step_resets_one_step_later(gym):
    same = mo.adapters.gymnasium(TASK, num_envs=N)
    later = mo.adapters.gymnasium(TASK, num_envs=N, autoreset="next_step")
    assert later.metadata["autoreset_mode"] is gym.vector.AutoresetMode.NEXT_STEP
    for env in (same, later):
        env.reset(seed=1)
    (first, _, terminated, truncated, infos), _ = until_done(same)
    (last, _, terminated2, truncated2, infos2), _ = until_done(later)
    done = terminated | truncated
    np.testing.assert_array_equal(done, terminated2 | truncated2)
    assert infos2 == {}
    for i in np.flatnonzero(done):
        np.testing.assert_array_equal(last[i], infos["final_obs"][i])
    # the step after: action ignored, reset observation, no reward, no flags
    observations, rewards, terminated, truncated, _ = later.step(push())
    np.testing.assert_array_equal(observations[done], first[done])
    assert (rewards[done] == 0).all() and not (terminated | truncated)[done].any()
    assert (later.env.episode_length[done] == 0).all()
    later.step(push())
    assert (later.env.episode_length[done] == 1).all()


def test_disabled_waits_for_the_user(gym):
    env = mo.adapters.gymnasium(TASK, num_envs=N, autoreset="disabled")
    env.reset(seed=1)
    (last, _, terminated, truncated, _), _ = until_done(env)
    done = terminated | truncated
    with pytest.raises(mo.Error, match="have ended"):
        env.step(push())
    mask = done.copy()
    mask[np.flatnonzero(~done)[0]] = True  # one that still runs, too
    observations, _ = env.reset(options={"reset_mask": mask})
    np.testing.assert_array_equal(observations[~mask], last[~mask])
    for i in np.flatnonzero(mask):
        assert not np.array_equal(observations[i], last[i])
    assert (env.env.episode_length[mask] == 0).all()
    env.step(push())
    for bad in (np.zeros(N, bool), np.ones(3, bool), np.ones(N)):
        with pytest.raises(mo.Error, match="reset_mask"):
            env.reset(options={"reset_mask": bad})


def test_wrappers_and_registration_work(gym):
    from motorium.gymnasium_adapter import register

    register()
    register()  # again is harmless
    env = gym.make_vec(
        "motorium/CartpoleBalance-v0", num_envs=N, vectorization_mode="vector_entry_point"
    )
    env = gym.wrappers.vector.RecordEpisodeStatistics(env)
    env.reset(seed=0)
    for _ in range(300):
        *_, infos = env.step(push())
        if "episode" in infos:
            break
    assert (infos["episode"]["l"][infos["_episode"]] > 0).all()
    env.close()


def test_bad_arguments_are_refused(gym):
    for arguments in ({"autoreset": "never"}, {"group": "no"}, {"render_mode": "human"}):
        with pytest.raises(mo.Error):
            mo.adapters.gymnasium(TASK, num_envs=2, **arguments)


def test_rsl_rl_says_what_is_missing():
    if {"torch", "tensordict"} <= sys.modules.keys():
        pytest.skip("torch is here")
    code = "import motorium as mo\ntry: mo.adapters.rsl_rl('cartpole-balance', 2)\nexcept mo.Error as e: print(e)"
    hide = "import sys; sys.modules['torch'] = None\n"
    out = subprocess.run(
        [sys.executable, "-c", hide + code], capture_output=True, text=True, check=True
    )
    assert "needs torch and tensordict" in out.stdout


class FakeTensor(np.ndarray):
    """As much of torch.Tensor as the adapter uses."""

    def detach(self):
        return self

    cpu = detach

    def numpy(self):
        return np.asarray(self)

    def to(self, dtype):
        return self.astype(dtype).view(FakeTensor)


class FakeTensorDict(dict):
    def __init__(self, groups, batch_size):
        super().__init__(groups)
        self.batch_size = batch_size


@pytest.fixture
def rsl_env(monkeypatch):
    torch = types.ModuleType("torch")
    torch.from_numpy = lambda a: a.view(FakeTensor)
    torch.as_tensor = lambda a: np.asarray(a).view(FakeTensor)
    tensordict = types.ModuleType("tensordict")
    tensordict.TensorDict = FakeTensorDict
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setitem(sys.modules, "tensordict", tensordict)
    monkeypatch.delitem(sys.modules, "motorium.rsl_rl_adapter", raising=False)
    yield mo.adapters.rsl_rl(TASK, N, cfg={"runner": {"seed": 1}}, seed=2)
    sys.modules.pop("motorium.rsl_rl_adapter", None)


def test_rsl_rl_contract(rsl_env):
    env = rsl_env
    assert (env.num_envs, env.num_actions, env.device) == (N, 1, "cpu")
    assert env.max_episode_length > 0 and env.cfg == {"runner": {"seed": 1}}
    first = env.get_observations()
    assert first.batch_size == [N]
    np.testing.assert_array_equal(first["actor"], env.get_observations()["actor"])

    # the runner spreads the episode lengths by assignment
    env.episode_length_buf = np.arange(N)
    np.testing.assert_array_equal(env.episode_length_buf, np.arange(N))
    np.testing.assert_array_equal(env.env.episode_length, np.arange(N))

    seen = False
    for _ in range(400):
        observations, rewards, dones, extras = env.step(push().view(FakeTensor))
        assert rewards.shape == dones.shape == (N,) and dones.dtype.kind == "i"
        assert np.isfinite(observations["actor"]).all()
        np.testing.assert_array_equal(dones, env.env.terminated | env.env.truncated)
        np.testing.assert_array_equal(extras["time_outs"], env.env.truncated)
        seen = seen or (dones.any() and any(k.startswith("Episode_Reward/") for k in extras["log"]))
    assert seen
    # the past does not change under the runner
    kept = observations["actor"].copy()
    env.step(push().view(FakeTensor))
    np.testing.assert_array_equal(observations["actor"], kept)
