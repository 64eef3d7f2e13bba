// SPDX-License-Identifier: Apache-2.0
// LayerNorm with residual, one warp a row (rows up to kInRegisters wide stay in registers; wider ones are read again).
// rows x width: reads 4 (8 with residual), writes 4 bytes an element; about 8 FLOP each: bound by memory. Tokens of an
// embedding get their positions and are rounded to bf16, 2 bytes, in the same pass.
#include "operations.h"
#include "token_output.h"

namespace gatun::cuda {

namespace {

constexpr int kThreads = 256;
constexpr int kWarps = kThreads / kWarp;
constexpr int kSlots = 8;  // Float4 of a lane
constexpr int64_t kInRegisters = kSlots * kWarp * 4;

GATUN_DEVICE Float4 load4(const LayerNormArgs& args, int64_t at) {
  Float4 value = *reinterpret_cast<const Float4*>(args.x + at);
  if (args.residual != nullptr) {
    const Float4 more = *reinterpret_cast<const Float4*>(args.residual + at);
    for (int i = 0; i < 4; ++i) value.at[i] += more.at[i];
  }
  return value;
}

GATUN_DEVICE float load1(const LayerNormArgs& args, int64_t at) {
  return args.residual == nullptr ? args.x[at] : args.x[at] + args.residual[at];
}

// width a multiple of 4, at most kInRegisters, all addresses aligned to 16 bytes.
GATUN_KERNEL(kThreads) layer_norm_rows(LayerNormArgs args, TokenOutput output) {
  const int64_t row = block_index<0>() * kWarps + warp_index();
  if (row >= args.rows) return;  // the whole warp
  const int lane = lane_index(), quads = static_cast<int>(args.width / 4);
  Float4 values[kSlots];
  float sum = 0;
#pragma unroll
  for (int slot = 0; slot < kSlots; ++slot) {
    const int quad = slot * kWarp + lane;
    if (quad >= quads) continue;
    values[slot] = load4(args, row * args.width + quad * 4);
    for (int i = 0; i < 4; ++i) sum += values[slot].at[i];
  }
  const float mean = warp_sum(sum) / static_cast<float>(args.width);
  float squares = 0;
#pragma unroll
  for (int slot = 0; slot < kSlots; ++slot) {
    if (slot * kWarp + lane >= quads) continue;
    for (int i = 0; i < 4; ++i) squares += (values[slot].at[i] - mean) * (values[slot].at[i] - mean);
  }
  const int64_t place = output.position != nullptr ? row % output.period : 0;
  const float scale = 1.0f / sqrtf(warp_sum(squares) / static_cast<float>(args.width) + args.eps);
#pragma unroll
  for (int slot = 0; slot < kSlots; ++slot) {
    const int quad = slot * kWarp + lane;
    if (quad >= quads) continue;
    const Float4 weight = *reinterpret_cast<const Float4*>(args.weight + quad * 4);
    const Float4 bias = *reinterpret_cast<const Float4*>(args.bias + quad * 4);
    Float4 result;
    for (int i = 0; i < 4; ++i) result.at[i] = (values[slot].at[i] - mean) * scale * weight.at[i] + bias.at[i];
    output.put4(row, place, quad * 4, result);
  }
}

// Any width and alignment.
GATUN_KERNEL(kThreads) layer_norm_any(LayerNormArgs args, TokenOutput output) {
  const int64_t row = block_index<0>() * kWarps + warp_index();
  if (row >= args.rows) return;  // the whole warp
  const int64_t first = row * args.width;
  float sum = 0;
  for (int64_t i = lane_index(); i < args.width; i += kWarp) sum += load1(args, first + i);
  const float mean = warp_sum(sum) / static_cast<float>(args.width);
  float squares = 0;
  for (int64_t i = lane_index(); i < args.width; i += kWarp) {
    const float centred = load1(args, first + i) - mean;
    squares += centred * centred;
  }
  const int64_t place = output.position != nullptr ? row % output.period : 0;
  const float scale = 1.0f / sqrtf(warp_sum(squares) / static_cast<float>(args.width) + args.eps);
  for (int64_t i = lane_index(); i < args.width; i += kWarp) {
    output.put1(row, place, i, (load1(args, first + i) - mean) * scale * args.weight[i] + args.bias[i]);
  }
}

}  // namespace

void normalise_rows(gatun_stream* stream, const LayerNormArgs& args, const TokenOutput& output) {
  const bool fast = output.fours && args.width <= kInRegisters && aligned(args.x) && aligned(args.residual) &&
                    aligned(args.weight) && aligned(args.bias);
  const Grid grid{(args.rows + kWarps - 1) / kWarps};
  if (args.width == 0) return;
  launch(stream, "layer_norm", fast ? layer_norm_rows : layer_norm_any, grid, kThreads, 0, args, output);
}

gatun_status layer_norm(gatun_stream* stream, const LayerNormArgs& args, gatun_error* error) {
  return guard(error, [&] {
    normalise_rows(stream, args, TokenOutput(nullptr, nullptr, 0, args.out, GATUN_F32, args.width));
  });
}

}  // namespace gatun::cuda
