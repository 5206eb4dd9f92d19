"""Batches in Python: views, calls, named access, overrides, saved worlds."""

import gc

import motorium as mo
import numpy as np
import pytest

WORLDS = 20


@pytest.fixture
def batch(model):
    return mo.Batch(model, worlds=WORLDS)


@pytest.fixture
def double(model):
    return mo.Batch(model, worlds=4, precision="double")


def test_state_is_a_writable_view_of_one_address(batch, model):
    assert batch.qpos.shape == (WORLDS, model.nq) and batch.qpos.dtype == np.float32
    assert batch.xfrc_applied.shape == (WORLDS, model.nbody, 6)
    assert batch.mocap_pos.shape == (WORLDS, 1, 3) and batch.mocap_quat.shape == (WORLDS, 1, 4)
    for name in batch.state_names:
        array = getattr(batch, name)
        assert array.flags.c_contiguous and array.flags.writeable, name
        assert not array.size or array.ctypes.data == getattr(batch, name).ctypes.data, name
    batch.ctrl[:] = 0.25
    assert (batch.ctrl == 0.25).all()
    batch.ctrl = np.arange(2)  # writes through, as in MuJoCo's batches
    assert (batch.ctrl[7] == [0, 1]).all()


def test_outputs_are_read_only_and_have_mujocos_shapes(batch, model, scene_xml, mujoco):
    m = mujoco.MjModel.from_xml_string(scene_xml)
    d = mujoco.MjData(m)
    for name in batch.output_names:
        array = getattr(batch, name)
        assert not array.flags.writeable and array.shape[0] == WORLDS, name
        # ours are dense, packed by ancestors, or one number
        if name in ("actuator_moment", "qM", "qLD", "solver_niter", "nefc", "ncon"):
            continue
        assert array.shape[1:] == getattr(d, name).shape, name
    with pytest.raises(ValueError, match="read-only"):
        batch.xpos[0] = 1
    with pytest.raises(AttributeError):
        batch.xpos = 1


def test_arrays_keep_their_batch_alive(model):
    batch = mo.Batch(model, worlds=3)
    qpos = batch.qpos
    batch.qpos[:, 0] = 7
    del batch
    gc.collect()
    assert (qpos[:, 0] == 7).all()


def test_first_use_computes_an_output_for_the_present_state(batch):
    batch.qpos[:, 2] = 3.0
    assert np.allclose(batch.body("trunk").xpos[:, 2], 3.0)
    # a later first use leaves what other outputs hold
    batch.step()
    before = batch.xpos.copy()
    batch.cvel
    np.testing.assert_array_equal(batch.xpos, before)
    # bind alone leaves zeros until the next call
    assert not batch.bind("geom_xpos").any()
    batch.forward()
    assert batch.geom_xpos.any()


def test_outputs_hold_the_values_before_the_last_integration(double, scene_xml, mujoco):
    m = mujoco.MjModel.from_xml_string(scene_xml)
    d = mujoco.MjData(m)
    double.xpos, double.qacc
    double.step(nstep=7)
    for _ in range(7):
        mujoco.mj_step(m, d)
    np.testing.assert_allclose(double.qpos[1], d.qpos, atol=1e-9)
    np.testing.assert_allclose(double.xpos[1], d.xpos, atol=1e-9)
    double.reset()
    double.step(nstep=7, refresh="acc")
    mujoco.mj_forward(m, d)
    np.testing.assert_allclose(double.xpos[1], d.xpos, atol=1e-9)
    np.testing.assert_allclose(double.qacc[1], d.qacc, atol=1e-6)


def test_calls_take_keywords_only(batch):
    for call in (batch.step, batch.forward, batch.reset):
        with pytest.raises(TypeError):
            call([0])
    with pytest.raises(TypeError):
        mo.Batch(batch.model, 4)


def test_ids_choose_worlds(batch):
    batch.step(ids=[3, 5], nstep=4)
    assert batch.time[3] == pytest.approx(0.02) and batch.time[4] == 0
    mask = np.zeros(WORLDS, bool)
    mask[7] = True
    batch.step(ids=mask)
    assert np.flatnonzero(batch.time).tolist() == [3, 5, 7]
    batch.reset(mask=batch.time > 0.01)
    assert np.flatnonzero(batch.time).tolist() == [7]
    batch.step(ids=[])
    batch.step(ids=np.array([2], np.uint8))
    assert np.flatnonzero(batch.time).tolist() == [2, 7]


