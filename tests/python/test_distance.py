"""Distances of geoms agree with mj_geomDistance."""

import motorium as mo
import numpy as np
import pytest

SCENE = """
<mujoco>
  <asset>
    <mesh name="rock" vertex="0.12 0.02 0.01  -0.1 0.03 0.02  0.01 0.13 -0.02  0.02 -0.12 0.03
      0.01 0.01 0.11  -0.02 0.02 -0.1  0.08 0.07 0.06  -0.07 -0.06 0.05  0.05 -0.07 -0.06
      -0.06 0.08 -0.04  0.09 -0.05 0.05  -0.05 0.07 0.07"/>
    <mesh name="wedge" vertex="-0.1 -0.08 -0.06  0.1 -0.08 -0.06  0.1 0.08 -0.06
      -0.1 0.08 -0.06  -0.1 0 0.07  0.1 0 0.07"/>
    <hfield name="hills" nrow="4" ncol="5" size="0.6 0.5 0.2 0.1"
      elevation="0 .5 .2 .1 .9  .3 .4 1 .6 .2  .1 .7 .3 .2 .5  .4 .2 .8 .1 .3"/>
  </asset>
  <worldbody>
    <geom name="floor" type="plane" size="0 0 1" pos="0 0 -.2"/>
    <geom name="wall" type="plane" size="0 0 1" pos="0 1 0" euler="80 0 0"/>
    <geom name="hills" type="hfield" hfield="hills" pos="0 0 -.4"/>
    <body><freejoint/><geom name="ball" type="sphere" size="0.3"/></body>
    <body><freejoint/><geom name="pill" type="capsule" size="0.15 0.3"/></body>
    <body><freejoint/><geom name="egg" type="ellipsoid" size="0.2 0.3 0.4"/></body>
    <body><freejoint/><geom type="ellipsoid" size="0.2 0.1 0.1"/></body>
    <body><freejoint/><geom name="can" type="cylinder" size="0.2 0.3"/></body>
    <body><freejoint/><geom name="brick" type="box" size="0.2 0.3 0.1"/></body>
    <body><freejoint/><geom name="rock" type="mesh" mesh="rock"/></body>
    <body><freejoint/><geom type="mesh" mesh="wedge" contype="0" conaffinity="0"/></body>
    <body><freejoint/><geom type="capsule" size="0.05 0.1"/></body>
    <body><freejoint/><geom type="cylinder" size="0.1 0.1"/></body>
    <body><freejoint/><geom type="box" size="0.1 0.1 0.1"/></body>
    <body><freejoint/><geom type="sphere" size="0.1"/></body>
  </worldbody>
  <sensor>
    <distance geom1="ball" geom2="hills" cutoff="0.4"/>
    <fromto geom1="ball" geom2="hills" cutoff="0.4"/>
    <distance geom1="egg" geom2="rock" cutoff="3"/>
    <normal geom1="egg" geom2="rock" cutoff="3"/>
    <fromto geom1="egg" geom2="rock" cutoff="3"/>
  </sensor>
</mujoco>
"""
WORLDS = 21
# shapes whose surface is curved and that GJK and EPA approach step by step
CURVED = {4, 5}


def precisions(model):
    """What this build has: the quick one has double only."""
    try:
        mo.Batch(model)
    except mo.Error:
        return ["double"]
    return ["double", "single"]


@pytest.fixture(scope="module")
def scene():
    mujoco = pytest.importorskip("mujoco")
    # the oracle has no sensors for height fields
    m = mujoco.MjModel.from_xml_string(SCENE[: SCENE.index("  <sensor>")] + "</mujoco>")
    d = mujoco.MjData(m)
    rng = np.random.default_rng(3)
    model = mo.Model.from_string(SCENE)
    batches = {p: mo.Batch(model, worlds=WORLDS, precision=p) for p in precisions(model)}
    rows = np.zeros((WORLDS, mujoco.mj_stateSize(m, mujoco.mjtState.mjSTATE_INTEGRATION)))
    data = []
    for w in range(WORLDS):
        mujoco.mj_resetData(m, d)
        move = rng.normal(size=m.nv) * np.tile([0.5, 0.5, 0.3, 2, 2, 2], m.njnt)
        mujoco.mj_integratePos(m, d.qpos, move, 1.0)
        d.qpos[:] = d.qpos.astype(np.float32)
        mujoco.mj_forward(m, d)
        mujoco.mj_getState(m, d, rows[w], mujoco.mjtState.mjSTATE_INTEGRATION)
        data.append(mujoco.MjData(m))
        data[-1].qpos[:] = d.qpos
        mujoco.mj_forward(m, data[-1])
    for batch in batches.values():
        batch.set_state(rows)
    return mujoco, m, data, batches


def all_pairs(n):
    return np.array([(i, j) for i in range(n) for j in range(n) if i != j])


