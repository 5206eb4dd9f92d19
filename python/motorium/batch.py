"""Named access to the arrays of a batch, added to the C++ class so that every batch has it."""

import difflib

from motorium._core import Batch
from motorium.views import ActuatorView, BodyView, GeomView, JointView, SensorView, SiteView


def joint(self, key: int | str) -> JointView:
    """The slices of one joint, by name or id: qpos, qvel, qacc, xanchor, damping, ..."""
    return JointView(self, key)


def body(self, key: int | str) -> BodyView:
    """The slices of one body, by name or id: xpos, xquat, xfrc_applied, mass, ..."""
    return BodyView(self, key)


def geom(self, key: int | str) -> GeomView:
    """The slices of one geom, by name or id: xpos, xmat, friction."""
    return GeomView(self, key)


def site(self, key: int | str) -> SiteView:
    """The slices of one site, by name or id: xpos, xmat."""
    return SiteView(self, key)


def actuator(self, key: int | str) -> ActuatorView:
    """The slices of one actuator, by name or id: ctrl, act, force, length, velocity, ..."""
    return ActuatorView(self, key)


def sensor(self, key: int | str) -> SensorView:
    """The readings of one sensor, by name or id: data."""
    return SensorView(self, key)


def unknown(self, name: str):
    # called only for names that the class does not have
    close = difflib.get_close_matches(name, [n for n in dir(Batch) if n[0] != "_"], n=3)
    hint = f": did you mean {' or '.join(map(repr, close))}?" if close else ""
    raise AttributeError(f"Batch has no attribute {name!r}{hint}")


for _method in (joint, body, geom, site, actuator, sensor):
    setattr(Batch, _method.__name__, _method)
Batch.__getattr__ = unknown
