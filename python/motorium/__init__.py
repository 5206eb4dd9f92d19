"""Batched robot physics with MuJoCo's semantics, and learning on it.

import motorium as mo

model = mo.load("robot.xml")
batch = mo.Batch(model, worlds=4096)
batch.ctrl[:] = 0.0
batch.step(nstep=5)
"""

from motorium._core import (
    STATUS_BITS,
    Contact,
    Error,
    Model,
    UnsupportedCpu,
    UnsupportedModel,
)
from motorium.batch import Batch

load = Model.from_file

__all__ = [
    "STATUS_BITS",
    "Batch",
    "Contact",
    "Error",
    "Model",
    "UnsupportedCpu",
    "UnsupportedModel",
    "load",
]
