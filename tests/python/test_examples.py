"""X4: every example runs by itself; the README's Python is what runs here."""

import subprocess
import sys

import pytest
from conftest import ROOT

EXAMPLES = sorted((ROOT / "examples").glob("*.py"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_example(path):
    if "gymnasium" in path.name:
        pytest.importorskip("gymnasium")
    out = subprocess.run(
        [sys.executable, path, "--check"], capture_output=True, text=True, timeout=120, cwd=ROOT
    )
    assert out.returncode == 0, out.stdout + out.stderr
    assert out.stdout.strip()
