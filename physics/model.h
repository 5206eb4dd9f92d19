// The compiled description of a robot scene: constant, flat, validated, shared by all worlds.
//
// Every array is listed once, in the tables below; save, hash, compare, kernel view and Python view
// visit the same list. Names, meanings and layouts are MuJoCo's (mjModel) where MuJoCo has the
// field; the last table holds what only our kernels need. Quaternions are (w, x, y, z); SI units.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace motorium {

// numeric values are MuJoCo's
enum class JointType : int { free = 0, ball = 1, slide = 2, hinge = 3 };
enum class GeomType : int {
  plane = 0,
  hfield = 1,
  sphere = 2,
  capsule = 3,
  ellipsoid = 4,
  cylinder = 5,
  box = 6,
  mesh = 7
};
enum class EqualityType : int { connect = 0, weld = 1, joint = 2, tendon = 3 };
enum class TendonType : int { fixed = 0, spatial = 1 };
enum class WrapType : int { joint = 1, pulley = 2, site = 3, sphere = 4, cylinder = 5 };
enum class DynType : int {
  none = 0,
  integrator = 1,
  filter = 2,
  filterexact = 3,
  muscle = 4,
  dcmotor = 5,
  pid = 6
};
enum class GainType : int { fixed = 0, affine = 1, muscle = 2, dcmotor = 3, so3 = 4, pid = 5 };
enum class BiasType : int { none = 0, affine = 1, muscle = 2, dcmotor = 3, so3 = 4 };
enum class TransmissionType : int {
  joint = 0,
  jointinparent = 1,
  slidercrank = 2,
  tendon = 3,
  site = 4,
  body = 5,
  so3 = 6
};
// bits of actuator_ctrlspec: which inputs an actuator has, packed in this order
enum ControlInput : int {
  kInputPos = 1,
  kInputVel = 2,
  kInputFeedforward = 4,
  kInputVoltage = 8,
  kInputNone = 16,  // no inputs at all (dcmotor)
  kInputPressure = 32
};
// actuator_ctrlspec of orientation servos: how the three or four controls give the target
enum class Chart : int { expmap = 1, quat = 2 };
// how a history is read between its samples
enum class Interpolation : int { zoh = 0, linear = 1, cubic = 2 };
enum class Integrator : int { euler = 0, rk4 = 1, implicit = 2, implicitfast = 3, discrete = 4 };
enum class Cone : int { pyramidal = 0, elliptic = 1 };
enum class ObjectType : int {
  none = 0,
  body = 1,
  xbody = 2,
  joint = 3,
  geom = 5,
  site = 6,
  camera = 7,
  tendon = 18
};
enum class CameraMode : int {
  fixed = 0,
  track = 1,
  trackcom = 2,
  targetbody = 3,
  targetbodycom = 4
};
// our own numbering: MuJoCo's differs between releases
enum class SensorType : int {
  accelerometer,
  gyro,
  velocimeter,
  jointpos,
  jointvel,
  tendonpos,
  tendonvel,
  tendonactuatorfrc,
  tendonlimitpos,
  tendonlimitvel,
  tendonlimitfrc,
  actuatorfrc,
  framepos,
  framequat,
  framexaxis,
  frameyaxis,
  framezaxis,
  framelinvel,
  frameangvel,
  subtreecom,
  subtreelinvel,
  subtreeangmom,
  contact,
  actuatorpos,
  actuatorvel,
  jointactuatorfrc,
  ballquat,
  ballangvel,
  framelinacc,
  frameangacc,
  touch,
  force,
  torque,
  clock,
  e_potential,
  e_kinetic,
  magnetometer,
  jointlimitpos,
  jointlimitvel,
  jointlimitfrc,
  insidesite,
  camprojection,
  rangefinder,
  distance,
  normal,
  fromto,
  user
};
// which friction a collision pair uses, evaluated per world because geom_friction can be overridden
enum class FrictionMix : int { larger = 0, first = 1, second = 2, own = 3 };
// which collider handles a pair (geom 1 has the lower geom type)
enum class Collider : int {
  plane_sphere,
  plane_capsule,
  plane_box,
  sphere_sphere,
  sphere_capsule,
  sphere_box,
  capsule_capsule,
  capsule_box,
  box_box,
  plane_ellipsoid,
  plane_cylinder,
  sphere_cylinder,
  plane_mesh,
  convex,
  convex_line,
  convex_face,
  hfield
};
inline constexpr int kColliderCount = 17;
// bits of Model::flags; a set bit means enabled
enum Flag : uint32_t {
  kFlagConstraint = 1u << 0,
  kFlagEquality = 1u << 1,
  kFlagFrictionloss = 1u << 2,
  kFlagLimit = 1u << 3,
  kFlagContact = 1u << 4,
  kFlagSpring = 1u << 5,
  kFlagDamper = 1u << 6,
  kFlagGravity = 1u << 7,
  kFlagClampctrl = 1u << 8,
  kFlagWarmstart = 1u << 9,
  kFlagFilterparent = 1u << 10,
  kFlagActuation = 1u << 11,
  kFlagRefsafe = 1u << 12,
  kFlagSensor = 1u << 13,
  kFlagEulerdamp = 1u << 14,
  kFlagIsland = 1u << 15,
  kFlagMulticcd = 1u << 16,
  // off unless a file asks for them
  kFlagOverride = 1u << 17,
  kFlagDiagexact = 1u << 18,
  kFlagInvdiscrete = 1u << 19,
  kFlagEnergy = 1u << 20,
  kFlagSpeculative = 1u << 21
};
// bits of contact_dataspec: which numbers a contact sensor slot holds, in this order
enum ContactData : int {
  kContactFound = 1,
  kContactForce = 2,
  kContactTorque = 4,
  kContactDist = 8,
  kContactPos = 16,
  kContactNormal = 32,
  kContactTangent = 64,
  kContactLinvel = 128,
  kContactAngvel = 256
};
inline constexpr int kContactDataSizes[] = {1, 3, 3, 1, 3, 3, 3, 3, 3};  // numbers of each bit
// bits of a rangefinder's data, in this order
enum RayData : int {
  kRayDist = 1,
  kRayDir = 2,
  kRayOrigin = 4,
  kRayPoint = 8,
  kRayNormal = 16,
  kRayDepth = 32
};
inline constexpr int kRayDataSizes[] = {1, 3, 3, 3, 3, 1};
enum class ContactReduce : int { none = 0, mindist = 1, maxforce = 2, netforce = 3 };

