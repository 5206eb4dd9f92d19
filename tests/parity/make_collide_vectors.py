"""Contacts of MuJoCo for random and degenerate poses of every primitive pair.

    python tests/parity/make_collide_vectors.py tests/golden/collide.bin

Needs the pinned MuJoCo; the file it writes is committed, so the tests do not. Format (little
endian), read by tests/physics/collide_test.cpp:

    file    "MTCO", u16 groups
    group   u8 collider, u8 cases, 6 x i16 sizes of both geoms [2^-13 m]
    case    u8 margin index, 4 x i16 quaternion of geom 1, 4 x i16 of geom 2 (both not
            normalised), 3 x i16 position of geom 2 relative to geom 1 [2^-13 m],
            u8 contacts, 0x80 added if rounding decides the result (a tie),
            u8 bit i: contact i has a normal of its own, else that of the contact before
    contact i32 dist, 3 x i32 position relative to geom 1 [2^-30 m], (3 x i32 normal [2^-31])

Geom 1 is at (0.5, -0.25, 0.75) in cases of odd index, else at the origin.
"""

import itertools
import struct
import sys

import mujoco
import numpy as np

PAIRS = [
    ("plane", "sphere"),
    ("plane", "capsule"),
    ("plane", "box"),
    ("sphere", "sphere"),
    ("sphere", "capsule"),
    ("sphere", "box"),
    ("capsule", "capsule"),
    ("capsule", "box"),
    ("box", "box"),
]
MARGINS = [0.0, 0.0, 0.015625, 0.125]
CENTRE = np.array([0.5, -0.25, 0.75])
GROUPS, CASES = 40, 50
Q = 2.0**-13

# the 24 rotations of a cube
CUBE = [
    np.array(q)
    for q in itertools.product((-1, 0, 1), repeat=4)
    if sum(map(abs, q)) in (1, 2, 4) and next(x for x in q if x) > 0
]
assert len(CUBE) == 24


def product(a, b):
    o = np.zeros(4)
    mujoco.mju_mulQuat(o, np.asarray(a, float), np.asarray(b, float))
    return o


class Scene:
    """Two geoms, the first on a mocap body, the second free."""

    def __init__(self, types, sizes):
        geoms = [
            f'<geom type="{t}" size="{" ".join(map(repr, map(float, s)))}" mass="1"/>'
            for t, s in zip(types, sizes)
        ]
        self.m = mujoco.MjModel.from_xml_string(
            f'<mujoco><worldbody><body mocap="true">{geoms[0]}</body>'
            f"<body><freejoint/>{geoms[1]}</body></worldbody></mujoco>"
        )
        self.d = mujoco.MjData(self.m)

    def contacts(self, p1, q1, p2, q2, margin):
        m, d = self.m, self.d
        m.geom_margin[0] = margin
        d.mocap_pos[0], d.mocap_quat[0] = p1, q1
        d.qpos[:3], d.qpos[3:] = p2, q2
        mujoco.mj_fwdPosition(m, d)
        return [
            (c.dist, np.array(c.pos) - p1, np.array(c.frame[:3]))
            for c in d.contact
            if tuple(c.geom) == (0, 1) or sys.exit("unexpected geom order")
        ]

    def depth(self, p1, q1, p2, q2):
        """smallest distance, or 1 if there is no contact within the margin"""
        c = self.contacts(p1, q1, p2, q2, 0.125)
        return min((x[0] for x in c), default=1.0)


def random_sizes(rng, type_, group):
    # needles and slabs in every third group
    n = {"plane": 0, "sphere": 1, "capsule": 2, "box": 3}[type_]
    s = rng.integers(300, 2400, n)
    if group % 3 == 2 and n > 1:
        s[rng.integers(n)] = rng.integers(40, 120)
    if group % 7 == 3 and n == 3:
        s[:] = s[0]
    if group % 11 == 5 and n == 2:
        s[1] = 1
    return s


def quantised(q):
    q = np.asarray(q, float)
    return np.rint(q / np.abs(q).max() * 32767).astype(int)


def random_quat(rng):
    return quantised(rng.normal(size=4))


