"""Which files of the corpora compile here, and how exactly: the tables corpus.csv, corpus_steps.csv
and robot_steps.csv.

    python tests/parity/corpus_report.py                      # evaluate all, rewrite corpus.csv
    python tests/parity/corpus_report.py --steps              # step parity, rewrite corpus_steps.csv
    python tests/parity/corpus_report.py --robots             # 1000 steps of 30 robots: robot_steps.csv
    python tests/parity/corpus_report.py mjlab --match go1    # some files, print only
    python tests/parity/corpus_report.py --table              # print the summary of the kept table

A row is a file that MuJoCo loads. Verdicts: compiled; refused (by name: `reason` says what); error;
crash; timeout. `compat`: newton where a solver was replaced. `beyond` names what is out of scope: plugin, flex, sdf. Residuals are powers of ten
that bound the worst constant. Files are loaded in child processes, so that none can take the others
with it.

Steps: `contact` is the worst difference of contacts, whatever the reason; `deepest` how far the depths of a
pair differ. On `shared` of the `steps`, contacts differ of pairs that are searched for by iteration or equally deep:
what follows from them (solution, sensordata, next) is compared with a step of MuJoCo from our contacts. Of the steps that differ
beyond 1e-9 (qacc, the next warm start 1e-7), `rounding` are those where MuJoCo's own answer moves as far when the numbers it starts
from move by 1e-15 to 1e-14; `unexplained` are the others. unstable: MuJoCo's own simulation comes apart at once.
"""

import argparse
import collections
import contextlib
import csv
import json
import math
import os
import pathlib
import queue
import re
import subprocess
import sys
import threading

import corpus

HERE = pathlib.Path(__file__).resolve().parent
COMPILE_CSV, STEPS_CSV = HERE / "corpus.csv", HERE / "corpus_steps.csv"
ROBOTS_CSV = HERE / "robot_steps.csv"
COMPILE_COLUMNS = ["corpus", "file", "verdict", "compat", "beyond", "field", "residual", "reason"]
GROUPS = ["position", "velocity", "contact", "solution", "sensordata", "next"]
COUNTS = ["steps", "shared", "rounding", "unexplained"]
STEPS_COLUMNS = ["corpus", "file", "verdict", *GROUPS, "deepest", "niter", *COUNTS]
CORPORA = [name for name in corpus.VERSIONS if name != "example_robot_data"]
SMALL = ["mjlab", "mujoco_warp", "mujoco_mjx", "playground"]
TIMEOUT = 120  # seconds per file, and per 300 steps
STEPS, ROBOT_STEPS = 300, 1000
TOLERANCE, MESH_TOLERANCE = 1e-9, 1e-6

# robots whose 1000 steps are kept: legs, hands and grippers, arms, two arms, wheels
ROBOTS = [
    ("mjlab", "mjlab/asset_zoo/robots/unitree_go1/xmls/go1.xml"),
    ("mjlab", "mjlab/asset_zoo/robots/unitree_g1/xmls/g1.xml"),
    ("mjlab", "mjlab/asset_zoo/robots/i2rt_yam/xmls/yam.xml"),
    ("mujoco_warp", "mujoco_warp/test_data/aloha_pot/scene.xml"),
    ("mujoco_warp", "mujoco_warp/test_data/humanoid/humanoid.xml"),
    ("mujoco_mjx", "mujoco/mjx/test_data/barkour_v0/assets/barkour_v0_mjx.xml"),
    ("mujoco_mjx", "mujoco/mjx/test_data/shadow_hand/scene_right.xml"),
    ("gymnasium_robotics", "gymnasium_robotics/envs/assets/hand/manipulate_block_touch_sensors.xml"),
    (
        "gymnasium_robotics",
        "gymnasium_robotics/envs/assets/kitchen_franka/kitchen_assets/kitchen_env_model.xml",
    ),
    ("dm_control", "dm_control/locomotion/walkers/assets/humanoid_CMU_V2020.xml"),
    ("dm_control", "dm_control/locomotion/walkers/assets/rodent.xml"),
    ("dm_control", "dm_control/suite/quadruped.xml"),
    ("genesis_world", "genesis/assets/xml/franka_emika_panda/scene.xml"),
    ("genesis_world", "genesis/assets/xml/franka_sim/bi-franka_panda.xml"),
    ("genesis_world", "genesis/assets/xml/universal_robots_ur5e/scene.xml"),
    ("robosuite", "robosuite/models/assets/bases/omron_mobile_base.xml"),
    ("robosuite", "robosuite/models/assets/grippers/fourier_right_hand.xml"),
    ("robosuite", "robosuite/models/assets/grippers/inspire_left_hand.xml"),
    ("robosuite", "robosuite/models/assets/grippers/jaco_three_finger_gripper.xml"),
    ("robosuite", "robosuite/models/assets/grippers/rethink_gripper.xml"),
    ("robosuite", "robosuite/models/assets/grippers/robotiq_gripper_140.xml"),
    ("robosuite", "robosuite/models/assets/robots/baxter/robot.xml"),
    ("robosuite", "robosuite/models/assets/robots/iiwa/robot.xml"),
    ("robosuite", "robosuite/models/assets/robots/jaco/robot.xml"),
    ("robosuite", "robosuite/models/assets/robots/kinova3/robot.xml"),
    ("robosuite", "robosuite/models/assets/robots/sawyer/robot.xml"),
    ("robosuite", "robosuite/models/assets/robots/spot/robot.xml"),
    ("robosuite", "robosuite/models/assets/robots/spot_arm/robot.xml"),
    ("robosuite", "robosuite/models/assets/robots/tiago/robot.xml"),
    ("robosuite", "robosuite/models/assets/robots/xarm7/robot.xml"),
]


