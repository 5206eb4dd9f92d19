"""A world by itself: the same bits alone, the same model as MJCF, in MuJoCo too."""

import pathlib

import numpy as np
import pytest
from test_overrides import EDITS, RICH

import motorium as mo

MODELS = sorted((pathlib.Path(__file__).resolve().parents[1] / "parity/models").glob("*.xml"))
# what MJCF has no words for: dofs of one joint that differ, references of ball joints
UNSAID = {"dof_armature", "dof_frictionloss", "qpos0", "qpos_spring"}


def different_worlds(precision, leave=()):
    """Five worlds, the third with every number of its own, the fourth with some."""
    model = mo.Model.from_string(RICH)
    batch = mo.Batch(model, worlds=5, precision=precision)
    for i, (field, edit) in enumerate(EDITS.items()):
        if field in leave:
            continue
        value = edit(model, np.array(getattr(model, field)))
        getattr(batch, f"set_{field}")(value, ids=[2, 3] if i % 3 else [2])
    batch.reset()
    batch.qvel[:] = np.linspace(-1, 1, model.nv)
    batch.eq_active[3] = 0
    batch.ctrl[:] = 0.3
    return batch


@pytest.mark.parametrize("precision", ["double", "single"])
def test_a_world_alone_takes_the_same_bits(precision):
    batch = different_worlds(precision)
    batch.step(nstep=40)
    alone = {w: batch.get_world(w).batch() for w in range(5)}
    many = batch.get_world(2).batch(worlds=3)
    batch.step(nstep=60)
    for w, one in alone.items():
        one.step(nstep=60)
        for part in ("qpos", "qvel", "act", "qacc_warmstart"):
            np.testing.assert_array_equal(getattr(one, part)[0], getattr(batch, part)[w])
        assert one.time[0] == pytest.approx(batch.time[w], rel=1e-12)
    many.step(nstep=60)
    np.testing.assert_array_equal(many.qpos, np.tile(batch.qpos[2], (3, 1)))
    assert not np.array_equal(batch.qpos[2], batch.qpos[3])


def test_its_model_has_its_numbers():
    batch = different_worlds("double")
    for field in EDITS:
        mine = batch.get_override(field, ids=[2])[0]
        model = batch.get_world(2).model
        theirs = model.opt.gravity if field == "gravity" else getattr(model, field)
        np.testing.assert_array_equal(theirs.ravel(), mine.ravel(), err_msg=field)
    plain = batch.get_world(0).model
    assert plain.hash == batch.model.hash
    with pytest.raises(mo.Error, match="out of range"):
        batch.get_world(5)


@pytest.mark.parametrize("world", [2, 3])
def test_mujoco_opens_it_and_agrees(world, mujoco):
    batch = different_worlds("double", leave=UNSAID)
    batch.step(nstep=30)
    alone = batch.get_world(world)
    m = mujoco.MjModel.from_xml_string(alone.to_xml())
    d = mujoco.MjData(m)
    mujoco.mj_resetDataKeyframe(m, d, m.key("world").id)
    d.qacc_warmstart[:] = batch.qacc_warmstart[world]
    np.testing.assert_array_equal(d.qpos, batch.qpos[world])
    np.testing.assert_array_equal(d.eq_active, batch.eq_active[world])
    assert d.time == pytest.approx(batch.time[world], rel=1e-12)
    for field in (*EDITS, "body_invweight0", "dof_invweight0", "actuator_acc0", "geom_rbound"):
        if field in ("gravity", "eq_data"):
            continue
        ours, theirs = getattr(alone.model, field), getattr(m, field)
        if field.endswith("quat"):  # q and -q
            theirs = theirs * np.where((ours * theirs).sum(axis=1, keepdims=True) < 0, -1, 1)
        if field in ("body_pos", "body_quat"):  # a free body starts where qpos0 says
            ours, theirs = np.delete(ours, 1, axis=0), np.delete(theirs, 1, axis=0)
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-9, err_msg=field)
    for _ in range(60):
        row = np.empty(mujoco.mj_stateSize(m, mujoco.mjtState.mjSTATE_INTEGRATION))
        mujoco.mj_getState(m, d, row, mujoco.mjtState.mjSTATE_INTEGRATION)
        batch.set_state(row, ids=[world])
        batch.step(ids=[world])
        mujoco.mj_step(m, d)
        np.testing.assert_allclose(batch.qpos[world], d.qpos, atol=1e-8)
        np.testing.assert_allclose(batch.qvel[world], d.qvel, atol=1e-6)


def test_a_saved_world_opens_with_its_meshes(tmp_path, mujoco):
    path = next(p for p in MODELS if p.stem == "meshes")
    batch = mo.Batch(mo.load(path), worlds=2, precision="double")
    batch.body(1).mass = [3.0, 4.0]
    batch.get_world(1).save(tmp_path / "world.xml")
    m = mujoco.MjModel.from_xml_path(str(tmp_path / "world.xml"))
    again = mo.load(tmp_path / "world.xml")
    assert m.body_mass[1] == again.body_mass[1] == 4.0
    np.testing.assert_allclose(m.geom_pos, again.geom_pos, atol=1e-6)
    np.testing.assert_allclose(again.geom_pos, batch.model.geom_pos, atol=1e-6)


def test_what_mjcf_cannot_say_is_refused_by_name():
    batch = different_worlds("double", leave=UNSAID)
    damping = batch.get_override("dof_damping")[2]
    damping[1] += 1  # one of six dofs of the free joint
    batch.set_dof_damping(damping, ids=[2])
    with pytest.raises(mo.Error, match=r"dof_damping\[1\]: MJCF has no words"):
        batch.get_world(2).to_xml()
    copy = mo.Spec.from_string(RICH).compile().to_spec().compile()
    assert copy.nq == batch.model.nq


@pytest.mark.parametrize("path", MODELS, ids=lambda p: p.stem)
def test_every_model_becomes_a_scene_again(path, tmp_path, mujoco):
    try:
        model = mo.load(path)
    except mo.UnsupportedModel as error:
        pytest.skip("SKIPPED: " + str(error).splitlines()[0])
    model.to_spec().save(tmp_path / "again.xml")  # raises where a constant differs
    m = mujoco.MjModel.from_xml_path(str(tmp_path / "again.xml"))
    for field in ("body_mass", "body_inertia", "dof_invweight0", "jnt_range", "actuator_acc0"):
        np.testing.assert_allclose(
            getattr(model, field), getattr(m, field), rtol=1e-6, atol=1e-6, err_msg=field
        )
    assert (m.nq, m.nv, m.nbody, m.ngeom) == (model.nq, model.nv, model.nbody, model.ngeom)