// sizes                                       meaning
// clang-format off
#define MOTORIUM_MODEL_SIZES(X)                                                             \
  X(nq)          /* numbers in qpos                                            */           \
  X(nv)          /* degrees of freedom, numbers in qvel                        */           \
  X(nu)          /* controls                                                   */           \
  X(nactuator)   /* actuators, of one or more controls each                    */           \
  X(nout)        /* forces of actuators, one or three each                     */           \
  X(nhistory)    /* numbers in history                                         */           \
  X(na)          /* activation states                                          */           \
  X(nbody)       /* bodies, the world (0) included                             */           \
  X(njnt)        /* joints                                                     */           \
  X(ngeom)       /* geoms                                                      */           \
  X(nsite)       /* sites                                                      */           \
  X(nmocap)      /* mocap bodies                                               */           \
  X(nmesh)       /* meshes                                                     */           \
  X(nmeshvert)   /* vertices of all meshes                                     */           \
  X(nmeshface)   /* triangles of all meshes                                    */           \
  X(nmeshgraph)  /* numbers of all hull graphs                                 */           \
  X(nmeshpoly)   /* flat faces of all hulls                                    */           \
  X(nmeshpolyvert)/* corners of all flat faces                                  */           \
  X(nmeshpolymap)/* flat faces at all vertices                                 */           \
  X(npolygonmax) /* corners of the largest flat face                           */           \
  X(nmeshdegmax) /* edges at a hull vertex, at most                            */           \
  X(nhfield)     /* height fields                                              */           \
  X(nhfielddata) /* samples of all height fields                               */           \
  X(ncam)        /* cameras                                                    */           \
  X(ngravcomp)   /* bodies with gravity compensation                           */           \
  X(neq)         /* equality constraints                                       */           \
  X(ntendon)     /* tendons                                                    */           \
  X(nwrap)       /* objects on the paths of tendons                            */           \
  X(nJten)       /* non-zeros of the Jacobian of the tendons                   */           \
  X(nsensor)     /* sensors                                                    */           \
  X(nsensordata) /* numbers in sensordata                                      */           \
  X(nkey)        /* keyframes                                                  */           \
  X(ntree)       /* kinematic trees with degrees of freedom                    */           \
  X(nM)          /* non-zeros of the lower triangle of the inertia matrix      */           \
  X(nlevel)      /* depths of the body tree, the world's included              */           \
  X(npair)       /* candidate collision pairs                                  */           \
  X(npairgroup)  /* runs of pairs of one geom with geoms of one body           */           \
  X(ncgeom)      /* geoms that occur in a pair                                 */           \
  X(nword)       /* 32-bit words of a dof mask: (nv + 31) / 32                 */           \
  X(nconmax)     /* largest number of contacts that the pairs can produce      */           \
  X(nlimit)      /* limited hinge and slide joints                             */           \
  X(nballlimit)  /* limited ball joints                                        */           \
  X(ntendonlimit) /* limited tendons                                           */
