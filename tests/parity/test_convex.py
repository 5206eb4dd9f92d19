"""Convex colliders beside MuJoCo on random poses, and beside a sweep over directions.

A sample runs by default, MOTORIUM_FULL=1 runs thousands of poses a pair. The measured agreement is
appended to build/parity/convex.csv: poses, equal contact counts, worst distance and normal of single
contacts, share of patches with the same corners.
"""

import csv
import os

import numpy as np
import pytest

mujoco = pytest.importorskip("mujoco")

import step_report  # noqa: E402

import motorium as mo  # noqa: E402

FULL = os.environ.get("MOTORIUM_FULL") == "1"
SIZES = {"sphere": 1, "capsule": 2, "ellipsoid": 3, "cylinder": 2, "box": 3}
PAIRS = [
    ("sphere", "ellipsoid"),
    ("sphere", "cylinder"),
    ("sphere", "mesh"),
    ("capsule", "ellipsoid"),
    ("capsule", "cylinder"),
    ("capsule", "mesh"),
    ("ellipsoid", "ellipsoid"),
    ("ellipsoid", "cylinder"),
    ("ellipsoid", "box"),
    ("ellipsoid", "mesh"),
    ("cylinder", "cylinder"),
    ("cylinder", "box"),
    ("cylinder", "mesh"),
    ("box", "mesh"),
    ("mesh", "mesh"),
]


@pytest.fixture(scope="session", autouse=True)
def table():
    path = step_report.default_csv().with_name("convex.csv")
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow("pair margin poses counts dist_99 dist normal_99 patches".split())
        yield lambda *row: (writer.writerow(row), file.flush())


def geom(kind, name, rng, margin, low=0.08, high=0.4):
    """(asset, geom) of a random shape."""
    if kind != "mesh":
        size = np.exp(rng.uniform(np.log(low), np.log(high), SIZES[kind]))
        size = " ".join(f"{s:.4f}" for s in size)
        return "", f'<geom type="{kind}" size="{size}" margin="{margin / 2}"/>'
    vertex = rng.normal(size=(int(rng.integers(6, 30)), 3))
    vertex *= rng.uniform(low, high, 3) / np.linalg.norm(vertex, axis=1)[:, None]
    text = " ".join(f"{x:.5f}" for x in vertex.ravel())
    return (
        f'<mesh name="{name}" vertex="{text}"/>',
        f'<geom type="mesh" mesh="{name}" margin="{margin / 2}"/>',
    )


def scene(pair, rng, margin, several=True, **sizes):
    """(MjModel, Model) of two free geoms."""
    parts = [geom(kind, f"mesh{i}", rng, margin, **sizes) for i, kind in enumerate(pair)]
    bodies = "".join(f"<body><freejoint/>{text}</body>" for _, text in parts)
    xml = (
        f'<mujoco><option><flag multiccd="{"enable" if several else "disable"}"/></option>'
        f"<asset>{parts[0][0]}{parts[1][0]}</asset><worldbody>{bodies}</worldbody></mujoco>"
    )
    try:
        return mujoco.MjModel.from_xml_string(xml), mo.Model.from_string(xml)
    except mo.UnsupportedModel as error:
        pytest.skip(f"refused: {str(error).splitlines()[0]}")


def place(m, d, rng, reach):
    """Random orientations, centres at a random share of the distance at which spheres touch."""
    way = rng.normal(size=3)
    way /= np.linalg.norm(way)
    d.qpos[:3] = rng.normal(size=3)
    d.qpos[3:7], d.qpos[10:14] = rng.normal(size=4), rng.normal(size=4)
    mujoco.mj_normalizeQuat(m, d.qpos)
    d.qpos[7:10] = d.qpos[:3] + way * (m.geom_rbound.sum() + reach) * rng.uniform(0.05, 1)


def contacts_of(m, d, batch):
    mujoco.mj_forward(m, d)
    batch.set_state(step_report.state_of(m, d)[None])
    return batch.contacts(0), list(d.contact)


