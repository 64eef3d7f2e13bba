// SPDX-License-Identifier: Apache-2.0
// Times the operations of the C ABI at the sizes they have in forwards of SpatioTemporalModel; --help says how.
// One JSON object a line: see bench/gpu/README.md.
#include "gatun/gatun.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

constexpr const char* kHelp =
    "gatun_bench [OPTION=VALUE ...]: times each operation of the C ABI; prints one JSON object a line.\n"
    "  --device=cpu|cuda|cuda:N    default cuda\n"
    "  --workloads=W1,W2,...       of W1 W2 W3 W4 large smoke; default W1,W2,W3,W4,large\n"
    "  --precisions=strict,...     of strict fast bf16; default all three\n"
    "  --ops=copy,...              default all\n"
    "  --samples=N                 of each time, default 11\n"
    "  --sample-ms=N               length of a sample, default 5\n"
    "  --no-graph                  queue each call instead of replaying a graph of them\n"
    "  --smoke                     the smallest workload and three short samples: shows that it runs\n";

using Clock = std::chrono::steady_clock;
using Shape = std::vector<int64_t>;

double micros_since(Clock::time_point start) {
  return std::chrono::duration<double, std::micro>(Clock::now() - start).count();
}

struct Failed : std::runtime_error {
  gatun_status status;
  Failed(gatun_status failure, const std::string& text) : std::runtime_error(text), status(failure) {}
};

bool usable_after(gatun_status failure) { return failure != GATUN_LAUNCH_FAILED && failure != GATUN_DEVICE_LOST; }

gatun_error err{};

void ok(gatun_status status) {
  if (status != GATUN_OK) throw Failed(status, err.text);
}

// ---- workloads and costs --------------------------------------------------------------------------------------------

// Sizes of a forward: one channel, patch (1, 4, 4), overlap 1, 4 heads.
struct Workload {
  const char* name;
  int64_t batch, months, days, height, width, embed, hidden;
  bool standard = true;  // one of those measured where none is named

  int64_t maps() const { return batch * months; }
  int64_t rows() const { return height / kPatch; }
  int64_t columns() const { return width / kPatch; }
  int64_t places() const { return rows() * columns(); }
  int64_t patches() const { return maps() * places(); }
  int64_t tokens() const { return patches() * days; }
  int64_t cells() const { return maps() * height * width; }
  int64_t channels() const { return hidden / 2; }

  static constexpr int64_t kPatch = 4, kOverlap = 1, kHeads = 4, kKernel = kPatch + 2 * kOverlap;
  static constexpr int64_t kInputs = 2 * kPatch * kPatch;  // of a patch: values, then validity
};

constexpr int64_t kVocabulary = 4096;  // of the tokens that are drawn, one for each place of a map

constexpr Workload kWorkloads[] = {
    {"W1", 1, 1, 31, 128, 128, 128, 256},     {"W2", 1, 12, 31, 64, 64, 128, 256},
    {"W3", 1, 1, 31, 180, 360, 128, 256},     {"W4", 1, 2, 31, 64, 64, 64, 64},
    {"large", 8, 12, 31, 256, 256, 128, 256}, {"smoke", 1, 2, 3, 16, 24, 32, 32, false}};

// What an operation has to do at least.
//   bytes     each input and weight read once, each result written once
//   flops     of the fewest products known, a multiply-add being two
//   upstream  flops of upstream's operators for the same result
//   lanes     element-wise f32 instructions outside the products, roughly (GELU 20)
struct Cost {
  double bytes = 0, flops = 0, upstream = 0, lanes = 0;
};

