import pathlib

import motorium as mo
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]

# a small scene with one of everything that the API names
SCENE = """
<mujoco model="scene">
  <option timestep="0.005"/>
  <worldbody>
    <geom name="floor" type="plane" size="0 0 0.05"/>
    <body name="trunk" pos="0 0 0.6">
      <freejoint name="root"/>
      <geom name="trunk" type="box" size="0.2 0.1 0.05" mass="4" friction="0.8"/>
      <site name="imu" pos="0.05 0 0"/>
      <body name="thigh" pos="0.2 0 0">
        <joint name="hip" axis="0 1 0" range="-1.5 1.5" limited="true" armature="0.01"
               damping="0.4" frictionloss="0.05"/>
        <geom name="thigh" type="capsule" fromto="0 0 0 0 0 -0.2" size="0.02" mass="0.7"/>
        <body name="shin" pos="0 0 -0.2">
          <joint name="knee" axis="0 1 0" range="-2.5 0.5" limited="true" armature="0.01"/>
          <geom name="foot" type="sphere" size="0.03" pos="0 0 -0.2" mass="0.2"/>
        </body>
      </body>
    </body>
    <body name="ball" pos="1 0 0.5">
      <joint name="ball" type="ball"/>
      <geom type="sphere" size="0.05" pos="0 0 0.2" mass="0.5"/>
    </body>
    <body name="target" mocap="true" pos="0 1 1"/>
  </worldbody>
  <equality><weld name="hold" body1="ball" active="false"/></equality>
  <actuator>
    <position name="hip" joint="hip" kp="20" kv="0.5" ctrlrange="-1 1"/>
    <general name="knee" joint="knee" dyntype="filter" dynprm="0.05" gainprm="10"
             ctrlrange="-1 1" forcerange="-8 8"/>
  </actuator>
  <sensor>
    <gyro name="gyro" site="imu"/>
    <jointpos name="hip_pos" joint="hip"/>
    <framepos name="trunk_pos" objtype="body" objname="trunk"/>
  </sensor>
  <keyframe>
    <key name="home" qpos="0 0 0.5 1 0 0 0 0.3 -0.6 1 0 0 0" ctrl="0.3 -0.2" time="1.5"/>
    <key name="high" qpos="0 0 2 1 0 0 0 0 0 1 0 0 0"/>
  </keyframe>
</mujoco>
"""


@pytest.fixture(scope="session")
def mujoco():
    return pytest.importorskip("mujoco")


@pytest.fixture(scope="session")
def scene_xml():
    return SCENE


@pytest.fixture(scope="session")
def model():
    return mo.Model.from_string(SCENE)
