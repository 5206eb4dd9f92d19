// Spec: an editable description of a scene, as a file gives it. `compile` turns it into a Model.
//
// A tree of plain structs with MuJoCo's names and defaults. Lengths in m, masses in kg, times in s;
// angles are as the file gives them (compiler.degree) until the compiler converts them. Numbers
// that the file may leave open are NaN until given.
#pragma once
#include <array>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "motorium/physics/model.h"
#include "motorium/physics/spec/folder.h"
#include "motorium/physics/spec/problems.h"
#include "motorium/physics/spec/xml_tree.h"

namespace motorium {

inline constexpr double kNotGiven = std::numeric_limits<double>::quiet_NaN();

enum class Tristate { off, on, automatic };

// an orientation in one of MJCF's notations; the last one written holds
struct Orientation {
  enum class Form { quat, axisangle, xyaxes, zaxis, euler } form = Form::quat;
  std::array<double, 6> v = {1, 0, 0, 0, 0, 0};
};

// position and rotation of one frame in another
struct Pose {
  std::array<double, 3> pos = {0, 0, 0};
  std::array<double, 4> quat = {1, 0, 0, 0};
};

// how the lengths that muscles can reach are found
struct LengthRangeSpec {
  enum class Mode { none, muscle, muscleuser, all } mode = Mode::muscle;
  bool useexisting = true, uselimit = false;
  double accel = 20, maxforce = 0, timeconst = 1, timestep = 0.01, inttotal = 10, interval = 2,
         tolrange = 0.05;
};

struct CompilerSpec {
  bool autolimits = true, degree = true, balanceinertia = false, fitaabb = false, strippath = false;
  bool alignfree = false, fusestatic = false, discardvisual = false;
  std::string eulerseq = "xyz", meshdir, texturedir;
  Tristate inertiafromgeom = Tristate::automatic;
  std::array<int, 2> inertiagrouprange = {0, 5};
  double boundmass = 0, boundinertia = 0, settotalmass = -1;
  LengthRangeSpec lengthrange;
};

struct OptionSpec {
  double timestep = 0.002, impratio = 1, tolerance = 1e-8, ls_tolerance = 0.01;
  double ccd_tolerance = 1e-6, density = 0, viscosity = 0;
  std::array<double, 3> gravity = {0, 0, -9.81}, magnetic = {0, -0.5, 0}, wind = {0, 0, 0};
  // what replaces the parameters of all contacts under the flag override
  double o_margin = 0;
  std::array<double, 2> o_solref = {0.02, 1};
  std::array<double, 5> o_solimp = {0.9, 0.95, 0.001, 0.5, 2},
                        o_friction = {1, 1, 0.005, 0.0001, 0.0001};
  int iterations = 100, ls_iterations = 50, ccd_iterations = 35;
  Integrator integrator = Integrator::euler;
  Cone cone = Cone::pyramidal;
  uint32_t flags = 0x1ffffu;     // Flag bits
  uint32_t disableactuator = 0;  // bit g: actuators of group g are off
};

struct MeshSpec {
  Place place;
  std::string name, file, material;
  std::string source;  // where the file was found, for writers that copy it
  enum class Inertia { legacy, exact, convex, shell } inertia = Inertia::legacy;
  std::array<double, 3> scale = {1, 1, 1}, refpos = {0, 0, 0};
  std::array<double, 4> refquat = {1, 0, 0, 0};
  int maxhullvert = -1;       // vertices of the hull at most, -1: unbounded
  std::vector<float> vertex;  // (n, 3), from the file, inline or builtin
  std::vector<int> face;      // (n, 3), empty: the hull of the vertices
};

// what rays see of a material; a viewer reads the rest as written
struct MaterialSpec {
  std::string name;
  std::array<float, 4> rgba = {1, 1, 1, 1};
};

struct HfieldSpec {
  Place place;
  std::string name, file;
  std::array<double, 4> size = {0, 0, 0, 0};  // half sizes x and y, height, depth of the base
  int nrow = 0, ncol = 0;
  std::vector<float> elevation;  // (nrow, ncol) from -y to +y, in any unit
};

// Where an element's numbers stand in the keyframes of the file it comes from: layout 0 is the main
// file's, others are those of attached models.
struct KeySlot {
  int layout = 0;
  int first = -1;   // in qpos, mpos or ctrl
  int second = -1;  // in qvel or act
};

struct JointSpec {
  Place place;
  std::string name;
  KeySlot slot;
  JointType type = JointType::hinge;
  Pose frame;  // of the enclosing <frame>s in the body
  std::array<double, 3> pos = {0, 0, 0}, axis = {0, 0, 1};
  Tristate limited = Tristate::automatic, actuatorfrclimited = Tristate::automatic;
  std::array<double, 2> range = {0, 0}, actuatorfrcrange = {0, 0};
  double ref = 0, springref = 0, stiffness = 0, damping = 0, armature = 0, frictionloss = 0;
  // quadratic and cubic parts; time constant and damping ratio that give both linear parts
  std::array<double, 2> stiffness_poly = {0, 0}, damping_poly = {0, 0}, springdamper = {0, 0};
  double margin = 0;
  double velocity_limit = 0;      // of URDF [m/s, rad/s], kept without effect
  bool actuatorgravcomp = false;  // gravity compensation counts as actuation
  std::array<double, 2> solref_limit = {0.02, 1}, solref_friction = {0.02, 1};
  std::array<double, 5> solimp_limit = {0.9, 0.95, 0.001, 0.5, 2};
  std::array<double, 5> solimp_friction = {0.9, 0.95, 0.001, 0.5, 2};
  int group = 0;
  Tristate align = Tristate::automatic;  // free joints: move the body frame to the inertial frame
};

struct GeomSpec {
  Place place;
  std::string name, mesh, hfield, material;
  GeomType type = GeomType::sphere;
  Pose frame;
  std::array<double, 3> pos = {kNotGiven, 0, 0}, size = {0, 0, 0}, friction = {1, 0.005, 0.0001};
  Orientation orientation;
  std::array<double, 6> fromto = {kNotGiven, 0, 0, 0, 0, 0};
  double mass = kNotGiven, density = 1000, solmix = 1, margin = 0, gap = 0, fitscale = 1;
  double adhesion = 0;
  std::array<double, 6> surfacevel = {0, 0, 0, 0, 0, 0};
  std::array<double, 5> fluidcoef = {0.5, 0.25, 1.5, 1, 1};
  bool shellinertia = false, fluid_ellipsoid = false;
  int contype = 1, conaffinity = 1, condim = 3, priority = 0, group = 0;
  std::array<double, 2> solref = {0.02, 1};
  std::array<double, 5> solimp = {0.9, 0.95, 0.001, 0.5, 2};
  std::array<float, 4> rgba = {0.5f, 0.5f, 0.5f, 1};
};

struct SiteSpec {
  Place place;
  std::string name, mesh, material;
  GeomType type = GeomType::sphere;
  Pose frame;
  std::array<double, 3> pos = {kNotGiven, 0, 0}, size = {0.005, 0.005, 0.005};
  Orientation orientation;
  std::array<double, 6> fromto = {kNotGiven, 0, 0, 0, 0, 0};
  int group = 0;
  std::array<float, 4> rgba = {0.5f, 0.5f, 0.5f, 1};
};

struct CameraSpec {
  Place place;
  std::string name, target;  // target: the body that targetbody and targetbodycom look at
  CameraMode mode = CameraMode::fixed;
  Pose frame;
  std::array<double, 3> pos = {0, 0, 0};
  Orientation orientation;
  bool orthographic = false;
  double fovy = 45;  // [degree], height [m] of an orthographic camera
  std::array<int, 2> resolution = {1, 1};
  std::array<double, 2> sensorsize = {0, 0}, focal = {0, 0}, focalpixel = {0, 0},
                        principal = {0, 0}, principalpixel = {0, 0};
};

struct InertialSpec {
  Place place;
  Pose frame;
  std::array<double, 3> pos = {kNotGiven, 0, 0}, diaginertia = {kNotGiven, 0, 0};
  Orientation orientation;
  double mass = 0;
  std::array<double, 6> fullinertia = {kNotGiven, 0, 0, 0, 0, 0};  // xx yy zz xy xz yz
};

struct BodySpec {
  Place place;
  std::string name;
  Pose frame;
  std::array<double, 3> pos = {0, 0, 0};
  Orientation orientation;
  bool mocap = false, fuse = true, has_inertial = false;
  KeySlot mocap_slot;
  std::shared_ptr<const CompilerSpec> compiler;  // of the model it was attached from
  double gravcomp = 0;                           // part of the weight that is compensated
  bool simple = true;  // false: the constants of sliding leaf bodies take no short cut
  InertialSpec inertial;
  std::vector<JointSpec> joints;
  std::vector<GeomSpec> geoms;
  std::vector<SiteSpec> sites;
  std::vector<CameraSpec> cameras;
  std::vector<BodySpec> bodies;
  std::vector<Element> viewer;  // lights as written
};

struct PairSpec {
  Place place;
  std::string name, geom1, geom2;
  int condim = 3;
  double margin = 0, gap = 0, adhesion = 0;
  std::array<double, 5> friction = {1, 1, 0.005, 0.0001, 0.0001},
                        solimp = {0.9, 0.95, 0.001, 0.5, 2};
  std::array<double, 2> solref = {0.02, 1}, solreffriction = {0, 0};
};

struct ExcludeSpec {
  Place place;
  std::string name, body1, body2;
};

struct EqualitySpec {
  Place place;
  std::string name, object1, object2;
  EqualityType type = EqualityType::connect;
  ObjectType objtype = ObjectType::body;
  bool active = true;
  std::array<double, 3> anchor = {kNotGiven, 0, 0};
  std::array<double, 7> relpose = {0, 0, 0, 0,
                                   0, 0, 0};  // position, quaternion; 0 quaternion: qpos0
  std::array<double, 5> polycoef = {0, 1, 0, 0, 0};
  double torquescale = 1;
  std::array<double, 2> solref = {0.02, 1};
  std::array<double, 5> solimp = {0.9, 0.95, 0.001, 0.5, 2};
};

// one object on the path of a tendon
struct WrapSpec {
  Place place;
  WrapType type = WrapType::site;
  std::string object, sidesite;  // joint, site or geom
  double number = 0;             // coefficient of a joint, divisor of a pulley
};

struct TendonSpec {
  Place place;
  std::string name, material;
  TendonType type = TendonType::fixed;
  Tristate limited = Tristate::automatic, actuatorfrclimited = Tristate::automatic;
  std::array<double, 2> range = {0, 0}, actuatorfrcrange = {0, 0};
  std::array<double, 2> springlength = {-1, -1};  // -1 -1: the length at qpos_spring
  std::array<double, 3> stiffness = {0, 0, 0}, damping = {0, 0, 0};
  double armature = 0, frictionloss = 0, margin = 0, width = 0.003;
  std::array<double, 2> solref_limit = {0.02, 1}, solref_friction = {0.02, 1};
  std::array<double, 5> solimp_limit = {0.9, 0.95, 0.001, 0.5, 2};
  std::array<double, 5> solimp_friction = {0.9, 0.95, 0.001, 0.5, 2};
  int group = 0;
  std::array<float, 4> rgba = {0.5f, 0.5f, 0.5f, 1};
  std::vector<WrapSpec> path;
};

struct ActuatorSpec {
  Place place;
  std::string tag = "general", name, target, refsite;  // target: joint, tendon, site or body
  std::string slidersite;  // of a slider-crank, whose target is the crank
  KeySlot slot;
  TransmissionType transmission = TransmissionType::joint;
  DynType dyntype = DynType::none;
  GainType gaintype = GainType::fixed;
  BiasType biastype = BiasType::none;
  std::array<double, 10> gainprm = {1}, biasprm = {0}, dynprm = {1};
  std::array<double, 6> gear = {1, 0, 0, 0, 0, 0};
  Tristate ctrllimited = Tristate::automatic, forcelimited = Tristate::automatic,
           actlimited = Tristate::automatic;
  std::array<double, 2> ctrlrange = {0, 0}, forcerange = {0, 0}, actrange = {0, 0};
  std::array<double, 2> velrange = {0, 0}, ffrange = {0, 0};  // of further inputs
  std::array<double, 2> lengthrange = {0, 0};                 // not rising: found by simulation
  std::array<double, 3> damping = {0, 0, 0};                  // linear, quadratic, cubic
  double armature = 0, cranklength = 0, inheritrange = 0, delay = 0;
  Interpolation interp = Interpolation::zoh;
  int inputs = 0;   // ControlInput bits or Chart; 0: as the gain type has it
  int actdim = -1;  // activations; -1: as the dynamics have it
  int nsample = 0, group = 0;
  bool actearly = false;
};

struct SensorSpec {
  Place place;
  std::string tag, name, object, reference;
  SensorType type = SensorType::gyro;
  ObjectType objtype = ObjectType::none, reftype = ObjectType::none;
  double cutoff = 0, delay = 0;
  std::array<double, 2> interval = {0, 0};  // period, time of the last sample before the start
  int nsample = 0;
  Interpolation interp = Interpolation::zoh;
  int data = kContactFound, slots = 1;  // contact sensors; data: also rangefinders (RayData bits)
  ContactReduce reduce = ContactReduce::none;
  bool enclosed = false;  // insidesite
  int dim = 0;            // user
  std::string datatype, needstage;
};

struct KeySpec {
  Place place;
  std::string name;
  int layout = 0;  // which elements' numbers it holds, see KeySlot
  double time = 0;
  std::vector<double> qpos, qvel, act, ctrl, mpos, mquat;  // empty: from the model
};

// custom data, for whoever uses the model
struct NumericSpec {
  Place place;
  std::string name;
  std::vector<double> data;
};

struct TextSpec {
  Place place;
  std::string name, data;
};

struct TupleSpec {
  struct Item {
    std::string type, name;  // MuJoCo's word for the kind of object
    double prm = 0;
  };
  Place place;
  std::string name;
  std::vector<Item> items;
};

struct Spec {
  std::string name = "MuJoCo Model";
  std::string folder;  // that the model file lies in; empty: it is a text
  Problems problems;   // the files of the model, and what was wrong with them
  CompilerSpec compiler;
  OptionSpec option;
  std::vector<MeshSpec> meshes;
  std::vector<MaterialSpec> materials;
  std::vector<HfieldSpec> hfields;
  int64_t mesh_vertices = 0, height_samples = 0;  // of all of them, bounded by the reader
  BodySpec world;
  std::vector<PairSpec> pairs;
  std::vector<ExcludeSpec> excludes;
  std::vector<EqualitySpec> equalities;
  std::vector<TendonSpec> tendons;
  std::vector<ActuatorSpec> actuators;
  std::vector<SensorSpec> sensors;
  std::vector<KeySpec> keys;
  int nkey = 0;  // keyframes at least
  std::vector<NumericSpec> numerics;
  std::vector<TextSpec> texts;
  std::vector<TupleSpec> tuples;
  // models that <attach> may take parts of, by name
  std::map<std::string, std::shared_ptr<const Spec>> models;
  int layouts = 1;  // of keyframes: its own and those of attached models
  // what <replicate> and <attach> have copied so far, against limits
  int64_t copies = 0;
  uint64_t copied_bytes = 0;
  bool copies_reported = false;
  // visual, statistic, textures, materials, skins as written: without effect on physics
  std::vector<Element> viewer;
  // what the file holds that is accepted without being used
  std::vector<std::string> report;
  bool newton = false;                // other solvers than Newton's are replaced, not refused
  std::vector<std::string> replaced;  // by what, a line each
};

}  // namespace motorium
