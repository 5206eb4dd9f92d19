"""Rays through batches agree with mj_ray."""

import motorium as mo
import numpy as np
import pytest

SCENE = """
<mujoco>
  <compiler inertiagrouprange="-9 9"/>
  <default><geom contype="0" conaffinity="0"/></default>
  <asset><material name="glass" rgba="1 1 1 0"/></asset>
  <worldbody>
    <geom name="floor" type="plane" size="0 0 1" group="2"/>
    <geom name="tile" type="plane" size="0.5 0.8 1" pos="1 1 0.3" euler="20 10 0"/>
    <geom name="ghost" size="0.5" pos="0 0 1" rgba="1 1 1 0"/>
    <geom name="pane" size="0.5" pos="0 0 1" material="glass"/>
    <geom name="wall" type="box" size="0.1 2 1" pos="-2 0 1" group="3"/>
    <body name="a" pos="0 0 1"><freejoint/><geom type="sphere" size="0.3" group="9"/></body>
    <body name="b" pos="1 0 1"><freejoint/><geom type="capsule" size="0.15 0.3" group="1"/></body>
    <body name="c" pos="-1 0 1"><freejoint/><geom type="ellipsoid" size="0.2 0.3 0.4"/></body>
    <body name="d" pos="0 1 1"><freejoint/><geom type="cylinder" size="0.2 0.3" group="4"/></body>
    <body name="e" pos="0 -1 1"><freejoint/><geom type="box" size="0.2 0.3 0.1" group="5"/>
      <geom type="sphere" size="0.2" pos="0.3 0 0" group="-1"/></body>
    <body name="f" mocap="true" pos="0 0 2"><geom size="0.1"/></body>
  </worldbody>
</mujoco>
"""


MESHES = """
<mujoco>
  <asset>
    <mesh name="rock" vertex="0.12 0.02 0.01  -0.1 0.03 0.02  0.01 0.13 -0.02  0.02 -0.12 0.03
      0.01 0.01 0.11  -0.02 0.02 -0.1  0.08 0.07 0.06  -0.07 -0.06 0.05  0.05 -0.07 -0.06
      -0.06 0.08 -0.04  0.09 -0.05 0.05  -0.05 0.07 0.07"/>
    <mesh name="block" vertex="-.2 -.2 -.2 .2 -.2 -.2 .2 .2 -.2 -.2 .2 -.2 -.2 -.2 .2 .2 -.2 .2
      .2 .2 .2 -.2 .2 .2" face="0 2 1 0 3 2 4 5 6 4 6 7 0 1 5 0 5 4 1 2 6 1 6 5 2 3 7 2 7 6
      3 0 4 3 4 7"/>
    <mesh name="notch" vertex="0 0 0 .4 0 0 .4 .4 0 .2 .1 0 0 .4 0 0 0 .2 .4 0 .2 .4 .4 .2 .2 .1 .2
      0 .4 .2" face="0 3 1 1 3 2 0 4 3 5 6 8 6 7 8 5 8 9 0 1 6 0 6 5 1 2 7 1 7 6 2 3 8 2 8 7 3 4 9
      3 9 8 4 0 5 4 5 9"/>
    <hfield name="hills" nrow="4" ncol="5" size="0.6 0.5 0.2 0.1"
      elevation="0 .5 .2 .1 .9  .3 .4 1 .6 .2  .1 .7 .3 .2 .5  .4 .2 .8 .1 .3"/>
    <hfield name="plain" nrow="2" ncol="2" size="0.3 0.3 0.1 0.05" elevation="1 1 1 1"/>
  </asset>
  <worldbody>
    <geom name="hills" type="hfield" hfield="hills" pos="0 0 -.4" group="1"/>
    <geom name="plain" type="hfield" hfield="plain" pos="1 1 0" euler="20 10 5" group="2"/>
    <geom name="fixed" type="mesh" mesh="block" pos="-1 1 0" contype="0" conaffinity="0"/>
    <body><freejoint/><geom type="mesh" mesh="rock" group="3"/></body>
    <body><freejoint/><geom type="mesh" mesh="block" contype="0" conaffinity="0"/></body>
    <body><freejoint/><geom type="mesh" mesh="notch" group="5"/></body>
    <body><freejoint/><geom type="sphere" size=".1"/></body>
    <body><freejoint/><geom type="sphere" size=".1" group="4"/></body>
  </worldbody>
</mujoco>
"""


