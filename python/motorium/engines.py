"""The same controls in each installed engine, and how they part.

    python -m motorium.engines FILE [motorium,mujoco,bullet]

Each engine starts from the same positions and gets the same controls for one second. Printed is the
largest difference of joint positions to motorium's double reference after 1, 10, 100, ... steps.
Bullet reads URDF only, and gets no controls: robots move under gravity there, compared with motorium
without controls.
"""

import importlib.util
import pathlib
import sys
import tempfile

import numpy as np

from motorium import Batch, Error, Spec

ENGINES = ("motorium", "mujoco", "bullet")
PACKAGES = {"mujoco": "mujoco", "bullet": "pybullet"}


def missing(engine):
    """Why an engine cannot run here, or nothing."""
    package = PACKAGES.get(engine)
    if package and importlib.util.find_spec(package) is None:
        wheel = "mujoco" if engine == "mujoco" else "pybullet"
        return f"is not installed in {sys.executable}: pip install {wheel}"
    return ""


def milestones(model):
    steps = max(1, round(1.0 / model.opt.timestep))
    return sorted({n for n in (1, 10, 100, 1000) if n <= steps} | {steps})


def controls(model, steps):
    """Slow random waves inside the control ranges."""
    random = np.random.default_rng(0)
    limited = model.actuator_ctrllimited.astype(bool)[:, None]
    low, high = np.where(limited, model.actuator_ctrlrange, [-1.0, 1.0]).T
    phase = random.uniform(0, 2 * np.pi, model.nu)
    time = np.arange(steps)[:, None] * model.opt.timestep
    wave = 0.25 * np.sin(2 * np.pi * time + phase)
    return (low + high) / 2 + wave * (high - low)


def run_motorium(model, rows):
    batch = Batch(model, precision="double")
    out = []
    for row in rows:
        batch.ctrl[:] = row
        batch.step()
        out.append(batch.qpos[0].copy())
    return np.array(out)


def run_mujoco(spec, rows):
    import mujoco

    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "model.xml"
        spec.save(path)
        model = mujoco.MjModel.from_xml_path(str(path))
    data = mujoco.MjData(model)
    out = []
    for row in rows:
        data.ctrl[:] = row
        mujoco.mj_step(model, data)
        out.append(data.qpos.copy())
    return np.array(out)


def run_bullet(path, model, steps):
    import pybullet as bullet

    client = bullet.connect(bullet.DIRECT)
    try:
        bullet.setGravity(*model.opt.gravity, physicsClientId=client)
        bullet.setTimeStep(model.opt.timestep, physicsClientId=client)
        flags = bullet.URDF_USE_INERTIA_FROM_FILE
        body = bullet.loadURDF(str(path), useFixedBase=True, flags=flags, physicsClientId=client)
        columns = {}
        for j in range(bullet.getNumJoints(body, physicsClientId=client)):
            name = bullet.getJointInfo(body, j, physicsClientId=client)[1].decode()
            if name in model.jnt_names:
                columns[j] = model.jnt_qposadr[model.jnt_names.index(name)]
            # joints come with motors that hold them
            bullet.setJointMotorControl2(
                body, j, bullet.VELOCITY_CONTROL, force=0, physicsClientId=client
            )
        out = np.zeros((steps, model.nq))
        for row in out:
            bullet.stepSimulation(physicsClientId=client)
            for j, column in columns.items():
                row[column] = bullet.getJointState(body, j, physicsClientId=client)[0]
        return out
    finally:
        bullet.disconnect(client)


def report(name, reference, found, marks):
    parts = [f"{np.abs(found[n - 1] - reference[n - 1]).max(initial=0):9.2e}" for n in marks]
    print(f"{name:10}", *parts)


def main(arguments):
    if not arguments or len(arguments) > 2:
        print(__doc__)
        return 2
    path = arguments[0]
    wanted = arguments[1].split(",") if len(arguments) > 1 else list(ENGINES)
    for engine in wanted:
        if engine not in ENGINES:
            print(f"motorium: no engine {engine!r}: known are {', '.join(ENGINES)}", file=sys.stderr)
            return 2
    try:
        spec = Spec.from_file(path)
        model = spec.compile()
    except Error as error:
        print(f"motorium: {error}", file=sys.stderr)
        return 65
    marks = milestones(model)
    rows = controls(model, marks[-1])
    reference = run_motorium(model, rows)
    print("largest difference of qpos to motorium [m, rad] after steps")
    print(f"{'':10}", *(f"{n:9d}" for n in marks))
    for engine in wanted:
        why = missing(engine)
        if engine == "motorium":
            print(f"{engine:10} reference, double")
        elif why:
            print(f"{engine:10} {why}")
        elif engine == "mujoco":
            report(engine, reference, run_mujoco(spec, rows), marks)
        elif pathlib.Path(path).suffix != ".urdf":
            print(f"{engine:10} reads URDF only: left out")
        else:
            still = run_motorium(model, np.zeros_like(rows))
            report(engine, still, run_bullet(path, model, marks[-1]), marks)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
