"""Compares steps with MuJoCo, stage by stage, from the same state before each step.

    python tests/parity/step_report.py MODEL.xml ... [--steps 1000] [--iterations 3] [--csv FILE]

prints the worst error of each stage and the step at which it happened. State, warm start, time and
inputs of our one world (double precision) are overwritten by MuJoCo's before every step, so errors
do not add up. Residuals are max |ours - theirs| / max(1, max |theirs|); qacc is compared in the norm
of the inertia matrix, relative to the accelerations with and without constraints.
"""

import argparse
import copy
import csv
import os
import pathlib
import sys

import mujoco
import numpy as np
import shared_contacts

import motorium as mo

ROOT = pathlib.Path(__file__).resolve().parents[2]

# arrays that both have under the same name and layout, in the order of the step
STAGES = """
xpos xquat xipos ximat xanchor xaxis geom_xpos geom_xmat site_xpos site_xmat cam_xpos cam_xmat
subtree_com cinert cdof ten_length ten_velocity ten_J actuator_length actuator_velocity cvel cdof_dot
qfrc_bias qfrc_gravcomp qfrc_fluid qfrc_adhesion qfrc_passive act_dot actuator_force qfrc_actuator qacc_smooth
""".split()
# what the oracle warns of is compared as numbers; without this it writes a log file into the folder
mujoco.set_mju_user_warning(lambda message: None)

INTEGRATION = mujoco.mjtState.mjSTATE_INTEGRATION


def default_csv():
    """Where residuals are kept: build/parity/step.csv, or under MOTORIUM_BUILD_DIR."""
    return (
        pathlib.Path(os.environ.get("MOTORIUM_BUILD_DIR", ROOT / "build")) / "parity" / "step.csv"
    )


class Residuals:
    """Worst residual of each stage, and when it happened."""

    def __init__(self, name):
        self.name = name
        self.worst = {}
        self.steps = 0
        self.equal_niter = 0
        self.bad_status = 0
        self.most_contacts = 0
        self.loose = 0
        # steps whose solution was compared from our contacts, steps beyond a tolerance, and those
        # of them where MuJoCo's own answer moves as far when its state moves by rounding
        self.exploded = 0
        self.shared = 0
        self.differ = 0
        self.rounding = 0
        self.now = {}

    def note(self, stage, value):
        value = float("inf") if np.isnan(value) else float(value)
        if value >= self.worst.get(stage, (-1.0, 0))[0]:
            self.worst[stage] = (value, self.steps)
        self.now[stage] = max(value, self.now.get(stage, 0.0))

    def compare(self, stage, ours, theirs):
        ours, theirs = np.ravel(ours).astype(float), np.ravel(theirs).astype(float)
        if ours.shape != theirs.shape:
            self.note(stage, np.inf)
        elif theirs.size:
            self.note(stage, np.abs(ours - theirs).max() / max(1.0, np.abs(theirs).max()))

    def get(self, stage):
        return self.worst.get(stage, (0.0, 0))[0]

    def rows(self):
        for stage, (value, step) in self.worst.items():
            yield [self.name, stage, f"{value:.3e}", step]
        if self.equal_niter:
            yield [
                self.name,
                "equal_niter",
                f"{self.equal_niter / max(1, self.steps):.4f}",
                self.steps,
            ]

    def __str__(self):
        lines = [
            f"{self.name}: {self.steps} steps, up to {self.most_contacts} contacts, "
            f"equal iteration counts {100 * self.equal_niter / max(1, self.steps):.1f} %, "
            f"steps with a fault {self.bad_status}, with looser contacts {self.loose}"
        ]
        for stage, (value, step) in self.worst.items():
            mark = "" if value <= 1e-9 else "  *" if value <= 1e-6 else "  ***"
            lines.append(f"  {stage:18s} {value:9.2e}  at step {step}{mark}")
        return "\n".join(lines)


def append_csv(residuals, path=None):
    path = pathlib.Path(path or default_csv())
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = not path.exists()
    with open(path, "a", newline="") as file:
        writer = csv.writer(file)
        if fresh:
            writer.writerow(["model", "stage", "residual", "step"])
        writer.writerows(residuals.rows())


def full_inertia(model, packed):
    """The symmetric matrix of our packed rows."""
    full = np.zeros((model.nv, model.nv))
    for row in range(model.nv):
        first = model.M_rowadr[row]
        for k in range(first, first + model.M_rownum[row]):
            full[row, model.M_col[k]] = full[model.M_col[k], row] = packed[k]
    return full


