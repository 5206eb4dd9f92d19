// Names of the activation functions; the functions are in pointwise.h.
#pragma once

namespace motorium {

enum class Activation { none, elu, tanh, swish, relu };

}  // namespace motorium
