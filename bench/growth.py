"""How the cost of a step grows: with worlds, threads, degrees of freedom and contacts.

    PYTHONPATH=build/default/python .venv/bin/python bench/growth.py [--csv FILE] [--svg FOLDER] [CURVE ...]

Curves: worlds (our quadruped, 64 .. 65,536 worlds), few (1 .. 100 worlds, beside MuJoCo with one),
threads (4096 worlds on 1 .. all cores), chain (8 .. 256 hinges in a row, fixed base), limited (the same
with one joint at its stop), lying (the same with a free base, on a plane: eight rows a link), pile (1 .. 64
boxes falling on each other; the worst step while they lie). One thread unless said. Each number is the median of
interleaved runs; a curve's slope in the double logarithm is printed: 1 is linear, 2 quadratic.
"""

import argparse
import csv
import math
import os
import pathlib
import statistics
import time

import numpy as np

import motorium as mo

ROOT = pathlib.Path(__file__).resolve().parent.parent
QUAD = ROOT / "robots/quad/robot.xml"
COLUMNS = ["curve", "x", "seconds", "lowest", "highest", "unit"]


def chain(n, limited=False, lying=False):
    """n hinges in a row, turning about y and z in turn; limited: the middle one is beyond its range;
    lying: on a plane, stiff enough to stay there."""
    body = ""
    for i in range(n):
        axis = "0 1 0" if i % 2 else "0 0 1"
        limit = ' range="5 90"' if limited and i == n // 2 else ""
        # what has rows is damped: long runs stay in the regime that is measured
        numbers = 'damping="1" armature="0.01"' if limited or lying else 'damping="0.01" armature="0.001"'
        joint = "<freejoint/>" if lying and i == 0 else f'<joint type="hinge" axis="{axis}" {numbers}{limit}/>'
        body += (
            f'<body pos="{0.1 if i else 0} 0 {0.0199 if lying and i == 0 else 0}">{joint}'
            f'<geom type="capsule" fromto="0 0 0 0.1 0 0" size="0.02" contype="{2 * lying:d}" conaffinity="0"/>'
        )
    floor = '<geom type="plane" size="50 50 1" contype="1" conaffinity="2"/>' if lying else ""
    return mo.Model.from_string(f"<mujoco><worldbody>{floor}{body}{'</body>' * n}</worldbody></mujoco>")


def pile(n):
    """n boxes dropped in two columns, so that they come to lie on each other."""
    boxes = "".join(
        f'<body pos="{0.21 * (i % 2)} {0.01 * (i % 3)} {0.12 + 0.21 * (i // 2)}"><freejoint/>'
        '<geom type="box" size="0.1 0.1 0.1" density="300"/></body>'
        for i in range(n)
    )
    return mo.Model.from_string(
        f'<mujoco><worldbody><geom type="plane" size="5 5 0.1"/>{boxes}</worldbody></mujoco>'
    )


def moving(model, worlds, threads=1, warm=20, speed=0.5):
    """Worlds in the middle of a motion, each with its own controls."""
    batch = mo.Batch(model, worlds=worlds, threads=threads)
    rng = np.random.default_rng(1)
    if model.nkey:
        batch.reset(keyframe=0)
    if model.nu:
        batch.ctrl[:] += rng.uniform(-0.3, 0.3, batch.ctrl.shape)
    else:
        batch.qvel[:] = rng.uniform(-speed, speed, batch.qvel.shape)
    batch.step(nstep=warm)
    return batch


def seconds_of(batch, least=0.05):
    """Seconds of one step of all worlds."""
    n = 0
    begin = time.perf_counter()
    while True:
        batch.step()
        n += 1
        spent = time.perf_counter() - begin
        if spent >= least:
            return spent / n


def measure(curve, cases, unit, per, runs=5):
    """cases: (x, batch or callable); seconds divided by per(x)."""
    times = {x: [] for x, _ in cases}
    for _ in range(runs):
        for x, what in cases:
            seconds = what() if callable(what) else seconds_of(what)
            times[x].append(seconds / per(x))
    rows = []
    for x, found in times.items():
        rows.append(
            {"curve": curve, "x": x, "seconds": statistics.median(found), "lowest": min(found),
             "highest": max(found), "unit": unit}
        )  # fmt: skip
    return rows


def curve_worlds():
    model = mo.load(str(QUAD))
    cases = [(n, moving(model, n)) for n in (64, 256, 1024, 4096, 16384, 65536)]
    return measure("worlds", cases, "s a step", lambda n: 1, runs=3)


def curve_few():
    model = mo.load(str(QUAD))
    cases = [(n, moving(model, n)) for n in (1, 4, 7, 8, 16, 32, 100)]
    rows = measure("few", cases, "s a step", lambda n: 1)
    try:
        import mujoco
    except ImportError:
        return rows
    m = mujoco.MjModel.from_xml_path(str(QUAD))
    d = mujoco.MjData(m)
    mujoco.mj_resetDataKeyframe(m, d, 0)
    d.ctrl[:] += np.random.default_rng(1).uniform(-0.3, 0.3, m.nu)
    mujoco.mj_step(m, d, 20)

    def theirs():
        begin = time.perf_counter()
        mujoco.mj_step(m, d, 1000)
        return (time.perf_counter() - begin) / 1000

    return rows + measure("few, MuJoCo", [(1, theirs)], "s a step", lambda n: 1)


