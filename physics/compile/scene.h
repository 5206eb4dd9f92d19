// The scene between Spec and Model: bodies in their final order with resolved frames and masses.
#pragma once
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "motorium/physics/compile/shape.h"
#include "motorium/physics/spec/pose.h"
#include "motorium/physics/spec/problems.h"
#include "motorium/physics/spec/spec.h"

namespace motorium {

struct SceneJoint {
  const JointSpec* spec = nullptr;
  Vec pos = {0, 0, 0}, axis = {0, 0, 1};  // in the body frame
};

struct SceneGeom {
  const GeomSpec* spec = nullptr;
  GeomType type = GeomType::sphere;
  Pose pose;  // in the body frame
  Vec size = {0, 0, 0};
  double rbound = 0, mass = 0;
  std::array<double, 6> aabb = {};  // centre and half sizes in the geom frame
  Vec inertia = {0, 0, 0};          // principal, in the geom frame
  int data = -1;                    // its mesh or height field
};

struct SceneSite {
  const SiteSpec* spec = nullptr;
  GeomType type = GeomType::sphere;
  Pose pose;
  Vec size = {0, 0, 0};
  int data = -1;  // its mesh
};

struct SceneCamera {
  const CameraSpec* spec = nullptr;
  Pose pose;
};

struct SceneBody {
  const BodySpec* spec = nullptr;
  int parent = -1;
  Pose pose;      // in the parent frame
  Pose inertial;  // in the body frame
  double mass = 0;
  Vec inertia = {0, 0, 0};
  std::vector<SceneJoint> joints;
  std::vector<SceneGeom> geoms;
  std::vector<SceneSite> sites;
  std::vector<SceneCamera> cameras;
};

using NameMap = std::unordered_map<std::string, int>;

// shared by the stages of the compiler
struct Scene {
  const Spec& spec;
  Problems problems;
  std::vector<std::string> report;
  std::vector<SceneBody> bodies;     // [0] is the world; parents before children, depth first
  std::vector<CompiledMesh> meshes;  // as in spec.meshes
  // ids in the model of spec.meshes and spec.hfields, -1: dropped
  std::vector<int> mesh_id, hfield_id;

  explicit Scene(const Spec& s) : spec(s), problems(s.problems), report(s.report) {}
};

// settings of the file that a body comes from
inline const CompilerSpec& compiler_of(const Scene& scene, const SceneBody& body) {
  return body.spec->compiler ? *body.spec->compiler : scene.spec.compiler;
}

// for messages: tag[@name='...']
std::string title(const std::string& tag, const std::string& name);

// all of the following, in this order
void prepare_scene(Scene& scene);
// bodies, frames, shapes, masses
void build_scene(Scene& scene);
// compiler options that change the tree: fusestatic, discardvisual, alignfree
void reshape_scene(Scene& scene);
// masses and inertias of bodies from inertial elements and geoms, bounds and total mass
void infer_inertia(Scene& scene);
void bound_inertia(Scene& scene);
void set_total_mass(Scene& scene);

}  // namespace motorium
