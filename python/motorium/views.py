"""Named views: the slices of a batch's arrays that belong to one object of the model.

`batch.joint("hip").qpos` is a (worlds, 1) view into `batch.qpos`: writing to it writes the state.
Attributes have the names of MuJoCo's named access (`data.joint("hip").qpos`). Attributes that a
world may override (`batch.body("trunk").mass`) read as copies and write through the batch's setters.
"""

import difflib

import numpy as np

from motorium._core import Batch, Error

# fields of the model that a world may have for itself
SETTABLE = frozenset(n[4:] for n in dir(Batch) if n.startswith("set_")) - {"models", "state"}

# numbers of a joint in qpos and qvel, by its type: free, ball, slide, hinge
_QPOS_SIZE = (7, 4, 1, 1)
_DOF_SIZE = (6, 3, 1, 1)


def find(kind, names, key):
    """The id of an object, by name or id."""
    if isinstance(key, str):
        if key in names:
            return names.index(key)
        close = difflib.get_close_matches(key, names, n=3)
        hint = f": did you mean {' or '.join(map(repr, close))}?" if close else ""
        raise Error(f"no {kind} {key!r}{hint}")
    if not 0 <= key < len(names):
        raise Error(f"no {kind} {key}: the model has {len(names)}")
    return int(key)


class View:
    """Base of the named views: `id`, `name`, and slices by attribute."""

    _kind = ""
    _names = ""
    # attribute -> field of the batch whose row `id` it is
    _rows = {}
    # fields of the model whose row `id` belongs to the object start with this
    _prefix = "-"

    def __init__(self, batch, key):
        names = getattr(batch.model, self._names)
        set_ = object.__setattr__
        set_(self, "_batch", batch)
        set_(self, "id", find(self._kind, names, key))
        set_(self, "name", names[self.id])

    def _slices(self):
        """attribute -> (field of the batch, slice or index of its second axis)"""
        return {attribute: (field, self.id) for attribute, field in self._rows.items()}

    def _override_slices(self):
        """attribute -> (overridable field, slice or index of its second axis)"""
        n = len(self._prefix)
        return {f[n:]: (f, self.id) for f in SETTABLE if f.startswith(self._prefix)}

    def __dir__(self):
        return ["id", "name", *self._slices(), *self._override_slices()]

    def __getattr__(self, attribute):
        if (place := self._slices().get(attribute)) is not None:
            field, index = place
            return getattr(self._batch, field)[:, index]
        if (place := self._override_slices().get(attribute)) is not None:
            field, index = place
            values = self._batch.get_override(field)[:, index]
            values.flags.writeable = False
            return values
        close = difflib.get_close_matches(attribute, dir(self), n=3)
        hint = f": did you mean {' or '.join(map(repr, close))}?" if close else ""
        raise AttributeError(f"a {self._kind} has no attribute {attribute!r}{hint}")

    def __setattr__(self, attribute, value):
        if (place := self._override_slices().get(attribute)) is not None:
            field, index = place
            values = self._batch.get_override(field)
            values[:, index] = value
            getattr(self._batch, f"set_{field}")(values)
            return
        getattr(self, attribute)[...] = value

    def __repr__(self):
        return f"<{self._kind} {self.id} {self.name!r} of {self._batch!r}>"


class JointView(View):
    _kind = "joint"
    _names = "jnt_names"
    _prefix = "jnt_"

    def _dofs(self):
        m = self._batch.model
        first = int(m.jnt_dofadr[self.id])
        return slice(first, first + _DOF_SIZE[m.jnt_type[self.id]])

    def _slices(self):
        m = self._batch.model
        first = int(m.jnt_qposadr[self.id])
        dofs = self._dofs()
        fields = ("qvel", "qacc", "qacc_warmstart", "qacc_smooth", "cdof", "cdof_dot")
        forces = ("applied", "bias", "passive", "actuator", "smooth", "constraint")
        return {
            "qpos": ("qpos", slice(first, first + _QPOS_SIZE[m.jnt_type[self.id]])),
            "xanchor": ("xanchor", self.id),
            "xaxis": ("xaxis", self.id),
            **{field: (field, dofs) for field in fields},
            **{f"qfrc_{force}": (f"qfrc_{force}", dofs) for force in forces},
        }

    def _override_slices(self):
        dofs, positions = self._dofs(), self._slices()["qpos"][1]
        fields = ("armature", "damping", "frictionloss")
        return {
            **super()._override_slices(),
            **{field: (f"dof_{field}", dofs) for field in fields},
            "solref_friction": ("dof_solref", dofs),
            "solimp_friction": ("dof_solimp", dofs),
            **{field: (field, positions) for field in ("qpos0", "qpos_spring")},
        }


