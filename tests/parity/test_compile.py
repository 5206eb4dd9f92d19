"""Compiled models agree with MuJoCo 4.0.1, field by field.

Every field of equal meaning is compared: 1e-9 relative, 1e-6 where float32 mesh vertices enter,
inertia as tensors. The worst residual of each model goes to build/parity/compile.csv.
"""

import csv
import json
import os
import pathlib
import re
import subprocess

import corpus
import pytest

mujoco = pytest.importorskip("mujoco", reason="SKIPPED: mujoco-core 4.0.1 is not installed")
if mujoco.__version__ != "4.0.1":
    pytest.skip(f"SKIPPED: MuJoCo {mujoco.__version__} is not 4.0.1", allow_module_level=True)

import compare_model
import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
OWN = sorted((ROOT / "tests/parity/models").glob("*.xml"))
TOLERANCE = 1e-9
MESH_TOLERANCE = 1e-6

# armature, stiffness, damping and effort of mjlab's servos
SERVOS = {
    "go1": {
        r".*_(hip|thigh)_joint": (0.004026, 15.90, 1.012, 23.7),
        r".*_calf_joint": (0.009059, 35.76, 2.277, 35.55),
    },
    "g1": {
        r".*_(elbow|shoulder_\w+|wrist_roll)_joint": (0.003610, 14.25, 0.907, 25),
        r".*_hip_(pitch|yaw)_joint|waist_yaw_joint": (0.010178, 40.18, 2.558, 88),
        r".*_(hip_roll|knee)_joint": (0.025102, 99.10, 6.309, 139),
        r".*_wrist_(pitch|yaw)_joint": (0.00425, 16.78, 1.068, 5),
        r"waist_(pitch|roll)_joint|.*_ankle_\w+_joint": (0.007219, 28.50, 1.814, 50),
    },
}


def dump_program():
    """The newest dump_model of a build folder."""
    given = os.environ.get("MOTORIUM_DUMP_MODEL")
    found = [pathlib.Path(given)] if given else list(ROOT.glob("build/**/dump_model"))
    found = [p for p in found if p.is_file()]
    return max(found, key=lambda p: p.stat().st_mtime) if found else None


def dump(paths):
    program = dump_program()
    if program is None:
        pytest.skip("SKIPPED: dump_model is not built")
    command = [str(program), *map(str, paths)]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    return [json.loads(line) for line in lines]


@pytest.fixture(scope="session")
def results():
    """Rows of the CSV, written at the end."""
    rows = []
    yield rows
    path = ROOT / "build/parity/compile.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["model", "worst_field", "residual", "worst_mesh_field", "mesh_residual"])
        writer.writerows(sorted(rows))


def check(name, path, results):
    (ours,) = dump([path])
    assert "error" not in ours, ours["error"]
    m = mujoco.MjModel.from_xml_path(str(path))
    residuals = compare_model.compare(ours["model"], m)

    # parameters of the pairs that touch while the model runs
    d = mujoco.MjData(m)
    random = np.random.default_rng(0)
    worst = 0.0
    for _ in range(200):
        d.ctrl[:] = random.uniform(-1, 1, m.nu)
        mujoco.mj_step(m, d)
        worst = max(worst, compare_model.contact_pairs(ours["model"], m, d))
    residuals["contact_pairs"] = worst

    mesh = {k: v for k, v in residuals.items() if k.startswith("mesh_")}
    plain = {k: v for k, v in residuals.items() if k not in mesh}
    field = max(plain, key=plain.get)
    mesh_field = max(mesh, key=mesh.get, default="")
    results.append([name, field, plain[field], mesh_field, mesh.get(mesh_field, 0.0)])
    # generated vertices are rounded to float32 by each library's own sines
    tolerance = MESH_TOLERANCE if "builtin" in name else TOLERANCE
    bad = {k: v for k, v in plain.items() if not v <= tolerance}
    for key, value in mesh.items():
        if not value <= MESH_TOLERANCE:
            bad[key] = value
    assert not bad, bad


@pytest.mark.parametrize("path", OWN, ids=lambda p: p.stem)
def test_own_model(path, results):
    check(path.stem, path, results)


def corpus_file(package, path):
    folder = corpus.get(package)
    if folder is None:
        pytest.skip(f"SKIPPED: the corpus {package} cannot be had")
    return folder / path


ROBOT = {
    "go1": ("mjlab", "mjlab/asset_zoo/robots/unitree_go1/xmls/go1.xml"),
    "g1": ("mjlab", "mjlab/asset_zoo/robots/unitree_g1/xmls/g1.xml"),
    "humanoid": ("mujoco_warp", "mujoco_warp/test_data/humanoid/humanoid.xml"),
}


@pytest.mark.parametrize("name", ROBOT)
def test_robot(name, results):
    check(name, corpus_file(*ROBOT[name]), results)


@pytest.mark.parametrize("name", SERVOS)
def test_robot_with_servos(name, results, tmp_path):
    source = corpus_file(*ROBOT[name])
    spec = mujoco.MjSpec.from_file(str(source))
    spec.worldbody.add_geom(name="floor", type=mujoco.mjtGeom.mjGEOM_PLANE, size=[0, 0, 0.05])
    for joint in spec.joints:
        gains = [g for pattern, g in SERVOS[name].items() if re.fullmatch(pattern, joint.name)]
        if not gains:
            continue
        armature, kp, kv, effort = gains[0]
        joint.armature = armature
        servo = spec.add_actuator(name=joint.name, target=joint.name)
        servo.trntype = mujoco.mjtTrn.mjTRN_JOINT
        servo.set_to_position(kp=kp, kv=kv)
        servo.forcerange = [-effort, effort]
        servo.inheritrange = 1
    spec.add_key(name="start", qpos=spec.compile().qpos0)
    # a copy of the meshes beside the file
    (tmp_path / "assets").mkdir()
    for mesh in (source.parent / "assets").iterdir():
        (tmp_path / "assets" / mesh.name).write_bytes(mesh.read_bytes())
    path = tmp_path / f"{name}_servos.xml"
    path.write_text(spec.to_xml())
    assert mujoco.MjModel.from_xml_path(str(path)).nu == len(list(spec.actuators)) > 0
    check(f"{name}_servos", path, results)
