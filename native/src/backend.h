// SPDX-License-Identifier: Apache-2.0
// What a backend is: a versioned table of functions. The dispatch layer has checked every argument before it calls one,
// so a backend sees only shapes that fit. A function of the table returns a status and throws nothing, so that a
// backend may live in another shared library.
#pragma once

#include "gatun/gatun.h"

#include <cstdint>

namespace gatun {

struct Backend;

constexpr int64_t kBackendVersion = 6;

// Cells of a kernel that one output may sum.
constexpr int64_t kMaxTaps = 256;

// Marks of live handles: a stale or foreign pointer is refused as long as its memory has not been reused.
constexpr uint64_t kDeviceMark = 0x6761747564657631ull;
constexpr uint64_t kStreamMark = 0x6761747573747231ull;
constexpr uint64_t kEventMark = 0x6761747565766e31ull;
constexpr uint64_t kBufferMark = 0x6761747562756631ull;
constexpr uint64_t kWeightsMark = 0x6761747577746731ull;
constexpr uint64_t kGraphMark = 0x6761747567727031ull;

// The last thing before a handle is deleted. Volatile: the compiler may drop plain stores to an object that dies.
inline void retire(uint64_t& mark) { *static_cast<volatile uint64_t*>(&mark) = 0; }

enum class WeightsKind { linear, conv2d, conv_transpose2d, refine, decoder };

}  // namespace gatun

// The common head of each handle; a backend derives its own from it.
struct gatun_device {
  uint64_t mark = gatun::kDeviceMark;
  const gatun::Backend* backend = nullptr;
  int32_t kind = GATUN_CPU;
  int32_t index = 0;
};

struct gatun_stream {
  uint64_t mark = gatun::kStreamMark;
  gatun_device* device = nullptr;
};

struct gatun_event {
  uint64_t mark = gatun::kEventMark;
  gatun_device* device = nullptr;
};

struct gatun_buffer {
  uint64_t mark = gatun::kBufferMark;
  gatun_device* device = nullptr;
  char* data = nullptr;
  int64_t bytes = 0;
};

struct gatun_weights {
  uint64_t mark = gatun::kWeightsMark;
  gatun_device* device = nullptr;
  gatun::WeightsKind kind = gatun::WeightsKind::linear;
  int32_t precision = GATUN_STRICT;
  int64_t outputs = 0;  // N of linear, O of convolutions
  int64_t inputs = 0;   // K of linear, I of convolutions
  int64_t kernel_h = 1, kernel_w = 1;
  int64_t stride_h = 1, stride_w = 1;
  int64_t padding_h = 0, padding_w = 0;
};

struct gatun_graph {
  uint64_t mark = gatun::kGraphMark;
  gatun_device* device = nullptr;
};

namespace gatun {

// A tensor that passed the checks: its address, and the caller's description by value.
struct View {
  char* data = nullptr;
  int32_t dtype = GATUN_F32;
  int32_t rank = 0;
  int64_t shape[GATUN_MAX_RANK] = {};
  int64_t stride[GATUN_MAX_RANK] = {};

  explicit operator bool() const { return data != nullptr; }
  float* f32() const { return reinterpret_cast<float*>(data); }
  uint8_t* u8() const { return reinterpret_cast<uint8_t*>(data); }
};

struct LayerNormArgs {
  int64_t rows, width;
  const float *x, *residual, *weight, *bias;
  float eps;
  float* out;
};

struct LinearArgs {
  int64_t rows;
  const float* x;
  const gatun_weights* weights;
  const float* bias;
  int32_t activation;
  const float* residual;
  float* out;
};

// [batch, tokens, embed] with a dense last axis: elements from map to map and from token to token.
struct TokenView {
  const float* data;
  int64_t map, token;
};

struct AttentionArgs {
  int64_t batch, queries, keys, embed, heads;
  int32_t precision;
  TokenView query, key, value;
  const uint8_t* mask;  // may be null: 0 where a key takes no part
  int64_t mask_map, mask_query;
  float* out;

  // Tokens of so short a sequence take no part in the arithmetic of `precision`: f32 in each.
  static constexpr int64_t kFew = 16;
  bool are_few() const { return queries <= kFew && keys <= kFew; }
};

// What a key that takes no part scores. A power of two: its product with a scale is exact, so that it is the largest
// score of a row without any other to the bit, and all keys weigh the same there. The lowest of them: real scores lie
// above it but for those of the last factor of two before -infinity.
constexpr float kMaskedScore = -0x1p127f;

// Where the running maximum of a row's scores starts: finite, so that scores of -infinity weigh nothing against it.
constexpr float kLowestTop = -0x1.fffffep127f;

struct PatchEmbedArgs {
  int64_t batch, channels, time, height, width;
  int64_t patch_t, patch_h, patch_w;
  int32_t validity;
  float fill_value, eps;
  float scale, offset;  // a value is stored * scale + offset; 1 and 0 unless x is int16
  int32_t x_dtype;      // f32, bf16 or int16
  const void* x;
  const uint8_t* mask;
  const gatun_weights* weights;
  const float *bias, *norm_weight, *norm_bias;
  const float* position;  // may be null: a row for each token of an image
  int32_t out_dtype;      // f32 or bf16
  void* out;

