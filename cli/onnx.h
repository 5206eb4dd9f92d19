// Policies as ONNX files: opset 18, input `obs` [batch, n], output `actions` [batch, m], normaliser
// and deterministic mean inside, metadata as strings.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "motorium/policy/nn/policy.h"

namespace motorium::cli {

std::vector<uint8_t> to_onnx(const Policy& policy);

// Writes the file durably; throws Error.
void write_onnx(const Policy& policy, const std::string& path);

}  // namespace motorium::cli
