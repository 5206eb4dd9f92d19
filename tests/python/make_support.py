"""The support matrix, asked from the library itself: every row is a model that is compiled and stepped.

    python tests/python/make_support.py            # writes docs/support.md
    python tests/python/make_support.py --check    # exit 1 if the page is not what the library says

A row is `yes` when the model loads and five steps in double leave good numbers, else `refused` with the
reason that a user would read.
"""

import pathlib
import re
import sys

import motorium as mo

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/support.md"

BALL = '<body pos="0 0 1"><freejoint/><geom name="g" size=".1"/></body>'
ARM = (
    '<body name="a"><joint name="j" axis="0 1 0" range="-90 90"/><geom name="ga" size=".05" '
    'fromto="0 0 0 .3 0 0" type="capsule"/><site name="sa" pos=".3 0 0"/>'
    '<body name="b" pos=".3 0 0"><joint name="k" axis="0 1 0"/><geom name="gb" size=".04" '
    'fromto="0 0 0 .3 0 0" type="capsule"/><site name="sb" pos=".3 0 0"/></body></body>'
)
TETRA = '<asset><mesh name="m" vertex="0 0 0 .2 0 0 0 .2 0 0 0 .2"/></asset>'
HFIELD = (
    '<asset><hfield name="h" nrow="3" ncol="3" size="1 1 .2 .1" elevation="0 0 0 0 1 0 0 0 0"/>'
    "</asset>"
)


def world(body, rest=""):
    return f"<mujoco>{rest}<worldbody>{body}</worldbody></mujoco>"


def scene(rest, before=""):
    """The arm with sections after the world."""
    return f"<mujoco>{before}<worldbody>{ARM}</worldbody>{rest}</mujoco>"


def actuator(text, before=""):
    return scene(f"<actuator>{text}</actuator>", before)


def sensor(text, before=""):
    return scene(f"<sensor>{text}</sensor>", before)


def pair(one, two):
    """Two geoms that overlap a little, the second one free."""
    assets = (TETRA if "mesh" in (one, two) else "") + (HFIELD if "hfield" in (one, two) else "")
    text = {
        "plane": 'type="plane" size="1 1 .1"',
        "hfield": 'type="hfield" hfield="h"',
        "sphere": 'type="sphere" size=".1"',
        "capsule": 'type="capsule" size=".1 .1"',
        "ellipsoid": 'type="ellipsoid" size=".1 .12 .15"',
        "cylinder": 'type="cylinder" size=".1 .1"',
        "box": 'type="box" size=".1 .1 .1"',
        "mesh": 'type="mesh" mesh="m"',
    }
    return world(
        f'<geom {text[one]}/><body pos="0 0 .15"><freejoint/><geom {text[two]} mass="1"/></body>',
        assets,
    )


SHAPES = ["plane", "hfield", "sphere", "capsule", "ellipsoid", "cylinder", "box", "mesh"]
JOINT_SENSORS = "jointpos jointvel jointactuatorfrc jointlimitpos jointlimitvel jointlimitfrc"
SITE_SENSORS = [
    "touch",
    "accelerometer",
    "velocimeter",
    "gyro",
    "force",
    "torque",
    "magnetometer",
    "rangefinder",
]
FRAME_SENSORS = [
    "framepos",
    "framequat",
    "framexaxis",
    "frameyaxis",
    "framezaxis",
    "framelinvel",
    "frameangvel",
    "framelinacc",
    "frameangacc",
]
TENDON = '<tendon><fixed name="t"><joint joint="j" coef="1"/><joint joint="k" coef="-1"/></fixed></tendon>'
SPATIAL = '<tendon><spatial name="t"><site site="sa"/>{}<site site="sb"/></spatial></tendon>'

