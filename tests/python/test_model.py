"""Models in Python: arrays with MuJoCo's names and shapes, and errors that help."""

import motorium as mo
import numpy as np
import pytest


def shared_arrays(ours, theirs):
    """Names that both have as arrays of the same meaning."""
    for name in dir(type(ours)):
        if name.startswith(("_", "sensor_type", "geom_dataid", "body_iquat", "pair_")):
            continue
        mine = getattr(ours, name)
        if isinstance(mine, np.ndarray) and isinstance(getattr(theirs, name, None), np.ndarray):
            yield name, mine, getattr(theirs, name)


def test_arrays_have_mujocos_names_shapes_and_values(model, scene_xml, mujoco):
    theirs = mujoco.MjModel.from_xml_string(scene_xml)
    compared = set()
    for name, mine, reference in shared_arrays(model, theirs):
        if name == "eq_data":  # the unused rest of the row is MuJoCo's own
            continue
        assert mine.shape == reference.shape, name
        np.testing.assert_allclose(mine, reference, rtol=1e-9, atol=1e-12, err_msg=name)
        compared.add(name)
    assert {
        "qpos0",
        "body_mass",
        "jnt_range",
        "geom_size",
        "key_qpos",
        "actuator_gainprm",
    } <= compared
    assert len(compared) > 80
    for size in ("nq", "nv", "nu", "na", "nbody", "njnt", "ngeom", "nsite", "nkey", "nsensordata"):
        assert getattr(model, size) == getattr(theirs, size)
    assert model.opt.timestep == 0.005
    np.testing.assert_array_equal(model.opt.gravity, theirs.opt.gravity)


def test_arrays_are_read_only_views_that_keep_the_model_alive(scene_xml):
    model = mo.Model.from_string(scene_xml)
    mass = model.body_mass
    with pytest.raises(ValueError, match="read-only"):
        mass[0] = 1
    address = mass.ctypes.data
    assert model.body_mass.ctypes.data == address
    total = mass.sum()
    del model
    assert mass.sum() == total


def test_names_by_id(model):
    assert model.name == "scene"
    assert model.body_names == ("world", "trunk", "thigh", "shin", "ball", "target")
    assert model.jnt_names[1:3] == ("hip", "knee")
    assert model.key_names == ("home", "high")


def test_every_array_documents_shape_and_unit():
    for name in ("body_mass", "jnt_range", "qpos0", "gravity"):
        doc = getattr(mo.Model, name).__doc__
        assert "[" in doc and "(" in doc, doc
    assert mo.Model.body_mass.__doc__ == "mass [kg] (nbody,)"


def test_options_can_be_changed_in_a_copy(model):
    other = model.with_options(timestep=0.001, iterations=3, gravity=[0, 0, -1.62])
    assert (other.opt.timestep, other.opt.iterations) == (0.001, 3)
    assert model.opt.timestep == 0.005
    assert other.hash != model.hash
    with pytest.raises(mo.Error, match="no option 'timestop'"):
        model.with_options(timestop=1)
    with pytest.raises(mo.Error):
        model.with_options(timestep=float("nan"))


def test_bad_files_raise_errors_that_name_the_place():
    with pytest.raises(mo.Error, match="nothing.xml"):
        mo.load("nothing.xml")
    with pytest.raises(mo.Error):
        mo.Model.from_string("<mujoco><worldbody><geom size='-1'/></worldbody></mujoco>")
    with pytest.raises(mo.UnsupportedModel) as info:
        mo.Model.from_string(
            "<mujoco><worldbody><body><joint name='a'/><geom size='1'/></body></worldbody>"
            "<deformable><flex name='t'/></deformable></mujoco>"
        )
    assert "flex" in str(info.value)
    assert issubclass(mo.UnsupportedModel, mo.Error) and issubclass(mo.Error, ValueError)
