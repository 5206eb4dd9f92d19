"""Steps per second of motorium and of MuJoCo's `rollout` on the scenes of bench/scenes.py, in one run.

    PYTHONPATH=build/default/python .venv/bin/python bench/physics_bench.py [SCENE ...] [--csv FILE]

How both are measured (same file, states and controls, interleaved runs, residual) is said in
python/motorium/peers.py. MOTORIUM_ISA=v3 measures packs of 8 on a machine with AVX-512.
"""

import argparse
import csv
import os

import scenes

from motorium import peers

COLUMNS = ["scene", "engine", "version", "numbers", "nv", "worlds", "threads", "steps_per_second",
           "lowest", "highest", "motorium_ratio", "ratio_low", "ratio_high", "residual_median",
           "residual_worst"]  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scenes", nargs="*", choices=[[], *scenes.SCENES])
    parser.add_argument("--peers", default="mujoco")
    parser.add_argument("--worlds", type=int, default=256)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--csv")
    o = parser.parse_args()
    print(f"kernels {os.environ.get('MOTORIUM_ISA', 'as the machine')}, {o.threads} threads, {o.worlds} worlds")
    table = []
    for name in o.scenes or scenes.SCENES:
        path = scenes.path(name)
        if path is None:
            print(f"SKIPPED {name}: its corpus is not installed")
            continue
        scene = peers.Scene(path, o.worlds, o.steps)
        scene.name = name
        rows, notes = peers.compare(scene, o.peers.split(","), o.threads, o.repeat)
        for row in rows:
            ratio = "" if row["engine"] == "motorium" else (
                f"motorium is {row['motorium_ratio']} x ({row['ratio_low']} .. {row['ratio_high']})")
            print(f"{name:12} {row['engine']:12} {row['steps_per_second']:>10,} steps/s  "
                  f"{peers.residual_text(row):24} {ratio}", flush=True)  # fmt: skip
        for note in notes:
            print(note)
        table += rows
    if o.csv and table:
        with open(o.csv, "w", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS, extrasaction="ignore")
            writer.writeheader()
            writer.writerows(table)


if __name__ == "__main__":
    main()