def test_a_subset_has_the_bits_of_the_whole(model):
    whole, part = mo.Batch(model, worlds=WORLDS), mo.Batch(model, worlds=WORLDS)
    for b in (whole, part):
        b.qvel[:] = np.linspace(-1, 1, WORLDS)[:, None]
    whole.step(nstep=30)
    part.step(ids=[4, 19], nstep=30)
    np.testing.assert_array_equal(whole.qpos[[4, 19]], part.qpos[[4, 19]])


@pytest.mark.parametrize(
    "ids, message",
    [
        ([WORLDS], "ids\\[0\\] = 20 is out of range: the batch has worlds 0 .. 19"),
        ([-1], "out of range"),
        ([2**32], "out of range"),
        ([1, 1], "twice"),
        ([0.5], "integers"),
        (np.ones(3, bool), "shape \\(20,\\)"),
        ([[0, 1]], "one dimension"),
    ],
)
def test_bad_ids_are_refused(batch, ids, message):
    with pytest.raises(mo.Error, match=message):
        batch.step(ids=ids)
    assert not batch.time.any()


def test_keyframes_by_number_and_name(batch, model):
    batch.reset(keyframe="home")
    np.testing.assert_allclose(batch.qpos[3], model.key_qpos[0], atol=1e-7)
    assert batch.time[3] == 1.5 and np.allclose(batch.ctrl[0], [0.3, -0.2])
    batch.reset(ids=[1, 2], keyframe=[1, -1])
    assert batch.qpos[1, 2] == 2 and batch.qpos[2, 2] == np.float32(0.6) and batch.qpos[3, 2] == 0.5
    with pytest.raises(mo.Error, match="did you mean"):
        batch.reset(keyframe="hom")
    with pytest.raises(mo.Error, match="2 keyframes"):
        batch.reset(keyframe=2)
    with pytest.raises(mo.Error, match="not both"):
        batch.reset(ids=[0], mask=np.ones(WORLDS, bool))


def test_named_views_are_slices(batch):
    hip = batch.joint("hip")
    hip.qpos[:] = 0.4
    assert (batch.qpos[:, 7] == np.float32(0.4)).all()
    assert batch.joint("root").qpos.shape == (WORLDS, 7)
    assert batch.joint("root").qvel.shape == (WORLDS, 6)
    assert batch.joint("ball").qpos.shape == (WORLDS, 4)
    batch.actuator("knee").ctrl = 0.5
    assert (batch.ctrl[:, 1] == 0.5).all() and batch.actuator("knee").act.shape == (WORLDS, 1)
    batch.body("target").mocap_pos = [0, 0, 3]
    assert (batch.mocap_pos[:, 0, 2] == 3).all()
    batch.body("trunk").xfrc_applied[:, 2] = 5.0
    assert (batch.xfrc_applied[:, 1, 2] == 5).all()
    assert batch.sensor("trunk_pos").data.shape == (WORLDS, 3)
    assert batch.geom("foot").xpos.shape == (WORLDS, 3) and batch.site(0).name == "imu"
    for wrong in (lambda: batch.joint("hi"), lambda: batch.body("trnk"), lambda: batch.body(17)):
        with pytest.raises(mo.Error):
            wrong()
    with pytest.raises(AttributeError, match="did you mean 'qpos'"):
        hip.qpo
    with pytest.raises(ValueError, match="read-only"):
        batch.body("trunk").xpos = 0


def test_misspelt_names_are_refused(batch):
    with pytest.raises(AttributeError, match="did you mean 'qpos'"):
        batch.qpso
    with pytest.raises(AttributeError):
        batch.qpso = 1
    with pytest.raises(mo.Error, match='did you mean "sensordata"'):
        batch.bind("sensordta")
    with pytest.raises(mo.Error, match="allowed are 'none', 'vel', 'acc'"):
        batch.step(refresh="all")


def test_bad_construction_is_refused(model):
    for arguments, message in [
        ({"worlds": 0}, "worlds = 0"),
        ({"device": "tpu"}, "allowed are 'cpu', 'cuda', 'cuda:N' and 'emulated'"),
        ({"device": "cuda:999"}, "device cuda"),
        ({"precision": "half"}, "'single' and 'double'"),
        ({"worlds": 10_000_001}, "allowed are 1 .. 10000000"),
    ]:
        with pytest.raises(mo.Error, match=message):
            mo.Batch(model, **arguments)


