// Stages of the compiler from Scene to Model, in the order of `compile`; private to the compiler.
#pragma once
#include <string>

#include "motorium/physics/compile/derive.h"
#include "motorium/physics/compile/scene.h"
#include "motorium/physics/model.h"

namespace motorium {

struct Assembly {
  Scene& scene;
  Model& m;
  NameMap body, joint, geom, site, camera, tendon, actuator, material;  // ids by name

  void malformed(Place place, const std::string& element, const std::string& what) {
    scene.problems.malformed(place, element, what);
  }
  void unsupported(Place place, const std::string& element, const std::string& what) {
    scene.problems.unsupported(place, element, what);
  }
  // one line of the report, however often it happens
  void note(const std::string& line);
  // id of a named object; reports an unknown name and returns -1
  int find(const NameMap& names, const std::string& kind, const std::string& name, Place place,
           const std::string& element);
};

// meshes and height fields
void assemble_assets(Assembly& a);
// bodies, joints, dofs, geoms, sites: ids, addresses, parameters, qpos0
void assemble_bodies(Assembly& a);
// cameras; their offsets at qpos0 need masses
void assemble_cameras(Assembly& a);
// springs and dampers that are given by time constant and damping ratio; needs dof_invweight0
void finish_springs(Assembly& a);
// tables that only kernels need; those of pairs come with assemble_pairs
void assemble_tables(Assembly& a);
void assemble_pairs(Assembly& a);
// paths and parameters; needs the tables
void assemble_tendons(Assembly& a);
// spring lengths that the file leaves to qpos_spring
void rest_tendons(Model& m);
// transmissions, laws and ranges; `finish` resolves what needs the derived constants
void assemble_actuators(Assembly& a);
void finish_actuators(Assembly& a, const Derived& derived);
// of muscles whose file gives none; needs a complete, valid model
void find_length_ranges(Assembly& a);
// needs poses at qpos0
void assemble_equalities(Assembly& a);
void assemble_sensors(Assembly& a);
void assemble_keys(Assembly& a);

// registers a name; reports one that exists
void add_name(Assembly& a, NameMap& names, const std::string& name, int id, const char* tag,
              Place place);
// limited by a word or, with autolimits, by a range
bool decide_limited(Assembly& a, Tristate limited, const double* range, const char* attribute,
                    Place place, const std::string& element);

template <size_t n> void append(std::vector<double>& out, const std::array<double, n>& values) {
  out.insert(out.end(), values.begin(), values.end());
}

}  // namespace motorium
