#include "motorium/physics/spec/write_mjcf.h"

#include "motorium/physics/spec/pose.h"
#include "motorium/physics/spec/write_xml.h"

namespace motorium {
namespace {

Element& add(Element& parent, const char* tag) {
  parent.children.emplace_back();
  parent.children.back().tag = tag;
  return parent.children.back();
}

void set(Element& element, const char* name, const std::string& value) {
  for (Attribute& a : element.attributes) {
    if (a.name == name) a.value = value;
  }
  if (!element.find(name)) element.attributes.push_back({name, value});
}

// default classes are gone: what a viewer takes from them is lost, names are not
Element without_class(Element element) {
  std::erase_if(element.attributes,
                [](const Attribute& a) { return a.name == "class" || a.name == "childclass"; });
  return element;
}

bool same_frame(const Pose& a, const Pose& b) { return a.pos == b.pos && a.quat == b.quat; }

class MjcfWriter {
 public:
  MjcfWriter(const Spec& spec, const WriteOptions& options) : spec_(spec), options_(options) {}

  std::string run() {
    root_.tag = "mujoco";
    root_.attributes.push_back({"model", spec_.name});
    compiler();
    option();
    if (spec_.nkey > 0) set(add(root_, "size"), "nkey", std::to_string(spec_.nkey));
    for (const char* tag : {"visual", "statistic"}) copy_viewer(tag, root_);
    assets();
    section("contact", spec_.pairs, "pair");
    section("contact", spec_.excludes, "exclude");
    Element& world = add(root_, "worldbody");
    body_content(spec_.world, world);
    equalities();
    tendons();
    section("actuator", spec_.actuators, "general");
    sensors();
    section("keyframe", spec_.keys, "key");
    std::string out;
    append_xml(root_, 0, out);
    return out;
  }

 private:
  // the section of this name, made when it is first needed
  Element& in_section(const char* name) {
    for (Element& child : root_.children) {
      if (child.tag == name) return child;
    }
    return add(root_, name);
  }

  template <class Item>
  void section(const char* name, const std::vector<Item>& items, const char* tag) {
    for (const Item& item : items) append_attributes(item, add(in_section(name), tag));
  }

  void compiler() {
    CompilerSpec c = spec_.compiler;
    // files that are placed anew have their whole path in their name
    if (options_.place) {
      c.meshdir = c.texturedir = "";
      c.strippath = false;
    }
    Element e;
    e.tag = "compiler";
    append_attributes(c, e);
    if (!c.degree) e.attributes.push_back({"angle", "radian"});
    Element range;
    range.tag = "lengthrange";
    append_attributes(c.lengthrange, range);
    if (!range.attributes.empty()) e.children.push_back(std::move(range));
    if (!e.attributes.empty() || !e.children.empty()) root_.children.push_back(std::move(e));
  }

  void option() {
    Element e;
    e.tag = "option";
    append_attributes(spec_.option, e);
    Element flag;
    flag.tag = "flag";
    const uint32_t usual = OptionSpec().flags;
    for (const auto& [word, bit] : flag_words()) {
      const bool on = spec_.option.flags & bit;
      if (on != bool(usual & bit)) flag.attributes.push_back({word, on ? "enable" : "disable"});
    }
    if (!flag.attributes.empty()) e.children.push_back(std::move(flag));
    if (!e.attributes.empty() || !e.children.empty()) root_.children.push_back(std::move(e));
  }

  // ---- assets ----------------------------------------------------------------------------------

  std::string source_of(const std::string& file, const std::string& folder) const {
    const size_t slash = file.rfind('/');
    std::string path =
        spec_.compiler.strippath && slash != file.npos ? file.substr(slash + 1) : file;
    if (!folder.empty()) path = folder + "/" + path;
    return spec_.folder.empty() ? path : spec_.folder + "/" + path;
  }

  void copy_viewer(const char* tag, Element& parent) {
    size_t material = 0;
    for (const Element& element : spec_.viewer) {
      if (element.tag != tag) continue;
      Element copy = without_class(element);
      // what rays see of a material may come from its class
      if (element.tag == "material") set(copy, "rgba", text_of(spec_.materials[material++].rgba));
      for (Element& child : copy.children) child = without_class(child);
      for (Attribute& a : copy.attributes) {
        if (!options_.place || a.name.compare(0, 4, "file") != 0) continue;
        const std::string& folder =
            element.tag == "skin" ? spec_.compiler.meshdir : spec_.compiler.texturedir;
        a.value = options_.place(source_of(a.value, folder), a.value);
      }
      parent.children.push_back(std::move(copy));
    }
  }

  void assets() {
    Element e;
    e.tag = "asset";
    for (const char* tag : {"texture", "material"}) copy_viewer(tag, e);
    for (const MeshSpec& m : spec_.meshes) mesh(m, add(e, "mesh"));
    for (const HfieldSpec& h : spec_.hfields) hfield(h, add(e, "hfield"));
    if (!e.children.empty()) root_.children.push_back(std::move(e));
    Element skins;
    skins.tag = "deformable";
    copy_viewer("skin", skins);
    if (!skins.children.empty()) root_.children.push_back(std::move(skins));
  }

