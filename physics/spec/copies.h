// Copies of parts of a scene under other names: what <replicate> and <attach> are made of.
//
// A subtree is copied together with what refers to it elsewhere: pairs, excludes, equalities,
// actuators, sensors, tuples, keyframes. Sizes are counted before anything is copied.
#pragma once
#include <array>
#include <set>
#include <string>

#include "motorium/physics/spec/spec.h"

namespace motorium {

// names of the objects of a part of a scene, by kind
class Names {
 public:
  enum Kind {
    body,
    joint,
    geom,
    site,
    camera,
    tendon,
    actuator,
    sensor,
    equality,
    pair,
    exclude,
    kinds
  };
  void add(Kind kind, const std::string& name);
  bool has(Kind kind, const std::string& name) const;

 private:
  std::array<std::set<std::string>, kinds> names_;
};

// the objects of a body and below it; `self`: its own name too
void add_names(const BodySpec& body, bool self, Names& names);

// bodies, joints, geoms, sites and cameras of a body and below it, itself not counted
int64_t count_objects(const BodySpec& body);

// elements outside the tree that refer to objects of a subtree
struct Dependents {
  std::vector<PairSpec> pairs;
  std::vector<ExcludeSpec> excludes;
  std::vector<TendonSpec> tendons;
  std::vector<EqualitySpec> equalities;
  std::vector<ActuatorSpec> actuators;
  std::vector<SensorSpec> sensors;
  std::vector<TupleSpec> tuples;
};

int64_t size(const Dependents& dependents);

// Takes every dependent of `inside` out of `spec`, and adds their names to it. An element that
// needs an object of the subtree and another one of the same kind outside is a problem.
Dependents take_dependents(Spec& spec, Names& inside);
// Copies of those elements of `spec` that refer to objects of `inside`, or to the world, only.
Dependents copy_dependents(const Spec& spec, Names& inside);

// prefix + name + suffix, for objects that have a name
struct Renaming {
  std::string prefix, suffix;
  void apply(std::string& name) const {
    if (!name.empty()) name = prefix + name + suffix;
  }
};
void rename(const Renaming& to, BodySpec& body);
// names of the elements, and of what they refer to inside the subtree
void rename(const Renaming& to, const Names& inside, Dependents& dependents);
void append(const Dependents& dependents, Spec& spec);

// moves the children of `from` into `body`, each in `frame`
void adopt_children(BodySpec from, const Pose& frame, BodySpec& body);

// Attaches `part`, a body of `child` (or its whole world), to `body` in `frame`, with its
// dependents, assets, custom data and keyframes; names get the prefix. The child's compiler
// settings go along. What is wrong is a problem of `spec` at `place`.
void attach(const Spec& child, const BodySpec& part, const std::string& prefix, const Pose& frame,
            Place place, BodySpec& body, Spec& spec);

// Gives joints, activations, controls and mocap bodies of a file their places in its keyframes.
void number_key_slots(Spec& spec);

// Keyframes of attached models speak of the first copy of a part only: later ones keep their
// reference configuration.
void forget_attached_keys(BodySpec& body);
void forget_attached_keys(Dependents& dependents);

// Books `count` more copied objects; false, and a problem, when the limit is passed.
bool book_copies(int64_t count, Place place, const std::string& element, Spec& spec);

}  // namespace motorium