def oracle(mujoco, m, d, pair, distmax):
    fromto = np.zeros(6)
    dist = mujoco.mj_geomDistance(m, d, int(pair[0]), int(pair[1]), distmax, fromto)
    return dist, fromto


@pytest.mark.parametrize("distmax", [0.0, 0.05, 3.0])
def test_all_pairs_agree_with_mujoco(scene, distmax):
    mujoco, m, data, batches = scene
    pairs = all_pairs(m.ngeom)
    dist, fromto = batches["double"].geom_distance(pairs[:, 0], pairs[:, 1], distmax)
    assert dist.shape == (WORLDS, len(pairs)) and fromto.shape == (WORLDS, len(pairs), 6)
    near = other_prism = 0
    for w in range(WORLDS):
        for k, pair in enumerate(pairs):
            t, points = oracle(mujoco, m, data[w], pair, distmax)
            types = {int(m.geom_type[g]) for g in pair}
            # the searches may leave flat prisms of a height field by another face
            if 1 in types and abs(dist[w, k] - t) > 1e-6:
                other_prism += 1
                continue
            # where a search stops, points are less certain than distances
            close, loose = (2e-6, 2e-5) if types & CURVED else (1e-9, 1e-9)
            assert abs(dist[w, k] - t) < close, (w, pair)
            np.testing.assert_allclose(fromto[w, k], points, atol=loose)
            near += t < distmax
    assert near > 100 and other_prism <= 2


def test_both_orders_give_the_same_segment(scene):
    batch = scene[3]["double"]
    there = batch.geom_distance("brick", "ball", 5.0)
    back = batch.geom_distance("ball", "brick", 5.0)
    np.testing.assert_allclose(there[0], back[0], atol=1e-12)
    np.testing.assert_allclose(there[1][..., :3], back[1][..., 3:], atol=1e-12)
    length = np.linalg.norm(there[1][..., 3:] - there[1][..., :3], axis=-1)
    np.testing.assert_allclose(length, np.abs(there[0]), atol=1e-12)


def test_names_lists_and_worlds(scene):
    mujoco, m, data, batches = scene
    batch = batches["double"]
    dist, fromto = batch.geom_distance("egg", ["rock", "can"], [3.0, 0.1], ids=[4, 2])
    assert dist.shape == (2, 2) and fromto.shape == (2, 2, 6)
    ids = [m.geom(n).id for n in ("egg", "rock", "can")]
    assert abs(dist[1, 0] - oracle(mujoco, m, data[2], ids[:2], 3.0)[0]) < 1e-9
    assert abs(dist[0, 1] - oracle(mujoco, m, data[4], [ids[0], ids[2]], 0.1)[0]) < 1e-9


def test_sensors_are_the_same_search(scene):
    batch = scene[3]["double"]
    readings = batch.bind("sensordata")
    batch.forward()
    dist, fromto = batch.geom_distance(["ball", "egg"], ["hills", "rock"], [0.4, 3.0])
    np.testing.assert_array_equal(readings[:, 0], np.maximum(dist[:, 0], -0.4))
    np.testing.assert_array_equal(readings[:, 1:7], fromto[:, 0])
    np.testing.assert_array_equal(readings[:, 7], dist[:, 1])
    np.testing.assert_array_equal(readings[:, 11:17], fromto[:, 1])
    assert (dist[:, 0] < 0.4).any() and (dist[:, 0] == 0.4).any()
    way = fromto[:, 1, 3:] - fromto[:, 1, :3]
    np.testing.assert_allclose(
        readings[:, 8:11], way / np.linalg.norm(way, axis=1, keepdims=True), atol=1e-12
    )


def test_packs_agree_with_double(scene):
    batches = scene[3]
    if "single" not in batches:
        pytest.skip("this build has physics in double only")
    pairs = all_pairs(15)
    ours = batches["single"].geom_distance(pairs[:, 0], pairs[:, 1], 3.0)
    reference = batches["double"].geom_distance(pairs[:, 0], pairs[:, 1], 3.0)
    error = np.abs(ours[0] - reference[0])
    assert np.quantile(error, 0.99) < 2e-5 and error.max() < 2e-3
    # neighbours and width change no bits
    alone = batches["single"].geom_distance(pairs[:, 0], pairs[:, 1], 3.0, ids=[7])
    np.testing.assert_array_equal(alone[0][0], ours[0][7])
    np.testing.assert_array_equal(alone[1][0], ours[1][7])


def test_bad_queries_are_refused(scene):
    batch = scene[3]["double"]
    for arguments, message in [
        ((0, 99, 1.0), "geom 99"),
        ((-1, 2, 1.0), "geom -1"),
        (("bal", "egg", 1.0), 'did you mean "ball"'),
        ((0, 1, -1.0), "distmax"),
        ((0, 1, np.nan), "distmax"),
        (([0, 1], [1, 2, 3], 1.0), "as many of both"),
    ]:
        with pytest.raises(mo.Error, match=message):
            batch.geom_distance(*arguments)
