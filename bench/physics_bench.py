"""Steps per second of motorium and of MuJoCo's `rollout`, one thread each, in one run.

Both sides get the same model file, the same options, desynchronised worlds (each starts from its own
state of a warm-up roll-out) and the same random controls, held for ten steps. MuJoCo runs in double as
shipped, motorium in float packs; the residual of the float packs against MuJoCo on states of the same
scene stands beside every ratio: the worst and the median of |a - a_mujoco|_M / |a_mujoco|_M over states
whose contacts agree. Runs are interleaved; medians and spread of the pairs are printed.

    PYTHONPATH=build/default/python .venv/bin/python bench/physics_bench.py [--csv FILE] [MODEL.xml ...]

Without files: the MJWarp humanoid, mjlab's Go1 and G1 (servos and floor added) from the corpora that
tests/parity/corpus.py finds or fetches.
"""
import argparse
import csv
import platform
import statistics
import sys
import time
from pathlib import Path

import mujoco
import mujoco.rollout
import numpy as np

import motorium as mo

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "parity"))

HOLD = 10  # steps that a control is held


def random_controls(model, rng, worlds, steps):
    """(worlds, steps, nu): uniform in ctrlrange, else around the first keyframe's controls."""
    lo, hi = model.actuator_ctrlrange.T if model.nu else (np.zeros(0), np.zeros(0))
    limited = model.actuator_ctrllimited.astype(bool)
    middle = model.key_ctrl[0] if model.nkey else np.zeros(model.nu)
    draw = rng.random((worlds, steps // HOLD, model.nu))
    ctrl = np.where(limited, lo + (hi - lo) * draw, middle + 0.6 * (draw - 0.5))
    return np.repeat(ctrl, HOLD, axis=1)


def start_states(model, rng, worlds):
    """one state of a roll-out per world, so that no two are in phase"""
    data = mujoco.MjData(model)
    if model.nkey:
        mujoco.mj_resetDataKeyframe(model, data, 0)
    qpos, qvel, warm = [], [], []
    ctrl = random_controls(model, rng, 1, 10 * HOLD * worlds)[0]
    step = 0
    while len(qpos) < worlds:
        for _ in range(10):
            data.ctrl[:] = ctrl[step % len(ctrl)]
            mujoco.mj_step(model, data)
            step += 1
        if step > 1000 and step % 1000 < 10:
            mujoco.mj_resetData(model, data)
            if model.nkey:
                mujoco.mj_resetDataKeyframe(model, data, 0)
        qpos.append(data.qpos.copy())
        qvel.append(data.qvel.copy())
        warm.append(data.qacc_warmstart.copy())
    return np.array(qpos), np.array(qvel), np.array(warm)


def residual(model, ours, states, ctrl):
    """float packs against MuJoCo on the same states: worst and median relative error of qacc"""
    qpos, qvel, warm = states
    n = min(len(qpos), ours.qpos.shape[0])
    ours.reset()
    ours.qpos[:n], ours.qvel[:n], ours.qacc_warmstart[:n], ours.ctrl[:n] = (
        qpos[:n], qvel[:n], warm[:n], ctrl[:n, 0])
    qacc, nefc = ours.qacc, ours.nefc
    ours.forward()
    data = mujoco.MjData(model)
    errors = []
    for w in range(n):
        data.qpos[:], data.qvel[:], data.ctrl[:] = ours.qpos[w], ours.qvel[w], ours.ctrl[w]
        data.qacc_warmstart[:] = ours.qacc_warmstart[w]
        mujoco.mj_forward(model, data)
        if data.nefc != int(np.ravel(nefc[w])[0]):
            continue
        full = np.zeros((model.nv, model.nv))
        try:
            mujoco.mj_fullM(model, full, data.qM)
        except (TypeError, AttributeError):
            mujoco.mj_fullM(model, data, full)
        delta = qacc[w] - data.qacc
        errors.append(np.sqrt(delta @ full @ delta / max(data.qacc @ full @ data.qacc, 1e-12)))
    return max(errors), statistics.median(errors), n - len(errors)


def bench(path, worlds, steps, runs):
    model = mujoco.MjModel.from_xml_path(str(path))
    rng = np.random.default_rng(1)
    states = start_states(model, rng, worlds)
    ctrl = random_controls(model, rng, worlds, steps)
    data = mujoco.MjData(model)
    spec = mujoco.mjtState.mjSTATE_FULLPHYSICS
    initial = []
    for w in range(worlds):
        mujoco.mj_resetData(model, data)
        data.qpos[:], data.qvel[:], data.qacc_warmstart[:] = (s[w] for s in states)
        state = np.empty(mujoco.mj_stateSize(model, spec))
        mujoco.mj_getState(model, data, state, spec)
        initial.append(state)
    initial = np.array(initial)
    batch = mo.Batch(mo.load(str(path)), worlds=worlds, threads=1)

    def theirs():
        begin = time.perf_counter()
        mujoco.rollout.rollout(model, data, initial, ctrl, initial_warmstart=states[2])
        return worlds * steps / (time.perf_counter() - begin)

    def ours():
        batch.reset()
        batch.qpos[:], batch.qvel[:], batch.qacc_warmstart[:] = states
        begin = time.perf_counter()
        for k in range(0, steps, HOLD):
            batch.ctrl[:] = ctrl[:, k]
            batch.step(nstep=HOLD)
        return worlds * steps / (time.perf_counter() - begin)

    theirs(), ours()
    pairs = [(theirs(), ours()) for _ in range(runs)]
    ratios = sorted(b / a for a, b in pairs)
    worst, middle, skipped = residual(model, batch, states, ctrl)
    return {
        "scene": Path(path).stem,
        "nv": model.nv,
        "worlds": worlds,
        "mujoco": round(statistics.median(a for a, _ in pairs)),
        "motorium": round(statistics.median(b for _, b in pairs)),
        "ratio": round(statistics.median(ratios), 2),
        "ratio_low": round(ratios[0], 2),
        "ratio_high": round(ratios[-1], 2),
        "residual_worst": f"{worst:.1e}",
        "residual_median": f"{middle:.1e}",
        "rows_differ": f"{skipped}/{worlds}",
        "frozen": int((np.asarray(batch.status) >> 31).sum()),
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("models", nargs="*")
    parser.add_argument("--csv")
    parser.add_argument("--worlds", type=int, default=256)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--runs", type=int, default=5)
    args = parser.parse_args()
    models = args.models
    if not models:
        import oracle_models

        models = oracle_models.bench_models()
    isa = mo.version_info()["isa"] if hasattr(mo, "version_info") else "?"
    print(f"MuJoCo {mujoco.__version__} double, one thread; motorium float packs ({isa}), one thread;"
          f" {platform.processor() or platform.machine()}")
    rows = []
    for model in models:
        rows.append(bench(model, args.worlds, args.steps, args.runs))
        print("  ".join(f"{k} {v}" for k, v in rows[-1].items()), flush=True)
    if args.csv:
        with open(args.csv, "w", newline="") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(rows)


if __name__ == "__main__":
    main()
