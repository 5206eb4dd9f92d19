"""Compares a compiled model, as printed by dump_model, with MuJoCo's, field by field."""

import mujoco
import numpy as np

# fields of equal name and layout
SAME = [
    "qpos0",
    "qpos_spring",
    "body_parentid",
    "body_rootid",
    "body_weldid",
    "body_mocapid",
    "body_jntnum",
    "body_jntadr",
    "body_dofnum",
    "body_dofadr",
    "body_treeid",
    "body_geomnum",
    "body_geomadr",
    "body_pos",
    "body_quat",
    "body_ipos",
    "body_mass",
    "body_gravcomp",
    "body_subtreemass",
    "body_invweight0",
    "jnt_type",
    "jnt_qposadr",
    "jnt_dofadr",
    "jnt_bodyid",
    "jnt_pos",
    "jnt_axis",
    "jnt_limited",
    "jnt_range",
    "jnt_margin",
    "jnt_solref",
    "jnt_solimp",
    "jnt_actfrclimited",
    "jnt_actfrcrange",
    "jnt_stiffness",
    "jnt_stiffnesspoly",
    "jnt_actgravcomp",
    "dof_bodyid",
    "dof_jntid",
    "dof_parentid",
    "dof_treeid",
    "dof_M0",
    "dof_solref",
    "dof_solimp",
    "dof_armature",
    "dof_damping",
    "dof_dampingpoly",
    "dof_frictionloss",
    "dof_invweight0",
    "geom_type",
    "geom_contype",
    "geom_conaffinity",
    "geom_condim",
    "geom_bodyid",
    "geom_group",
    "geom_priority",
    "geom_pos",
    "geom_size",
    "geom_rbound",
    "geom_aabb",
    "geom_dataid",
    "geom_margin",
    "geom_gap",
    "geom_solmix",
    "geom_adhesion",
    "geom_surfacevel",
    "geom_fluid",
    "geom_solref",
    "geom_solimp",
    "geom_friction",
    "site_type",
    "site_bodyid",
    "site_pos",
    "site_quat",
    "site_size",
    "cam_mode",
    "cam_bodyid",
    "cam_targetbodyid",
    "cam_pos",
    "cam_quat",
    "cam_poscom0",
    "cam_pos0",
    "cam_mat0",
    "cam_projection",
    "cam_fovy",
    "cam_resolution",
    "cam_sensorsize",
    "eq_obj1id",
    "eq_obj2id",
    "eq_active0",
    "eq_data",
    "eq_solref",
    "eq_solimp",
    "tendon_type",
    "tendon_adr",
    "tendon_num",
    "tendon_group",
    "tendon_limited",
    "tendon_range",
    "tendon_margin",
    "tendon_solref_lim",
    "tendon_solimp_lim",
    "tendon_solref_fri",
    "tendon_solimp_fri",
    "tendon_actfrclimited",
    "tendon_actfrcrange",
    "tendon_stiffness",
    "tendon_stiffnesspoly",
    "tendon_damping",
    "tendon_dampingpoly",
    "tendon_armature",
    "tendon_frictionloss",
    "tendon_lengthspring",
    "tendon_length0",
    "tendon_invweight0",
    "tendon_width",
    "wrap_type",
    "wrap_objid",
    "wrap_prm",
    "ten_J_rownnz",
    "ten_J_rowadr",
    "ten_J_colind",
    "actuator_trntype",
    "actuator_trnid",
    "actuator_gear",
    "actuator_dyntype",
    "actuator_gaintype",
    "actuator_biastype",
    "actuator_ctrllimited",
    "actuator_forcelimited",
    "actuator_actlimited",
    "actuator_actadr",
    "actuator_actnum",
    "actuator_actearly",
    "actuator_ctrladr",
    "actuator_ctrlnum",
    "actuator_ctrlspec",
    "actuator_outadr",
    "actuator_outnum",
    "actuator_history",
    "actuator_historyadr",
    "sensor_history",
    "sensor_historyadr",
    "sensor_delay",
    "sensor_interval",
    "actuator_delay",
    "actuator_damping",
    "actuator_dampingpoly",
    "actuator_armature",
    "actuator_group",
    "actuator_cranklength",
    "actuator_lengthrange",
    "actuator_ctrlrange",
    "actuator_forcerange",
    "actuator_actrange",
    "actuator_dynprm",
    "actuator_gainprm",
    "actuator_biasprm",
    "actuator_length0",
    "actuator_acc0",
    "sensor_dim",
    "sensor_adr",
    "sensor_objid",
    "sensor_refid",
    "sensor_reftype",
    "sensor_cutoff",
    "key_time",
    "key_qpos",
    "key_qvel",
    "key_act",
    "key_ctrl",
    "key_mpos",
    "key_mquat",
    "numeric_data",
]

