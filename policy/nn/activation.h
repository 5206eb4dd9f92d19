// Names of the activation functions; the functions are in pointwise.h.
#pragma once
#include <string>

namespace motorium {

enum class Activation { none, elu, tanh, swish, relu };

// "elu", "tanh", "swish" (also "silu"), "relu", "none"; throws Error for another name.
Activation parse_activation(const std::string& name);
std::string activation_name(Activation a);

}  // namespace motorium