ROWS = {
    "Structure": {
        "`freejoint`, `joint` (free, ball, slide, hinge)": world(BALL),
        "`frame`": world(f'<frame pos="0 0 1" euler="0 30 0">{ARM}</frame>'),
        "`default` classes": world(
            BALL, '<default><geom density="500"/><default class="x"/></default>'
        ),
        "`replicate`": world('<replicate count="3" offset="1 0 0"><geom size=".1"/></replicate>'),
        "`mocap` bodies": world('<body mocap="true"><geom size=".1"/></body>'),
        "`keyframe`": scene('<keyframe><key qpos=".1 .2"/></keyframe>'),
        "`custom` numeric, text, tuple": scene(
            '<custom><numeric name="n" data="1 2"/><text name="t" data="x"/><tuple name="u">'
            '<element objtype="body" objname="a"/></tuple></custom>'
        ),
        "`composite`": world('<composite type="cable" count="3 1 1"/>'),
        "`flexcomp`": world('<flexcomp name="f" type="grid" count="3 3 1" spacing=".1 .1 .1"/>'),
        "`extension`, plugins": "<mujoco><extension/><worldbody/></mujoco>",
    },
    "Meshes and fields": {
        "inline `mesh`": world('<body><freejoint/><geom type="mesh" mesh="m"/></body>', TETRA),
        '`mesh inertia="convex"`': world(
            '<body><freejoint/><geom type="mesh" mesh="m"/></body>',
            TETRA.replace("<mesh ", '<mesh inertia="convex" '),
        ),
        "`mesh builtin`": world(
            '<body><freejoint/><geom type="mesh" mesh="m"/></body>',
            '<asset><mesh name="m" builtin="sphere" params="1"/></asset>',
        ),
        "primitive fitted to a mesh": world(
            '<body><freejoint/><geom type="box" mesh="m"/></body>', TETRA
        ),
        "inline `hfield`": world('<geom type="hfield" hfield="h"/>' + BALL, HFIELD),
    },
    "Collision pairs": {
        f"{a} with {b}": pair(a, b)
        for i, a in enumerate(SHAPES)
        for b in SHAPES[i:]
        if b not in ("plane", "hfield")
    },
    "Contacts": {
        **{
            f"condim {d}, {cone}": world(
                f'<geom type="plane" size="1 1 1" condim="{d}"/>'
                f'<body pos="0 0 .09"><freejoint/><geom size=".1" condim="{d}"/></body>',
                f'<option cone="{cone}"/>',
            )
            for d in (1, 3, 4, 6)
            for cone in ("pyramidal", "elliptic")
        },
        "`pair`, `exclude`": scene(
            '<contact><pair geom1="ga" geom2="gb"/><exclude body1="a" body2="b"/></contact>'
        ),
        "`margin`, `gap`, `priority`, `solmix`": world(
            BALL.replace("size", 'margin=".01" gap=".01" priority="1" solmix="2" size')
        ),
        "surface velocity": world(BALL.replace("size", 'surfacevel="1 0 0 0 0 0" size')),
        "geom adhesion": world(BALL.replace("size", 'adhesion="1" size')),
        "`flag override`": world(BALL, '<option><flag override="enable"/></option>'),
        "`flag diagexact`": world(BALL, '<option><flag diagexact="enable"/></option>'),
        "`flag multiccd` off": world(BALL, '<option><flag multiccd="disable"/></option>'),
        "`flag nativeccd` off": world(BALL, '<option><flag nativeccd="disable"/></option>'),
        "`flag speculative`": world(BALL, '<option><flag speculative="enable"/></option>'),
        "`flag sleep`": world(BALL, '<option><flag sleep="enable"/></option>'),
    },
    "Equality": {
        "`connect`, bodies": scene('<equality><connect body1="b" anchor=".3 0 0"/></equality>'),
        "`connect`, sites": scene('<equality><connect site1="sa" site2="sb"/></equality>'),
        "`weld`, bodies": scene('<equality><weld body1="b"/></equality>'),
        "`weld`, sites": scene('<equality><weld site1="sa" site2="sb"/></equality>'),
        "`joint`": scene('<equality><joint joint1="j" joint2="k"/></equality>'),
        "`tendon`": scene(TENDON + '<equality><tendon tendon1="t"/></equality>'),
    },
    "Tendons": {
        "`fixed`": scene(TENDON),
        "`spatial`, sites": scene(SPATIAL.format("")),
        "`spatial`, pulley": scene(
            '<tendon><spatial><site site="sa"/><site site="sb"/><pulley divisor="2"/>'
            '<site site="sa"/><site site="sb"/></spatial></tendon>'
        ),
        "`spatial`, wrapping, side site": scene(
            '<tendon><spatial><site site="sb"/><geom geom="w" sidesite="s"/><site site="s0"/>'
            "</spatial></tendon>"
        ).replace(
            "<worldbody>",
            '<worldbody><geom name="w" size=".05" pos=".3 0 .3" contype="0" conaffinity="0"/>'
            '<site name="s" pos=".3 0 .5"/><site name="s0" pos="-.2 0 .3"/>',
        ),
        "limits, dry friction, springs, dampers, armature": scene(
            TENDON.replace(
                "<fixed",
                '<fixed limited="true" range="-1 1" frictionloss=".1" stiffness="1" damping=".1" '
                'armature=".1"',
            )
        ),
    },
    "Actuators": {
        **{
            f"`{tag}`": actuator(f'<{tag} joint="j"{more}/>')
            for tag, more in {
                "motor": "",
                "position": ' kp="1"',
                "velocity": ' kv="1"',
                "intvelocity": ' kp="1" actrange="-1 1"',
                "damper": ' kv="1" ctrlrange="0 1"',
                "cylinder": ' area="1"',
                "muscle": ' lengthrange=".1 1"',
                "pid": ' kp="1"',
                "dcmotor": ' motorconst=".05" resistance="1"',
                "general": ' dyntype="filter" dynprm=".1" gaintype="affine" biastype="affine"',
            }.items()
        },
        "`adhesion`": actuator('<adhesion body="b" ctrlrange="0 1"/>'),
        "user dynamics": actuator('<general joint="j" dyntype="user" dynprm="1"/>'),
        "delay": actuator('<motor joint="j" delay=".01" nsample="3"/>'),
        "disabled groups": actuator(
            '<motor joint="j" group="1"/>', '<option actuatorgroupdisable="1"/>'
        ),
    },
    "Transmissions": {
        "joint": actuator('<motor joint="j"/>'),
        "jointinparent": actuator('<motor jointinparent="j"/>'),
        "tendon": scene(TENDON + '<actuator><motor tendon="t"/></actuator>'),
        "site": actuator('<motor site="sb" gear="1 0 0 0 0 0"/>'),
        "site with refsite": actuator('<motor site="sb" refsite="sa" gear="1 0 0 0 0 0"/>'),
        "slider-crank": actuator('<motor cranksite="sb" slidersite="sa" cranklength=".5"/>'),
        "body": actuator('<adhesion body="b" ctrlrange="0 1"/>'),
    },
    "Passive forces": {
        "springs, dampers, dry friction, armature": world(
            ARM.replace('name="j"', 'name="j" stiffness="1" damping="1" frictionloss=".1"')
        ),
        "polynomial springs and dampers": world(
            ARM.replace('name="j"', 'name="j" stiffness="1 2 3" damping="1 2 3"')
        ),
        "`springdamper`": world(ARM.replace('name="j"', 'name="j" springdamper=".1 1"')),
        "`gravcomp`": world(ARM.replace('name="b"', 'name="b" gravcomp="1"')),
        "fluid, inertia box": world(ARM, '<option density="1.2" viscosity="1e-5"/>'),
        "fluid, ellipsoid": world(
            ARM.replace('name="ga"', 'name="ga" fluidshape="ellipsoid"'),
            '<option density="1.2" viscosity="1e-5"/>',
        ),
        "plastic springs": world(ARM.replace('name="j"', 'name="j" springyield="1"')),
    },
    "Integrators and solvers": {
        **{
            f"`{name}`": world(ARM, f'<option integrator="{name}"/>')
            for name in ("Euler", "implicitfast", "implicit", "RK4", "discrete")
        },
        **{
            f"solver `{name}`": world(ARM, f'<option solver="{name}"/>')
            for name in ("Newton", "CG", "PGS")
        },
        "`noslip_iterations`": world(ARM, '<option noslip_iterations="3"/>'),
    },
    "Sensors": {
        **{f"`{t}`": sensor(f'<{t} site="sb"/>') for t in SITE_SENSORS},
        **{f"`{t}`": sensor(f'<{t} joint="j"/>') for t in JOINT_SENSORS.split()},
        **{f"`{t}`": sensor(f'<{t} objtype="site" objname="sb"/>') for t in FRAME_SENSORS},
        **{
            f"`{t}`": sensor(f'<{t} body="a"/>')
            for t in ("subtreecom", "subtreelinvel", "subtreeangmom")
        },
        **{
            f"`{t}`": scene(
                f'<actuator><motor name="m" joint="j"/></actuator><sensor><{t} actuator="m"/></sensor>'
            )
            for t in ("actuatorpos", "actuatorvel", "actuatorfrc")
        },
        **{
            f"`{t}`": scene(
                TENDON.replace("<fixed", '<fixed limited="true" range="-1 1"')
                + f'<sensor><{t} tendon="t"/></sensor>'
            )
            for t in [
                "tendonpos",
                "tendonvel",
                "tendonactuatorfrc",
                "tendonlimitpos",
                "tendonlimitvel",
                "tendonlimitfrc",
            ]
        },
        **{
            f"`{t}`": world('<body><joint name="q" type="ball"/><geom size=".1"/></body>').replace(
                "</mujoco>", f'<sensor><{t} joint="q"/></sensor></mujoco>'
            )
            for t in ("ballquat", "ballangvel")
        },
        "`contact`": sensor('<contact geom1="ga" data="found force dist pos normal tangent"/>'),
        **{
            f"`{t}`": sensor(f'<{t} geom1="ga" geom2="gb" cutoff="1"/>')
            for t in ("distance", "normal", "fromto")
        },
        "`insidesite`": sensor('<insidesite site="sb" objtype="site" objname="sa"/>'),
        "`insidesite`, enclosed": sensor(
            '<insidesite site="sb" objtype="geom" objname="ga" enclosed="true"/>'
        ),
        "`camprojection`": sensor('<camprojection site="sb" camera="c"/>').replace(
            "<worldbody>", '<worldbody><camera name="c" resolution="64 64" pos="0 -2 0"/>'
        ),
        **{f"`{t}`": sensor(f"<{t}/>") for t in ("clock", "e_potential", "e_kinetic")},
        "`rangefinder` of a camera": sensor('<rangefinder camera="c"/>').replace(
            "<worldbody>", '<worldbody><camera name="c" resolution="4 3" pos="0 -2 0"/>'
        ),
        "delay and history": sensor('<jointpos joint="j" delay=".01" nsample="3"/>'),
        "`user`": sensor('<user dim="1"/>'),
        "`tactile`": sensor('<tactile geom="ga" mesh="m"/>').replace(
            "<worldbody>",
            '<asset><mesh name="m" builtin="plate" params="3 3"/></asset><worldbody>',
        ),
        "`plugin`": sensor("<plugin/>"),
    },
}


def verdict(xml):
    try:
        model = mo.Model.from_string(xml)
    except mo.Error as error:
        # the first problem without its place and element
        line = str(error).splitlines()[0]
        reason = re.sub(r"^.*?:\d+: [^:]*: ", "", line)
        return "refused", reason.replace("|", "\\|")
    batch = mo.Batch(model, worlds=1, precision="double")
    batch.step(nstep=5)
    return ("no: freezes", "") if batch.status_counts()["frozen"] else ("yes", "")


def page():
    lines = [
        "# What of MJCF is supported",
        "",
        "Made by `tests/python/make_support.py`, which compiles and steps a small model for every row.",
        "What is refused is refused by name when a file is loaded; nothing is ignored in silence.",
    ]
    for area, rows in ROWS.items():
        lines += ["", f"## {area}", "", "| | | |", "|---|---|---|"]
        for name, xml in rows.items():
            word, reason = verdict(xml)
            lines.append(f"| {name} | {word} | {reason} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    text = page()
    if "--check" in sys.argv:
        sys.exit(0 if PAGE.exists() and PAGE.read_text() == text else 1)
    PAGE.write_text(text)
