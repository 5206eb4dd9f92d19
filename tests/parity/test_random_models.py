"""Two hundred random models that use what MJCF offers step like MuJoCo, stage by stage."""

import os

import numpy as np
import pytest

mujoco = pytest.importorskip("mujoco")

import random_models  # noqa: E402
import step_report  # noqa: E402

import motorium as mo  # noqa: E402

FULL = os.environ.get("MOTORIUM_FULL") == "1"
CHUNK, MODELS = 20, 2000 if FULL else 200
STEPS = 60 if FULL else 15


def residuals_of(seed, contacts=True):
    text = random_models.random_model(seed, contacts)
    m = mujoco.MjModel.from_xml_string(text)
    model = mo.Model.from_string(text)
    residuals = step_report.resynced_models(
        m, model, steps=STEPS, seed=seed, name=f"random{seed}", episode=5
    )
    if step_report.fixed_to_each_other(m):
        residuals.worst.pop("nefc", None)
    return residuals


@pytest.mark.parametrize("first", range(0, MODELS, CHUNK))
def test_random_models_step_like_mujoco(first):
    over = []
    for seed in range(first, first + CHUNK):
        r = residuals_of(seed)
        for stage, (value, step) in r.worst.items():
            # solutions of stiff random scenes are known to the solver's tolerance
            limit = 1e-6 if stage in SOLVED else 1e-8
            if not value <= limit:
                over.append(f"random_models.py {seed}: {stage} {value:.1e} at step {step}")
        assert r.steps > 0 or r.bad_status == 0
    assert not over, "\n".join(over)


SOLVED = {
    "qacc_M",
    "qfrc_constraint",
    "sensordata",
    "next_qpos",
    "next_qvel",
    "next_act",
    "next_history",
    "next_warmstart",
}


def test_equal_seeds_give_equal_models():
    assert random_models.random_model(3) == random_models.random_model(3)
    assert random_models.random_model(3) != random_models.random_model(4)


@pytest.mark.parametrize("seed", range(4))
def test_random_models_keep_bits_apart(seed):
    """Worlds of a pack step as they do alone."""
    model = mo.Model.from_string(random_models.random_model(seed))
    together = mo.Batch(model, worlds=11)
    rng = np.random.default_rng(seed)
    together.qvel[:] = rng.normal(size=together.qvel.shape) * 0.5
    speeds = np.array(together.qvel)
    together.step(nstep=20)
    for w in (0, 10):
        alone = mo.Batch(model, worlds=1)
        alone.qvel[:] = speeds[w]
        alone.step(nstep=20)
        np.testing.assert_array_equal(alone.qpos[0], together.qpos[w])
