"""Bullet as an independent referee of smooth dynamics: 50 random robots without contacts.

Forces that Bullet's inverse dynamics (float64) names for the accelerations of our forward dynamics
are the forces that we applied. Bullet is the wheel pybullet, installed or
unpacked with the corpora.
"""

import sys

import numpy as np
import pytest

mo = pytest.importorskip("motorium")

import corpus


def load_bullet():
    try:
        import pybullet
    except ImportError:
        folder = corpus.get("pybullet")
        if folder is None:
            return None
        sys.path.append(str(folder))
        try:
            import pybullet
        except ImportError as error:
            print(f"SKIPPED Bullet: {error}", file=sys.stderr)
            return None
    return pybullet


bullet = load_bullet()
if bullet is None:
    pytest.skip("SKIPPED: Bullet (pybullet 3.2.7) cannot be had", allow_module_level=True)

ROBOTS, STATES = 50, 10
# Bullet turns inertias to principal axes with a threshold of its own; measured: 1.1e-7
TOLERANCE = 1e-6


def numbers(values):
    return " ".join(repr(float(v)) for v in values)


def random_robot(seed):
    """A tree of 2 to 9 links with hinges and slides, inertias that bodies can have."""
    random = np.random.default_rng(seed)
    count = int(random.integers(2, 10))
    parts = [f"<robot name='r{seed}'><link name='l0'/>"]
    for i in range(1, count + 1):
        rotation = np.linalg.qr(random.normal(size=(3, 3)))[0]
        a, b, c = random.uniform(0.01, 0.1, 3)  # of points on the axes: A + B >= C holds
        tensor = rotation @ np.diag([b + c, a + c, a + b]) @ rotation.T
        mass = random.uniform(0.2, 3)
        kind = "prismatic" if random.random() < 0.25 else "continuous"
        parent = int(random.integers(max(0, i - 3), i))
        limit = "<limit lower='-100' upper='100' effort='0' velocity='1e3'/>"
        parts.append(
            f"<link name='l{i}'><inertial><origin xyz='{numbers(random.uniform(-0.2, 0.2, 3))}'"
            f" rpy='{numbers(random.uniform(-1, 1, 3))}'/><mass value='{float(mass)!r}'/>"
            f"<inertia ixx='{float(tensor[0, 0])!r}' iyy='{float(tensor[1, 1])!r}' izz='{float(tensor[2, 2])!r}'"
            f" ixy='{float(tensor[0, 1])!r}' ixz='{float(tensor[0, 2])!r}' iyz='{float(tensor[1, 2])!r}'/></inertial></link>"
            f"<joint name='j{i}' type='{kind}'><parent link='l{parent}'/><child link='l{i}'/>"
            f"<origin xyz='{numbers(random.uniform(-0.4, 0.4, 3))}'"
            f" rpy='{numbers(random.uniform(-3, 3, 3))}'/>"
            f"<axis xyz='{numbers(unit(random))}'/>{limit if kind == 'prismatic' else ''}</joint>"
        )
    return "".join(parts) + "</robot>", count


def unit(random):
    v = random.normal(size=3)
    return v / np.linalg.norm(v)


@pytest.fixture(scope="module")
def client():
    number = bullet.connect(bullet.DIRECT)
    yield number
    bullet.disconnect(number)


@pytest.mark.parametrize("seed", range(ROBOTS))
def test_forward_dynamics_agree_with_bullets_inverse_dynamics(seed, client, tmp_path):
    text, count = random_robot(seed)
    path = tmp_path / "robot.urdf"
    path.write_text(text)
    bullet.resetSimulation(physicsClientId=client)
    bullet.setGravity(0, 0, -9.81, physicsClientId=client)
    body = bullet.loadURDF(
        str(path),
        useFixedBase=True,
        flags=bullet.URDF_USE_INERTIA_FROM_FILE | bullet.URDF_MAINTAIN_LINK_ORDER,
        physicsClientId=client,
    )
    names = [
        bullet.getJointInfo(body, j, physicsClientId=client)[1].decode()
        for j in range(bullet.getNumJoints(body, physicsClientId=client))
    ]
    model = mo.load(path)
    assert model.nv == count == len(names)
    order = [model.jnt_names.index(name) for name in names]  # ours, in Bullet's order

    random = np.random.default_rng(1000 + seed)
    batch = mo.Batch(model, worlds=STATES, precision="double")
    batch.qpos[:] = random.uniform(-2, 2, (STATES, count))
    batch.qvel[:] = random.uniform(-3, 3, (STATES, count))
    force = random.uniform(-5, 5, (STATES, count))
    batch.qfrc_applied[:] = force
    batch.bind("qacc")
    q, v = batch.qpos.copy(), batch.qvel.copy()
    batch.forward()
    for world in range(STATES):
        state = [list(x[world][order]) for x in (q, v, batch.qacc)]
        theirs = bullet.calculateInverseDynamics(body, *state, physicsClientId=client)
        ours = force[world][order]
        scale = max(1.0, float(np.abs(ours).max()))
        assert np.abs(np.array(theirs) - ours).max() / scale < TOLERANCE
