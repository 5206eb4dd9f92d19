"""Numbers of a world's own: the same world in MuJoCo is a model that was edited and given to
mj_setConst. Constants and 1-step results agree, neighbours keep the model's bits."""

import pathlib

import numpy as np
import pytest

import motorium as mo

MODELS = pathlib.Path(__file__).resolve().parents[1] / "parity/models"

# one of everything whose numbers a world may have for itself
RICH = """<mujoco><option density="1.5" viscosity="0.01" integrator="implicitfast" tolerance="1e-14"/>
<worldbody><geom name="floor" type="plane" size="0 0 1" solref="0.03 0.9"/>
<camera name="tracker" mode="trackcom" pos="0 -1 1"/><site name="hook" pos="0 0 2"/>
<body name="base" pos="0 0 0.44"><freejoint name="root"/>
  <inertial mass="3" pos="0.01 0.02 0.03" quat="0.9 0.1 0.2 0.3" diaginertia="0.03 0.04 0.05"/>
  <geom name="hull" type="box" size="0.2 0.1 0.06" fluidshape="ellipsoid" pos="0.01 0 0"/>
  <site name="imu" pos="0.05 0.02 0" euler="10 20 30"/><site name="winch" pos="0 0 0.1"/>
  <camera name="eye" mode="track" pos="0.1 0 0.3" fovy="50"/>
  <body name="thigh" pos="0.2 0 0" euler="5 0 0">
    <joint name="hip" axis="0 1 0" pos="0 0.01 0" range="-10 10" stiffness="3" springref="10"
     damping="0.3" armature="0.01" frictionloss="0.1" actuatorfrcrange="-2 3"/>
    <geom name="thigh" type="capsule" fromto="0 0 0 0 0 -0.2" size="0.03" fluidshape="ellipsoid"/>
    <geom name="pin" type="sphere" size="0.02" pos="0 0.1 -0.1" contype="0" conaffinity="0"/>
    <site name="above" pos="0 0.12 0"/>
    <body name="shin" pos="0 0 -0.25">
      <joint name="knee" axis="0 1 0" range="-8 8" armature="0.01"/>
      <geom name="foot" type="sphere" size="0.05" pos="0 0 -0.2" friction="0.8 0.01 0.001"/>
      <site name="below" pos="0 0.12 -0.05"/><site name="sole" size="0.06" pos="0 0 -0.2"/>
    </body></body></body>
<body name="left" pos="1 0 1"><joint name="lx" axis="0 1 0"/><geom type="ellipsoid" size=".1 .05 .08" pos="0 0 -0.2"/>
  <site name="ls" pos="0.05 0 -0.2"/></body>
<body name="right" pos="1.3 0 1"><joint name="rx" type="slide" axis="0 0 1" stiffness="30"/>
  <joint name="rz" type="hinge" axis="0 0 1"/><geom type="cylinder" size=".06 .1" pos="0 0.02 -0.2"/></body>
<body name="door" pos="-1 0 1"><joint name="hinge" type="ball" range="0 20" stiffness="1" damping="0.1"/>
  <geom type="box" size=".1 .02 .2" pos="0 0 -0.2"/></body>
</worldbody>
<tendon>
  <spatial name="rope" range="0 1.45" limited="true" stiffness="20" damping="1" frictionloss="0.4" springlength="0.2 1.3">
    <site site="hook"/><site site="winch"/></spatial>
  <spatial name="string" stiffness="5"><site site="above"/><geom geom="pin"/><site site="below"/></spatial>
  <fixed name="sum" range="-0.2 0.2" limited="true" armature="0.02" actuatorfrcrange="-1 1" stiffness="2" frictionloss="0.1">
    <joint joint="lx" coef="1"/><joint joint="rz" coef="-0.5"/></fixed>
  <fixed name="other"><joint joint="rx" coef="1"/></fixed>
</tendon>
<equality><weld name="free" body1="door" body2="left" solref="0.1 1"/>
  <connect name="pinned" body1="right" body2="left" anchor="0 0 -0.1" active="true" solref="0.08 1"/>
  <tendon name="pair" tendon1="sum" tendon2="other" polycoef="0.01 0.5 0 0 0" solref="0.2 1"/>
  <joint name="geared" joint1="lx" joint2="rx" polycoef="0 0.5 0 0 0" solref="0.3 1"/></equality>
<actuator><position name="hip" joint="hip" kp="20" kv="0.5" ctrlrange="-0.6 0.6" forcerange="-4 4"/>
  <general name="knee" joint="knee" dyntype="filter" dynprm="0.05" gainprm="10" actrange="-0.5 0.5" actlimited="true"/>
  <motor name="thrust" site="imu" gear="1 2 3 0.1 0.2 0.3"/><motor name="pull" tendon="rope" gear="-3"/>
  <motor name="twist" tendon="sum" gear="2"/>
  <motor name="reach" site="sole" refsite="imu" gear="1 0 2 0 0 0"/>
  <general name="crank" cranksite="below" slidersite="above" cranklength="0.6"/></actuator>
<sensor><framepos objtype="camera" objname="tracker"/><framepos objtype="camera" objname="eye"/>
  <framequat objtype="camera" objname="eye"/><camprojection camera="eye" site="sole"/><touch site="sole"/>
  <accelerometer site="imu"/><framepos objtype="geom" objname="foot"/><framequat objtype="geom" objname="hull"/>
  <framequat objtype="body" objname="base"/><rangefinder site="imu"/></sensor>
</mujoco>"""


