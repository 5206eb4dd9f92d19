"""P6: what must follow when a whole scene is turned, mirrored, renamed or made heavier."""

import csv
import os
import pathlib
import re

import corpus
import motorium as mo
import numpy as np
import oracle_models
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
FULL = os.environ.get("MOTORIUM_FULL") == "1"
STEPS = 200 if FULL else 40


def robots_of_corpora():
    """Files of small corpora with 6 to 60 degrees of freedom."""
    out = []
    with open(ROOT / "tests/parity/corpus.csv", newline="") as table:
        for row in csv.DictReader(table):
            if row["verdict"] != "compiled" or row["corpus"] not in ("mujoco_warp", "mujoco_mjx", "mjlab", "playground"):
                continue
            folder = corpus.get(row["corpus"])
            if folder and (folder / row["file"]).exists():
                out.append(folder / row["file"])
    return out


def usable(path):
    try:
        model = mo.load(str(path))
    except ValueError:
        return False
    return 6 <= model.nv <= 60 and model.ngeom < 200


FILES = [*oracle_models.ROBOTS, *filter(usable, robots_of_corpora())]
FILES = FILES if FULL else FILES[:20]


def test_there_are_twenty_robots():
    if corpus.get("mujoco_warp") is None:
        pytest.skip("SKIPPED: the corpora are not installed and cannot be fetched")
    assert len(FILES) >= 20


def attached(path, prefix="a_", quat=(1, 0, 0, 0), gravity=(0, 0, -9.81)):
    g = " ".join(repr(float(x)) for x in gravity)
    # the elliptic cone has no preferred directions
    option = f'<option gravity="{g}" cone="elliptic" tolerance="1e-14"/>'
    scene = mo.Spec.from_string(f"<mujoco>{option}</mujoco>")
    scene.attach(mo.Spec.from_file(str(path)), prefix=prefix, quat=list(quat))
    return scene.compile()


def drive(batch, seed, steps):
    """Steps with random controls."""
    rng = np.random.default_rng(seed)
    for _ in range(steps):
        batch.ctrl[:] = rng.uniform(-0.3, 0.3, batch.ctrl.shape)
        batch.step()
    return batch


def rotation(q):
    w, v = q[0], np.array(q[1:])
    cross = np.array([[0, -v[2], v[1]], [v[2], 0, -v[0]], [-v[1], v[0], 0]])
    return np.eye(3) + 2 * w * cross + 2 * cross @ cross


def inner(model):
    """Columns of qvel that do not depend on the frame of the scene."""
    return [i for i in range(model.nv) if model.jnt_type[model.dof_jntid[i]] != 0]


# scenes whose first contacts are ties, which rounding breaks
TIES = {
    "mug": "it stands flat on a plane, which takes three of many corners",
    "pendula": "boxes lie in one place, where no face is nearer",
}


def has_preferred_directions(model):
    """Dry friction of a free joint acts along world axes; balls in one point part along x."""
    rubbing = any(model.dof_frictionloss[d] for d in range(model.nv) if d not in inner(model))
    return rubbing or "a_ballquat2" in model.jnt_names


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_a_turned_scene_moves_alike(path):
    if path.stem in TIES:
        pytest.skip(f"SKIPPED: {TIES[path.stem]}")
    q = np.array([0.6, -0.3, 0.7, 0.2])
    q /= np.linalg.norm(q)
    R = rotation(q)
    g = np.array([0.5, -0.3, -9.7])
    plain = attached(path, gravity=g)
    if has_preferred_directions(plain):
        pytest.skip("SKIPPED: the scene has preferred directions")
    a = mo.Batch(plain, precision="double", threads=1)
    b = mo.Batch(attached(path, quat=q, gravity=R @ g), precision="double", threads=1)
    for batch in (a, b):
        batch.bind("xpos")
    steps = STEPS // 2
    for k in range(steps):
        drive(a, k, 1), drive(b, k, 1)
        turned = a.xpos.reshape(-1, 3) @ R.T
        scale = max(1.0, np.abs(turned).max())
        assert np.abs(turned - b.xpos.reshape(-1, 3)).max() < 1e-8 * scale, f"step {k}"
    still = inner(a.model)
    speed = max(1.0, np.abs(a.qvel).max())
    assert np.abs(a.qvel[:, still] - b.qvel[:, still]).max(initial=0) < 1e-6 * speed
    assert np.abs(a.qvel).max() > 1e-3


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_names_do_not_matter(path):
    a = drive(mo.Batch(attached(path, prefix="a_"), worlds=8), 1, STEPS)
    b = drive(mo.Batch(attached(path, prefix="the_other_"), worlds=8), 1, STEPS)
    for field in ("qpos", "qvel", "act", "qacc_warmstart"):
        assert getattr(a, field).tobytes() == getattr(b, field).tobytes(), field


