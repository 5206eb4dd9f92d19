"""`motorium bench --trace`: a file that viewers of Chrome traces read, and what it says."""

import collections
import json
import subprocess
import sys

import pytest
from conftest import ROOT

STAGES = {"load", "kinematics", "inertia", "collision", "velocities", "bias forces", "actuation",
          "smooth acceleration", "rows", "solver", "integration", "store"}  # fmt: skip


def bench(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "motorium", "bench", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=300,
    )


def trace(tmp_path, *arguments):
    path = tmp_path / "out.json"
    out = bench(*arguments, "--threads", 2, "--trace", path)
    assert out.returncode == 0, out.stderr
    whole = json.loads(path.read_text())
    assert whole["otherData"]["dropped_events"] == 0
    threads = {e["tid"]: e["args"]["name"] for e in whole["traceEvents"] if e["ph"] == "M"}
    assert threads == {0: "thread 0, the caller", 1: "thread 1"}
    events = [e for e in whole["traceEvents"] if e["ph"] == "X"]
    assert all(e["ts"] >= 0 and e["dur"] >= 0 and e["tid"] in threads for e in events)
    return whole["otherData"], events, out.stdout


def nest(events):
    """Each event with the name of the one that encloses it; fails where two overlap."""
    pairs = []
    for tid in {e["tid"] for e in events}:
        lane = sorted((e for e in events if e["tid"] == tid), key=lambda e: (e["ts"], -e["dur"]))
        open_ = []
        for e in lane:
            while open_ and open_[-1]["ts"] + open_[-1]["dur"] <= e["ts"] + 1e-6:
                open_.pop()
            if open_:
                assert e["ts"] + e["dur"] <= open_[-1]["ts"] + open_[-1]["dur"] + 1e-6, "events overlap"
            pairs.append((e, open_[-1]["name"] if open_ else None))
            open_.append(e)
    return pairs


def test_a_scene_shows_the_stages_of_each_step(tmp_path):
    about, events, text = trace(tmp_path, ROOT / "robots/quad/robot.xml", "--worlds", 256, "--steps", 30)
    assert about["worlds"] == 256 and about["steps"] == 30
    count = collections.Counter(e["name"] for e in events)
    assert set(count) >= STAGES | {"step", "Batch.step"}
    assert count["Batch.step"] == 30
    packs = count["step"]
    assert packs in (30 * 16, 30 * 32)  # packs of 16 and of 8 worlds
    assert all(count[stage] == packs for stage in STAGES)

    # stages lie in steps; together they are the step but for the clock
    inside = sum(e["dur"] for e, outer in nest(events) if outer == "step")
    whole = sum(e["dur"] for e in events if e["name"] == "step")
    assert {outer for e, outer in nest(events) if e["name"] in STAGES} == {"step"}
    assert 0.9 * whole < inside <= whole * 1.001
    assert "solver" in text and "30 steps on 2 threads" in text


def test_a_task_shows_the_whole_iteration(tmp_path):
    about, events, _ = trace(tmp_path, "cartpole-balance", "--worlds", 64)
    assert about["iterations"] == 1
    outer_of = collections.defaultdict(set)
    for e, outer in nest(events):
        outer_of[e["name"]].add(outer)
    assert {"policy", "rewards", "resets", "observations", "actor gradient", "critic gradient", "adam",
            "returns", "mini-batch", "bookkeeping"} <= set(outer_of)  # fmt: skip
    assert outer_of["rewards"] == outer_of["observations"] == {"env step"}
    assert outer_of["solver"] == {"step"} and outer_of["step"] == {"env step"}
    # on thread 0 inside the caller's phase, on the other by themselves
    assert outer_of["policy"] <= {"rollout", None} and outer_of["adam"] <= {"mini-batch", None}
    assert outer_of["mini-batch"] == {"update"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [([], "name it"), ([ROOT / "robots/quad/robot.xml", "--worlds", 8], "cannot be written")],
)
def test_refusals(tmp_path, arguments, message):
    out = bench(*arguments, "--trace", tmp_path / "no/such/folder.json")
    assert out.returncode != 0 and message in out.stderr
