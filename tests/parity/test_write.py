"""What is written reads back: the same constants here, the same model in MuJoCo.

Fails when an element or attribute of a Spec is not written (physics/spec/fields.h).
"""

import os
import pathlib

import numpy as np
import pytest

mo = pytest.importorskip("motorium")
mujoco = pytest.importorskip("mujoco", reason="SKIPPED: mujoco-core 4.0.1 is not installed")

import corpus

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODELS = sorted((ROOT / "tests/parity/models").glob("*.xml"))
URDFS = sorted((ROOT / "tests/parity/urdf").glob("*.urdf"))
FULL = os.environ.get("MOTORIUM_FULL") == "1"
SIZES = ["nq", "nv", "nu", "nbody", "njnt", "ngeom", "nsite", "neq", "nsensordata", "nkey", "npair"]
# angles of unit vectors and quaternions are rounded once more, inertias of meshes come from floats
TOLERANCE = 1e-14


def arrays(model):
    names = [n for n in dir(model) if not n.startswith("_")]
    return {n: v for n in names if isinstance(v := getattr(model, n), np.ndarray)}


def difference(a, b):
    """The array that differs most, relative to its largest number."""
    worst = ("", 0.0)
    ours, theirs = arrays(a), arrays(b)
    for name, x in ours.items():
        y = theirs[name]
        if x.shape != y.shape:
            return name, np.inf
        if x.size == 0:
            continue
        scale = max(1.0, float(np.abs(x).max()))
        worst = max(worst, (name, float(np.abs(x - y).max()) / scale), key=lambda w: w[1])
    for name in ("body_names", "jnt_names", "geom_names", "actuator_names", "sensor_names"):
        if getattr(a, name) != getattr(b, name):
            return name, np.inf
    return worst


def round_trip(path, folder):
    try:
        model = mo.load(path)
    except mo.UnsupportedModel as error:
        pytest.skip("SKIPPED: " + str(error).splitlines()[0])
    out = folder / "written.xml"
    mo.Spec.from_file(path).save(out)
    again = mo.load(out)
    name, value = difference(model, again)
    assert value <= TOLERANCE, (name, value)
    return model, out


def agrees_in_mujoco(path, out):
    theirs, again = mujoco.MjModel.from_xml_path(str(path)), mujoco.MjModel.from_xml_path(str(out))
    # vertices of generated meshes are rounded to float32 by each library's own sines
    rtol = 1e-6 if "builtin" in str(path) else 1e-9
    for name in ("qpos0", "body_mass", "body_invweight0", "dof_M0", "geom_size", "geom_friction"):
        a, b = getattr(theirs, name), getattr(again, name)
        assert a.shape == b.shape and np.allclose(a, b, rtol=rtol, atol=1e-12), name


@pytest.mark.parametrize("path", MODELS, ids=lambda p: p.stem)
def test_written_models_read_back(path, tmp_path):
    _, out = round_trip(path, tmp_path)
    agrees_in_mujoco(path, out)


@pytest.mark.parametrize("path", URDFS, ids=lambda p: p.stem)
def test_urdfs_become_mjcf(path, tmp_path):
    _, out = round_trip(path, tmp_path)
    agrees_in_mujoco(path, out)


@pytest.mark.parametrize("path", MODELS[:: 1 if FULL else 5], ids=lambda p: p.stem)
def test_writing_is_a_fixed_point(path):
    try:
        first = mo.Spec.from_file(path).to_xml()
    except mo.UnsupportedModel as error:
        pytest.skip("SKIPPED: " + str(error).splitlines()[0])
    second = mo.Spec.from_string(first, folder=path.parent).to_xml()
    assert first == second


REAL = {
    "go1": ("mjlab", "mjlab/asset_zoo/robots/unitree_go1/xmls/go1.xml"),
    "g1": ("mjlab", "mjlab/asset_zoo/robots/unitree_g1/xmls/g1.xml"),
    "humanoid": ("mujoco_warp", "mujoco_warp/test_data/humanoid/humanoid.xml"),
}


@pytest.mark.parametrize("name", REAL)
def test_robots_with_their_meshes(name, tmp_path):
    package, file = REAL[name]
    folder = corpus.get(package)
    if folder is None:
        pytest.skip(f"SKIPPED: the corpus {package} cannot be had")
    _, out = round_trip(folder / file, tmp_path)
    agrees_in_mujoco(folder / file, out)