@pytest.fixture(scope="module", params=[SCENE, MESHES], ids=["shapes", "meshes"])
def scene(request):
    mujoco = pytest.importorskip("mujoco")
    xml = request.param
    m = mujoco.MjModel.from_xml_string(xml)
    d = mujoco.MjData(m)
    rng = np.random.default_rng(3)
    model = mo.Model.from_string(xml)
    worlds = 21
    batches = {p: mo.Batch(model, worlds=worlds, precision=p) for p in precisions(model)}
    rows = np.zeros((worlds, mujoco.mj_stateSize(m, mujoco.mjtState.mjSTATE_INTEGRATION)))
    data = []
    for w in range(worlds):
        mujoco.mj_resetData(m, d)
        mujoco.mj_integratePos(m, d.qpos, rng.normal(size=m.nv) * 0.5, 1.0)
        d.qpos[:] = d.qpos.astype(np.float32)
        mujoco.mj_forward(m, d)
        mujoco.mj_getState(m, d, rows[w], mujoco.mjtState.mjSTATE_INTEGRATION)
        data.append(mujoco.MjData(m))
        data[-1].qpos[:] = d.qpos
        mujoco.mj_forward(m, data[-1])
    for batch in batches.values():
        batch.set_state(rows)
    return mujoco, m, data, batches


def precisions(model):
    """What this build has: the quick one has double only."""
    try:
        mo.Batch(model)
    except mo.Error:
        return ["double"]
    return ["double", "single"]


def rays(count, seed=0):
    """Starts in and around the shapes, directions of every length."""
    rng = np.random.default_rng(seed)
    pnt = rng.uniform([-2, -2, -0.2], [2, 2, 2], size=(count, 3)).astype(np.float32)
    vec = rng.normal(size=(count, 3)) * rng.choice([0.2, 1.0, 3.0], size=(count, 1))
    vec[::7] *= [1, 0, 0]
    return pnt.astype(float), vec.astype(np.float32).astype(float)


def oracle(mujoco, m, d, pnt, vec, **options):
    geom, normal = np.full(1, -1, np.int32), np.zeros(3)
    dist = mujoco.mj_ray(
        m, d, pnt, vec, options.get("geomgroup"), options.get("flg_static", 1),
        options.get("bodyexclude", -1), geom, normal,
    )  # fmt: skip
    return dist, geom[0], normal


OPTIONS = [
    {},
    {"flg_static": False},
    {"bodyexclude": 5},
    {"geomgroup": np.array([1, 0, 0, 1, 0, 1], np.uint8)},
]


@pytest.mark.parametrize("options", OPTIONS)
def test_fans_agree_with_mujoco(scene, options):
    mujoco, m, data, batches = scene
    pnt, vec = rays(200)
    dist, geom, normal = batches["double"].ray(pnt, vec, normal=True, **options)
    assert dist.shape == geom.shape == (21, 200) and normal.shape == (21, 200, 3)
    hits = 0
    for w in range(21):
        for r in range(200):
            t, g, n = oracle(mujoco, m, data[w], pnt[r], vec[r], **options)
            assert geom[w, r] == g
            np.testing.assert_allclose(dist[w, r], t, rtol=1e-9, atol=1e-9)
            np.testing.assert_allclose(normal[w, r], n, atol=1e-8)
            hits += t >= 0
    assert hits > 50


