// SPDX-License-Identifier: Apache-2.0
#include "checks.h"

#include <cmath>

namespace gatun {

namespace {

template <class Handle>
Handle& live_handle(Handle* handle, uint64_t mark, const char* what) {
  if (handle == nullptr) fail(GATUN_INVALID_ARGUMENT, what, " is NULL");
  if (handle->mark != mark) fail(GATUN_INVALID_ARGUMENT, what, " is closed or no ", what, " of this library");
  return *handle;
}

constexpr int64_t kSizes[] = {4, 2, 2, 8, 4, 2, 1, 1, 8, 1};
constexpr const char* kNames[] = {"float32", "bfloat16", "float16", "int64", "int32",
                                  "int16",   "uint8",    "bool",    "float64", "int8"};

constexpr const char* kActivations[] = {"none", "GELU",     "ReLU",       "sigmoid", "tanh",
                                        "SiLU", "softplus", "leaky ReLU", "ELU"};

const char* kind_name(WeightsKind kind) {
  switch (kind) {
    case WeightsKind::linear: return "linear";
    case WeightsKind::conv2d: return "conv2d";
    case WeightsKind::conv_transpose2d: return "conv_transpose2d";
    case WeightsKind::refine: return "refine_head";
    case WeightsKind::decoder: return "decoder_prefix";
  }
  return "?";
}

// Bytes from the first element to the end of the last; 0 for an empty view.
int64_t span_bytes(const View& view) {
  int64_t last = 0;
  for (int32_t axis = 0; axis < view.rank; ++axis) {
    if (view.shape[axis] == 0) return 0;
    last += (view.shape[axis] - 1) * view.stride[axis];
  }
  return (last + 1) * dtype_size(view.dtype);
}

}  // namespace

gatun_device& live(gatun_device* device) { return live_handle(device, kDeviceMark, "device"); }
gatun_event& live(gatun_event* event) { return live_handle(event, kEventMark, "event"); }
gatun_buffer& live(gatun_buffer* buffer) { return live_handle(buffer, kBufferMark, "buffer"); }
gatun_stream& live(gatun_stream* stream) { return live_handle(stream, kStreamMark, "stream"); }

gatun_graph& live(gatun_graph* graph) { return live_handle(graph, kGraphMark, "graph"); }

gatun_weights& live(gatun_weights* weights, WeightsKind kind, const gatun_device* device) {
  live_handle(weights, kWeightsMark, "weights");
  if (weights->kind != kind) {
    fail(GATUN_INVALID_ARGUMENT, "weights were made for ", kind_name(weights->kind), ", this operation wants ",
         kind_name(kind));
  }
  same_device(device, weights->device, "weights");
  return *weights;
}

void same_device(const gatun_device* wanted, const gatun_device* got, const char* what) {
  if (wanted != got) {
    fail(GATUN_INVALID_ARGUMENT, what, " belongs to another device than the stream. Copy through host memory first.");
  }
}

int64_t dtype_size(int32_t dtype) {
  if (dtype < GATUN_F32 || dtype > GATUN_I8) fail(GATUN_UNSUPPORTED_DTYPE, "dtype ", dtype, " is none of gatun_dtype");
  return kSizes[dtype];
}

const char* dtype_name(int32_t dtype) { return dtype < GATUN_F32 || dtype > GATUN_I8 ? "unknown" : kNames[dtype]; }

std::string shape_text(const int64_t* shape, int32_t rank) {
  std::ostringstream out;
  out << '[';
  for (int32_t axis = 0; axis < rank; ++axis) out << (axis ? ", " : "") << shape[axis];
  out << ']';
  return out.str();
}

View view(const gatun_stream& stream, const gatun_tensor* tensor, const char* name, Layout layout) {
  if (tensor == nullptr) fail(GATUN_INVALID_ARGUMENT, "tensor ", name, " is NULL");
  if (tensor->struct_size != static_cast<int64_t>(sizeof(gatun_tensor))) {
    fail(GATUN_VERSION_MISMATCH, "tensor ", name, " has struct_size ", tensor->struct_size, ", expected ",
         sizeof(gatun_tensor));
  }
  gatun_buffer& buffer = live(tensor->buffer);
  same_device(stream.device, buffer.device, name);
  if (tensor->rank < 0 || tensor->rank > GATUN_MAX_RANK) {
    fail(GATUN_SHAPE_MISMATCH, name, " has rank ", tensor->rank, ", expected 0 to ", GATUN_MAX_RANK);
  }
  View result;
  result.dtype = tensor->dtype;
  result.rank = tensor->rank;
  const int64_t size = dtype_size(tensor->dtype);
  int64_t count = 1, last = 0, dense = 1;
  bool is_dense = true;
  for (int32_t axis = tensor->rank - 1; axis >= 0; --axis) {
    const int64_t extent = tensor->shape[axis], stride = tensor->stride[axis];
    if (extent < 0 || stride < 0) {
      fail(GATUN_SHAPE_MISMATCH, name, " has extent ", extent, " and stride ", stride, " on axis ", axis,
           "; both must be at least 0");
    }
    int64_t reach = 0;
    if (__builtin_mul_overflow(count, extent, &count) ||
        __builtin_mul_overflow(extent > 0 ? extent - 1 : 0, stride, &reach) ||
        __builtin_add_overflow(last, reach, &last) || last > INT64_MAX / 16 || count > INT64_MAX / 16) {
      fail(GATUN_SHAPE_MISMATCH, name, " of shape ", shape_text(tensor->shape, tensor->rank), " overflows 64 bits");
    }
    is_dense = is_dense && (extent == 1 || stride == dense);
    dense = count;
    result.shape[axis] = extent;
    result.stride[axis] = stride;
  }
  if (layout == Layout::dense && count > 0 && !is_dense) {
    fail(GATUN_SHAPE_MISMATCH, name, " of shape ", shape_text(tensor->shape, tensor->rank), " has strides ",
         shape_text(tensor->stride, tensor->rank), "; this operation wants it dense. Copy it first.");
  }
  const int64_t bytes = count == 0 ? 0 : (last + 1) * size;
  if (tensor->byte_offset < 0 || tensor->byte_offset % size != 0 || tensor->byte_offset > buffer.bytes ||
      bytes > buffer.bytes - tensor->byte_offset) {
    fail(GATUN_INVALID_ARGUMENT, name, " of shape ", shape_text(tensor->shape, tensor->rank), " (", bytes,
         " bytes at offset ", tensor->byte_offset, ") does not lie in its buffer of ", buffer.bytes, " bytes");
  }
  result.data = buffer.data + tensor->byte_offset;
  if (reinterpret_cast<uintptr_t>(result.data) % static_cast<uintptr_t>(size) != 0) {
    fail(GATUN_INVALID_ARGUMENT, name, " lies at ", static_cast<void*>(result.data), ", which is no multiple of the ",
         size, " bytes of its elements; wrap memory that is aligned");
  }
  return result;
}

View optional_view(const gatun_stream& stream, const gatun_tensor* tensor, const char* name, Layout layout) {
  return tensor == nullptr ? View{} : view(stream, tensor, name, layout);
}

void want_dtype(const View& view, int32_t dtype, const char* name) {
  if (view.dtype != dtype) {
    fail(GATUN_UNSUPPORTED_DTYPE, name, " is ", dtype_name(view.dtype), ", expected ", dtype_name(dtype));
  }
}

void want_rank(const View& view, int32_t rank, const char* name) {
  if (view.rank != rank) {
    fail(GATUN_SHAPE_MISMATCH, name, " has shape ", shape_text(view.shape, view.rank), ", expected ", rank, " axes");
  }
}

void want_shape(const View& view, std::initializer_list<int64_t> shape, const char* name) {
  bool same = view.rank == static_cast<int32_t>(shape.size());
  int32_t axis = 0;
  for (int64_t extent : shape) same = same && view.shape[axis++] == extent;
  if (!same) {
    fail(GATUN_SHAPE_MISMATCH, name, " has shape ", shape_text(view.shape, view.rank), ", expected ",
         shape_text(shape.begin(), static_cast<int32_t>(shape.size())));
  }
}

void want_like(const View& view, const View& other, const char* name, const char* other_name) {
  bool same = view.rank == other.rank;
  for (int32_t axis = 0; same && axis < view.rank; ++axis) same = view.shape[axis] == other.shape[axis];
  if (!same) {
    fail(GATUN_SHAPE_MISMATCH, name, " has shape ", shape_text(view.shape, view.rank), ", expected that of ",
         other_name, ", ", shape_text(other.shape, other.rank));
  }
}

int64_t elements(const View& view) {
  int64_t count = 1;
  for (int32_t axis = 0; axis < view.rank; ++axis) count *= view.shape[axis];
  return count;
}

int64_t last_extent(const View& view, const char* name) {
  if (view.rank < 1) fail(GATUN_SHAPE_MISMATCH, name, " is a scalar, expected at least one axis");
  return view.shape[view.rank - 1];
}

int64_t rows_of(const View& view) {
  int64_t rows = 1;
  for (int32_t axis = 0; axis + 1 < view.rank; ++axis) rows *= view.shape[axis];
  return rows;
}

bool overlaps(const View& a, const View& b) {
  if (span_bytes(a) == 0 || span_bytes(b) == 0) return false;
  return a.data < b.data + span_bytes(b) && b.data < a.data + span_bytes(a);
}

void want_apart(const View& out, const View& in, const char* in_name) {
  if (in && overlaps(out, in)) {
    fail(GATUN_INVALID_ARGUMENT, "out and ", in_name, " share memory; this operation cannot run in place");
  }
}

View f32(const gatun_stream& stream, const gatun_tensor* tensor, const char* name) {
  View result = view(stream, tensor, name, Layout::dense);
  want_dtype(result, GATUN_F32, name);
  return result;
}

View optional_f32(const gatun_stream& stream, const gatun_tensor* tensor, const char* name) {
  return tensor == nullptr ? View{} : f32(stream, tensor, name);
}

const float* vector(const gatun_stream& stream, const gatun_tensor* tensor, int64_t length, const char* name,
                    const View& out) {
  const View result = f32(stream, tensor, name);
  want_shape(result, {length}, name);
  want_apart(out, result, name);
  return result.f32();
}

const float* optional_vector(const gatun_stream& stream, const gatun_tensor* tensor, int64_t length, const char* name,
                             const View& out) {
  return tensor == nullptr ? nullptr : vector(stream, tensor, length, name, out);
}

int32_t activation(int32_t value) {
  if (value < GATUN_ACT_NONE || value > GATUN_ACT_ELU) {
    fail(GATUN_INVALID_ARGUMENT, "activation ", value, " is none of gatun_activation");
  }
  return value;
}

int32_t activation_among(int32_t value, std::initializer_list<int32_t> fused, const char* what) {
  for (int32_t each : fused) {
    if (value == each) return value;
  }
  std::string known;
  for (int32_t each : fused) known += (known.empty() ? "" : ", ") + std::string(kActivations[each]);
  fail(GATUN_INVALID_ARGUMENT, what, " has no ", kActivations[activation(value)], " behind it, only ", known,
       "; ask for none, then call gatun_activate");
}

int32_t product_activation(int32_t value) {
  return activation_among(value, {GATUN_ACT_NONE, GATUN_ACT_GELU, GATUN_ACT_RELU}, "a product");
}

int32_t precision_of(int32_t value) {
  if (value < GATUN_STRICT || value > GATUN_REDUCED) {
    fail(GATUN_INVALID_ARGUMENT, "precision ", value, " is none of gatun_precision");
  }
  return value;
}

void want_taps(const gatun_weights& shape, int64_t more) {
  const int64_t taps =
      ((shape.kernel_h + more - 1) / shape.stride_h + 1) * ((shape.kernel_w + more - 1) / shape.stride_w + 1);
  if (taps > kMaxTaps) {
    fail(GATUN_INVALID_ARGUMENT, "the kernel ", shape.kernel_h, " x ", shape.kernel_w, " sums ", taps,
         " cells for one output; at most ", kMaxTaps, " are supported");
  }
}

void want_geometry(int64_t kernel, int64_t stride, int64_t padding, const char* axis) {
  if (stride < 1 || stride > kernel || padding < 0 || padding >= kernel) {
    fail(GATUN_SHAPE_MISMATCH, "conv_transpose2d has kernel ", kernel, ", stride ", stride, " and padding ", padding,
         " on axis ", axis, "; expected 1 <= stride <= kernel and 0 <= padding < kernel");
  }
}

float eps_of(double eps) {
  if (!(eps >= 0 && eps < 1)) fail(GATUN_INVALID_ARGUMENT, "eps is ", eps, ", expected 0 <= eps < 1");
  return static_cast<float>(eps);
}

}  // namespace gatun
