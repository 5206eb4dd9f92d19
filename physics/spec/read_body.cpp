// worldbody: bodies, frames and what they hold
#include <set>

#include "motorium/core/limits.h"
#include "motorium/physics/spec/copies.h"
#include "motorium/physics/spec/pose.h"
#include "motorium/physics/spec/read_elements.h"
#include "motorium/physics/spec/text.h"

namespace motorium {
namespace {

const std::pair<const char*, GeomType> kShapes[] = {{"plane", GeomType::plane},
                                                    {"hfield", GeomType::hfield},
                                                    {"sphere", GeomType::sphere},
                                                    {"capsule", GeomType::capsule},
                                                    {"ellipsoid", GeomType::ellipsoid},
                                                    {"cylinder", GeomType::cylinder},
                                                    {"box", GeomType::box},
                                                    {"mesh", GeomType::mesh}};

void take_shape(Attributes& a, GeomType& type) {
  const std::string* word = a.claim("type");
  if (!word) return;
  if (*word == "sdf") {
    return a.unsupported("type", "the engine has no such shape: use boxes or planes");
  }
  std::vector<std::string_view> known;
  for (const auto& [name, shape] : kShapes) {
    if (*word == name) {
      type = shape;
      return;
    }
    known.emplace_back(name);
  }
  const std::string near = nearest_word(*word, known, a.enough());
  a.malformed("type",
              "unknown word: use plane, hfield, sphere, capsule, ellipsoid, cylinder, box or mesh" +
                  (near.empty() ? "" : ", did you mean " + near + "?"));
}

void read_inertial(const Element& element, InertialSpec& inertial, Spec& spec) {
  Attributes a(element, spec);
  inertial = InertialSpec();
  inertial.place = element.place;
  if (!a.has("pos")) a.malformed("", "pos: is missing: give the centre of mass");
  if (!a.has("mass")) a.malformed("", "mass: is missing");
  a.take("pos", inertial.pos);
  take_orientation(a, inertial.orientation);
  a.take("mass", inertial.mass);
  const bool diagonal = a.take("diaginertia", inertial.diaginertia) > 0;
  const bool full = a.take("fullinertia", inertial.fullinertia) > 0;
  if (diagonal && full) a.malformed("fullinertia", "give diaginertia or fullinertia, not both");
  if (!a.has("diaginertia") && !a.has("fullinertia")) {
    a.malformed("", "diaginertia: is missing: give diaginertia or fullinertia");
  }
  if (full && (a.has("quat") || a.has("axisangle") || a.has("xyaxes") || a.has("zaxis") ||
               a.has("euler"))) {
    a.malformed("fullinertia", "an orientation cannot be given with it: the inertia defines it");
  }
  if (inertial.mass < 0) a.malformed("mass", "is negative");
  a.finish();
}

// Walks a body or a frame; `frame` is the pose of the enclosing frames in the body.
class BodyReader {
 public:
  BodyReader(const Defaults& defaults, Spec& spec) : defaults_(defaults), spec_(spec) {}

  void read_children(const Element& element, BodySpec& body, const Pose& frame, int childclass) {
    for (const Element& child : element.children) {
      const std::string& tag = child.tag;
      const bool is_world = &body == &spec_.world;
      if (tag == "inertial") {
        if (is_world) {
          spec_.problems.malformed(child.place, tag, "belongs directly into a moving <body>");
          continue;
        }
        if (body.has_inertial) {
          spec_.problems.malformed(child.place, tag, "is given twice in one body");
        }
        body.has_inertial = true;
        read_inertial(child, body.inertial, spec_);
        body.inertial.frame = frame;
      } else if (tag == "joint" || tag == "freejoint") {
        if (is_world) {
          spec_.problems.malformed(child.place, tag, "the world cannot move: put it into a <body>");
          continue;
        }
        read_child(child, body.joints, frame, childclass, &DefaultClass::joint,
                   tag == "joint" ? read_joint : read_freejoint, tag == "freejoint");
      } else if (tag == "geom") {
        read_child(child, body.geoms, frame, childclass, &DefaultClass::geom, read_geom, false);
      } else if (tag == "site") {
        read_child(child, body.sites, frame, childclass, &DefaultClass::site, read_site, false);
      } else if (tag == "camera") {
        read_child(child, body.cameras, frame, childclass, &DefaultClass::camera, read_camera,
                   false);
      } else if (tag == "light") {
        read_viewer_element(child, spec_);
        body.viewer.push_back(child);
      } else if (tag == "body") {
        body.bodies.emplace_back();
        read_body(child, body.bodies.back(), frame, childclass);
      } else if (tag == "frame") {
        read_frame(child, body, frame, childclass);
      } else if (tag == "replicate") {
        read_replicate(child, body, frame, childclass);
      } else if (tag == "attach") {
        read_attach(child, body, frame);
      } else if (!refuse_known(child, "worldbody", spec_)) {
        unknown_element(
            child, "body",
            {"body", "frame", "geom", "joint", "freejoint", "site", "inertial", "camera", "light"},
            spec_);
      }
    }
  }