def mjcf_files(name):
    """Files of a corpus whose root is <mujoco>, relative to its folder."""
    folder = corpus.get(name)
    if folder is None:
        return []
    found = []
    for path in sorted([*folder.rglob("*.xml"), *folder.rglob("*.mjcf")]):
        text = path.read_text(errors="replace")
        text = re.sub(r"<!--.*?-->|<\?.*?\?>", "", text, flags=re.DOTALL)
        if re.match(r"\s*(\ufeff)?\s*<mujoco[\s>]", text):
            found.append(str(path.relative_to(folder)))
    return found


def power_of_ten(value):
    """The least power of ten that bounds it, as text; differences below 1e-12 are rounding."""
    if not math.isfinite(value):
        return "inf"
    return "0" if value == 0 else f"1e{max(-12, math.ceil(math.log10(value))):+d}".replace("+", "")


# ---- in the child -----------------------------------------------------------------------------


def reason_of(message):
    """The first problem of a message without place and names, and how many there are."""
    line = message.splitlines()[0]
    line = re.sub(r"^[^:]*:\d+: ", "", line)
    line = re.sub(r"\[@name='.*?'\]", "", line)
    return re.sub(r'"[^"]*"', '"..."', line)[:160]


def beyond(m, text):
    import numpy as np

    if m.nplugin or "<plugin" in text:
        return "plugin"
    if m.nflex:
        return "flex"
    return "sdf" if np.any(m.geom_type == 8) else ""


def contact_residual(ours, m, seconds=2.0, steps=100):
    """Parameters of the pairs that touch while MuJoCo runs the model."""
    import time

    import compare_model
    import mujoco
    import numpy as np

    d = mujoco.MjData(m)
    random = np.random.default_rng(0)
    worst, end = 0.0, time.monotonic() + seconds
    for _ in range(steps):
        d.ctrl[:] = random.uniform(-1, 1, m.nu)
        mujoco.mj_step(m, d)
        worst = max(worst, compare_model.contact_pairs(ours, m, d))
        if time.monotonic() > end or d.warning[mujoco.mjtWarning.mjWARN_BADQACC].number:
            break
    return worst


