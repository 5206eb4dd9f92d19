"""Swings an acrobot up by iLQR: two links, one motor at the elbow.

python examples/ilqr_acrobot.py [--check]
"""

import pathlib
import sys

import numpy as np
from common import ilqr

import motorium as mo

STEPS = 150  # of 0.02 s

model = mo.load(str(pathlib.Path(__file__).parent / "models/acrobot.xml"))
goal = np.array([np.pi, 0, 0, 0])  # upright, at rest
cost = ilqr.Cost(
    residual=lambda x: x - goal,
    jacobian=lambda x: np.eye(4),
    running=np.array([1e-3, 1e-3, 1e-3, 1e-3]),
    final=np.array([2000.0, 2000.0, 200.0, 200.0]),
    control=1e-3,
)
rng = np.random.default_rng(0)
start = np.zeros(4)
solution = ilqr.solve(model, start, rng.normal(size=(STEPS, 1)) * 0.1, cost, iterations=200)

miss = np.abs(solution.x[-1] - goal)
print(
    f"cost {solution.costs[0]:.0f} -> {solution.costs[-1]:.2f} in {len(solution.costs) - 1} "
    f"iterations; at the end {miss[:2].max():.3f} rad and {miss[2:].max():.3f} rad/s from upright"
)
if "--check" in sys.argv:
    assert miss[:2].max() < 0.05 and miss[2:].max() < 0.3
    assert (np.diff(solution.costs) < 0).all()
