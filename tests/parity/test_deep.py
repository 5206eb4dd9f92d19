"""Deep trees, whose inertia is inverted by sweeps over bodies (physics/articulated.h): steps agree with
MuJoCo's, the inverse is that of the inertia, and in float it is far better than by a factor."""

import numpy as np
import pytest

mujoco = pytest.importorskip("mujoco")

import step_report  # noqa: E402

import motorium as mo  # noqa: E402

AXES = ("1 0 0", "0 1 0", "0 0 1", "1 1 0", "0 .6 .8")
FEATURES = "hinges slides balls bodies branches rooted rotors limits contacts".split()
INTEGRATORS = "Euler implicitfast implicit RK4 discrete".split()


def joints(feature, i, rng):
    """The joints of the i-th body of a tree."""
    damping = rng.uniform(0.02, 0.2)
    numbers = f'damping="{damping:.3f}" armature="{rng.uniform(0.001, 0.01):.4f}"'
    axis = AXES[i % len(AXES)]
    hinge = f'<joint name="j{i}" axis="{axis}" {numbers} {{}}/>'
    if feature == "slides" and i % 2:
        return f'<joint type="slide" axis="{axis}" stiffness="400" {numbers}/>'
    if feature in ("balls", "rooted") and i % 2:
        return f'<joint type="ball" {numbers}/>'
    if feature == "bodies":
        # none, one, two or three joints
        others = [f'<joint type="slide" axis="1 0 0" stiffness="300" {numbers}/>',
                  f'<joint axis="0 0 1" {numbers}/>']  # fmt: skip
        return "".join([hinge.format(""), *others][: (i + 1) % 4])
    return hinge.format('range="-25 25"' if feature == "limits" else "")


def deep(feature, integrator, bodies=48, seed=0):
    """MJCF of a long tree."""
    rng = np.random.default_rng(seed)
    solid = 'contype="0" conaffinity="0"' if feature != "contacts" else ""
    text, ends = "", 0
    for i in range(bodies):
        joint = joints(feature, i, rng)
        if i == 0 and feature in ("rooted", "contacts"):
            joint = '<freejoint name="root"/>'
        shape = f'<geom type="capsule" fromto="0 0 0 .1 0 {0.02 * (i % 3)}" size=".03" {solid}/>'
        if feature == "branches" and i % 12 == 11:
            # a side branch of its own depth
            for k in range(5):
                text += f'<body pos=".05 .1 0"><joint axis="{AXES[k]}" damping=".1"/>{shape}'
            text += "</body>" * 5
        text += f'<body pos="{0.12 if i else 0} 0 {0.01 if i else 0.5}">{joint}{shape}'
        ends += 1
    text += "</body>" * ends
    # not every tree is deep: a free body turns by itself, where an integrator does that
    text += '<body pos="0 2 1"><freejoint/><geom type="box" size=".1 .07 .05"/></body>'
    driven = [i for i in range(bodies) if f'name="j{i}"' in text]
    servos = "".join(f'<position joint="j{i}" kp="3" kv=".2"/>' for i in driven[::7])
    if feature == "rotors":
        servos += f'<motor joint="j{driven[3]}" gear="3" armature=".002" damping=".01"/>'
        servos += f'<damper joint="j{driven[5]}" gear="2" kv=".3" ctrlrange="0 1"/>'
    if feature == "balls":
        # what couples dofs
        text = text.replace("<geom", '<site name="s"/><geom', 1)
        servos += '<general site="s" gear="1 0 0 0 1 0" biastype="affine" biasprm="0 0 -.2"/>'
    return (
        f'<mujoco><option integrator="{integrator}" timestep="0.002" tolerance="1e-13"/><worldbody>'
        f'<geom type="plane" size="9 9 .1" pos="0 0 {-20 if solid else 0.6}"/>{text}</worldbody>'
        f"<actuator>{servos}</actuator></mujoco>"
    )


@pytest.mark.parametrize("integrator", INTEGRATORS)
@pytest.mark.parametrize("feature", FEATURES)
def test_steps_of_deep_trees_agree(feature, integrator):
    text = deep(feature, integrator)
    m, model = mujoco.MjModel.from_xml_string(text), mo.Model.from_string(text)
    # multiply-adds of a factor, per dof: what the choice goes by
    assert 0.5 * np.square(model.M_rownum.astype(float)).mean() > 160
    d = mujoco.MjData(m)
    step_report.random_state(m, d, np.random.default_rng(7))
    mujoco.mj_forward(m, d)
    assert (d.nefc > 4) == (feature in ("limits", "contacts"))
    residuals = step_report.resynced_models(
        m, model, steps=12, episode=4, seed=7, name=f"{feature}@{integrator}"
    )
    over = {k: v for k, v in residuals.worst.items() if v[0] > 1e-8}
    assert not over, over
    assert residuals.steps >= 8