// clang-format on

// numbers that never differ between worlds:  X(name, rows, columns, unit, meaning)
// clang-format off
#define MOTORIUM_MODEL_REALS(X)                                                             \
  X(body_gravcomp, nbody, 1, "-", "part of the weight that is compensated")                 \
  X(jnt_stiffnesspoly, njnt, 2, "N/m^2, N/m^3", "spring, quadratic and cubic part")         \
  X(dof_dampingpoly, nv, 2, "N s^2/m^2, N s^3/m^3", "damping, quadratic and cubic part")    \
  X(dof_M0, nv, 1, "kg, kg m^2", "diagonal inertia at qpos0")                               \
  X(geom_aabb, ngeom, 6, "m", "bounding box in the geom frame: centre, half sizes")         \
  X(geom_adhesion, ngeom, 1, "N", "force with which contacts stick")                       \
  X(geom_surfacevel, ngeom, 6, "m/s, rad/s", "velocity of the surface in the geom's frame") \
  X(geom_solmix, ngeom, 1, "-", "mixing weight of contact parameters")                      \
  X(mesh_vert, nmeshvert, 3, "m", "vertices in the inertial frame, rounded to float")       \
  X(mesh_scale, nmesh, 3, "-", "scale of the file's vertices")                              \
  X(mesh_pos, nmesh, 3, "m", "inertial frame in the frame of the file")                     \
  X(mesh_quat, nmesh, 4, "-", "inertial frame in the frame of the file")                    \
  X(mesh_polynormal, nmeshpoly, 3, "-", "outward normal of a flat face of the hull")        \
  X(hfield_size, nhfield, 4, "m", "half extents x, y; height at 1; depth of the base")      \
  X(hfield_data, nhfielddata, 1, "-", "heights in [0, 1], row by row")                      \
  X(cam_sensorsize, ncam, 2, "m", "width, height; 0: not given")                            \
  X(cam_intrinsic, ncam, 4, "m", "focal lengths, principal point")                          \
  X(magnetic, 1, 3, "-", "magnetic flux, world axes")                                       \
  X(tendon_stiffnesspoly, ntendon, 2, "N/m^2, N/m^3", "spring, quadratic and cubic part")   \
  X(tendon_dampingpoly, ntendon, 2, "N s^2/m^2, N s^3/m^3", "damper, quadratic and cubic part") \
  X(tendon_width, ntendon, 1, "m", "radius in the viewer")                                  \
  X(wrap_prm, nwrap, 1, "mixed", "joint: coefficient; pulley: divisor; geom: side site or -1") \
  X(actuator_delay, nactuator, 1, "s", "delay of the controls, 0: none")                    \
  X(actuator_damping, nactuator, 1, "N s/m, N m s/rad", "damping of the target, before gear^2") \
  X(actuator_dampingpoly, nactuator, 2, "mixed", "its quadratic and cubic part")            \
  X(actuator_armature, nactuator, 1, "kg, kg m^2", "inertia added to the target, before gear^2") \
  X(actuator_length0, nout, 1, "m, rad", "length at qpos0")                                 \
  X(actuator_lengthrange, nout, 2, "m, rad", "lengths that muscles can reach")              \
  X(sensor_cutoff, nsensor, 1, "as the sensor", "0: no clipping")                           \
  X(sensor_delay, nsensor, 1, "s", "delay of the reading, 0: none")                         \
  X(sensor_interval, nsensor, 2, "s", "period of samples, 0: every step; time of the last one before the start") \
  X(key_time, nkey, 1, "s", "time of the keyframe")                                         \
  X(key_qpos, nkey, nq, "m, rad, -", "positions")                                           \
  X(key_qvel, nkey, nv, "m/s, rad/s", "velocities")                                         \
  X(key_act, nkey, na, "as act", "activations")                                             \
  X(key_ctrl, nkey, nu, "as ctrl", "controls")                                              \
  X(key_mpos, nkey, 3 * nmocap, "m", "mocap positions")                                     \
  X(key_mquat, nkey, 4 * nmocap, "-", "mocap orientations")                                 \
  X(pairgroup_reach, npairgroup, 1, "m", "largest margin and gap of the group's pairs")     \
  X(pair_adhesion, npair, 1, "N", "combined adhesion")                                      \
  X(pair_friction, npair, 5, "-", "slide, slide, spin, roll, roll as compiled")             \
  X(pair_solreffriction, npair, 2, "s, -", "reference of elliptic friction rows, 0 0: solref")
// clang-format on

