"""One world of a batch, alone: its model, its state, and both as a file."""

import os
from dataclasses import dataclass

import numpy as np

from motorium._core import Batch, Model, Spec


@dataclass(frozen=True)
class World:
    """What Batch.get_world returns.

    batch.get_world(3).save("world.xml")      # opens in MuJoCo, the state as a keyframe
    batch.get_world(3).batch().step()         # takes the same bits
    """

    model: Model  # with the numbers that the world had for itself
    state: np.ndarray  # a row of Batch.get_state
    layout: dict[str, slice]  # of the row
    precision: str  # 'single' or 'double'

    def batch(self, worlds: int = 1, **options) -> Batch:
        """A batch of copies of this world; options are those of Batch."""
        batch = Batch(self.model, worlds=worlds, **{"precision": self.precision, **options})
        batch.set_state(self.state)
        return batch

    def to_spec(self) -> Spec:
        """The scene: the model, and its state as the last keyframe, `world`.

        Equalities start as they are now; warm starts, applied forces and histories have no place.
        """
        spec = self.model.to_spec()
        of = {part: self.state[columns] for part, columns in self.layout.items()}
        for equality, active in zip(spec.equalities, of["eq_active"], strict=True):
            equality.active = bool(active)
        name, taken = "world", self.model.key_names
        while name in taken:
            name += "_"
        parts = {"mpos": of["mocap_pos"], "mquat": of["mocap_quat"]}
        parts |= {part: of[part] for part in ("qpos", "qvel", "act", "ctrl")}
        spec.add_key(name=name, time=float(of["time"][0]), **parts)
        return spec

    def to_xml(self) -> str:
        """The scene as MJCF text."""
        return self.to_spec().to_xml()

    def save(self, path: str | os.PathLike) -> None:
        """Writes the scene as MJCF, with copies of meshes beside it."""
        self.to_spec().save(path)


def get_world(self, world: int) -> World:
    """One world by itself: its model with its own numbers folded in, and its state."""
    row = self.get_state(ids=[world])[0]
    return World(self._world_model(world), row, dict(self.state_layout), self.precision)


Batch.get_world = get_world
