"""The filters before the colliders hide no contact: every pair that GJK finds near has one."""

import pathlib

import numpy as np
import pytest

import motorium as mo

ASSETS = pathlib.Path(__file__).resolve().parent / "models" / "assets"
BOX, MESH = 6, 7  # mjtGeom
SHAPES = [
    'type="mesh" mesh="wedge"',
    'type="box" size="0.3 0.02 0.05"',
    'type="cylinder" size="0.06 0.2"',
    'type="ellipsoid" size="0.05 0.1 0.2"',
    'type="capsule" size="0.04 0.15"',
    'type="sphere" size="0.08"',
]


def scattered(rng, bodies, geoms, margin):
    """Free bodies with geoms all over them, among geoms of the world: groups of many pairs."""

    def some(count, spread):
        for _ in range(count):
            pos, turn = rng.uniform(-spread, spread, 3), rng.normal(size=4)
            yield (
                f'<geom {SHAPES[rng.integers(len(SHAPES))]} pos="{pos[0]} {pos[1]} {pos[2]}" '
                f'quat="{turn[0]} {turn[1]} {turn[2]} {turn[3]}" margin="{margin}" gap="{margin / 4}"/>'
            )

    xml = ['<mujoco><option gravity="0 0 0"/><asset><mesh name="wedge" scale="0.1 0.1 0.1" vertex="']
    xml += ["0 0 0  1 0 0  0 2 0  0 0 1  1 1 1  -1 0.5 0.5  0.3 -1 0.2  0.4 0.4 -1  -0.6 1 -0.4  0.8 1.5 -0.5"]
    xml += ['"/></asset><worldbody>', *some(geoms, 1.0)]
    for _ in range(bodies):
        xml += ["<body><freejoint/>", *some(geoms, 0.4), "</body>"]
    return mo.Model.from_string("".join([*xml, "</worldbody></mujoco>"]), folder=str(ASSETS))


@pytest.mark.parametrize("precision", ["double", "single"])
@pytest.mark.parametrize("margin", [0.0, 0.05])
@pytest.mark.parametrize("resized", [False, True])
@pytest.mark.parametrize("bodies, geoms", [(3, 12), (12, 3)], ids=["groups", "pairs"])
def test_filters_hide_no_contact(precision, margin, resized, bodies, geoms):
    rng = np.random.default_rng(5)
    model = scattered(rng, bodies, geoms, margin)
    worlds = 24
    batch = mo.Batch(model, worlds=worlds, precision=precision)
    turn = rng.normal(size=(worlds, bodies, 4))
    batch.qpos[:] = np.concatenate(
        [rng.uniform(-0.7, 0.7, (worlds, bodies, 3)), turn / np.linalg.norm(turn, axis=2, keepdims=True)], axis=2
    ).reshape(worlds, -1)
    if resized:
        scale = rng.uniform(0.6, 1.5, (worlds, model.ngeom, 1))
        scale[:, np.ravel(model.geom_type) == MESH] = 1
        batch.set_geom_size(model.geom_size[None] * scale)
        batch.set_geom_margin(np.full((worlds, model.ngeom), margin + 0.01))
    reach = np.ravel(model.pair_margin + model.pair_gap) + (0.02 if resized else 0)
    geom1, geom2 = np.ravel(model.pair_geom1), np.ravel(model.pair_geom2)
    assert (len(geom1) >= 8 * model.npairgroup) == (geoms > 8) and len(geom1) >= 4 * model.ncgeom

    distance, _ = batch.geom_distance(geom1, geom2, 1.0)
    batch.forward()
    boxes = (np.ravel(model.geom_type)[geom1] == BOX) & (np.ravel(model.geom_type)[geom2] == BOX)
    found = missed = 0
    for w in range(worlds):
        touching = {(c.geom1, c.geom2) for c in batch.contacts(w)}
        # separated boxes within the margin may go without a contact, as in MuJoCo
        near = distance[w] < np.where(boxes, 0, reach) - 1e-4
        for p in np.flatnonzero(near):
            found += 1
            missed += (geom1[p], geom2[p]) not in touching
    assert found > 100 and missed == 0