def turned(q):
    q = q + 0.1 * np.array([0.3, 1, -0.5, 0.7])
    return q / np.linalg.norm(q, axis=-1, keepdims=True)


def turn_joints(m, q):
    q = q.copy()
    for j, at in zip(m.jnt_type, m.jnt_qposadr, strict=True):
        if j == 0:
            q[at : at + 3] += 0.05
            q[at + 3 : at + 7] = turned(q[at + 3 : at + 7])
        elif j == 1:
            q[at : at + 4] = turned(q[at : at + 4])
        else:
            q[at] += 0.1
    return q


def tilt_axes(m, a):
    a = a.copy()
    for j in np.flatnonzero(m.jnt_type > 1):
        a[j] += [0.1, 0.2, -0.1]
        a[j] /= np.linalg.norm(a[j])
    return a


def grown(m, kind, size):
    return size * np.where(np.isin(kind, [1, 7]), 1.0, 1.2)[:, None]


def not_the_world(x, by):
    x = x.copy()
    x[1:] += by
    return x


def gears(m, x):
    return x * 1.3 + 0.05 * (x != 0)


def steepened(x):
    return x * [1, 1, 2, 1, 1] + [0.02, 0, 0, 0.1, 0.5]


# field -> what becomes of it
EDITS = {
    "gravity": lambda m, x: x + [0.3, -0.2, 2.0],
    "qpos0": turn_joints,
    "qpos_spring": turn_joints,
    "body_pos": lambda m, x: not_the_world(x, [0.02, 0.03, -0.01]),
    "body_quat": lambda m, x: np.vstack([x[:1], turned(x[1:])]),
    "body_mass": lambda m, x: x * 1.3,
    "body_inertia": lambda m, x: x * 1.15,
    "body_ipos": lambda m, x: not_the_world(x, 0.01),
    "body_iquat": lambda m, x: np.vstack([x[:1], turned(x[1:])]),
    "jnt_pos": lambda m, x: x + 0.02 * (m.jnt_type > 0)[:, None],
    "jnt_axis": tilt_axes,
    "jnt_stiffness": lambda m, x: x * 1.5 + 0.3 * (m.jnt_type > 0),
    "jnt_range": lambda m, x: x * 0.3,
    "jnt_margin": lambda m, x: x + 0.2,
    "jnt_solref": lambda m, x: x * [2, 0.7],
    "jnt_solimp": lambda m, x: steepened(x),
    "jnt_actfrcrange": lambda m, x: x * 0.3,
    "dof_armature": lambda m, x: x + 0.02 * (np.arange(len(x)) > 5),
    "dof_damping": lambda m, x: x + 0.3,
    "dof_frictionloss": lambda m, x: x + 0.1 * (np.arange(len(x)) > 5),
    "dof_solref": lambda m, x: x * [2, 0.7],
    "dof_solimp": lambda m, x: steepened(x),
    "geom_pos": lambda m, x: x + 0.01,
    "geom_quat": lambda m, x: turned(x),
    "geom_size": lambda m, x: grown(m, m.geom_type, x),
    "geom_friction": lambda m, x: x * 0.3,
    "geom_margin": lambda m, x: x + 0.03,
    "geom_gap": lambda m, x: x + 0.03,
    "geom_solref": lambda m, x: x * [1.7, 0.8],
    "geom_solimp": lambda m, x: steepened(x),
    "site_pos": lambda m, x: x + [0.01, 0.02, 0.03],
    "site_quat": lambda m, x: turned(x),
    "site_size": lambda m, x: grown(m, m.site_type, x) * 0.3,
    "cam_pos": lambda m, x: x + [0.1, 0.2, 0.3],
    "cam_quat": lambda m, x: turned(x),
    "cam_fovy": lambda m, x: x * 0.8,
    "eq_data": lambda m, x: x + 0.02 * (np.arange(x.shape[1]) < 3),
    "eq_solref": lambda m, x: x * [1.7, 0.8],
    "eq_solimp": lambda m, x: steepened(x),
    "tendon_range": lambda m, x: x * 0.3,
    "tendon_margin": lambda m, x: x + 0.3,
    "tendon_solref_lim": lambda m, x: x * [1.7, 0.8],
    "tendon_solimp_lim": lambda m, x: steepened(x),
    "tendon_solref_fri": lambda m, x: x * [1.7, 0.8],
    "tendon_solimp_fri": lambda m, x: steepened(x),
    "tendon_actfrcrange": lambda m, x: x * 0.3,
    "tendon_stiffness": lambda m, x: x + 4,
    "tendon_damping": lambda m, x: x + 0.5,
    "tendon_armature": lambda m, x: x + 0.03 * (np.arange(len(x)) != 1),
    "tendon_frictionloss": lambda m, x: x + 0.2,
    "tendon_lengthspring": lambda m, x: x * [0.5, 0.8],
    "actuator_gear": gears,
    "actuator_cranklength": lambda m, x: x * 1.1,
    "actuator_ctrlrange": lambda m, x: x * 0.3,
    "actuator_forcerange": lambda m, x: x * 0.1,
    "actuator_actrange": lambda m, x: x * 0.2,
    "actuator_dynprm": lambda m, x: x * 1.5,
    "actuator_gainprm": lambda m, x: x * 1.5,
    "actuator_biasprm": lambda m, x: x * 0.7,
}
DERIVED = [
    "body_subtreemass",
    "body_invweight0",
    "dof_invweight0",
    "geom_rbound",
    "geom_fluid",
    "cam_poscom0",
    "cam_pos0",
    "cam_mat0",
    "eq_data",
    "tendon_length0",
    "tendon_invweight0",
    "actuator_acc0",
]
OUTPUTS = ("qacc", "qfrc_bias", "qfrc_passive", "qfrc_actuator", "qfrc_constraint", "sensordata")


