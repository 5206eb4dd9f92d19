// Which numbers of a model a world may have for itself, what each may be, and what follows from it.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "motorium/physics/model.h"

namespace motorium {

// a number that is not allowed; index -1: all are
struct OverrideFault {
  long index = -1;
  std::string allowed;
};

struct OverrideRule {
  const char* field;
  uint32_t follows;                                           // groups of compile/rederive.h
  OverrideFault (*check)(const Model& m, const double* row);  // the field's numbers of one world
};

// fields of MOTORIUM_MODEL_OVERRIDES that are not derived
const std::vector<OverrideRule>& override_rules();
// null: no such field
const OverrideRule* find_override_rule(const std::string& field);
std::vector<std::string> override_names();
// a field of MOTORIUM_MODEL_OVERRIDES, derived ones included, or null
const std::vector<double>* override_field(const Model& m, const std::string& field);
std::vector<double>* override_field(Model& m, const std::string& field);

}  // namespace motorium
