"""Named access to the arrays of a batch, added to the C++ class so that every batch has it."""

import difflib
from typing import NamedTuple

import numpy as np

from motorium._core import STATUS_BITS, Batch
from motorium.views import (
    ActuatorView,
    BodyView,
    CameraView,
    EqualityView,
    GeomView,
    JointView,
    KeyframeView,
    SensorView,
    SiteView,
    TendonView,
)


def joint(self, key: int | str) -> JointView:
    """The slices of one joint, by name or id: qpos, qvel, qacc, xanchor, damping, ..."""
    return JointView(self, key)


def body(self, key: int | str) -> BodyView:
    """The slices of one body, by name or id: xpos, xquat, xfrc_applied, mass, ..."""
    return BodyView(self, key)


def geom(self, key: int | str) -> GeomView:
    """The slices of one geom, by name or id: xpos, xmat, friction, size, ..."""
    return GeomView(self, key)


def site(self, key: int | str) -> SiteView:
    """The slices of one site, by name or id: xpos, xmat, pos, quat, size."""
    return SiteView(self, key)


def camera(self, key: int | str) -> CameraView:
    """The slices of one camera, by name or id: xpos, xmat, pos, quat, fovy."""
    return CameraView(self, key)


def tendon(self, key: int | str) -> TendonView:
    """The slices of one tendon, by name or id: length, velocity, J, stiffness, range, ..."""
    return TendonView(self, key)


def equality(self, key: int | str) -> EqualityView:
    """The slices of one equality constraint, by name or id: active, data, solref, solimp."""
    return EqualityView(self, key)


def keyframe(self, key: int | str) -> KeyframeView:
    """The numbers of one keyframe, by name or id: time, qpos, qvel, act, ctrl, mpos, mquat."""
    return KeyframeView(self, key)


def actuator(self, key: int | str) -> ActuatorView:
    """The slices of one actuator, by name or id: ctrl, act, force, length, velocity, ..."""
    return ActuatorView(self, key)


def sensor(self, key: int | str) -> SensorView:
    """The readings of one sensor, by name or id: data."""
    return SensorView(self, key)


# what a status bit means to somebody who has to do something about it
_REASONS = {
    "fault_state": "a position, velocity or activation is not finite or beyond 1e10",
    "fault_acc": "an acceleration is not finite or beyond 1e10",
    "bad_input": "a control or applied force is not finite or beyond 1e10: zeros were used",
    "spilled": "more constraint rows than the budget: exact, but slower",
    "waiting": "no memory in this step: the world waits",
    "capped": "memory exhausted: only the deepest contacts were kept",
    "not_converged": "the solver stopped at its iteration limit",
    "search_limit": "the line search stopped at its evaluation limit",
    "deep": "geoms overlap by more than a tenth of their size",
}


class WorldError(NamedTuple):
    """What status says about one world."""

    world: int
    reasons: tuple[str, ...]  # names of STATUS_BITS
    frozen: bool  # it keeps its last good state until it is reset
    message: str


def errors(self) -> list[WorldError]:
    """What went wrong since status was read last, one entry per world that has something to say.

    A world never stops another: step() raises nothing, worlds with a fault are frozen at their last
    good state, and the others go on.
    """
    found = []
    for world in np.flatnonzero(self.status):
        bits = int(self.status[world])
        reasons = tuple(name for name in _REASONS if bits & STATUS_BITS[name])
        frozen = bool(bits & STATUS_BITS["frozen"])
        text = "; ".join(_REASONS[name] for name in reasons)
        if frozen:
            text = f"frozen at its last good state, reset it: {text}"
        found.append(WorldError(int(world), reasons, frozen, f"world {world}: {text}"))
    return found


def unknown(self, name: str):
    # called only for names that the class does not have
    close = difflib.get_close_matches(name, [n for n in dir(Batch) if n[0] != "_"], n=3)
    hint = f": did you mean {' or '.join(map(repr, close))}?" if close else ""
    raise AttributeError(f"Batch has no attribute {name!r}{hint}")


for _method in (
    joint,
    body,
    geom,
    site,
    camera,
    tendon,
    equality,
    keyframe,
    actuator,
    sensor,
    errors,
):
    setattr(Batch, _method.__name__, _method)
Batch.__getattr__ = unknown
