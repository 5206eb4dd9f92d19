"""Sensors that keep samples: late readings, periods, states that travel."""

import pathlib

import motorium as mo
import numpy as np
import pytest

MODELS = pathlib.Path(__file__).resolve().parents[1] / "parity" / "models"
NAMES = ["sensors_delay", "sensors_delay_rk4", "sensors_delay_off"]


def precisions(model):
    """What this build has: the quick one has double only."""
    try:
        mo.Batch(model)
    except mo.Error:
        return ["double"]
    return ["double", "single"]


def oracle(name):
    mujoco = pytest.importorskip("mujoco")
    m = mujoco.MjModel.from_xml_path(str(MODELS / f"{name}.xml"))
    return mujoco, m, mujoco.MjData(m)


def test_a_world_starts_with_mujocos_samples():
    mujoco, m, d = oracle("sensors_delay")
    batch = mo.Batch(mo.load(str(MODELS / "sensors_delay.xml")), precision="double")
    ours = batch.get_state()[0, batch.state_layout["history"]]
    np.testing.assert_allclose(ours, d.history, atol=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_rollouts_read_what_mujoco_reads(name):
    mujoco, m, d = oracle(name)
    batch = mo.Batch(mo.load(str(MODELS / f"{name}.xml")), precision="double")
    readings = batch.bind("sensordata")
    rng = np.random.default_rng(1)
    # contacts of a rolling body part rollouts later on
    for step in range(60):
        d.ctrl[:] = batch.ctrl[:] = rng.normal(size=m.nu)
        for _ in range(2):
            mujoco.mj_step(m, d)
        batch.step(nstep=2)
        np.testing.assert_allclose(readings[0], d.sensordata, atol=1e-6, err_msg=str(step))


@pytest.mark.parametrize("name", NAMES)
def test_samples_are_taken_whether_somebody_looks_or_not(name):
    model = mo.load(str(MODELS / f"{name}.xml"))
    for precision in precisions(model):
        looked_at, alone = (mo.Batch(model, worlds=3, precision=precision) for _ in range(2))
        looked_at.bind("sensordata")
        looked_at.ctrl[:] = alone.ctrl[:] = 0.3
        for _ in range(12):
            looked_at.step()
        alone.step(nstep=12)
        np.testing.assert_array_equal(looked_at.history, alone.history)
        assert np.abs(alone.history).max() > 0


def test_saved_worlds_keep_their_samples():
    model = mo.load(str(MODELS / "sensors_delay.xml"))
    for precision in precisions(model):
        batch = mo.Batch(model, worlds=2, precision=precision)
        readings = batch.bind("sensordata")
        batch.step(nstep=9)
        saved = batch.save(0)
        batch.step(nstep=9)
        there = readings[0].copy()
        batch.load(1, saved)
        batch.step(nstep=9, ids=[1])
        np.testing.assert_array_equal(readings[1], there)


def test_packs_agree_with_double():
    model = mo.load(str(MODELS / "sensors_delay.xml"))
    if "single" not in precisions(model):
        pytest.skip("this build has physics in double only")
    batches = {p: mo.Batch(model, worlds=19, precision=p) for p in ("single", "double")}
    readings = {p: b.bind("sensordata") for p, b in batches.items()}
    start = np.linspace(-1, 1, 19)
    for batch in batches.values():
        batch.qvel[:, 0] = start
        batch.step(nstep=40)
    kinds = [i for i, n in enumerate(model.sensor_dim) if n < 6]
    columns = [model.sensor_adr[i] + k for i in kinds for k in range(model.sensor_dim[i])]
    error = np.abs(readings["single"] - readings["double"])[:, columns]
    assert np.quantile(error, 0.98) < 2e-3
    # neighbours and width change no bits
    alone = mo.Batch(model, worlds=1)
    alone.bind("sensordata")
    alone.qvel[:, 0] = batches["single"].qvel.dtype.type(start[7])
    alone.step(nstep=40)
    np.testing.assert_array_equal(alone.history[0], batches["single"].history[7])


def test_a_period_of_whole_steps_never_slips():
    xml = """<mujoco><option timestep="0.002"/><worldbody><body><joint name="j" type="slide"/>
      <geom size=".1"/></body></worldbody>
      <sensor><clock nsample="2" interval="0.01"/><clock/></sensor></mujoco>"""
    model = mo.Model.from_string(xml)
    for precision in precisions(model):
        batch = mo.Batch(model, precision=precision)
        readings = batch.bind("sensordata")
        for step in range(3000):
            batch.step()
            last = step // 5 * 5 * 0.002
            assert readings[0, 0] == pytest.approx(last, abs=1e-6), step
