"""Batch: worlds of one model, with named views of its arrays."""

import difflib

from motorium import _core
from motorium.views import ActuatorView, BodyView, GeomView, JointView, SensorView, SiteView


class Batch(_core.Batch):
    __doc__ = _core.Batch.__doc__
    __slots__ = ()

    def joint(self, key):
        """The slices of one joint, by name or id: qpos, qvel, qacc, xanchor, damping, ..."""
        return JointView(self, key)

    def body(self, key):
        """The slices of one body, by name or id: xpos, xquat, xfrc_applied, mass, ..."""
        return BodyView(self, key)

    def geom(self, key):
        """The slices of one geom, by name or id: xpos, xmat, friction."""
        return GeomView(self, key)

    def site(self, key):
        """The slices of one site, by name or id: xpos, xmat."""
        return SiteView(self, key)

    def actuator(self, key):
        """The slices of one actuator, by name or id: ctrl, act, force, length, velocity, ..."""
        return ActuatorView(self, key)

    def sensor(self, key):
        """The readings of one sensor, by name or id: data."""
        return SensorView(self, key)

    def __getattr__(self, name):
        # only for names that the class does not have
        raise AttributeError(f"Batch has no attribute {name!r}{_near(name, dir(type(self)))}")


def _near(name, names):
    close = difflib.get_close_matches(name, [n for n in names if not n.startswith("_")], n=3)
    return f": did you mean {' or '.join(map(repr, close))}?" if close else ""