# what rows act on: one dof, one body, or several of each (physics/articulated_rows.h)
ROWS = ("limits", "friction", "plane", "spheres", "held", "apart", "selves", "chained", "ball limits", "one body")


def with_rows(rows, cone, integrator="Euler", bodies=48):
    """MJCF of a snake whose rows are of one kind, beside limits and friction."""
    rng, text = np.random.default_rng(3), ""
    touch = {"selves": "", "apart": "", "chained": 'contype="0" conaffinity="0"'}.get(
        rows, 'contype="2" conaffinity="0"'
    )
    for i in range(bodies):
        joint = f'<joint name="j{i}" axis="{AXES[i % 5]}" damping=".1" armature=".003" {{}}/>'
        extra = f'frictionloss="{rng.uniform(0.01, 0.2):.3f}"' if rows == "friction" else ""
        if rows == "limits":
            extra = 'range="-25 25" margin=".05"'
        elif rows in ("apart", "chained") and i % 3 == 0:
            extra = 'range="-20 30" frictionloss=".05"'
        joint = joint.format(extra)
        if rows == "ball limits" and i % 4 == 1:
            joint = f'<joint name="j{i}" type="ball" range="0 25" damping=".1"/>'
        if i == 0 and rows != "friction":
            joint = "<freejoint/>"
        condim = (1, 3, 4, 6)[i % 4]
        kind = f'type="capsule" fromto="0 0 0 .1 0 {0.02 * (i % 3)}" size=".03"'
        if rows in ("spheres", "selves"):
            kind = 'type="sphere" size=".04"'
        # spheres that touch the next but one
        step = 0.038 if rows == "selves" else 0.12
        text += (
            f'<body name="b{i}" pos="{step if i else 0} 0 {0.01 if i else 0.02}">{joint}'
            f'<geom {kind} condim="{condim}" friction="{rng.uniform(0.3, 1.2):.2f} .02 .003" {touch}/><site name="s{i}"/>'
        )
    text += "</body>" * bodies
    # bodies that are joined to each other beside it: their island couples, that of the snake does not
    for k in range(2 if rows == "apart" else 0):
        text += f'<body name="box{k}" pos="3 9 {1 + k}"><freejoint/><geom type="box" size=".1 .1 .1"/></body>'
    equality = '<connect body1="box0" body2="box1" anchor="0 0 .5"/>' if rows == "apart" else ""
    if rows == "held":
        equality = (
            '<connect body1="b9" anchor=".02 .01 0"/><weld body1="b20" torquescale=".7"/><joint joint1="j30"/>'
            '<weld site1="home" site2="s40"/>'
        )
    if rows == "chained":
        equality = '<connect body1="b9" body2="b30" anchor=".02 .01 0"/><joint joint1="j12" joint2="j13"/>'
    if rows == "one body":
        # what the rows ask for cannot be: the sites do not move apart
        text = text.replace('<site name="s9"/>', '<site name="s9"/><site name="t9" pos=".02 0 .01"/>')
        equality = '<connect site1="s9" site2="t9"/><weld body1="b20"/>'
    # the snake with friction hangs in the air
    plane = 'contype="1" conaffinity="2"' if rows in ("one body", "plane", "spheres", "limits", "held") else ""
    return (
        f'<mujoco><option cone="{cone}" integrator="{integrator}" timestep="0.002" tolerance="1e-14" '
        f'iterations="200" ls_iterations="100" ls_tolerance="1e-6" impratio="2"></option>'
        f'<worldbody><site name="home" pos="1 1 .5"/><geom type="plane" size="9 9 .1" pos="0 0 {-9 if rows == "friction" else 0}" {plane}/>{text}</worldbody>'
        f"<equality>{equality}</equality></mujoco>"
    )


@pytest.mark.parametrize("integrator", ["Euler", "implicit", "RK4"])
@pytest.mark.parametrize("cone", ["pyramidal", "elliptic"])
@pytest.mark.parametrize("rows", ROWS)
def test_rows_of_deep_trees_agree(rows, cone, integrator):
    text = with_rows(rows, cone, integrator)
    m, model = mujoco.MjModel.from_xml_string(text), mo.Model.from_string(text)
    assert 0.5 * np.square(model.M_rownum.astype(float)).mean() > 160
    d, rng, most, coupled = mujoco.MjData(m), np.random.default_rng(11), 0, False
    for _ in range(8):
        step_report.random_state(m, d, rng)
        mujoco.mj_forward(m, d)
        most = max(most, d.nefc)
        coupled = coupled or (m.body_weldid[m.geom_bodyid[d.contact.geom]].min(axis=1) > 0).any()
    assert most > 7 and coupled == (rows == "selves")
    residuals = step_report.resynced_models(m, model, steps=24, episode=3, seed=11, name=f"{rows}, {cone}")
    over = {k: v for k, v in residuals.worst.items() if v[0] > 1e-8}
    assert not over, over
    assert residuals.steps >= 10