// numbers that may differ between worlds (overrides and what is derived from them)
// clang-format off
#define MOTORIUM_MODEL_OVERRIDES(X)                                                         \
  X(gravity, 1, 3, "m/s^2", "gravity")                                                      \
  X(qpos0, nq, 1, "m, rad, -", "reference configuration")                                   \
  X(qpos_spring, nq, 1, "m, rad, -", "configuration of zero spring force")                  \
  X(body_pos, nbody, 3, "m", "body origin in the parent frame at qpos0")                    \
  X(body_quat, nbody, 4, "-", "body orientation in the parent frame at qpos0")              \
  X(body_mass, nbody, 1, "kg", "mass")                                                      \
  X(body_inertia, nbody, 3, "kg m^2", "principal moments of inertia")                       \
  X(body_ipos, nbody, 3, "m", "centre of mass in the body frame")                           \
  X(body_iquat, nbody, 4, "-", "orientation of the inertial frame in the body frame")       \
  X(body_subtreemass, nbody, 1, "kg", "mass of the subtree (derived)")                      \
  X(body_invweight0, nbody, 2, "1/kg, 1/(kg m^2)", "mean inverse inertia at qpos0 (derived)") \
  X(jnt_pos, njnt, 3, "m", "anchor in the body frame")                                      \
  X(jnt_axis, njnt, 3, "-", "axis in the body frame, unit")                                 \
  X(jnt_stiffness, njnt, 1, "N/m, N m/rad", "spring, linear part")                          \
  X(jnt_range, njnt, 2, "m, rad", "limits")                                                 \
  X(jnt_margin, njnt, 1, "m, rad", "distance at which the limit row appears")               \
  X(jnt_solref, njnt, 2, "s, -", "reference of the limit row")                              \
  X(jnt_solimp, njnt, 5, "-", "impedance of the limit row")                                 \
  X(jnt_actfrcrange, njnt, 2, "N, N m", "bounds of the summed actuator force")              \
  X(dof_armature, nv, 1, "kg, kg m^2", "rotor inertia")                                     \
  X(dof_damping, nv, 1, "N s/m, N m s/rad", "linear damping")                               \
  X(dof_frictionloss, nv, 1, "N, N m", "dry friction")                                      \
  X(dof_solref, nv, 2, "s, -", "reference of the friction row")                             \
  X(dof_solimp, nv, 5, "-", "impedance of the friction row")                                \
  X(dof_invweight0, nv, 1, "1/kg, 1/(kg m^2)", "diagonal of the inverse inertia at qpos0 (derived)") \
  X(geom_pos, ngeom, 3, "m", "centre in the body frame")                                    \
  X(geom_quat, ngeom, 4, "-", "orientation in the body frame")                              \
  X(geom_size, ngeom, 3, "m", "half sizes, as the type defines them")                       \
  X(geom_rbound, ngeom, 1, "m", "bounding sphere radius, 0 for planes (derived)")           \
  X(geom_fluid, ngeom, 12, "-, m^3, m^5", "1: an ellipsoid in the fluid; drag and lift coefficients; added mass and inertia by density (derived)") \
  X(geom_friction, ngeom, 3, "-", "slide, spin, roll")                                      \
  X(geom_margin, ngeom, 1, "m", "distance at which contact force starts")                   \
  X(geom_gap, ngeom, 1, "m", "extra detection distance without force")                      \
  X(geom_solref, ngeom, 2, "s, -", "contact reference")                                     \
  X(geom_solimp, ngeom, 5, "-", "contact impedance")                                        \
  X(pair_margin, npair, 1, "m", "summed margin (derived)")                                  \
  X(pair_gap, npair, 1, "m", "summed gap (derived)")                                        \
  X(pair_solref, npair, 2, "s, -", "combined reference (derived)")                          \
  X(pair_solimp, npair, 5, "-", "combined impedance (derived)")                             \
  X(site_pos, nsite, 3, "m", "position in the body frame")                                  \
  X(site_quat, nsite, 4, "-", "orientation in the body frame")                              \
  X(site_size, nsite, 3, "m", "half sizes")                                                 \
  X(cam_pos, ncam, 3, "m", "position in the body frame")                                    \
  X(cam_quat, ncam, 4, "-", "orientation in the body frame; it looks along -z, y is up")    \
  X(cam_fovy, ncam, 1, "degree, m", "vertical field of view; height of an orthographic camera") \
  X(cam_poscom0, ncam, 3, "m", "from the centre of mass of the body's subtree at qpos0, world axes (derived)") \
  X(cam_pos0, ncam, 3, "m", "from the body origin at qpos0, world axes (derived)")          \
  X(cam_mat0, ncam, 9, "-", "orientation at qpos0 (derived)")                               \
  X(eq_data, neq, 12, "mixed", "anchors, relative pose, torquescale, 1: the pose is that at qpos0; or polynomial") \
  X(eq_solref, neq, 2, "s, -", "reference")                                                 \
  X(eq_solimp, neq, 5, "-", "impedance")                                                    \
  X(tendon_range, ntendon, 2, "m, rad", "length limits")                                    \
  X(tendon_margin, ntendon, 1, "m, rad", "distance at which the limit row appears")         \
  X(tendon_solref_lim, ntendon, 2, "s, -", "reference of the limit row")                    \
  X(tendon_solimp_lim, ntendon, 5, "-", "impedance of the limit row")                       \
  X(tendon_solref_fri, ntendon, 2, "s, -", "reference of the friction row")                 \
  X(tendon_solimp_fri, ntendon, 5, "-", "impedance of the friction row")                    \
  X(tendon_actfrcrange, ntendon, 2, "N, N m", "bounds of the summed actuator force")        \
  X(tendon_stiffness, ntendon, 1, "N/m, N m/rad", "spring, linear part")                    \
  X(tendon_damping, ntendon, 1, "N s/m, N m s/rad", "damper, linear part")                  \
  X(tendon_armature, ntendon, 1, "kg, kg m^2", "inertia of changes of length")              \
  X(tendon_frictionloss, ntendon, 1, "N, N m", "dry friction")                              \
  X(tendon_lengthspring, ntendon, 2, "m, rad", "lengths between which the spring is slack") \
  X(tendon_length0, ntendon, 1, "m, rad", "length at qpos0 (derived)")                      \
  X(tendon_invweight0, ntendon, 1, "1/kg, 1/(kg m^2)", "inverse inertia at qpos0 (derived)") \
  X(actuator_gear, nout, 6, "-", "gear")                                                    \
  X(actuator_cranklength, nactuator, 1, "m", "rod of a slider-crank")                       \
  X(actuator_ctrlrange, nu, 2, "as ctrl", "bounds of the control")                          \
  X(actuator_forcerange, nactuator, 2, "N, N m", "bounds of the force")                     \
  X(actuator_actrange, nactuator, 2, "as act", "bounds of the activation")                  \
  X(actuator_dynprm, nactuator, 10, "mixed", "dynamics parameters; [0] time constant")      \
  X(actuator_gainprm, nactuator, 10, "mixed", "gain parameters")                            \
  X(actuator_biasprm, nactuator, 10, "mixed", "bias parameters")                            \
  X(actuator_acc0, nout, 1, "m/s^2, rad/s^2", "acceleration from unit force at qpos0 (derived)")