def test_rays_along_faces_and_through_edges(scene):
    """Grazing decides by the same rules: a face seen from its edge is no obstacle."""
    mujoco, m, data, batches = scene
    if m.nmesh == 0:
        pytest.skip("of meshes and height fields")
    starts, ways = [], []
    for x in (-0.2, 0.0, 0.2):
        for z in (-0.2, 0.1, 0.2):
            # along and across faces of the block, through its edges and corners, from inside
            starts += [[-2, 1 + x, z], [-1 + x, 1 + z, 1], [-1 + x, 1, z], [-1 - x, -1, 0.2]]
            ways += [[1, 0, 0], [0, 0, -1], [0, 0.5, 0], [0, 1, 0]]
            # along the walls, rows and columns of the height field, from inside it and below
            starts += [[-2, 2 * x, -0.4 + z], [3 * x, -2, -0.39], [3 * x, x, -0.45], [x, x, -1]]
            ways += [[1, 0, 0], [0, 2, 0], [1, 0.3, 0.1], [0, 0, 1]]
    starts, ways = np.array(starts, float), np.array(ways, float)
    dist, geom = batches["double"].ray(starts, ways, ids=[0])
    for r in range(len(starts)):
        t, g, _ = oracle(mujoco, m, data[0], starts[r], ways[r])
        assert geom[0, r] == g and abs(dist[0, r] - t) < 1e-9, (starts[r], ways[r])


def test_rays_of_each_world(scene):
    mujoco, m, data, batches = scene
    pnt, vec = rays(21, seed=4)
    exclude = np.arange(21) % m.nbody - 1
    dist, geom = batches["double"].ray(pnt[:, None], vec[:, None], bodyexclude=exclude[:, None])
    assert dist.shape == geom.shape == (21, 1)
    for w in range(21):
        t, g, _ = oracle(mujoco, m, data[w], pnt[w], vec[w], bodyexclude=exclude[w])
        assert geom[w, 0] == g and abs(dist[w, 0] - t) < 1e-9 * max(1, abs(t))
    # one ray for all, and some of the worlds
    dist, geom = batches["double"].ray([0, 0, 3], [0, 0, -1], ids=[4, 2])
    assert dist.shape == (2, 1)
    t, g, _ = oracle(mujoco, m, data[2], np.array([0, 0, 3.0]), np.array([0, 0, -1.0]))
    assert geom[1, 0] == g and abs(dist[1, 0] - t) < 1e-9


def test_packs_agree_with_double(scene):
    batches = scene[3]
    if "single" not in batches:
        pytest.skip("this build has physics in double only")
    pnt, vec = rays(300, seed=8)
    ours = batches["single"].ray(pnt, vec)
    reference = batches["double"].ray(pnt, vec)
    same = ours[1] == reference[1]
    # a ray may graze an edge in the one and not in the other
    assert same.mean() > 0.995
    error = np.abs(ours[0] - reference[0])[same] / np.maximum(1, np.abs(reference[0])[same])
    assert np.quantile(error, 0.995) < 1e-4
    # neighbours and width change no bits
    alone = batches["single"].ray(pnt, vec, ids=[7])
    np.testing.assert_array_equal(alone[0][0], ours[0][7])


def test_bad_rays_are_refused(scene):
    batch = scene[3]["double"]
    for arguments, message in [
        (([0, 0], [0, 0, 1]), "must have the shape"),
        ((np.zeros((2, 3)), np.ones((3, 3))), "do not fit"),
        (([0, 0, np.nan], [0, 0, 1]), "finite"),
    ]:
        with pytest.raises(mo.Error, match=message):
            batch.ray(*arguments)
    with pytest.raises(mo.Error, match="six"):
        batch.ray([0, 0, 0], [0, 0, 1], geomgroup=[1, 1])
    with pytest.raises(mo.Error, match="bodyexclude"):
        batch.ray([0, 0, 0], [0, 0, 1], bodyexclude=99)
