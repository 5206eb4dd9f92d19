"""What steps do not compare of tendons: points of strings, and their forces between bodies."""

import numpy as np
import pytest

mujoco = pytest.importorskip("mujoco")

import oracle_models  # noqa: E402
import step_report  # noqa: E402

import motorium as mo  # noqa: E402

FILES = {p.stem: p for p in oracle_models.OWN if p.stem.startswith("tendon_")}
STRINGS = [n for n in FILES if n.startswith(("tendon_spatial", "tendon_wrap"))]


def states(m, count=40):
    """Oracle data of random states with constraint forces."""
    rng = np.random.default_rng(11)
    d = mujoco.MjData(m)
    for i in range(count):
        if i % 4 == 0:
            step_report.random_state(m, d, rng)
        step_report.random_inputs(m, d, rng)
        for _ in range(3):
            mujoco.mj_step(m, d)
        mujoco.mj_forward(m, d)
        yield d


@pytest.mark.parametrize("name", STRINGS)
def test_points_of_strings_agree(name):
    m = mujoco.MjModel.from_xml_path(str(FILES[name]))
    batch = mo.Batch(mo.load(str(FILES[name])), worlds=1, precision="double", threads=1)
    for field in ("ten_wrapadr", "ten_wrapnum", "wrap_obj", "wrap_xpos"):
        batch.bind(field)
    for d in states(m):
        batch.set_state(step_report.state_of(m, d)[None])
        batch.forward()
        np.testing.assert_array_equal(np.ravel(batch.ten_wrapadr), d.ten_wrapadr)
        np.testing.assert_array_equal(np.ravel(batch.ten_wrapnum), d.ten_wrapnum)
        n = int(d.ten_wrapnum.sum())
        np.testing.assert_array_equal(np.ravel(batch.wrap_obj)[:n], np.ravel(d.wrap_obj)[:n])
        ours = np.reshape(batch.wrap_xpos, (-1, 3))[:n]
        np.testing.assert_allclose(ours, np.reshape(d.wrap_xpos, (-1, 3))[:n], atol=1e-9)


@pytest.mark.parametrize("name", FILES)
def test_forces_between_bodies_agree(name):
    m = mujoco.MjModel.from_xml_path(str(FILES[name]))
    batch = mo.Batch(mo.load(str(FILES[name])), worlds=1, precision="double", threads=1)
    for field in ("cacc", "cfrc_int", "cfrc_ext"):
        batch.bind(field)
    for d in states(m):
        batch.set_state(step_report.state_of(m, d)[None])
        batch.forward()
        mujoco.mj_rnePostConstraint(m, d)
        for field in ("cacc", "cfrc_int", "cfrc_ext"):
            # the world's own entries are nobody's
            ours = np.reshape(getattr(batch, field)[0], (-1, 6))[1:]
            theirs = getattr(d, field)[1:]
            scale = max(1.0, np.abs(theirs).max())
            np.testing.assert_allclose(ours / scale, theirs / scale, atol=1e-7, err_msg=field)
