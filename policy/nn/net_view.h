// What kernels see of a multi-layer perceptron: pointers, sizes, strides.
//
// Parameters lie in one array so that Adam and gradient sums are one loop: per layer the weight
// (out rows of padded(in) floats), then the bias (padded(out) floats). Padding is zero and stays
// zero, because its inputs, and so its gradients, are zero.
#pragma once
#include "motorium/core/trace_lane.h"
#include "motorium/policy/nn/activation.h"
#include "motorium/policy/nn/gemm.h"

namespace motorium {

constexpr int kMaxLayers = 8;
constexpr int kMaxWidth = 4096;  // of any layer; GEMM is tuned for 512

struct NetView {
  int layers = 0;
  int sizes[kMaxLayers + 1] = {};           // inputs, hidden ..., outputs
  Activation activation = Activation::elu;  // after all layers but the last
  float* parameters = nullptr;
  float* forward_pack[kMaxLayers] = {};   // panels of the transposed weight
  float* backward_pack[kMaxLayers] = {};  // panels of the weight; unused in layer 0

  FN int in(int layer) const { return sizes[layer]; }
  FN int out(int layer) const { return sizes[layer + 1]; }
  FN int inputs() const { return sizes[0]; }
  FN int outputs() const { return sizes[layers]; }
  // where the layer's weight and bias start in the parameter array (or in a gradient like it)
  FN long weight_at(int layer) const {
    long at = 0;
    for (int l = 0; l < layer; ++l) at += long(out(l)) * padded(in(l)) + padded(out(l));
    return at;
  }
  FN long bias_at(int layer) const {
    return weight_at(layer) + long(out(layer)) * padded(in(layer));
  }
  FN long count() const { return weight_at(layers); }
};

// Buffers of a chunk of rows. Row strides are padded by 16 floats more than the width needs: a
// power of two would map all rows of a panel to a few cache sets.
FN int row_stride(int width) { return padded(width) + kLanes; }

struct NetBuffers {
  float* y[kMaxLayers + 1] = {};  // y[0]: inputs; y[l+1]: outputs of layer l
  float* x[kMaxLayers + 1] = {};  // the same before the activation: swish alone, else null
  float* d[2] = {};               // gradient with respect to y[l], even and odd l
  int* cells[2] = {};             // operands of a product in pairs; null: there are none
  int d_stride = 0;               // of both d; a caller writes dL/d(output) to d[layers & 1]
  TraceLane* trace = nullptr;     // told of "products" and "pointwise"; null: no clock is read
};

}  // namespace motorium
