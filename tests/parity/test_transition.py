"""Derivatives of a step agree with mjd_transitionFD."""

import numpy as np
import pytest

mujoco = pytest.importorskip("mujoco")

import oracle_models  # noqa: E402
import step_report  # noqa: E402

import motorium as mo  # noqa: E402

FILES = {p.stem: p for p in oracle_models.OWN}
SMOOTH = [
    "actuator_actrange" if "actuator_actrange" in FILES else "actuator_general",
    "actuator_position",
    "actuator_site",
    "fluid_ellipsoid_fast",
    "implicit_chain",
    "joint_mixed",
    "sensors_frame",
    "springs_curved",
]


def oracle(m, d, eps, centered):
    nx = 2 * m.nv + m.na
    A, B = np.zeros((nx, nx)), np.zeros((nx, m.nu))
    C, D = np.zeros((m.nsensordata, nx)), np.zeros((m.nsensordata, m.nu))
    mujoco.mjd_transitionFD(m, d, eps, centered, A, B, C, D)
    return A, B, C, D


@pytest.mark.parametrize("centered", [True, False])
@pytest.mark.parametrize("name", SMOOTH)
def test_matrices_agree(name, centered):
    m, model = oracle_models.load_pair(FILES[name])
    rng = np.random.default_rng(2)
    d = mujoco.MjData(m)
    count, eps = 4, 1e-5
    rows, expected = [], []
    for _ in range(count):
        step_report.random_state(m, d, rng, spread=0.1)
        step_report.random_inputs(m, d, rng)
        mujoco.mj_step(m, d)
        rows.append(step_report.state_of(m, d))
        expected.append(oracle(m, d, eps, centered))
    batch = mo.Batch(model, worlds=count, precision="double")
    batch.set_state(np.array(rows))
    before = batch.qpos.copy()
    got = mo.transition_fd(batch, eps, centered=centered, sensors=True)
    np.testing.assert_array_equal(batch.qpos, before)
    for w in range(count):
        for ours, theirs in zip(got, expected[w]):
            scale = max(1.0, np.abs(theirs).max(initial=0))
            assert np.abs(ours[w] - theirs).max(initial=0) <= 2e-7 * scale


DELAYS = """<mujoco><option timestep=".01"/><worldbody>
<body><joint name="a" axis="0 1 0" damping=".1"/><geom size=".05" pos=".2 0 0"/>
<body pos=".4 0 0"><joint name="b" axis="0 1 0"/><geom size=".04" pos=".2 0 0"/></body></body>
</worldbody><actuator>
<motor joint="a" delay=".03" nsample="5"/><position joint="b" kp="3" delay=".02" nsample="4" interp="linear"/>
<general joint="b" dyntype="filter" dynprm=".1" gainprm="2"/></actuator>
<sensor><jointpos joint="a" delay=".02" nsample="4"/><jointvel joint="b"/></sensor></mujoco>"""


def test_histories_stay_as_they_are_while_the_rest_changes():
    """MuJoCo refuses delays here; the oracle is its step from states that differ in one number."""
    m, model = mujoco.MjModel.from_xml_string(DELAYS), mo.Model.from_string(DELAYS)
    d, rng, eps = mujoco.MjData(m), np.random.default_rng(3), 1e-6
    full = mujoco.mjtState.mjSTATE_INTEGRATION
    with pytest.raises(mujoco.FatalError, match="delays are not supported"):
        oracle(m, d, eps, True)
    for _ in range(12):
        d.ctrl[:] = rng.normal(size=m.nu)
        mujoco.mj_step(m, d)
    start = np.empty(mujoco.mj_stateSize(m, full))
    mujoco.mj_getState(m, d, start, full)
    nx = 2 * m.nv + m.na

    def outcome(column, way):
        mujoco.mj_setState(m, d, start, full)
        x = [d.qpos, d.qvel, d.act, d.ctrl]
        for part in x:
            if 0 <= column < part.size:
                part[column] += way
            column -= part.size
        mujoco.mj_step(m, d)
        return np.concatenate([d.qpos, d.qvel, d.act, d.sensordata])

    expected = np.array([(outcome(i, eps) - outcome(i, -eps)) / (2 * eps) for i in range(nx + m.nu)]).T
    batch = mo.Batch(model, worlds=2, precision="double")
    batch.set_state(np.array([start, start]))
    before = batch.get_state()
    A, B, C, D = mo.transition_fd(batch, eps, centered=True, sensors=True)
    np.testing.assert_array_equal(batch.get_state(), before)
    got = np.block([[A[1], B[1]], [C[1], D[1]]])
    assert np.abs(got - expected).max() < 2e-8
    # a delayed control does not act yet, the other one does
    assert np.abs(B[1][:, 0]).max() == 0 and np.abs(B[1][:, 2]).max() > 0
    # a delayed reading does not know the present yet
    assert np.abs(C[1][0]).max() == 0 and np.abs(C[1][1]).max() > 0


def test_a_control_at_its_limit_changes_to_the_inside():
    xml = """<mujoco><worldbody><body><joint name="j"/><geom size=".1"/></body></worldbody>
    <actuator><motor joint="j" ctrlrange="-1 1"/></actuator></mujoco>"""
    batch = mo.Batch(mo.Model.from_string(xml), worlds=3)
    batch.ctrl[:] = np.array([[-1.0], [0.0], [1.0]])
    B = mo.transition_fd(batch).B
    assert np.abs(B[:, 1, 0]).min() > 0
    np.testing.assert_allclose(B[0], B[1], rtol=1e-6)
    np.testing.assert_allclose(B[2], B[1], rtol=1e-6)


def test_overrides_of_worlds_count_and_sensors_are_optional():
    xml = """<mujoco><option gravity="0 0 0"/><worldbody><body><joint/><geom size=".1"/></body>
    </worldbody></mujoco>"""
    batch = mo.Batch(mo.Model.from_string(xml), worlds=2)
    batch.set_dof_damping(np.array([[0.0], [0.5]]))
    t = mo.transition_fd(batch)
    assert t.C is None and t.D is None and t.B.shape == (2, 2, 0)
    assert abs(t.A[0, 1, 1] - 1) < 1e-9 and t.A[1, 1, 1] < 0.99


def test_a_step_is_refused_that_faults():
    xml = '<mujoco><worldbody><body><joint/><geom size=".1"/></body></worldbody></mujoco>'
    batch = mo.Batch(mo.Model.from_string(xml), worlds=2)
    batch.qvel[1] = np.inf
    with pytest.raises(mo.Error, match="world 1"):
        mo.transition_fd(batch)
    with pytest.raises(mo.Error, match="eps"):
        mo.transition_fd(batch, eps=0)
