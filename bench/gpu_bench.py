"""Steps per second on a GPU beside MuJoCo Warp and MJX, over numbers of worlds, in one run.

    PYTHONPATH=build/default/python .venv/bin/python bench/gpu_bench.py [SCENE ...] [--worlds 256,8192]
        [--peers mujoco-warp,mjx] [--train TASK,TASK] [--out FOLDER]

How engines are measured (same file, states, controls; interleaved runs; residual) is said in
python/motorium/peers.py. Worlds beyond 1024 repeat the states and controls of the first 1024, which have
stopped at different moments of a roll-out. FOLDER/<chip>/steps.csv gets a row per engine, scene and number of
worlds; with Nsight Compute (ncu) also counters.csv: warp instructions and DRAM bytes per world-step, issue slots
in use. train.csv: seconds of an iteration of PPO with the task's own settings (the nets of mjlab for go1), rollout
and update, after the first five. Files are written as rows come; what begins after `--minutes` is left out, an engine
that fails or that takes longer than a minute to begin as well, where more worlds follow. `--device emulated` runs the
script itself where no GPU is; its speeds mean nothing.
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
import time

import numpy as np
import scenes

import motorium as mo
from motorium import peers

ROOT = pathlib.Path(__file__).resolve().parents[1]
# JAX would take most of the memory at once, and bytes_per_world would say so
os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
DISTINCT = 1024  # worlds with states of their own
SLOW_START = 60.0  # [s] of an engine to set up and run once
SCENES = ["quad", *scenes.SCENES]  # the first is ours, and always there
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


def path_of(name):
    return ROOT / "robots/quad/robot.xml" if name == "quad" else scenes.path(name)


def reason(error):
    return (str(error).strip() or type(error).__name__).splitlines()[0][:200]


def measure(scene, engines, runs):
    """Rows of the engines that can run, first motorium's, what was skipped, and which are not to come again."""
    made, rows, notes, out = [], [], [], set()

    def attempt(name, work):
        try:
            return work()
        except mo.DeviceLost:
            raise
        except Exception as error:  # a peer may fail in ways of its own
            notes.append(f"SKIPPED {name} in {scene.worlds} worlds: {reason(error)}")
            out.add(name)
            return None

    for make in engines:
        before, begin = used_bytes(), time.perf_counter()
        engine = attempt(make.name, lambda make=make: make(scene, 1))
        setup = time.perf_counter() - begin
        first = engine and attempt(make.name, engine.run)
        if first is None:
            continue
        if setup + first > SLOW_START:
            notes.append(f"SKIPPED {make.name} in more than {scene.worlds} worlds: it begins in {setup + first:.0f} s")
            out.add(make.name)
        made.append((engine, setup, first, used_bytes() - before, []))
    for _ in range(runs):
        for engine, *_, times in made:
            times.append(attempt(engine.name, engine.run))
    made = [one for one in made if None not in one[-1]]
    if not made or made[0][0].name != engines[0].name:
        return rows, notes, out
    oracle = Tiled(scene, min(scene.worlds, 64))
    try:
        reference = peers.Mujoco(oracle, 1).velocities()
    except peers.Unavailable:
        reference = peers.Motorium(oracle, 1, precision="double").velocities()
    own = made[0][-1]
    for engine, setup, first, memory, times in made:
        velocities = attempt(engine.name, lambda engine=engine: engine.velocities()[: oracle.worlds])
        rates = sorted(scene.worlds * scene.steps / t for t in times)
        ratios = sorted(t / o for t, o in zip(times, own, strict=True))
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
    return rows, notes, out


KERNELS = ("queue_worlds", "search_places", "step_worlds")


def counts_of(text):
    """(kernel, metric, value) of what ncu prints: a row a metric, or a row a launch with a column a metric."""
    for row in csv.DictReader(line for line in text.splitlines() if line.startswith('"')):
        name = next((k for k in KERNELS if k in (row.get("Kernel Name") or "")), None)
        if name is None:
            continue
        if "Metric Name" in row:
            row = {row["Metric Name"]: row["Metric Value"]}
        for metric in COUNTERS.keys() & row.keys():
            yield name, metric, float(row[metric].replace(",", ""))


def counters_of(text, worlds, hold):
    """ncu's values (--csv) as numbers per world-step. Where searches go to a queue a step is one launch of each
    kernel, else a launch is `hold` steps; shares are means over launches."""
    found, names = {}, set()
    for name, metric, value in counts_of(text):
        names.add(name)
        found.setdefault(COUNTERS[metric], []).append(value)
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
    command = [tool, "--csv", "--metrics", ",".join(COUNTERS), "--kernel-name", f"regex:{'|'.join(KERNELS)}",
               "--launch-count", "3", "--launch-skip", "1", "--print-units", "base", "--clock-control", "none",
               sys.executable, __file__, name, "--worlds", str(worlds), "--once", "--device", device]  # fmt: skip
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    except subprocess.TimeoutExpired:
        return {}, f"SKIPPED counters of {name}: ncu took longer than two minutes"
    values = counters_of(done.stdout, worlds, peers.HOLD)
    return values, "" if values else f"SKIPPED counters of {name}: {(done.stderr or done.stdout)[-200:]}"


