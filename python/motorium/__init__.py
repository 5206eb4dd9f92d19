"""Batched robot physics with MuJoCo's semantics, and learning on it.

import motorium as mo

model = mo.load("robot.xml")
batch = mo.Batch(model, worlds=4096)
batch.ctrl[:] = 0.0
batch.step(nstep=5)

env = mo.make("quad-velocity-flat", worlds=512)
run = mo.train("quad-velocity-flat", minutes=5)
"""

import os
import pathlib

# an installed package carries the robots and task tables with it
_robots = pathlib.Path(__file__).resolve().parent / "robots"
if _robots.is_dir():
    os.environ.setdefault("MOTORIUM_ROBOTS_DIR", str(_robots))

from motorium import _core
from motorium._core import (
    STATUS_BITS,
    Array,
    Contact,
    DeviceLost,
    Error,
    Model,
    Options,
    Spec,
    UnsupportedCpu,
    UnsupportedModel,
    __version__,
)
from motorium.batch import Batch, WorldError  # noqa: E402
from motorium.batch_group import BatchGroup  # noqa: E402
from motorium.derivatives import Transition, transition_fd  # noqa: E402
from motorium.spec import transfer_state  # noqa: E402
from motorium.world import World  # noqa: E402

# a build of physics alone (MOTORIUM_DOUBLE_ONLY) has no tasks and no learners
if hasattr(_core, "train"):
    from motorium import adapters, tasks
    from motorium._core import Policy, Run, export_onnx, train
    from motorium.env import Env, Step, make

load = Model.from_file

__all__ = [
    "STATUS_BITS",
    "Array",
    "Batch",
    "BatchGroup",
    "Contact",
    "DeviceLost",
    "Env",
    "Error",
    "Model",
    "Options",
    "Policy",
    "Run",
    "Spec",
    "Step",
    "Transition",
    "UnsupportedCpu",
    "UnsupportedModel",
    "World",
    "WorldError",
    "__version__",
    "adapters",
    "export_onnx",
    "load",
    "make",
    "tasks",
    "train",
    "transfer_state",
    "transition_fd",
]