def poses(rng, kind, scene):
    """quaternions and the direction of geom 2 from geom 1, or its position"""
    if kind < 26:  # any pose
        return random_quat(rng), random_quat(rng), rng.normal(size=3), None
    if kind < 34:  # aligned, both turned alike or not at all
        q1 = np.array([1, 0, 0, 0]) if kind % 2 else random_quat(rng)
        q2 = quantised(product(q1, CUBE[rng.integers(24)]))
        return q1, q2, rng.normal(size=3), None
    if kind < 40:  # aligned to the world, centres in line or equal, dyadic offset
        q1, q2 = CUBE[rng.integers(24)], CUBE[rng.integers(24)]
        return q1, q2, None, rng.integers(-2, 3, 3) * rng.integers(0, 900, 3) * (kind < 39)
    if kind < 46:  # an axis in common
        turn = np.zeros(4)
        turn[0], turn[1 + rng.integers(3)] = rng.normal(size=2)
        q1 = random_quat(rng)
        return q1, quantised(product(q1, turn)), rng.normal(size=3), None
    # nearly aligned, about 1e-4 to 1e-2
    turn = np.concatenate([[1], rng.normal(size=3) * 10 ** rng.uniform(-4, -2)])
    q1 = np.array([1, 0, 0, 0])
    return q1, quantised(turn), rng.normal(size=3), None


def place(rng, kind, scene, q1, q2, direction, target):
    """geom 2 along a direction from geom 1, at the given depth where there is such a place"""
    direction = direction / np.linalg.norm(direction)
    if scene.m.geom_type[0] == mujoco.mjtGeom.mjGEOM_PLANE:
        up = np.zeros(9)
        mujoco.mju_quat2Mat(up, q1 / np.linalg.norm(q1))
        direction *= np.sign(up[2::3] @ direction)
        direction = direction + 0.5 * up[2::3]
    lo, hi = 0.0, 2.2
    for _ in range(16):
        mid = 0.5 * (lo + hi)
        if scene.depth(np.zeros(3), q1, direction * mid, q2) < target:
            lo = mid
        else:
            hi = mid
    return np.rint(direction * lo / Q).astype(int)


def same(a, b, tol):
    return len(a) == len(b) and all(
        abs(x[0] - y[0]) < tol
        and np.abs(x[1] - y[1]).max() < tol
        and np.abs(x[2] - y[2]).max() < tol
        for x, y in zip(a, b)
    )


def main(path):
    rng = np.random.default_rng(7)
    out, groups = [], 0
    for collider, types in enumerate(PAIRS):
        total = contacts_total = ties = 0
        for group in range(GROUPS):
            sizes = [random_sizes(rng, t, group + i) for i, t in enumerate(types)]
            if group % 7 == 3 and types[0] == types[1]:
                sizes[1] = sizes[0]
            scene = Scene(types, [s * Q if len(s) else (0, 0, 1) for s in sizes])
            padded = sum((list(s) + [0] * (3 - len(s)) for s in sizes), [])
            out.append(struct.pack("<BB6h", collider, CASES, *padded))
            groups += 1
            small = min(int(s.min()) for s in sizes if len(s)) * Q
            for kind in range(CASES):
                q1, q2, direction, p = poses(rng, kind, scene)
                margin_index = int(rng.integers(4))
                margin = MARGINS[margin_index]
                if p is None:
                    target = rng.choice(
                        [-1.9 * small, -0.7 * small, -0.1 * small, 0.0, 0.5 * margin, margin, 0.03]
                    )
                    p = place(rng, kind, scene, q1, q2, direction, target)
                    p = np.clip(p, -9000, 9000)
                p1 = CENTRE * (kind % 2)
                p2 = p1 + p * Q
                found = scene.contacts(p1, q1, p2, q2, margin)

                # a result that moves under rounding-sized changes is a tie
                tie = False
                unit = q2 / np.linalg.norm(q2)
                for _ in range(8 if kind < 26 else 30):
                    close = scene.contacts(
                        p1,
                        q1,
                        p2 + 3e-13 * rng.normal(size=3),
                        unit + 3e-13 * rng.normal(size=4),
                        margin,
                    )
                    tie |= not same(found, close, 1e-9)
                total += 1
                ties += tie
                contacts_total += len(found)

                own, last = 0, None
                for i, c in enumerate(found):
                    if last is None or (c[2] != last).any():
                        own |= 1 << i
                    last = c[2]
                out.append(
                    struct.pack("<B11hBB", margin_index, *q1, *q2, *p, len(found) | (tie << 7), own)
                )
                for i, (dist, pos, normal) in enumerate(found):
                    values = np.rint(np.array([dist, *pos]) * 2.0**30)
                    assert np.abs(values).max() < 2**31, (types, dist, pos)
                    out.append(struct.pack("<4i", *values.astype(int)))
                    if own >> i & 1:
                        n = np.clip(np.rint(normal * 2.0**31), -(2**31), 2**31 - 1)
                        out.append(struct.pack("<3i", *n.astype(int)))
        print(f"{types}: {total} cases, {contacts_total} contacts, {ties} ties", flush=True)
    data = b"MTCO" + struct.pack("<H", groups) + b"".join(out)
    open(path, "wb").write(data)
    print(len(data), "bytes")


if __name__ == "__main__":
    main(sys.argv[1])
