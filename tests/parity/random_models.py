"""Random models that use what MJCF offers, as text: the same seed gives the same model.

    python tests/parity/random_models.py 17        # prints model 17

Trees of bodies with every joint type, frames and inertias; limits, dry friction, springs, dampers;
equalities; tendons; actuators of every kind on every transmission; sensors; contacts between
primitives. Models are small (1 to 8 bodies), so that two hundred of them run in a minute.
"""

import sys

import numpy as np

# what the engine has; grows with it
INTEGRATORS = ["Euler", "implicitfast", "implicit", "RK4"]
GRAVCOMP = FLUID = True


class Text:
    """Draws numbers and writes them as attributes."""

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)

    def chance(self, p):
        return self.rng.uniform() < p

    def pick(self, items):
        return items[int(self.rng.integers(len(items)))]

    def number(self, low, high):
        return f"{self.rng.uniform(low, high):.4g}"

    def numbers(self, count, low, high):
        return " ".join(self.number(low, high) for _ in range(count))

    def size(self):
        return self.number(0.03, 0.12)

    def orientation(self):
        kind = self.pick(["", "quat", "euler", "axisangle", "xyaxes", "zaxis"])
        count = {"": 0, "quat": 4, "euler": 3, "axisangle": 4, "xyaxes": 6, "zaxis": 3}[kind]
        if not kind:
            return ""
        span = 90 if kind == "euler" else 1
        return f' {kind}="{self.numbers(count, -span, span)}"'

    def maybe(self, p, text):
        return text() if self.chance(p) else ""