def test_every_field_is_here():
    settable = [n[4:] for n in dir(mo.Batch) if n.startswith("set_")]
    assert set(settable) - {"models", "state"} == set(EDITS)


def edited(mujoco, field):
    """MuJoCo's model with the field edited, and the field's new value"""
    # bodies that are compiled as simple may not be edited
    xml = RICH.replace('<body name="', '<body simple="false" name="')
    m = mujoco.MjModel.from_xml_string(xml)
    place = m.opt if field == "gravity" else m
    value = EDITS[field](m, np.array(getattr(place, field)))
    getattr(place, field)[:] = value
    d = mujoco.MjData(m)
    mujoco.mj_setConst(m, d)
    mujoco.mj_resetData(m, d)
    return m, d, value


@pytest.mark.parametrize("field", EDITS)
def test_a_world_equals_an_edited_mujoco_model(field, mujoco):
    m, d, value = edited(mujoco, field)
    model = mo.Model.from_string(RICH)
    batch = mo.Batch(model, worlds=3, precision="double")
    getattr(batch, f"set_{field}")(value, ids=[1])
    for derived in DERIVED:
        ours = batch.get_override(derived)
        theirs = getattr(m, derived)
        if derived == "eq_data":  # the rest of the row is MuJoCo's own
            columns = {0: range(6), 1: range(12), 2: range(5), 3: range(5)}
            used = [list(columns[int(t)]) for t in m.eq_type]
            ours = [np.concatenate([row[u] for row, u in zip(w, used, strict=True)]) for w in ours]
            theirs = np.concatenate([row[u] for row, u in zip(theirs, used, strict=True)])
        np.testing.assert_allclose(ours[1], theirs, rtol=1e-9, atol=1e-11, err_msg=derived)
        np.testing.assert_array_equal(ours[0], ours[2])

    # from the same states, through contacts and limits
    batch.reset()
    np.testing.assert_allclose(batch.qpos[1], d.qpos, atol=1e-15)
    for name in (*OUTPUTS, "ncon"):
        batch.bind(name)
    rng = np.random.default_rng(4)
    d.qvel[:] = rng.normal(size=m.nv)  # drag at hardly any speed is all rounding
    d.qvel[:3] = [0.3, 0.2, -0.5]  # down to the floor
    parted = 0.0
    for _ in range(200):
        d.ctrl[:] = rng.uniform(-1, 1, m.nu)
        row = np.empty(mujoco.mj_stateSize(m, mujoco.mjtState.mjSTATE_INTEGRATION))
        mujoco.mj_getState(m, d, row, mujoco.mjtState.mjSTATE_INTEGRATION)
        batch.set_state(row)
        batch.step()
        mujoco.mj_step(m, d)
        for name in OUTPUTS:
            ours, theirs = getattr(batch, name), getattr(d, name)
            # readings of the accelerometer are accelerations
            scale = max(1.0, np.abs(d.qacc if name == "sensordata" else theirs).max())
            loose = name in ("qacc", "qfrc_constraint", "sensordata")
            np.testing.assert_allclose(
                ours[1], theirs, atol=(1e-6 if loose else 1e-9) * scale, rtol=0, err_msg=name
            )
            parted = max(parted, np.abs(ours[1] - ours[0]).max() / scale)
            np.testing.assert_array_equal(ours[0], ours[2], err_msg=name)
        assert batch.ncon[1] == d.ncon
        parted = max(parted, abs(d.ncon - batch.ncon[0]))
        for name in ("qpos", "qvel", "act"):
            ours, theirs = getattr(batch, name), getattr(d, name)
            np.testing.assert_allclose(ours[1], theirs, atol=1e-7, rtol=0, err_msg=name)
            parted = max(parted, np.abs(ours[1] - ours[0]).max())
    assert parted > 1e-6, "the field has no effect here"


