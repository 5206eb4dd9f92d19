"""MotrixSim as a peer of `motorium bench --peers`: it gets the same states, and its steps are those of the file."""

import pathlib

import numpy as np
import pytest

pytest.importorskip("motrixsim", reason="SKIPPED: motrixsim is not installed: pip install motrixsim")

from motorium import peers  # noqa: E402

CARTPOLE = pathlib.Path(__file__).resolve().parents[2] / "robots/cartpole/robot.xml"
# a hinge before a free body with a ball joint: free joints come first in MotrixSim
MIXED = """<mujoco><option timestep="0.002"/><worldbody>
  <body pos="3 0 0"><joint name="h" axis="0 1 0"/><geom size=".1" pos="0 0 .2"/></body>
  <body name="b"><freejoint/><geom type="box" size=".1 .12 .3"/>
    <body pos="0 0 1"><joint type="ball"/><geom type="capsule" size=".1 .2" pos="0 0 .2"/></body>
  </body></worldbody><actuator><motor joint="h"/></actuator></mujoco>"""


def test_a_cartpole_moves_as_here():
    scene = peers.Scene(str(CARTPOLE), 16, 20)
    theirs = peers.MotrixSim(scene, 1)
    assert theirs.run() > 0
    reference = peers.Motorium(scene, 1, precision="double").velocities()
    assert peers.error_of(theirs.velocities(), reference, scene.start["qvel"])[0] < 1e-3


def test_states_arrive_at_their_joints(tmp_path):
    path = tmp_path / "mixed.xml"
    path.write_text(MIXED)
    scene = peers.Scene(str(path), 8, 10)
    theirs = peers.MotrixSim(scene, 1)
    theirs.restart()
    for joint in theirs.model.floating_bases:
        place = np.array([joint.get_translation(theirs.data)]).reshape(8, 3)
        np.testing.assert_allclose(place, scene.start["qpos"][:, 1:4], atol=1e-6)
        turn = np.array(joint.get_rotation(theirs.data)).reshape(8, 4)
        np.testing.assert_allclose(turn[:, [3, 0, 1, 2]], scene.start["qpos"][:, 4:8], atol=1e-6)
    reference = peers.Motorium(scene, 1, precision="double").velocities()
    fall = (theirs.velocities() - scene.start["qvel"])[:, 3], (reference - scene.start["qvel"])[:, 3]
    np.testing.assert_allclose(*fall, rtol=0.02)
    swing = (theirs.velocities() - scene.start["qvel"])[:, 0], (reference - scene.start["qvel"])[:, 0]
    np.testing.assert_allclose(*swing, rtol=1e-3, atol=1e-6)
