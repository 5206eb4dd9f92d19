#include "motorium/physics/spec/xml_tree.h"

#include <algorithm>
#include <pugixml.hpp>
#include <set>

#include "motorium/core/error.h"
#include "motorium/core/limits.h"
#include "motorium/physics/spec/text.h"

namespace motorium {
namespace {

// one file: text and the offsets of its lines
struct File {
  int id = 0;
  std::string folder;  // of the file, "" or "a/b/"
  std::vector<size_t> line_ends;

  int line_of(ptrdiff_t offset) const {
    const auto at = std::lower_bound(line_ends.begin(), line_ends.end(),
                                     static_cast<size_t>(std::max<ptrdiff_t>(offset, 0)));
    return static_cast<int>(at - line_ends.begin()) + 1;
  }
};

class TreeReader {
 public:
  TreeReader(const Folder& folder, Problems& problems) : folder_(folder), problems_(problems) {}

  // Appends the elements of the file's root to `into`; the root itself is returned for the top
  // file.
  Element read_file(const std::string& text, const std::string& path, int include_depth) {
    File file;
    file.id = static_cast<int>(problems_.files.size());
    problems_.files.push_back(path);
    file.folder = folder_of(path);
    for (size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\n') file.line_ends.push_back(i);
    }
    bytes_ += text.size();
    if (bytes_ > limits::kModelBytes) {
      stop({file.id, 1}, "file",
           "all files together exceed " + std::to_string(limits::kModelBytes) + " bytes");
    }
    // elements are counted before the parser makes nodes of them
    int opened = 0;
    for (size_t i = 0; i + 1 < text.size(); ++i) {
      const bool opens = text[i] == '<' && text[i + 1] != '/' && text[i + 1] != '!';
      if (opens && ++opened > limits::kXmlElements) {
        stop({file.id, file.line_of(static_cast<ptrdiff_t>(i))}, "file",
             "more than " + std::to_string(limits::kXmlElements) + " elements");
      }
    }
    pugi::xml_document document;
    const pugi::xml_parse_result result =
        document.load_buffer(text.data(), text.size(), pugi::parse_default, pugi::encoding_utf8);
    if (!result) {
      stop({file.id, file.line_of(result.offset)}, "file",
           std::string("is not well-formed XML: ") + result.description());
    }
    pugi::xml_node root;
    for (const pugi::xml_node node : document.children()) {
      if (node.type() != pugi::node_element) continue;
      if (root) stop({file.id, file.line_of(node.offset_debug())}, "file", "has two roots");
      root = node;
    }
    if (!root) stop({file.id, 1}, "file", "holds no element");
    Element top;
    copy(root, file, 1, include_depth, top);
    return top;
  }

 private:
  [[noreturn]] void stop(Place place, const std::string& element, const std::string& what) {
    problems_.malformed(place, element, what);
    problems_.throw_if_any();
    throw Error(what);
  }

  void copy(const pugi::xml_node& node, const File& file, int depth, int include_depth,
            Element& out) {
    out.place = {file.id, file.line_of(node.offset_debug())};
    out.tag = node.name();
    const std::string shown = printable(out.tag);
    if (++elements_ > limits::kXmlElements) {
      stop(out.place, shown, "more than " + std::to_string(limits::kXmlElements) + " elements");
    }
    if (depth > limits::kXmlDepth) {
      stop(out.place, shown, "nested deeper than " + std::to_string(limits::kXmlDepth));
    }
    copy_attributes(node, shown, out);
    for (const pugi::xml_node child : node.children()) {
      if (child.type() == pugi::node_pcdata || child.type() == pugi::node_cdata) {
        out.has_text = true;
      }
      if (child.type() != pugi::node_element) continue;
      if (std::string(child.name()) == "include") {
        include(child, file, depth, include_depth, out);
      } else {
        out.children.emplace_back();
        copy(child, file, depth + 1, include_depth, out.children.back());
      }
    }
  }

  void copy_attributes(const pugi::xml_node& node, const std::string& shown, Element& out) {
    for (const pugi::xml_attribute& attribute : node.attributes()) {
      if (static_cast<int>(out.attributes.size()) >= limits::kXmlAttributes) {
        stop(out.place, shown,
             "more than " + std::to_string(limits::kXmlAttributes) + " attributes");
      }
      Attribute copied{attribute.name(), attribute.value()};
      if (out.find(copied.name)) {
        problems_.malformed(out.place, shown, printable(copied.name) + ": given twice");
        continue;
      }
      if (copied.value.size() > limits::kXmlValueBytes) {
        stop(out.place, shown,
             printable(copied.name) + ": longer than " + std::to_string(limits::kXmlValueBytes) +
                 " bytes");
      }
      out.attributes.push_back(std::move(copied));
    }
  }

  void include(const pugi::xml_node& node, const File& file, int depth, int include_depth,
               Element& parent) {
    const Place place{file.id, file.line_of(node.offset_debug())};
    const std::string wanted = node.attribute("file").value();
    if (wanted.empty()) {
      problems_.malformed(place, "include", "file: is missing: name the file to include");
      return;
    }
    for (const pugi::xml_attribute& attribute : node.attributes()) {
      if (std::string(attribute.name()) == "file") continue;
      problems_.malformed(place, "include",
                          printable(attribute.name()) + ": unknown attribute: use file");
    }
    const std::string shown = "include: file=\"" + printable(wanted) + "\"";
    if (include_depth + 1 > limits::kIncludeDepth) {
      stop(place, shown, "nested deeper than " + std::to_string(limits::kIncludeDepth));
    }
    if (static_cast<int>(problems_.files.size()) >= limits::kModelFiles) {
      stop(place, shown, "more than " + std::to_string(limits::kModelFiles) + " files");
    }
    std::string path, text;
    try {
      path = include_path(wanted, file);
      if (!included_.insert(path).second || path == problems_.files[0]) {
        problems_.malformed(place, shown, "is included twice: a file may be included once");
        return;
      }
      const Bytes bytes = folder_.read(path, limits::kModelBytes);
      text.assign(bytes.begin(), bytes.end());
    } catch (const Error& error) {
      problems_.malformed(place, shown, error.what());
      return;
    }
    Element root = read_file(text, path, include_depth + 1);
    if (root.tag != "mujoco" && root.tag != "mujocoinclude") {
      problems_.malformed(root.place, printable(root.tag),
                          "an included file starts with <mujoco> or <mujocoinclude>");
    }
    // depth of the included elements counts from where they end up
    if (depth + height(root) - 1 > limits::kXmlDepth) {
      stop(place, shown, "nested deeper than " + std::to_string(limits::kXmlDepth));
    }
    for (Element& child : root.children) parent.children.push_back(std::move(child));
  }

  // beside the main file, or else beside the including one
  std::string include_path(const std::string& wanted, const File& file) const {
    return find_path(folder_, folder_of(problems_.files[0]), file.folder, wanted);
  }

  static int height(const Element& element) {
    int most = 0;
    for (const Element& child : element.children) most = std::max(most, height(child));
    return most + 1;
  }

  const Folder& folder_;
  Problems& problems_;
  std::set<std::string> included_;
  size_t bytes_ = 0;
  int elements_ = 0;
};

}  // namespace

const std::string* Element::find(const std::string& name) const {
  for (const Attribute& attribute : attributes) {
    if (attribute.name == name) return &attribute.value;
  }
  return nullptr;
}

Element read_xml(const std::string& text, const std::string& path, const Folder& folder,
                 Problems& problems) {
  return TreeReader(folder, problems).read_file(text, path, 0);
}

}  // namespace motorium
