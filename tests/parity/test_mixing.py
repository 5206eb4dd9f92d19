"""Contact parameters of random geoms are mixed as MuJoCo mixes them: priority, solmix, signs."""

import numpy as np
import pytest

mujoco = pytest.importorskip("mujoco")

import motorium as mo  # noqa: E402


def geom_attributes(rng):
    def pick(*values):
        return values[rng.integers(len(values))]

    out = {
        "priority": pick(0, 0, 0, 1, 2),
        "solmix": pick(0, 0, 1, 1, 1e-16, 1e-15, rng.uniform(0.1, 5)),
        "condim": pick(1, 3, 4, 6),
        "friction": " ".join(f"{v:.17g}" for v in rng.uniform(0, 1, 3) * pick(0, 1, 1)),
        "margin": pick(0, 0, rng.uniform(0, 0.1)),
        "gap": pick(0, 0, rng.uniform(0, 0.1)),
        "adhesion": pick(0, 0, rng.uniform(0, 2)),
        "solref": pick(
            f"{rng.uniform(0.01, 0.1)} {rng.uniform(0.3, 2)}",
            f"{-rng.uniform(10, 1000)} {-rng.uniform(1, 20)}",
            f"{rng.uniform(0.01, 0.1)} {-rng.uniform(1, 20)}",
            f"{-rng.uniform(10, 1000)} {rng.uniform(0.3, 2)}",
        ),
        "solimp": f"{rng.uniform(0, 1)} {rng.uniform(0.1, 1)} {pick(0, rng.uniform(0, 0.1))} "
        f"{rng.uniform(0, 1)} {pick(1, 2, rng.uniform(1, 4))}",
    }
    return " ".join(f'{k}="{v}"' for k, v in out.items() if rng.uniform() < 0.8)


def model_text(rng):
    bodies = "".join(
        f'<body pos="{rng.uniform(-0.1, 0.1)} {rng.uniform(-0.1, 0.1)} {0.1 * i}"><freejoint/>'
        f'<geom size="0.15" {geom_attributes(rng)}/></body>'
        for i in range(8)
    )
    return (
        f'<mujoco><worldbody><geom type="plane" size="0 0 1" {geom_attributes(rng)}/>{bodies}'
        "</worldbody></mujoco>"
    )


@pytest.mark.parametrize("seed", range(40))
def test_parameters_of_every_contact_agree(seed):
    xml = model_text(np.random.default_rng(seed))
    m, model = mujoco.MjModel.from_xml_string(xml), mo.Model.from_string(xml)
    d = mujoco.MjData(m)
    mujoco.mj_forward(m, d)
    pairs = {
        tuple(sorted((int(a), int(b)))): p
        for p, (a, b) in enumerate(zip(model.pair_geom1, model.pair_geom2))
    }
    assert d.ncon > 8
    for c in d.contact:
        p = pairs[tuple(sorted((int(c.geom[0]), int(c.geom[1]))))]
        np.testing.assert_allclose(model.pair_solref[p], c.solref, rtol=1e-12)
        np.testing.assert_allclose(model.pair_solimp[p], c.solimp, rtol=1e-12)
        np.testing.assert_allclose(model.pair_friction[p], c.friction, rtol=1e-12)
        np.testing.assert_allclose(model.pair_margin[p], c.includemargin, rtol=1e-12)
        np.testing.assert_allclose(model.pair_adhesion[p], c.adhesion, rtol=1e-12)
        across_gap = c.adhesion > 0 and c.dist >= c.includemargin
        assert c.dim == (1 if across_gap else model.pair_condim[p])