def test_the_model_itself_is_what_its_neighbours_run():
    model = mo.Model.from_string(RICH)
    batch = mo.Batch(model, worlds=3, precision="double")
    alone = mo.Batch(model, worlds=1, precision="double")
    for field, edit in EDITS.items():
        value = edit(model, np.array(getattr(model, field)))
        getattr(batch, f"set_{field}")(value, ids=[1])
    batch.reset()
    batch.step(nstep=200)
    alone.step(nstep=200)
    np.testing.assert_array_equal(batch.qpos[0], alone.qpos[0])
    np.testing.assert_array_equal(batch.qpos[2], alone.qpos[0])
    assert np.abs(batch.qpos[1] - alone.qpos[0]).max() > 1e-3


FRAMES = ["body_ipos", "body_iquat", "geom_pos", "geom_quat", "site_pos", "site_quat"]


@pytest.mark.parametrize("field", FRAMES)
def test_the_model_s_own_frame_given_to_a_world_changes_no_bit(field):
    # frames that the kernels take as those of their bodies: see same_frames.h
    model = mo.load(str(MODELS / "same_frames.xml"))
    plain, given = (mo.Batch(model, worlds=3, precision="double") for _ in range(2))
    getattr(given, f"set_{field}")(np.array(getattr(model, field))[None], ids=[1])
    for batch in (plain, given):
        batch.bind("geom_xpos"), batch.bind("sensordata")
        batch.step(nstep=50)
    for name in ("qpos", "qvel", "geom_xpos", "sensordata"):
        for world in range(3):
            ours, theirs = getattr(given, name)[world], getattr(plain, name)[world]
            np.testing.assert_array_equal(ours, theirs, err_msg=f"{name} of world {world}")