def is_searched(m, pair):
    """Are contacts of these geoms found by iteration, to MuJoCo's ccd_tolerance?"""
    low, high = sorted(int(m.geom_type[g]) for g in pair)
    closed = low == 0 or (low, high) == (2, 5)  # planes; sphere on cylinder
    return not closed and bool({low, high} & {1, 4, 5, 7})


def differing_pairs(m, ours, theirs):
    """Pairs of geoms whose contacts differ, with how far their deepest distances do."""
    groups = {}
    for c in ours:
        groups.setdefault((c.geom1, c.geom2), ([], []))[0].append(c)
    for c in theirs:
        groups.setdefault((int(c.geom[0]), int(c.geom[1])), ([], []))[1].append(c)
    differ = {}
    for pair, (a, b) in groups.items():
        if len(a) == len(b) and all(
            min(np.abs(x.pos - y.pos).max() + np.abs(x.frame - y.frame).max() for x in a) < 1e-9
            for y in b
        ):
            continue
        reach = sum(float(m.geom_margin[g] + m.geom_gap[g]) for g in pair)
        deepest = [min((c.dist for c in side), default=reach) for side in (a, b)]
        differ[pair] = abs(deepest[0] - deepest[1])
    return differ


def differ_within_search(m, ours, theirs):
    """Do contacts differ, and only as far as the search for them leaves open?

    Of each pair of geoms that is searched, the deepest distances agree to the tolerance of the
    search. Which corners of a patch were kept, and which of equal directions was found, is open.
    """
    differ = differing_pairs(m, ours, theirs)
    return bool(differ) and all(
        is_searched(m, pair) and deepest <= 2 * m.opt.ccd_tolerance
        for pair, deepest in differ.items()
    )


def compare_contacts(residuals, ours, theirs):
    """Contacts as sets: of each geom pair, the nearest points belong together."""
    left = list(ours)
    residuals.note("ncon", abs(len(ours) - len(theirs)))
    for contact in theirs:
        same = [
            c for c in left if (c.geom1, c.geom2) == (int(contact.geom[0]), int(contact.geom[1]))
        ]
        if not same:
            residuals.note("contact_pair", 1.0)
            continue
        best = min(same, key=lambda c: np.abs(c.pos - contact.pos).max())
        left = [c for c in left if c is not best]
        residuals.note("contact_pair", 0.0)
        residuals.note("contact_dist", abs(best.dist - contact.dist))
        residuals.note("contact_pos", np.abs(best.pos - contact.pos).max())
        residuals.note("contact_frame", np.abs(best.frame - contact.frame).max())
        residuals.note("contact_dim", abs(best.dim - contact.dim))
        slots = 2 if contact.dim == 3 else 5 if contact.dim > 3 else 0
        if slots:
            error = np.abs(best.friction[:slots] - contact.friction[:slots]).max()
            residuals.note("contact_friction", error)


def random_state(m, d, rng, spread=0.3, start=None):
    """A new start: a keyframe or qpos0, moved and set in motion."""
    start = int(rng.integers(-1, m.nkey)) if start is None else start
    if start >= 0:
        mujoco.mj_resetDataKeyframe(m, d, start)
    else:
        mujoco.mj_resetData(m, d)
    mujoco.mj_integratePos(m, d.qpos, rng.normal(size=m.nv) * spread, 1.0)
    d.qvel[:] = rng.normal(size=m.nv)
    if m.na:
        d.act[:] = rng.uniform(size=m.na)


def random_inputs(m, d, rng):
    """Controls inside and sometimes outside their range; now and then a push."""
    if m.nu:
        limited = m.actuator_ctrllimited.astype(bool)
        low = np.where(limited, m.actuator_ctrlrange[:, 0], -1.0)
        high = np.where(limited, m.actuator_ctrlrange[:, 1], 1.0)
        d.ctrl[:] = rng.uniform(low - 0.1 * (high - low), high + 0.1 * (high - low))
    if rng.uniform() < 0.05 and m.nbody > 1:
        weight = m.body_mass.sum() * 9.81
        d.xfrc_applied[rng.integers(1, m.nbody)] = (
            rng.normal(size=6) * [1, 1, 1, 0.1, 0.1, 0.1] * weight
        )
    if rng.uniform() < 0.1:
        d.xfrc_applied[:] = 0
        d.qfrc_applied[:] = 0
    if rng.uniform() < 0.05 and m.nv:
        d.qfrc_applied[:] = rng.normal(size=m.nv) * m.dof_M0 * 5
    if rng.uniform() < 0.02:
        d.qvel[:] += rng.normal(size=m.nv) * 0.5
    if m.nmocap and rng.uniform() < 0.1:
        d.mocap_pos[:] += rng.normal(size=(m.nmocap, 3)) * 0.01
        d.mocap_quat[:] += rng.normal(size=(m.nmocap, 4)) * 0.05
    if m.neq and rng.uniform() < 0.05:
        d.eq_active[rng.integers(m.neq)] ^= 1