def test_state_rows_have_mujocos_layout(double, scene_xml, mujoco):
    m = mujoco.MjModel.from_xml_string(scene_xml)
    d = mujoco.MjData(m)
    kind = mujoco.mjtState.mjSTATE_INTEGRATION
    rng = np.random.default_rng(0)
    d.ctrl[:] = rng.normal(size=m.nu)
    d.xfrc_applied[2] = rng.normal(size=6)
    for _ in range(9):
        mujoco.mj_step(m, d)
    row = np.empty(mujoco.mj_stateSize(m, kind))
    mujoco.mj_getState(m, d, row, kind)
    double.set_state(row)  # one row for all worlds
    np.testing.assert_array_equal(double.get_state(), np.tile(row, (4, 1)))
    np.testing.assert_array_equal(double.qvel[3], d.qvel)
    assert double.time[0] == d.time
    assert double.get_state(ids=[2]).shape == (1, row.size)
    np.testing.assert_array_equal(row[double.state_layout["ctrl"]], d.ctrl)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e30])
def test_bad_rows_are_refused_and_nothing_is_written(double, bad):
    rows = double.get_state()
    rows[:, 1] = 5
    rows[2, double.state_layout["qvel"].start] = bad
    with pytest.raises(mo.Error, match="row 2: qvel\\[0\\]"):
        double.set_state(rows)
    assert not (double.qpos == 5).any()
    with pytest.raises(mo.Error, match="do not fit"):
        double.set_state(np.zeros((4, 3)))


def test_a_saved_world_continues_with_the_same_bits(batch, model):
    batch.set_body_mass(np.asarray(model.body_mass) * 1.1, ids=[5])
    batch.qvel[5] = 0.3
    batch.step(nstep=40)
    saved = batch.save(5)
    batch.step(nstep=40)
    other = mo.Batch(model, worlds=2)
    other.load(1, saved)
    other.step(nstep=40)
    np.testing.assert_array_equal(other.qpos[1], batch.qpos[5])
    np.testing.assert_array_equal(
        other.get_override("body_mass", ids=1), batch.get_override("body_mass", ids=5)
    )
    assert other.time[1] == batch.time[5]
    for broken in (b"", saved[:-1], b"x" + saved[1:], saved + b"\0"):
        with pytest.raises(mo.Error):
            other.load(0, broken)


def test_rollout_equals_a_loop(batch, model):
    rng = np.random.default_rng(1)
    controls = rng.uniform(-1, 1, size=(WORLDS, 11, 2)).astype(np.float32)
    out = batch.rollout(controls, record=["qpos", "time", "xpos"], nstep=2)
    assert out["qpos"].shape == (WORLDS, 11, model.nq) and out["xpos"].shape == (WORLDS, 11, 6, 3)
    loop = mo.Batch(model, worlds=WORLDS)
    xpos = loop.bind("xpos")
    for t in range(11):
        loop.ctrl[:] = controls[:, t]
        loop.step(nstep=2)
        np.testing.assert_array_equal(out["qpos"][:, t], loop.qpos)
        np.testing.assert_array_equal(out["xpos"][:, t], xpos)
    np.testing.assert_allclose(out["time"][0], np.arange(1, 12) * 0.01)
    part = batch.rollout(controls[0], record=["qvel"], ids=[3, 1])
    assert part["qvel"].shape == (2, 11, model.nv)
    with pytest.raises(mo.Error, match="do not fit"):
        batch.rollout(np.zeros((2, 3, 5)))


def test_contacts_agree_with_mujoco(double, scene_xml, mujoco):
    m = mujoco.MjModel.from_xml_string(scene_xml)
    d = mujoco.MjData(m)
    for _ in range(150):
        mujoco.mj_step(m, d)
    row = np.empty(mujoco.mj_stateSize(m, mujoco.mjtState.mjSTATE_INTEGRATION))
    mujoco.mj_getState(m, d, row, mujoco.mjtState.mjSTATE_INTEGRATION)
    double.set_state(row)
    mujoco.mj_forward(m, d)
    ours = double.contacts(2)
    assert len(ours) == d.ncon > 0
    total, expected, one = np.zeros(3), np.zeros(3), np.zeros(6)
    for contact, theirs in zip(ours, d.contact, strict=True):
        assert (contact.geom1, contact.geom2, contact.dim) == (*theirs.geom, theirs.dim)
        np.testing.assert_allclose(contact.pos, theirs.pos, atol=1e-9)
        np.testing.assert_allclose(contact.frame, theirs.frame, atol=1e-9)
        assert contact.efc_address == theirs.efc_address
        total += contact.frame.reshape(3, 3).T @ contact.force[:3]
    for i in range(d.ncon):
        mujoco.mj_contactForce(m, d, i, one)
        expected += d.contact[i].frame.reshape(3, 3).T @ one[:3]
    np.testing.assert_allclose(total, expected, atol=1e-6 * np.abs(expected).max())