class Table:
    """A CSV file that is whole after every row."""

    def __init__(self, file, columns=None):
        self.file, self.columns, self.rows = file, columns, []

    def add(self, rows):
        self.rows += rows
        if not self.rows:
            return
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with open(self.file, "w", newline="") as out:
            writer = csv.DictWriter(out, self.columns or list(self.rows[0]), extrasaction="ignore", restval="")
            writer.writeheader()
            writer.writerows(self.rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scenes", nargs="*", choices=[[], *SCENES])
    parser.add_argument("--worlds", default="256,1024,4096,8192,16384,65536")
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--peers", default="mujoco-warp,mjx")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--train", default="quad-velocity-flat,go1-velocity-flat", help="tasks; empty: none")
    parser.add_argument("--train-worlds", default="4096,16384")
    parser.add_argument("--train-iterations", type=int, default=20)
    parser.add_argument("--minutes", type=float, default=8.0, help="nothing begins later")
    parser.add_argument("--out", default="bench/results")
    parser.add_argument("--once", action="store_true", help="one run by itself, for profilers")
    o = parser.parse_args()
    own = type("Own", (peers.MotoriumCuda,), {"device": o.device})
    begin = time.monotonic()
    late = lambda: time.monotonic() - begin > 60 * o.minutes  # noqa: E731
    try:
        mo.Batch(mo.load(ROOT / "robots/quad/robot.xml"), device=o.device)
    except mo.Error as why:
        print(f"SKIPPED gpu bench: {why}")
        return 0
    sizes = [int(n) for n in o.worlds.split(",")]
    if o.once:
        scene = peers.Scene(path_of(o.scenes[0]), min(DISTINCT, sizes[0]), o.steps)
        own(Tiled(scene, sizes[0]), 1).run()
        return 0

    folder = pathlib.Path(o.out) / chip()
    table, counters, training = (
        Table(folder / "steps.csv", COLUMNS), Table(folder / "counters.csv"), Table(folder / "train.csv")
    )  # fmt: skip
    status = 0
    try:
        for name in o.scenes or SCENES:
            measure_scene(name, sizes, own, o, late, table, counters)
        for task in filter(None, o.train.split(",")):
            for worlds in map(int, o.train_worlds.split(",")):
                what = f"training of {task} in {worlds} worlds"
                if late():
                    print(f"SKIPPED {what}: {o.minutes:g} minutes are over")
                    continue
                try:
                    training.add([trained(task, worlds, o.train_iterations, o.device)])
                    print(training.rows[-1], flush=True)
                except mo.Error as why:
                    print(f"SKIPPED {what}: {why}")
    except mo.DeviceLost as why:
        print(f"FAILED: {why}")
        status = 1
    for t in (table, training, counters):
        if t.rows:
            print(f"{t.file}: {len(t.rows)} rows")
    return status


def measure_scene(name, sizes, own, o, late, table, counters):
    """Rows of one scene in all numbers of worlds."""
    if late():
        return print(f"SKIPPED {name}: {o.minutes:g} minutes are over")
    path = path_of(name)
    if path is None:
        return print(f"SKIPPED {name}: its corpus is not installed")
    base = peers.Scene(path, min(DISTINCT, max(sizes)), o.steps)
    base.name = name
    engines = [own, *(peers.PEERS[n] for n in o.peers.split(",") if n)]
    for worlds in sizes:
        if late():
            print(f"SKIPPED {name} in {worlds} worlds: {o.minutes:g} minutes are over")
            continue
        rows, notes, out = measure(Tiled(base, worlds), engines, o.repeat)
        table.add(rows)
        engines = [e for e in engines if e.name not in out]
        for row in rows:
            print(f"{name:12} {worlds:>6} worlds  {row['engine']:14} {row['steps_per_second']:>12,} steps/s  "
                  f"{peers.residual_text({**row, 'reference': False}):24} motorium is "
                  f"{row['motorium_ratio']} x", flush=True)  # fmt: skip
        for note in notes:
            print(note, flush=True)
        if own.name in out:
            return None
    if o.device.startswith("cuda") and not late():
        worlds = min(8192, max(sizes))
        values, why = counted(name, worlds, o.device)
        if values:
            counters.add([{"scene": name, "worlds": worlds, **values}])
        print(why or counters.rows[-1], flush=True)


if __name__ == "__main__":
    sys.exit(main())
