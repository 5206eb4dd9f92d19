"""Contacts to come (flag speculative) are those of MuJoCo: their places, distances and frames."""

import numpy as np
import pytest

mujoco = pytest.importorskip("mujoco")

import motorium as mo  # noqa: E402

MESH = '<mesh name="m" vertex="-.2 -.1 -.1 .2 -.1 -.1 0 .2 -.1 0 0 .2 .1 .1 .1"/>'


def shape(rng, kind):
    if kind == "plane":
        return 'type="plane" size="1 1 .1"'
    if kind == "mesh":
        return 'type="mesh" mesh="m"'
    count = {"sphere": 1, "capsule": 2, "cylinder": 2}.get(kind, 3)
    return f'type="{kind}" size="{" ".join(f"{s:.4g}" for s in rng.uniform(0.05, 0.2, count))}"'


def turned(rng, spread):
    """A random orientation: anywhere, or near the identity, where faces meet."""
    q = rng.normal(size=4) if spread is None else np.array([1, *(rng.normal(size=3) * spread)])
    return " ".join(map(str, q / np.linalg.norm(q)))


def scene(rng, a, b, spread, option="", geom=""):
    """Two geoms that fly at each other, and their velocities."""
    z, x = rng.uniform(0.5, 1.2), rng.normal(size=2) * 0.05
    if a == "plane":
        first = f'<geom {shape(rng, a)} pos="0 0 {z}" euler="{180 + 5 * rng.normal()} 3 0" {geom}/>'
    else:
        first = f'<body pos="0 0 {z}" quat="{turned(rng, spread)}"><freejoint/>'
        first += f"<geom {shape(rng, a)} {geom}/></body>"
    spin, side = (30, 10) if spread is None else (2, 3)
    fast = rng.normal(size=3) * side + [0, 0, rng.uniform(30, 120)]
    slow = [] if a == "plane" else [*(rng.normal(size=3) * side), *(rng.normal(size=3) * spin)]
    xml = f"""<mujoco><option timestep=".01" gravity="0 0 0" {option}>
    <flag speculative="enable"/></option><asset>{MESH}</asset><worldbody>{first}
    <body pos="{x[0]} {x[1]} 0" quat="{turned(rng, spread)}"><freejoint/>
    <geom {shape(rng, b)} {geom}/></body></worldbody></mujoco>"""
    return xml, np.array([*slow, *fast, *(rng.normal(size=3) * spin)])


def contacts_of_both(xml, qvel):
    m = mujoco.MjModel.from_xml_string(xml)
    d = mujoco.MjData(m)
    d.qvel[:] = qvel
    mujoco.mj_forward(m, d)
    batch = mo.Batch(mo.Model.from_string(xml), worlds=1, precision="double", threads=1)
    batch.qvel[0] = qvel
    return batch.contacts(0), list(d.contact)


def errors(ours, theirs):
    """Largest differences of distance, place and normal; None where other pairs touch."""
    pairs = [sorted((c.geom1, c.geom2) for c in ours)]
    pairs.append(sorted((int(c.geom[0]), int(c.geom[1])) for c in theirs))
    if pairs[0] != pairs[1]:
        return None
    worst = np.zeros(3)
    for c in theirs:
        same = [o for o in ours if (o.geom1, o.geom2) == tuple(map(int, c.geom))]
        o = min(same, key=lambda o: np.abs(o.pos - c.pos).max())
        frame = np.abs(np.ravel(o.frame) - c.frame).max()
        worst = np.maximum(worst, [abs(o.dist - c.dist), np.abs(o.pos - c.pos).max(), frame])
    return worst


# distances to corners and round ends are exact; ellipsoids and cylinders are searched for
EXACT = [
    ("sphere", "sphere"),
    ("sphere", "box"),
    ("sphere", "capsule"),
    ("capsule", "capsule"),
    ("capsule", "box"),
    ("box", "box"),
    ("mesh", "box"),
    ("mesh", "mesh"),
    ("sphere", "mesh"),
    ("plane", "sphere"),
    ("plane", "capsule"),
    ("plane", "ellipsoid"),
    ("plane", "box"),
    ("plane", "mesh"),
]
SEARCHED = [
    ("ellipsoid", "sphere"),
    ("ellipsoid", "ellipsoid"),
    ("ellipsoid", "box"),
    ("capsule", "cylinder"),
    ("cylinder", "cylinder"),
]


@pytest.mark.parametrize("spread", [None, 0.03])
@pytest.mark.parametrize(("a", "b"), EXACT)
def test_contacts_are_exact_where_distances_are(a, b, spread):
    rng = np.random.default_rng(1)
    found = 0
    for _ in range(40):
        ours, theirs = contacts_of_both(*scene(rng, a, b, spread))
        e = errors(ours, theirs)
        assert e is not None, (ours, theirs)
        assert e.max() < 1e-9
        found += bool(theirs)
    assert found >= 10