// clang-format on

// integers:  X(name, rows, columns, meaning)
// clang-format off
#define MOTORIUM_MODEL_INTS(X)                                                              \
  X(body_parentid, nbody, 1, "parent body")                                                 \
  X(body_rootid, nbody, 1, "top body of the tree that holds it")                            \
  X(body_weldid, nbody, 1, "body it is rigidly attached to")                                \
  X(body_mocapid, nbody, 1, "mocap index or -1")                                            \
  X(body_jntnum, nbody, 1, "joints")                                                        \
  X(body_jntadr, nbody, 1, "first joint or -1")                                             \
  X(body_dofnum, nbody, 1, "dofs")                                                          \
  X(body_dofadr, nbody, 1, "first dof or -1")                                               \
  X(body_treeid, nbody, 1, "kinematic tree or -1")                                          \
  X(body_geomnum, nbody, 1, "geoms")                                                        \
  X(body_geomadr, nbody, 1, "first geom or -1")                                             \
  X(jnt_type, njnt, 1, "JointType")                                                         \
  X(jnt_qposadr, njnt, 1, "first number in qpos")                                           \
  X(jnt_dofadr, njnt, 1, "first number in qvel")                                            \
  X(jnt_bodyid, njnt, 1, "body it moves")                                                   \
  X(jnt_limited, njnt, 1, "1: has limits")                                                  \
  X(jnt_actfrclimited, njnt, 1, "1: actuator force is bounded")                             \
  X(jnt_actgravcomp, njnt, 1, "1: gravity compensation counts as actuation")                \
  X(dof_bodyid, nv, 1, "body")                                                              \
  X(dof_jntid, nv, 1, "joint")                                                              \
  X(dof_parentid, nv, 1, "previous dof on the path to the root, or -1")                     \
  X(dof_treeid, nv, 1, "kinematic tree")                                                    \
  X(dof_frictionrow, nv, 1, "1: dry friction in the file, so that its row has a place of its own") \
  X(geom_type, ngeom, 1, "GeomType")                                                        \
  X(geom_contype, ngeom, 1, "collision bits")                                               \
  X(geom_conaffinity, ngeom, 1, "collision bits accepted")                                  \
  X(geom_condim, ngeom, 1, "contact dimension 1, 3, 4, 6")                                  \
  X(geom_bodyid, ngeom, 1, "body")                                                          \
  X(geom_group, ngeom, 1, "viewer group")                                                   \
  X(geom_priority, ngeom, 1, "contact parameter priority")                                  \
  X(geom_dataid, ngeom, 1, "mesh or height field, or -1")                                   \
  X(site_type, nsite, 1, "GeomType")                                                        \
  X(site_bodyid, nsite, 1, "body")                                                          \
  X(site_dataid, nsite, 1, "mesh or -1")                                                    \
  X(mesh_vertadr, nmesh, 1, "first vertex")                                                 \
  X(mesh_vertnum, nmesh, 1, "vertices")                                                     \
  X(mesh_faceadr, nmesh, 1, "first triangle")                                               \
  X(mesh_facenum, nmesh, 1, "triangles")                                                    \
  X(mesh_face, nmeshface, 3, "corners: vertices of the mesh")                               \
  X(mesh_graphadr, nmesh, 1, "hull graph or -1")                                            \
  X(mesh_graph, nmeshgraph, 1, "of a hull: vertices, faces, vert_edgeadr, vert_globalid, edge_localid, face_globalid")\
  X(mesh_extrema, nmesh, 27, "hull vertices that reach furthest, directions (x, y, z) in {-1, 0, 1}")\
  X(mesh_polynum, nmesh, 1, "flat faces of the hull")                                       \
  X(mesh_polyadr, nmesh, 1, "first flat face")                                              \
  X(mesh_polyvertadr, nmeshpoly, 1, "first corner")                                         \
  X(mesh_polyvertnum, nmeshpoly, 1, "corners")                                              \
  X(mesh_polyvert, nmeshpolyvert, 1, "corners: vertices of the mesh, counterclockwise from outside")\
  X(mesh_polymapadr, nmeshvert, 1, "first flat face at the vertex")                         \
  X(mesh_polymapnum, nmeshvert, 1, "flat faces at the vertex")                              \
  X(mesh_polymap, nmeshpolymap, 1, "flat faces: of the mesh")                               \
  X(hfield_nrow, nhfield, 1, "rows, from -y to +y")                                         \
  X(hfield_ncol, nhfield, 1, "columns, from -x to +x")                                      \
  X(hfield_adr, nhfield, 1, "first sample")                                                 \
  X(cam_mode, ncam, 1, "CameraMode")                                                        \
  X(cam_bodyid, ncam, 1, "body")                                                            \
  X(cam_targetbodyid, ncam, 1, "body it looks at or -1")                                    \
  X(cam_projection, ncam, 1, "0 perspective, 1 orthographic")                               \
  X(cam_resolution, ncam, 2, "pixels: width, height")                                       \
  X(eq_type, neq, 1, "EqualityType")                                                        \
  X(eq_objtype, neq, 1, "ObjectType: body or site for connect and weld, joint")             \
  X(eq_obj1id, neq, 1, "first object")                                                      \
  X(eq_obj2id, neq, 1, "second object or -1")                                               \
  X(eq_active0, neq, 1, "1: active after reset")                                            \
  X(tendon_type, ntendon, 1, "TendonType")                                                  \
  X(tendon_adr, ntendon, 1, "first object on the path")                                     \
  X(tendon_num, ntendon, 1, "objects on the path")                                          \
  X(tendon_group, ntendon, 1, "viewer group")                                               \
  X(tendon_limited, ntendon, 1, "1: has length limits")                                     \
  X(tendon_actfrclimited, ntendon, 1, "1: actuator force is bounded")                       \
  X(tendon_frictionrow, ntendon, 1, "1: dry friction in the file, as for dofs")             \
  X(wrap_type, nwrap, 1, "WrapType")                                                        \
  X(wrap_objid, nwrap, 1, "joint, site or geom; -1: pulley")                                \
  X(ten_J_rownnz, ntendon, 1, "dofs that change the length")                                \
  X(ten_J_rowadr, ntendon, 1, "first of them in ten_J_colind")                              \
  X(ten_J_colind, nJten, 1, "these dofs, rising")                                           \
  X(actuator_trntype, nactuator, 1, "TransmissionType")                                     \
  X(actuator_trnid, nactuator, 2, "joint, tendon, site or body; other site or -1")          \
  X(actuator_dyntype, nactuator, 1, "DynType")                                              \
  X(actuator_gaintype, nactuator, 1, "GainType")                                            \
  X(actuator_biastype, nactuator, 1, "BiasType")                                            \
  X(actuator_ctrladr, nactuator, 1, "first control")                                        \
  X(actuator_ctrlnum, nactuator, 1, "controls")                                             \
  X(actuator_ctrlspec, nactuator, 1, "ControlInput bits, or Chart of an orientation servo") \
  X(actuator_outadr, nactuator, 1, "first force")                                           \
  X(actuator_outnum, nactuator, 1, "forces: 3 of an orientation servo, else 1")             \
  X(actuator_ctrllimited, nu, 1, "1: control is clamped")                                   \
  X(actuator_forcelimited, nactuator, 1, "1: force is clamped")                             \
  X(actuator_actlimited, nactuator, 1, "1: activation is clamped")                          \
  X(actuator_actadr, nactuator, 1, "first activation or -1")                                \
  X(actuator_actnum, nactuator, 1, "activations")                                           \
  X(actuator_actearly, nactuator, 1, "1: force from the next activation")                   \
  X(actuator_history, nactuator, 2, "samples kept, Interpolation")                          \
  X(actuator_historyadr, nactuator, 1, "first number in history or -1")                     \
  X(actuator_group, nactuator, 1, "group, 0 .. 30 can be disabled")                         \
  X(sensor_type, nsensor, 1, "SensorType")                                                  \
  X(sensor_objtype, nsensor, 1, "ObjectType")                                               \
  X(sensor_objid, nsensor, 1, "object")                                                     \
  X(sensor_reftype, nsensor, 1, "ObjectType of the reference frame")                        \
  X(sensor_refid, nsensor, 1, "reference object or -1 (second object of a contact sensor)") \
  X(sensor_dim, nsensor, 1, "numbers")                                                      \
  X(sensor_adr, nsensor, 1, "first number in sensordata")                                   \
  X(sensor_history, nsensor, 2, "samples kept, Interpolation")                              \
  X(sensor_historyadr, nsensor, 1, "first number in history or -1")                         \
  X(sensor_intprm, nsensor, 3, "contact: ContactData bits, ContactReduce, slots; rangefinder: RayData bits; insidesite: enclosed") \
  X(pair_geom1, npair, 1, "geom with the lower type")                                       \
  X(pair_geom2, npair, 1, "other geom")                                                     \
  X(pair_collider, npair, 1, "Collider")                                                    \
  X(pair_condim, npair, 1, "contact dimension")                                             \
  X(pair_mix, npair, 1, "FrictionMix")                                                      \
  /* kernel tables */                                                                       \
  X(level_adr, nlevel + 1, 1, "first entry of each tree depth in level_body")               \
  X(level_body, nbody, 1, "bodies by depth, ids rising within a depth")                     \
  X(body_childadr, nbody, 1, "first entry in child_body")                                   \
  X(body_childnum, nbody, 1, "children")                                                    \
  X(child_body, nbody, 1, "children of all bodies, by parent")                              \
  X(M_rowadr, nv, 1, "first entry of a dof's row in M_col")                                 \
  X(M_rownum, nv, 1, "entries of the row: its ancestors and itself")                        \
  X(M_col, nM, 1, "columns of a row, from the root to the diagonal")                        \
  X(dof_descnum, nv, 1, "dofs below it on its branches, not itself")                        \
  X(body_dofmask, nbody, nword, "bit i of word w: dof 32 w + i moves the body")             \
  X(pairgroup_adr, npairgroup + 1, 1, "first pair of each run of pairs of one geom with geoms of one body") \
  X(cgeom_id, ncgeom, 1, "geoms that occur in a pair, rising")                              \
  X(geom_cid, ngeom, 1, "index in cgeom_id or -1")                                          \
  X(geom_visible, ngeom, 1, "1: rays see it: its colour is not fully transparent")          \
  X(jnt_limitadr, njnt, 1, "index in limit_jnt, or of a ball in balllimit_jnt; -1: no limit") \
  X(limit_jnt, nlimit, 1, "limited hinges and slides")                                      \
  X(balllimit_jnt, nballlimit, 1, "limited ball joints")                                    \
  X(limit_tendon, ntendonlimit, 1, "limited tendons")
