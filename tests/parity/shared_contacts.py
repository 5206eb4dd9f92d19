"""A step of MuJoCo from contacts that were found here.

Where contacts are searched for by iteration, two correct searches end at slightly different points.
What follows from the contacts is compared from the same ones then: those of ours.
"""

import mujoco
import numpy as np

CONTACT_OFF = int(mujoco.mjtDisableBit.mjDSBL_CONTACT)


def pairs_of(model):
    """Number of each pair of geoms in the lists of our model."""
    geoms = zip(model.pair_geom1, model.pair_geom2)
    return {(min(a, b), max(a, b)): p for p, (a, b) in enumerate(geoms)}


def contact_of(model, pairs, ours, alike):
    """MuJoCo's record of a contact of ours; alike: one of MuJoCo's between the same geoms."""
    pair = pairs[min(ours.geom1, ours.geom2), max(ours.geom1, ours.geom2)]
    c = mujoco.MjContact()
    c.geom1, c.geom2 = ours.geom1, ours.geom2
    c.geom[:] = ours.geom1, ours.geom2
    c.flex[:] = c.elem[:] = c.vert[:] = -1
    c.dist, c.pos[:], c.frame[:] = ours.dist, ours.pos, np.ravel(ours.frame)
    c.dim = ours.dim
    c.friction[:] = ours.friction if ours.dim > 1 else model.pair_friction[pair]
    c.solref[:], c.solimp[:] = model.pair_solref[pair], model.pair_solimp[pair]
    c.solreffriction[:] = model.pair_solreffriction[pair]
    c.includemargin, c.adhesion = model.pair_margin[pair], model.pair_adhesion[pair]
    c.exclude = int(c.dist >= c.includemargin and c.adhesion <= 0)
    if alike is not None:
        c.surfacevel[:] = alike.surfacevel
    return c


def forward(m, model, pairs, d, ours, theirs):
    """mj_forward of d, but with our contacts. theirs: MuJoCo's contacts of this state."""
    flags = m.opt.disableflags
    m.opt.disableflags = flags | CONTACT_OFF
    mujoco.mj_fwdPosition(m, d)
    m.opt.disableflags = flags
    alike = {(int(c.geom[0]), int(c.geom[1])): c for c in theirs}
    for contact in ours:
        record = contact_of(model, pairs, contact, alike.get((contact.geom1, contact.geom2)))
        if mujoco.mj_addContact(m, d, record):
            raise MemoryError("MuJoCo has no room for a contact")
    mujoco.mj_makeConstraint(m, d)
    mujoco.mj_island(m, d)
    mujoco.mj_projectConstraint(m, d)
    mujoco.mj_sensorPos(m, d)
    # what sensors need is computed by them only once a step, and a step has been made with this data
    mujoco.mj_fwdVelocity(m, d)
    mujoco.mj_subtreeVel(m, d)
    mujoco.mj_sensorVel(m, d)
    mujoco.mj_fwdActuation(m, d)
    mujoco.mj_fwdAcceleration(m, d)
    mujoco.mj_fwdConstraint(m, d)
    mujoco.mj_rnePostConstraint(m, d)
    mujoco.mj_sensorAcc(m, d)


def step(m, model, pairs, d, ours, theirs):
    """mj_step of d with our contacts; with Runge-Kutta only its first stage, without the step."""
    forward(m, model, pairs, d, ours, theirs)
    if m.opt.integrator == mujoco.mjtIntegrator.mjINT_EULER:
        mujoco.mj_Euler(m, d)
    elif m.opt.integrator != mujoco.mjtIntegrator.mjINT_RK4:
        mujoco.mj_implicit(m, d)
