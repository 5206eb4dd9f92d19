// Forward and backward pass of a multi-layer perceptron for a chunk of rows that fits the cache.
#pragma once
#include "motorium/policy/nn/net_view.h"
#include "motorium/policy/nn/pointwise.h"

namespace motorium {

template <class Real>
STAGE void activate_rows(Activation kind, int rows, int width, int stride, float* y, float* x) {
  constexpr int W = kWidth<Real>;
  for (int r = 0; r < rows; ++r)
    for (int i = 0; i < width; i += W) {
      float* at = y + long(r) * stride + i;
      const Real v = load<Real>(at);
      if (x) store<Real>(x + long(r) * stride + i, v);
      store<Real>(at, activate<Real>(kind, v));
    }
}

// Y[l+1] = activation(bias + Y[l] W')
template <class Real, class Operands>
STAGE void mlp_forward(const NetView& net, const NetBuffers& b, int rows) {
  long at = 0;
  start_stage(b.trace);
  for (int l = 0; l < net.layers; ++l) {
    const int in = net.in(l), width = padded(net.out(l));
    const long bias = at + long(net.out(l)) * padded(in);
    TileArgs t{};
    t.a = b.y[l];
    t.lda = row_stride(in);
    t.b = net.forward_pack[l];
    t.c = b.y[l + 1];
    t.ldc = row_stride(net.out(l));
    t.bias = net.parameters + bias;
    t.depth = Operands::steps(in);
    if constexpr (Operands::paired) {
      Operands::pair_neighbours(rows, padded(in), t.a, t.lda, b.cells[0], t.lda / 2);
      t.a = reinterpret_cast<const float*>(b.cells[0]);
      t.lda /= 2;
    }
    gemm_packed<Real, Operands>(rows, width, t);
    stage_done(b.trace, "products");
    if (l + 1 < net.layers && net.activation != Activation::none) {
      activate_rows<Real>(net.activation, rows, width, t.ldc, b.y[l + 1], b.x[l + 1]);
      stage_done(b.trace, "pointwise");
    }
    at = bias + padded(net.out(l));
  }
}

// sum over rows, each column one chain that goes on from `sum`
template <class Real>
STAGE void add_columns(int rows, int width, const float* d, int stride, float* sum) {
  constexpr int W = kWidth<Real>;
  for (int i = 0; i < width; i += W) {
    Real s = load<Real>(sum + i);
    for (int r = 0; r < rows; ++r) s = s + load<Real>(d + long(r) * stride + i);
    store<Real>(sum + i, s);
  }
}

// d *= activation'(y)
template <class Real>
STAGE void multiply_slope(Activation kind, int rows, int width, const float* y, const float* x,
                          int stride, float* d, int d_stride) {
  constexpr int W = kWidth<Real>;
  for (int r = 0; r < rows; ++r)
    for (int i = 0; i < width; i += W) {
      const Real v = load<Real>(y + long(r) * stride + i);
      const Real u = x ? load<Real>(x + long(r) * stride + i) : v;
      float* at = d + long(r) * d_stride + i;
      store<Real>(at, load<Real>(at) * activation_slope<Real>(kind, v, u));
    }
}

// gradient += that of these rows, in row order; b.d[layers & 1] holds dL/d(output), zero in its
// padding
template <class Real, class Operands>
STAGE void mlp_backward(const NetView& net, const NetBuffers& b, int rows, float* gradient) {
  start_stage(b.trace);
  for (int l = net.layers - 1; l >= 0; --l) {
    const int in = net.in(l), out = net.out(l);
    float* d = b.d[(l + 1) & 1];
    TileArgs t{};
    t.a = d;
    t.lda = b.d_stride;
    t.b = b.y[l];
    t.ldb = row_stride(in);
    t.c = gradient + net.weight_at(l);
    t.ldc = padded(in);
    t.depth = Operands::steps(rows);
    t.add = true;
    if constexpr (Operands::paired) {
      Operands::pair_rows(rows, padded(out), d, t.lda, b.cells[0], t.lda);
      Operands::pair_rows(rows, padded(in), b.y[l], t.ldb, b.cells[1], t.ldb);
      t.a = reinterpret_cast<const float*>(b.cells[0]);
      t.b = reinterpret_cast<const float*>(b.cells[1]);
    }
    gemm_across<Real, Operands>(out, padded(in), t);
    stage_done(b.trace, "products");
    add_columns<Real>(rows, padded(out), d, b.d_stride, gradient + net.bias_at(l));
    stage_done(b.trace, "pointwise");
    if (l == 0) break;

    // inputs of the layer below
    TileArgs u{};
    u.a = d;
    u.lda = b.d_stride;
    u.b = net.backward_pack[l];
    u.c = b.d[l & 1];
    u.ldc = b.d_stride;
    u.depth = Operands::steps(out);
    if constexpr (Operands::paired) {
      Operands::pair_neighbours(rows, padded(out), d, u.lda, b.cells[0], u.lda / 2);
      u.a = reinterpret_cast<const float*>(b.cells[0]);
      u.lda /= 2;
    }
    gemm_packed<Real, Operands>(rows, padded(in), u);
    stage_done(b.trace, "products");
    if (net.activation != Activation::none) {
      multiply_slope<Real>(net.activation, rows, padded(in), b.y[l], b.x[l], row_stride(in),
                           b.d[l & 1], b.d_stride);
      stage_done(b.trace, "pointwise");
    }
  }
}

// weights of one layer -> the layouts the products read
template <class Real, class Operands> STAGE void mlp_pack(const NetView& net, int layer) {
  const int in = net.in(layer), out = net.out(layer), stride = padded(in);
  const float* w = net.parameters + net.weight_at(layer);
  pack_panels<Real, Operands>(in, out, w, 1, stride, net.forward_pack[layer]);
  if (net.backward_pack[layer])
    pack_panels<Real, Operands>(out, in, w, stride, 1, net.backward_pack[layer]);
}

}  // namespace motorium