// clang-format on

struct Spec;  // physics/spec/spec.h

// custom data of a file, without effect on physics
struct CustomNumeric {
  std::string name;
  std::vector<double> data;
};
struct CustomText {
  std::string name, data;
};
struct CustomTuple {
  struct Item {
    std::string type, name;  // kind of object by MuJoCo's word, name of the object
    double prm = 0;
  };
  std::string name;
  std::vector<Item> items;
};

// Constant after `compile`; safe to share between threads.
struct Model {
#define MOTORIUM_SIZE(name) int name = 0;
  MOTORIUM_MODEL_SIZES(MOTORIUM_SIZE)
#undef MOTORIUM_SIZE
#define MOTORIUM_REAL(name, rows, columns, unit, doc) std::vector<double> name;
  MOTORIUM_MODEL_REALS(MOTORIUM_REAL)
  MOTORIUM_MODEL_OVERRIDES(MOTORIUM_REAL)
#undef MOTORIUM_REAL
#define MOTORIUM_INT(name, rows, columns, doc) std::vector<int> name;
  MOTORIUM_MODEL_INTS(MOTORIUM_INT)
#undef MOTORIUM_INT

  // options; defaults are MuJoCo's
  double timestep = 0.002;      // step                                               [s]
  double impratio = 1;          // friction-to-normal impedance ratio of elliptic and pyramid rows
  double tolerance = 1e-8;      // solver: scaled gradient, improvement and decrement
  double ls_tolerance = 0.01;   // line search: slope relative to the solver tolerance
  double ccd_tolerance = 1e-6;  // convex collisions: distance                       [m]
  int ccd_iterations = 35;      // convex collisions: iterations at most
  double density = 0;           // of the fluid around the bodies                    [kg/m^3]
  double viscosity = 0;         // of the fluid                                      [Pa s]
  double wind[3] = {0, 0, 0};   // velocity of the fluid                             [m/s]
  int iterations = 100;         // Newton iterations at most
  int ls_iterations = 50;       // line-search evaluations at most
  Integrator integrator = Integrator::euler;
  Cone cone = Cone::pyramidal;
  uint32_t flags = 0x1ffffu;     // Flag bits
  uint32_t disableactuator = 0;  // bit g: actuators of group g are off
  double meaninertia = 1;        // mean diagonal of the inertia matrix at qpos0 (statistics only)

