"""A step of MuJoCo from given contacts: its own ones change nothing, others do."""

import numpy as np
import pytest

mujoco = pytest.importorskip("mujoco")

import oracle_models  # noqa: E402
import shared_contacts  # noqa: E402
import step_report  # noqa: E402

import motorium as mo  # noqa: E402

FILES = {p.stem: p for p in oracle_models.OWN}
NAMES = ["condim1_pyramidal", "condim3_elliptic", "condim4_pyramidal", "condim6_elliptic"]
NAMES += ["adhesion_pyramidal", "pile", "touching", "collide_plane_box"]


def stepped(name, change):
    """MuJoCo's step and its step from its own contacts, changed: stages of both."""
    m, model = mujoco.MjModel.from_xml_path(str(FILES[name])), mo.load(str(FILES[name]))
    pairs = shared_contacts.pairs_of(model)
    d, other = mujoco.MjData(m), mujoco.MjData(m)
    rng = np.random.default_rng(0)
    for _ in range(150):
        step_report.random_inputs(m, d, rng)
        start = step_report.state_of(m, d)
        mujoco.mj_step(m, d)
        # twice into the same data: what a step leaves there must not matter
        for _ in range(2):
            mujoco.mj_setState(m, other, start, step_report.INTEGRATION)
            contacts = step_report.stages_of(m, d, None)["contacts"]
            change(contacts)
            shared_contacts.step(m, model, pairs, other, contacts, contacts)
        yield step_report.stages_of(m, d, d), step_report.stages_of(m, other, other)


@pytest.mark.parametrize("name", NAMES)
def test_a_step_from_its_own_contacts_is_the_same(name):
    met = 0
    for plain, shared in stepped(name, lambda contacts: None):
        met += len(plain["contacts"])
        residuals = step_report.Residuals(name)
        step_report.compare_stages(residuals, shared, plain)
        assert not step_report.beyond(residuals.now), residuals
    assert met > 0


def test_a_step_from_deeper_contacts_is_not():
    def deeper(contacts):
        for c in contacts:
            c.dist -= 1e-3

    different = 0
    for plain, shared in stepped("condim3_elliptic", deeper):
        residuals = step_report.Residuals("deeper")
        step_report.compare_stages(residuals, shared, plain)
        different += "qacc_M" in step_report.beyond(residuals.now)
    assert different > 0


def test_rounding_is_told_from_a_difference():
    path = FILES["condim3_elliptic"]
    m = mujoco.MjModel.from_xml_path(str(path))
    d, other = mujoco.MjData(m), mujoco.MjData(m)
    start = step_report.state_of(m, d)

    def advance(state):
        mujoco.mj_setState(m, other, state, step_report.INTEGRATION)
        mujoco.mj_step(m, other)
        return step_report.stages_of(m, other, other)

    theirs = advance(start)
    assert not step_report.moves_by_rounding(m, start, theirs, advance, {"qacc_M": 1e-3})
    assert not step_report.moves_by_rounding(m, start, theirs, advance, {"next_qpos": 1e-6})
