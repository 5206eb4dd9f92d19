"""Steps per second of motorium and of other engines on one model file, in one run.

    python -m motorium.peers FILE [--peers mujoco,mjx,mujoco-warp,bullet] [--csv F] [--markdown F] [--svg F]

All engines get the same file with its own options, start from the same states (each world from another
moment of a roll-out under random controls) and get the same controls, held for ten steps. Compiling and
warming up are measured apart; runs are interleaved, the median counts, and the lowest and highest stand
beside it. The residual is the error of one step from those states against the first double-precision
engine of the list (MuJoCo where it is installed, else motorium in double): median and worst over worlds
of |dv - dv_ref| / |dv_ref|, dv the change of velocity.
"""

import argparse
import csv
import importlib.metadata
import importlib.util
import os
import pathlib
import statistics
import sys
import tempfile
import time

import numpy as np

import motorium as mo

HOLD = 10  # steps that a control is held


class Unavailable(Exception):
    """Why an engine cannot run here."""


def need(package, hint):
    if importlib.util.find_spec(package) is None:
        raise Unavailable(f"{package} is not installed in {sys.executable}: pip install {hint}")


def version(*distributions):
    for name in distributions:
        try:
            return f"{name} {importlib.metadata.version(name)}"
        except importlib.metadata.PackageNotFoundError:
            continue
    return distributions[0]