def compile_row(path):
    """Verdict on one file; None when MuJoCo does not load it."""
    import compare_model
    import mujoco
    import test_compile

    try:
        m = mujoco.MjModel.from_xml_path(str(path))
    except ValueError:
        return None
    program = test_compile.dump_program()
    row = {"beyond": beyond(m, path.read_text(errors="replace")), "field": "", "residual": ""}
    command = [program, "--compat=newton", str(path)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode != 0:
        return {**row, "verdict": "crash", "reason": f"exit code {run.returncode}"}
    (ours,) = [json.loads(line) for line in run.stdout.splitlines()]
    if "error" in ours:
        verdict = "refused" if ours.get("unsupported") else "error"
        return {
            **row,
            "verdict": verdict,
            "reason": reason_of(ours["error"]),
            "text": ours["error"],
        }
    residuals = compare_model.compare(ours["model"], m)
    if not math.isinf(max(residuals.values())):
        residuals["contact_pairs"] = contact_residual(ours["model"], m)

    # the worst constant relative to what it may be
    def allowed(name):
        return MESH_TOLERANCE if name.startswith("mesh_") else TOLERANCE

    field = max(residuals, key=lambda name: residuals[name] / allowed(name))
    bad = {k: f"{v:.2e}" for k, v in residuals.items() if not v <= allowed(k)}
    return {
        **row,
        "verdict": "compiled",
        "compat": "newton" if ours["model"]["replaced"] else "",
        "field": field,
        "residual": power_of_ten(residuals[field]),
        "reason": "differs" if bad else "",
        "text": str(bad) if bad else "",
    }


def group_of(stage):
    if stage.startswith("contact") or stage in ("ncon", "nefc"):
        return "contact"
    if stage in ("qacc_M", "qfrc_constraint"):
        return "solution"
    if stage.startswith("next"):
        return "next"
    if stage == "sensordata":
        return stage
    position = "xpos xquat xipos ximat xanchor xaxis geom_xpos geom_xmat site_xpos site_xmat"
    position += " subtree_com cinert cdof actuator_length qM"
    return "position" if stage in position.split() else "velocity"


def step_row(path, steps):
    """Worst residual of each group of stages over resynced steps; None when it does not compile."""
    import mujoco
    import step_report

    import motorium as mo

    m = mujoco.MjModel.from_xml_path(str(path))
    try:
        model = mo.load(str(path))
    except ValueError:
        return None
    r = step_report.resynced_models(m, model, steps=steps, name=path.stem, episode=100, share=True)
    if "sizes" in r.worst:
        return {"verdict": "sizes"}
    verdict = "faults" if r.bad_status else "stepped" if r.steps else "unstable"
    row = {"verdict": verdict, **dict.fromkeys(GROUPS, 0.0)}
    for stage, (value, _) in r.worst.items():
        if stage != "deepest":
            row[group_of(stage)] = max(row[group_of(stage)], value)
    row["deepest"] = r.get("deepest")
    row.update({group: power_of_ten(row[group]) for group in [*GROUPS, "deepest"]})
    row["niter"] = f"{r.equal_niter / max(1, r.steps):.2f}"
    row.update(steps=r.steps, shared=r.shared, rounding=r.rounding)
    row["unexplained"] = r.differ - r.rounding
    worst = {k: f"{v:.1e}" for k, (v, _) in r.worst.items() if v > TOLERANCE}
    row["text"] = f"{worst} shared {r.shared} rounding {r.rounding} of {r.differ}" if worst else ""
    return row


def work(steps):
    """Reads one path a line, answers one line of JSON each: of its steps, or of its constants."""
    import mujoco

    mujoco.set_mju_user_warning(lambda message: None)
    for line in sys.stdin:
        path = pathlib.Path(line.rstrip("\n"))
        row = step_row(path, steps) if steps else compile_row(path)
        print("ROW " + json.dumps(row), flush=True)


# ---- in the parent ----------------------------------------------------------------------------


class Worker:
    """A child that evaluates files one after another; replaced when it dies or hangs."""

    def __init__(self, steps):
        self.steps = steps
        self.child = None

    def start(self):
        command = [sys.executable, __file__, "--work", str(self.steps)]
        self.child = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def stop(self):
        if self.child:
            self.child.kill()
            self.child.communicate()
            self.child = None

    def evaluate(self, path):
        if self.child is None:
            self.start()
        timer = threading.Timer(TIMEOUT * max(1, self.steps / STEPS), self.child.kill)
        timer.start()
        try:
            self.child.stdin.write(f"{path}\n")
            self.child.stdin.flush()
            for line in self.child.stdout:
                if line.startswith("ROW "):
                    return json.loads(line[4:])
        except BrokenPipeError:
            pass
        finally:
            timed_out = not timer.is_alive()
            timer.cancel()
        self.stop()
        return {"verdict": "timeout" if timed_out else "crash"}


def evaluate(files, steps=0, jobs=1, show=None):
    """Rows of (corpus, file) pairs, in their order; files that MuJoCo refuses are left out.

    Of so many steps each; of the constants when there are none."""
    rows = [None] * len(files)
    waiting = queue.SimpleQueue()
    for index in range(len(files)):
        waiting.put(index)

    def serve():
        worker = Worker(steps)
        with contextlib.suppress(queue.Empty):
            while True:
                index = waiting.get_nowait()
                name, file = files[index]
                row = worker.evaluate(corpus.get(name) / file)
                if row is not None:
                    rows[index] = {"corpus": name, "file": file, **row}
                    if show:
                        show(rows[index])
        worker.stop()

    threads = [threading.Thread(target=serve) for _ in range(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [row for row in rows if row]


def read_table(path):
    if not path.exists():
        return []
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def write_table(path, rows, columns):
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore", restval="")
        writer.writeheader()
        writer.writerows(sorted(rows, key=lambda r: (CORPORA.index(r["corpus"]), r["file"])))


def steps_summary(rows):
    """How many files step exactly, and why others do not."""
    stepped = [r for r in rows if r["verdict"] == "stepped"]
    counts = [{c: int(r[c]) for c in COUNTS} for r in stepped]
    total = {c: sum(n[c] for n in counts) for c in COUNTS}
    lines = [
        f"{len(stepped)} of {len(rows)} files stepped, {total['steps']} steps; files whose every step agrees: "
        f"{sum(n['shared'] + n['rounding'] + n['unexplained'] == 0 for n in counts)}; from our contacts: "
        f"{sum(n['rounding'] + n['unexplained'] == 0 for n in counts)}; but for rounding: "
        f"{sum(n['unexplained'] == 0 for n in counts)}"
    ]
    for what in ("shared", "rounding", "unexplained"):
        files = sum(n[what] > 0 for n in counts)
        lines.append(f"  {total[what]:6d} steps of {files} files: {what}")
    return "\n".join(lines)


def summary(rows):
    """Share of compiled files and a histogram of the reasons why others are not."""
    inside = [r for r in rows if not r.get("beyond")]
    compiled = [r for r in inside if r["verdict"] == "compiled"]
    exact = [r for r in compiled if not r["reason"]]
    head = (
        f"{len(rows)} files that MuJoCo loads, {len(inside)} without plugin, flex or sdf: "
        f"{len(compiled)} compile ({100 * len(compiled) / max(1, len(inside)):.1f} %), "
        f"{len(exact)} of them with every constant"
    )
    lines = [head]
    for verdict in ("refused", "error", "crash", "timeout"):
        reasons = collections.Counter(r["reason"] for r in inside if r["verdict"] == verdict)
        lines += [f"  {n:4d} {verdict}: {reason}" for reason, n in reasons.most_common()]
    fields = collections.Counter(r["field"] for r in compiled if r["reason"])
    lines += [f"  {n:4d} differ in {field}" for field, n in fields.most_common()]
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("corpora", nargs="*", help="all when left out")
    parser.add_argument("--match", help="only files whose path matches this expression")
    parser.add_argument("--steps", action="store_true", help="step parity instead of constants")
    parser.add_argument("--robots", action="store_true", help="1000 steps of 30 robots")
    parser.add_argument("--table", action="store_true", help="print the summary of the kept table")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--work", type=int, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.work is not None:
        return work(args.work)
    if args.table:
        steps = [steps_summary(read_table(path)) for path in (STEPS_CSV, ROBOTS_CSV)]
        return print(summary(read_table(COMPILE_CSV)), *steps, sep="\n")
    os.environ["PYTHONPATH"] = os.pathsep.join([str(HERE), os.environ.get("PYTHONPATH", "")])
    path = ROBOTS_CSV if args.robots else STEPS_CSV if args.steps else COMPILE_CSV
    steps = ROBOT_STEPS if args.robots else STEPS if args.steps else 0
    names = args.corpora or CORPORA
    if args.robots:
        files = ROBOTS
    elif args.steps:
        table = read_table(COMPILE_CSV)
        table = [r for r in table if r["verdict"] == "compiled" and not r["compat"]]
        files = [(r["corpus"], r["file"]) for r in table]
    else:
        files = [(name, file) for name in names for file in mjcf_files(name)]
    files = [f for f in files if f[0] in names and re.search(args.match or "", f[1])]

    def show(row):
        print(row["corpus"], row["file"], row["verdict"], row.get("text") or row.get("field", ""))

    rows = evaluate(files, steps, args.jobs, show)
    print((steps_summary if steps else summary)(rows))
    if not args.match:
        others = [r for r in read_table(path) if r["corpus"] not in names]
        write_table(path, others + rows, STEPS_COLUMNS if steps else COMPILE_COLUMNS)


if __name__ == "__main__":
    sys.exit(main())
