"""Batches of different robots, stepped as one."""

import numpy as np

from motorium._core import Error, Model
from motorium.batch import Batch, WorldError


class BatchGroup:
    """Worlds of several models, numbered one after another.

    group = BatchGroup([(go1, 512), (g1, 256)])
    group[0].ctrl[:] = 0.1
    group.step(nstep=5)

    Each member is a Batch with arrays of its own; `group[i]` is member i. `worlds` counts all worlds,
    `where(world)` finds one.
    """

    def __init__(self, members, **options):
        """members: batches, or pairs (model, worlds); options: those of Batch, for the pairs."""
        self.members = tuple(
            m if isinstance(m, Batch) else Batch(m[0], worlds=m[1], **options) for m in members
        )
        if not self.members:
            raise Error("BatchGroup: needs at least one batch")
        self.starts = np.concatenate([[0], np.cumsum([b.worlds for b in self.members])])
        self.starts.flags.writeable = False

    @property
    def worlds(self) -> int:
        """Worlds of all members."""
        return int(self.starts[-1])

    @property
    def models(self) -> tuple[Model, ...]:
        """The model of each member."""
        return tuple(b.model for b in self.members)

    def __len__(self):
        return len(self.members)

    def __getitem__(self, member: int) -> Batch:
        return self.members[member]

    def __iter__(self):
        return iter(self.members)

    def __repr__(self):
        return f"<motorium.BatchGroup of {len(self)} models, {self.worlds} worlds>"

    def where(self, world: int) -> tuple[int, int]:
        """Member and number within it of a world of the group."""
        if not 0 <= world < self.worlds:
            raise Error(f"BatchGroup: no world {world}: the group has 0 .. {self.worlds - 1}")
        member = int(np.searchsorted(self.starts, world, side="right")) - 1
        return member, world - int(self.starts[member])

    def _parts(self, ids):
        """(member, its worlds or None for all) for the worlds that a call names."""
        if ids is None:
            return [(b, None) for b in self.members]
        ids = np.asarray(ids)
        if ids.dtype == bool:
            if ids.shape != (self.worlds,):
                raise Error(f"BatchGroup: a mask must have the shape ({self.worlds},)")
            ids = np.flatnonzero(ids)
        if ids.size and not np.issubdtype(ids.dtype, np.integer):
            raise Error("BatchGroup: ids must be integers or a boolean mask")
        if ids.size and not (0 <= ids.min() and ids.max() < self.worlds):
            raise Error(f"BatchGroup: ids are out of range: the group has 0 .. {self.worlds - 1}")
        parts = []
        for i, b in enumerate(self.members):
            mine = ids[(ids >= self.starts[i]) & (ids < self.starts[i + 1])] - self.starts[i]
            if mine.size:
                parts.append((b, mine))
        return parts

    def step(self, *, nstep=1, ids=None, refresh="none"):
        """Advances worlds of all members, as Batch.step."""
        for b, mine in self._parts(ids):
            b.step(nstep=nstep, ids=mine, refresh=refresh)

    def forward(self, *, ids=None):
        """Computes bound outputs of the present state, as Batch.forward."""
        for b, mine in self._parts(ids):
            b.forward(ids=mine)

    def reset(self, *, ids=None):
        """Starts worlds anew from qpos0."""
        for b, mine in self._parts(ids):
            b.reset(ids=mine)

    @property
    def status(self) -> np.ndarray:
        """Status bits of all worlds, a copy (worlds,)."""
        return np.concatenate([b.status for b in self.members])

    @property
    def time(self) -> np.ndarray:
        """Simulated time of all worlds, a copy [s] (worlds,)."""
        return np.concatenate([b.time for b in self.members])

    def errors(self) -> list[WorldError]:
        """Batch.errors of all members, worlds numbered through the group."""
        return [
            e._replace(world=e.world + int(start))
            for b, start in zip(self.members, self.starts, strict=False)
            for e in b.errors()
        ]
