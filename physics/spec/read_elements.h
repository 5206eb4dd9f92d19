// One reader per kind of MJCF element; private to the MJCF reader.
//
// Each takes what the element says over what its default class said before: the same function reads
// a <geom> and a <default><geom>.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "motorium/physics/spec/attributes.h"
#include "motorium/physics/spec/folder.h"
#include "motorium/physics/spec/read_mjcf.h"
#include "motorium/physics/spec/spec.h"

namespace motorium {

// an actuator default of one class, and how it was written: shortcut parameters (kp, kv, ...) reach
// only actuators of the same shortcut
struct ActuatorDefault {
  ActuatorSpec actuator;
  std::string written_as;  // empty: this class has none of its own
};

// one default class; values the file left alone are the parent's
struct DefaultClass {
  std::string name;
  int parent = -1;
  MeshSpec mesh;
  MaterialSpec material;
  JointSpec joint;
  GeomSpec geom;
  SiteSpec site;
  CameraSpec camera;
  PairSpec pair;
  EqualitySpec equality;
  TendonSpec tendon;
  ActuatorDefault actuator;
};

struct Defaults {
  std::vector<DefaultClass> classes;  // [0] is main
  std::map<std::string, int> by_name;
};

// options
void read_compiler(const Element& element, Spec& spec);
void read_option(const Element& element, Spec& spec);
void read_size(const Element& element, Spec& spec);

// bodies and what they hold
void read_joint(Attributes& a, JointSpec& joint);
void read_freejoint(Attributes& a, JointSpec& joint);
void read_geom(Attributes& a, GeomSpec& geom);
void read_site(Attributes& a, SiteSpec& site);
void read_camera(Attributes& a, CameraSpec& camera);
void read_world(const Element& element, const Defaults& defaults, Spec& spec);
bool take_orientation(Attributes& a, Orientation& orientation);

// assets
void read_material(const Element& element, MaterialSpec& material, Spec& spec);
void read_mesh(Attributes& a, MeshSpec& mesh);
// model files that are being read, so that none attaches itself and all together stay few
struct ModelFiles {
  std::vector<std::string> open;
  int count = 0;
};
void read_assets(const Element& element, const Defaults& defaults, const Folder& folder,
                 ModelFiles& files, Spec& spec);
void read_model_asset(const Element& element, const Folder& folder, ModelFiles& files, Spec& spec);
// one MJCF file, main or attached
Spec read_model_file(const std::string& text, const std::string& path, const Folder& folder,
                     const ReadOptions& options, ModelFiles& files);
// numeric, text, tuple
void read_custom(const Element& element, Spec& spec);

// constraints
void read_pair(Attributes& a, PairSpec& pair);
void read_contact_section(const Element& element, const Defaults& defaults, Spec& spec);
void read_equality(Attributes& a, EqualitySpec& equality);
void read_equality_section(const Element& element, const Defaults& defaults, Spec& spec);

// tendons
void read_tendon(Attributes& a, bool spatial, TendonSpec& tendon);
void read_tendon_section(const Element& element, const Defaults& defaults, Spec& spec);

// actuators, sensors, keyframes
bool is_actuator(const std::string& tag);
// the class default whose parameters a shortcut takes: one written with the same shortcut, or with
// <general> and the shortcut's gain; null: the documented values
const ActuatorSpec* shortcut_source(const std::string& tag, const Defaults& defaults,
                                    int class_index);
// gain, bias and dynamics of a shortcut, from its attributes and those of its class
void read_shortcut(Attributes& a, const ActuatorSpec* source, ActuatorSpec& actuator);
void read_dcmotor(Attributes& a, const ActuatorSpec* source, ActuatorSpec& actuator);
// the inputs that `input` lists, as ControlInput bits or Chart
void read_inputs(Attributes& a, GainType gain, int& inputs);
void read_actuator(Attributes& a, const Defaults& defaults, int class_index,
                   ActuatorSpec& actuator);
void read_actuator_section(const Element& element, const Defaults& defaults, Spec& spec);
void read_sensor_section(const Element& element, Spec& spec);
void read_keyframe_section(const Element& element, Spec& spec);

// defaults
void read_defaults(const Element& element, Defaults& defaults, Spec& spec);
// index of the class that `name` names; reports an unknown one
int find_class(Attributes& a, const Defaults& defaults, int fallback);

// visual, statistic, texture, material, light, skin: known attributes only, kept as written
bool is_viewer_element(const std::string& tag);
void read_viewer_element(const Element& element, Spec& spec);

// an element that MJCF has and the engine lacks; false when the name is not MJCF's
bool refuse_known(const Element& element, const std::string& section, Spec& spec);
void unknown_element(const Element& element, const std::string& section,
                     const std::vector<std::string_view>& known, Spec& spec);

}  // namespace motorium