class Model:
    def __init__(self, seed, contacts=True):
        self.t = Text(seed)
        self.late = Text(seed + 10**6)  # draws of their own, so that the rest of a model stays
        self.contacts = contacts
        self.joints, self.scalars, self.bodies, self.sites, self.geoms = [], [], [], [], []
        self.body_of = {}  # of a site
        self.actuators, self.tendons, self.fixed = [], [], []

    # ---- bodies ---------------------------------------------------------------------------

    def geom(self, colliding):
        t, name = self.t, f"g{len(self.geoms)}"
        kinds = ["sphere", "capsule", "box"]
        kinds += [] if colliding else ["cylinder", "ellipsoid"]
        kind = t.pick(kinds)
        count = {"sphere": 1, "capsule": 2, "cylinder": 2, "box": 3, "ellipsoid": 3}[kind]
        size = " ".join(t.size() for _ in range(count))
        place = f'pos="{t.numbers(3, -0.1, 0.1)}"{t.orientation()}'
        if kind == "capsule" and t.chance(0.4):
            size, place = t.size(), f'fromto="0 0 0 {t.numbers(3, 0.05, 0.3)}"'
        self.geoms.append(name)
        mass = f'mass="{t.number(0.1, 3)}"' if t.chance(0.5) else f'density="{t.number(300, 3000)}"'
        contact = (
            f' condim="{t.pick([1, 3, 4, 6])}" friction="{t.numbers(3, 0.001, 1)}"'
            f' priority="{t.pick([0, 0, 1])}" solmix="{t.number(0, 2)}"'
            f' margin="{t.number(0, 0.01)}" gap="{t.number(0, 0.005)}"'
            if colliding
            else ' contype="0" conaffinity="0"'
        )
        if colliding and t.chance(0.3):
            contact += f' solref="{t.number(0.01, 0.05)} {t.number(0.5, 1.5)}"'
        return f'<geom name="{name}" type="{kind}" size="{size}" {place} {mass}{contact}/>'

    def joint(self, kind):
        t, name = self.t, f"j{len(self.joints)}"
        self.joints.append((name, kind))
        if kind in ("hinge", "slide"):
            self.scalars.append(name)
        if kind == "free":
            return f'<freejoint name="{name}"/>'
        out = f'<joint name="{name}" type="{kind}" pos="{t.numbers(3, -0.05, 0.05)}"'
        if kind != "ball":
            out += f' axis="{t.numbers(3, -1, 1)}"'
            span = 90 if kind == "hinge" else 0.3
            out += t.maybe(0.4, lambda: f' range="{t.number(-span, 0)} {t.number(0, span)}"')
            out += t.maybe(0.3, lambda: f' ref="{t.number(-0.1, 0.1)}"')
            out += t.maybe(0.3, lambda: f' springref="{t.number(-0.1, 0.1)}"')
            out += t.maybe(0.2, lambda: ' actuatorfrcrange="-2 2"')
        else:
            out += t.maybe(0.4, lambda: f' range="0 {t.number(20, 150)}"')
        out += t.maybe(0.4, lambda: f' damping="{t.number(0, 1)}"')
        out += t.maybe(0.2, lambda: f' stiffness="{t.number(0, 20)}"')
        out += t.maybe(0.3, lambda: f' armature="{t.number(0, 0.1)}"')
        out += t.maybe(0.25, lambda: f' frictionloss="{t.number(0, 0.5)}"')
        out += t.maybe(0.2, lambda: f' margin="{t.number(0, 0.05)}"')
        out += t.maybe(0.2, lambda: f' solreflimit="{t.number(0.01, 0.05)} {t.number(0.5, 1.5)}"')
        return out + "/>"

    def body(self, depth, root, rigid=""):
        t, name = self.t, f"b{len(self.bodies)}"
        self.bodies.append(name)
        out = f'<body name="{name}" pos="{t.numbers(3, -0.3, 0.3)}"{t.orientation()}'
        out += t.maybe(0.15 * GRAVCOMP, lambda: f' gravcomp="{t.number(0, 1.5)}"') + ">"
        joints = len(self.joints)
        if root and t.chance(0.5):
            out += self.joint("free")
        else:
            for _ in range(t.pick([0, 1, 1, 1, 2, 3]) if not root else 1):
                out += self.joint(t.pick(["hinge", "hinge", "slide"]))
            if t.chance(0.15):
                out += self.joint("ball")
        rigid = name if len(self.joints) > joints else rigid  # what it moves with
        if t.chance(0.2):
            inertia = np.sort(t.rng.uniform(0.01, 0.02, 3))
            out += (
                f'<inertial pos="{t.numbers(3, -0.1, 0.1)}" mass="{t.number(0.5, 3)}" '
                f'diaginertia="{" ".join(f"{i:.4g}" for i in inertia)}"{t.orientation()}/>'
            )
        for _ in range(t.pick([1, 1, 2])):
            out += self.geom(self.contacts and t.chance(0.5))
        for _ in range(t.pick([0, 1, 1, 2])):
            site = f"s{len(self.sites)}"
            self.sites.append(site)
            self.body_of[site] = rigid
            out += f'<site name="{site}" pos="{t.numbers(3, -0.1, 0.1)}"{t.orientation()}/>'
        while depth > 0 and len(self.bodies) < 8 and t.chance(0.6):
            out += self.body(depth - 1, False, rigid)
        return out + "</body>"

    # ---- sections -------------------------------------------------------------------------

    def equality(self):
        t, kind = self.t, self.t.pick(["connect", "weld", "joint", "connect_site", "weld_site"])
        rest = t.maybe(0.3, lambda: f' solref="{t.number(0.01, 0.1)} 1"')
        rest += t.maybe(0.2, lambda: ' active="false"')
        body = t.pick(self.bodies)
        other = t.pick(["world", *[b for b in self.bodies if b != body]])
        if kind == "connect":
            return f'<connect body1="{body}" body2="{other}" anchor="{t.numbers(3, -0.1, 0.1)}"{rest}/>'
        if kind == "weld":
            return f'<weld body1="{body}" body2="{other}" torquescale="{t.number(0.1, 2)}"{rest}/>'
        if kind == "joint" and len(self.scalars) > 1:
            one, two = t.rng.permutation(self.scalars)[:2]
            poly = t.numbers(5, -0.5, 0.5)
            return f'<joint joint1="{one}" joint2="{two}" polycoef="{poly}"{rest}/>'
        if kind.endswith("site") and len(self.sites) > 1:
            one, two = t.rng.permutation(self.sites)[:2]
            return f'<{kind[:-5]} site1="{one}" site2="{two}"{rest}/>'
        return ""

    def tendon(self):
        t, name = self.t, f"t{len(self.tendons)}"
        rest = t.maybe(0.4, lambda: f' stiffness="{t.number(0, 20)}"')
        rest += t.maybe(0.4, lambda: f' damping="{t.number(0, 1)}"')
        rest += t.maybe(0.3, lambda: f' frictionloss="{t.number(0, 1)}"')
        rest += t.maybe(0.3, lambda: f' armature="{t.number(0, 0.1)}"')
        rest += t.maybe(
            0.3, lambda: f' limited="true" range="{t.number(-1, 0)} {t.number(0.1, 2)}"'
        )
        if t.chance(0.5) and self.scalars:
            chosen = t.rng.permutation(self.scalars)[: int(t.rng.integers(1, 4))]
            parts = "".join(f'<joint joint="{j}" coef="{t.number(-1, 1)}"/>' for j in chosen)
            self.tendons.append(name)
            self.fixed.append(name)
            return f'<fixed name="{name}"{rest}>{parts}</fixed>'
        if len(self.sites) > 1:
            # a string inside one body has no length to change: rows of rounding in MuJoCo, none here
            chosen = t.rng.permutation(self.sites)[: int(t.rng.integers(2, 5))]
            if len({self.body_of[s] for s in chosen}) < 2:
                return ""
            parts = "".join(f'<site site="{s}"/>' for s in chosen)
            self.tendons.append(name)
            return f'<spatial name="{name}"{rest}>{parts}</spatial>'
        return ""

    def actuator(self):
        t = self.t
        targets = [f'joint="{j}"' for j in self.scalars]
        targets += [f'tendon="{x}"' for x in self.tendons]
        targets += [f'site="{s}"' for s in self.sites]
        targets += [f'joint="{j}"' for j, kind in self.joints if kind == "ball"]
        if not targets:
            return ""
        name, target = f"a{len(self.actuators)}", t.pick(targets)
        self.actuators.append(name)
        gear = t.numbers(6 if "site" in target or target[7:-1] not in self.scalars else 1, -2, 2)
        rest = f' name="{name}" {target} gear="{gear}"'
        rest += t.maybe(0.4, lambda: f' ctrlrange="{t.number(-2, 0)} {t.number(0.1, 2)}"')
        rest += t.maybe(0.4, lambda: f' forcerange="{t.number(-9, 0)} {t.number(0.1, 9)}"')
        kinds = [
            lambda: f"<motor{rest}/>",
            lambda: f'<position{rest} kp="{t.number(1, 50)}" kv="{t.number(0, 2)}"/>',
            lambda: f'<velocity{rest} kv="{t.number(0, 5)}"/>',
            lambda: f'<intvelocity{rest} kp="{t.number(1, 20)}" actrange="-1 1"/>',
            lambda: (
                f'<general{rest} dyntype="{t.pick(["filter", "filterexact", "integrator"])}" '
                f'dynprm="{t.number(0.01, 0.2)}" gaintype="affine" gainprm="{t.numbers(3, -1, 1)}" '
                f'biastype="affine" biasprm="{t.numbers(3, -1, 0)}"/>'
            ),
        ]
        return t.pick(kinds)()

    def sensor(self):
        t = self.t
        site = lambda tag: f'<{tag} site="{t.pick(self.sites)}"/>' if self.sites else ""  # noqa: E731
        joint = lambda tag: (  # noqa: E731
            f'<{tag} joint="{t.pick(self.scalars)}"/>' if self.scalars else ""
        )
        frame = lambda tag: (  # noqa: E731
            f'<{tag} objtype="{t.pick(["body", "xbody"])}" objname="{t.pick(self.bodies)}"/>'
        )
        tags = (
            [(site, x) for x in "accelerometer velocimeter gyro force torque magnetometer".split()]
            + [(joint, x) for x in "jointpos jointvel jointactuatorfrc".split()]
            + [
                (frame, x)
                for x in (
                    "framepos framequat framexaxis framelinvel frameangvel framelinacc frameangacc"
                ).split()
            ]
            + [
                (lambda tag: f'<{tag} body="{t.pick(self.bodies)}"/>', x)
                for x in "subtreecom subtreelinvel subtreeangmom".split()
            ]
        )
        make, tag = t.pick(tags)
        return make(tag).replace("/>", f"{self.history()}/>")

    def history(self):
        """Samples of the past; no time is a multiple of a timestep, where rounding would decide."""
        t = self.late
        if not t.chance(0.3):
            return ""
        late = lambda: f"0.0{int(t.rng.integers(0, 25)):02d}37"  # noqa: E731
        text = f' nsample="{t.pick([1, 2, 5, 9])}"'
        if t.chance(0.7):
            text += f' delay="{late()}" interp="{t.pick(["zoh", "linear", "cubic"])}"'
        if t.chance(0.4):
            text += f' interval="{late()}"'
        return text

    def distance(self):
        t = self.late
        one, other = (int(i) for i in t.rng.choice(len(self.bodies), 2, replace=False))
        return (
            f'<distance body1="{self.bodies[one]}" body2="{self.bodies[other]}" '
            f'cutoff="{t.number(0, 2)}"{self.history()}/>'
        )

    def text(self):
        t = self.t
        option = (
            f'<option timestep="{t.pick([0.001, 0.002, 0.005])}" '
            f'integrator="{t.pick(INTEGRATORS)}" '
            f'cone="{t.pick(["pyramidal", "elliptic"])}" impratio="{t.pick([1, 1, 5])}"'
        )
        if t.chance(0.1 * FLUID):
            option += f' density="{t.number(0, 100)}" viscosity="{t.number(0, 0.1)}" wind="1 0 0"'
        bodies = "".join(
            self.body(int(t.rng.integers(0, 4)), True) for _ in range(t.pick([1, 1, 2]))
        )
        floor = '<geom name="floor" type="plane" size="1 1 .1" pos="0 0 -.4"/>' * self.contacts
        equalities = "".join(self.equality() for _ in range(t.pick([0, 0, 1, 2])))
        tendons = "".join(self.tendon() for _ in range(t.pick([0, 0, 1, 2])))
        actuators = "".join(self.actuator() for _ in range(t.pick([0, 1, 2, 3])))
        sensors = "".join(self.sensor() for _ in range(4))
        if len(self.bodies) > 1:
            sensors += self.distance()
        return (
            f"<mujoco>{option}/><worldbody>{floor}{bodies}</worldbody>"
            f"<equality>{equalities}</equality><tendon>{tendons}</tendon>"
            f"<actuator>{actuators}</actuator><sensor>{sensors}</sensor></mujoco>"
        )


def random_model(seed, contacts=True):
    """MJCF text of model `seed`."""
    return Model(seed, contacts).text()


if __name__ == "__main__":
    print(random_model(int(sys.argv[1])))