// R patches of all maps, L tokens of all days, P cells, N places; E embed, Hd hidden, C = Hd / 2 channels, K = 32
// inputs of a patch, M months. Products count as in PyTorch's own counter of FLOPs.
Cost cost_of(const std::string& op, const Workload& w) {
  const auto number = [](int64_t value) { return static_cast<double>(value); };
  const double R = number(w.patches()), L = number(w.tokens()), P = number(w.cells()), N = number(w.places());
  const double E = number(w.embed), Hd = number(w.hidden), C = number(w.channels()), K = number(Workload::kInputs);
  const double M = number(w.months), heads = number(Workload::kHeads), pixels = 5 * P * number(w.days);
  const double land = number(w.batch * w.height * w.width);
  const auto plain = [](double bytes, double flops, double lanes) { return Cost{bytes, flops, flops, lanes}; };
  if (op == "copy") return plain(8 * L * E, 0, 0);
  if (op == "add") return plain(4 * (2 * R * E + N * E), 0, R * E);
  if (op == "layer_norm") return plain(4 * (3 * R * E + 2 * E), 0, 8 * R * E);
  if (op == "linear_qkv") return plain(4 * (4 * R * E + 3 * E * E + 3 * E), 6 * R * E * E, 3 * R * E);
  if (op == "linear_out") return plain(4 * (3 * R * E + E * E + E), 2 * R * E * E, 2 * R * E);
  if (op == "linear_ffn1") return plain(4 * (5 * R * E + 4 * E * E + 4 * E), 8 * R * E * E, 80 * R * E);
  if (op == "linear_ffn2") return plain(4 * (6 * R * E + 4 * E * E + E), 8 * R * E * E, 2 * R * E);
  if (op == "attention") return plain(16 * R * E, 4 * R * N * E, 4 * R * N * heads);
  if (op == "attention_month") return plain(16 * R * E, 4 * R * M * E, 4 * R * M * heads);
  if (op == "cross_attention") return plain(16 * R * E + R, 4 * R * N * E, 5 * R * N * heads);
  if (op == "sample_tokens") return plain(N * (4 * number(kVocabulary) + 16), 0, 60 * N * number(kVocabulary));
  if (op == "patch_embed") return plain(pixels + 4 * (L * E + K * E + 3 * E), 2 * L * K * E, 4 * L * E);
  if (op == "temporal_pool") return plain(4 * (L * E + R * E + E * E), 2 * L * E * E + 2 * L * E, 27 * L * E);
  if (op == "encode_pool") {
    const double upstream = 2 * L * K * E + 2 * L * E * E + 2 * L * E;
    // Without day tokens: the scorer's layer composed with the patch's, two triangular factors for the variances, and
    // one embedding of a patch and month.
    const double composed = L * (2 * K * E + 2 * E + 2 * (K + 1) * (K + 2) + 2 * K) + 2 * R * K * E;
    return {pixels + 4 * (R * E + K * E + E * E), std::min(upstream, composed), upstream, 23.5 * L * E};
  }
  if (op == "conv_transpose2d") return plain(4 * (R * Hd + 36 * Hd * C + P * C), 72 * R * Hd * C, 0);
  if (op == "conv2d") return plain(4 * (2 * P * C + 9 * C * C), 18 * P * C * C, 20 * P * C);
  if (op == "decoder_prefix") {
    // Folded into one transposed convolution with kernel 8 from E to C: each cell draws on 2 x 2 patches.
    const double upstream = 2 * R * E * Hd + 72 * R * Hd * C + 18 * P * C * C;
    return {4 * (R * E + 64 * E * C + P * C), 8 * P * E * C, upstream, 20 * P * C};
  }
  if (op == "refine_head") {
    return plain(4 * (P * C + 9 * C * C + P) + land, 18 * P * C * C + 2 * P * C, 22 * P * C);
  }
  if (op == "map_head") return plain(4 * (P * C + P) + land, 2 * P * C, 2 * P);
  throw std::invalid_argument("no such operation: " + op);
}

// The same in every precision.
const std::vector<std::string> kAlike = {"copy", "add", "layer_norm", "map_head", "sample_tokens"};
const std::vector<std::string> kOperations = {
    "copy",        "add",         "layer_norm",       "linear_qkv",      "linear_out",  "linear_ffn1",
    "linear_ffn2", "attention",   "attention_month",  "patch_embed",     "temporal_pool", "encode_pool",
    "conv2d",      "refine_head", "conv_transpose2d", "decoder_prefix", "map_head",      "cross_attention",
    "sample_tokens"};
