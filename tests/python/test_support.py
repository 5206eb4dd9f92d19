"""The page of the support matrix says what the library does, and its models are MuJoCo's too."""

import make_support
import pytest

mujoco = pytest.importorskip("mujoco")

# what MuJoCo 4.0.1 refuses as well, or what needs more than a line
NOT_MUJOCO = {"`composite`", "`extension`, plugins", "`plugin`", "user dynamics"}


def test_the_page_is_current():
    assert make_support.PAGE.read_text() == make_support.page(), (
        "run: python tests/python/make_support.py"
    )


@pytest.mark.parametrize("area", make_support.ROWS)
def test_every_row_is_a_model_of_mujoco(area):
    for name, xml in make_support.ROWS[area].items():
        if name in NOT_MUJOCO:
            continue
        mujoco.MjModel.from_xml_string(xml)
