"""Reaches a target with the hand of an arm by iLQR; the goal is a point in space.

python examples/ilqr_reach.py [--check]
"""

import pathlib
import sys

import numpy as np
from common import ilqr

import motorium as mo

STEPS = 50  # of 0.02 s

model = mo.load(str(pathlib.Path(__file__).parent / "models/reach.xml"))
nv, hand, target = model.nv, model.site_names.index("hand"), model.site_names.index("target")


def hand_of(q):
    """Where the hand is at joint positions q (n, nv)."""
    probe = mo.Batch(model, worlds=len(q), precision="double")
    probe.bind("site_xpos")
    probe.qpos[:] = q
    probe.forward()
    return probe.site_xpos[:, hand] - probe.site_xpos[:, target]


def residual(x):
    flat = x.reshape(-1, 2 * nv)
    r = np.concatenate([hand_of(flat[:, :nv]), flat[:, nv:]], axis=1)
    return r.reshape(*x.shape[:-1], 3 + nv)


def jacobian(x):
    eps = 1e-6
    moved = hand_of(np.concatenate([x[:nv] + eps * np.eye(nv), x[:nv] - eps * np.eye(nv)]))
    J = np.zeros((3 + nv, 2 * nv))
    J[:3, :nv] = (moved[:nv] - moved[nv:]).T / (2 * eps)
    J[3:, nv:] = np.eye(nv)
    return J


cost = ilqr.Cost(
    residual=residual,
    jacobian=jacobian,
    running=np.concatenate([np.full(3, 1.0), np.full(nv, 1e-3)]),
    final=np.concatenate([np.full(3, 5000.0), np.full(nv, 10.0)]),
    control=1e-4,
)
solution = ilqr.solve(model, np.zeros(2 * nv), np.zeros((STEPS, model.nu)), cost, iterations=30)

miss = np.linalg.norm(hand_of(solution.x[-1:, :nv])[0])
speed = np.abs(solution.x[-1, nv:]).max()
print(
    f"cost {solution.costs[0]:.1f} -> {solution.costs[-1]:.3f} in {len(solution.costs) - 1} "
    f"iterations; the hand ends {1000 * miss:.1f} mm from the target at {speed:.3f} rad/s"
)
if "--check" in sys.argv:
    assert miss < 0.005 and speed < 0.3
    assert (np.diff(solution.costs) < 0).all()
