"""Scenes that are edited: find, set, add, remove, attach, and the state that survives."""

import pathlib

import numpy as np
import pytest

mo = pytest.importorskip("motorium")

ROOT = pathlib.Path(__file__).resolve().parents[2]
ARM = """<mujoco><worldbody><body name="upper"><joint name="shoulder" axis="0 1 0" range="-90 90"/>
<geom name="bar" type="capsule" fromto="0 0 0 0 0 -0.3" size="0.02"/>
<body name="lower" pos="0 0 -0.3"><joint name="elbow" axis="0 1 0"/><geom type="sphere" size="0.05"/>
<site name="tip" pos="0 0 -0.1"/></body></body></worldbody>
<actuator><position name="servo" joint="elbow" kp="20"/></actuator>
<sensor><jointpos name="angle" joint="elbow"/></sensor></mujoco>"""


def arm():
    return mo.Spec.from_string(ARM)


def test_attributes_are_read_and_set_by_their_names():
    spec = arm()
    assert spec.geom("bar").type == "capsule"
    spec.geom("bar").density = 500
    spec.joint("shoulder").damping = 0.5
    spec.joint("shoulder").range = [-45, 45]
    spec.body("lower").euler = [0, 90, 0]
    model = spec.compile()
    assert model.dof_damping[0] == 0.5
    np.testing.assert_allclose(model.jnt_range[0], [-np.pi / 4, np.pi / 4])
    np.testing.assert_allclose(model.body_quat[2], [np.sqrt(0.5), 0, np.sqrt(0.5), 0])


def test_mistakes_are_named():
    spec = arm()
    with pytest.raises(mo.Error, match="did you mean"):
        spec.geom("bra")
    with pytest.raises(mo.Error, match="did you mean"):
        spec.geom("bar").densty = 1
    with pytest.raises(mo.Error, match="does not fit"):
        spec.geom("bar").size = "big"
    with pytest.raises(mo.Error, match="exists"):
        spec.body("lower").add_joint(name="elbow")
    assert spec.find("geom", "bra") is None


def test_elements_are_added():
    spec = arm()
    spec.worldbody.add_geom(name="floor", type="plane", size=[0, 0, 0.05], pos=[0, 0, -1])
    ball = spec.worldbody.add_body(name="ball", pos=[1, 0, 0])
    ball.add_freejoint(name="free")
    ball.add_geom(type="sphere", size=[0.1])
    spec.add_actuator(name="motor", target="shoulder", gear=[3, 0, 0, 0, 0, 0])
    model = spec.compile()
    assert (model.nbody, model.nv, model.nu, model.ngeom) == (4, 8, 2, 4)
    assert model.actuator_gear[1, 0] == 3


def test_what_refers_to_a_removed_body_goes_with_it():
    spec = arm()
    removed = spec.delete(spec.body("lower"))
    assert set(removed) >= {"body 'lower'", "joint 'elbow'", "actuator 'servo'", "sensor 'angle'"}
    model = spec.compile()
    assert (model.nbody, model.nu, model.nsensor) == (2, 0, 0)


def test_a_robot_is_attached_with_a_prefix():
    scene = mo.Spec.from_string(
        "<mujoco><compiler angle='radian'/><worldbody><geom type='plane' size='0 0 1'/>"
        "<body name='stand' pos='0 0 1'/></worldbody></mujoco>"
    )
    scene.attach(arm(), prefix="left_", body="stand", pos=[0, 0.5, 0])
    scene.attach(arm(), prefix="right_", body="stand", pos=[0, -0.5, 0])
    model = scene.compile()
    assert model.jnt_names == ("left_shoulder", "left_elbow", "right_shoulder", "right_elbow")
    assert model.actuator_names == ("left_servo", "right_servo")
    # degrees of the robot in a scene of radians
    np.testing.assert_allclose(model.jnt_range[0], [-np.pi / 2, np.pi / 2])
    np.testing.assert_allclose(model.body_pos[2], [0, 0.5, 0])
    alone = arm().compile()
    np.testing.assert_allclose(model.body_mass[2:4], alone.body_mass[1:3])
    with pytest.raises(mo.Error, match="another prefix"):
        scene.attach(arm(), prefix="left_", body="stand")


def test_a_robot_with_meshes_is_attached_and_saved(tmp_path):
    obj = "v 0 0 0\nv 1 0 0\nv 0 1 0\nv 0 0 1\nf 1 3 2\nf 1 2 4\nf 1 4 3\nf 2 3 4\n"
    (tmp_path / "robot").mkdir()
    (tmp_path / "robot/m.obj").write_text(obj)
    (tmp_path / "robot/robot.xml").write_text(
        "<mujoco><asset><mesh name='m' file='m.obj'/></asset><worldbody><body name='b'><freejoint/>"
        "<geom type='mesh' mesh='m'/></body></worldbody></mujoco>"
    )
    scene = mo.Spec.from_string("<mujoco/>")
    scene.attach(mo.Spec.from_file(tmp_path / "robot/robot.xml"), prefix="a_")
    scene.save(tmp_path / "out/scene.xml")
    assert (tmp_path / "out/assets/m.obj").read_text() == obj
    again = mo.load(tmp_path / "out/scene.xml")
    np.testing.assert_array_equal(again.body_mass, scene.compile().body_mass)


def test_copies_stand_in_a_row():
    scene = mo.Spec.from_string("<mujoco/>")
    scene.replicate(arm(), 3, prefix="r{}_", offset=[1, 0, 0])
    model = scene.compile()
    np.testing.assert_allclose(model.body_pos[1::2][:, 0], [0, 1, 2])


def test_joints_that_survive_keep_their_state():
    spec = arm()
    old = mo.Batch(spec.compile(), worlds=3, precision="double")
    old.qpos[:] = np.arange(6).reshape(3, 2)
    old.qvel[:] = 7
    old.ctrl[:] = 0.25
    first = spec.worldbody.add_body(name="first")
    first.add_joint(name="new", type="slide")
    first.add_geom(type="sphere", size=[0.1])
    spec.body("upper").pos = [0, 0, 1]
    new = mo.Batch(spec.compile(), worlds=3, precision="double")
    mo.transfer_state(old, new)
    place = new.model.jnt_qposadr[new.model.jnt_names.index("elbow")]
    np.testing.assert_array_equal(new.qpos[:, place], old.qpos[:, 1])
    np.testing.assert_array_equal(new.ctrl, old.ctrl)
    assert new.qvel[0, new.model.jnt_dofadr[new.model.jnt_names.index("new")]] == 0


def test_an_edited_scene_is_written_and_reads_back():
    spec = arm()
    spec.geom("bar").friction = [0.7, 0.01, 0.001]
    spec.body("lower").add_site(name="more", pos=[0.1, 0.2, 0.3])
    again = mo.Model.from_string(spec.to_xml())
    assert again.hash == spec.compile().hash
