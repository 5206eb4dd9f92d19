"""Batches of several models, worlds with models of their own, errors by world."""

import motorium as mo
import numpy as np
import pytest

ARM = """
<mujoco>
  <option timestep="{step}"/>
  <worldbody>
    <geom type="plane" size="1 1 1"/>
    <body pos="0 0 {height}"><joint name="h" axis="0 1 0" damping="{damping}"/>
      <geom type="capsule" fromto="0 0 0 0.3 0 0" size="0.03"/>
      <body pos="0.3 0 0"><joint axis="0 1 0"/><geom size="0.05"/></body></body>
  </worldbody>
  <actuator><motor joint="h"/></actuator>
  <sensor><clock/></sensor>
  <keyframe><key qpos="{height} 0"/></keyframe>
</mujoco>
"""
BALL = """
<mujoco><worldbody><geom type="plane" size="1 1 1"/>
<body pos="0 0 1"><freejoint/><geom size="0.1"/></body></worldbody></mujoco>
"""


def arm(step=0.005, height=0.2, damping=0.1):
    return mo.Model.from_string(ARM.format(step=step, height=height, damping=damping))


@pytest.fixture(scope="module")
def precision():
    try:
        mo.Batch(arm())
    except mo.Error:
        return "double"  # the quick build
    return "single"


def test_a_group_steps_its_members(precision):
    group = mo.BatchGroup([(arm(), 5), (mo.Model.from_string(BALL), 3)], precision=precision)
    assert group.worlds == 8 and len(group) == 2 and group.where(6) == (1, 1)
    group.step(nstep=3)
    alone = mo.Batch(group.models[1], worlds=3, precision=precision)
    alone.step(nstep=3)
    np.testing.assert_array_equal(group[1].qpos, alone.qpos)
    group.step(ids=[0, 7])
    assert np.flatnonzero(group[0].time > 0.016).tolist() == [0]
    assert np.flatnonzero(group[1].time > 0.007).tolist() == [2]
    mask = np.zeros(8, bool)
    mask[4:6] = True
    group.reset(ids=mask)
    assert np.flatnonzero(group.time == 0).tolist() == [4, 5]
    for bad in ([8], [-1], [0.5], np.ones(3, bool)):
        with pytest.raises(mo.Error):
            group.step(ids=bad)
    with pytest.raises(mo.Error, match="no world 9"):
        group.where(9)


def test_errors_name_the_worlds(precision):
    group = mo.BatchGroup([(arm(), 2), (arm(), 6)], precision=precision)
    group[1].ctrl[3, 0] = np.nan
    group[1].qvel[5] = 1e30
    group.step(nstep=2)
    errors = group.errors()
    assert [e.world for e in errors] == [5, 7]
    assert errors[0].reasons == ("bad_input",) and not errors[0].frozen
    assert errors[1].reasons == ("fault_state",) and errors[1].frozen
    assert "reset it" in errors[1].message and group[0].errors() == []
    # the others went on
    assert (group[1].time[:5] > 0).all() and group[1].time[5] == 0


def test_worlds_with_models_of_their_own(precision):
    base = arm()
    models = [arm(height=0.2 + 0.1 * (w % 3), damping=0.1 * (1 + w % 2)) for w in range(6)]
    order = [0, 1, 2, 3, 4, 5, 1, 1, 4, 0, 5, 2, 3, 3, 0, 1, 2, 5, 4, 3, 0]
    batch = mo.Batch(base, worlds=21, precision=precision)
    batch.bind("xpos"), batch.bind("geom_xpos")
    batch.set_models([models[i] for i in order])
    batch.qvel[:] = np.linspace(-1, 1, 21)[:, None]
    batch.ctrl[:] = np.linspace(-0.1, 0.1, 21)[:, None]
    start = batch.qvel.copy()
    batch.step(nstep=20)
    batch.step(ids=[20, 3, 7], nstep=5)
    for w, i in enumerate(order):
        alone = mo.Batch(models[i], worlds=1, precision=precision)
        alone.bind("xpos"), alone.bind("geom_xpos")
        alone.qvel[:] = start[w]
        alone.ctrl[:] = batch.ctrl[w]
        alone.step(nstep=20)
        if w in (20, 3, 7):
            alone.step(nstep=5)
        for field in ("qpos", "qvel", "xpos", "geom_xpos"):
            np.testing.assert_array_equal(getattr(batch, field)[w], getattr(alone, field)[0])
        assert batch.get_model(w).hash == models[i].hash
    # rays, contacts, keyframes and saved worlds see them too
    far = batch.ray([0, 0.0, 3.0], [0, 0, -1])[0][:, 0]
    assert np.ptp(far) > 0.1
    batch.reset(keyframe=0, ids=[1])
    assert batch.qpos[1, 0] == pytest.approx(0.3)
    other = mo.Batch(models[2], worlds=1, precision=precision)
    other.load(0, batch.save(2))
    np.testing.assert_array_equal(other.qpos[0], batch.qpos[2])
    with pytest.raises(mo.Error, match="another model"):
        other.load(0, batch.save(1))
    with pytest.raises(mo.Error, match="models of their own"):
        batch.set_body_mass(1.0)
    # back to one model
    batch.set_models(None)
    assert batch.get_model(4).hash == base.hash
    batch.set_gravity([0, 0, -1])
    with pytest.raises(mo.Error, match="overrides"):
        batch.set_models([base] * 21)


def test_models_must_fit():
    batch = mo.Batch(arm(), worlds=2, precision="double")
    with pytest.raises(mo.Error, match="1 models for 2 worlds"):
        batch.set_models([arm()])
    with pytest.raises(mo.Error, match="models\\[1\\]: qpos has 7 numbers"):
        batch.set_models([arm(), mo.Model.from_string(BALL)])


def test_clocks_of_worlds(precision):
    batch = mo.Batch(arm(), worlds=2, precision=precision)
    batch.set_models([arm(step=0.005), arm(step=0.001)])
    batch.time = [1.0, 2.0]
    batch.step(nstep=100)
    np.testing.assert_allclose(batch.time, [1.5, 2.1])
    batch.forward()
    np.testing.assert_allclose(batch.sensordata[:, 0], [1.5, 2.1], rtol=1e-6)
