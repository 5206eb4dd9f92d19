"""The Python program of README.md runs as it stands."""

import os
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]


def test_the_readme_program_runs():
    programs = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.S)
    assert programs
    before = os.getcwd()
    os.chdir(ROOT)
    try:
        for program in programs:
            exec(compile(program, "README.md", "exec"), {})
    finally:
        os.chdir(before)
