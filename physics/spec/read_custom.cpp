// custom data: kept as it is, for whoever uses the model
#include "motorium/core/limits.h"
#include "motorium/physics/spec/read_elements.h"
#include "motorium/physics/spec/text.h"

namespace motorium {
namespace {

constexpr int kMostNumbers = 500;

void take_required_name(Attributes& a, std::string& name) {
  if (!a.has("name")) a.malformed("", "name: is missing");
  a.take_name("name", name);
}

void read_numeric(Attributes& a, Spec& spec) {
  NumericSpec numeric;
  numeric.place = a.place();
  take_required_name(a, numeric.name);
  a.take("data", numeric.data);
  int size = static_cast<int>(numeric.data.size());
  a.take("size", size);
  if (size < 1 || size > kMostNumbers) {
    a.malformed("", "has " + std::to_string(size) + " numbers: give 1 to 500");
  } else if (size < static_cast<int>(numeric.data.size())) {
    a.malformed("data", "has more numbers than size says");
  } else {
    numeric.data.resize(size, 0);
  }
  a.finish();
  spec.numerics.push_back(std::move(numeric));
}

void read_text(Attributes& a, Spec& spec) {
  TextSpec text;
  text.place = a.place();
  take_required_name(a, text.name);
  if (!a.has("data")) a.malformed("", "data: is missing");
  a.take_path("data", text.data);
  if (a.has("data") && text.data.empty()) a.malformed("data", "is empty");
  a.finish();
  spec.texts.push_back(std::move(text));
}

void read_tuple(Attributes& a, Spec& spec) {
  TupleSpec tuple;
  tuple.place = a.place();
  take_required_name(a, tuple.name);
  a.finish(true);
  for (const Element& child : a.element().children) {
    if (child.tag != "element") {
      unknown_element(child, "tuple", {"element"}, spec);
      continue;
    }
    Attributes item(child, spec);
    TupleSpec::Item out;
    const std::string* type = item.claim("objtype");
    if (type) out.type = *type;
    const std::vector<std::string_view> known = words_of(
        "body xbody joint geom site camera light flex mesh skin hfield texture material pair "
        "exclude "
        "equality tendon actuator sensor numeric text tuple key plugin frame default");
    bool found = false;
    for (const std::string_view word : known) found = found || out.type == word;
    if (!found) {
      item.malformed(type ? "objtype" : "", type ? "is no kind of object" : "objtype: is missing");
    }
    if (!item.has("objname")) item.malformed("", "objname: is missing");
    item.take_name("objname", out.name);
    item.take("prm", out.prm);
    item.finish();
    tuple.items.push_back(std::move(out));
  }
  spec.tuples.push_back(std::move(tuple));
}

}  // namespace

void read_custom(const Element& element, Spec& spec) {
  Attributes(element, spec).finish(true);
  for (const Element& child : element.children) {
    Attributes a(child, spec);
    if (child.tag == "numeric") {
      read_numeric(a, spec);
    } else if (child.tag == "text") {
      read_text(a, spec);
    } else if (child.tag == "tuple") {
      read_tuple(a, spec);
    } else {
      unknown_element(child, "custom", {"numeric", "text", "tuple"}, spec);
    }
  }
}

}  // namespace motorium
