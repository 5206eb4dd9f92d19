"""N1: one bad world is frozen and counted; the others have the bits of a run without it."""

import motorium as mo
import numpy as np
import pytest

WORLDS, BAD, STEPS = 64, 37, 10
STATE = ("qpos", "qvel", "act")
INPUTS = ("ctrl", "qfrc_applied", "xfrc_applied")
OTHERS = ("qacc_warmstart", "mocap_pos", "mocap_quat")
NUMBERS = (np.nan, np.inf, -np.inf, 1e30)


def start(model):
    batch = mo.Batch(model, worlds=WORLDS)
    rng = np.random.default_rng(0)
    for name in batch.state_names:
        getattr(batch, name)  # so that both runs hold the same arrays
    batch.qvel[:] = rng.normal(size=batch.qvel.shape) * 0.3
    batch.ctrl[:] = rng.uniform(-1, 1, size=batch.ctrl.shape)
    batch.bind("xpos")
    return batch


@pytest.fixture(scope="module")
def clean(model):
    batch = start(model)
    batch.step(nstep=STEPS)
    return {name: np.array(getattr(batch, name)) for name in (*STATE, "qacc_warmstart", "xpos")}


@pytest.mark.parametrize("number", NUMBERS, ids=str)
@pytest.mark.parametrize("field", [*STATE, *INPUTS, *OTHERS])
def test_a_bad_number_stays_in_its_world(model, clean, field, number):
    batch = start(model)
    array = getattr(batch, field)
    array.reshape(WORLDS, -1)[BAD, -1] = number
    batch.step(nstep=STEPS)
    others = np.arange(WORLDS) != BAD
    for name, expected in clean.items():
        np.testing.assert_array_equal(getattr(batch, name)[others], expected[others], err_msg=name)
    assert not batch.status[others].any()

    bits = mo.STATUS_BITS
    if field in STATE:
        assert batch.status[BAD] & bits["fault_state"] and batch.status[BAD] & bits["frozen"]
        assert batch.status_counts()["frozen"] == 1
        assert batch.time[BAD] == 0
    elif field in INPUTS:
        assert batch.status[BAD] & bits["bad_input"]
        for name in STATE:
            assert np.isfinite(getattr(batch, name)[BAD]).all(), name
    else:
        assert np.isfinite(batch.qpos[BAD]).all() or batch.status[BAD] & bits["frozen"]

    # reading clears what happened, a reset clears the freeze, and the world is as good as new
    batch.read_status()
    if field in STATE:
        assert batch.status[BAD] == bits["frozen"]
    batch.reset()
    fresh = start(model)
    fresh.reset()
    batch.step(nstep=STEPS)
    fresh.step(nstep=STEPS)
    np.testing.assert_array_equal(batch.qpos, fresh.qpos)
    assert not batch.status.any()


def test_autoreset_starts_a_frozen_world_again(model):
    batch = mo.Batch(model, worlds=3, autoreset=True)
    batch.qvel[1, 0] = np.nan
    batch.step()
    assert batch.status_counts()["frozen"] == 1
    batch.step()
    assert batch.status_counts()["frozen"] == 0 and np.isfinite(batch.qpos).all()
    assert batch.time[1] == pytest.approx(0.005) and batch.time[0] == pytest.approx(0.01)