const std::vector<std::string> kPrecisions = {"strict", "fast", "bf16"};  // in the order of gatun_precision

bool has(const std::vector<std::string>& list, const std::string& value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

// ---- a device and what is on it -------------------------------------------------------------------------------------

class Session {
 public:
  Session(int32_t kind, int32_t index) : random_(kBlock / sizeof(float)), flags_(kBlock) {
    ok(gatun_device_open(kind, index, nullptr, &device, &err));
    ok(gatun_stream_create(device, &stream, &err));
    uint64_t state = 1;
    for (size_t i = 0; i < random_.size(); ++i) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      const double unit = static_cast<double>(state >> 11) * 0x1p-53;
      random_[i] = static_cast<float>((unit - 0.5) * std::sqrt(12.0));  // variance 1
      flags_[i] = unit < 0.4;
    }
    for (size_t i = random_.size(); i < flags_.size(); ++i) flags_[i] = flags_[i - random_.size()];
  }
  ~Session() {
    clear();
    gatun_stream_destroy(stream, nullptr);
    gatun_device_close(device, nullptr);
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  gatun_device_info info() const {
    gatun_device_info info{};
    info.struct_size = sizeof info;
    ok(gatun_device_info_get(device, &info, &err));
    return info;
  }
  void sync() const { ok(gatun_sync(stream, &err)); }

  // Frees what the operation before had.
  void clear() {
    gatun_sync(stream, nullptr);
    for (gatun_weights* weights : weights_) gatun_weights_free(weights, stream, nullptr);
    for (gatun_buffer* buffer : buffers_) gatun_buffer_free(buffer, stream, nullptr);
    gatun_sync(stream, nullptr);
    weights_.clear();
    buffers_.clear();
  }

  gatun_tensor empty(const Shape& shape, int32_t dtype = GATUN_F32) {
    gatun_tensor tensor{};
    tensor.struct_size = sizeof tensor;
    tensor.dtype = dtype;
    tensor.rank = static_cast<int32_t>(shape.size());
    int64_t count = 1;
    for (size_t axis = shape.size(); axis-- > 0;) {
      tensor.shape[axis] = shape[axis];
      tensor.stride[axis] = count;
      count *= shape[axis];
    }
    const int64_t element = dtype == GATUN_I64 ? 8 : dtype == GATUN_F32 ? 4 : 1;
    ok(gatun_buffer_alloc(stream, count * element, &tensor.buffer, &err));
    buffers_.push_back(tensor.buffer);
    return tensor;
  }
  gatun_tensor random(const Shape& shape, double scale = 1) {
    const gatun_tensor tensor = empty(shape);
    if (scale == 1) {
      repeat(tensor, random_.data(), sizeof(float));
    } else {
      std::vector<float> scaled(random_);
      for (float& value : scaled) value *= static_cast<float>(scale);
      repeat(tensor, scaled.data(), sizeof(float));
    }
    return tensor;
  }
  gatun_tensor flags(const Shape& shape) {
    const gatun_tensor tensor = empty(shape, GATUN_BOOL);
    repeat(tensor, flags_.data(), 1);
    return tensor;
  }
  gatun_tensor bytes(const Shape& shape, const std::vector<uint8_t>& values) {
    const gatun_tensor tensor = empty(shape, GATUN_BOOL);
    ok(gatun_copy_from_host(stream, tensor.buffer, 0, values.data(), static_cast<int64_t>(values.size()), &err));
    return tensor;
  }
  template <class Make>
  gatun_weights* weights(const Make& make) {
    gatun_weights* made = nullptr;
    ok(make(&made));
    weights_.push_back(made);
    return made;
  }

  gatun_device* device = nullptr;
  gatun_stream* stream = nullptr;

 private:
  static constexpr int64_t kBlock = 16 << 20;

  void repeat(const gatun_tensor& tensor, const void* block, int64_t element) {
    int64_t whole = element;
    for (int32_t axis = 0; axis < tensor.rank; ++axis) whole *= tensor.shape[axis];
    for (int64_t at = 0; at < whole; at += kBlock) {
      ok(gatun_copy_from_host(stream, tensor.buffer, at, block, std::min(kBlock, whole - at), &err));
    }
  }

  std::vector<float> random_;
  std::vector<uint8_t> flags_;
  std::vector<gatun_buffer*> buffers_;
  std::vector<gatun_weights*> weights_;
};

// Queues the operation on its set of inputs and results with this number.
using Call = std::function<gatun_status(size_t set)>;

// As many sets of inputs and results as do not fit in a cache together, so that cold times read memory.
constexpr double kBeyondCaches = 256e6;
constexpr size_t kMostSets = 64;

size_t sets_of(const Cost& cost) {
  return std::clamp<size_t>(static_cast<size_t>(std::ceil(kBeyondCaches / cost.bytes)), 1, kMostSets);
}

// The shape is that of its first input.
struct Prepared {
  Call call;
  Shape shape;
};

// One of the parts of a packed projection.
gatun_tensor part(gatun_tensor packed, int64_t index, int64_t parts) {
  packed.shape[2] /= parts;
  packed.byte_offset += index * packed.shape[2] * static_cast<int64_t>(sizeof(float));
  return packed;
}

gatun_status attend(gatun_stream* stream, const gatun_tensor& query, const gatun_tensor& key, const gatun_tensor& value,
                    const gatun_tensor* mask, int32_t precision, const gatun_tensor& out) {
  return gatun_attention(stream, &query, &key, &value, mask, Workload::kHeads, precision, &out, &err);
}

Call prepare_call(Session& s, const std::string& op, const Workload& w, int32_t precision, size_t sets, Shape& first) {
  const int64_t maps = w.maps(), places = w.places(), embed = w.embed, channels = w.channels(), hidden = w.hidden;
  gatun_stream* stream = s.stream;
  const auto many = [&](const auto& make) {
    std::vector<gatun_tensor> made(sets);
    for (gatun_tensor& tensor : made) tensor = make();
    return made;
  };
  const auto inputs = [&](const Shape& shape) {
    if (first.empty()) first = shape;
    return many([&] { return s.random(shape); });
  };
  const auto results = [&](const Shape& shape) { return many([&] { return s.empty(shape); }); };
  const auto matrix = [&](int64_t outputs, int64_t width) {
    const gatun_tensor weight = s.random({outputs, width}, 1 / std::sqrt(static_cast<double>(width)));
    return s.weights(
        [&](gatun_weights** made) { return gatun_linear_weights(stream, &weight, precision, made, &err); });
  };
  const auto kernel3 = [&] {
    return s.random({channels, channels, 3, 3}, 1 / std::sqrt(9.0 * static_cast<double>(channels)));
  };
  const Shape tokens{maps, places, embed};
  const Shape cells{maps, w.height, w.width, channels};

  if (op == "copy") {
    const Shape days{maps, w.days, places, embed};
    const auto x = inputs(days), out = results(days);
    return [=](size_t i) { return gatun_copy(stream, &x[i], &out[i], &err); };
  }
  if (op == "add") {
    const auto x = inputs(tokens), out = results(tokens);
    gatun_tensor position = s.random({1, places, embed});
    position.shape[0] = maps;
    position.stride[0] = 0;
    return [=](size_t i) { return gatun_binary(stream, GATUN_ADD, &x[i], &position, &out[i], &err); };
  }
  if (op == "layer_norm") {
    const auto x = inputs(tokens), residual = inputs(tokens), out = results(tokens);
    const gatun_tensor weight = s.random({embed}), bias = s.random({embed});
    return [=](size_t i) { return gatun_layer_norm(stream, &x[i], &residual[i], &weight, &bias, 1e-5, &out[i], &err); };
  }
  if (op.starts_with("linear_")) {
    const int64_t from = op == "linear_ffn2" ? 4 * embed : embed;
    const int64_t to = op == "linear_qkv" ? 3 * embed : op == "linear_ffn1" ? 4 * embed : embed;
    const bool adds = to == embed;
    const int32_t activation = op == "linear_ffn1" ? GATUN_ACT_GELU : GATUN_ACT_NONE;
    const auto x = inputs({maps, places, from}), out = results({maps, places, to});
    const auto residual = adds ? inputs(tokens) : std::vector<gatun_tensor>(sets);
    const gatun_tensor bias = s.random({to});
    gatun_weights* weights = matrix(to, from);
    return [=](size_t i) {
      return gatun_linear(stream, &x[i], weights, &bias, activation, adds ? &residual[i] : nullptr, &out[i], &err);
    };
  }
  if (op == "attention" || op == "attention_month") {
    const bool months = op == "attention_month";
    const int64_t sequences = months ? w.batch * places : maps, length = months ? w.months : places;
    const auto qkv = inputs({sequences, length, 3 * embed}), out = results({sequences, length, embed});
    return [=](size_t i) {
      return attend(stream, part(qkv[i], 0, 3), part(qkv[i], 1, 3), part(qkv[i], 2, 3), nullptr, precision, out[i]);
    };
  }
  if (op == "cross_attention") {
    const auto query = inputs(tokens), pairs = inputs({maps, places, 2 * embed}), out = results(tokens);
    const gatun_tensor mask = s.flags({maps, 1, places});
    return [=](size_t i) {
      return attend(stream, query[i], part(pairs[i], 0, 2), part(pairs[i], 1, 2), &mask, precision, out[i]);
    };
  }
  if (op == "sample_tokens") {
    const auto logits = inputs({places, kVocabulary});
    const gatun_tensor counters = s.empty({places}, GATUN_I64), out = s.empty({places}, GATUN_I64);
    ok(gatun_fill(stream, &counters, 7, &err));
    return [=](size_t i) { return gatun_sample_tokens(stream, &logits[i], 1, 0, 0.8, 1, &counters, &out, &err); };
  }

  gatun_patch_embed_options patch{};
  patch.struct_size = sizeof patch;
  patch.patch_t = 1;
  patch.patch_h = patch.patch_w = Workload::kPatch;
  patch.validity = GATUN_VALIDITY_MASK;
  patch.eps = 1e-5;
  const Shape video{maps, 1, w.days, w.height, w.width};
  const gatun_tensor vector = s.random({embed});
  if (op == "patch_embed") {
    const auto x = inputs(video), out = results({maps, w.days * places, embed});
    const auto mask = many([&] { return s.flags(video); });
    gatun_weights* weights = matrix(embed, Workload::kInputs);
    return [=](size_t i) {
      return gatun_patch_embed(stream, &x[i], &mask[i], weights, &vector, &vector, &vector, nullptr, &patch, &out[i],
                               &err);
    };
  }
  if (op == "temporal_pool" || op == "encode_pool") {
    constexpr int64_t kMonthLengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    std::vector<uint8_t> missing_days;
    for (int64_t day = 0; day < maps * w.days; ++day) {
      missing_days.push_back(day % w.days >= kMonthLengths[day / w.days % w.months]);
    }
    const gatun_tensor padded = s.bytes({w.batch, w.months, w.days}, missing_days);
    const gatun_tensor day_encoding = s.random({w.days, embed}), month_encoding = s.random({w.months, embed});
    const gatun_tensor one = s.random({1});
    gatun_weights* hidden_weights = matrix(embed, embed);
    const auto out = results({w.batch, places, w.months, embed});
    if (op == "temporal_pool") {
      const auto x = inputs({w.batch, w.months, w.days, places, embed});
      return [=](size_t i) {
        return gatun_temporal_pool(stream, &x[i], &day_encoding, &month_encoding, &vector, &vector, 1e-5,
                                   hidden_weights, &vector, &vector, &one, &padded, &out[i], &err);
      };
    }
    const auto x = inputs(video);
    const auto mask = many([&] { return s.flags(video); });
    gatun_weights* weights = matrix(embed, Workload::kInputs);
    return [=](size_t i) {
      return gatun_encode_pool(stream, &x[i], &mask[i], weights, &vector, &vector, &vector, &patch, &day_encoding,
                               &month_encoding, &vector, &vector, 1e-5, hidden_weights, &vector, &vector, &one, &padded,
                               &out[i], &err);
    };
  }

  const gatun_tensor bias = s.random({channels});
  if (op == "conv2d") {
    const auto x = inputs(cells), out = results(cells);
    const gatun_tensor kernel = kernel3();
    gatun_weights* weights = s.weights(
        [&](gatun_weights** made) { return gatun_conv2d_weights(stream, &kernel, precision, made, &err); });
    constexpr gatun_conv2d_options window{sizeof window, 1, 1, 1, 1, 1, 1};
    return [=](size_t i) {
      return gatun_conv2d(stream, &x[i], weights, &bias, &window, GATUN_ACT_GELU, &out[i], &err);
    };
  }
  const auto up = [&] {
    return s.random({hidden, channels, Workload::kKernel, Workload::kKernel},
                    1 / std::sqrt(4.0 * static_cast<double>(hidden)));
  };
  constexpr int64_t stride = Workload::kPatch, padding = Workload::kOverlap;
  if (op == "conv_transpose2d") {
    const auto x = inputs({maps, w.rows(), w.columns(), hidden}), out = results(cells);
    const gatun_tensor kernel = up();
    gatun_weights* weights = s.weights([&](gatun_weights** made) {
      return gatun_conv_transpose2d_weights(stream, &kernel, stride, stride, padding, padding, precision, made, &err);
    });
    return [=](size_t i) { return gatun_conv_transpose2d(stream, &x[i], weights, &bias, &out[i], &err); };
  }
  if (op == "decoder_prefix") {
    const auto x = inputs({maps, w.rows(), w.columns(), embed}), out = results(cells);
    const gatun_tensor proj = s.random({hidden, embed}, 1 / std::sqrt(static_cast<double>(embed)));
    const gatun_tensor proj_bias = s.random({hidden}), up_kernel = up(), kernel = kernel3();
    gatun_weights* weights = s.weights([&](gatun_weights** made) {
      return gatun_decoder_weights(stream, &proj, &proj_bias, &up_kernel, &bias, &kernel, &bias, stride, stride,
                                   padding, padding, precision, made, &err);
    });
    return [=](size_t i) { return gatun_decoder_prefix(stream, &x[i], weights, GATUN_ACT_GELU, &out[i], &err); };
  }
  const auto x = inputs({w.batch, w.months, w.height, w.width, channels});
  const auto out = results({w.batch, w.months, w.height, w.width});
  const gatun_tensor land = s.flags({w.batch, w.height, w.width}), one = s.random({1});
  const gatun_tensor scale = s.random({w.months}), shift = s.random({w.months});
  if (op == "map_head") {
    return [=](size_t i) { return gatun_map_head(stream, &x[i], &bias, &one, &scale, &shift, &land, &out[i], &err); };
  }
  const gatun_tensor kernel = kernel3();
  gatun_weights* weights = s.weights(
      [&](gatun_weights** made) { return gatun_refine_weights(stream, &kernel, precision, made, &err); });
  return [=](size_t i) {
    return gatun_refine_head(stream, &x[i], weights, &bias, &bias, &one, &scale, &shift, &land, &out[i], &err);
  };
}

Prepared prepare(Session& s, const std::string& op, const Workload& w, int32_t precision, size_t sets) {
  Prepared made;
  made.call = prepare_call(s, op, w, precision, sets, made.shape);
  return made;
}

// ---- timing ---------------------------------------------------------------------------------------------------------

struct Settings {
  int samples = 11;
  double sample_us = 5000;
  bool graphs = true;
};

struct Times {
  double median = 0, least = 0;  // microseconds a call
  bool graph = false;
};

// A graph of some calls, or nothing where the device makes none.
class Recorded {
 public:
  Recorded(const Session& s, const Call& call, size_t calls, size_t sets) : stream_(s.stream) {
    ok(gatun_graph_begin(stream_, &err));
    gatun_status status = GATUN_OK;
    for (size_t i = 0; i < calls && status == GATUN_OK; ++i) status = call(i % sets);
    const std::string text = err.text;
    const gatun_status ended = gatun_graph_end(stream_, &graph_, &err);
    if (status != GATUN_OK) throw Failed(status, text);
    ok(ended);
  }
  ~Recorded() { gatun_graph_destroy(graph_, nullptr); }
  Recorded(const Recorded&) = delete;
  Recorded& operator=(const Recorded&) = delete;

  void launch() const { ok(gatun_graph_launch(graph_, stream_, &err)); }

 private:
  gatun_stream* stream_;
  gatun_graph* graph_ = nullptr;
};

Times time_of(const Session& s, const Call& call, size_t sets, const Settings& settings) {
  for (size_t set = 0; set < sets; ++set) ok(call(set));
  s.sync();
  double once = 0;
  Clock::time_point start;
  for (const int tries : {1, 50}) {  // the wait alone is longer than a short call
    if (tries > 1 && once > settings.sample_us / 50) break;
    start = Clock::now();
    for (int i = 0; i < tries; ++i) ok(call(0));
    s.sync();
    once = std::max(micros_since(start) / tries, 0.5);
  }
  // Whole rounds over the sets, so that each call of a sample finds the caches as the others do.
  const auto wanted = static_cast<size_t>(settings.sample_us / once) + 1;
  const size_t calls = (std::min<size_t>(wanted, 5000) + sets - 1) / sets * sets;

  const auto measure = [&](const auto& queue, size_t counted, bool graph) {
    queue();
    s.sync();
    std::vector<double> each;
    for (int sample = 0; sample < settings.samples; ++sample) {
      start = Clock::now();
      queue();
      s.sync();
      each.push_back(micros_since(start) / static_cast<double>(counted));
    }
    std::sort(each.begin(), each.end());
    return Times{each[each.size() / 2], each.front(), graph};
  };
  if (settings.graphs && s.info().graphs == 1) {
    constexpr size_t kRecorded = 64;
    const size_t recorded = (std::min(calls, kRecorded) + sets - 1) / sets * sets;
    const size_t launches = (calls + recorded - 1) / recorded;
    try {
      const Recorded replay(s, call, recorded, sets);
      return measure([&] { for (size_t i = 0; i < launches; ++i) replay.launch(); }, recorded * launches, true);
    } catch (const Failed& failed) {
      if (!usable_after(failed.status)) throw;
      std::fprintf(stderr, "gatun_bench: queued without a graph: %s\n", failed.what());
    }
  }
  return measure([&] { for (size_t i = 0; i < calls; ++i) ok(call(i % sets)); }, calls, false);
}

// Microseconds of the host to queue one call.
double host_time(const Session& s, const Call& call) {
  constexpr int kCalls = 50;
  const Clock::time_point start = Clock::now();
  for (int i = 0; i < kCalls; ++i) ok(call(0));
  const double whole = micros_since(start);
  s.sync();
  return whole / kCalls;
}

// A JSON object of one line.
class Line {
 public:
  explicit Line(const char* kind) { text("kind", kind); }

  Line& text(const char* key, const std::string& value) {
    std::string plain;
    for (const char c : value) {
      if (c == '"' || c == '\\') plain += '\\';
      plain += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
    }
    return raw(key, '"' + plain + '"');
  }
  Line& number(const char* key, double value) {
    char digits[64];
    std::snprintf(digits, sizeof digits, "%.10g", value);
    return raw(key, digits);
  }
  Line& list(const char* key, const Shape& values) {
    std::string all;
    for (const int64_t value : values) all += (all.empty() ? "" : ", ") + std::to_string(value);
    return raw(key, "[" + all + "]");
  }
  void print() const {
    std::printf("{%s}\n", line_.c_str());
    std::fflush(stdout);
  }

 private:
  Line& raw(const char* key, const std::string& value) {
    line_ += std::string(line_.empty() ? "" : ", ") + '"' + key + "\": " + value;
    return *this;
  }

  std::string line_;
};

// False where the device can do nothing more.
bool measure(Session& s, const std::string& op, const Workload& w, size_t precision, const std::string& device,
             const Settings& settings) {
  const Cost cost = cost_of(op, w);
  Line line("kernel");
  line.text("op", op).text("workload", w.name).text("precision", kPrecisions[precision]).text("device", device);
  bool usable = true;
  try {
    const size_t sets = sets_of(cost);
    const auto [call, shape] = prepare(s, op, w, static_cast<int32_t>(precision), sets);
    line.list("shape", shape);
    const Times warm = time_of(s, call, 1, settings), cold = time_of(s, call, sets, settings);
    const double host = host_time(s, call);
    line.text("mode", warm.graph && cold.graph ? "graph" : "queued").number("us", warm.median);
    line.number("min_us", warm.least).number("cold_us", cold.median).number("cold_min_us", cold.least);
    line.number("host_us", host).number("bytes", cost.bytes).number("flops", cost.flops);
    line.number("upstream_flops", cost.upstream).number("lanes", cost.lanes);
    line.number("gbs", cost.bytes / cold.median / 1e3).number("tflops", cost.flops / cold.median / 1e6);
  } catch (const Failed& failed) {
    line.text("error", failed.what());
    usable = usable_after(failed.status);
  }
  line.print();
  s.clear();
  return usable;
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, ',');) parts.push_back(part);
  return parts;
}

