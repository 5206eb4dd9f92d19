"""Env: a task in many worlds."""

from typing import NamedTuple

import numpy as np

from motorium import _core


class Step(NamedTuple):
    """What one control step gives. Arrays are views that the next step writes anew."""

    observations: dict
    rewards: np.ndarray
    terminated: np.ndarray
    truncated: np.ndarray
    final_ids: np.ndarray | None  # None on a device: terminated | truncated are there


class Env(_core.Env):
    __doc__ = _core.Env.__doc__
    __slots__ = ("_next_seed",)

    def __init__(self, task, *, seed=1, **options):
        super().__init__(task, seed=seed, **options)
        self._next_seed = seed

    def reset(self, seed=None):
        """Starts all worlds anew and returns the observations.

        Without a seed, the first reset uses the environment's, and each later one the next number.
        """
        seed = self._next_seed if seed is None else seed
        super().reset(seed)
        self._next_seed = seed + 1
        return self.observations

    def step(self, actions):
        """One control step; worlds that end start anew in it. actions: (worlds, action_size)."""
        super().step(actions)
        # on a device nobody waits: who wants the ids reads final_ids
        ids = self.final_ids if self.device == "cpu" else None
        return Step(self.observations, self.rewards, self.terminated, self.truncated, ids)

    @property
    def final_ids(self):
        """Worlds that ended in the last step; final_observations holds their last observations."""
        return np.flatnonzero(np.asarray(self.terminated) | np.asarray(self.truncated))

    def close(self):
        """Nothing to do: memory goes with the object."""


def make(task, **options):
    """A task in many worlds.

    worlds=512, seed=1, threads=0 (one per core), device="cpu",
    overrides={"rewards.action_rate.weight": -0.05}, robot_path="" (where robots are looked for first).
    """
    return Env(task, **options)
