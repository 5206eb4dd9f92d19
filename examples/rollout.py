"""Many futures of one state: the best of random control sequences."""

import argparse
import pathlib

import numpy as np

import motorium as mo

ROBOT = pathlib.Path(__file__).resolve().parents[1] / "robots/cartpole/robot.xml"


def main(samples):
    model = mo.load(str(ROBOT))
    batch = mo.Batch(model, worlds=samples)

    # all worlds start from one state: the pole leans a little
    start = batch.get_state(ids=0)
    start[:, batch.state_layout["qpos"]] = [0.0, 0.1]
    batch.set_state(start)

    low, high = model.actuator_ctrlrange[0]
    rng = np.random.default_rng(0)
    controls = np.repeat(rng.uniform(low, high, (samples, 10, 1)), 5, axis=1)
    qpos = batch.rollout(controls, record=["qpos"])["qpos"]  # (samples, 50, nq)
    cost = np.square(qpos[:, :, 1]).mean(axis=1)
    best = cost.argmin()
    print(
        f"pole angle: best of {samples} {cost[best] ** 0.5:.3f} rad, median {np.median(cost) ** 0.5:.3f} rad"
    )
    return cost


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="small and quick, for tests")
    args = parser.parse_args()
    costs = main(256 if args.check else 4096)
    assert costs.min() < 0.5 * np.median(costs)
