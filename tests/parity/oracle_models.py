"""The models that steps are compared on, as pairs compiled by MuJoCo and by us."""

import pathlib

import corpus
import mujoco

import motorium as mo

ROOT = pathlib.Path(__file__).resolve().parents[2]
OWN = sorted((ROOT / "tests/parity/models").glob("*.xml"))
ROBOTS = sorted(ROOT.glob("robots/*/robot.xml"))


def with_servos(path, stiffness, damping):
    """A robot of a corpus on a floor, with a position servo at each hinge: (MjModel, Model)."""
    spec = mujoco.MjSpec.from_file(str(path))
    spec.worldbody.add_geom(type=mujoco.mjtGeom.mjGEOM_PLANE, size=[0, 0, 0.05], name="the_floor")
    for joint in spec.joints:
        if joint.type != mujoco.mjtJoint.mjJNT_HINGE:
            continue
        servo = spec.add_actuator(name=joint.name, target=joint.name)
        servo.trntype = mujoco.mjtTrn.mjTRN_JOINT
        servo.set_to_position(kp=stiffness, kv=damping)
        servo.ctrlrange = joint.range
    spec.compile()
    # both read the same text: printing rounds
    xml, folder = spec.to_xml(), pathlib.Path(path).parent
    meshes = [p for p in folder.rglob("*") if p.suffix.lower() in (".stl", ".obj")]
    assets = {str(p.relative_to(folder)): p.read_bytes() for p in meshes}
    m = mujoco.MjModel.from_xml_string(xml, assets)
    return m, mo.Model.from_string(xml, folder=str(folder))


def go1():
    folder = corpus.get("mjlab")
    return folder and with_servos(
        folder / "mjlab/asset_zoo/robots/unitree_go1/xmls/go1.xml", 35.0, 0.5
    )


def g1():
    folder = corpus.get("mjlab")
    return folder and with_servos(
        folder / "mjlab/asset_zoo/robots/unitree_g1/xmls/g1.xml", 60.0, 2.0
    )


def humanoid():
    folder = corpus.get("mujoco_warp")
    path = folder and folder / "mujoco_warp/test_data/humanoid/humanoid.xml"
    return path and (mujoco.MjModel.from_xml_path(str(path)), mo.load(str(path)))


CORPUS = {"go1": go1, "g1": g1, "humanoid": humanoid}


def load_pair(name):
    """(MjModel, Model) of a corpus name or a file; None where the corpus is not installed."""
    if name in CORPUS:
        return CORPUS[name]()
    return mujoco.MjModel.from_xml_path(str(name)), mo.load(str(name))
