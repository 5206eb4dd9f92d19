"""The integrator discrete: its metric and rows agree with MuJoCo's, in float too, and follow what a
world has for itself. The models discrete_* are compared stage by stage in test_step.py."""

import re

import numpy as np
import pytest

mujoco = pytest.importorskip("mujoco")

import oracle_models  # noqa: E402
import random_models  # noqa: E402
import step_report  # noqa: E402

import motorium as mo  # noqa: E402

MODELS = {p.stem: p for p in oracle_models.OWN}
DISCRETE = [n for n in MODELS if n.startswith("discrete_")]
# other integrators' models that show a feature whose forces or rows enter the metric
FEATURES = """actuator_ adhesion_ belts_ condim connect_ diagexact_ energy fluid_ frictionloss gravcomp
joint_ limit mocap override pairs_ sensors_inertial solref_ spring tendon_ weld_"""
OTHERS = [n for n in MODELS if n.startswith(tuple(FEATURES.split()))]
# where the two differ for reasons of their own: saturated orientation servos (docs/differences.md)
APART = {"actuator_orientation_euler"}


def metric_of(m, d):
    """MuJoCo's metric M + hD + h^2 K, and the force h K v that it takes off."""
    H = np.zeros((m.nv, m.nv))
    mujoco.mj_fullM(m, d, H)
    H += np.diag(d.efm_diag)
    for i in range(m.nv):
        for k in range(m.M_rowadr[i], m.M_rowadr[i] + m.M_rownnz[i]):
            j = m.M_colind[k]
            H[i, j] += d.efm_fluid[k]
            if i != j:
                H[j, i] += d.efm_fluid[k]
    for k in range(d.nefmT):
        t, row = d.efm_tid[k], np.zeros(m.nv)
        at = slice(m.ten_J_rowadr[t], m.ten_J_rowadr[t] + m.ten_J_rownnz[t])
        row[m.ten_J_colind[at]] = np.ravel(d.ten_J)[at]
        H += d.efm_ts[k] * np.outer(row, row)
    if m.nout:
        moment = np.zeros((m.nout, m.nv))
        mujoco.mju_sparse2dense(
            moment, d.actuator_moment, d.moment_rownnz, d.moment_rowadr, d.moment_colind
        )
        for k in range(d.nefmA):
            a = d.efm_aid[k]
            for o in range(m.actuator_outadr[a], m.actuator_outadr[a] + m.actuator_outnum[a]):
                H += d.efm_as[k] * np.outer(moment[o], moment[o])
    return H, d.efm_c + d.efm_ca


@pytest.mark.parametrize("name", [n for n in OTHERS if n not in APART])
def test_models_of_other_integrators_agree_when_they_step_discretely(name):
    path = MODELS[name]
    spec = mo.Spec.from_file(path)
    spec.option.integrator, spec.option.tolerance = "discrete", 1e-13
    m = mujoco.MjModel.from_xml_path(str(path))
    m.opt.integrator, m.opt.tolerance = mujoco.mjtIntegrator.mjINT_DISCRETE, 1e-13
    residuals = step_report.resynced_models(
        m, spec.compile(), steps=16, episode=8, seed=11, name=f"{name}@discrete"
    )
    step_report.append_csv(residuals)
    over = {k: v for k, v in residuals.worst.items() if v[0] > 1e-9}
    assert not over, f"{name}: {over}"
    assert residuals.equal_niter >= 0.9 * residuals.steps


@pytest.mark.parametrize("first", range(0, 100, 20))
def test_random_models_agree_when_they_step_discretely(first):
    over = []
    for seed in range(first, first + 20):
        text = random_models.random_model(seed)
        text = re.sub(r'integrator="\w+"', 'integrator="discrete" tolerance="1e-13"', text, count=1)
        m, model = mujoco.MjModel.from_xml_string(text), mo.Model.from_string(text)
        r = step_report.resynced_models(
            m, model, steps=12, seed=seed, name=f"random{seed}@discrete", episode=4
        )
        if step_report.fixed_to_each_other(m):
            r.worst.pop("nefc", None)
        # solutions of stiff random scenes are known to the solver's tolerance
        over += [f"{seed}: {k} {v[0]:.1e}" for k, v in r.worst.items() if not v[0] <= 1e-6]
    assert not over, "\n".join(over)


