"""Elements of a Spec as objects, added to the C++ class: find, read, set, add, remove, attach."""

import numpy as np

from motorium._core import Spec

KINDS = {
    "body": "bodies",
    "joint": "joints",
    "geom": "geoms",
    "site": "sites",
    "camera": "cameras",
    "mesh": "meshes",
    "hfield": "hfields",
    "pair": "pairs",
    "exclude": "excludes",
    "equality": "equalities",
    "tendon": "tendons",
    "actuator": "actuators",
    "sensor": "sensors",
    "key": "keys",
}
IN_BODIES = ("body", "joint", "geom", "site")


def _to_text(value):
    """A value as MJCF writes it."""
    if isinstance(value, str):
        return value
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if np.ndim(value) == 0:
        return repr(value.item() if isinstance(value, np.generic) else value)
    return " ".join(_to_text(v) for v in np.asarray(value).ravel())


def _to_value(text):
    """A number, an array, a truth value or a word; None for what is not given."""
    if text in ("", "true", "false"):
        return {"": None, "true": True, "false": False}[text]
    try:
        numbers = [float(word) for word in text.split()]
    except ValueError:
        return text
    if len(numbers) > 1:
        return np.array(numbers)
    return int(text) if text.lstrip("-").isdigit() else numbers[0]


class Element:
    """One element of a Spec: its attributes have MJCF's names. Found by name, else by number."""

    __slots__ = ("_key", "_kind", "_spec")

    def __init__(self, spec, kind, key):
        object.__setattr__(self, "_spec", spec)
        object.__setattr__(self, "_kind", kind)
        name, number = (key, -1) if isinstance(key, str) else ("", int(key))
        object.__setattr__(self, "_key", (name, number))

    def __getattr__(self, attribute):
        if attribute.startswith("_"):
            raise AttributeError(attribute)
        text = self._spec._get(self._kind, *self._key, attribute)
        named = attribute in ("name", "target", "mesh", "material", "file", "object", "reference")
        return text if named else _to_value(text)

    def __setattr__(self, attribute, value):
        self._spec._set(self._kind, *self._key, attribute, _to_text(value))
        if attribute == "name" and value:
            object.__setattr__(self, "_key", (value, -1))

    def __dir__(self):
        """Names of its attributes."""
        return self._spec._attributes(self._kind, *self._key)

    def __repr__(self):
        return f"<motorium.spec.Element {self._kind} {self._key[0] or self._key[1]!r}>"

    def _add(self, kind, attributes):
        if self._kind != "body":
            raise TypeError(f"a {self._kind} holds no {kind}")
        return _add(self._spec, kind, self.name, attributes)

    def add_body(self, **attributes):
        """A body in this one."""
        return self._add("body", attributes)

    def add_joint(self, **attributes):
        """A joint that moves this body."""
        return self._add("joint", attributes)

    def add_freejoint(self, **attributes):
        """A free joint."""
        return self._add("joint", {"type": "free", **attributes})

    def add_geom(self, **attributes):
        """A geom of this body."""
        return self._add("geom", attributes)

    def add_site(self, **attributes):
        """A site of this body."""
        return self._add("site", attributes)


def _add(spec, kind, parent, attributes):
    # what depends on others comes behind them
    texts = [(name, _to_text(value)) for name, value in attributes.items()]
    number = spec._add(kind, parent, texts)
    return Element(spec, kind, attributes.get("name") or number)


def _finder(kind):
    def find(self, name: int | str) -> Element:
        element = Element(self, kind, name)
        _ = element.name  # an unknown name is an error here
        return element

    find.__name__, find.__doc__ = kind, f"The {kind} of this name or number."
    return find


def _lister(kind):
    def elements(self) -> list[Element]:
        names = self._names(kind)
        return [Element(self, kind, name or number) for number, name in enumerate(names)]

    return property(elements, doc=f"All {KINDS[kind]}, in document order.")


def _adder(kind):
    def add(self, **attributes) -> Element:
        return _add(self, kind, "", attributes)

    add.__name__, add.__doc__ = f"add_{kind}", f"Adds a {kind}."
    return add


def find(self, kind: str, name: str) -> Element | None:
    """The element of a kind and name, or None."""
    return Element(self, kind, name) if name in self._names(kind) else None


def delete(self, element: Element) -> list[str]:
    """Removes an element, all below it and all that refers to it; returns what was removed."""
    return self._remove(element._kind, *element._key)


def attach(self, other, *, prefix, body="world", pos=(0, 0, 0), quat=(1, 0, 0, 0)):
    """Puts another scene into a body, with a prefix before all its names.

    Its options and textures are left out; keyframes of both are removed, their sizes change.
    """
    self._attach(other, prefix, getattr(body, "name", body), pos, quat)


def replicate(self, other, count, *, prefix, body="world", offset=(0, 0, 0), pos=(0, 0, 0)):
    """Puts `count` copies of another scene into a body, each `offset` after the one before.

    Their prefixes are `prefix` with the number of the copy for `{}`.
    """
    for i in range(count):
        place = np.asarray(pos, dtype=float) + i * np.asarray(offset, dtype=float)
        name = prefix.format(i) if "{}" in prefix else f"{prefix}{i}_"
        attach(self, other, prefix=name, body=body, pos=place)


def _pairs_of_names(old, new):
    place = {name: i for i, name in enumerate(old) if name}
    return [(place[name], i) for i, name in enumerate(new) if name in place]


def transfer_state(old, new):
    """Copies positions, velocities, controls and activations of what both batches have, by name.

    For a scene that was edited and compiled again; both batches have equally many worlds.
    """
    a, b = old.model, new.model
    sizes = {0: (7, 6), 1: (4, 3), 2: (1, 1), 3: (1, 1)}
    for i, j in _pairs_of_names(a.jnt_names, b.jnt_names):
        if a.jnt_type[i] != b.jnt_type[j]:
            continue
        nq, nv = sizes[int(a.jnt_type[i])]
        qa, qb, va, vb = a.jnt_qposadr[i], b.jnt_qposadr[j], a.jnt_dofadr[i], b.jnt_dofadr[j]
        new.qpos[:, qb : qb + nq] = old.qpos[:, qa : qa + nq]
        new.qvel[:, vb : vb + nv] = old.qvel[:, va : va + nv]
    for i, j in _pairs_of_names(a.actuator_names, b.actuator_names):
        new.ctrl[:, j] = old.ctrl[:, i]
        if a.actuator_actadr[i] >= 0 and b.actuator_actadr[j] >= 0:
            new.act[:, b.actuator_actadr[j]] = old.act[:, a.actuator_actadr[i]]


def _worldbody(self) -> Element:
    return Element(self, "body", "world")


def _settings(kind, doc):
    return property(lambda self: Element(self, kind, 0), doc=doc)


for _kind in KINDS:
    setattr(Spec, _kind, _finder(_kind))
    setattr(Spec, KINDS[_kind], _lister(_kind))
for _kind in ("pair", "exclude", "equality", "actuator", "key"):
    setattr(Spec, f"add_{_kind}", _adder(_kind))
Spec.option = _settings("option", "Attributes of <option>.")
Spec.compiler = _settings("compiler", "Attributes of <compiler>.")
Spec.worldbody = property(_worldbody, doc="The world.")
for _method in (find, delete, attach, replicate):
    setattr(Spec, _method.__name__, _method)
