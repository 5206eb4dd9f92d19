"""Environments in Python: shapes, autoreset, equal seeds, saved states, partial steps."""

import motorium as mo
import numpy as np
import pytest

TASK = "cartpole-balance"


@pytest.fixture
def env():
    return mo.make(TASK, worlds=40, seed=3)


def actions_for(env, seed=0):
    return (
        np.random.default_rng(seed).uniform(-1, 1, (env.worlds, env.action_size)).astype(np.float32)
    )


def test_tasks_have_names_and_tables():
    assert TASK in mo.tasks.names() and "quad-velocity-flat" in mo.tasks.names()
    assert "pole" in mo.tasks.summary(TASK)
    assert mo.tasks.table(TASK)["robot"] == "cartpole"
    with pytest.raises(mo.Error, match="did you mean"):
        mo.tasks.summary("cartpole-balanc")
    with pytest.raises(mo.Error, match="did you mean"):
        mo.make("cartpol-balance")


def test_a_step_gives_views_of_fixed_addresses(env):
    observations = env.reset()
    actor = observations["actor"]
    out = env.step(actions_for(env))
    assert out.observations["actor"].ctypes.data == actor.ctypes.data
    assert actor.shape[0] == 40 and actor.dtype == np.float32 and not actor.flags.writeable
    assert out.rewards.shape == out.terminated.shape == out.truncated.shape == (40,)
    assert out.terminated.dtype == out.truncated.dtype == bool
    assert env.action_size == 1 and env.step_seconds > 0 and env.max_episode_length > 0


def test_worlds_that_end_start_anew_in_the_same_step(env):
    env.reset()
    for _ in range(400):
        out = env.step(np.ones((40, 1)))
        if len(out.final_ids):
            break
    ids = out.final_ids
    assert len(ids) and (env.episode_length[ids] == 0).all()
    last = env.final_observations["actor"][ids]
    assert np.isfinite(last).all() and not np.array_equal(last, out.observations["actor"][ids])


def test_equal_seeds_give_equal_bits(env):
    def run(threads, seed):
        other = mo.make(TASK, worlds=40, seed=seed, threads=threads)
        for i in range(50):
            other.step(actions_for(other, i))
        return np.array(other.observations["actor"]), np.array(other.batch.qpos)

    for a, b in zip(run(1, 5), run(3, 5), strict=True):
        np.testing.assert_array_equal(a, b)
    assert not np.array_equal(run(1, 5)[1], run(1, 6)[1])


def test_resets_without_a_seed_differ(env):
    first = env.reset()["actor"].copy()
    second = env.reset()["actor"].copy()
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(env.reset(seed=9)["actor"].copy(), env.reset(seed=9)["actor"])


def test_a_saved_state_continues_with_the_same_bits(env):
    for i in range(20):
        env.step(actions_for(env, i))
    saved = env.save_state()

    def go_on():
        for i in range(20, 60):
            env.step(actions_for(env, i))
        return np.array(env.observations["actor"]), np.array(env.rewards)

    expected = go_on()
    env.load_state(saved)
    for a, b in zip(go_on(), expected, strict=True):
        np.testing.assert_array_equal(a, b)
    with pytest.raises(mo.Error):
        env.load_state(saved[:-3])


def test_some_worlds_step_and_the_others_stay(env):
    env.reset(seed=1)
    before = {k: v.copy() for k, v in env.observations.items()}
    state = env.batch.get_state()
    chosen = np.zeros(40, bool)
    chosen[[3, 17, 39]] = True
    env.step_worlds(actions_for(env), chosen)
    assert (env.episode_length == chosen).all()
    np.testing.assert_array_equal(env.batch.get_state()[~chosen], state[~chosen])
    np.testing.assert_array_equal(env.observations["actor"][~chosen], before["actor"][~chosen])
    moved = env.observations["actor"].copy()
    env.reset(seed=1)
    env.step(actions_for(env))
    np.testing.assert_array_equal(env.observations["actor"][chosen], moved[chosen])


def test_some_worlds_start_anew_and_the_others_stay(env):
    for i in range(5):
        env.step(actions_for(env, i))
    before = env.observations["actor"].copy()
    length = env.episode_length.copy()
    env.reset_worlds([2, 5])
    others = np.setdiff1d(np.arange(40), [2, 5])
    np.testing.assert_array_equal(env.observations["actor"][others], before[others])
    assert not np.array_equal(env.observations["actor"][[2, 5]], before[[2, 5]])
    assert (env.episode_length[[2, 5]] == 0).all()
    np.testing.assert_array_equal(env.episode_length[others], length[others])


def test_bad_actions_end_their_world_only(env):
    env.reset()
    actions = np.zeros((40, 1), np.float32)
    actions[11] = np.nan
    out = env.step(actions)
    assert env.nonfinite[11] and out.terminated[11] and out.rewards[11] == 0
    assert np.isfinite(out.observations["actor"]).all()
    assert not np.delete(out.terminated, 11).any()
    for wrong in (np.zeros(40), np.zeros((39, 1)), np.zeros((40, 2))):
        with pytest.raises(mo.Error, match="\\(40, 1\\)"):
            env.step(wrong)


def test_overrides_reach_the_task():
    short = mo.make(TASK, worlds=2, overrides={"episode_seconds": 1.0})
    assert short.max_episode_length * short.step_seconds == pytest.approx(1.0)
    with pytest.raises(mo.Error):
        mo.make(TASK, worlds=2, overrides={"rewards.no_such.weight": 1})


def test_the_batch_below_is_the_environments(env):
    env.reset()
    env.batch.qpos[:, 1] = 3.0  # the pole lies down
    assert env.step(np.zeros((40, 1))).terminated.all()
    assert env.batch.joint(0).qpos.shape == (40, 1)
