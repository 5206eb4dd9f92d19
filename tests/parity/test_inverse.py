"""Inverse dynamics agree with mj_inverse, and undo the forward dynamics."""

import os

import numpy as np
import pytest

mujoco = pytest.importorskip("mujoco")

import oracle_models  # noqa: E402
import step_report  # noqa: E402

import motorium as mo  # noqa: E402

FULL = os.environ.get("MOTORIUM_FULL") == "1"
FILES = {p.stem: p for p in oracle_models.OWN}
TOLERANCE = 1e-9


def load(name):
    try:
        return oracle_models.load_pair(FILES[name])
    except mo.UnsupportedModel as error:
        pytest.skip(f"refused: {error}")


def states(m, count, seed):
    """Data of MuJoCo along random motions, and accelerations."""
    rng = np.random.default_rng(seed)
    d = mujoco.MjData(m)
    for k in range(count):
        if k % 10 == 0:
            step_report.random_state(m, d, rng)
        step_report.random_inputs(m, d, rng)
        mujoco.mj_step(m, d)
        if step_report.exploded(d):
            step_report.random_state(m, d, rng)
            continue
        mujoco.mj_forward(m, d)
        yield d, rng


def invert(batch, m, d, qacc):
    batch.reset()
    batch.set_state(step_report.state_of(m, d)[None])
    return batch.inverse(qacc)[0]


@pytest.mark.parametrize("name", FILES)
def test_forces_agree_and_undo_the_forward_dynamics(name):
    m, model = load(name)
    # a tight solve: what the solver leaves undone is no error of the inverse
    m.opt.tolerance, m.opt.iterations = 1e-14, 200
    batch = mo.Batch(model, worlds=1, precision="double", threads=1)
    # vertices of meshes that each side makes itself
    tolerance = 1e-7 if "builtin" in name else TOLERANCE
    discrete = m.opt.enableflags & int(mujoco.mjtEnableBit.mjENBL_INVDISCRETE)
    for d, rng in states(m, 100 if FULL else 20, 3):
        # what forward dynamics applied comes back
        applied = d.qfrc_applied + d.qfrc_actuator
        for b in range(1, m.nbody):
            mujoco.mj_applyFT(
                m, d, d.xfrc_applied[b, :3], d.xfrc_applied[b, 3:], d.xipos[b], b, applied
            )
        scale = max(1.0, np.abs(applied).max(initial=0), np.abs(d.qfrc_bias).max(initial=0))
        scale = max(scale, np.abs(d.qfrc_constraint).max(initial=0))
        if not discrete or m.opt.integrator == mujoco.mjtIntegrator.mjINT_DISCRETE:
            error = np.abs(invert(batch, m, d, d.qacc) - applied).max(initial=0)
            assert error <= 1e-6 * scale, f"{name}: {error:.2e}"

        # any acceleration
        qacc = d.qacc + rng.normal(size=m.nv)
        ours = invert(batch, m, d, qacc)
        d.qacc[:] = qacc
        mujoco.mj_inverse(m, d)
        scale = max(scale, np.abs(d.qfrc_inverse).max(initial=0))
        error = np.abs(ours - d.qfrc_inverse).max(initial=0)
        assert error <= tolerance * scale, f"{name}: {error:.2e}"


@pytest.mark.parametrize("integrator", ["Euler", "implicitfast", "implicit"])
def test_the_inverse_of_a_step_is_exact_with_invdiscrete(integrator):
    xml = FILES["fluid_ellipsoid_implicit"].read_text().replace('"implicit"', f'"{integrator}"')
    xml = xml.replace("<option ", '<option timestep="0.01" ').replace(
        "<worldbody>", '<option><flag invdiscrete="enable"/></option><worldbody>', 1
    )
    m, model = mujoco.MjModel.from_xml_string(xml), mo.Model.from_string(xml)
    batch = mo.Batch(model, worlds=1, precision="double", threads=1)
    for d, _ in states(m, 20, 5):
        before = d.qvel.copy()
        next_ = mujoco.MjData(m)
        mujoco.mj_setState(m, next_, step_report.state_of(m, d), step_report.INTEGRATION)
        mujoco.mj_step(m, next_)
        qacc = (next_.qvel - before) / m.opt.timestep
        ours = invert(batch, m, d, qacc)
        d.qacc[:] = qacc
        mujoco.mj_inverse(m, d)
        scale = max(1.0, np.abs(d.qfrc_inverse).max())
        assert np.abs(ours - d.qfrc_inverse).max() <= 1e-9 * scale
        applied = next_.qfrc_applied + next_.qfrc_actuator
        for b in range(1, m.nbody):
            mujoco.mj_applyFT(
                m, d, d.xfrc_applied[b, :3], d.xfrc_applied[b, 3:], d.xipos[b], b, applied
            )
        assert np.abs(ours - applied).max() <= 1e-6 * max(1.0, np.abs(d.qfrc_bias).max())


def test_what_cannot_be_inverted_is_refused():
    model = mo.Model.from_string(
        '<mujoco><option integrator="RK4"><flag invdiscrete="enable"/></option>'
        '<worldbody><body><joint/><geom size=".1"/></body></worldbody></mujoco>'
    )
    batch = mo.Batch(model, worlds=2)
    with pytest.raises(mo.Error, match="invdiscrete"):
        batch.inverse(np.zeros(1))
    with pytest.raises((mo.Error, ValueError), match="inverse"):
        batch.inverse(np.zeros((3, 1)))