void want_known(const std::string& what, const std::vector<std::string>& given, const std::vector<std::string>& known) {
  for (const std::string& each : given) {
    if (!has(known, each)) throw std::invalid_argument("unknown " + what + " " + each + "; --help lists what there is");
  }
}

int run(const std::vector<std::string>& arguments) {
  std::string device = "cuda";
  std::vector<std::string> names, known, ops = kOperations, precisions = kPrecisions;
  for (const Workload& w : kWorkloads) {
    known.push_back(w.name);
    if (w.standard) names.push_back(w.name);
  }
  Settings settings;
  for (const std::string& argument : arguments) {
    const size_t equals = argument.find('=');
    const std::string key = argument.substr(0, equals);
    const std::string value = equals == std::string::npos ? "" : argument.substr(equals + 1);
    if (key == "--help") return std::puts(kHelp), 0;
    if (key == "--device") device = value;
    else if (key == "--workloads") names = split(value);
    else if (key == "--precisions") precisions = split(value);
    else if (key == "--ops") ops = split(value);
    else if (key == "--samples") settings.samples = std::max(1, std::stoi(value));
    else if (key == "--sample-ms") settings.sample_us = 1000 * std::stod(value);
    else if (key == "--no-graph") settings.graphs = false;
    else if (key == "--smoke") names = {"smoke"}, settings.samples = 3, settings.sample_us = 200;
    else throw std::invalid_argument("unknown option " + argument + "; --help lists them");
  }
  want_known("workload", names, known);
  want_known("operation", ops, kOperations);
  want_known("precision", precisions, kPrecisions);
  const bool cpu = device == "cpu";
  if (!cpu && device != "cuda" && !device.starts_with("cuda:")) throw std::invalid_argument("unknown device " + device);

  Session session(cpu ? GATUN_CPU : GATUN_CUDA, device.size() > 5 ? std::stoi(device.substr(5)) : 0);
  const gatun_device_info info = session.info();
  Line("device").text("device", device).text("name", info.name).text("libraries", info.libraries)
      .number("memory_bytes", static_cast<double>(info.memory_bytes)).number("graphs", info.graphs).print();
  for (const Workload& w : kWorkloads) {
    if (!has(names, w.name)) continue;
    for (size_t precision = 0; precision < kPrecisions.size(); ++precision) {
      if (!has(precisions, kPrecisions[precision])) continue;
      for (const std::string& op : kOperations) {
        if (!has(ops, op) || (precision != GATUN_STRICT && has(kAlike, op))) continue;
        if (!measure(session, op, w, precision, device, settings)) return 1;
      }
    }
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run({argv + 1, argv + argc});
  } catch (const Failed& failed) {
    std::fprintf(stderr, "gatun_bench: %s\n", failed.what());
    return failed.status == GATUN_DEVICE_UNAVAILABLE ? 77 : 1;
  } catch (const std::exception& wrong) {
    std::fprintf(stderr, "gatun_bench: %s\n", wrong.what());
    return 2;
  }
}