OVERRIDES = {
    "body_mass": lambda x: x * 1.3,
    "body_inertia": lambda x: x * 1.2,
    "body_ipos": lambda x: x + 0.01 * (np.arange(len(x))[:, None] > 0),
    "geom_friction": lambda x: x * 0.5,
    "actuator_gainprm": lambda x: x * 1.5,
    "actuator_biasprm": lambda x: x * 0.7,
    "dof_armature": lambda x: x + 0.02,
    "dof_damping": lambda x: x + 0.3,
    "dof_frictionloss": lambda x: x + 0.1,
}


@pytest.mark.parametrize("field", [*OVERRIDES, "gravity"])
def test_an_overridden_world_equals_an_edited_mujoco_model(model, scene_xml, field, mujoco):
    m = mujoco.MjModel.from_xml_string(scene_xml)
    d = mujoco.MjData(m)
    if field == "gravity":
        m.opt.gravity[:] = value = [0.1, -0.2, -3.7]
    else:
        value = OVERRIDES[field](np.array(getattr(m, field)))
        getattr(m, field)[:] = value
    mujoco.mj_setConst(m, d)
    mujoco.mj_resetData(m, d)
    batch = mo.Batch(model, worlds=3, precision="double")
    getattr(batch, f"set_{field}")(value, ids=[1])
    np.testing.assert_allclose(batch.get_override(field, ids=1)[0], value)
    for derived in ("body_subtreemass", "body_invweight0", "dof_invweight0", "actuator_acc0"):
        ours = batch.get_override(derived)
        np.testing.assert_allclose(
            ours[1], getattr(m, derived), rtol=1e-9, atol=1e-12, err_msg=derived
        )
        np.testing.assert_allclose(ours[0], getattr(model, derived), rtol=1e-12)

    # both from the same state, through contact
    reference = mo.Batch(model, worlds=1, precision="double")
    rng = np.random.default_rng(4)
    names = ("qacc", "qfrc_bias", "qfrc_actuator")
    for name in names:
        batch.bind(name)
    for _ in range(120):
        d.ctrl[:] = rng.uniform(-1, 1, m.nu)
        row = np.empty(mujoco.mj_stateSize(m, mujoco.mjtState.mjSTATE_INTEGRATION))
        mujoco.mj_getState(m, d, row, mujoco.mjtState.mjSTATE_INTEGRATION)
        batch.set_state(row)
        batch.step()
        mujoco.mj_step(m, d)
        for name in names:
            theirs = getattr(d, name)
            scale = max(1.0, np.abs(theirs).max())
            np.testing.assert_allclose(getattr(batch, name)[1], theirs, atol=1e-9 * scale, rtol=0)
        np.testing.assert_allclose(batch.qpos[1], d.qpos, atol=1e-9)
    # its neighbours keep the model's numbers
    reference.set_state(row)
    reference.step()
    np.testing.assert_array_equal(batch.qpos[0], reference.qpos[0])
    np.testing.assert_array_equal(batch.qpos[2], reference.qpos[0])


def test_overrides_are_checked(batch, model):
    for values in (np.nan, -1.0, np.inf):
        with pytest.raises(mo.Error):
            batch.set_body_mass(values)
    with pytest.raises(mo.Error, match="do not fit"):
        batch.set_body_mass([1.0, 2.0])
    with pytest.raises(mo.Error, match="cannot differ between worlds"):
        batch.get_override("geom_solmix")
    np.testing.assert_allclose(batch.get_override("body_mass")[4], model.body_mass)


def test_overrides_through_names(batch):
    batch.body("trunk").mass = np.linspace(3, 5, WORLDS)
    assert batch.get_override("body_mass")[0, 1] == 3
    assert batch.body("trunk").mass[-1] == 5
    batch.joint("hip").damping = 0.7
    assert (batch.get_override("dof_damping")[:, 6] == 0.7).all()
    with pytest.raises(ValueError, match="read-only"):
        batch.body("trunk").mass[0] = 3


def test_time_counts_steps_without_drift(model):
    batch = mo.Batch(model, worlds=2)
    batch.step(nstep=1000)
    assert batch.time[0] == 1000 * 0.005
    batch.time = [3.0, 4.0]
    batch.step()
    np.testing.assert_allclose(batch.time, [3.005, 4.005], rtol=1e-15)


def test_status_is_sticky_until_read(batch):
    batch.ctrl[4, 0] = np.nan
    batch.step()
    assert (
        batch.status[4] == mo.STATUS_BITS["bad_input"] and batch.status_counts()["bad_input"] == 1
    )
    batch.ctrl[4, 0] = 0
    batch.step()
    assert batch.read_status()[4] == mo.STATUS_BITS["bad_input"]
    assert not batch.status.any()