  void mesh(const MeshSpec& m, Element& e) {
    append_attributes(m, e);
    if (m.file.empty()) return inline_mesh(m, e);
    if (options_.place) {
      const bool located = !m.source.empty();
      const std::string source = located ? m.source : source_of(m.file, spec_.compiler.meshdir);
      return set(e, "file", options_.place(source, m.file));
    }
    // a path that MJCF cannot hold
    if (m.file.find("://") == m.file.npos && m.file[0] != '/') return;
    std::erase_if(e.attributes, [](const Attribute& a) { return a.name == "file"; });
    inline_mesh(m, e);
  }

  void inline_mesh(const MeshSpec& m, Element& e) {
    e.attributes.push_back({"vertex", text_of(m.vertex)});
    if (!m.face.empty()) e.attributes.push_back({"face", text_of(m.face)});
  }

  // MJCF gives the rows from +y to -y
  void hfield(const HfieldSpec& h, Element& e) {
    append_attributes(h, e);
    std::vector<float> rows;
    rows.reserve(h.elevation.size());
    const auto width = static_cast<std::ptrdiff_t>(h.ncol);
    for (std::ptrdiff_t r = h.nrow; r-- > 0;)
      rows.insert(rows.end(), h.elevation.begin() + r * width,
                  h.elevation.begin() + (r + 1) * width);
    e.attributes.push_back({"elevation", text_of(rows)});
  }

  // ---- bodies ----------------------------------------------------------------------------------

  // where an item goes: into its body, or into the <frame> that it was given in
  Element& in_frame(Element& body, const Pose& frame, Pose& open) {
    if (same_frame(frame, Pose())) return body;
    const bool continues =
        !body.children.empty() && body.children.back().tag == "frame" && same_frame(frame, open);
    if (continues) return body.children.back();
    open = frame;
    Element& e = add(body, "frame");
    set(e, "pos", text_of(frame.pos));
    set(e, "quat", text_of(frame.quat));
    return e;
  }

  template <class Item> void items(const std::vector<Item>& all, const char* tag, Element& body) {
    Pose open;
    for (const Item& item : all)
      append_attributes(item, add(in_frame(body, item.frame, open), tag));
  }

  void cameras(const std::vector<CameraSpec>& all, Element& body) {
    Pose open;
    for (const CameraSpec& camera : all) {
      Element& e = add(in_frame(body, camera.frame, open), "camera");
      append_attributes(camera, e);
      if (camera.orthographic) set(e, "projection", "orthographic");
    }
  }

  void joints(const std::vector<JointSpec>& all, Element& body) {
    Pose open;
    for (const JointSpec& joint : all) {
      Element& e = add(in_frame(body, joint.frame, open), "joint");
      append_attributes(joint, e);
      if (joint.type != JointType::free || joint.align == Tristate::automatic) continue;
      // only <freejoint> says whether to align; it has no dynamics
      e.tag = "freejoint";
      std::erase_if(e.attributes,
                    [](const Attribute& a) { return a.name != "name" && a.name != "group"; });
      set(e, "align", text_of(joint.align));
    }
  }

  void inertial(const InertialSpec& given, Element& body) {
    InertialSpec in = given;
    // an <inertial> stands in its body itself
    if (!same_frame(in.frame, Pose())) {
      Pose pose{in.pos, {1, 0, 0, 0}};
      std::string why;
      if (std::isnan(in.fullinertia[0])) {
        pose.quat = resolve(in.orientation, spec_.compiler, why);
      } else {
        const auto& f = in.fullinertia;
        principal_axes({f[0], f[3], f[4], f[3], f[1], f[5], f[4], f[5], f[2]}, kBodyAxesTolerance,
                       in.diaginertia, pose.quat);
        in.fullinertia[0] = kNotGiven;
      }
      pose = compose(in.frame, pose);
      in.pos = pose.pos;
      in.orientation = Orientation();
      for (int i = 0; i < 4; ++i) in.orientation.v[i] = pose.quat[i];
    }
    Element& e = add(body, "inertial");
    append_attributes(in, e);
    set(e, "mass", text_of(in.mass));
  }

  void body_content(const BodySpec& b, Element& e) {
    if (b.has_inertial) inertial(b.inertial, e);
    joints(b.joints, e);
    items(b.geoms, "geom", e);
    items(b.sites, "site", e);
    cameras(b.cameras, e);
    for (const Element& viewer : b.viewer) e.children.push_back(without_class(viewer));
    Pose open;
    for (const BodySpec& child : b.bodies) {
      Element& inner = add(in_frame(e, child.frame, open), "body");
      append_attributes(child, inner);
      body_content(child, inner);
    }
  }

  // ---- what refers to bodies -------------------------------------------------------------------

  void equalities() {
    for (const EqualitySpec& equality : spec_.equalities) {
      append_attributes(equality, add(in_section("equality"), word_of(equality.type).c_str()));
    }
  }

  void tendons() {
    for (const TendonSpec& tendon : spec_.tendons) {
      const bool fixed = tendon.type == TendonType::fixed;
      Element& e = add(in_section("tendon"), fixed ? "fixed" : "spatial");
      append_attributes(tendon, e);
      for (const WrapSpec& wrap : tendon.path) {
        append_attributes(wrap, add(e, word_of(wrap.type).c_str()));
      }
    }
  }

  void sensors() {
    for (const SensorSpec& sensor : spec_.sensors) {
      Element& e = add(in_section("sensor"), sensor.tag.c_str());
      append_attributes(sensor, e);
    }
  }

  const Spec& spec_;
  const WriteOptions& options_;
  Element root_;
};

}  // namespace

std::string write_mjcf(const Spec& spec, const WriteOptions& options) {
  return MjcfWriter(spec, options).run();
}

}  // namespace motorium