  // names, by id; empty where the file gives none
  std::string name;
  std::vector<std::string> body_name, jnt_name, geom_name, site_name, cam_name, actuator_name,
      sensor_name, eq_name, tendon_name, key_name;
  std::vector<std::string> mesh_name, hfield_name;
  std::vector<CustomNumeric> numerics;
  std::vector<CustomText> texts;
  std::vector<CustomTuple> tuples;
  // what the file holds that the engine accepts without using, one line each
  std::vector<std::string> report;
  // what the file asks for and the engine replaced by what it has (Compat::newton), one line each
  std::vector<std::string> replaced;
  // the scene it was compiled from, if it was kept (compile_and_keep): what writes the model asks
  // it
  std::shared_ptr<const Spec> source;
};

// visits every array of the model: visit(name, vector, rows, columns)
template <class M, class Visit> void each_field(M& m, Visit visit) {
  const int nq = m.nq, nv = m.nv, nu = m.nu, nactuator = m.nactuator, nout = m.nout, na = m.na,
            nbody = m.nbody, njnt = m.njnt, ngeom = m.ngeom, nsite = m.nsite, nmocap = m.nmocap,
            ncam = m.ncam, neq = m.neq, ntendon = m.ntendon, nwrap = m.nwrap, nJten = m.nJten,
            ntendonlimit = m.ntendonlimit, nsensor = m.nsensor, nkey = m.nkey, nM = m.nM,
            nlevel = m.nlevel, npair = m.npair, npairgroup = m.npairgroup, ncgeom = m.ncgeom,
            nword = m.nword, nlimit = m.nlimit, nballlimit = m.nballlimit;
  const int nmesh = m.nmesh, nmeshvert = m.nmeshvert, nmeshface = m.nmeshface,
            nmeshgraph = m.nmeshgraph, nmeshpoly = m.nmeshpoly, nmeshpolyvert = m.nmeshpolyvert,
            nmeshpolymap = m.nmeshpolymap, nhfield = m.nhfield, nhfielddata = m.nhfielddata;
#define MOTORIUM_REAL(name, rows, columns, unit, doc) visit(#name, m.name, (rows), (columns));
#define MOTORIUM_INT(name, rows, columns, doc) visit(#name, m.name, (rows), (columns));
  MOTORIUM_MODEL_REALS(MOTORIUM_REAL)
  MOTORIUM_MODEL_OVERRIDES(MOTORIUM_REAL)
  MOTORIUM_MODEL_INTS(MOTORIUM_INT)
#undef MOTORIUM_REAL
#undef MOTORIUM_INT
}

// Throws Error unless every index, count and number is in range; run on every Model from any
// source.
void validate(const Model& m);

// 64-bit hash over sizes, options and every array; equal for equal models on every platform.
uint64_t hash(const Model& m);

}  // namespace motorium
