"""Steps per second on a GPU beside MuJoCo Warp and MJX, over numbers of worlds, in one run.

    PYTHONPATH=build/default/python .venv/bin/python bench/gpu_bench.py [SCENE ...] [--worlds 256,8192]
        [--peers mujoco-warp,mjx] [--train TASK,TASK] [--out FOLDER]

How engines are measured (same file, states, controls; interleaved runs; residual) is said in
python/motorium/peers.py. Worlds beyond 1024 repeat the states and controls of the first 1024, which have
stopped at different moments of a roll-out. FOLDER/<chip>/steps.csv gets a row per engine, scene and number of
worlds; with Nsight Compute (ncu) also counters.csv: warp instructions and DRAM bytes per world-step, issue slots
in use. train.csv: seconds of an iteration of PPO with the task's own settings (the nets of mjlab for go1), rollout
and update, after the first five. `--device emulated` runs the script itself where no GPU is; its speeds mean nothing.
"""

import argparse
import csv
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import numpy as np
import scenes

import motorium as mo
from motorium import peers

ROOT = pathlib.Path(__file__).resolve().parents[1]
# JAX would take most of the memory at once, and bytes_per_world would say so
os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
DISTINCT = 1024  # worlds with states of their own
COUNTERS = {  # ncu's name: ours
    "smsp__inst_executed.sum": "warp_instructions",
    "dram__bytes.sum": "dram_bytes",
    "smsp__issue_active.avg.pct_of_peak_sustained_active": "issue_active_percent",
}
COLUMNS = ["scene", "engine", "version", "numbers", "nv", "worlds", "steps_per_second", "lowest", "highest",
           "setup_s", "first_run_s", "motorium_ratio", "ratio_low", "ratio_high", "residual_median",
           "residual_worst", "bytes_per_world"]  # fmt: skip


def chip():
    """The name of the first GPU, as a folder is called."""
    try:
        text = subprocess.run(
            ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"], capture_output=True, text=True, check=True
        ).stdout
        return re.sub(r"\W+", "-", text.splitlines()[0].strip().lower()).strip("-")
    except (OSError, subprocess.CalledProcessError, IndexError):
        return "no-gpu"


