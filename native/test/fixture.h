// SPDX-License-Identifier: Apache-2.0
// What the tests share: a device with a stream, tensors in memory of their exact size (so that AddressSanitizer sees a
// step beyond it), reproducible numbers, and the comparison with a double-precision reference.
#pragma once

#include "check.h"
#include "gatun/gatun.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>

namespace test {

inline thread_local gatun_error err{};

// A call that must succeed; the library's own text explains if it does not.
#define OK(call) REQUIRE((call) == GATUN_OK, test::err.code, test::err.text)

// A call that must be refused with this status and a text that holds this part.
#define REFUSED(call, status, part)                                          \
  do {                                                                       \
    const gatun_status got_status = (call);                                  \
    CHECK(got_status == (status), "status", got_status, test::err.text);     \
    CHECK(test::err.code == got_status, test::err.code);                     \
    CHECK(std::string(test::err.text).find(part) != std::string::npos,       \
          "text:", test::err.text, "| without:", part);                      \
  } while (false)

// The device of this run: GATUN_TEST_DEVICE=cuda runs the tests on a GPU, or on the host harness in its place.
inline int32_t device_kind() {
  const char* told = std::getenv("GATUN_TEST_DEVICE");
  return told != nullptr && std::string(told) == "cuda" ? GATUN_CUDA : GATUN_CPU;
}

// How far fast is from strict at least: on the CPU they are the same.
inline double unless_cpu(double least) { return device_kind() == GATUN_CPU ? 0 : least; }

// The host harness stands in for the GPU: some hundred times slower, so large cases take smaller shapes.
inline bool emulated() {
  const char* plugin = std::getenv("GATUN_CUDA_PLUGIN");
  return device_kind() == GATUN_CUDA && plugin != nullptr && std::strstr(plugin, "gatun_simt") != nullptr;
}

class Session {
 public:
  explicit Session(int64_t threads = 2, int64_t memory_limit = 0) {
    gatun_device_options options{};
    options.struct_size = sizeof options;
    options.num_threads = threads;
    options.memory_limit = memory_limit;
    const gatun_status status = gatun_device_open(device_kind(), 0, &options, &device, &err);
    // A level this processor lacks, or no GPU.
    if (status == GATUN_DEVICE_UNAVAILABLE) throw check::Skip{err.text};
    OK(status);
    OK(gatun_stream_create(device, &stream, &err));
  }
  // Closing the device proves that nothing of it was left behind.
  ~Session() {
    CHECK(gatun_stream_destroy(stream, &err) == GATUN_OK, err.text);
    CHECK(gatun_device_close(device, &err) == GATUN_OK, err.text);
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void sync() const { OK(gatun_sync(stream, &err)); }

  gatun_memory_stats stats() const {
    gatun_memory_stats stats{};
    stats.struct_size = sizeof stats;
    OK(gatun_memory_stats_get(device, &stats, &err));
    return stats;
  }

  gatun_device* device = nullptr;
  gatun_stream* stream = nullptr;
};

// One more stream of a session.
class Stream {
 public:
  explicit Stream(Session& s) { OK(gatun_stream_create(s.device, &handle_, &err)); }
  ~Stream() { CHECK(gatun_stream_destroy(handle_, &err) == GATUN_OK, err.text); }
  Stream(const Stream&) = delete;
  operator gatun_stream*() const { return handle_; }