BAD = {
    "body_mass": (1, -1.0, r"body_mass\[world 1\]\[1\] = -1: allowed are numbers of 0 or more"),
    "body_quat": ((2, 0), 2.0, r"body_quat\[world 1\]\[2\]\[0\] = 2: allowed are unit quaternions"),
    "jnt_axis": ((1, 1), 3.0, "allowed are unit vectors"),
    "jnt_range": ((1, 0), 4.0, r"jnt_range\[world 1\]\[1\]\[0\] = 4: .*lower bounds below upper"),
    "qpos0": (3, 2.0, "unit quaternions of free and ball joints"),
    "geom_size": ((1, 1), 0.0, r"geom_size\[world 1\]\[1\]\[1\] = 0: allowed are positive sizes"),
    "geom_margin": (1, -1.0, "numbers of 0 or more"),
    "cam_fovy": (0, 180.0, "below 180"),
    "tendon_armature": (1, 0.1, "0 for tendons with geoms on their path"),
    "tendon_lengthspring": ((0, 0), 9.0, "lengths that do not fall"),
    "tendon_range": ((0, 0), 9.0, "lower bounds below upper"),
    "tendon_actfrcrange": ((2, 0), 0.5, "bounds with 0 between them"),
    "actuator_gear": ((5, slice(None)), 0.0, "keep a turn between sites a turn"),
    "actuator_cranklength": (6, 0.0, "positive lengths"),
    "actuator_ctrlrange": ((0, 0), 3.0, "lower bounds below upper"),
    "actuator_dynprm": ((1, 0), -1.0, "time constants of 0 or more"),
    "gravity": (1, np.inf, r"gravity\[world 1\]\[1\] = inf: allowed are finite numbers up to 1e10"),
}


@pytest.mark.parametrize("field", BAD)
def test_impossible_numbers_are_refused(field):
    batch = mo.Batch(mo.Model.from_string(RICH), worlds=3, precision="double")
    at, bad, message = BAD[field]
    before = batch.get_override(field)
    value = before[1].copy()
    value[at] = bad
    with pytest.raises(mo.Error, match=message):
        getattr(batch, f"set_{field}")(value, ids=[1])
    np.testing.assert_array_equal(batch.get_override(field), before)


def test_shapes_of_meshes_and_mixes_by_option_stay():
    batch = mo.Batch(mo.load(MODELS / "meshes.xml"), worlds=2, precision="double")
    mesh = int(np.flatnonzero(batch.model.geom_type == 7)[0])
    size = np.array(batch.model.geom_size)
    size[mesh] *= 2
    with pytest.raises(mo.Error, match="the model's own size for meshes"):
        batch.set_geom_size(size)
    batch = mo.Batch(mo.load(MODELS / "override.xml"), worlds=2, precision="double")
    with pytest.raises(mo.Error, match="the flag override"):
        batch.set_geom_solref(batch.model.geom_solref)


