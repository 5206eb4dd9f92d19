"""S5: many steps with random controls, resets and numbers of worlds' own: nothing goes bad, nothing grows.

MOTORIUM_FULL=1 takes 1e8 steps of worlds (an hour or so); otherwise as many as a minute has room for.
"""

import os
import time

import motorium as mo
import numpy as np

FULL = os.environ.get("MOTORIUM_FULL") == "1"
WORLDS, GOAL, SECONDS = 4096, 100_000_000 if FULL else 2_000_000, 7200 if FULL else 20


def resident_bytes():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_worlds_stay_good_and_memory_stays_level():
    model = mo.load("robots/quad/robot.xml")
    batch = mo.Batch(model, worlds=WORLDS)
    rng = np.random.default_rng(5)
    low, high = model.actuator_ctrlrange.T
    everybody = np.arange(WORLDS)
    done, level, end = 0, None, time.monotonic() + SECONDS
    while done < GOAL and time.monotonic() < end:
        batch.ctrl[:] = rng.uniform(low, high, batch.ctrl.shape)
        batch.step(nstep=10)
        done += 10 * WORLDS

        # some worlds start again, some weigh something else from now on
        fallen = everybody[rng.random(WORLDS) < 0.02]
        batch.reset(ids=fallen)
        mass = model.body_mass * rng.uniform(0.8, 1.2, (len(fallen), model.nbody))
        batch.set_body_mass(mass, ids=fallen)

        assert np.isfinite(batch.qpos).all() and np.isfinite(batch.qvel).all()
        assert np.abs(batch.qvel).max() < 1e4
        assert not np.any(batch.status & mo.STATUS_BITS["frozen"])
        if done >= 5 * 10 * WORLDS and level is None:
            level = resident_bytes()  # what everything needs once
    assert done >= 10 * 10 * WORLDS, f"{done} steps"
    assert resident_bytes() < 1.01 * level + (1 << 20), f"grown from {level} bytes"
