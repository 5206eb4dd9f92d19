#include "motorium/physics/spec/read_mjcf.h"

#include "motorium/core/error.h"
#include "motorium/core/limits.h"
#include "motorium/physics/spec/copies.h"
#include "motorium/physics/spec/read_elements.h"
#include "motorium/physics/spec/text.h"

namespace motorium {
namespace {

// MJCF elements that the engine lacks: section, name, why and what to use
struct Refusal {
  const char* section;
  const char* tags;
  const char* why;
};

const Refusal kRefusals[] = {
    {"mujoco", "extension", "the engine has no plugins: remove it"},
    {"default", "plugin", "the engine has no plugins: use pid, dcmotor or general"},
    {"actuator", "plugin", "the engine has no plugins: use pid, dcmotor or general"},
    {"worldbody", "composite flexcomp plugin", "the engine has rigid bodies only: write them out"},
    {"deformable", "flex", "the engine has rigid bodies only: remove it"},
    {"equality", "flex flexstrain flexvert", "the engine has rigid bodies only: remove it"},
    {"sensor", "plugin tactile",
     "its readings would come from other code: compute them from the outputs of a step"},
};

void read_deformable(const Element& element, Spec& spec) {
  Attributes(element, spec).finish(true);
  for (const Element& child : element.children) {
    if (child.tag == "skin") {
      read_viewer_element(child, spec);
      spec.viewer.push_back(child);
    } else if (!refuse_known(child, "deformable", spec)) {
      unknown_element(child, "deformable", {"skin"}, spec);
    }
  }
}

void read_viewer_section(const Element& element, Spec& spec) {
  if (element.tag == "statistic" && element.find("meaninertia")) {
    report_once(spec, "statistic/meaninertia: ignored");
  }
  read_viewer_element(element, spec);
  spec.viewer.push_back(element);
}

// the sections in reading order, whatever their order in the file
void read_sections(const Element& root, const Folder& folder, ModelFiles& files, Spec& spec) {
  Defaults defaults;
  defaults.classes.emplace_back();
  defaults.classes[0].name = "main";
  defaults.by_name.emplace("main", 0);
  const char* order[] = {"compiler", "option", "size",     "visual",     "statistic", "default",
                         "custom",   "asset",  "contact",  "deformable", "equality",  "tendon",
                         "actuator", "sensor", "keyframe", "worldbody"};
  for (const std::string section : order) {
    for (const Element& e : root.children) {
      if (e.tag != section) continue;
      if (section == "compiler") read_compiler(e, spec);
      if (section == "option") read_option(e, spec);
      if (section == "size") read_size(e, spec);
      if (section == "visual" || section == "statistic") read_viewer_section(e, spec);
      if (section == "default") read_defaults(e, defaults, spec);
      if (section == "custom") read_custom(e, spec);
      if (section == "asset") read_assets(e, defaults, folder, files, spec);
      if (section == "contact") read_contact_section(e, defaults, spec);
      if (section == "deformable") read_deformable(e, spec);
      if (section == "equality") read_equality_section(e, defaults, spec);
      if (section == "tendon") read_tendon_section(e, defaults, spec);
      if (section == "actuator") read_actuator_section(e, defaults, spec);
      if (section == "sensor") read_sensor_section(e, spec);
      if (section == "keyframe") read_keyframe_section(e, spec);
      if (section == "worldbody") read_world(e, defaults, spec);
    }
  }
  std::vector<std::string_view> known(std::begin(order), std::end(order));
  for (const Element& e : root.children) {
    bool found = false;
    for (const std::string_view name : known) found = found || e.tag == name;
    // parts of the tree outside <worldbody>: MuJoCo accepts them and takes nothing from them
    if (e.tag == "body" || e.tag == "frame") {
      report_once(spec, e.tag + " inside <mujoco>: ignored, it belongs into <worldbody>");
      found = true;
    }
    if (!found && !refuse_known(e, "mujoco", spec)) unknown_element(e, "mujoco", known, spec);
  }
}

}  // namespace

bool refuse_known(const Element& element, const std::string& section, Spec& spec) {
  for (const Refusal& refusal : kRefusals) {
    if (section != refusal.section) continue;
    for (const std::string_view tag : words_of(refusal.tags)) {
      if (element.tag != tag) continue;
      Attributes a(element, spec);
      a.unsupported("", refusal.why);
      return true;
    }
  }
  return false;
}

void unknown_element(const Element& element, const std::string& section,
                     const std::vector<std::string_view>& known, Spec& spec) {
  const std::string near = nearest_word(element.tag, known, spec.problems.full());
  spec.problems.malformed(element.place, Attributes(element, spec).title(),
                          "unknown element inside <" + section + ">" +
                              (near.empty() ? "" : ": did you mean " + near + "?"));
}

Spec read_model_file(const std::string& text, const std::string& path, const Folder& folder,
                     const ReadOptions& options, ModelFiles& files) {
  Spec spec;
  spec.newton = options.newton;
  spec.world.name = "world";
  const Element root = read_xml(text, path, folder, spec.problems);
  if (root.tag != "mujoco") {
    spec.problems.malformed(root.place, printable(root.tag), "a model starts with <mujoco>");
    spec.problems.throw_if_any();
  }
  Attributes a(root, spec);
  a.take_name("model", spec.name);
  a.finish(true);
  read_sections(root, folder, files, spec);
  number_key_slots(spec);
  spec.problems.throw_if_any();
  return spec;
}

Spec read_mjcf_text(const std::string& text, const std::string& path, const Folder& folder,
                    const ReadOptions& options) {
  ModelFiles files;
  files.open.push_back(path);
  return read_model_file(text, path, folder, options, files);
}

Spec read_mjcf(const std::string& path, const Folder& folder, const ReadOptions& options) {
  const Bytes bytes = folder.read(path, limits::kModelBytes);
  return read_mjcf_text(std::string(bytes.begin(), bytes.end()), path, folder, options);
}

}  // namespace motorium