def used_bytes():
    """Memory in use on the first GPU; 0 where it cannot be asked."""
    try:
        text = subprocess.run(
            ["nvidia-smi", "--query-gpu=memory.used", "--format=csv,noheader,nounits"],
            capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
        return int(text.splitlines()[0]) << 20
    except (OSError, subprocess.CalledProcessError, ValueError, IndexError):
        return 0


TRAIN_SKIP = 5  # iterations: memory is sent, graphs are recorded, episodes spread


def trained(task, worlds, iterations, device):
    """A row of train.csv."""
    with tempfile.TemporaryDirectory() as folder:
        mo.train(task, worlds=worlds, iterations=TRAIN_SKIP + iterations, device=device, quiet=True, log=folder)
        with open(pathlib.Path(folder) / "progress.csv", newline="") as file:
            rows = list(csv.DictReader(file))
    times = sorted(float(r["Perf/collection_time"]) + float(r["Perf/learning_time"]) for r in rows[TRAIN_SKIP:])
    middle = peers.statistics.median(times)
    samples = int(rows[0]["steps"])
    return {"task": task, "device": device, "worlds": worlds, "iteration_s": round(middle, 5),
            "lowest": round(times[0], 5), "highest": round(times[-1], 5), "steps_per_second": round(samples / middle),
            "mean_reward": rows[-1]["Train/mean_reward"]}  # fmt: skip


class Tiled:
    """A scene with its worlds repeated."""

    def __init__(self, scene, worlds):
        self.__dict__ |= scene.__dict__
        self.worlds = worlds
        pick = np.arange(worlds) % scene.worlds
        self.ctrl = scene.ctrl[pick]
        self.start = {f: v[pick] for f, v in scene.start.items()}

    mjcf = peers.Scene.mjcf


def measure(scene, engines, runs):
    """Rows of the engines that can run, first motorium's, and what was skipped."""
    made, rows, notes = [], [], []
    for make in engines:
        try:
            before = used_bytes()
            begin = peers.time.perf_counter()
            engine = make(scene, 1)
            setup = peers.time.perf_counter() - begin
            first = engine.run()
            made.append((engine, setup, first, used_bytes() - before, []))
        except peers.Unavailable as why:
            notes.append(f"SKIPPED {make.name}: {why}")
    for _ in range(runs):
        for engine, *_, times in made:
            times.append(engine.run())
    if not made:
        return rows, notes
    oracle = Tiled(scene, min(scene.worlds, 64))
    try:
        reference = peers.Mujoco(oracle, 1).velocities()
    except peers.Unavailable:
        reference = peers.Motorium(oracle, 1, precision="double").velocities()
    own = made[0][-1]
    for engine, setup, first, memory, times in made:
        rates = sorted(scene.worlds * scene.steps / t for t in times)
        ratios = sorted(t / o for t, o in zip(times, own, strict=True))
        velocities = engine.velocities()[: oracle.worlds]
        middle, worst = peers.error_of(velocities, reference, oracle.start["qvel"])
        rows.append({
            "scene": scene.name, "engine": engine.name, "version": engine.version, "numbers": engine.lanes,
            "nv": scene.model.nv, "worlds": scene.worlds,
            "steps_per_second": round(peers.statistics.median(rates)), "lowest": round(rates[0]),
            "highest": round(rates[-1]), "setup_s": round(setup, 3), "first_run_s": round(first, 3),
            "motorium_ratio": round(peers.statistics.median(ratios), 2), "ratio_low": round(ratios[0], 2),
            "ratio_high": round(ratios[-1], 2), "residual_median": middle, "residual_worst": worst,
            "bytes_per_world": max(memory, 0) // scene.worlds,
        })  # fmt: skip
    return rows, notes


KERNELS = ("queue_worlds", "search_places", "step_worlds")


def counters_of(text, worlds, hold):
    """ncu's page of raw values (--csv) as numbers per world-step. Where searches go to a queue a step is one launch
    of each kernel, else a launch is `hold` steps; shares are means over launches."""
    found, names = {}, set()
    for row in csv.DictReader(line for line in text.splitlines() if line.startswith('"')):
        name = next((k for k in KERNELS if k in row.get("Kernel Name", "")), None)
        if name and row.get("Metric Name") in COUNTERS:
            names.add(name)
            found.setdefault(COUNTERS[row["Metric Name"]], []).append(float(row["Metric Value"].replace(",", "")))
    out = {}
    for name, values in found.items():
        mean = sum(values) / len(values)
        queued = sum(values) * len(names) / len(values) / worlds
        each = queued if "search_places" in names else mean / worlds / hold
        out[name if "percent" in name else f"{name}_per_step"] = mean if "percent" in name else each
    return out


def counted(name, worlds, device):
    """The counters of three launches under ncu, or why there are none."""
    tool = shutil.which("ncu") or "/usr/local/cuda/bin/ncu"
    if not os.path.exists(tool):
        return {}, f"SKIPPED counters of {name}: no ncu (Nsight Compute)"
    command = [tool, "--csv", "--page", "raw", "--metrics", ",".join(COUNTERS), "--kernel-name", f"regex:{'|'.join(KERNELS)}",
               "--launch-count", "3", "--launch-skip", "1", "--print-units", "base",
               sys.executable, __file__, name, "--worlds", str(worlds), "--once", "--device", device]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True)
    values = counters_of(done.stdout, worlds, peers.HOLD)
    return values, "" if values else f"SKIPPED counters of {name}: {(done.stderr or done.stdout)[-200:]}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scenes", nargs="*", choices=[[], *scenes.SCENES])
    parser.add_argument("--worlds", default="256,1024,4096,8192,16384,65536")
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--peers", default="mujoco-warp,mjx")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--train", default="quad-velocity-flat,go1-velocity-flat", help="tasks; empty: none")
    parser.add_argument("--train-worlds", default="4096,16384")
    parser.add_argument("--train-iterations", type=int, default=20)
    parser.add_argument("--out", default="bench/results")
    parser.add_argument("--once", action="store_true", help="one run by itself, for profilers")
    o = parser.parse_args()
    own = type("Own", (peers.MotoriumCuda,), {"device": o.device})
    engines = [own, *(peers.PEERS[n] for n in o.peers.split(",") if n)]
    try:
        mo.Batch(mo.load(ROOT / "robots/quad/robot.xml"), device=o.device)
    except mo.Error as why:
        print(f"SKIPPED gpu bench: {why}")
        return

    table, counters, training = [], [], []
    for task in filter(None, [] if o.once else o.train.split(",")):
        for worlds in map(int, o.train_worlds.split(",")):
            try:
                training.append(trained(task, worlds, o.train_iterations, o.device))
                print(training[-1], flush=True)
            except mo.Error as why:
                print(f"SKIPPED training of {task} in {worlds} worlds: {why}")
    sizes = [int(n) for n in o.worlds.split(",")]
    for name in o.scenes or scenes.SCENES:
        path = scenes.path(name)
        if path is None:
            print(f"SKIPPED {name}: its corpus is not installed")
            continue
        base = peers.Scene(path, min(DISTINCT, max(sizes)), o.steps)
        base.name = name
        if o.once:
            engine = own(Tiled(base, sizes[0]), 1)
            engine.run()
            continue
        for worlds in sizes:
            rows, notes = measure(Tiled(base, worlds), engines, o.repeat)
            for row in rows:
                print(f"{name:12} {worlds:>6} worlds  {row['engine']:14} {row['steps_per_second']:>12,} steps/s  "
                      f"{peers.residual_text({**row, 'reference': False}):24} motorium is "
                      f"{row['motorium_ratio']} x", flush=True)  # fmt: skip
            for note in notes:
                print(note)
            table += rows
        if o.device == "cuda":
            values, why = counted(name, min(8192, max(sizes)), o.device)
            if why:
                print(why)
            else:
                counters.append({"scene": name, "worlds": min(8192, max(sizes)), **values})
                print(counters[-1])
    folder = pathlib.Path(o.out) / chip()
    for file, rows, columns in (("steps.csv", table, COLUMNS),
                                ("train.csv", training, list(training[0]) if training else []),
                                ("counters.csv", counters, list(counters[0]) if counters else [])):  # fmt: skip
        if rows and not o.once:
            folder.mkdir(parents=True, exist_ok=True)
            with open(folder / file, "w", newline="") as out:
                writer = csv.DictWriter(out, columns, extrasaction="ignore", restval="")
                writer.writeheader()
                writer.writerows(rows)
            print(f"{folder / file}: {len(rows)} rows")


if __name__ == "__main__":
    main()