  // Tokens of an image.
  int64_t tokens() const { return (time / patch_t) * (height / patch_h) * (width / patch_w); }
};

struct TemporalPoolArgs {
  int64_t batch, months, time, places, embed;
  const float *x, *day_encoding, *month_encoding, *norm_weight, *norm_bias;
  float eps;
  const gatun_weights* weights;
  const float *hidden_bias, *score_weight, *score_bias;
  const uint8_t* padded;
  float* out;
};

struct ConvTranspose2dArgs {
  int64_t batch, height, width, out_height, out_width;
  const float* x;
  const gatun_weights* weights;
  const float* bias;
  float* out;
};

struct Conv2dArgs {
  int64_t batch, height, width, out_height, out_width;
  int64_t stride_h, stride_w, padding_h, padding_w, dilation_h, dilation_w;
  const float* x;
  const gatun_weights* weights;
  const float* bias;
  int32_t activation;
  float* out;
};

// [outer, count, inner] to [outer, inner].
struct ReduceArgs {
  int64_t outer, count, inner;
  int32_t reduction;
  const float* x;
  float* out;
};

struct SoftmaxArgs {
  int64_t rows, width;
  const float* x;
  float* out;
};

struct ArgmaxArgs {
  int64_t rows, width;
  const float* x;
  int64_t* out;
};

// temperature > 0; `keep` of the row's largest, all of them if it is the width; top_p in (0, 1), or 1 for all.
struct SampleTokensArgs {
  int64_t rows, width;
  const float* logits;
  float inverse_temperature;
  int64_t keep;
  double top_p;
  uint64_t seed;
  const int64_t* counters;
  int64_t* out;
};

struct TakeRowsArgs {
  int64_t table_rows, rows, width;
  const float* table;
  const int64_t* ids;
  float* out;
};

struct GroupNormArgs {
  int64_t batch, places, channels, groups;
  const float *x, *weight, *bias;
  float eps;
  int32_t activation;
  float* out;
};

// The step between samples of x, in pixels of x, is decided already.
struct Resize2dArgs {
  int64_t batch, height, width, channels, out_height, out_width;
  int32_t mode;
  bool align_corners;
  double step_h, step_w;
  const float* x;
  float* out;
};

struct MaxPool2dArgs {
  int64_t batch, height, width, channels, out_height, out_width;
  int64_t kernel_h, kernel_w, stride_h, stride_w;
  const float* x;
  float* out;
};

struct Pad2dArgs {
  int64_t batch, height, width, channels, out_height, out_width, top, left;
  int32_t mode;
  float value;
  const float* x;
  float* out;
};

struct ActivateArgs {
  int64_t count;
  int32_t activation;
  const float* x;
  float* out;
};

struct MapHeadArgs {
  int64_t batch, months, height, width, channels;
  const float *x, *weight, *bias, *scale, *shift;
  const uint8_t* land;
  float* out;
};

// patch.out is not used: the tokens go straight to pool, whose x is not used.
struct EncodePoolArgs {
  PatchEmbedArgs patch;
  TemporalPoolArgs pool;
};

// Sources of the linear beginning of a decoder, dense f32 in torch's layouts.
struct DecoderSource {
  int64_t embed, hidden, channels;
  const float *proj_weight, *proj_bias, *up_weight, *up_bias, *conv_weight, *conv_bias;
};

struct DecoderPrefixArgs {
  int64_t batch, height, width;
  const float* x;
  const gatun_weights* weights;
  int32_t activation;
  float* out;
};

struct RefineHeadArgs {
  int64_t batch, months, height, width;
  const float* x;
  const gatun_weights* weights;  // of the 3x3 convolution
  const float *conv_bias, *head_weight, *head_bias, *scale, *shift;
  const uint8_t* land;
  float* out;
};

struct Backend {
  int64_t version;
  const char* name;

  gatun_status (*device_open)(int32_t index, const gatun_device_options& options, gatun_device** device,
                              gatun_error* error);
  gatun_status (*device_close)(gatun_device* device, gatun_error* error);
  gatun_status (*device_info)(gatun_device* device, gatun_device_info* info, gatun_error* error);

  gatun_status (*memory_stats)(gatun_device* device, gatun_memory_stats* stats, gatun_error* error);
  gatun_status (*memory_limit)(gatun_device* device, int64_t bytes, gatun_error* error);
  gatun_status (*memory_trim)(gatun_device* device, int64_t* freed, gatun_error* error);
  gatun_status (*memory_peak_reset)(gatun_device* device, gatun_error* error);
  gatun_status (*buffer_alloc)(gatun_stream* stream, int64_t bytes, gatun_buffer** buffer, gatun_error* error);
  gatun_status (*buffer_wrap)(gatun_device* device, void* data, int64_t bytes, gatun_buffer** buffer,
                              gatun_error* error);
  gatun_status (*buffer_free)(gatun_buffer* buffer, gatun_stream* stream, gatun_error* error);
  gatun_status (*copy_from_host)(gatun_stream* stream, char* dst, const void* src, int64_t bytes, gatun_error* error);
  gatun_status (*copy_to_host)(gatun_stream* stream, void* dst, const char* src, int64_t bytes, gatun_error* error);

