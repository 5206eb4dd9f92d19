#include "motorium/physics/spec/write_xml.h"

namespace motorium {
namespace {

// characters that XML gives a meaning, and blanks that reading would turn into spaces
std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\n':
        out += "&#10;";
        break;
      case '\t':
        out += "&#9;";
        break;
      case '\r':
        out += "&#13;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

constexpr int kNumbers[] = {4, 4, 6, 3, 3};  // of each form of orientation

}  // namespace

std::string name_of(const Orientation& orientation) {
  static const char* const names[] = {"quat", "axisangle", "xyaxes", "zaxis", "euler"};
  return names[static_cast<int>(orientation.form)];
}

std::string text_of(const Orientation& orientation) {
  std::string out;
  for (int i = 0; i < kNumbers[static_cast<int>(orientation.form)]; ++i) {
    out += (i > 0 ? " " : "") + number_text(orientation.v[i]);
  }
  return out;
}

void append_xml(const Element& element, int indent, std::string& out) {
  out.append(indent, ' ').append("<").append(element.tag);
  for (const Attribute& a : element.attributes) {
    out += " " + a.name + "=\"" + escaped(a.value) + "\"";
  }
  if (element.children.empty()) {
    out += "/>\n";
    return;
  }
  out += ">\n";
  for (const Element& child : element.children) append_xml(child, indent + 2, out);
  out.append(indent, ' ').append("</").append(element.tag).append(">\n");
}

}  // namespace motorium