 private:
  template <class Item>
  void read_child(const Element& element, std::vector<Item>& items, const Pose& frame,
                  int childclass, Item DefaultClass::*defaults, void (*read)(Attributes&, Item&),
                  bool no_defaults) {
    Attributes a(element, spec_);
    // a freejoint takes no joint defaults
    Item item;
    if (!no_defaults) item = defaults_.classes[find_class(a, defaults_, childclass)].*defaults;
    item.place = element.place;
    item.frame = frame;
    a.take_name("name", item.name);
    read(a, item);
    a.finish();
    items.push_back(std::move(item));
  }

  void read_body(const Element& element, BodySpec& body, const Pose& frame, int childclass) {
    Attributes a(element, spec_);
    body.place = element.place;
    body.frame = frame;
    a.take_name("name", body.name);
    a.take("pos", body.pos);
    take_orientation(a, body.orientation);
    a.take("mocap", body.mocap);
    childclass = take_childclass(a, "childclass", childclass);
    a.take("gravcomp", body.gravcomp);
    a.take("fuse", body.fuse, {{"false", false}, {"auto", true}});
    a.take("simple", body.simple, {{"false", false}, {"auto", true}});
    a.report({"sleep", "user"});
    a.finish(true);
    read_children(element, body, Pose(), childclass);
  }

  // compiled away: its pose goes into its children
  void read_frame(const Element& element, BodySpec& body, const Pose& outer, int childclass) {
    Attributes a(element, spec_);
    std::string name;
    a.take_name("name", name);
    Pose pose;
    Orientation orientation;
    a.take("pos", pose.pos);
    take_orientation(a, orientation);
    std::string why;
    pose.quat = resolve(orientation, spec_.compiler, why);
    if (!why.empty()) a.malformed("", why);
    if (!name.empty() && !frame_names_.insert(name).second) {
      a.malformed("name", "a frame of this name exists");
    }
    // a frame's class is its children's
    childclass = take_childclass(a, "childclass", take_childclass(a, "class", childclass));
    a.refuse("scale", "frames cannot scale: scale the meshes");
    a.finish(true);
    read_children(element, body, compose(outer, pose), childclass);
  }