# sizes and indices of meshes and height fields, equal to the last number
ASSET_SIZES = [
    "nmesh",
    "nmeshvert",
    "nmeshface",
    "nmeshgraph",
    "nmeshpoly",
    "nmeshpolyvert",
    "nmeshpolymap",
    "npolygonmax",
    "nmeshdegmax",
    "nhfield",
    "nhfielddata",
]
ASSET_INDICES = [
    "mesh_vertadr",
    "mesh_vertnum",
    "mesh_faceadr",
    "mesh_facenum",
    "mesh_face",
    "mesh_graphadr",
    "mesh_graph",
    "mesh_polyadr",
    "mesh_polynum",
    "mesh_polyvertadr",
    "mesh_polyvertnum",
    "mesh_polyvert",
    "mesh_polymapadr",
    "mesh_polymapnum",
    "mesh_polymap",
    "hfield_nrow",
    "hfield_ncol",
    "hfield_adr",
    "site_dataid",
]

# fields whose values go through float32 mesh vertices
MESH = {"geom_pos", "geom_size", "geom_rbound", "geom_aabb"}

SENSOR = [
    "accelerometer",
    "gyro",
    "velocimeter",
    "jointpos",
    "jointvel",
    "tendonpos",
    "tendonvel",
    "tendonactuatorfrc",
    "tendonlimitpos",
    "tendonlimitvel",
    "tendonlimitfrc",
    "actuatorfrc",
    "framepos",
    "framequat",
    "framexaxis",
    "frameyaxis",
    "framezaxis",
    "framelinvel",
    "frameangvel",
    "subtreecom",
    "subtreelinvel",
    "subtreeangmom",
    "contact",
    "actuatorpos",
    "actuatorvel",
    "jointactfrc",
    "ballquat",
    "ballangvel",
    "framelinacc",
    "frameangacc",
    "touch",
    "force",
    "torque",
    "clock",
    "e_potential",
    "e_kinetic",
    "magnetometer",
    "jointlimitpos",
    "jointlimitvel",
    "jointlimitfrc",
    "insidesite",
    "camprojection",
    "rangefinder",
    "geomdist",
    "geomnormal",
    "geomfromto",
    "user",
]
FLAGS = [
    "constraint",
    "equality",
    "frictionloss",
    "limit",
    "contact",
    "spring",
    "damper",
    "gravity",
    "clampctrl",
    "warmstart",
    "filterparent",
    "actuation",
    "refsafe",
    "sensor",
    "eulerdamp",
    "island",
    "multiccd",
]
# bits of flags that are off by default
ENABLE_FLAGS = {"override": 17, "diagexact": 18, "invdiscrete": 19, "energy": 20}
NAMES = {
    "mesh_name": mujoco.mjtObj.mjOBJ_MESH,
    "hfield_name": mujoco.mjtObj.mjOBJ_HFIELD,
    "body_name": mujoco.mjtObj.mjOBJ_BODY,
    "jnt_name": mujoco.mjtObj.mjOBJ_JOINT,
    "geom_name": mujoco.mjtObj.mjOBJ_GEOM,
    "site_name": mujoco.mjtObj.mjOBJ_SITE,
    "cam_name": mujoco.mjtObj.mjOBJ_CAMERA,
    "actuator_name": mujoco.mjtObj.mjOBJ_ACTUATOR,
    "sensor_name": mujoco.mjtObj.mjOBJ_SENSOR,
    "eq_name": mujoco.mjtObj.mjOBJ_EQUALITY,
    "tendon_name": mujoco.mjtObj.mjOBJ_TENDON,
    "key_name": mujoco.mjtObj.mjOBJ_KEY,
    "numeric_name": mujoco.mjtObj.mjOBJ_NUMERIC,
    "text_name": mujoco.mjtObj.mjOBJ_TEXT,
    "tuple_name": mujoco.mjtObj.mjOBJ_TUPLE,
}