@pytest.mark.parametrize("margin", [0.0, 0.03])
@pytest.mark.parametrize("pair", PAIRS, ids="-".join)
def test_contacts_agree_with_mujoco(pair, margin, table):
    rng = np.random.default_rng(0)
    poses = counts = patches = same_patch = close_patch = 0
    dist, normal = [], []
    for _ in range(20 if FULL else 4):
        m, model = scene(pair, rng, margin)
        d, batch = mujoco.MjData(m), mo.Batch(model, worlds=1, precision="double", threads=1)
        for _ in range(250 if FULL else 40):
            place(m, d, rng, margin)
            ours, theirs = contacts_of(m, d, batch)
            if not ours and not theirs:
                continue
            poses += 1
            if len(ours) != len(theirs):
                continue
            counts += 1
            if len(ours) == 1:
                dist.append(abs(ours[0].dist - theirs[0].dist))
                normal.append(np.abs(ours[0].frame[:3] - theirs[0].frame[:3]).max())
            else:
                patches += 1
                # the line of a capsule turns about its axis with the last digits of the search
                near, close = (1e-5, 1e-2) if "capsule" in pair else (1e-6, 1e-6)
                apart = max(min(np.abs(a.pos - b.pos).max() for a in ours) for b in theirs)
                same_patch += apart < near
                close_patch += apart < close
    share = same_patch / patches if patches else 1.0
    row = [f"{np.quantile(dist, 0.99):.0e}", f"{max(dist):.0e}", f"{np.quantile(normal, 0.99):.0e}"]
    table("-".join(pair), margin, poses, f"{counts / poses:.3f}", *row, f"{share:.3f}")
    # a side of a cylinder on a cap: see docs/decisions
    assert counts >= (0.9 if "cylinder" in pair else 0.99) * poses
    # MuJoCo stops at 1e-6 where a rim meets a hull
    assert np.quantile(dist, 0.95) <= (1e-7 if tuple(pair) == ("cylinder", "mesh") else 1e-9)
    # ties between directions of flat faces: any answer within the tolerance of the search
    assert np.quantile(dist, 0.99) <= 1e-6
    assert close_patch >= 0.8 * patches
    # how far the line of a capsule is shifted in a shallow contact is not known to the last digits
    assert share >= (0.6 if "capsule" in pair else 0.8)


def lens(rng):
    """Facets of which many are parallel within the angle that counts as face to face."""
    return fibonacci(60) * [0.1, 0.1, 0.006]


def uneven_plate(rng):
    """Two merged faces of twelve corners that are not quite in one plane."""
    angle = np.arange(12) * np.pi / 6
    ring = np.c_[np.cos(angle), np.sin(angle), np.zeros(12)] * 0.1
    heights = rng.uniform(-4e-5, 4e-5, (24, 1)) + np.repeat([[-0.02], [0.02]], 12, axis=0)
    return np.tile(ring, (2, 1)) + heights * [0, 0, 1]


def oval_plate(rng):
    """Corners at irregular places: which four of an overlap are kept is not symmetric."""
    angle = np.sort(rng.uniform(0, 2 * np.pi, 16))
    ring = np.c_[np.cos(angle), 0.5 * np.sin(angle), np.zeros(16)] * 0.1
    return np.tile(ring, (2, 1)) + np.repeat([[0, 0, -0.02], [0, 0, 0.02]], 16, axis=0)


@pytest.mark.parametrize("shape", [lens, uneven_plate, oval_plate])
def test_nearly_parallel_facets_meet_as_in_mujoco(shape):
    rng = np.random.default_rng(0)
    points = shape(np.random.default_rng(1))
    text = " ".join(f"{x:.7f}" for x in points.ravel())
    body = '<body><freejoint/><geom type="mesh" mesh="m"/></body>'
    xml = (
        f'<mujoco><asset><mesh name="m" vertex="{text}"/></asset>'
        f"<worldbody>{body}{body}</worldbody></mujoco>"
    )
    m, model = mujoco.MjModel.from_xml_string(xml), mo.Model.from_string(xml)
    d, batch = mujoco.MjData(m), mo.Batch(model, worlds=1, precision="double", threads=1)
    poses = same = 0
    for _ in range(1000 if FULL else 200):
        # one on top of the other, turned at random and tilted a little
        turn = rng.uniform(0, np.pi)
        d.qpos[:3] = 0
        d.qpos[7:9] = rng.uniform(-0.03, 0.03, 2)
        d.qpos[9] = 1.9 * points[:, 2].max()
        d.qpos[3:7] = 1, 0, 0, 0
        d.qpos[10:14] = np.cos(turn / 2), *rng.uniform(-0.01, 0.01, 2), np.sin(turn / 2)
        mujoco.mj_normalizeQuat(m, d.qpos)
        ours, theirs = contacts_of(m, d, batch)
        poses += bool(theirs)
        same += bool(theirs) and not step_report.differing_pairs(m, ours, theirs)
    assert poses >= 100
    assert same >= 0.98 * poses