def random_worlds(text, worlds, precision, seed):
    """A batch in random states that float holds exactly."""
    m, rng = mujoco.MjModel.from_xml_string(text), np.random.default_rng(seed)
    d, rows = mujoco.MjData(m), []
    for _ in range(worlds):
        step_report.random_state(m, d, rng)
        rows.append(step_report.state_of(m, d).astype(np.float32).astype(float))
    batch = mo.Batch(mo.Model.from_string(text), worlds=worlds, precision=precision)
    batch.set_state(np.array(rows))
    return batch


@pytest.mark.parametrize("feature", FEATURES)
def test_the_smooth_acceleration_solves_the_inertia_and_a_factor_that_is_asked_for(feature):
    text = deep(feature, "Euler")
    model = mo.Model.from_string(text)
    plain, asked = (random_worlds(text, 3, "double", 5) for _ in range(2))
    fields = {k: plain.bind(k) for k in ("qM", "qacc_smooth", "qfrc_smooth")}
    qLD = asked.bind("qLD")
    plain.step(nstep=5)
    asked.step(nstep=5)
    np.testing.assert_array_equal(plain.qvel, asked.qvel)
    plain.forward()
    asked.forward()
    for w in range(3):
        M = step_report.full_inertia(model, fields["qM"][w])
        f, a = fields["qfrc_smooth"][w], fields["qacc_smooth"][w]
        assert np.abs(M @ a - f).max() <= 1e-10 * np.abs(M).max() * max(1, np.abs(a).max())
        L, D = np.eye(model.nv), np.zeros(model.nv)
        for i in range(model.nv):
            row = slice(model.M_rowadr[i], model.M_rowadr[i] + model.M_rownum[i])
            L[i, model.M_col[row]] = qLD[w][row]
            D[i], L[i, i] = L[i, i], 1
        np.testing.assert_allclose(L.T @ np.diag(D) @ L, M, atol=1e-11 * np.abs(M).max())


def hinges(n):
    body = "".join(
        f'<body pos="{0.1 if i else 0} 0 0"><joint axis="{"0 1 0" if i % 2 else "0 0 1"}" armature=".001"/>'
        '<geom type="capsule" fromto="0 0 0 .1 0 0" size=".02" contype="0" conaffinity="0"/>'
        for i in range(n)
    )
    return f"<mujoco><worldbody>{body}{'</body>' * n}</worldbody></mujoco>"


# by a factor in float: 7e-3, 7e-2 and 2
@pytest.mark.parametrize("n, most", [(64, 1e-3), (128, 3e-3), (256, 3e-2)])
def test_accelerations_of_long_chains_in_float(n, most):
    single, double = (random_worlds(hinges(n), 8, p, 1) for p in ("single", "double"))
    ours, exact = single.bind("qacc_smooth"), double.bind("qacc_smooth")
    single.forward()
    double.forward()
    error = np.abs(ours - exact).max(axis=1) / np.abs(exact).max(axis=1)
    print(f"{n} hinges: {error.max():.1e}")
    assert error.max() < most


@pytest.mark.parametrize("integrator", ["Euler", "implicitfast", "implicit", "discrete"])
def test_the_inverse_of_a_step_of_a_deep_tree(integrator):
    text = deep("rotors", integrator).replace(
        "<worldbody>", '<option><flag invdiscrete="enable"/></option><worldbody>', 1
    )
    m, model = mujoco.MjModel.from_xml_string(text), mo.Model.from_string(text)
    d, rng = mujoco.MjData(m), np.random.default_rng(3)
    batch = mo.Batch(model, worlds=1, precision="double")
    for _ in range(3):
        step_report.random_state(m, d, rng)
        d.qacc[:] = rng.normal(size=m.nv)
        batch.set_state(step_report.state_of(m, d)[None])
        ours = batch.inverse(d.qacc[None])[0]
        mujoco.mj_inverse(m, d)
        scale = max(1.0, np.abs(d.qfrc_inverse).max())
        assert np.abs(ours - d.qfrc_inverse).max() <= 1e-9 * scale