def exploded(d):
    """The oracle's own simulation has come apart: the next steps would compare rounding."""
    fast = d.qvel.size and not np.abs(d.qvel).max() < 1e4
    return fast or d.warning[mujoco.mjtWarning.mjWARN_BADQACC].number > 0


def state_of(m, d):
    row = np.empty(mujoco.mj_stateSize(m, INTEGRATION))
    mujoco.mj_getState(m, d, row, INTEGRATION)
    return row


def samples_of(m, batch, d):
    """Ticks, times and values of all histories, ours and MuJoCo's, oldest first."""
    layout, columns = batch.state_layout, []
    ours = batch.get_state()[0, layout["history"]] if m.nhistory else np.zeros(0)
    theirs = np.array(d.history)
    buffers = [
        *zip(m.actuator_historyadr, m.actuator_history[:, 0], m.actuator_ctrlnum),
        *zip(m.sensor_historyadr, m.sensor_history[:, 0], m.sensor_dim),
    ]
    for adr, n, dim in buffers:
        if adr < 0:
            continue
        first, size = adr + 2, int(n * (1 + dim))
        columns.append(adr)
        order = (np.arange(n) + int(theirs[first - 1]) + 1) % n
        values = theirs[first + n : first + size].reshape(n, -1)[order]
        theirs[first : first + n] = theirs[first : first + n][order]
        theirs[first + n : first + size] = values.ravel()
        columns += range(first, first + size)
    return ours[columns], theirs[columns]


def iterations_of(d):
    return int(d.solver_niter[: max(1, d.nisland)].sum()) if d.nefc else 0


def inertia_norm(M, a):
    return float(np.sqrt(max(0.0, a @ M @ a)))


def least_norm(M):
    """Accelerations smaller than this are rounding of forces that cancel: 1e-3 along all dofs."""
    return max(1e-9, 1e-3 * float(np.sqrt(np.trace(M))))


def resynced(path, *, steps=1000, seed=0, name=None, episode=200, options=None, share=False):
    """Residuals of `steps` steps, each from MuJoCo's state. options: iterations, tolerance, ..."""
    m = mujoco.MjModel.from_xml_path(str(path))
    name = name or pathlib.Path(path).stem
    return resynced_models(
        m,
        mo.load(str(path)),
        steps=steps,
        seed=seed,
        name=name,
        episode=episode,
        options=options,
        share=share,
    )


class Ours:
    """Our one world, and its stages after a step."""

    def __init__(self, m, model):
        self.m, self.model = m, model
        self.batch = batch = mo.Batch(model, worlds=1, precision="double", threads=1)
        names = [*STAGES, "qM", "qfrc_constraint", "qacc", "actuator_moment"]
        names += ["sensordata", "nefc", "ncon", "solver_niter"]
        if m.opt.enableflags & int(mujoco.mjtEnableBit.mjENBL_ENERGY):
            names.append("energy")
        self.bound = {name: batch.bind(name) for name in names}

    def step(self, state):
        """One step from a state; the contacts of the state."""
        self.batch.reset()
        self.batch.set_state(state[None])
        contacts = self.batch.contacts(0)
        self.batch.step()
        return contacts

    def stages(self):
        batch, bound = self.batch, self.bound
        out = {name: array[0] for name, array in bound.items()}
        out["qM"] = full_inertia(self.model, out["qM"])
        out["next_qpos"], out["next_qvel"] = batch.qpos, batch.qvel
        out["next_act"], out["next_time"] = batch.act, batch.time[0]
        out["next_warmstart"] = batch.qacc_warmstart
        return out


def stages_of(m, d, after):
    """MuJoCo's stages of a step: all of d but the next state, which is that of `after` if any."""
    out = {name: np.array(getattr(d, name)) for name in [*STAGES, "qacc", "qfrc_constraint"]}
    out["energy"], out["sensordata"], out["nefc"] = d.energy, np.array(d.sensordata), d.nefc
    out["contacts"] = [copy.copy(c) for c in d.contact]
    out["summed_forces"] = summed_forces(m, d)
    if m.nout:
        moment = out["actuator_moment"] = np.zeros((m.nout, m.nv))
        mujoco.mju_sparse2dense(
            moment, d.actuator_moment, d.moment_rownnz, d.moment_rowadr, d.moment_colind
        )
    out["qM"] = np.zeros((m.nv, m.nv))
    mujoco.mj_fullM(m, d, out["qM"])
    if after is not None:
        for name in ("qpos", "qvel", "act", "time"):
            out["next_" + name] = np.array(getattr(after, name))
        out["next_warmstart"] = np.array(after.qacc_warmstart)
    return out