  // copies of what it holds, each in a frame that moves on; inner copies are made first
  void read_replicate(const Element& element, BodySpec& body, const Pose& outer, int childclass) {
    if (!count_element(element)) return;
    Attributes a(element, spec_);
    int count = 0;
    Vec offset = {0, 0, 0}, angles = {0, 0, 0};
    std::string separator;
    if (!a.has("count")) a.malformed("", "count: is missing");
    if (a.take("count", count) && count < 0) a.malformed("count", "is negative");
    a.take("offset", offset);
    a.take("euler", angles);
    if (a.take_path("sep", separator) && !is_valid_name(separator)) {
      a.malformed("sep", "is no part of a name: use UTF-8 without control characters");
      separator.clear();
    }
    childclass = take_childclass(a, "childclass", childclass);
    a.finish(true);
    BodySpec subtree;
    subtree.place = element.place;
    read_children(element, subtree, Pose(), childclass);
    if (!subtree.joints.empty() || subtree.has_inertial) {
      a.malformed("", "joints and inertias belong into a <body> inside of it");
    }
    Names inside;
    add_names(subtree, false, inside);
    const Dependents dependents = take_dependents(spec_, inside);
    // copies of nothing are nothing, however many
    const int64_t objects = count_objects(subtree) + size(dependents);
    if (objects == 0 ||
        !book_copies(std::max<int64_t>(count, 0) * objects, element.place, a.title(), spec_)) {
      return;
    }
    const auto rotation = [&](double times) {
      std::string why;
      Orientation o{Orientation::Form::euler, {}};
      for (int i = 0; i < 3; ++i) o.v[i] = times * angles[i];
      return resolve(o, spec_.compiler, why);
    };
    const size_t digits = std::to_string(std::max(count - 1, 0)).size();
    Pose at;
    for (int i = 0; i < count; ++i) {
      at.quat = rotation(i);
      std::string number = std::to_string(i);
      number.insert(0, digits - number.size(), '0');
      const Renaming to{"", separator + number};
      BodySpec copy = subtree;
      Dependents renamed = dependents;
      rename(to, copy);
      rename(to, inside, renamed);
      if (i > 0) {
        forget_attached_keys(copy);
        forget_attached_keys(renamed);
      }
      adopt_children(std::move(copy), compose(outer, at), body);
      append(renamed, spec_);
      at.pos = add(at.pos, rotate(at.quat, offset));
    }
  }

  // a part of another model, or a copy of a body that stands above
  void read_attach(const Element& element, BodySpec& body, const Pose& frame) {
    if (!count_element(element)) return;
    Attributes a(element, spec_);
    std::string model, part, prefix;
    a.take_name("model", model);
    a.take_name("body", part);
    if (!a.has("prefix")) a.malformed("", "prefix: is missing");
    a.take_path("prefix", prefix);
    if (!is_valid_name(prefix)) a.malformed("prefix", "is no part of a name");
    a.refuse("frame", "parts are bodies: attach the body in the frame");
    a.finish();
    if (a.has("frame")) return;
    if (model.empty()) {
      return a.unsupported("",
                           "a model cannot be attached to itself: put the part into a file of "
                           "its own and name it as <asset><model>");
    }
    const auto found = spec_.models.find(model);
    if (found == spec_.models.end()) {
      return a.malformed("model", "no <asset><model> of this name");
    }
    const Spec& child = *found->second;
    const BodySpec* found_part = part.empty() ? &child.world : find_body(child.world, part);
    if (!found_part) return a.malformed("body", "the model has no body of this name");
    attach(child, *found_part, prefix, frame, element.place, body, spec_);
  }

  static const BodySpec* find_body(const BodySpec& body, const std::string& name) {
    for (const BodySpec& child : body.bodies) {
      if (child.name == name) return &child;
      if (const BodySpec* found = find_body(child, name)) return found;
    }
    return nullptr;
  }

  // each takes time that grows with the file
  bool count_element(const Element& element) {
    if (++copy_elements_ <= limits::kCopyElements) return true;
    if (copy_elements_ == limits::kCopyElements + 1) {
      spec_.problems.malformed(element.place, element.tag,
                               "more than " + std::to_string(limits::kCopyElements) +
                                   " <replicate> and <attach> elements");
    }
    return false;
  }

  int take_childclass(Attributes& a, const char* attribute, int fallback) {
    std::string name;
    if (!a.take_name(attribute, name)) return fallback;
    const auto found = defaults_.by_name.find(name);
    if (found != defaults_.by_name.end()) return found->second;
    a.malformed(attribute, "no default class of this name");
    return fallback;
  }

