"""Derivatives of a step by finite differences."""

from typing import NamedTuple

import numpy as np

from motorium._core import Batch, _transition_fd


class Transition(NamedTuple):
    """dx' = A dx + B du and ds = C dx + D du of every world.

    x is (qpos in its tangent space, qvel, act): nx = 2 nv + na numbers; positions of ball and free
    joints change by rotation vectors in body axes. u is ctrl, s the sensor readings.
    """

    A: np.ndarray  # (worlds, nx, nx)
    B: np.ndarray  # (worlds, nx, nu)
    C: np.ndarray | None  # (worlds, nsensordata, nx), None without sensors
    D: np.ndarray | None  # (worlds, nsensordata, nu), None without sensors


def transition_fd(
    batch: Batch, eps: float = 1e-6, *, centered: bool = True, sensors: bool = False
) -> Transition:
    """Linearises one step at the present state and inputs of every world, which stay as they are.

    All perturbed steps run together, in double precision. centered=False takes forward differences,
    for half the steps. A control at the end of its range changes to the other side only.
    """
    return Transition(*_transition_fd(batch, eps, centered, sensors))