class Scene:
    """One model file, states of its worlds and their controls."""

    def __init__(self, path, worlds, steps, seed=1):
        self.path, self.worlds, self.steps = pathlib.Path(path), worlds, steps
        self.name = self.path.stem
        self.spec = mo.Spec.from_file(str(path))
        self.model = self.spec.compile()
        rng = np.random.default_rng(seed)
        self.ctrl = np.repeat(self.controls(rng, -(-steps // HOLD)), HOLD, axis=1)[:, :steps]

        # worlds of a roll-out that stopped at different times
        batch = mo.Batch(self.model, worlds=worlds)
        if self.model.nkey:
            batch.reset(keyframe=0)
        warm = 60
        draw = self.controls(rng, warm)
        for k in range(warm):
            going = np.flatnonzero(rng.random(worlds) < (k + 1) / warm)
            batch.ctrl[:] = draw[:, k]
            if len(going):
                batch.step(nstep=HOLD, ids=going)
        frozen = np.asarray(batch.status) & mo.STATUS_BITS["frozen"] != 0
        if frozen.any():
            batch.reset(mask=frozen)
        fields = ("qpos", "qvel", "act", "qacc_warmstart")
        self.start = {f: np.array(getattr(batch, f), dtype=float) for f in fields}

    def controls(self, rng, count):
        """(worlds, count, nu): uniform in ctrlrange, else around the first keyframe's controls."""
        m = self.model
        low, high = np.reshape(m.actuator_ctrlrange, (-1, 2)).T
        limited = np.asarray(m.actuator_ctrllimited, dtype=bool)
        middle = m.key_ctrl[0] if m.nkey else np.zeros(m.nu)
        draw = rng.random((self.worlds, count, m.nu))
        return np.where(limited, low + (high - low) * draw, middle + 0.6 * (draw - 0.5))


class Motorium:
    name, lanes = "motorium", "float packs"

    def __init__(self, scene, threads, precision="single"):
        self.scene = scene
        self.batch = mo.Batch(scene.model, worlds=scene.worlds, threads=threads, precision=precision)
        self.version = f"motorium {mo.__version__}"

    def restart(self):
        self.batch.reset()
        for field, value in self.scene.start.items():
            getattr(self.batch, field)[:] = value

    def run(self):
        self.restart()
        begin = time.perf_counter()
        for k in range(0, self.scene.steps, HOLD):
            self.batch.ctrl[:] = self.scene.ctrl[:, k]
            self.batch.step(nstep=min(HOLD, self.scene.steps - k))
        return time.perf_counter() - begin

    def velocities(self):
        self.restart()
        self.batch.ctrl[:] = self.scene.ctrl[:, 0]
        self.batch.step()
        return np.array(self.batch.qvel, dtype=float)


class Mujoco:
    name, lanes = "mujoco", "double"

    def __init__(self, scene, threads):
        need("mujoco", "mujoco")
        import mujoco
        import mujoco.rollout

        self.mujoco, self.scene, self.threads = mujoco, scene, threads
        self.version = version("mujoco", "mujoco-core")
        self.model = load_mujoco(mujoco, scene)
        self.data = [mujoco.MjData(self.model) for _ in range(threads)]
        kind = mujoco.mjtState.mjSTATE_FULLPHYSICS
        d, rows = self.data[0], []
        for w in range(scene.worlds):
            mujoco.mj_resetData(self.model, d)
            for field in ("qpos", "qvel", "act"):
                getattr(d, field)[:] = scene.start[field][w]
            row = np.empty(mujoco.mj_stateSize(self.model, kind))
            mujoco.mj_getState(self.model, d, row, kind)
            rows.append(row)
        self.initial = np.array(rows)

    def run(self):
        begin = time.perf_counter()
        self.mujoco.rollout.rollout(
            self.model,
            self.data if self.threads > 1 else self.data[0],
            self.initial,
            self.scene.ctrl,
            initial_warmstart=self.scene.start["qacc_warmstart"],
        )
        return time.perf_counter() - begin

    def velocities(self):
        d, out = self.data[0], []
        for w in range(self.scene.worlds):
            self.mujoco.mj_resetData(self.model, d)
            for field, value in self.scene.start.items():
                getattr(d, field)[:] = value[w]
            d.ctrl[:] = self.scene.ctrl[w, 0]
            self.mujoco.mj_step(self.model, d)
            out.append(d.qvel.copy())
        return np.array(out)


class Mjx:
    name, lanes = "mjx", "float, XLA"

    def __init__(self, scene, threads):
        need("jax", "jax")
        need("mujoco.mjx", "mujoco-mjx")
        import jax
        import mujoco
        from mujoco import mjx

        self.jax, self.scene = jax, scene
        self.version = f"{version('mujoco-mjx')} on {jax.devices()[0].platform}"
        if jax.devices()[0].platform == "cpu":
            self.lanes = "float, XLA, all cores"
        try:
            model = mjx.put_model(load_mujoco(mujoco, scene))
        except NotImplementedError as error:
            raise Unavailable(f"refuses the model: {error}") from None
        data, start = mjx.make_data(model), scene.start

        def begin(qpos, qvel, act, warm):
            return data.replace(qpos=qpos, qvel=qvel, act=act, qacc_warmstart=warm)

        def roll(state, ctrl):
            step = lambda s, u: (mjx.step(model, s.replace(ctrl=u)), None)
            return jax.lax.scan(step, state, ctrl)[0]

        self.state = jax.vmap(begin)(
            *(start[k] for k in ("qpos", "qvel", "act", "qacc_warmstart"))
        )
        self.roll = jax.jit(jax.vmap(roll))

    def run(self):
        begin = time.perf_counter()
        self.jax.block_until_ready(self.roll(self.state, self.scene.ctrl).qpos)
        return time.perf_counter() - begin

    def velocities(self):
        return np.array(self.roll(self.state, self.scene.ctrl[:, :1]).qvel, dtype=float)


class MujocoWarp:
    name, lanes = "mujoco-warp", "float, CUDA"

    def __init__(self, scene, threads):
        need("warp", "warp-lang")
        need("mujoco_warp", "mujoco-warp")
        import mujoco
        import mujoco_warp as mjw
        import warp as wp

        wp.config.quiet = True
        if not wp.is_cuda_available():
            raise Unavailable("needs a CUDA device")
        self.wp, self.mjw, self.scene = wp, mjw, scene
        self.version = version("mujoco-warp")
        model = load_mujoco(mujoco, scene)
        self.model = mjw.put_model(model)
        self.data = mjw.make_data(model, nworld=scene.worlds)
        self.graph = None

    def restart(self):
        for field, value in self.scene.start.items():
            if value.size:
                getattr(self.data, field).assign(value.astype(np.float32))

    def step(self):
        if self.graph is None:
            self.mjw.step(self.model, self.data)
            with self.wp.ScopedCapture() as capture:
                self.mjw.step(self.model, self.data)
            self.graph = capture.graph
        self.wp.capture_launch(self.graph)

    def run(self):
        self.step()
        self.restart()
        self.wp.synchronize()
        begin = time.perf_counter()
        for k in range(self.scene.steps):
            if k % HOLD == 0 and self.scene.model.nu:
                self.data.ctrl.assign(self.scene.ctrl[:, k].astype(np.float32))
            self.step()
        self.wp.synchronize()
        return time.perf_counter() - begin

    def velocities(self):
        self.step()
        self.restart()
        if self.scene.model.nu:
            self.data.ctrl.assign(self.scene.ctrl[:, 0].astype(np.float32))
        self.step()
        return self.data.qvel.numpy().astype(float)


class Bullet:
    name, lanes = "bullet", "double, one world after another, no controls"

    def __init__(self, scene, threads):
        need("pybullet", "pybullet")
        import pybullet as bullet

        if scene.path.suffix != ".urdf":
            raise Unavailable("reads URDF only")
        self.bullet, self.scene = bullet, scene
        self.version = version("pybullet")
        self.client = bullet.connect(bullet.DIRECT)
        bullet.setGravity(*scene.model.opt.gravity, physicsClientId=self.client)
        bullet.setTimeStep(scene.model.opt.timestep, physicsClientId=self.client)
        bullet.loadURDF(str(scene.path), useFixedBase=True, physicsClientId=self.client)

    def run(self):
        begin = time.perf_counter()
        for _ in range(self.scene.worlds * self.scene.steps):
            self.bullet.stepSimulation(physicsClientId=self.client)
        return time.perf_counter() - begin

    def velocities(self):
        return None


def load_mujoco(mujoco, scene):
    """The file itself; a URDF as the MJCF that motorium makes of it."""
    if scene.path.suffix != ".urdf":
        return mujoco.MjModel.from_xml_path(str(scene.path))
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "model.xml"
        scene.spec.save(path)
        return mujoco.MjModel.from_xml_path(str(path))


PEERS = {p.name: p for p in (Mujoco, Mjx, MujocoWarp, Bullet)}


def error_of(velocities, reference, start):
    """Median and worst relative error of the change of velocity."""
    if velocities is None:
        return None, None
    change = np.linalg.norm(reference - start, axis=1)
    error = np.linalg.norm(velocities - reference, axis=1) / np.maximum(change, 1e-9)
    return float(np.median(error)), float(error.max())


def compare(scene, names, threads=1, runs=5):
    """Rows of motorium and each engine that can run, and notes about those that cannot."""
    engines, notes = [Motorium(scene, threads)], []
    for name in names:
        try:
            engines.append(PEERS[name](scene, threads))
        except Unavailable as why:
            notes.append(f"SKIPPED {name}: {why}")
    first = {e.name: e.run() for e in engines}  # compiles and warms up
    times = {e.name: [] for e in engines}
    for _ in range(runs):
        for e in engines:
            times[e.name].append(e.run())

    oracle = next((e for e in engines if e.name == "mujoco"), None)
    reference = (oracle or Motorium(scene, 1, precision="double")).velocities()
    rows, count = [], scene.worlds * scene.steps
    for e in engines:
        rates = sorted(count / t for t in times[e.name])
        middle, worst = error_of(e.velocities(), reference, scene.start["qvel"])
        ratios = sorted(
            other / own for other, own in zip(times[e.name], times["motorium"], strict=True)
        )
        rows.append(
            {
                "scene": scene.name,
                "engine": e.name,
                "version": e.version,
                "numbers": e.lanes,
                "nv": scene.model.nv,
                "worlds": scene.worlds,
                "threads": threads,
                "steps_per_second": round(statistics.median(rates)),
                "lowest": round(rates[0]),
                "highest": round(rates[-1]),
                "first_run_s": round(first[e.name], 3),
                "motorium_ratio": round(statistics.median(ratios), 2),
                "ratio_low": round(ratios[0], 2),
                "ratio_high": round(ratios[-1], 2),
                "residual_median": middle,
                "residual_worst": worst,
                "reference": e is oracle,
            }
        )
    return rows, notes


def machine(model):
    """What one thread of this machine can do, and what a step needs at least of it."""
    a = np.ones((512, 512), dtype=np.float32)
    big = np.ones(16 << 20, dtype=np.float32)
    to = np.empty_like(big)
    flops = bandwidth = 0.0
    for _ in range(5):
        begin = time.perf_counter()
        for _ in range(4):
            a @ a
        flops = max(flops, 4 * 2 * 512**3 / (time.perf_counter() - begin))
        begin = time.perf_counter()
        np.copyto(to, big)
        bandwidth = max(bandwidth, 2 * big.nbytes / (time.perf_counter() - begin))
    numbers = model.nq + 2 * model.nv + model.na
    return {"flops": flops, "bandwidth": bandwidth, "state_bytes": 2 * 4 * numbers + 4 * model.nu}


def residual_text(row):
    if row["reference"]:
        return "the reference"
    if row["residual_median"] is None:
        return "not compared"
    return f"{row['residual_median']:.1e} ({row['residual_worst']:.1e})"


def markdown(rows):
    lines = [
        "| engine | numbers | steps/s | lowest .. highest | first run | motorium is | residual median (worst) |",
        "|---|---|---|---|---|---|---|",
    ]
    for r in rows:
        ratio = "–"
        if r["engine"] != "motorium":
            ratio = f"{r['motorium_ratio']} x ({r['ratio_low']} .. {r['ratio_high']})"
        lines.append(
            f"| {r['version']} | {r['numbers']} | {r['steps_per_second']:,} | {r['lowest']:,} .. "
            f"{r['highest']:,} | {r['first_run_s']} s | {ratio} | {residual_text(r)} |"
        )
    return "\n".join(lines)


def svg(rows):
    """A bar per engine."""
    most = max(r["highest"] for r in rows)
    width, bar, left = 640, 26, 150
    height = 40 + (bar + 10) * len(rows)
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        'font-family="sans-serif" font-size="13">',
        f'<text x="8" y="20">{rows[0]["scene"]}: steps per second, {rows[0]["worlds"]} worlds, '
        f"{rows[0]['threads']} threads</text>",
    ]
    for i, r in enumerate(rows):
        y, scale = 36 + i * (bar + 10), (width - left - 120) / most
        length, low, high = (scale * r[k] for k in ("steps_per_second", "lowest", "highest"))
        fill = "#2a6f97" if r["engine"] == "motorium" else "#a9b4bd"
        out += [
            f'<text x="8" y="{y + 18}">{r["engine"]}</text>',
            f'<rect x="{left}" y="{y}" width="{length:.1f}" height="{bar}" fill="{fill}"/>',
            f'<path d="M{left + low:.1f} {y + bar / 2}H{left + high:.1f}" stroke="black"/>',
            f'<text x="{left + high + 8:.1f}" y="{y + 18}">{r["steps_per_second"]:,}</text>',
        ]
    return "\n".join([*out, "</svg>"]) + "\n"


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="motorium bench FILE --peers", description=__doc__)
    parser.add_argument("file")
    parser.add_argument("--peers", default="mujoco")
    parser.add_argument("--worlds", type=int, default=256)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeat", type=int, default=5)
    for kind in ("csv", "markdown", "svg"):
        parser.add_argument(f"--{kind}")
    o = parser.parse_args(arguments)
    names = [n for n in o.peers.split(",") if n]
    unknown = [n for n in names if n not in PEERS]
    if unknown:
        print(f"no engine is named {unknown[0]!r}: choose from {', '.join(PEERS)}", file=sys.stderr)
        return 2
    threads = o.threads or os.cpu_count()
    try:
        scene = Scene(o.file, o.worlds, o.steps)
    except (mo.Error, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    rows, notes = compare(scene, names, threads, o.repeat)
    m = machine(scene.model)
    rate = rows[0]["steps_per_second"]
    table = markdown(rows)
    print(f"{scene.path.name}: {scene.model.nv} dofs, {o.worlds} worlds, {o.steps} steps, {threads} threads")
    print(table)
    print(
        f"this machine: {m['flops'] / 1e9:.0f} GFLOP/s in products, {m['bandwidth'] / 1e9:.1f} GB/s copied; "
        f"moving the states alone ({m['state_bytes']} bytes a step) takes "
        f"{100 * rate * m['state_bytes'] / m['bandwidth']:.2f} % of that bandwidth"
    )
    for note in notes:
        print(note)
    if o.csv:
        fresh = not os.path.exists(o.csv)
        with open(o.csv, "a", newline="") as file:
            writer = csv.DictWriter(file, rows[0])
            if fresh:
                writer.writeheader()
            writer.writerows(rows)
    if o.markdown:
        pathlib.Path(o.markdown).write_text(table + "\n")
    if o.svg:
        pathlib.Path(o.svg).write_text(svg(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