def only_masses_and_gains(model):
    """Are all forces of the scene scaled by the fields below?"""
    springs = np.any(model.jnt_stiffness) or model.ntendon
    return not springs and not np.any(model.actuator_forcelimited) and not np.any(
        model.jnt_actfrclimited
    )


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_four_times_the_mass_and_force_moves_alike(path):
    model = attached(path)
    if not only_masses_and_gains(model):
        pytest.skip("SKIPPED: forces that no field scales")
    a, b = (mo.Batch(model, worlds=8, precision="double") for _ in range(2))
    for field in (
        "body_mass",
        "body_inertia",
        "dof_armature",
        "dof_damping",
        "dof_frictionloss",
        "actuator_gainprm",
        "actuator_biasprm",
    ):
        value = np.asarray(getattr(model, field), dtype=float)
        if value.size:
            getattr(b, f"set_{field}")(np.broadcast_to(4 * value, (8, *value.shape)))
    drive(a, 2, STEPS), drive(b, 2, STEPS)
    # a power of four is exact in every product, quotient and root: what differs comes from the
    # few absolute thresholds of the solver
    assert np.abs(a.qpos - b.qpos).max() < 1e-10
    assert np.abs(a.qvel - b.qvel).max() < 1e-8 * max(1.0, np.abs(a.qvel).max())


# ---- y -> -y in the text that Spec.to_xml writes


def flipped(numbers, signs):
    values = [float(x) for x in numbers.split()]
    assert len(values) == len(signs), numbers
    return " ".join(repr(s * v) for s, v in zip(signs, values, strict=True))


VECTOR, PSEUDO, QUAT = (1, -1, 1), (-1, 1, -1), (1, -1, 1, -1)


def mirrored(text):
    """The scene behind a mirror: positions are vectors, axes of hinges pseudo-vectors."""
    signs = {
        "pos": VECTOR,
        "anchor": VECTOR,
        "fromto": VECTOR * 2,
        "quat": QUAT,
        "relpose": VECTOR + QUAT,
        "gravity": VECTOR,
        "wind": VECTOR,
        "euler": PSEUDO,
        "axisangle": (*PSEUDO, 1),
        "zaxis": VECTOR,
        "xyaxes": (1, -1, 1, -1, 1, -1),
        "fullinertia": (1, 1, 1, -1, 1, -1),
    }

    def element(match):
        tag, body = match[1], match[2]

        def attribute(m):
            name, value = m[1], m[2]
            if name == "axis":
                turns = tag == "joint" and 'type="slide"' not in body
                return f'{name}="{flipped(value, PSEUDO if turns else VECTOR)}"'
            if name == "gear" and len(value.split()) == 6 and "site=" in body:
                return f'{name}="{flipped(value, VECTOR + PSEUDO)}"'
            return f'{name}="{flipped(value, signs[name])}"' if name in signs else m[0]

        return f"<{tag}" + re.sub(r'(\w+)="([^"]*)"', attribute, body) + ">"

    return re.sub(r"<([\w]+)((?:\s[^<>]*)?)>", element, text)


MIRRORED = [
    *oracle_models.ROBOTS,
    *(
        ROOT / "tests/parity/models" / f"{name}.xml"
        for name in ["joint_hinge", "joint_slide", "joint_free", "joint_mixed", "trees", "connect_body", "weld_body", "joint_equality", "limits", "frictionloss", "condim3_elliptic", "condim6_pyramidal", "pile", "collide_box_box", "collide_capsule_box", "collide_capsule_capsule", "tendon_spatial_sites", "tendon_fixed_springs", "actuator_position", "actuator_site", "inertia_compound", "fluid_box"]
    ),
]


@pytest.mark.parametrize("path", MIRRORED, ids=lambda p: p.parent.name + "_" + p.stem)
def test_a_mirrored_scene_moves_mirrored(path):
    text = mo.Spec.from_file(str(path)).to_xml()
    # one cone without preferred directions, solved to the end
    text = re.sub(r'(<option[^>]*?) cone="\w+"', r"\1", text)
    text = re.sub(r'(<option[^>]*?) tolerance="[^"]+"', r"\1", text)
    option = '<option cone="elliptic" tolerance="1e-14"'
    if "<option" in text:
        text = text.replace("<option", option, 1)
    else:
        text = text.replace("<worldbody>", f"{option}/><worldbody>", 1)
    a = mo.Batch(mo.Model.from_string(text), precision="double", threads=1)
    b = mo.Batch(mo.Model.from_string(mirrored(text)), precision="double", threads=1)
    for batch in (a, b):
        batch.bind("xpos")
    for k in range(STEPS // 2):
        drive(a, k, 1), drive(b, k, 1)
        want = a.xpos.reshape(-1, 3) * VECTOR
        assert np.abs(want - b.xpos.reshape(-1, 3)).max() < 1e-7, f"step {k}"