def curve_threads():
    model = mo.load(str(QUAD))
    cases = [(n, moving(model, 4096, threads=n)) for n in range(1, (os.cpu_count() or 1) + 1)]
    return measure("threads", cases, "s a step of 4096 worlds", lambda n: 1)


LENGTHS = (8, 16, 32, 64, 128, 256)  # of chains


def curve_chain():
    cases = [(n, moving(chain(n), 64)) for n in LENGTHS]
    return measure("chain", cases, "s a world-step", lambda n: 64)


def curve_limited():
    cases = [(n, moving(chain(n, limited=True), 64, speed=0.1)) for n in LENGTHS]
    return measure("limited", cases, "s a world-step", lambda n: 64)


def curve_lying():
    cases = [(n, moving(chain(n, lying=True), 64, speed=0.01)) for n in LENGTHS]
    return measure("lying", cases, "s a world-step", lambda n: 64)


def curve_pile():
    cases = [(n, moving(pile(n), 16, warm=300)) for n in (1, 2, 4, 8, 16, 32, 64)]
    return measure("pile", cases, "s a world-step", lambda n: 16, runs=3)


CURVES = {"worlds": curve_worlds, "few": curve_few, "threads": curve_threads, "chain": curve_chain,
          "limited": curve_limited, "lying": curve_lying, "pile": curve_pile}  # fmt: skip


def slope(rows):
    """Least squares of log seconds over log x, over the upper half of the curve."""
    rows = rows[len(rows) // 2 - 1 :]
    x, y = (np.log([r[k] for r in rows]) for k in ("x", "seconds"))
    return np.polyfit(x, y, 1)[0]


def svg(rows, title):
    """A curve in the double logarithm, with its spread."""
    width, height, left, top = 460, 300, 80, 40
    xs, ys = [r["x"] for r in rows], [v for r in rows for v in (r["lowest"], r["highest"])]
    x0, x1 = math.log10(min(xs)), math.log10(max(xs))
    y0, y1 = math.floor(math.log10(min(ys))), math.ceil(math.log10(max(ys)))

    def at(x, y):
        return (
            left + (width - left - 20) * (math.log10(x) - x0) / max(x1 - x0, 1e-9),
            top + (height - top - 40) * (y1 - math.log10(y)) / max(y1 - y0, 1e-9),
        )

    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{width}" height="{height}" fill="white"/><text x="8" y="20">{title}</text>',
    ]
    for k in range(y0, y1 + 1):
        _, y = at(xs[0], 10.0**k)
        out.append(f'<path d="M{left} {y:.1f}H{width - 20}" stroke="#ddd"/>')
        out.append(f'<text x="{left - 8}" y="{y + 4:.1f}" text-anchor="end">{10.0**k:g}</text>')
    for r in rows:
        x, y = at(r["x"], r["seconds"])
        _, low = at(r["x"], r["lowest"])
        _, high = at(r["x"], r["highest"])
        out.append(f'<path d="M{x:.1f} {low:.1f}V{high:.1f}" stroke="#2a6f97" stroke-width="2"/>')
        out.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="#2a6f97"/>')
        out.append(f'<text x="{x:.1f}" y="{height - 18}" text-anchor="middle">{r["x"]}</text>')
    points = " ".join("{:.1f},{:.1f}".format(*at(r["x"], r["seconds"])) for r in rows)
    out.append(f'<polyline points="{points}" fill="none" stroke="#2a6f97"/>')
    return "\n".join([*out, "</svg>"]) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("curves", nargs="*", choices=[[], *CURVES])
    parser.add_argument("--csv")
    parser.add_argument("--svg")
    o = parser.parse_args()
    table = []
    for name in o.curves or CURVES:
        rows = CURVES[name]()
        table += rows
        for r in rows:
            print(f"{r['curve']:12} {r['x']:>6}  {r['seconds']:.3e} {r['unit']}  "
                  f"({r['lowest']:.2e} .. {r['highest']:.2e})", flush=True)  # fmt: skip
        own = [r for r in rows if r["curve"] == name]
        if name == "threads":
            each = own[0]["seconds"] / (own[-1]["x"] * own[-1]["seconds"])
            print(f"{name}: {100 * each:.1f} % of {own[-1]['x']} times the speed of one thread")
        elif name != "few":
            print(f"{name}: grows with the power {slope(own):.2f}")
        if o.svg:
            folder = pathlib.Path(o.svg)
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"growth_{name}.svg").write_text(svg(own, f"{name}: {own[0]['unit']}"))
    if o.csv:
        with open(o.csv, "w", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            writer.writeheader()
            for r in table:
                writer.writerow({k: f"{v:.4g}" if isinstance(v, float) else v for k, v in r.items()})


if __name__ == "__main__":
    main()
