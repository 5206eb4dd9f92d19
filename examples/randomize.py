"""Worlds with robots of their own: masses, friction and servo gains differ."""

import argparse
import pathlib

import numpy as np

import motorium as mo

ROBOT = pathlib.Path(__file__).resolve().parents[1] / "robots/quad/robot.xml"


def main(worlds):
    model = mo.load(str(ROBOT))
    batch = mo.Batch(model, worlds=worlds)
    batch.reset(keyframe="home")

    # a payload on the trunk, by name; derived constants follow
    payload = np.linspace(0.0, 6.0, worlds)
    batch.body("trunk").mass = model.body_mass[model.body_names.index("trunk")] + payload
    # softer servos for all: gain and bias belong together
    batch.set_actuator_gainprm(model.actuator_gainprm * 0.8)
    batch.set_actuator_biasprm(model.actuator_biasprm * 0.8)

    batch.step(nstep=400)
    height = batch.qpos[:, 2]
    print(f"without payload the trunk stands {height[0]:.3f} m high, with 6 kg {height[-1]:.3f} m")
    return height


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="small and quick, for tests")
    args = parser.parse_args()
    heights = main(32 if args.check else 1024)
    assert heights[0] > heights[-1]
