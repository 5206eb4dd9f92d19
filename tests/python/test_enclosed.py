"""Enclosures: how far shapes jut out of sites, against MuJoCo and against all directions at once.

MuJoCo climbs from the axes of the site. Where the site has corners, rounding decides which of them
belongs to its own axis, and with it where a climb goes: both libraries give a lower bound.
"""

import numpy as np
import pytest

import motorium as mo

SCENE = """
<mujoco>
  <asset><mesh name="rock" vertex="0.12 0.02 0.01  -0.1 0.03 0.02  0.01 0.13 -0.02  0.02 -0.12 0.03
    0.01 0.01 0.11  -0.02 0.02 -0.1  0.08 0.07 0.06  -0.07 -0.06 0.05"/></asset>
  <default><geom contype="0" conaffinity="0"/></default>
  <worldbody>
    <site name="ball" type="sphere" size="0.6"/>
    <site name="crate" type="box" size="0.5 0.6 0.7" euler="10 20 30"/>
    <site name="tube" type="capsule" size="0.5 0.3" euler="50 20 30"/>
    <site name="drum" type="cylinder" size="0.5 0.6" euler="5 60 30"/>
    <site name="melon" type="ellipsoid" size="0.5 0.6 0.7" euler="40 20 30"/>
    <body name="a"><freejoint/><geom name="box" type="box" size="0.1 0.2 0.15"/></body>
    <body name="b"><freejoint/><geom name="mesh" type="mesh" mesh="rock"/></body>
    <body name="c"><freejoint/><geom name="egg" type="ellipsoid" size="0.1 0.2 0.3"/></body>
    <body name="d"><freejoint/><geom name="pill" type="capsule" size="0.1 0.2"/></body>
  </worldbody>
  <sensor>{}</sensor>
</mujoco>
"""
SITES = ["ball", "crate", "tube", "drum", "melon"]
GEOMS = ["box", "mesh", "egg", "pill"]
WORLDS = 40


@pytest.fixture(scope="module")
def scene():
    mujoco = pytest.importorskip("mujoco")
    sensors = "".join(
        f'<insidesite site="{s}" objtype="geom" objname="{g}" enclosed="true"/>'
        for s in SITES
        for g in GEOMS
    )
    m = mujoco.MjModel.from_xml_string(SCENE.format(sensors))
    model = mo.Model.from_string(SCENE.format(sensors))
    rng = np.random.default_rng(5)
    rows, theirs, data = [], [], []
    for _ in range(WORLDS):
        d = mujoco.MjData(m)
        move = rng.normal(size=m.nv) * np.tile([0.3, 0.3, 0.3, 2, 2, 2], m.njnt)
        mujoco.mj_integratePos(m, d.qpos, move, 1.0)
        mujoco.mj_forward(m, d)
        row = np.zeros(mujoco.mj_stateSize(m, mujoco.mjtState.mjSTATE_INTEGRATION))
        mujoco.mj_getState(m, d, row, mujoco.mjtState.mjSTATE_INTEGRATION)
        rows.append(row)
        theirs.append(d.sensordata.copy())
        data.append(d)
    batch = mo.Batch(model, worlds=WORLDS, precision="double")
    batch.set_state(np.array(rows))
    ours = batch.bind("sensordata")
    batch.forward()
    return m, model, data, rows, np.array(theirs), ours.copy()


def reach(kind, size, vert, local):
    """How far a shape reaches along unit directions in its own frame (n, 3)."""
    if kind == 2:
        return np.full(len(local), size[0])
    if kind == 3:
        return size[0] + size[1] * np.abs(local[:, 2])
    if kind == 4:
        return np.linalg.norm(local * size, axis=1)
    if kind == 5:
        return size[0] * np.hypot(local[:, 0], local[:, 1]) + size[1] * np.abs(local[:, 2])
    if kind == 6:
        return np.abs(local) @ size
    return (local @ vert.T).max(axis=1)


def test_readings_are_mujocos_up_to_its_rounding(scene):
    theirs, ours = scene[4], scene[5]
    for k in range(theirs.shape[1]):
        error = np.abs(ours[:, k] - theirs[:, k])
        smooth = SITES[k // len(GEOMS)] == "melon"
        assert error.max() < (1e-9 if smooth else 0.1), k
        assert np.median(error) < 1e-6 and np.quantile(error, 0.8) < 1e-3, k


def test_no_direction_reaches_much_further(scene):
    m, _, data, _, _, ours = scene
    rng = np.random.default_rng(0)
    way = rng.normal(size=(20000, 3))
    way /= np.linalg.norm(way, axis=1, keepdims=True)
    short = []
    for w, d in enumerate(data):
        for k in range(ours.shape[1]):
            s, g = m.sensor_refid[k], m.sensor_objid[k]
            mesh = m.geom_dataid[g]
            vert = None
            if mesh >= 0:
                first = m.mesh_vertadr[mesh]
                vert = m.mesh_vert[first : first + m.mesh_vertnum[mesh]].astype(float)
            inner = reach(
                m.geom_type[g], m.geom_size[g], vert, way @ d.geom_xmat[g].reshape(3, 3)
            )
            outer = reach(m.site_type[s], m.site_size[s], None, way @ d.site_xmat[s].reshape(3, 3))
            best = (inner - outer + way @ (d.geom_xpos[g] - d.site_xpos[s])).max()
            short.append(best - ours[w, k])
    short = np.array(short)
    assert np.mean(short < 1e-3) > 0.95 and short.max() < 0.1


def test_packs_agree_with_double(scene):
    _, model, _, rows, _, ours = scene
    try:
        batch = mo.Batch(model, worlds=WORLDS)
    except mo.Error:
        pytest.skip("this build has physics in double only")
    batch.set_state(np.array(rows))
    readings = batch.bind("sensordata")
    batch.forward()
    error = np.abs(readings - ours)
    assert np.quantile(error, 0.9) < 1e-3 and error.max() < 0.1