def compare_stages(residuals, ours, theirs):
    """All stages that both have, in the order of the step."""
    for stage in [*STAGES, "energy", "actuator_moment", "qM"]:
        if stage in ours and stage in theirs:
            residuals.compare(stage, ours[stage], theirs[stage])
    residuals.note("nefc", abs(int(np.squeeze(ours["nefc"])) - int(theirs["nefc"])))

    # the solution
    M, a, b = theirs["qM"], ours["qacc"], theirs["qacc"]
    scale = max(inertia_norm(M, b), inertia_norm(M, theirs["qacc_smooth"]), least_norm(M))
    residuals.note("qacc_M", inertia_norm(M, a - b) / scale)
    residuals.compare("qfrc_constraint", ours["qfrc_constraint"], theirs["qfrc_constraint"])
    residuals.compare("sensordata", ours["sensordata"], theirs["sensordata"])

    # the next state
    for stage in ("next_qpos", "next_qvel", "next_act", "next_warmstart"):
        if stage in theirs:
            residuals.compare(stage, ours[stage], theirs[stage])
    if "next_time" in theirs:
        residuals.note("next_time", abs(ours["next_time"] - theirs["next_time"]))


def beyond(now):
    """Stages that differ by more than rounding does in a well-posed step; the warm start is qacc."""
    solved = ("qacc_M", "next_warmstart")
    return {k for k, v in now.items() if v > (1e-7 if k in solved else 1e-9)}


def summed_forces(m, d):
    """|J|' |f|: the forces of all rows without regard to sign, which bound the rounding of J' f."""
    J = np.zeros((d.nefc, m.nv))
    if d.nefc and mujoco.mj_isSparse(m):
        mujoco.mju_sparse2dense(J, d.efc_J, d.efc_J_rownnz, d.efc_J_rowadr, d.efc_J_colind)
    elif d.nefc:
        # memory of rows that were counted and left out lies behind
        J = np.reshape(d.efc_J[: J.size], J.shape)
    return float((np.abs(J).T @ np.abs(d.efc_force)).max(initial=0.0))


def moves_by_rounding(m, start, theirs, advance, now, copies=32):
    """Does MuJoCo's own answer move as far when the numbers it starts from move by rounding?

    advance(state) -> stages. Every stage beyond its tolerance must move by a tenth at least.
    """
    rng = np.random.default_rng(0)
    moved, differ = Residuals("moved"), beyond(now)
    # what is left where large forces cancel
    scale = max(1.0, np.abs(theirs["qfrc_constraint"]).max(initial=0.0))
    moved.note("qfrc_constraint", 1e-15 * theirs["summed_forces"] / scale)
    shaken = [mujoco.mjtState.mjSTATE_QPOS, mujoco.mjtState.mjSTATE_QVEL]
    shaken.append(mujoco.mjtState.mjSTATE_WARMSTART)
    for k in range(copies):
        state = start.copy()
        for part in shaken:
            # the numbers of a part lie together, after those of all lower bits
            first = mujoco.mj_stateSize(m, int(INTEGRATION) & (int(part) - 1))
            numbers = state[first : first + mujoco.mj_stateSize(m, part)]
            step = (1e-15, 1e-14)[k % 2] * np.maximum(1.0, np.abs(numbers))
            numbers += step * rng.choice([-1, 0, 1], numbers.size)
        found = advance(state)
        compare_stages(moved, found, theirs)
        compare_contacts(moved, found["contacts"], theirs["contacts"])
        if all(now[stage] <= 10 * moved.get(stage) for stage in differ):
            return True
    return False


def fixed_to_each_other(m):
    """An equality of bodies that cannot move apart: rounding decides whether MuJoCo drops its rows."""
    body = int(mujoco.mjtObj.mjOBJ_BODY)
    couples = [
        (m.eq_obj1id[i], m.eq_obj2id[i]) for i in range(m.neq) if m.eq_objtype[i] == body
    ]
    return any(m.body_weldid[a] == m.body_weldid[b] for a, b in couples)


