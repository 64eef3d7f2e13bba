// SPDX-License-Identifier: Apache-2.0
// Checks at the border: after them a backend sees only handles that live and views that lie in their buffers.
#pragma once

#include "../backend.h"
#include "../status.h"

#include <initializer_list>

namespace gatun {

gatun_device& live(gatun_device* device);
gatun_stream& live(gatun_stream* stream);
gatun_event& live(gatun_event* event);
gatun_buffer& live(gatun_buffer* buffer);
gatun_graph& live(gatun_graph* graph);
gatun_weights& live(gatun_weights* weights, WeightsKind kind, const gatun_device* device);

void same_device(const gatun_device* wanted, const gatun_device* got, const char* what);

int64_t dtype_size(int32_t dtype);
const char* dtype_name(int32_t dtype);
std::string shape_text(const int64_t* shape, int32_t rank);

enum class Layout { dense, strided };

// A named tensor argument, checked against the stream's device and its own buffer.
View view(const gatun_stream& stream, const gatun_tensor* tensor, const char* name, Layout layout);
// The same for an argument that may be NULL: an empty view then.
View optional_view(const gatun_stream& stream, const gatun_tensor* tensor, const char* name, Layout layout);

void want_dtype(const View& view, int32_t dtype, const char* name);
void want_rank(const View& view, int32_t rank, const char* name);
// Exact extents.
void want_shape(const View& view, std::initializer_list<int64_t> shape, const char* name);
void want_like(const View& view, const View& other, const char* name, const char* other_name);

int64_t elements(const View& view);
// A tensor as rows of its last axis, which it must have.
int64_t last_extent(const View& view, const char* name);
int64_t rows_of(const View& view);
// [first, last) of the memory a view touches.
bool overlaps(const View& a, const View& b);
void want_apart(const View& out, const View& in, const char* in_name);

// Shorthand for the commonest argument: dense f32.
View f32(const gatun_stream& stream, const gatun_tensor* tensor, const char* name);
View optional_f32(const gatun_stream& stream, const gatun_tensor* tensor, const char* name);
// A dense f32 vector of a given length that shares no memory with the operation's output, NULL allowed where optional.
const float* vector(const gatun_stream& stream, const gatun_tensor* tensor, int64_t length, const char* name,
                    const View& out);
const float* optional_vector(const gatun_stream& stream, const gatun_tensor* tensor, int64_t length, const char* name,
                             const View& out);

// Any gatun_activation; those that a product or a group norm has behind it.
int32_t activation(int32_t value);
int32_t activation_among(int32_t value, std::initializer_list<int32_t> fused, const char* what);
int32_t product_activation(int32_t value);
int32_t precision_of(int32_t value);
// A kernel that sums no more cells for one output than the backends can; a folded convolution adds `more` to it.
void want_taps(const gatun_weights& shape, int64_t more);
// Stride and padding of one axis of a transposed convolution.
void want_geometry(int64_t kernel, int64_t stride, int64_t padding, const char* axis);
float eps_of(double eps);

// Throws what a backend's function reported.
inline void pass(gatun_status status, const gatun_error& error) {
  if (status != GATUN_OK) throw Failure{status, error.text};
}

// Runs checks and a backend call; `call` gets the error struct that the backend fills.
template <class Call>
gatun_status dispatch(gatun_error* error, Call&& call) noexcept {
  return guard(error, [&] {
    gatun_error inner;
    inner.text[0] = '\0';
    const gatun_status status = call(&inner);
    pass(status, inner);
  });
}

}  // namespace gatun
