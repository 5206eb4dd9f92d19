"""URDFs: compiled constants agree with MuJoCo where it loads them, and no real file gets worse.

urdf.csv keeps the verdict on every URDF of the corpora: `loads`; `repairs`: loads on request to
repair its inertias; `refused`, and why. By default every fourth file is tested, all of them with
MOTORIUM_FULL=1.

    python tests/parity/test_urdf.py      # evaluate all, rewrite urdf.csv
"""

import csv
import json
import os
import pathlib
import re
import subprocess
import sys

import corpus

ROOT = pathlib.Path(__file__).resolve().parents[2]
OWN = sorted((ROOT / "tests/parity/urdf").glob("*.urdf"))
TABLE = pathlib.Path(__file__).with_name("urdf.csv")
COLUMNS = ["corpus", "file", "verdict", "problems", "reason"]
CORPORA = ["example_robot_data", "pybullet"]
RANK = {"loads": 0, "repairs": 1, "refused": 2}
FULL = os.environ.get("MOTORIUM_FULL") == "1"


def program():
    import test_compile

    return test_compile.dump_program()


def dump(paths, *options):
    """Compiled models; files run in one child after the other, so that a crash shows its file."""
    command = [str(program()), *options, *map(str, paths)]
    environment = {k: v for k, v in os.environ.items() if k != "ROS_PACKAGE_PATH"}
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)
    lines = done.stdout.splitlines()
    assert done.returncode == 0, f"crash at {paths[len(lines)]}: {done.stderr[-500:]}"
    return [json.loads(line) for line in lines]


def files_of(name):
    """Every URDF of a corpus; of the thousand generated objects one in fifty."""
    folder = corpus.get(name)
    if folder is None:
        return []
    found = [str(p.relative_to(folder)) for p in sorted(folder.rglob("*.urdf"))]
    generated = [p for p in found if "random_urdfs" in p]
    return [p for p in found if "random_urdfs" not in p] + generated[::50]


def reason_of(error):
    """The first problem without its place and numbers."""
    first = error.splitlines()[0]
    first = re.sub(r"^\S+?:\d+: ", "", first)
    return re.sub(r"\d[\d.e+-]*", "N", first)[:200]


def judge(name, files):
    folder = corpus.get(name)
    paths = [folder / f for f in files]
    plain, repaired = dump(paths), dump(paths, "--repair")
    rows = []
    for file, first, second in zip(files, plain, repaired, strict=True):
        verdict = "loads" if "model" in first else "repairs" if "model" in second else "refused"
        error = second.get("error", "") if verdict == "refused" else first.get("error", "")
        row = [name, file, verdict, len(error.splitlines()), reason_of(error) if error else ""]
        rows.append(dict(zip(COLUMNS, row, strict=True)))
    return rows


def kept():
    with open(TABLE, newline="") as table:
        return list(csv.DictReader(table))


if __name__ == "__main__":
    sys.path.insert(0, str(pathlib.Path(__file__).parent))
    with open(TABLE, "w", newline="") as table:
        writer = csv.DictWriter(table, COLUMNS, lineterminator="\n")
        writer.writeheader()
        for corpus_name in CORPORA:
            rows = judge(corpus_name, files_of(corpus_name))
            writer.writerows(rows)
            count = {v: sum(r["verdict"] == v for r in rows) for v in RANK}
            print(corpus_name, count)
    sys.exit()

import pytest

mujoco = pytest.importorskip("mujoco", reason="SKIPPED: mujoco-core 4.0.1 is not installed")
if mujoco.__version__ != "4.0.1":
    pytest.skip(f"SKIPPED: MuJoCo {mujoco.__version__} is not 4.0.1", allow_module_level=True)
if program() is None:
    pytest.skip("SKIPPED: dump_model is not built", allow_module_level=True)

import compare_model


def check(path):
    (ours,) = dump([path])
    if "model" not in ours and "has no collider" in ours["error"]:
        pytest.skip("SKIPPED: " + ours["error"].splitlines()[0])
    assert "model" in ours, ours["error"]
    m = mujoco.MjModel.from_xml_path(str(path))
    residuals = compare_model.compare(ours["model"], m)
    bad = {}
    for field, value in residuals.items():
        if not value <= (1e-6 if field.startswith("mesh_") else 1e-9):
            bad[field] = value
    assert not bad, bad


@pytest.mark.parametrize("path", OWN, ids=lambda p: p.stem)
def test_own_urdf(path):
    check(path)


def loads_in_mujoco(path):
    try:
        mujoco.MjModel.from_xml_path(str(path))
    except ValueError:
        return False
    return True


# of 69 files MuJoCo loads those without package:// paths that are needed
@pytest.mark.parametrize(
    "row", [r for r in kept() if r["verdict"] == "loads"], ids=lambda r: r["file"]
)
def test_constants_of_a_real_urdf(row):
    folder = corpus.get(row["corpus"])
    if folder is None:
        pytest.skip(f"SKIPPED: the corpus {row['corpus']} cannot be had")
    path = folder / row["file"]
    if not loads_in_mujoco(path):
        pytest.skip("MuJoCo does not load it")
    check(path)


@pytest.mark.parametrize("name", CORPORA)
def test_no_urdf_gets_worse(name):
    if corpus.get(name) is None:
        pytest.skip(f"SKIPPED: the corpus {name} cannot be had")
    rows = [r for r in kept() if r["corpus"] == name]
    rows = rows if FULL else rows[::4]
    found = judge(name, [r["file"] for r in rows])
    pairs = zip(rows, found, strict=True)
    worse = [(was, now) for was, now in pairs if RANK[now["verdict"]] > RANK[was["verdict"]]]
    assert rows and not worse, worse


def test_every_refusal_says_what_to_do():
    words = (
        "convert",
        "use ",
        "give ",
        "correct it",
        "no such file",
        "numbers",
        "twice",
        "did you mean",
        "link",
        "is no",
        "corners",
    )
    for row in kept():
        if row["verdict"] == "refused" and "collider" not in row["reason"]:
            assert any(w in row["reason"] for w in words), row