def resynced_models(m, model, *, steps, seed=0, name="", episode=200, options=None, share=False):
    """The same for a model that both have compiled already.

    share: where contacts differ of pairs that are searched, or equally deep (a tie), what follows from
    them is compared with a step of MuJoCo from our contacts; and steps that differ are counted.
    """
    options = options or {}
    for key, value in options.items():
        setattr(m.opt, key, value)
    if options:
        model = model.with_options(**options)
    d = mujoco.MjData(m)
    residuals = Residuals(name)
    if m.nq != model.nq or m.nv != model.nv or m.nu != model.nu or m.na != model.na:
        residuals.note("sizes", np.inf)
        return residuals
    ours = Ours(m, model)
    batch = ours.batch
    # stages of Runge-Kutta overwrite the oracle's quantities: those of the first are compared
    staged = m.opt.integrator == mujoco.mjtIntegrator.mjINT_RK4
    other = mujoco.MjData(m)
    pairs = shared_contacts.pairs_of(model)
    rng = np.random.default_rng(seed)

    for step in range(steps):
        if step % episode == 0:
            random_state(m, d, rng)
        random_inputs(m, d, rng)
        start = state_of(m, d)
        before = ours.step(start)
        mujoco.mj_step(m, d)
        if exploded(d):
            residuals.exploded += 1
            random_state(m, d, rng)
            continue
        if staged:
            mujoco.mj_setState(m, other, start, INTEGRATION)
            mujoco.mj_forward(m, other)
        contacts = list((other if staged else d).contact)
        if not share and differ_within_search(m, before, contacts):
            residuals.loose += 1
            continue
        residuals.steps += 1
        residuals.now = {}
        residuals.most_contacts = max(residuals.most_contacts, len(contacts))
        residuals.bad_status += int(batch.status[0] & mo.STATUS_BITS["frozen"] != 0)
        compare_contacts(residuals, before, contacts)
        theirs = stages_of(m, other if staged else d, d)
        contacts = theirs["contacts"]
        niter = iterations_of(other if staged else d)

        # from the same contacts
        differ = differing_pairs(m, before, contacts) if share else {}
        shared = bool(differ) and all(
            is_searched(m, pair) or deepest < 1e-12 for pair, deepest in differ.items()
        )

        def advance(state, shared=shared, before=before, contacts=contacts):
            mujoco.mj_setState(m, other, state, INTEGRATION)
            if shared:
                shared_contacts.step(m, model, pairs, other, before, contacts)
                return stages_of(m, other, None if staged else other)
            if staged:
                mujoco.mj_forward(m, other)
                first = stages_of(m, other, None)
                mujoco.mj_setState(m, other, state, INTEGRATION)
                mujoco.mj_step(m, other)
                return {**stages_of(m, other, other), **first}
            mujoco.mj_step(m, other)
            return stages_of(m, other, other)

        if shared:
            residuals.shared += 1
            residuals.note("deepest", max(differ.values()))
            theirs = advance(start)
            niter = iterations_of(other)
            residuals.now = {}
        compare_stages(residuals, ours.stages(), theirs)
        residuals.equal_niter += int(ours.bound["solver_niter"][0]) == niter
        if not shared:
            residuals.compare("next_history", *samples_of(m, batch, d))
        if share and beyond(residuals.now):
            residuals.differ += 1
            residuals.rounding += moves_by_rounding(m, start, theirs, advance, residuals.now)
    return residuals


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("files", nargs="+", metavar="MODEL.xml")
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--iterations", type=int, help="cap of Newton iterations in both")
    parser.add_argument("--tolerance", type=float, help="solver tolerance in both")
    parser.add_argument("--csv", help="append the residuals to this file")
    parser.add_argument("--brief", action="store_true", help="one line per model")
    args = parser.parse_args()
    options = {k: getattr(args, k) for k in ("iterations", "tolerance")}
    options = {k: v for k, v in options.items() if v is not None}
    bad = 0
    for path in args.files:
        try:
            r = resynced(path, steps=args.steps, seed=args.seed, options=options)
        except mo.UnsupportedModel as error:
            print(f"{path}: refused: {str(error).splitlines()[0]}")
            continue
        except ValueError as error:
            print(f"{path}: {error}")
            bad += 1
            continue
        if args.brief:
            over = {k: f"{v:.1e}@{s}" for k, (v, s) in r.worst.items() if v > 1e-9}
            print(
                f"{r.name:28s} niter {100 * r.equal_niter / max(1, r.steps):5.1f} %  {over or 'ok'}"
            )
        else:
            print(r)
        bad += any(v > 1e-6 for v, _ in r.worst.values())
        if args.csv:
            append_csv(r, args.csv)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