@pytest.mark.parametrize("name", DISCRETE)
def test_the_solution_solves_the_metric_of_mujoco(name):
    # MuJoCo's own smooth solution is iterated to the solver's tolerance: ours has to be better
    m, model = oracle_models.load_pair(MODELS[name])
    m.opt.tolerance = 1e-12
    batch = mo.Batch(model.with_options(tolerance=1e-12), worlds=1, precision="double", threads=1)
    ours = {k: batch.bind(k) for k in ("qacc_smooth", "qacc", "qfrc_constraint")}
    rng = np.random.default_rng(4)
    d = mujoco.MjData(m)
    for step in range(20):
        if step % 10 == 0:
            step_report.random_state(m, d, rng)
        step_report.random_inputs(m, d, rng)
        batch.reset()
        batch.set_state(step_report.state_of(m, d)[None])
        batch.forward()
        mujoco.mj_forward(m, d)
        H, shift = metric_of(m, d)
        force = d.qfrc_smooth + shift
        scale = max(1.0, np.abs(force).max())
        assert np.abs(H @ ours["qacc_smooth"][0] - force).max() <= 1e-9 * scale
        # but for free bodies that turn implicitly
        error = np.abs(H @ ours["qacc"][0] - force - ours["qfrc_constraint"][0])
        held = np.abs(H @ d.qacc - force - d.qfrc_constraint) < 1e-6 * scale
        assert error[held].max(initial=0) <= 1e-6 * max(scale, np.abs(d.qfrc_constraint).max())
        mujoco.mj_step(m, d)


@pytest.mark.parametrize("name", DISCRETE)
def test_float_packs_agree_with_double(name):
    m, model = oracle_models.load_pair(MODELS[name])
    rng = np.random.default_rng(3)
    d, rows = mujoco.MjData(m), []
    while len(rows) < 64:
        if len(rows) % 16 == 0:
            step_report.random_state(m, d, rng)
        for _ in range(4):
            step_report.random_inputs(m, d, rng)
            mujoco.mj_step(m, d)
        # forces at high speeds differ in float before the metric does
        if step_report.exploded(d) or not np.abs(d.qvel).max() < 20:
            step_report.random_state(m, d, rng)
            continue
        row = step_report.state_of(m, d).astype(np.float32).astype(float)
        row[0] = 0.0
        rows.append(row)
    results = {}
    for precision in ("single", "double"):
        batch = mo.Batch(model, worlds=64, precision=precision)
        batch.set_state(np.array(rows))
        fields = {f: batch.bind(f) for f in ("qacc", "qacc_smooth", "nefc", "qM")}
        batch.forward()
        results[precision] = {f: np.array(v, float) for f, v in fields.items()}
    single, double = results["single"], results["double"]
    errors = []
    for w in range(64):
        if single["nefc"][w] != double["nefc"][w]:
            continue
        M = step_report.full_inertia(model, double["qM"][w])
        scale = max(step_report.inertia_norm(M, double[k][w]) for k in ("qacc", "qacc_smooth"))
        error = step_report.inertia_norm(M, single["qacc"][w] - double["qacc"][w])
        errors.append(error / max(scale, 1e-6))
    assert len(errors) >= 56
    # a row at the edge of its cone may act in the one and not in the other
    assert np.quantile(errors, 0.95) <= 1e-4, f"{name}: {np.sort(errors)[-5:]}"
    assert max(errors) <= 2e-3, f"{name}: {np.sort(errors)[-5:]}"


