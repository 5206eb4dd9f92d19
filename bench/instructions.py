"""Instructions of a world-step, counted by valgrind: a measure of speed that noise does not reach.

    python bench/instructions.py [SCENE ...]             # count and print
    python bench/instructions.py --write                 # rewrite bench/results/instructions.csv
    python bench/instructions.py --check                 # fail where a count differs by more than 2 %

Counted is `motorium sim SCENE` with 16 worlds under random controls, AVX2 kernels, one thread: the
difference of a long and a short run, divided by the world-steps between them. Counts belong to a
compiler; with another one --check has nothing to compare and says so.
"""

import argparse
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import kept_table

HERE = pathlib.Path(__file__).resolve().parent
TABLE = HERE / "results" / "instructions.csv"
COLUMNS = ["scene", "compiler", "instructions"]
WORLDS, SHORT, LONG = 16, 100, 160
TOLERANCE = 0.02


def scene_files():
    """Our robots, and the scenes of bench/scenes.py where MuJoCo and the corpora are installed."""
    files = {p.parent.name: p for p in sorted((HERE.parent / "robots").glob("*/robot.xml"))}
    try:
        import scenes
    except ImportError as error:
        print(f"SKIPPED scenes of the corpora: {error}")
        return files
    for name in scenes.SCENES:
        path = scenes.path(name)
        if path is None:
            print(f"SKIPPED {name}: its corpus is not installed")
        else:
            files[name] = path
    return files


def timestep(binary, path):
    """From the line `... N steps of H s each` of motorium sim."""
    out = subprocess.run(
        [binary, "sim", str(path), "--worlds", "1", "--seconds", "1e-9", "--threads", "1"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    return float(re.search(r"steps of ([0-9.e-]+) s each", out).group(1))


def instructions(binary, path, steps, step):
    with tempfile.NamedTemporaryFile() as out:
        run = subprocess.run(
            ["valgrind", "--tool=cachegrind", "--cache-sim=no", f"--cachegrind-out-file={out.name}", binary, "sim",
             str(path), "--worlds", str(WORLDS), "--threads", "1", "--seconds", repr(steps * step), "--random"],
            capture_output=True, text=True,
        )  # fmt: skip
    found = re.search(r"I +refs: +([0-9,]+)", run.stderr)
    if run.returncode or not found:
        sys.exit(f"valgrind on {path} failed:\n{run.stderr[-2000:]}")
    return int(found.group(1).replace(",", ""))


def count(binary, path):
    step = timestep(binary, path)
    difference = instructions(binary, path, LONG, step) - instructions(binary, path, SHORT, step)
    return round(difference / (WORLDS * (LONG - SHORT)))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scenes", nargs="*")
    parser.add_argument("--binary", default=str(HERE.parent / "build/default/motorium"))
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--check", action="store_true")
    o = parser.parse_args()
    if shutil.which("valgrind") is None:
        print("SKIPPED instructions: valgrind is not installed")
        return 0
    first = subprocess.run([o.binary, "--version"], capture_output=True, text=True, check=True).stdout
    compiler = re.search(r"(gcc|clang) [0-9.]+", first).group(0)
    kept = kept_table.read(TABLE, COLUMNS[:2])
    worse = 0
    files = scene_files()
    for name in o.scenes or files:
        now = count(o.binary, files[name])
        word = f"SKIPPED: nothing kept for {compiler}"
        if (name, compiler) in kept:
            before = int(kept[name, compiler]["instructions"])
            word = f"{100 * (now / before - 1):+.2f} % of {before:,}"
            if abs(now / before - 1) > TOLERANCE:
                worse += 1
                word += "  BEYOND 2 %"
        print(f"{name:14} {now:>10,} instructions a world-step   {word}", flush=True)
        kept[name, compiler] = dict(zip(COLUMNS, (name, compiler, now), strict=True))
    if o.write:
        kept_table.write(TABLE, COLUMNS, kept)
    if o.check and worse:
        print(f"{worse} counts moved by more than 2 %: find out why, then bench/instructions.py --write")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
