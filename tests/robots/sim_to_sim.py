"""Our walking policy in MuJoCo: the same robot file, the same observations, another engine.

    python tests/robots/sim_to_sim.py [robots/quad/walk.safetensors]

Prints error and falls of 24 worlds of 20 s; exit code 1 if it does not walk there."""
import json
import struct
import sys
from pathlib import Path

import mujoco
import numpy as np

ROOT = Path(__file__).resolve().parents[2]


def tensors(path):
    data = Path(path).read_bytes()
    size = struct.unpack("<Q", data[:8])[0]
    out = {}
    for name, t in json.loads(data[8:8 + size]).items():
        if name != "__metadata__":
            a, b = t["data_offsets"]
            kind = {"F32": np.float32, "F64": np.float64, "I64": np.int64}[t["dtype"]]
            out[name] = np.frombuffer(data[8 + size + a:8 + size + b], kind).reshape(t["shape"])
    return out


def policy_of(t):
    layers = sorted({int(k.split(".")[1]) for k in t if k.startswith("actor.") and "weight" in k})

    def act(x):
        if "normalizer.mean" in t:
            x = (x - t["normalizer.mean"]) / (np.sqrt(t["normalizer.var"]) + 0.01)
        for l in layers:
            x = t[f"actor.{l}.weight"] @ x + t[f"actor.{l}.bias"]
            if l != layers[-1]:
                x = np.where(x > 0, x, np.expm1(np.minimum(x, 0)))  # elu
        return x

    return act


def main(path):
    task = json.loads((ROOT / "robots/tasks/quad-velocity-flat.json").read_text())
    m = mujoco.MjModel.from_xml_path(str(ROOT / "robots/quad/robot.xml"))
    d = mujoco.MjData(m)
    act = policy_of(tensors(path))
    scales = task["actions"][0]["params"]["scale"]
    scale = np.array([scales[".*_" + m.actuator(i).name.split("_")[1]] for i in range(m.nu)])
    clip = task["actions"][0]["params"]["clip"]
    q0 = m.key_qpos[0][7:]
    dt, period = m.opt.timestep * task["decimation"], task["gait"]["period"]
    random = np.random.default_rng(0)
    errors, falls = [], 0
    for world in range(24):
        mujoco.mj_resetDataKeyframe(m, d, 0)
        a, phase, fell = np.zeros(m.nu), random.random(), False
        for k in range(int(20 / dt)):
            if k % int(5 / dt) == 0:
                c = np.array([random.uniform(-1, 1), 0, 0])
            if k % int(5 / dt) == int(2.5 / dt):
                h = random.uniform(0, 2 * np.pi)
                d.qvel[:2] += 0.5 * np.array([np.cos(h), np.sin(h)])
            R = np.zeros(9)
            mujoco.mju_quat2Mat(R, d.qpos[3:7])
            R = R.reshape(3, 3)
            clock = [np.sin(2 * np.pi * phase), np.cos(2 * np.pi * phase)]
            obs = np.concatenate([R.T @ d.qvel[:3], d.qvel[3:6], -R[2], d.qpos[7:] - q0, d.qvel[6:],
                                  a, c, clock])
            a = act(obs)
            d.ctrl[:] = q0 + scale * np.clip(a, -clip, clip)
            for _ in range(task["decimation"]):
                mujoco.mj_step(m, d)
            phase = (phase + dt / period) % 1
            mujoco.mju_quat2Mat(Rn := np.zeros(9), d.qpos[3:7])
            fell = fell or d.qpos[2] < 0.15 or Rn[8] < 0.5
            if k % int(5 / dt) >= int(1 / dt):
                errors.append(abs(c[0] - Rn.reshape(3, 3)[:, 0] @ d.qvel[:3]))
        falls += fell
    print(f"MuJoCo {mujoco.__version__}: error {np.mean(errors):.3f} m/s, falls {falls} of 24")
    return 0 if np.mean(errors) < 0.25 and falls <= 1 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else ROOT / "robots/quad/walk.safetensors"))