def support(kind, size, direction):
    """Largest reach of shapes in their frames along directions, one a row."""
    if kind == "sphere":
        return np.full(len(direction), size[0])
    if kind == "capsule":
        return size[0] + size[1] * np.abs(direction[:, 2])
    if kind == "ellipsoid":
        return np.linalg.norm(direction * size, axis=1)
    if kind == "cylinder":
        return size[0] * np.hypot(direction[:, 0], direction[:, 1]) + size[1] * np.abs(
            direction[:, 2]
        )
    return np.abs(direction) @ size


def fibonacci(count):
    """Directions spread evenly over the sphere."""
    k = np.arange(count) + 0.5
    z, angle = 1 - 2 * k / count, np.pi * (1 + 5**0.5) * k
    r = np.sqrt(1 - z * z)
    return np.c_[r * np.cos(angle), r * np.sin(angle), z]


def sweep_depth(pair, m, d, directions, rng):
    """Smallest overlap over all directions, then over finer and finer cones around the best."""
    axes = [d.geom_xmat[i].reshape(3, 3) for i in range(2)]
    apart = d.geom_xpos[1] - d.geom_xpos[0]

    def overlap(tried):
        reach = sum(support(pair[i], m.geom_size[i], tried @ axes[i]) for i in range(2))
        return reach - tried @ apart

    values = overlap(directions)
    best = directions[np.argsort(values)[:200]]
    depth = values.min()
    for spread in (0.01, 3e-3, 1e-3, 3e-4):
        tried = np.repeat(best, 25, axis=0)
        tried = tried + spread * rng.normal(size=tried.shape)
        tried /= np.linalg.norm(tried, axis=1)[:, None]
        values = overlap(tried)
        best = tried[np.argsort(values)[:200]]
        depth = min(depth, values.min())
    return depth


@pytest.mark.parametrize("shape", ["usual", "needles", "slabs"])
@pytest.mark.parametrize("pair", [p for p in PAIRS if "mesh" not in p], ids="-".join)
def test_depth_is_that_of_a_sweep_over_directions(pair, shape):
    """With iterations enough: MuJoCo's default of 35 leaves deep ellipsoids up to 8 % short."""
    rng = np.random.default_rng(1)
    directions = fibonacci(20_000)
    worst = found = 0
    for _ in range(12 if FULL else 3):
        sizes = [np.exp(rng.uniform(np.log(0.08), np.log(0.4), SIZES[k])) for k in pair]
        # one side of the second geom stretched or flattened
        sizes[1][-1] *= {"usual": 1, "needles": 5, "slabs": 0.1}[shape]
        bodies = "".join(
            f'<body><freejoint/><geom type="{k}" size="{" ".join(f"{x:.6f}" for x in s)}"/></body>'
            for k, s in zip(pair, sizes, strict=True)
        )
        xml = (
            '<mujoco><option ccd_iterations="200"><flag multiccd="disable"/></option>'
            f"<worldbody>{bodies}</worldbody></mujoco>"
        )
        m, model = mujoco.MjModel.from_xml_string(xml), mo.Model.from_string(xml)
        d, batch = mujoco.MjData(m), mo.Batch(model, worlds=1, precision="double", threads=1)
        scale = m.geom_rbound.max()
        for _ in range(60 if FULL else 15):
            place(m, d, rng, 0.0)
            ours, _ = contacts_of(m, d, batch)
            depth = sweep_depth(pair, m, d, directions, rng)
            assert len(ours) <= 1
            if not ours:
                assert depth <= 2.5e-3 * scale
                continue
            found += 1
            assert np.isfinite(ours[0].pos).all() and np.isfinite(ours[0].frame).all()
            worst = max(worst, abs(-ours[0].dist - depth) / scale)
    assert found > 0
    assert worst <= 2.5e-3, worst