  gatun_status (*stream_create)(gatun_device* device, gatun_stream** stream, gatun_error* error);
  gatun_status (*stream_destroy)(gatun_stream* stream, gatun_error* error);
  gatun_status (*stream_sync)(gatun_stream* stream, gatun_error* error);
  gatun_status (*event_create)(gatun_device* device, gatun_event** event, gatun_error* error);
  gatun_status (*event_destroy)(gatun_event* event, gatun_error* error);
  gatun_status (*event_record)(gatun_event* event, gatun_stream* stream, gatun_error* error);
  gatun_status (*event_wait)(gatun_stream* stream, gatun_event* event, gatun_error* error);
  gatun_status (*event_sync)(gatun_event* event, gatun_error* error);

  // All four NULL where the backend has no graphs.
  gatun_status (*graph_begin)(gatun_stream* stream, gatun_error* error);
  gatun_status (*graph_end)(gatun_stream* stream, gatun_graph** graph, gatun_error* error);
  gatun_status (*graph_launch)(gatun_graph* graph, gatun_stream* stream, gatun_error* error);
  gatun_status (*graph_destroy)(gatun_graph* graph, gatun_error* error);

  // `shape` carries the source's extents and the geometry; the backend's handle starts as a copy of it.
  gatun_status (*weights_create)(gatun_stream* stream, const gatun_weights& shape, const float* source,
                                 gatun_weights** weights, gatun_error* error);
  gatun_status (*weights_free)(gatun_weights* weights, gatun_stream* stream, gatun_error* error);

  gatun_status (*fill)(gatun_stream* stream, const View& out, double value, gatun_error* error);
  gatun_status (*copy)(gatun_stream* stream, const View& x, const View& out, gatun_error* error);
  gatun_status (*binary)(gatun_stream* stream, int32_t op, const View& a, const View& b, const View& out,
                         gatun_error* error);
  gatun_status (*activate)(gatun_stream* stream, const ActivateArgs& args, gatun_error* error);
  gatun_status (*reduce)(gatun_stream* stream, const ReduceArgs& args, gatun_error* error);
  gatun_status (*softmax)(gatun_stream* stream, const SoftmaxArgs& args, gatun_error* error);
  gatun_status (*argmax)(gatun_stream* stream, const ArgmaxArgs& args, gatun_error* error);
  gatun_status (*sample_tokens)(gatun_stream* stream, const SampleTokensArgs& args, gatun_error* error);
  gatun_status (*take_rows)(gatun_stream* stream, const TakeRowsArgs& args, gatun_error* error);
  gatun_status (*group_norm)(gatun_stream* stream, const GroupNormArgs& args, gatun_error* error);
  gatun_status (*layer_norm)(gatun_stream* stream, const LayerNormArgs& args, gatun_error* error);
  gatun_status (*linear)(gatun_stream* stream, const LinearArgs& args, gatun_error* error);
  gatun_status (*attention)(gatun_stream* stream, const AttentionArgs& args, gatun_error* error);
  gatun_status (*patch_embed)(gatun_stream* stream, const PatchEmbedArgs& args, gatun_error* error);
  gatun_status (*temporal_pool)(gatun_stream* stream, const TemporalPoolArgs& args, gatun_error* error);
  gatun_status (*conv_transpose2d)(gatun_stream* stream, const ConvTranspose2dArgs& args, gatun_error* error);
  gatun_status (*conv2d)(gatun_stream* stream, const Conv2dArgs& args, gatun_error* error);
  gatun_status (*resize2d)(gatun_stream* stream, const Resize2dArgs& args, gatun_error* error);
  gatun_status (*max_pool2d)(gatun_stream* stream, const MaxPool2dArgs& args, gatun_error* error);
  gatun_status (*pad2d)(gatun_stream* stream, const Pad2dArgs& args, gatun_error* error);
  gatun_status (*map_head)(gatun_stream* stream, const MapHeadArgs& args, gatun_error* error);

  // Fusions. One that is NULL is composed of the operations above; decoder_weights and decoder_prefix come together.
  gatun_status (*encode_pool)(gatun_stream* stream, const EncodePoolArgs& args, gatun_error* error);
  gatun_status (*decoder_weights)(gatun_stream* stream, const gatun_weights& shape, const DecoderSource& source,
                                  gatun_weights** weights, gatun_error* error);
  gatun_status (*decoder_prefix)(gatun_stream* stream, const DecoderPrefixArgs& args, gatun_error* error);
  gatun_status (*refine_head)(gatun_stream* stream, const RefineHeadArgs& args, gatun_error* error);
};

const Backend& cpu_backend();

// The device without data; what is said where data are asked for.
const Backend& meta_backend();
inline constexpr const char* kNoData = "a meta tensor has no data, only a shape; open a CPU or CUDA device to compute";

}  // namespace gatun
