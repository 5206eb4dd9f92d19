"""The command `motorium`, as installed by pip: the same program as the C++ one."""

import os
import sys

from motorium import _core


def main(arguments=None):
    """Runs the command; returns its exit code."""
    os.environ.setdefault("MOTORIUM_PYTHON", sys.executable)
    return _core.main(["motorium", *(sys.argv[1:] if arguments is None else arguments)])


if __name__ == "__main__":
    sys.exit(main())
