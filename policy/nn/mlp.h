// A multi-layer perceptron: parameters, packed copies for the products, and inference.
//
//   Mlp net({48, 128, 128, 12}, Activation::elu);
//   MlpScratch scratch(net, 16);
//   mlp(net, observations, 16, actions, scratch);     // (16, 48) -> (16, 12), nothing is allocated
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "motorium/policy/nn/kernels.h"

namespace motorium {

// "elu", "tanh", "swish" (also "silu"), "relu", "none"; throws Error for another name.
Activation parse_activation(const std::string& name);
std::string activation_name(Activation a);

// Floats aligned to a cache line, zero at first.
class Floats {
 public:
  Floats() = default;
  explicit Floats(size_t count);
  Floats(const Floats& o);
  Floats(Floats&& o) noexcept : data_(o.data_), size_(o.size_) { o.data_ = nullptr, o.size_ = 0; }
  Floats& operator=(Floats o) noexcept {
    std::swap(data_, o.data_);
    std::swap(size_, o.size_);
    return *this;
  }
  ~Floats();
  float* data() { return data_; }
  const float* data() const { return data_; }
  size_t size() const { return size_; }
  float& operator[](size_t i) { return data_[i]; }
  float operator[](size_t i) const { return data_[i]; }

 private:
  float* data_ = nullptr;
  size_t size_ = 0;
};

class Mlp {
 public:
  Mlp() = default;
  // sizes: inputs, hidden ..., outputs. All weights are zero. kernels: null for the best of this
  // CPU.
  Mlp(const std::vector<int>& sizes, Activation activation, const PolicyKernels* kernels = nullptr);
  Mlp(const Mlp& o);
  Mlp& operator=(const Mlp& o);
  Mlp(Mlp&& o) = default;
  Mlp& operator=(Mlp&& o) = default;

  int layers() const { return view_.layers; }
  int inputs() const { return view_.inputs(); }
  int outputs() const { return view_.outputs(); }
  int in(int layer) const { return view_.in(layer); }
  int out(int layer) const { return view_.out(layer); }
  Activation activation() const { return view_.activation; }

  // Weight of a layer, (out, in) with row stride padded(in); padding must stay zero. Call repack()
  // after a change.
  float* weight(int layer) { return view_.parameters + view_.weight_at(layer); }
  const float* weight(int layer) const { return view_.parameters + view_.weight_at(layer); }
  float* bias(int layer) { return view_.parameters + view_.bias_at(layer); }  // (out)
  const float* bias(int layer) const { return view_.parameters + view_.bias_at(layer); }
  // All of them in one array, padding included.
  float* parameters() { return view_.parameters; }
  const float* parameters() const { return view_.parameters; }
  long count() const { return view_.count(); }

  // Weights and biases U(+-1/sqrt(in)), the default of PyTorch; number i of layer l is a function
  // of (seed, stream, l, i).
  void initialize(uint64_t seed, uint32_t stream);
  void repack();
  void repack(int layer) { kernels_->pack(&view_, layer); }

  const NetView& view() const { return view_; }
  const PolicyKernels& kernels() const { return *kernels_; }

 private:
  void place();
  NetView view_;
  const PolicyKernels* kernels_ = nullptr;
  Floats memory_, packs_;
};

// Buffers for a forward pass (and, with `backward`, a backward pass) of up to `rows` rows. One per
// thread.
class MlpScratch {
 public:
  MlpScratch() = default;
  MlpScratch(MlpScratch&&) = default;
  MlpScratch& operator=(MlpScratch&&) = default;
  MlpScratch(const Mlp& net, int rows, bool backward = false);
  int rows() const { return rows_; }
  float* input() { return buffers_.y[0]; }  // (rows, inputs), stride row_stride(inputs)
  float* output() { return output_; }       // (rows, outputs), stride row_stride(outputs)
  float* d_output() { return d_output_; }   // (rows, outputs), stride buffers().d_stride
  const NetBuffers& buffers() const { return buffers_; }
  // where passes note their products and what is between them; null: nowhere
  void set_trace(TraceLane* lane) { buffers_.trace = lane; }

 private:
  int rows_ = 0;
  NetBuffers buffers_;
  float* output_ = nullptr;
  float* d_output_ = nullptr;
  Floats memory_;
};

// Shift and scale of observations: y = (x - mean) scale; (size padded to kLanes), zero padded.
struct ObservationScale {
  const float* mean = nullptr;   // null: observations are used as they are
  const float* scale = nullptr;  // 1 / (sqrt(var) + 0.01)
};

// outputs (rows, net.outputs()) of observations (rows, net.inputs()), both dense and row-major, on
// the calling thread without allocation. The bits of a row do not depend on its neighbours, so this
// may run on the pack of worlds that has just been stepped. Any number of rows; scratch.rows() at a
// time.
void mlp(const Mlp& net, const float* observations, int rows, float* outputs, MlpScratch& scratch,
         const ObservationScale& scale = {});

}  // namespace motorium