def rotation(quat):
    out = np.zeros(9)
    mujoco.mju_quat2Mat(out, np.asarray(quat, dtype=float))
    return out.reshape(3, 3)


def tensors(quat, moments):
    quat = np.reshape(quat, (-1, 4))
    moments = np.reshape(moments, (-1, 3))
    return np.array([rotation(q) @ np.diag(i) @ rotation(q).T for q, i in zip(quat, moments)])


def box_corners(pos, quat, size):
    """Corners of a geom's box without regard to the order of its axes."""
    return np.array([rotation(q) @ np.diag(s**2) @ rotation(q).T for q, s in zip(quat, size)])


def residual(ours, theirs):
    """Largest difference relative to the scale of the row it is in."""
    ours, theirs = np.asarray(ours, dtype=float), np.asarray(theirs, dtype=float)
    if ours.shape != theirs.shape:
        return np.inf
    if ours.size == 0:
        return 0.0
    rows = theirs.reshape(theirs.shape[0], -1) if theirs.ndim > 1 else theirs.reshape(-1, 1)
    scale = np.maximum(np.abs(rows).max(axis=1, keepdims=True), 1e-9)
    return float((np.abs(ours.reshape(rows.shape) - rows) / scale).max())


def framed(vectors, adr, num, pos, quat):
    """Vectors of each asset, by address and number, from its frame into the one around it."""
    out = np.array(vectors, dtype=float).reshape(-1, 3)
    for first, n, p, q in zip(adr, num, np.reshape(pos, (-1, 3)), np.reshape(quat, (-1, 4))):
        out[first : first + n] = out[first : first + n] @ rotation(q).T + p
    return out


def furthest(ours):
    """How far the stored starts of the search fall short of the furthest hull vertex."""
    worst = 0.0
    vert = np.reshape(ours["mesh_vert"], (-1, 3))
    directions = np.array([(x, y, z) for x in (-1, 0, 1) for y in (-1, 0, 1) for z in (-1, 0, 1)])
    for i, adr in enumerate(ours["mesh_graphadr"]):
        if adr < 0:
            continue
        n = ours["mesh_graph"][adr]
        hull = np.array(ours["mesh_graph"][adr + 2 + n : adr + 2 + 2 * n])
        reach = vert[ours["mesh_vertadr"][i] + hull] @ directions.T
        starts = reach[ours["mesh_extrema"][27 * i : 27 * i + 27], np.arange(27)]
        worst = max(worst, float(((reach.max(axis=0) - starts) / np.abs(vert).max()).max()))
    return worst


def compare_assets(ours, m):
    """{field: residual} of meshes, their hulls and height fields.

    Vertices and normals are compared in the frame of the file: axes of equal inertia have no order.
    """
    out = {}
    for name in ASSET_SIZES:
        out[name] = float(abs(ours[name] - getattr(m, name)))
    for name in ASSET_INDICES:
        out[name] = float(list(ours[name]) != np.ravel(getattr(m, name)).tolist())
    out["mesh_scale"] = residual(np.reshape(ours["mesh_scale"], (-1, 3)), m.mesh_scale)
    out["hfield_size"] = residual(np.reshape(ours["hfield_size"], (-1, 4)), m.hfield_size)
    if any(out.values()):
        return out
    sides = [ours, {n: getattr(m, n) for n in ours if n.startswith(("mesh_", "hfield_")) and n not in NAMES}]
    vert = [
        framed(s["mesh_vert"], s["mesh_vertadr"], s["mesh_vertnum"], s["mesh_pos"], s["mesh_quat"])
        for s in sides
    ]
    normal = [
        framed(
            s["mesh_polynormal"],
            s["mesh_polyadr"],
            s["mesh_polynum"],
            np.zeros((m.nmesh, 3)),
            s["mesh_quat"],
        )
        for s in sides
    ]
    for first, n in zip(m.mesh_vertadr, m.mesh_vertnum):
        scale = np.abs(vert[1][first : first + n]).max()
        error = np.abs(vert[0][first : first + n] - vert[1][first : first + n]).max() / scale
        out["mesh_vert"] = max(out.get("mesh_vert", 0.0), float(error))
    out["mesh_polynormal"] = float(np.abs(normal[0] - normal[1]).max()) if m.nmeshpoly else 0.0
    out["mesh_extrema"] = furthest(ours)
    out["mesh_hfield_data"] = (
        float(np.abs(np.array(ours["hfield_data"]) - m.hfield_data).max()) if m.nhfielddata else 0.0
    )
    return out


