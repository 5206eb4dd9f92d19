"""Instructions of a world-step, stage by stage, beside MuJoCo's on the same states and controls.

    PYTHONPATH=build/default/python .venv/bin/python bench/stages.py [SCENE ...] [--csv FILE] [--markdown FILE]

Both engines run under callgrind (which knows AVX2, so ours are packs of 8): 16 worlds of bench/scenes.py that
differ, 40 steps each. A stage is what its function and all that it calls execute, divided by the world-steps.
Ours are float, MuJoCo's double, both as shipped. "rest" is what no stage of the list accounts for.
"""

import argparse
import csv
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import types

import numpy as np
import scenes

import motorium as mo
from motorium import peers

WORLDS, STEPS = 16, 40

# stage: our functions, MuJoCo's functions; none calls another of its row
STAGES = {
    "positions, frames": (["kinematics", "com", "tendon"], ["mj_fwdKinematics"]),
    "mass matrix, factor": (["crb"], ["mj_crb", "mj_factorM"]),
    "collision": (["collide"], ["mj_collision"]),
    "velocities, bias and passive forces": (["velocity", "rne", "passive"], ["mj_fwdVelocity"]),
    "actuators": (["actuation"], ["mj_fwdActuation"]),
    "smooth acceleration": (["smooth_acceleration"], ["mj_fwdAcceleration"]),
    "rows, islands": (["make_rows"], ["mj_makeConstraint", "mj_projectConstraint", "mj_island"]),
    "solver": (["solve"], ["mj_fwdConstraint"]),
    "integration": (["implicit_acceleration", "euler_acceleration"], ["mj_Euler", "mj_implicit", "mj_advance"]),
}
# what our solver consists of, counted in its row already
PARTS = {"of it assembling H": "hessian_assemble", "of it factoring H": "hessian_factor",
         "of it line search": "line_search"}  # fmt: skip
TOTALS = {"motorium": "*entry_step*Pack*", "mujoco": "mj_step"}


def save_states(scene, file):
    """Start and controls of a scene, so that the counted process makes no other steps."""
    s = peers.Scene(scenes.path(scene), WORLDS, STEPS)
    np.savez(file, ctrl=s.ctrl, **s.start)


def run_engine(engine, scene, file):
    """In the child: the run that is counted."""
    path = scenes.path(scene)
    with np.load(file) as saved:
        start = {k: saved[k] for k in saved.files if k != "ctrl"}
        s = types.SimpleNamespace(
            path=path, worlds=WORLDS, steps=STEPS, start=start, ctrl=saved["ctrl"], mjcf=lambda: path
        )
    s.model = mo.load(str(path))
    (peers.Motorium if engine == "motorium" else peers.Mujoco)(s, 1).run()


def inclusive(engine, scene, states):
    """Function -> instructions with all that it calls, and the total."""
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "callgrind.out"
        command = ["valgrind", "--tool=callgrind", f"--toggle-collect={TOTALS[engine]}", f"--callgrind-out-file={out}",
                   sys.executable, __file__, "--run", engine, "--states", states, scene]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "OPENBLAS_NUM_THREADS": "1"})
        if done.returncode or not out.exists():
            sys.exit(f"callgrind failed on {scene}:\n{done.stderr[-2000:]}")
        text = subprocess.run(
            ["callgrind_annotate", "--inclusive=yes", "--threshold=100", str(out)], capture_output=True, text=True
        ).stdout
    found = {}
    for line in text.splitlines():
        if not (m := re.match(r"\s*([\d,]+) \([^)]*\)\s+\S+?:(.*?)( \[[^]]*\])?$", line)):
            continue
        name = m.group(2)
        if engine == "motorium":
            ours = re.search(r"motorium::(\w+)<motorium::Solo, motorium::Pack<8>", name)
            # lambdas of a stage have its name: the stage itself is the largest of them
            name = ours.group(1) if ours else name
        found[name] = max(found.get(name, 0), int(m.group(1).replace(",", "")))
    total = re.search(r"([\d,]+) \([^)]*\)\s+PROGRAM TOTALS", text)
    return found, int(total.group(1).replace(",", ""))


def table(scene):
    columns = {}
    with tempfile.TemporaryDirectory() as folder:
        states = str(pathlib.Path(folder) / "states.npz")
        save_states(scene, states)
        counted = {engine: inclusive(engine, scene, states) for engine in TOTALS}
    for k, engine in enumerate(TOTALS):
        found, total = counted[engine]
        per = WORLDS * STEPS
        stages = {s: sum(found.get(n, 0) for n in names[k]) / per for s, names in STAGES.items()}
        columns[engine] = {**stages, "rest": total / per - sum(stages.values()), "all": total / per}
    rows = [
        {"scene": scene, "stage": s, "motorium": round(columns["motorium"][s]), "mujoco": round(columns["mujoco"][s])}
        for s in columns["motorium"]
    ]
    at = [r["stage"] for r in rows].index("solver") + 1
    rows[at:at] = [
        {"scene": scene, "stage": part, "motorium": round(counted["motorium"][0].get(name, 0) / per), "mujoco": 0}
        for part, name in PARTS.items()
    ]
    return rows


def markdown(rows):
    lines = ["| stage | motorium | share | MuJoCo | share | ratio |", "|---|---|---|---|---|---|"]
    ours, theirs = rows[-1]["motorium"], rows[-1]["mujoco"]
    for r in rows:
        ratio = f"{r['mujoco'] / r['motorium']:.1f}" if r["motorium"] > 0 and r["mujoco"] > 0 else "–"
        their = f"{r['mujoco']:,} | {100 * r['mujoco'] / theirs:.1f} %" if r["mujoco"] else "– | –"
        share = f"{r['motorium']:,} | {100 * r['motorium'] / ours:.1f} %"
        lines.append(f"| {r['stage']} | {share} | {their} | {ratio} |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scenes", nargs="*")
    parser.add_argument("--run", help=argparse.SUPPRESS)
    parser.add_argument("--states", help=argparse.SUPPRESS)
    parser.add_argument("--csv")
    parser.add_argument("--markdown")
    o = parser.parse_args()
    if o.run:
        return run_engine(o.run, o.scenes[0], o.states)
    rows, text = [], []
    for scene in o.scenes or ["humanoid", "g1", "go1"]:
        part = table(scene)
        rows += part
        text += [f"### {scene}", "", markdown(part), ""]
        print("\n".join(text[-4:]), flush=True)
    if o.csv:
        with open(o.csv, "w", newline="") as file:
            writer = csv.DictWriter(file, rows[0], lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    if o.markdown:
        pathlib.Path(o.markdown).write_text("\n".join(text))


if __name__ == "__main__":
    main()
