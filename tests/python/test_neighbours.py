"""D4: a world of a pack takes the bits that it takes alone, whatever its model uses."""

import pathlib

import numpy as np
import pytest

import motorium as mo

MODELS = sorted((pathlib.Path(__file__).resolve().parents[1] / "parity/models").glob("*.xml"))


@pytest.mark.parametrize("path", MODELS, ids=lambda p: p.stem)
def test_company_changes_no_bit(path):
    model = mo.load(path)
    rng = np.random.default_rng(3)
    many = mo.Batch(model, worlds=8, threads=1)
    if model.nkey:
        many.reset(keyframe=0)
    many.qvel[:] = 2 * rng.normal(size=many.qvel.shape)
    many.ctrl[:] = rng.normal(size=many.ctrl.shape)
    alone = {}
    for w in (0, 5):
        alone[w] = mo.Batch(model, worlds=1, threads=1)
        alone[w].set_state(many.get_state(ids=[w]))
    for step in range(60):
        many.step()
        for w, one in alone.items():
            one.step()
            for field in ("qpos", "qvel", "act", "qacc_warmstart"):
                ours, theirs = getattr(one, field)[0], getattr(many, field)[w]
                assert ours.tobytes() == theirs.tobytes(), f"{field} of world {w}, step {step}"
