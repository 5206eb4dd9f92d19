"""Named views: the slices of a batch's arrays that belong to one object of the model.

`batch.joint("hip").qpos` is a (worlds, 1) view into `batch.qpos`: writing to it writes the state.
Attributes have the names of MuJoCo's named access (`data.joint("hip").qpos`). Attributes that a
world may override (`batch.body("trunk").mass`) read as copies and write through the batch's setters.
"""

import difflib

from motorium._core import Error

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
    # attribute -> overridable field whose row `id` it is
    _overrides = {}

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
        return {attribute: (field, self.id) for attribute, field in self._overrides.items()}

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
        fields = ("armature", "damping", "frictionloss")
        return {field: (f"dof_{field}", self._dofs()) for field in fields}


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
    _overrides = {"mass": "body_mass", "inertia": "body_inertia", "ipos": "body_ipos"}

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
    _overrides = {"friction": "geom_friction"}


class SiteView(View):
    _kind = "site"
    _names = "site_names"
    _rows = {"xpos": "site_xpos", "xmat": "site_xmat"}


class CameraView(View):
    _kind = "camera"
    _names = "cam_names"
    _rows = {"xpos": "cam_xpos", "xmat": "cam_xmat"}


class ActuatorView(View):
    _kind = "actuator"
    _names = "actuator_names"
    _overrides = {"gainprm": "actuator_gainprm", "biasprm": "actuator_biasprm"}

    def _slices(self):
        m = self._batch.model

        def block(name):
            first = int(getattr(m, f"actuator_{name}adr")[self.id])
            return slice(first, first + int(getattr(m, f"actuator_{name}num")[self.id]))

        outputs = block("out")
        slices = {
            "ctrl": ("ctrl", block("ctrl")),
            "length": ("actuator_length", outputs),
            "velocity": ("actuator_velocity", outputs),
            "force": ("actuator_force", outputs),
        }
        if int(m.actuator_actnum[self.id]) > 0:
            slices["act"] = ("act", block("act"))
            slices["act_dot"] = ("act_dot", block("act"))
        return slices


class SensorView(View):
    _kind = "sensor"
    _names = "sensor_names"

    def _slices(self):
        m = self._batch.model
        first = int(m.sensor_adr[self.id])
        return {"data": ("sensordata", slice(first, first + int(m.sensor_dim[self.id])))}