 private:
  gatun_stream* handle_ = nullptr;
};

inline int64_t size_of(int32_t dtype) {
  constexpr int64_t sizes[] = {4, 2, 2, 8, 4, 2, 1, 1, 8, 1};
  return sizes[dtype];
}

using Shape = std::vector<int64_t>;

inline int64_t count_of(const Shape& shape) {
  int64_t count = 1;
  for (int64_t extent : shape) count *= extent;
  return count;
}

inline gatun_tensor dense(gatun_buffer* buffer, const Shape& shape, int32_t dtype = GATUN_F32) {
  gatun_tensor tensor{};
  tensor.struct_size = sizeof tensor;
  tensor.buffer = buffer;
  tensor.dtype = dtype;
  tensor.rank = static_cast<int32_t>(shape.size());
  int64_t stride = 1;
  for (int32_t axis = tensor.rank - 1; axis >= 0; --axis) {
    tensor.shape[axis] = shape[static_cast<size_t>(axis)];
    tensor.stride[axis] = stride;
    stride *= tensor.shape[axis];
  }
  return tensor;
}

// A dense tensor on the stream of a session: on the CPU over its own host memory, else in the device's. It starts as NaN
// (all bits set), so that what is not written shows.
class Tensor {
 public:
  Tensor(Session& session, const Shape& shape, int32_t dtype = GATUN_F32)
      : stream_(session.stream), bytes_(count_of(shape) * size_of(dtype)), memory_(new char[size()]) {
    std::memset(memory_.get(), 0xff, size());
    gatun_buffer* buffer = nullptr;
    if (device_kind() == GATUN_CPU) {
      OK(gatun_buffer_wrap(session.device, memory_.get(), bytes_, &buffer, &err));
    } else {
      OK(gatun_buffer_alloc(stream_, bytes_, &buffer, &err));
    }
    view = dense(buffer, shape, dtype);
    upload();
  }
  template <class Value>
  Tensor(Session& session, const Shape& shape, const std::vector<Value>& values, int32_t dtype = GATUN_F32)
      : Tensor(session, shape, dtype) {
    REQUIRE(values.size() * sizeof(Value) == size(), values.size(), "values");
    std::copy_n(reinterpret_cast<const char*>(values.data()), size(), memory_.get());
    upload();
  }
  Tensor(Tensor&& other) noexcept
      : view(other.view), stream_(other.stream_), bytes_(other.bytes_), memory_(std::move(other.memory_)) {
    other.view.buffer = nullptr;
  }
  // Waits first: the memory is ours.
  ~Tensor() {
    CHECK(gatun_sync(stream_, &err) == GATUN_OK, err.text);
    CHECK(gatun_buffer_free(view.buffer, stream_, &err) == GATUN_OK, err.text);
  }

  operator const gatun_tensor*() const { return &view; }

  template <class Value>
  std::vector<Value> read() const {
    OK(gatun_sync(stream_, &err));
    if (device_kind() != GATUN_CPU) OK(gatun_copy_to_host(stream_, memory_.get(), view.buffer, 0, bytes_, &err));
    std::vector<Value> values(size() / sizeof(Value));
    std::copy_n(memory_.get(), size(), reinterpret_cast<char*>(values.data()));
    return values;
  }
  std::vector<float> floats() const { return read<float>(); }

  gatun_tensor view;

 private:
  size_t size() const { return static_cast<size_t>(bytes_); }
  void upload() {
    if (device_kind() != GATUN_CPU) OK(gatun_copy_from_host(stream_, view.buffer, 0, memory_.get(), bytes_, &err));
  }

  gatun_stream* stream_;
  int64_t bytes_;
  std::unique_ptr<char[]> memory_;
};

// Weights made by one of the gatun_*_weights functions.
class Weights {
 public:
  template <class Make>
  Weights(gatun_stream* stream, const Make& make) : stream_(stream) {
    OK(make(&handle_));
  }
  Weights(Weights&& other) noexcept : stream_(other.stream_), handle_(other.handle_) { other.handle_ = nullptr; }
  ~Weights() { CHECK(gatun_weights_free(handle_, stream_, &err) == GATUN_OK, err.text); }

  operator gatun_weights*() const { return handle_; }

 private:
  gatun_stream* stream_;
  gatun_weights* handle_ = nullptr;
};

inline Weights linear_weights(Session& session, const Tensor& weight, int32_t precision = GATUN_STRICT) {
  return {session.stream,
          [&](gatun_weights** made) { return gatun_linear_weights(session.stream, weight, precision, made, &err); }};
}

// A convolution's geometry, the same on both axes.
inline gatun_conv2d_options same_window(int64_t padding, int64_t stride = 1, int64_t dilation = 1) {
  return {sizeof(gatun_conv2d_options), stride, stride, padding, padding, dilation, dilation};
}

inline Weights conv2d_weights(Session& session, const Tensor& weight) {
  return {session.stream,
          [&](gatun_weights** made) { return gatun_conv2d_weights(session.stream, weight, GATUN_STRICT, made, &err); }};
}

inline Weights conv_transpose2d_weights(Session& session, const Tensor& weight, int64_t stride_h, int64_t stride_w,
                                        int64_t padding_h, int64_t padding_w) {
  return {session.stream, [&](gatun_weights** made) {
            return gatun_conv_transpose2d_weights(session.stream, weight, stride_h, stride_w, padding_h, padding_w, GATUN_STRICT,
                                                  made, &err);
          }};
}

// Query, key or value (part 0, 1 or 2) of a packed projection [B, N, 3E].
inline gatun_tensor part_of(const gatun_tensor& packed, int64_t part) {
  gatun_tensor view = packed;
  view.shape[2] /= 3;
  view.byte_offset += part * view.shape[2] * size_of(view.dtype);
  return view;
}

inline gatun_status self_attention(gatun_stream* stream, const gatun_tensor* qkv, int64_t heads, int32_t precision,
                                   const gatun_tensor* out) {
  const gatun_tensor query = part_of(*qkv, 0), key = part_of(*qkv, 1), value = part_of(*qkv, 2);
  return gatun_attention(stream, &query, &key, &value, nullptr, heads, precision, out, &err);
}

// Reproducible numbers (splitmix64).
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}

