"""Real models from the package index, unpacked into a cache folder; nothing of them is copied here.

    folder = corpus.get("mjlab")            # the unpacked wheel, or None where it cannot be had
    python tests/parity/corpus.py           # fetch all

The folder is $MOTORIUM_CORPUS/<name> if that exists, else
${XDG_CACHE_HOME:-~/.cache}/motorium/corpus/<name>-<version>, filled by `pip download --no-deps`.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import zipfile

# small ones first: these are tested in full
VERSIONS = {
    "mjlab": "1.6.0",
    "mujoco_warp": "4.0.0",
    "mujoco_mjx": "3.17.0",
    "playground": "0.2.0",
    "gymnasium_robotics": "1.4.2",
    "dm_control": "1.0.50",
    "genesis_world": "1.4.5",
    "robosuite": "1.5.2",
    "example_robot_data": "6.0.0",
    "pybullet": "3.2.7",
    "newton": "1.8.0",
}


def cache_root():
    base = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    return pathlib.Path(base) / "motorium" / "corpus"


def fetch(name, folder):
    """Downloads and unpacks a wheel; the folder appears at once, complete."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
        work = pathlib.Path(temporary)
        package = f"{name.replace('_', '-')}=={VERSIONS[name]}"
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--quiet"]
        command += ["--only-binary", ":all:", "--dest", str(work), package]
        subprocess.run(command, check=True, capture_output=True, timeout=300)
        (wheel,) = work.glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(work / "content")
        shutil.move(work / "content", folder)


def get(name):
    given = os.environ.get("MOTORIUM_CORPUS")
    if given and (pathlib.Path(given) / name).is_dir():
        return pathlib.Path(given) / name
    folder = cache_root() / f"{name}-{VERSIONS[name]}"
    if not folder.is_dir():
        try:
            fetch(name, folder)
        except (OSError, ValueError, subprocess.SubprocessError, zipfile.BadZipFile) as error:
            print(f"SKIPPED corpus {name}: {error}", file=sys.stderr)
            return None
    return folder


if __name__ == "__main__":
    for name in VERSIONS:
        print(name, get(name))
