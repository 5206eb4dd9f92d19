"""Programs in the documentation run as they stand."""

import re
import subprocess
import sys

import pytest
from conftest import ROOT

PAGES = ["README.md", "docs/python.md", "docs/devices.md", "docs/coming-from-mujoco-batch.md"]


def programs():
    for page in PAGES:
        path = ROOT / page
        if not path.exists():
            continue
        blocks = re.findall(r"^```python\n(.*?)^```", path.read_text(), re.MULTILINE | re.DOTALL)
        for i, block in enumerate(blocks):
            yield pytest.param(block, id=f"{path.stem}-{i}")


@pytest.mark.parametrize("program", list(programs()))
def test_program(program, tmp_path):
    # files that a program names are those of the repository; what it writes goes elsewhere
    (tmp_path / "robots").symlink_to(ROOT / "robots")
    out = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=300, cwd=tmp_path
    )
    if "No module named" in out.stderr and "motorium" not in out.stderr.splitlines()[-1]:
        pytest.skip(out.stderr.splitlines()[-1])
    assert out.returncode == 0, out.stderr