class BodyView(View):
    _kind = "body"
    _names = "body_names"
    _rows = {
        name: name
        for name in (
            "xpos",
            "xquat",
            "xmat",
            "xipos",
            "ximat",
            "xfrc_applied",
            "subtree_com",
            "subtree_linvel",
            "subtree_angmom",
            "cinert",
            "crb",
            "cvel",
            "cacc",
            "cfrc_int",
            "cfrc_ext",
        )
    }
    _prefix = "body_"

    def _slices(self):
        slices = super()._slices()
        mocap = int(self._batch.model.body_mocapid[self.id])
        if mocap >= 0:
            slices["mocap_pos"] = ("mocap_pos", mocap)
            slices["mocap_quat"] = ("mocap_quat", mocap)
        return slices


class GeomView(View):
    _kind = "geom"
    _names = "geom_names"
    _rows = {"xpos": "geom_xpos", "xmat": "geom_xmat"}
    _prefix = "geom_"


class SiteView(View):
    _kind = "site"
    _names = "site_names"
    _rows = {"xpos": "site_xpos", "xmat": "site_xmat"}
    _prefix = "site_"


class CameraView(View):
    _kind = "camera"
    _names = "cam_names"
    _rows = {"xpos": "cam_xpos", "xmat": "cam_xmat"}
    _prefix = "cam_"


class TendonView(View):
    _kind = "tendon"
    _names = "tendon_names"
    _rows = {"length": "ten_length", "velocity": "ten_velocity"}
    _prefix = "tendon_"

    def _slices(self):
        m = self._batch.model
        first = int(m.ten_J_rowadr[self.id])
        return {
            **super()._slices(),
            "J": ("ten_J", slice(first, first + int(m.ten_J_rownnz[self.id]))),
        }


class EqualityView(View):
    _kind = "equality"
    _names = "eq_names"
    _rows = {"active": "eq_active"}
    _prefix = "eq_"


class KeyframeView(View):
    """A keyframe of the batch's model: the same numbers for every world, read-only."""

    _kind = "keyframe"
    _names = "key_names"

    def __dir__(self):
        return ["id", "name", "time", "qpos", "qvel", "act", "ctrl", "mpos", "mquat"]

    def __getattr__(self, attribute):
        if attribute not in dir(self):
            return super().__getattr__(attribute)
        row = getattr(self._batch.model, f"key_{attribute}")[self.id]
        return np.broadcast_to(row, (self._batch.worlds, *np.shape(row)))


class ActuatorView(View):
    _kind = "actuator"
    _names = "actuator_names"
    _prefix = "actuator_"

    def _block(self, name):
        m = self._batch.model
        first = int(getattr(m, f"actuator_{name}adr")[self.id])
        return slice(first, first + int(getattr(m, f"actuator_{name}num")[self.id]))

    def _override_slices(self):
        # gears go with forces, ranges with controls
        return {
            **super()._override_slices(),
            "gear": ("actuator_gear", self._block("out")),
            "ctrlrange": ("actuator_ctrlrange", self._block("ctrl")),
        }

    def _slices(self):
        m = self._batch.model
        outputs = self._block("out")
        slices = {
            "ctrl": ("ctrl", self._block("ctrl")),
            "length": ("actuator_length", outputs),
            "velocity": ("actuator_velocity", outputs),
            "force": ("actuator_force", outputs),
        }
        if int(m.actuator_actnum[self.id]) > 0:
            slices["act"] = ("act", self._block("act"))
            slices["act_dot"] = ("act_dot", self._block("act"))
        return slices


class SensorView(View):
    _kind = "sensor"
    _names = "sensor_names"

    def _slices(self):
        m = self._batch.model
        first = int(m.sensor_adr[self.id])
        return {"data": ("sensordata", slice(first, first + int(m.sensor_dim[self.id])))}
