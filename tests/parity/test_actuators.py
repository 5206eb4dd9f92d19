"""Actuators where they start out of their usual range, and ranges that are found by simulation."""

import numpy as np
import pytest

mujoco = pytest.importorskip("mujoco")

import oracle_models  # noqa: E402

import motorium as mo  # noqa: E402

SERVO = """<mujoco><option timestep=".01" gravity="0 0 0"/><worldbody>
<body><joint name="j"/><geom size=".1" pos=".1 0 0"/></body></worldbody><actuator>
<general joint="j" gaintype="pid" biastype="affine" dyntype="pid" gainprm="2" biasprm="0 -1 0"
dynprm=".3" actearly="{}"/></actuator></mujoco>"""


@pytest.mark.parametrize("early", ["true", "false"])
def test_an_integral_stops_to_grow_at_its_bound_and_is_never_cut(early):
    text = SERVO.format(early)
    m = mujoco.MjModel.from_xml_string(text)
    d = mujoco.MjData(m)
    starts = [-1, -0.31, -0.3, -0.29999, 0.0, 0.29999, 0.3, 0.305, 1.0]
    starts = [(z, u) for z in starts for u in (-1.0, 1.0)]
    batch = mo.Batch(mo.Model.from_string(text), worlds=len(starts), precision="double")
    force = batch.bind("actuator_force")
    batch.act[:, 0], batch.ctrl[:, 0] = np.array(starts).T
    batch.step()
    for w, (z, u) in enumerate(starts):
        mujoco.mj_resetData(m, d)
        d.act[0], d.ctrl[0] = z, u
        mujoco.mj_step(m, d)
        assert abs(batch.act[w, 0] - d.act[0]) < 1e-14
        assert abs(force[w, 0] - d.actuator_force[0]) < 1e-14
    assert batch.act.max() == 1


@pytest.mark.parametrize("integrator", ["Euler", "implicitfast", "implicit", "RK4", "discrete"])
def test_lengths_found_by_simulation_hang_on_the_integrator_as_in_mujoco(integrator):
    text = (oracle_models.ROOT / "tests/parity/models/muscle_lengthrange.xml").read_text()
    text = text.replace("<option ", f'<option integrator="{integrator}" ')
    ours = mo.Model.from_string(text).actuator_lengthrange
    theirs = mujoco.MjModel.from_xml_string(text).actuator_lengthrange
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-10)


EQUALITY = """<mujoco><worldbody><site name="w0"/><site name="w1" pos="1 0 0"/>
<body><joint axis="1 0 0" type="{}"/><geom size=".1"/><site name="a"/><site name="b" pos=".1 .2 0"/><site name="c" pos=".1 .2 0"/>
</body></worldbody><equality><{} site1="{}" site2="{}"/></equality></mujoco>"""


@pytest.mark.parametrize("kind", ["connect", "weld"])
@pytest.mark.parametrize("joint", ["slide", "hinge"])
@pytest.mark.parametrize("sites", ["w0 w1", "a b", "a w1", "b c"])
def test_equalities_that_nothing_moves_have_no_rows(joint, kind, sites):
    text = EQUALITY.format(joint, kind, *sites.split())
    m = mujoco.MjModel.from_xml_string(text)
    d = mujoco.MjData(m)
    d.qpos[0] = 0.3
    mujoco.mj_forward(m, d)
    batch = mo.Batch(mo.Model.from_string(text), worlds=1, precision="double")
    batch.qpos[0] = 0.3
    nefc = batch.bind("nefc")
    batch.forward()
    assert nefc[0] == d.nefc