  uint64_t bits() {
    uint64_t z = state_ += 0x9e3779b97f4a7c15ull;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
  }
  // In [-1, 1).
  double unit() { return static_cast<double>(static_cast<int64_t>(bits())) * 0x1p-63; }
  bool chance(double share) { return (unit() + 1) / 2 < share; }

  std::vector<float> floats(int64_t count, double scale = 1) {
    std::vector<float> values(static_cast<size_t>(count));
    for (float& value : values) value = static_cast<float>(unit() * scale);
    return values;
  }
  std::vector<uint8_t> flags(int64_t count, double share) {
    std::vector<uint8_t> values(static_cast<size_t>(count));
    for (uint8_t& value : values) value = chance(share);
    return values;
  }

 private:
  uint64_t state_;
};

inline Tensor random_tensor(Session& session, const Shape& shape, uint64_t seed, double scale = 1) {
  return {session, shape, Random(seed).floats(count_of(shape), scale)};
}

// Its elements in another type, by gatun_copy.
inline Tensor converted(Session& session, const Tensor& from, int32_t dtype) {
  const gatun_tensor& view = from.view;
  Tensor to(session, Shape(view.shape, view.shape + view.rank), dtype);
  OK(gatun_copy(session.stream, from, to, &err));
  return to;
}

constexpr double kUlp = 0x1p-24;  // relative rounding error of one f32 operation

// Error of an f32 sum of so many terms, relative to the sum of their magnitudes. Roundings are independent, so their
// errors grow like a random walk: four standard deviations and a few operations of the epilogue.
inline double rounding(int64_t terms) { return (4 * std::sqrt(static_cast<double>(terms)) + 8) * kUlp; }

// A reference value, and the error that an f32 computation of it may have.
struct Expected {
  double value = 0, tolerance = 0;
};

// A sum of products with the sum of their magnitudes.
struct Sum {
  double value = 0, magnitude = 0;
  int64_t terms = 0;

  void add(double product) {
    value += product;
    magnitude += std::fabs(product);
    ++terms;
  }
  Expected expected() const { return {value, magnitude * rounding(terms)}; }
};

inline double gelu(double x) { return 0.5 * x * std::erfc(-x / std::sqrt(2.0)); }

// gelu's slope is at most 1.13; its own error is a few units in the last place of x.
inline Expected gelu(Expected x) { return {gelu(x.value), 1.2 * x.tolerance + 8 * kUlp * std::fabs(x.value)}; }

inline Expected relu(Expected x) { return {x.value < 0 ? 0.0 : x.value, x.tolerance}; }

// What a product has behind it.
inline Expected finished(int32_t activation, Expected x) {
  return activation == GATUN_ACT_GELU ? gelu(x) : activation == GATUN_ACT_RELU ? relu(x) : x;
}

inline void compare(const std::vector<float>& got, const std::vector<Expected>& want, const std::string& what) {
  REQUIRE(got.size() == want.size(), what, got.size(), "values, expected", want.size());
  for (size_t i = 0; i < got.size(); ++i) {
    const bool same = std::isnan(want[i].value) ? std::isnan(got[i])
                                                : std::fabs(got[i] - want[i].value) <= want[i].tolerance + 1e-37;
    REQUIRE(same, what, "at", i, "got", got[i], "expected", want[i].value, "+-", want[i].tolerance);
  }
}

// Distance of two results, norm-wise.
inline double distance(const std::vector<float>& got, const std::vector<float>& want) {
  double apart = 0, whole = 0;
  for (size_t i = 0; i < want.size(); ++i) {
    apart += std::pow(static_cast<double>(got[i]) - want[i], 2);
    whole += std::pow(static_cast<double>(want[i]), 2);
  }
  return std::sqrt(apart / whole);
}

inline bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](float x, float y) { return std::memcmp(&x, &y, sizeof x) == 0; });
}

template <class... Parts>
std::string named(const Parts&... parts) {
  std::ostringstream text;
  ((text << parts << ' '), ...);
  return text.str();
}

}  // namespace test

using namespace test;
