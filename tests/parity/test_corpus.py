"""No file of the corpora gets worse: what compiles goes on compiling, with constants as exact.

The kept tables are corpus.csv, corpus_steps.csv and robot_steps.csv (see corpus_report.py, which
rewrites them). By default the small corpora are tested in full and every eighth file of the others,
and 1000 steps of every fifth robot; with MOTORIUM_FULL=1 all files, and their steps too.
"""

import os

import pytest

mujoco = pytest.importorskip("mujoco", reason="SKIPPED: mujoco-core 4.0.1 is not installed")
if mujoco.__version__ != "4.0.1":
    pytest.skip(f"SKIPPED: MuJoCo {mujoco.__version__} is not 4.0.1", allow_module_level=True)

import corpus
import corpus_report
import test_compile

FULL = os.environ.get("MOTORIUM_FULL") == "1"
RANK = {
    "compiled": 0,
    "stepped": 0,
    "unstable": 1,
    "refused": 1,
    "error": 1,
    "faults": 2,
    "sizes": 3,
}


def sample(rows, name):
    rows = [r for r in rows if r["corpus"] == name]
    return rows if FULL or name in corpus_report.SMALL else rows[::8]


def number(text):
    return float(text) if text else 0.0


def require_corpus(name):
    if corpus.get(name) is None:
        pytest.skip(f"SKIPPED: the corpus {name} cannot be had")


def evaluate(rows, monkeypatch, steps=0):
    folder = str(corpus_report.HERE)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([folder, os.environ.get("PYTHONPATH", "")]))
    files = [(r["corpus"], r["file"]) for r in rows]
    found = {r["file"]: r for r in corpus_report.evaluate(files, steps)}
    return [(row, found.get(row["file"], {"verdict": "not loaded"})) for row in rows]


def is_worse(kept, found, columns):
    """A verdict of a lower rank, or a residual that was within its tolerance and grew out of it."""
    if RANK.get(found["verdict"], 4) > RANK.get(kept["verdict"], 4):
        return True
    if found["verdict"] != kept["verdict"]:
        return False
    if found.get("reason") == "differs" and kept["reason"] != "differs":
        return True
    grown = [number(found.get(c)) > 10 * max(number(kept[c]), 1e-9) for c in columns]
    # a few steps more may be the rounding of another machine
    left = [number(r.get("unexplained")) for r in (kept, found)]
    return any(grown) or left[1] > left[0] + 3


@pytest.mark.parametrize("name", corpus_report.CORPORA)
def test_no_file_compiles_worse_than_before(name, monkeypatch):
    require_corpus(name)
    if test_compile.dump_program() is None:
        pytest.skip("SKIPPED: dump_model is not built")
    rows = sample(corpus_report.read_table(corpus_report.COMPILE_CSV), name)
    assert rows, "the kept table has no row of this corpus"
    worse = [
        {"was": kept, "is": found}
        for kept, found in evaluate(rows, monkeypatch)
        if is_worse(kept, found, ["residual"] if found.get("reason") == "differs" else [])
    ]
    assert not worse, worse


@pytest.mark.skipif(not FULL, reason="steps of all corpora take many minutes: MOTORIUM_FULL=1")
@pytest.mark.parametrize("name", corpus_report.CORPORA)
def test_no_file_steps_worse_than_before(name, monkeypatch):
    require_corpus(name)
    rows = sample(corpus_report.read_table(corpus_report.STEPS_CSV), name)
    worse = [
        {"was": kept, "is": found}
        for kept, found in evaluate(rows, monkeypatch, corpus_report.STEPS)
        if is_worse({"reason": "", **kept}, found, corpus_report.GROUPS)
    ]
    assert not worse, worse


def test_every_chosen_robot_is_kept_with_a_thousand_steps():
    rows = corpus_report.read_table(corpus_report.ROBOTS_CSV)
    assert {(r["corpus"], r["file"]) for r in rows} == set(corpus_report.ROBOTS)
    assert len(corpus_report.ROBOTS) == 30
    # steps are fewer where MuJoCo's own simulation came apart
    assert all(r["verdict"] == "stepped" and int(r["steps"]) >= 990 for r in rows)


@pytest.mark.parametrize("first", range(5) if FULL else [0])
def test_no_robot_steps_worse_than_before(first, monkeypatch):
    rows = corpus_report.read_table(corpus_report.ROBOTS_CSV)[first::5]
    for name in {r["corpus"] for r in rows}:
        require_corpus(name)
    worse = [
        {"was": kept, "is": found}
        for kept, found in evaluate(rows, monkeypatch, corpus_report.ROBOT_STEPS)
        if is_worse({"reason": "", **kept}, found, corpus_report.GROUPS)
    ]
    assert not worse, worse


def test_a_lost_file_and_a_grown_residual_count_as_worse():
    kept = {"verdict": "compiled", "reason": "", "residual": "1e-12"}
    assert is_worse(kept, {"verdict": "refused", "reason": "x"}, [])
    assert is_worse(kept, {"verdict": "compiled", "reason": "differs"}, [])
    assert is_worse(kept, {"verdict": "crash"}, [])
    assert not is_worse(kept, {"verdict": "compiled", "reason": "", "residual": "1e-11"}, [])
    assert not is_worse({**kept, "verdict": "refused"}, {"verdict": "compiled", "reason": ""}, [])
    assert is_worse(kept, {"verdict": "compiled", "residual": "1e-3"}, ["residual"])
    stepped = {"verdict": "stepped", "reason": "", "unexplained": "0"}
    assert is_worse(stepped, {"verdict": "stepped", "unexplained": 10}, [])
