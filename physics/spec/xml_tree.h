// An XML file as a plain tree: checked against limits, includes expanded, every place remembered.
#pragma once
#include <string>
#include <vector>

#include "motorium/physics/spec/folder.h"
#include "motorium/physics/spec/problems.h"

namespace motorium {

struct Attribute {
  std::string name, value;
};

struct Element {
  std::string tag;
  Place place;
  std::vector<Attribute> attributes;
  std::vector<Element> children;
  bool has_text = false;  // holds text besides elements

  const std::string* find(const std::string& name) const;
};

// Parses `text`, known as `name` in messages, and replaces every <include file="..."/> by the
// children of the included file's root: looked up beside the main file, then beside the including
// one. `path` is the file's place in `folder`. A text that is no XML
// throws through `problems`; smaller defects are collected there.
Element read_xml(const std::string& text, const std::string& path, const Folder& folder,
                 Problems& problems);

}  // namespace motorium