def test_a_field_keeps_rows_of_the_worlds_that_have_it():
    # a million worlds, two with shapes of their own: dense rows would take gigabytes
    model = mo.Model.from_string(
        "<mujoco><worldbody>"
        + "".join(f"<geom size='0.1' pos='{i} 0 0'/>" for i in range(2000))
        + "<body><joint/><geom size='0.1'/></body></worldbody></mujoco>"
    )
    batch = mo.Batch(model, worlds=1_000_000, precision="double")
    batch.set_geom_size(np.array(model.geom_size) * 2, ids=[7, 999_999])
    assert batch.get_override("geom_size", ids=[7])[0, 0, 0] == 0.2
    assert batch.get_override("geom_size", ids=[8])[0, 0, 0] == 0.1
    batch.step(ids=[6, 7, 8])


VIEWS = {
    "joint": ("hip", {"range": (1, 2), "stiffness": (1,), "damping": (1, 1), "qpos0": (1, 1)}),
    "body": ("thigh", {"pos": (1, 3), "quat": (1, 4), "iquat": (1, 4)}),
    "geom": ("foot", {"size": (1, 3), "solref": (1, 2), "margin": (1,)}),
    "site": ("imu", {"pos": (1, 3), "quat": (1, 4)}),
    "camera": ("eye", {"pos": (1, 3), "fovy": (1,)}),
    "tendon": ("rope", {"stiffness": (1,), "range": (1, 2), "lengthspring": (1, 2)}),
    "equality": ("free", {"data": (1, 12), "solref": (1, 2)}),
    "actuator": ("hip", {"gear": (1, 1, 6), "ctrlrange": (1, 1, 2), "forcerange": (1, 2)}),
}


@pytest.mark.parametrize("kind", VIEWS)
def test_named_views_reach_them(kind):
    batch = mo.Batch(mo.Model.from_string(RICH), worlds=1, precision="double")
    name, attributes = VIEWS[kind]
    for attribute, shape in attributes.items():
        of = getattr(batch, kind)(name)
        before = getattr(of, attribute)
        assert before.shape == shape, attribute
        grown = before + 0.01 if attribute not in ("quat", "iquat") else turned(before)
        setattr(of, attribute, grown)
        kept = getattr(of, attribute)
        if (kind, attribute) == ("equality", "data"):  # the pose at qpos0 stays derived
            kept, grown = kept[:, :3], grown[:, :3]
        np.testing.assert_array_equal(kept, grown)
        with pytest.raises(ValueError, match="read-only"):
            kept[...] = 0


def test_every_named_kind_of_a_model_has_a_view():
    batch = mo.Batch(mo.Model.from_string(RICH), worlds=2, precision="double")
    assert batch.tendon("rope").length.shape == (2,)
    assert batch.tendon("sum").J.shape == (2, 2)
    np.testing.assert_array_equal(batch.tendon("sum").J[0], [1, -0.5])
    batch.equality("pinned").active = 0
    assert not batch.eq_active[:, batch.model.eq_names.index("pinned")].any()
    with pytest.raises(mo.Error, match="did you mean 'rope'"):
        batch.tendon("rop")
    keys = mo.Batch(mo.load(MODELS / "keyframes.xml"), worlds=2, precision="double")
    key = keys.keyframe(0)
    np.testing.assert_array_equal(key.qpos, np.tile(keys.model.key_qpos[0], (2, 1)))
    assert key.time.shape == (2,)
    with pytest.raises(ValueError, match="read-only"):
        key.qpos[0, 0] = 3
    with pytest.raises(AttributeError, match="a keyframe has no attribute 'qpso'"):
        _ = key.qpso