@pytest.mark.parametrize(("a", "b"), SEARCHED)
def test_contacts_agree_to_the_search(a, b):
    rng = np.random.default_rng(2)
    found = 0
    for _ in range(40):
        ours, theirs = contacts_of_both(*scene(rng, a, b, None))
        e = errors(ours, theirs)
        assert e is not None, (ours, theirs)
        # the direction of the nearest points is open to the root of the tolerance
        assert e[0] < 1e-3 and e[2] < 2e-3
        found += bool(theirs)
    assert found >= 10


@pytest.mark.parametrize(
    "setting",
    [
        {"geom": 'margin=".05" gap=".02"'},
        {"geom": 'solref="-500 -20" solimp=".3 .8 .5" condim="6"'},
        {"geom": 'solref=".005 .4"', "option": 'integrator="discrete"'},
        {"geom": 'solref=".005 .4"', "option": 'cone="elliptic"'},
    ],
)
def test_margins_and_parameters_count(setting):
    rng = np.random.default_rng(3)
    found = 0
    for k in range(40):
        ours, theirs = contacts_of_both(*scene(rng, "capsule", "box", None, **setting))
        e = errors(ours, theirs)
        assert e is not None, (ours, theirs)
        assert e.max() < 1e-9
        found += bool(theirs)
    assert found >= 10


def test_what_hides_a_contact_is_what_hides_it_in_mujoco():
    rng = np.random.default_rng(4)
    hidden = seen = 0
    for _ in range(150):
        z = rng.uniform(0.7, 1.2)
        kind = ["box", "cylinder", "ellipsoid", "mesh", "capsule"][int(rng.integers(5))]
        bits = ["1", "2", "3"][int(rng.integers(3))]
        wall = f'<geom {shape(rng, kind)} pos="{rng.normal() * 0.1} {rng.normal() * 0.1} {z / 2}"'
        wall += f' euler="{rng.normal() * 30} {rng.normal() * 30} 0" contype="{bits}"'
        wall += ' conaffinity="0"/>'
        moves = rng.uniform() < 0.3
        wall = f"<body><freejoint/>{wall}</body>" if moves else wall
        xml = f"""<mujoco><option timestep=".01" gravity="0 0 0"><flag speculative="enable"/></option>
        <asset>{MESH}</asset><worldbody><body><freejoint/><geom size=".1" conaffinity="3"/></body>
        <body pos="0 0 {z}"><freejoint/><geom type="box" size=".1 .1 .1"/></body>{wall}
        </worldbody></mujoco>"""
        qvel = np.zeros(18 if moves else 12)
        qvel[:3] = [*rng.normal(size=2) * 10, rng.uniform(50, 150)]
        qvel[6:9] = [*rng.normal(size=2) * 10, -rng.uniform(0, 80)]
        ours, theirs = contacts_of_both(xml, qvel)
        e = errors(ours, theirs)
        assert e is not None, xml
        assert e[0] < 1e-3
        m = mujoco.MjModel.from_xml_string(xml)
        pair = {g for g in range(m.ngeom) if m.geom_conaffinity[g]}
        there = any({int(g) for g in c.geom} == pair for c in theirs)
        hidden, seen = hidden + (not there), seen + there
    assert hidden >= 20 and seen >= 20


BULLET = """<mujoco><option timestep=".01">{}</option><worldbody>
<geom type="box" size="1 1 .005" pos="0 0 -.5"/>
<body><joint type="slide" axis="0 0 1"/><geom size=".02"/></body></worldbody></mujoco>"""


def test_a_bullet_stops_at_a_thin_wall_only_with_the_flag():
    for flag, stops in (("", False), ('<flag speculative="enable"/>', True)):
        batch = mo.Batch(mo.Model.from_string(BULLET.format(flag)), worlds=3)
        batch.qvel[:] = np.array([[-41.0], [-77.0], [-123.0]])
        for _ in range(30):
            batch.step()
        assert (batch.qpos[:, 0] > -0.6).all() == stops
        assert not (batch.status & mo.STATUS_BITS["frozen"]).any()


def test_worlds_do_not_notice_their_neighbours():
    rng = np.random.default_rng(6)
    xml = (
        """<mujoco><option timestep=".02"><flag speculative="enable"/></option><worldbody>
    <geom type="plane" size="2 2 .1"/><geom type="box" size=".4 .4 .01" pos="0 0 .5" euler="5 9 0"/>"""
        + "".join(
            f'<body pos="{x} .1 1"><freejoint/><geom {g}/></body>'
            for x, g in [(0, 'size=".05"'), (0.3, 'type="box" size=".06 .05 .03"')]
        )
        + "</worldbody></mujoco>"
    )
    model = mo.Model.from_string(xml)
    qvel = rng.normal(size=(13, 12)) * 5
    qvel[:, [2, 8]] -= 10
    together = mo.Batch(model, worlds=13)
    together.qvel[:] = qvel
    alone = [mo.Batch(model, worlds=1) for _ in range(13)]
    for w, batch in enumerate(alone):
        batch.qvel[0] = qvel[w]
    for _ in range(60):
        together.step()
        for batch in alone:
            batch.step()
    for w, batch in enumerate(alone):
        np.testing.assert_array_equal(together.qpos[w], batch.qpos[0])
