"""4096 robots fall, land and are pushed: arrays of all worlds at once."""

import argparse
import pathlib

import numpy as np

import motorium as mo

ROBOT = pathlib.Path(__file__).resolve().parents[1] / "robots/quad/robot.xml"


def main(worlds):
    model = mo.load(str(ROBOT))
    batch = mo.Batch(model, worlds=worlds)
    batch.reset(keyframe="home")  # joints and servo targets of the stance

    # every world starts at another height
    batch.qpos[:, 2] += np.linspace(0.0, 0.3, worlds)
    batch.step(nstep=100)
    print(
        f"after {batch.time[0]:.2f} s trunks are {batch.body('trunk').xpos[:, 2].mean():.3f} m high"
    )

    # a push to the left of every second world, for a tenth of a second
    batch.body("trunk").xfrc_applied[::2, 1] = 60.0
    batch.step(nstep=20)
    batch.xfrc_applied[:] = 0
    speed = np.abs(batch.qvel[:, 1])
    print(
        f"sideways speed: pushed {speed[::2].mean():.2f} m/s, others {speed[1::2].mean():.2f} m/s"
    )

    batch.step(nstep=200)
    print(
        f"contacts of world 0: {len(batch.contacts(0))}; trouble: {batch.status_counts()['frozen']}"
    )
    return speed[::2].mean(), speed[1::2].mean()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="small and quick, for tests")
    args = parser.parse_args()
    pushed, others = main(64 if args.check else 4096)
    assert pushed > 3 * others
