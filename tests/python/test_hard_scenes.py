"""N3: scenes that no solver can do well. State stays good, and status bits say what happened."""

import os

import motorium as mo
import numpy as np
import pytest

STEPS = 10_000 if os.environ.get("MOTORIUM_FULL") == "1" else 400
FLOOR = '<geom type="plane" size="5 5 .1"/>'


def free(shape, pos="0 0 1", more=""):
    return f'<body pos="{pos}"><freejoint/><geom {shape} {more}/></body>'


def world(body, option="", rest=""):
    return f"<mujoco><option {option}/><worldbody>{body}</worldbody>{rest}</mujoco>"


def chain(links, option, joint='type="ball"'):
    body = ""
    for _ in range(links):
        body = (
            f'<body pos="0 0 -.1"><joint {joint}/><geom type="capsule" size=".02" '
            f'fromto="0 0 0 0 0 -.1"/>{body}</body>'
        )
    return world(f'<body pos="0 0 3"><geom size=".01"/>{body}</body>', option)


SERVO = '<joint name="j" type="slide" axis="0 0 1"/><geom size=".1" mass="1"/>'
SCENES = {
    "many bodies in one point": world(FLOOR + free('size=".1"') * 30),
    "boxes in one pose": world(FLOOR + free('type="box" size=".1 .1 .1"') * 6),
    "mass ratio of a million": world(
        FLOOR
        + free('type="box" size=".1 .1 .1" mass=".001"', "0 0 .1")
        + free('type="box" size=".1 .1 .1" mass="1000"', "0 0 .3")
    ),
    "tiny mass": world(FLOOR + free('size=".05" mass="1e-9"', "0 0 .05")),
    "a step of a tenth of a second": chain(12, 'timestep="0.1"'),
    "a whip": chain(30, 'timestep="0.02"'),
    "gains of a million": world(
        f"<body>{SERVO}</body>",
        rest='<actuator><position joint="j" kp="1e6"/></actuator>',
    ),
    "gains of a million without inertia": world(
        '<body><joint name="j"/><geom size=".01" mass="1e-4" pos=".01 0 0"/></body>',
        rest='<actuator><position joint="j" kp="1e6" ctrlrange="-3 3"/></actuator>',
    ),
    "damping beyond reason": world(
        f"<body>{SERVO.replace('/><geom', ' damping=&quot;1e9&quot;/><geom')}</body>".replace(
            "&quot;", '"'
        ),
        'timestep="0.1"',
    ),
    "dry friction beyond reason": world(
        f"<body>{SERVO}</body>".replace('axis="0 0 1"', 'axis="0 0 1" frictionloss="1e6"')
    ),
    "a range of nothing": world(
        f"<body>{SERVO}</body>".replace('axis="0 0 1"', 'axis="0 0 1" range="0 1e-9"')
    ),
    "limits that contradict an equality": world(
        f"<body>{SERVO}</body>".replace('axis="0 0 1"', 'axis="0 0 1" range="1 2"'),
        rest='<equality><joint joint1="j"/></equality>',
    ),
    "welds that contradict each other": world(
        '<body name="a"><freejoint/><geom size=".1"/></body>',
        rest='<equality><weld body1="a" relpose="0 0 1 1 0 0 0"/>'
        '<weld body1="a" relpose="0 0 -1 0 1 0 0"/></equality>',
    ),
    "contacts stiffer than the step": world(
        FLOOR + free('size=".1" solref="-1e9 -1e3"', "0 0 .09"), 'timestep="0.02"'
    ),
    "contacts without give": world(
        FLOOR + free('type="box" size=".1 .1 .1" solimp=".9999 .9999 1e-9"', "0 0 .05")
    ),
    "rough cones": world(
        FLOOR + free('type="box" size=".1 .1 .1" friction="1e4 1e4 1e4" condim="6"', "0 0 .1"),
        'cone="elliptic" impratio="1e4"',
    ),
    "two iterations": world(
        FLOOR + free('type="box" size=".1 .1 .1"', "0 0 .1") * 3, 'iterations="2" ls_iterations="2"'
    ),
    "gravity of a star": world(FLOOR + free('size=".1"', "0 0 .1"), 'gravity="0 0 -1e6"'),
    "a needle on its point": world(
        FLOOR + free('type="capsule" size="1e-4 1" mass="1"', "0 0 1.0001")
    ),
    "implicit and stiff": world(
        f"<body>{SERVO}</body>",
        'integrator="implicitfast" timestep="0.1"',
        '<actuator><general joint="j" gainprm="1e6" biastype="affine" biasprm="0 -1e6 1e6"/>'
        "</actuator>",
    ),
}


@pytest.mark.parametrize("name", SCENES)
def test_state_stays_good(name):
    model = mo.Model.from_string(SCENES[name])
    batch = mo.Batch(model, worlds=9)
    rng = np.random.default_rng(0)
    batch.qvel[1:] = rng.normal(size=(8, model.nv)) * 10.0 ** rng.integers(-3, 4, size=(8, 1))
    frozen = mo.STATUS_BITS["frozen"]
    for k in range(STEPS // 20):
        if model.nu:
            batch.ctrl[:] = rng.uniform(-3, 3, size=batch.ctrl.shape)
        batch.step(nstep=20)
        for field in ("qpos", "qvel", "act", "qacc_warmstart"):
            values = getattr(batch, field)
            assert np.isfinite(values).all(), (field, k)
            if field != "qacc_warmstart":
                assert (np.abs(values) <= 1e10).all(), (field, k)
        # a world that stands still says so, the others keep time
        for w in range(9):
            if batch.status[w] & frozen:
                fault = mo.STATUS_BITS["fault_state"] | mo.STATUS_BITS["fault_acc"]
                assert batch.status[w] & fault
                assert batch.fault(w) is not None
            else:
                assert batch.time[w] == pytest.approx(20 * (k + 1) * model.opt.timestep)
    quats = [
        model.jnt_qposadr[j] + (3 if t == 0 else 0) for j, t in enumerate(model.jnt_type) if t < 2
    ]
    for q in quats:
        assert np.abs(np.linalg.norm(batch.qpos[:, q : q + 4], axis=1) - 1).max() < 1e-4


def test_there_are_twenty():
    assert len(SCENES) == 20
