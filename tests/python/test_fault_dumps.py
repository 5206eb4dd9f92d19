"""N4: the dump of a world that froze replays to the same bits; D9: a rewound batch steps the same."""

import motorium as mo
import numpy as np
import pytest

UNSTABLE = """
<mujoco>
  <option timestep="0.1"/>
  <worldbody>
    <body pos="0 0 1">
      <joint name="j" type="slide" axis="0 0 1"/>
      <geom size="0.1" mass="1"/>
    </body>
  </worldbody>
  <actuator>
    <general name="m" joint="j" gainprm="1" biastype="affine" biasprm="0 -1e5 0"/>
  </actuator>
</mujoco>
"""


@pytest.fixture(scope="module")
def unstable():
    """A servo much too stiff for its step: every world blows up, each at a step of its own."""
    batch = mo.Batch(mo.Model.from_string(UNSTABLE), worlds=300)
    batch.ctrl[:, 0] = np.logspace(-6, 6, 300)
    for _ in range(20):
        batch.step(nstep=2)
    return batch


def test_every_frozen_world_leaves_evidence(unstable):
    frozen = np.flatnonzero(unstable.status & mo.STATUS_BITS["frozen"])
    assert len(frozen) > 100
    assert len(set(unstable.time)) > 2
    assert unstable.faults == list(frozen)
    assert mo.Batch(unstable.model, worlds=1).fault(0) is None


@pytest.mark.parametrize("world", [0, 17, 150, 299])
def test_a_dump_replays_to_the_same_bits(unstable, world):
    again = mo.Batch(unstable.model, worlds=5)
    again.load(3, unstable.fault(world))
    assert again.status[3] == 0
    again.step(nstep=2)
    assert again.status[3] == unstable.status[world]
    for name in ("qpos", "qvel", "qacc_warmstart"):
        np.testing.assert_array_equal(getattr(again, name)[3], getattr(unstable, name)[world])
    assert again.time[3] == unstable.time[world]
    assert again.fault(3) == unstable.fault(world)


def test_evidence_outlives_a_reset(unstable):
    batch = mo.Batch(unstable.model, worlds=2, autoreset=True)
    batch.qpos[1] = np.nan
    batch.step()
    kept = batch.fault(1)
    batch.step()
    assert batch.status_counts()["frozen"] == 0
    assert batch.fault(1) == kept
    assert batch.faults == [1]


def test_a_rewound_batch_steps_the_same_bytes(model):
    batch = mo.Batch(model, worlds=9)
    rng = np.random.default_rng(0)
    batch.qvel[:] = rng.normal(size=batch.qvel.shape)
    for _ in range(40):
        batch.ctrl[:] = rng.uniform(-1, 1, size=batch.ctrl.shape)
        before = [batch.save(w) for w in range(9)]
        batch.step(nstep=25)
        after = [batch.save(w) for w in range(9)]
        for w in range(9):
            batch.load(w, before[w])
        batch.step(nstep=25)
        assert [batch.save(w) for w in range(9)] == after