  int copy_elements_ = 0;
  std::set<std::string> frame_names_;
  const Defaults& defaults_;
  Spec& spec_;
};

}  // namespace

bool take_orientation(Attributes& a, Orientation& orientation) {
  const std::pair<const char*, int> forms[] = {
      {"quat", 4}, {"axisangle", 4}, {"xyaxes", 6}, {"zaxis", 3}, {"euler", 3}};
  int given = 0;
  for (int form = 0; form < 5; ++form) {
    std::array<double, 6> v = {};
    if (!a.has(forms[form].first)) {
      a.claim(forms[form].first);
      continue;
    }
    if (++given > 1) a.malformed(forms[form].first, "the orientation is given twice");
    if (a.take(forms[form].first, v.data(), forms[form].second, forms[form].second) == 0) continue;
    orientation.form = static_cast<Orientation::Form>(form);
    orientation.v = v;
  }
  return given > 0;
}

void read_joint(Attributes& a, JointSpec& joint) {
  a.take("type", joint.type,
         {{"free", JointType::free},
          {"ball", JointType::ball},
          {"slide", JointType::slide},
          {"hinge", JointType::hinge}});
  a.take("pos", joint.pos);
  a.take("axis", joint.axis);
  a.take("limited", joint.limited);
  a.take("range", joint.range);
  a.take("actuatorfrclimited", joint.actuatorfrclimited);
  a.take("actuatorfrcrange", joint.actuatorfrcrange);
  a.take("ref", joint.ref);
  a.take("springref", joint.springref);
  a.take("armature", joint.armature);
  a.take("frictionloss", joint.frictionloss);
  a.take("margin", joint.margin);
  a.take("solreflimit", joint.solref_limit, 1);
  a.take("solimplimit", joint.solimp_limit, 1);
  a.take("solreffriction", joint.solref_friction, 1);
  a.take("solimpfriction", joint.solimp_friction, 1);
  a.take("group", joint.group);
  // polynomial springs and dampers
  const auto take_polynomial = [&](const char* name, double& linear, std::array<double, 2>& poly) {
    double v[3] = {linear, poly[0], poly[1]};
    a.take(name, v, 1, 3);
    linear = v[0];
    poly = {v[1], v[2]};
  };
  take_polynomial("stiffness", joint.stiffness, joint.stiffness_poly);
  take_polynomial("damping", joint.damping, joint.damping_poly);
  a.take("springdamper", joint.springdamper);
  a.refuse_nonzero("springyield", "the engine has no plastic springs");
  a.take("actuatorgravcomp", joint.actuatorgravcomp);
  a.report({"user"});
}

void read_freejoint(Attributes& a, JointSpec& joint) {
  joint.type = JointType::free;
  a.take("group", joint.group);
  a.take("align", joint.align);
}

void read_geom(Attributes& a, GeomSpec& geom) {
  take_shape(a, geom.type);
  a.take("pos", geom.pos);
  take_orientation(a, geom.orientation);
  a.take("size", geom.size, 1);
  a.take("fromto", geom.fromto);
  a.take("mass", geom.mass);
  a.take("density", geom.density);
  a.take("shellinertia", geom.shellinertia);
  a.take("contype", geom.contype);
  a.take("conaffinity", geom.conaffinity);
  a.take("condim", geom.condim);
  a.take("priority", geom.priority);
  a.take("group", geom.group);
  a.take("friction", geom.friction, 1);
  a.take("solmix", geom.solmix);
  a.take("solref", geom.solref, 1);
  a.take("solimp", geom.solimp, 1);
  a.take("margin", geom.margin);
  a.take("gap", geom.gap);
  a.take_name("mesh", geom.mesh);
  a.take_name("hfield", geom.hfield);
  a.take("fitscale", geom.fitscale);
  a.take_name("material", geom.material);
  a.take_color("rgba", geom.rgba);
  a.take("adhesion", geom.adhesion);
  a.take("surfacevel", geom.surfacevel, 1);
  a.take("fluidshape", geom.fluid_ellipsoid, {{"none", false}, {"ellipsoid", true}});
  a.take("fluidcoef", geom.fluidcoef, 1);
  a.report({"castshadow", "user"});
}

void read_site(Attributes& a, SiteSpec& site) {
  take_shape(a, site.type);
  a.take("pos", site.pos);
  take_orientation(a, site.orientation);
  a.take("size", site.size, 1);
  a.take("fromto", site.fromto);
  a.take("group", site.group);
  a.take_name("mesh", site.mesh);
  a.take_name("material", site.material);
  a.take_color("rgba", site.rgba);
  a.report({"user"});
}

void read_world(const Element& element, const Defaults& defaults, Spec& spec) {
  // the world has no attributes
  Attributes(element, spec).finish(true);
  BodyReader(defaults, spec).read_children(element, spec.world, Pose(), 0);
}

}  // namespace motorium
