// Volume, mass and inertia of shapes and meshes.
#pragma once
#include <string>
#include <vector>

#include "motorium/physics/compile/hull.h"
#include "motorium/physics/spec/pose.h"

namespace motorium {

// a mesh in its own inertial frame
struct CompiledMesh {
  Pose inertial;         // centre of mass and principal axes in the frame of the file   [m]
  double volume = 0;     // [m^3], of a shell: area [m^2]
  Vec box = {0, 0, 0};   // half sizes of the box of equal inertia   [m]
  Vec half = {0, 0, 0};  // half sizes of the symmetric bounding box in the inertial frame   [m]
  Vec aabb = {0, 0, 0};  // half sizes of the tight bounding box in the inertial frame   [m]
  Vec aabb_centre = {0, 0, 0};
  std::vector<double> vertex;  // (n, 3) in the inertial frame, rounded to float   [m]
  std::vector<int> face;       // (n, 3) counterclockwise from outside where the file is
  // of meshes that collide or weigh as their hull
  Hull hull;
  FlatFaces flat;
  std::vector<double> normal;  // (n, 3) of the flat faces, outward
  std::array<int, 27> extrema = {};
};

// `collides`: the convex hull is needed. On failure `why` says what is wrong with the mesh.
CompiledMesh compile_mesh(const MeshSpec& mesh, bool collides, std::string& why);

// volume [m^3], or area [m^2] of a shell; 0 for planes
double shape_volume(GeomType type, const Vec& size, bool shell);
// principal moments of inertia of a shape of this mass in its own frame   [kg m^2]
Vec shape_inertia(GeomType type, const Vec& size, double mass, bool shell);
// radius of the bounding sphere about the shape's centre, 0 for planes   [m]
double shape_radius(GeomType type, const Vec& size);
// bounding box in the shape's frame: centre and half sizes   [m]
std::array<double, 6> shape_box(GeomType type, const Vec& size);
// inertia of a solid box with these half sizes
Vec box_inertia(const Vec& half, double mass);

// geom_fluid of a geom: 1 for an ellipsoid in the fluid, its coefficients (blunt, slender, angular
// drag, Kutta and Magnus lift), added mass [m^3] and inertia [m^5] per density; zeros for others
std::array<double, 12> fluid_parameters(GeomType type, const Vec& size, bool ellipsoid,
                                        const std::array<double, 5>& coefficients);

}  // namespace motorium
