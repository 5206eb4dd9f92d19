// <asset><model>: another model file, of which <attach> takes parts
#include <algorithm>

#include "motorium/core/error.h"
#include "motorium/core/limits.h"
#include "motorium/physics/spec/read_elements.h"
#include "motorium/physics/spec/text.h"

namespace motorium {
namespace {

template <class Items> void shift(Items& items, int files) {
  for (auto& item : items) item.place.file += files;
}

void shift(BodySpec& body, int files) {
  body.place.file += files;
  body.inertial.place.file += files;
  shift(body.joints, files);
  shift(body.geoms, files);
  shift(body.sites, files);
  for (Element& element : body.viewer) element.place.file += files;
  for (BodySpec& child : body.bodies) shift(child, files);
}

// its lines stand in files that the scene lists behind its own
void shift(Spec& spec, int files) {
  shift(spec.meshes, files);
  shift(spec.hfields, files);
  shift(spec.world, files);
  shift(spec.pairs, files);
  shift(spec.excludes, files);
  shift(spec.equalities, files);
  shift(spec.tendons, files);
  for (TendonSpec& t : spec.tendons) shift(t.path, files);
  shift(spec.actuators, files);
  shift(spec.sensors, files);
  shift(spec.keys, files);
  shift(spec.numerics, files);
  shift(spec.texts, files);
  shift(spec.tuples, files);
}

}  // namespace

void read_model_asset(const Element& element, const Folder& folder, ModelFiles& files, Spec& spec) {
  Attributes a(element, spec);
  std::string name, file, content_type = "text/xml";
  a.take_name("name", name);
  a.take_path("file", file);
  a.take_path("content_type", content_type);
  a.finish();
  if (content_type != "text/xml") a.unsupported("content_type", "the engine reads text/xml");
  if (file.empty()) return a.malformed("", "file: is missing");
  if (++files.count > limits::kModelFiles ||
      files.open.size() > static_cast<size_t>(limits::kIncludeDepth)) {
    return a.malformed("file", "more than " + std::to_string(limits::kModelFiles) +
                                   " attached models, or nested deeper than " +
                                   std::to_string(limits::kIncludeDepth));
  }
  std::string path;
  try {
    path = join_path(folder_of(spec.problems.files[0]), file, folder.above());
    if (std::find(files.open.begin(), files.open.end(), path) != files.open.end()) {
      return a.malformed("file", "is a model that attaches itself");
    }
    const Bytes bytes = folder.read(path, limits::kModelBytes);
    files.open.push_back(path);
    Spec child = read_model_file(std::string(bytes.begin(), bytes.end()), path, folder,
                                 {.newton = spec.newton}, files);
    files.open.pop_back();
    if (name.empty()) name = child.name;
    shift(child, static_cast<int>(spec.problems.files.size()));
    for (const std::string& f : child.problems.files) spec.problems.files.push_back(f);
    if (!spec.models.emplace(name, std::make_shared<const Spec>(std::move(child))).second) {
      a.malformed("name", "a model of this name exists");
    }
  } catch (const UnsupportedModel& error) {
    if (files.open.back() == path) files.open.pop_back();
    a.unsupported("file", "cannot be attached:\n" + std::string(error.what()));
  } catch (const Error& error) {
    if (files.open.back() == path) files.open.pop_back();
    a.malformed("file", "cannot be attached:\n" + std::string(error.what()));
  }
}

}  // namespace motorium
