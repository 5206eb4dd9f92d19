"""The scenes that speed is measured on: name -> model file, written once into the cache of the corpora.

    import scenes; path = scenes.path("g1")      # None where the corpus cannot be had
    python bench/scenes.py                       # write all, print where

A scene that needs more than its corpus file (a floor, servos, a cube) is composed with MuJoCo's MjSpec and
written with the meshes it needs into ${XDG_CACHE_HOME:-~/.cache}/motorium/scenes/NAME/, so that every engine
reads the same file.
"""

import pathlib
import shutil
import sys

try:
    import mujoco
except ImportError:
    mujoco = None  # scenes that were written before serve all the same

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests" / "parity"))
import corpus  # noqa: E402

ASSETS = (".stl", ".obj", ".png", ".msh")


def robot(corpus_name, relative):
    """MjSpec of a corpus file and its folder, or None."""
    folder = mujoco and corpus.get(corpus_name)
    if folder is None:
        return None
    path = folder / relative
    return mujoco.MjSpec.from_file(str(path)), path.parent


def with_servos(found, stiffness, damping):
    """Puts a robot on a floor, with rotors and position servos at its hinges; steps of 5 ms as mjlab takes."""
    spec, folder = found
    spec.option.timestep = 0.005
    spec.option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    spec.worldbody.add_geom(type=mujoco.mjtGeom.mjGEOM_PLANE, size=[0, 0, 0.05], name="the_floor")
    for joint in spec.joints:
        if joint.type != mujoco.mjtJoint.mjJNT_HINGE:
            continue
        joint.armature = 0.01
        servo = spec.add_actuator(name=joint.name, target=joint.name)
        servo.trntype = mujoco.mjtTrn.mjTRN_JOINT
        servo.set_to_position(kp=stiffness, kv=damping)
    return spec, folder


def g1():
    """Unitree G1, collision capsules as mjlab ships them, servos."""
    found = robot("mjlab", "mjlab/asset_zoo/robots/unitree_g1/xmls/g1.xml")
    return found and with_servos(found, 40.0, 2.5)


def go1():
    """Unitree Go1, all collision geoms as mjlab ships them, servos."""
    found = robot("mjlab", "mjlab/asset_zoo/robots/unitree_go1/xmls/go1.xml")
    return found and with_servos(found, 20.0, 1.0)


def go1_feet():
    """Go1 of which only the feet collide."""
    found = go1()
    if found:
        for geom in found[0].geoms:
            if geom.name != "the_floor" and "foot" not in geom.name:
                geom.contype, geom.conaffinity = 0, 0
    return found


def panda_meshes():
    """Franka Panda with its hand over a floor and a cube of 5 cm; the meshes of all links collide."""
    found = robot("genesis_world", "genesis/assets/xml/franka_emika_panda/scene.xml")
    if found:
        cube = found[0].worldbody.add_body(name="the_cube", pos=[0.5, 0, 0.03])
        cube.add_freejoint()
        cube.add_geom(type=mujoco.mjtGeom.mjGEOM_BOX, size=[0.025, 0.025, 0.025], mass=0.1)
        # keyframes are made for the arm alone
        for key in list(found[0].keys):
            found[0].delete(key)
    return found


def panda_cube():
    """The same of which the pads of the fingers, the cube and the floor collide."""
    found = panda_meshes()
    if found:
        for geom in found[0].geoms:
            if geom.type == mujoco.mjtGeom.mjGEOM_MESH:
                geom.contype, geom.conaffinity = 0, 0
    return found


# scene -> corpus and file, or a function that composes it
SCENES = {
    "humanoid": ("mujoco_warp", "mujoco_warp/test_data/humanoid/humanoid.xml"),
    "g1": g1,
    "go1": go1,
    "go1_feet": go1_feet,
    "panda_cube": panda_cube,
    "panda_meshes": panda_meshes,
    "aloha_pot": ("mujoco_warp", "mujoco_warp/test_data/aloha_pot/scene.xml"),
    "shadow_hand": ("mujoco_mjx", "mujoco/mjx/test_data/shadow_hand/scene_right.xml"),
}


def compose(name, make):
    """Writes a composed scene and its assets; its path, or None. One that was written before serves where it
    cannot be composed."""
    place = corpus.cache_root().parent / "scenes" / name
    path = place / f"{name}.xml"
    found = make()
    if found is None:
        return path if path.is_file() else None
    spec, folder = found
    spec.compile()
    place.mkdir(parents=True, exist_ok=True)
    for asset in folder.rglob("*"):
        if asset.suffix.lower() in ASSETS:
            to = place / asset.relative_to(folder)
            if not to.is_file():
                to.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(asset, to)
    path.write_text(spec.to_xml())
    return path


def path(name):
    """The model file of a scene, or None where its corpus cannot be had."""
    made = SCENES[name]
    if callable(made):
        return compose(name, made)
    folder = corpus.get(made[0])
    return folder and folder / made[1]


if __name__ == "__main__":
    for scene in SCENES:
        print(scene, path(scene))