@pytest.mark.parametrize("name", DISCRETE)
def test_a_world_has_the_same_bits_alone_and_in_packs(name):
    model = mo.load(MODELS[name])
    count, rng = 19, np.random.default_rng(1)
    together = mo.Batch(model, worlds=count)
    together.qvel[:] = rng.normal(size=(count, model.nv))
    if model.nu:
        together.ctrl[:] = rng.normal(size=(count, model.nu))
    starts = {k: np.array(getattr(together, k)) for k in ("qvel", "ctrl")}
    together.step(nstep=20)
    for w in (0, 7, 18):
        alone = mo.Batch(model, worlds=1)
        alone.qvel[:], alone.ctrl[:] = starts["qvel"][w], starts["ctrl"][w]
        alone.step(nstep=20)
        np.testing.assert_array_equal(alone.qpos[0], together.qpos[w])
        np.testing.assert_array_equal(alone.qvel[0], together.qvel[w])


COUPLED = """<mujoco><option integrator="discrete" timestep="0.01" tolerance="1e-12"/><worldbody>
<geom type="plane" size="3 3 .1"/>
<body pos="0 0 .5"><joint name="a" axis="0 1 0" {a}/><geom type="capsule" fromto="0 0 0 .3 0 -.1" size=".03"/>
  <body pos=".3 0 -.1"><joint name="b" type="ball" {b}/><geom type="capsule" fromto="0 0 0 .2 0 0" size=".03"/></body></body>
<body pos="1 0 .5"><joint name="c" axis="0 1 0"/><geom type="capsule" fromto="0 0 0 -.3 0 0" size=".03"/></body>
<body pos="2 0 .09"><freejoint/><geom type="box" size=".1 .1 .1"/></body></worldbody>
<tendon><fixed name="t" {t}><joint joint="a" coef="1"/><joint joint="c" coef="-.7"/></fixed></tendon>
<actuator><position joint="c" {c} kv=".1"/></actuator></mujoco>"""


def test_worlds_have_stiffness_and_damping_of_their_own():
    base = dict(a="", b="", t="", c='kp="1"')
    stiff = dict(
        a='stiffness="9" damping=".3"',
        b='stiffness="2" damping=".1"',
        t='stiffness="40" damping="1"',
        c='kp="30"',
    )
    model, edited = (mo.Model.from_string(COUPLED.format(**kw)) for kw in (base, stiff))
    rng = np.random.default_rng(2)
    qvel = rng.normal(size=(12, model.nv))
    for precision in ("single", "double"):
        batch = mo.Batch(model, worlds=12, precision=precision)
        plain = mo.Batch(model, worlds=12, precision=precision)
        other = mo.Batch(edited, worlds=12, precision=precision)
        for field in (
            "jnt_stiffness dof_damping tendon_stiffness tendon_damping tendon_lengthspring"
            " actuator_gainprm actuator_biasprm"
        ).split():
            getattr(batch, f"set_{field}")(np.array(getattr(edited, field)), ids=[3])
        for b in (batch, plain, other):
            b.qvel[:] = qvel
            b.step(nstep=15)
        np.testing.assert_array_equal(batch.qpos[3], other.qpos[3])
        assert np.abs(batch.qpos[3] - plain.qpos[3]).max() > 1e-3
        # a coupling that another world has moves nothing here
        for w in (0, 2, 4, 11):
            np.testing.assert_array_equal(batch.qpos[w], plain.qpos[w])
            np.testing.assert_array_equal(batch.qvel[w], plain.qvel[w])


def test_the_step_is_stable_where_others_explode():
    # a servo whose period is a tenth of the step, and one that drags two trees through a tendon
    xml = COUPLED.format(
        a="", b='damping=".1"', t='stiffness="1e6" damping="10"', c='kp="1e6"'
    )
    for integrator, settles in (("discrete", True), ("implicitfast", False)):
        model = mo.Model.from_string(xml.replace("discrete", integrator))
        batch = mo.Batch(model, worlds=1, precision="double")
        batch.ctrl[:] = 0.3
        batch.step(nstep=400)
        assert (np.abs(batch.qvel[0]).max() < 1e-2) == settles, f"{integrator}: {batch.qvel[0]}"


def test_mjcf_keeps_the_integrator():
    text = mo.Spec.from_file(MODELS["discrete_tendons"]).to_xml()
    assert 'integrator="discrete"' in text
    assert mo.Model.from_string(text).hash == mo.load(MODELS["discrete_tendons"]).hash