def used_eq_data(mine, m):
    """The columns that the type of each equality uses; site forms use the torque scale only."""
    theirs = np.array(m.eq_data)
    columns = {0: range(6), 1: range(12), 2: range(5), 3: range(5)}
    for i in range(m.neq):
        used = columns[int(m.eq_type[i])]
        if m.eq_type[i] < 2 and m.eq_objtype[i] == int(mujoco.mjtObj.mjOBJ_SITE):
            used = [10] if m.eq_type[i] == 1 else []
        unused = [c for c in range(12) if c not in used]
        theirs[i, unused] = mine[i, unused]
    return mine, theirs


def our_pairs(ours):
    """{(geom, geom): (condim, margin, gap, friction, solref, solreffriction, solimp)}"""
    out = {}
    for p in range(ours["npair"]):
        key = tuple(sorted((ours["pair_geom1"][p], ours["pair_geom2"][p])))
        row = [ours["pair_condim"][p], ours["pair_margin"][p], ours["pair_gap"][p]]
        for name, n in (
            ("friction", 5),
            ("solref", 2),
            ("solreffriction", 2),
            ("solimp", 5),
            ("adhesion", 1),
        ):
            row += ours[f"pair_{name}"][n * p : n * p + n]
        out[key] = row
    return out


def compare(ours, m):
    """{field: residual} of a dumped model against mujoco.MjModel `m`."""
    out = {}
    for name in [
        "nq",
        "nv",
        "nu",
        "nactuator",
        "nout",
        "na",
        "nhistory",
        "nbody",
        "njnt",
        "ngeom",
        "nsite",
        "nmocap",
        "ncam",
        "ngravcomp",
        "neq",
        "ntendon",
        "nwrap",
        "nJten",
        "nsensor",
        "nsensordata",
        "nkey",
        "ntree",
    ]:
        out[name] = float(abs(ours[name] - getattr(m, name)))
    for name in (
        "timestep",
        "impratio",
        "tolerance",
        "ls_tolerance",
        "iterations",
        "ls_iterations",
        "ccd_tolerance",
        "ccd_iterations",
    ):
        out[name] = abs(ours[name] - getattr(m.opt, name)) / max(abs(getattr(m.opt, name)), 1e-12)
    for name in ("density", "viscosity"):
        out[name] = abs(ours[name] - getattr(m.opt, name))
    out["wind"] = residual(ours["wind"], m.opt.wind)
    for name, bit in ENABLE_FLAGS.items():
        value = getattr(mujoco.mjtEnableBit, "mjENBL_" + name.upper())
        on = bool(m.opt.enableflags & int(value))
        out["flag_" + name] = float(on != bool(ours["flags"] >> bit & 1))
    out["gravity"] = residual(ours["gravity"], m.opt.gravity)
    out["integrator"] = float(ours["integrator"] != m.opt.integrator)
    out["cone"] = float(ours["cone"] != m.opt.cone)
    out["meaninertia"] = abs(ours["meaninertia"] - m.stat.meaninertia) / max(
        m.stat.meaninertia, 1e-9
    )
    for bit, flag in enumerate(FLAGS):
        value = getattr(mujoco.mjtDisableBit, "mjDSBL_" + flag.upper())
        on = not m.opt.disableflags & int(value)
        out["flag_" + flag] = float(on != bool(ours["flags"] >> bit & 1))
    for name, kind in NAMES.items():
        theirs = [mujoco.mj_id2name(m, kind, i) or "" for i in range(len(ours[name]))]
        out[name] = float(ours[name] != theirs)

    if out["ngeom"]:
        return out
    mesh = np.isin(m.geom_type, [7]) | (m.geom_dataid >= 0)
    for name in SAME:
        theirs = np.asarray(getattr(m, name))
        mine = np.asarray(ours[name], dtype=float)
        if name == "eq_data":
            mine, theirs = used_eq_data(mine.reshape(-1, 12), m)
        if mine.size != theirs.size:
            out[name] = np.inf
            continue
        mine = mine.reshape(theirs.shape)
        # extra polynomial or type-dependent columns must be zero
        if name in MESH and mesh.any():
            out["mesh_" + name] = residual(mine[mesh], theirs[mesh])
            mine, theirs = mine[~mesh], theirs[~mesh]
        if name in ("body_treeid", "body_mocapid"):
            out[name] = float(np.any(mine != theirs))
            continue
        out[name] = residual(mine, theirs)

    out |= compare_assets(ours, m)

    # orientations up to the order of equal axes
    out["inertia_tensor"] = residual(
        tensors(ours["body_iquat"], ours["body_inertia"]), tensors(m.body_iquat, m.body_inertia)
    )
    i = np.sort(m.body_inertia, axis=1)
    alike = np.minimum(i[:, 1] - i[:, 0], i[:, 2] - i[:, 1]) <= 1e-6 * i[:, 2]
    cosine = np.abs(np.sum(np.reshape(ours["body_iquat"], (-1, 4)) * m.body_iquat, axis=1))
    out["body_iquat"] = residual(cosine[~alike], np.ones(np.sum(~alike)))
    quat = np.reshape(ours["geom_quat"], (-1, 4))
    out["geom_quat"] = residual(quat[~mesh], m.geom_quat[~mesh])
    if mesh.any():
        sign = np.sign(np.sum(quat * m.geom_quat, axis=1, keepdims=True))
        out["mesh_geom_quat"] = residual((quat * sign)[mesh], m.geom_quat[mesh])

    # sensors: our own numbering
    theirs = []
    for i in range(m.nsensor):
        word = mujoco.mjtSensor(m.sensor_type[i]).name.replace("mjSENS_", "").lower()
        word = {"tendonactfrc": "tendonactuatorfrc"}.get(word, word)
        theirs.append(SENSOR.index(word) if word in SENSOR else -1)
    out["sensor_type"] = float(list(ours["sensor_type"]) != theirs)
    objtype = np.where(m.sensor_objtype == int(mujoco.mjtObj.mjOBJ_ACTUATOR), 0, m.sensor_objtype)
    out["sensor_objtype"] = float(list(ours["sensor_objtype"]) != list(objtype))
    out["sensor_intprm"] = float(
        list(ours["sensor_intprm"]) != list(np.ravel(m.sensor_intprm[:, :3]))
    )
    sized = (m.cam_sensorsize > 0).all(axis=1)
    out["cam_intrinsic"] = residual(
        np.reshape(ours["cam_intrinsic"], (-1, 4))[sized], m.cam_intrinsic[sized]
    )
    out["magnetic"] = residual(ours["magnetic"], m.opt.magnetic)
    placed = m.eq_type <= int(mujoco.mjtEq.mjEQ_WELD)
    out["eq_objtype"] = float(np.any(np.array(ours["eq_objtype"])[placed] != m.eq_objtype[placed]))
    out["eq_type"] = float(list(ours["eq_type"]) != list(m.eq_type))

    # explicit pairs, unless one set of parameters replaces them all
    pairs = our_pairs(ours)
    worst = 0.0
    override = m.opt.enableflags & int(mujoco.mjtEnableBit.mjENBL_OVERRIDE)
    for p in range(0 if override else m.npair):
        key = tuple(sorted((int(m.pair_geom1[p]), int(m.pair_geom2[p]))))
        if key not in pairs:
            static = [m.body_weldid[m.geom_bodyid[g]] == 0 for g in key]
            worst = worst if all(static) else np.inf
            continue
        row = [
            m.pair_dim[p],
            m.pair_margin[p],
            m.pair_gap[p],
            *np.maximum(m.pair_friction[p], 1e-5),
        ]
        row += [*m.pair_solref[p], *m.pair_solreffriction[p], *m.pair_solimp[p]]
        row += [m.pair_adhesion[p]]
        worst = max(worst, residual(pairs[key], row))
    out["pairs"] = worst
    return out


def contact_pairs(ours, m, d):
    """Worst residual of pair parameters against the contacts of `d`; every contact must be a pair."""
    pairs = our_pairs(ours)
    worst = 0.0
    for c in d.contact:
        key = tuple(sorted((int(c.geom[0]), int(c.geom[1]))))
        if key not in pairs:
            return np.inf
        row = pairs[key]
        theirs = [c.dim, c.includemargin, *c.friction, *c.solref, *c.solreffriction, *c.solimp]
        theirs += [c.adhesion]
        if c.adhesion and c.dist >= c.includemargin:
            theirs[0] = row[0]  # pulls across its gap with one row
        mine = [row[0], row[1], *row[3:]]
        worst = max(worst, residual([mine], [theirs]))
    return worst
