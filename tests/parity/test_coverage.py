"""Every item of the support matrix stands in two parity models of our own at least: one may agree by luck."""

import collections
import re

import numpy as np
import pytest

mujoco = pytest.importorskip("mujoco")

import oracle_models  # noqa: E402
import step_report  # noqa: E402

STEPS = 60

# what no file that both engines load can hold, by MuJoCo's names
OUT_OF_SCOPE = {
    *("mjEQ_FLEX", "mjEQ_FLEXVERT", "mjEQ_FLEXSTRAIN", "mjEQ_DISTANCE", "mjWRAP_NONE"),
    *("mjTRN_UNDEFINED", "mjDYN_USER", "mjGAIN_USER", "mjBIAS_USER"),
    *("mjSENS_TACTILE", "mjSENS_PLUGIN", "mjSENS_USER"),
}
KINDS = [
    *(mujoco.mjtJoint, mujoco.mjtEq, mujoco.mjtWrap, mujoco.mjtTrn, mujoco.mjtDyn, mujoco.mjtGain),
    *(mujoco.mjtBias, mujoco.mjtSensor, mujoco.mjtIntegrator, mujoco.mjtCone),
]
SHAPES = ["PLANE", "HFIELD", "SPHERE", "CAPSULE", "ELLIPSOID", "CYLINDER", "BOX", "MESH"]
PAIRS = {
    f"{a} with {b}"
    for i, a in enumerate(SHAPES)
    for b in SHAPES[i:]
    if b not in ("PLANE", "HFIELD")
}
# flags that change an answer; those of sleep, flexes and threads do not exist here
DISABLE = "CONSTRAINT EQUALITY FRICTIONLOSS LIMIT CONTACT SPRING DAMPER GRAVITY CLAMPCTRL WARMSTART"
DISABLE += " FILTERPARENT ACTUATION REFSAFE SENSOR EULERDAMP ISLAND MULTICCD"
ENABLE = "OVERRIDE ENERGY SPECULATIVE DIAGEXACT"
TAGS = "frame replicate attach tuple pair exclude pulley default include"
WORDS = """surfacevel adhesion springdamper delay sidesite refsite builtin maxhullvert fitaabb margin gap priority solmix
frictionloss armature gravcomp density viscosity fluidshape mocap cranklength jointinparent""".split()


def names(enum, values):
    return {enum(int(v)).name for v in values}


def items_of(path):
    text = path.read_text()
    m = mujoco.MjModel.from_xml_path(str(path))
    found = names(mujoco.mjtJoint, m.jnt_type) | names(mujoco.mjtWrap, m.wrap_type)
    found |= names(mujoco.mjtTrn, m.actuator_trntype) | names(mujoco.mjtDyn, m.actuator_dyntype)
    found |= names(mujoco.mjtGain, m.actuator_gaintype) | names(mujoco.mjtBias, m.actuator_biastype)
    found |= names(mujoco.mjtSensor, m.sensor_type) | names(mujoco.mjtEq, m.eq_type)
    found |= names(mujoco.mjtIntegrator, [m.opt.integrator]) | names(mujoco.mjtCone, [m.opt.cone])
    for kind, held in zip(m.eq_type, m.eq_objtype, strict=True):
        if held == mujoco.mjtObj.mjOBJ_SITE:
            found.add(f"{mujoco.mjtEq(int(kind)).name} at sites")
    for flag in DISABLE.split():
        if m.opt.disableflags & getattr(mujoco.mjtDisableBit, f"mjDSBL_{flag}"):
            found.add(f"without {flag}")
    for flag in ENABLE.split():
        if m.opt.enableflags & getattr(mujoco.mjtEnableBit, f"mjENBL_{flag}"):
            found.add(f"with {flag}")
    found |= {f"<{tag}>" for tag in TAGS.split() if re.search(rf"<{tag}\b", text)}
    found |= {word for word in WORDS if f'{word}="' in text}
    d, rng = mujoco.MjData(m), np.random.default_rng(0)
    for step in range(5 * STEPS):
        # as the model places its bodies, then from random states as the tests of steps take them
        if step >= STEPS and step % 20 == 0:
            step_report.random_state(m, d, rng, spread=0.1)
        mujoco.mj_step(m, d)
        for c in d.contact:
            a, b = sorted(int(m.geom_type[g]) for g in c.geom)
            shapes = [mujoco.mjtGeom(t).name.removeprefix("mjGEOM_") for t in (a, b)]
            found.add(" with ".join(shapes))
            found.add(f"condim {c.dim}, {mujoco.mjtCone(int(m.opt.cone)).name}")
    return found


def test_every_item_stands_in_two_models():
    mujoco.set_mju_user_warning(lambda message: None)
    models = collections.defaultdict(list)
    for path in oracle_models.OWN:
        for item in items_of(path):
            models[item].append(path.stem)
    wanted = {name for kind in KINDS for name in kind.__members__} - OUT_OF_SCOPE
    wanted |= PAIRS | {f"without {f}" for f in DISABLE.split()} | {f"with {f}" for f in ENABLE.split()}
    wanted |= {"mjEQ_CONNECT at sites", "mjEQ_WELD at sites"}
    wanted |= {f"<{tag}>" for tag in TAGS.split()} | set(WORDS)
    wanted |= {f"condim {d}, {c.name}" for d in (1, 3, 4, 6) for c in mujoco.mjtCone.__members__.values()}
    short = {item: models[item] for item in sorted(wanted) if len(models[item]) < 2}
    assert not short
