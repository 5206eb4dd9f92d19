"""Steps per second of motorium and of other engines on one model file, in one run.

    python -m motorium.peers FILE [--peers motorium-cuda,mujoco,mjx,mujoco-warp,motrixsim,bullet] [--csv F] [--markdown F] [--svg F]

All engines get the same file with its own options, start from the same states (each world from another
moment of a roll-out under random controls) and get the same controls, held for ten steps. Reading the
model and the first run, which compiles and warms up, are measured apart; runs are interleaved, the median counts,
and the lowest and highest stand beside it. The residual is the error of one step from those states against the first double-precision
engine of the list (MuJoCo where it is installed, else motorium in double): median and worst over worlds
of |dv - dv_ref| / |dv_ref|, dv the change of velocity.

The roofline: what the machine can do at most (multiply-adds in registers of the instruction set that motorium
uses, copies of memory far beyond the caches, handing out a job, on the same number of threads), and the share
of it that motorium reaches. The operations of a step are counted by running its kernels on a number that counts
(core/counted.h) from the start states, one world at a time, so that what lanes of a pack repeat while they wait
for each other does not count.
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
        self.name, self.folder = self.path.stem, None
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

    def mjcf(self):
        """The file itself; of a URDF the MJCF that motorium makes of it."""
        if self.path.suffix != ".urdf":
            return self.path
        if self.folder is None:
            self.folder = tempfile.TemporaryDirectory()
            self.spec.save(pathlib.Path(self.folder.name) / "model.xml")
        return pathlib.Path(self.folder.name) / "model.xml"

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


class MotoriumCuda(Motorium):
    name, lanes = "motorium-cuda", "float, CUDA"
    device = "cuda"

    def __init__(self, scene, threads):
        self.scene = scene
        try:
            self.batch = mo.Batch(scene.model, worlds=scene.worlds, device=self.device)
        except mo.Error as why:
            raise Unavailable(str(why)) from why
        self.version = f"motorium {mo.__version__} on {self.batch.device}"
        self.held = held_controls(scene)

    def run(self):
        self.restart()
        self.batch.wait()
        begin = time.perf_counter()
        for k in range(0, self.scene.steps, HOLD):
            self.batch.ctrl = self.held[k // HOLD]
            self.batch.step(nstep=min(HOLD, self.scene.steps - k))
        self.batch.wait()
        return time.perf_counter() - begin


def held_controls(scene):
    """The controls of every hold as a device takes them: float and dense."""
    return [np.ascontiguousarray(scene.ctrl[:, k], np.float32) for k in range(0, scene.steps, HOLD)]


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
        self.held = held_controls(scene)
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
                self.data.ctrl.assign(self.held[k // HOLD])
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


class MotrixSim:
    name, lanes = "motrixsim", "float"

    def __init__(self, scene, threads):
        need("motrixsim", "motrixsim")
        import motrixsim

        self.motrixsim, self.scene = motrixsim, scene
        self.version = version("motrixsim")
        if motrixsim.real_dtype() != "float32":
            self.lanes = "double"
        # one pool for the process, of the first size that is asked for
        try:
            motrixsim.init_thread_pool(threads)
        except RuntimeError:
            pass
        self.model = guarded(lambda: motrixsim.load_model(str(scene.mjcf())))
        self.data = motrixsim.SceneData(self.model, batch=(scene.worlds,))
        pos, self.vel = self.places()
        q = np.empty(self.data.dof_pos.shape, self.data.dof_pos.dtype)
        v = np.empty(self.data.dof_vel.shape, q.dtype)
        q[:, pos], v[:, self.vel] = scene.start["qpos"], scene.start["qvel"]
        self.start = q, v
        self.ctrl = np.ascontiguousarray(scene.ctrl.swapaxes(0, 1), dtype=q.dtype)

    def places(self):
        """Where the numbers of qpos and qvel lie there: free joints come first, quaternions end with w."""
        own = self.model
        free = iter(own.floating_bases)
        others = zip(own.joint_dof_pos_indices, own.joint_dof_vel_indices, own.joint_dof_pos_nums, strict=True)
        pos, vel = [], []
        for kind in np.asarray(self.scene.model.jnt_type):
            joint = next(free, None) if kind == 0 else next(others, None)
            if joint is None:
                break
            at, to, count = (joint.dof_pos_start, joint.dof_vel_start, 7) if kind == 0 else joint
            lead = max(count - 4, 0) if count > 1 else 1
            pos += range(at, at + lead)
            if count > 1:
                pos += [at + count - 1, *range(at + lead, at + count - 1)]
            vel += range(to, to + (count if count == 1 else count - 1))
        if len(pos) != own.num_dof_pos or len(vel) != own.num_dof_vel or len(pos) != self.scene.model.nq:
            raise Unavailable("reads other joints from the file")
        return pos, vel

    def restart(self):
        self.data.reset(self.model, *self.start)

    def hold(self, k):
        if self.scene.model.nu:
            self.data.actuator_ctrls = self.ctrl[k]

    def run(self):
        self.restart()
        begin = time.perf_counter()
        for k in range(0, self.scene.steps, HOLD):
            self.hold(k)
            count = min(HOLD, self.scene.steps - k)
            guarded(lambda count=count: self.model.step_n(self.data, count))
        return time.perf_counter() - begin

    def velocities(self):
        self.restart()
        self.hold(0)
        self.model.step(self.data)
        return np.array(self.data.dof_vel, dtype=float)[:, self.vel]


def guarded(call):
    """`call()`; an engine that refuses the model or panics is left out, the others go on."""
    try:
        return call()
    except BaseException as error:  # a panic of Rust is no Exception
        if isinstance(error, KeyboardInterrupt | SystemExit):
            raise
        text = str(error).strip() or type(error).__name__
        raise Unavailable(f"fails on the model: {text.splitlines()[0][:200]}") from None


class Bullet:
    name, lanes = "bullet", "double, one world after another, no controls"

    def __init__(self, scene, threads):
        need("pybullet", "pybullet")
        import pybullet as bullet

        if scene.path.suffix != ".urdf":
            raise Unavailable("is compared on URDF files only")
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
    return mujoco.MjModel.from_xml_path(str(scene.mjcf()))


PEERS = {p.name: p for p in (MotoriumCuda, Mujoco, Mjx, MujocoWarp, MotrixSim, Bullet)}


def error_of(velocities, reference, start):
    """Median and worst relative error of the change of velocity."""
    if velocities is None:
        return None, None
    change = np.linalg.norm(reference - start, axis=1)
    error = np.linalg.norm(velocities - reference, axis=1) / np.maximum(change, 1e-9)
    return float(np.median(error)), float(error.max())


def compare(scene, names, threads=1, runs=5):
    """Rows of motorium and each engine that can run, and notes about those that cannot."""
    engines, notes, setup, first = [], [], {}, {}
    for make in (Motorium, *(PEERS[name] for name in names)):
        try:
            begin = time.perf_counter()
            engine = make(scene, threads)
            setup[make.name] = time.perf_counter() - begin
            first[make.name] = engine.run()  # compiles and warms up
            engines.append(engine)
        except Unavailable as why:
            notes.append(f"SKIPPED {make.name}: {why}")
    times = {e.name: [] for e in engines}
    for _ in range(runs):
        for e in engines:
            times[e.name].append(e.run())

    oracle = next((e for e in engines if e.name == "mujoco"), None)
    reference = (oracle or Motorium(scene, 1, precision="double")).velocities()
    limits, flops = roofline(scene, engines[0], threads)
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
                "setup_s": round(setup[e.name], 6),
                "first_run_s": round(first[e.name], 6),
                "motorium_ratio": round(statistics.median(ratios), 2),
                "ratio_low": round(ratios[0], 2),
                "ratio_high": round(ratios[-1], 2),
                "residual_median": middle,
                "residual_worst": worst,
                "reference": e is oracle,
                "flops_per_step": None,
                "share_of_flops": None,
                "share_of_bandwidth": None,
                "share_of_launches": None,
                **{f"machine_{k}": v for k, v in limits.items()},
            }
        )
    # a call of motorium steps all worlds HOLD times
    for e, own in zip(engines, rows, strict=True):
        if not isinstance(e, Motorium):
            continue
        if isinstance(e, MotoriumCuda):
            limits = mo._core._device_limits(e.device)
            own.update({f"machine_{k}": v for k, v in limits.items()})
        rate = own["steps_per_second"]
        own["flops_per_step"] = round(flops)
        own["share_of_flops"] = rate * flops / limits["flops"]
        own["share_of_bandwidth"] = rate / HOLD * mo._core._state_bytes(scene.model) / limits["bandwidth"]
        own["share_of_launches"] = rate / HOLD / scene.worlds * limits["launch_s"]
    return rows, notes


def roofline(scene, motorium, threads):
    """What `threads` threads of this machine can do, and the operations of a step from the start states."""
    motorium.restart()
    motorium.batch.ctrl[:] = scene.ctrl[:, 0]
    flops = mo._core._step_flops(motorium.batch, np.arange(min(scene.worlds, 256)))
    return mo._core._machine_limits(threads), flops


def roofline_texts(rows):
    """A paragraph for motorium on each machine it ran on."""
    return [roofline_text(r) for r in rows if r["flops_per_step"] is not None]


def roofline_text(row):
    machine = f"This machine, {row['threads']} threads" if row["engine"] == "motorium" else row["version"]
    percent = {k: f"{100 * row[f'share_of_{k}']:.2g} %" for k in ("flops", "bandwidth", "launches")}
    return (
        f"{machine}: {row['machine_flops'] / 1e9:.0f} GFLOP/s in multiply-adds, "
        f"{row['machine_bandwidth'] / 1e9:.1f} GB/s copied, {1e6 * row['machine_launch_s']:.2g} us to hand out a job.\n"
        f"motorium reaches {percent['flops']} of its flops ({row['flops_per_step'] / 1e3:.1f} kflop a step), moves its "
        f"states with {percent['bandwidth']} of its bandwidth, and spends {percent['launches']} of the time on "
        "handing out jobs."
    )


def residual_text(row):
    if row["reference"]:
        return "the reference"
    if row["residual_median"] is None:
        return "not compared"
    return f"{row['residual_median']:.1e} ({row['residual_worst']:.1e})"


def markdown(rows):
    lines = [
        "| engine | numbers | steps/s | lowest .. highest | set up + first run | motorium is | residual median (worst) |",
        "|---|---|---|---|---|---|---|",
    ]
    for r in rows:
        ratio = "–"
        if r["engine"] != "motorium":
            ratio = f"{r['motorium_ratio']} x ({r['ratio_low']} .. {r['ratio_high']})"
        lines.append(
            f"| {r['version']} | {r['numbers']} | {r['steps_per_second']:,} | {r['lowest']:,} .. "
            f"{r['highest']:,} | {r['setup_s']:.3f} + {r['first_run_s']:.3f} s | {ratio} | {residual_text(r)} |"
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
    title = f"{scene.path.name}: {scene.model.nv} dofs, {o.worlds} worlds, {o.steps} steps, {threads} threads"
    table = markdown(rows)
    print(title, table, *roofline_texts(rows), *notes, sep="\n")
    if o.csv:
        fresh = not os.path.exists(o.csv)
        with open(o.csv, "a", newline="") as file:
            writer = csv.DictWriter(file, rows[0])
            if fresh:
                writer.writeheader()
            writer.writerows(rows)
    if o.markdown:
        text = "\n\n".join([title, table, *roofline_texts(rows), *notes])
        pathlib.Path(o.markdown).write_text(text + "\n")
    if o.svg:
        pathlib.Path(o.svg).write_text(svg(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
