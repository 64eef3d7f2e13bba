// SPDX-License-Identifier: Apache-2.0
#include "pack.h"

#include "../convert.h"

#include <algorithm>
#include <cstring>
#include <vector>

namespace gatun::cpu {

namespace {

// One tap of the product: where its [output, input] matrix lies in the source.
struct Tap {
  int64_t offset, output_stride, input_stride;
};

float* pack_taps(const gatun_weights& shape, const float* source, const std::vector<Tap>& taps, int panel,
                 float* out) {
  const int64_t depth = depth_of(shape);
  for (int64_t first = 0; first < shape.outputs; first += panel) {
    const int64_t columns = std::min<int64_t>(panel, shape.outputs - first);
    for (const Tap& tap : taps) {
      std::memset(out, 0, sizeof(float) * static_cast<size_t>(depth * panel));
      for (int64_t input = 0; input < shape.inputs; ++input) {
        const float* from = source + tap.offset + first * tap.output_stride + input * tap.input_stride;
        for (int64_t column = 0; column < columns; ++column) {
          const float value = from[column * tap.output_stride];
          if (shape.precision != GATUN_REDUCED) {
            out[input * panel + column] = value;
          } else {
            const uint16_t half = dtype::float_to_bf16(value);
            char* pair = reinterpret_cast<char*>(out + input / 2 * panel + column);
            std::memcpy(pair + input % 2 * sizeof half, &half, sizeof half);
          }
        }
      }
      out += depth * panel;
    }
  }
  return out;
}

// G g G^T for each pair of channels, in double before the last rounding, to 36 matrices as pack_taps arranges one.
void pack_points(const gatun_weights& shape, const float* source, int panel, float* out) {
  constexpr double kG[6][3] = {{1 / 4.0, 0, 0},
                               {-1 / 6.0, -1 / 6.0, -1 / 6.0},
                               {-1 / 6.0, 1 / 6.0, -1 / 6.0},
                               {1 / 24.0, 1 / 12.0, 1 / 6.0},
                               {1 / 24.0, -1 / 12.0, 1 / 6.0},
                               {0, 0, 1}};
  const int64_t matrix = (shape.outputs + panel - 1) / panel * panel * shape.inputs;
  std::memset(out, 0, sizeof(float) * static_cast<size_t>(36 * matrix));
  for (int64_t pair = 0; pair < shape.outputs * shape.inputs; ++pair) {
    const int64_t output = pair / shape.inputs, input = pair % shape.inputs;
    float* to = out + (output / panel * shape.inputs + input) * panel + output % panel;
    double half[6][3];
    for (int y = 0; y < 6; ++y) {
      for (int x = 0; x < 3; ++x) {
        half[y][x] = 0;
        for (int k = 0; k < 3; ++k) half[y][x] += kG[y][k] * source[pair * 9 + k * 3 + x];
      }
    }
    for (int y = 0; y < 6; ++y) {
      for (int x = 0; x < 6; ++x) {
        double value = 0;
        for (int k = 0; k < 3; ++k) value += half[y][k] * kG[x][k];
        to[(y * 6 + x) * matrix] = static_cast<float>(value);
      }
    }
  }
}

bool by_points(const PackedWeights& shape) { return shape.winograd && shape.kind == WeightsKind::refine; }

}  // namespace

int64_t packed_floats(const PackedWeights& shape, int panel) {
  const int64_t matrix = (shape.outputs + panel - 1) / panel * panel * depth_of(shape);
  // The phases of a transposed convolution share its kernel cells out among them.
  return matrix * (by_points(shape) ? 36 : shape.kernel_h * shape.kernel_w);
}

void pack(const PackedWeights& shape, const float* source, int panel) {
  float* out = shape.packed;
  const int64_t cells = shape.kernel_h * shape.kernel_w;
  if (by_points(shape)) {
    pack_points(shape, source, panel, out);
    return;
  }
  if (shape.kind != WeightsKind::conv_transpose2d) {
    std::vector<Tap> taps;  // source [output][input][cell]
    for (int64_t cell = 0; cell < cells; ++cell) taps.push_back({cell, shape.inputs * cells, cells});
    pack_taps(shape, source, taps, panel, out);
    return;
  }
  for (int64_t phase_h = 0; phase_h < shape.stride_h; ++phase_h) {
    const GatherAxis rows(phase_h, shape.kernel_h, shape.stride_h, shape.padding_h);
    for (int64_t phase_w = 0; phase_w < shape.stride_w; ++phase_w) {
      const GatherAxis columns(phase_w, shape.kernel_w, shape.stride_w, shape.padding_w);
      std::vector<Tap> taps;  // source [input][output][cell]
      for (int64_t ty = 0; ty < rows.taps; ++ty) {
        for (int64_t tx = 0; tx < columns.taps; ++tx) {
          const int64_t cell = rows.kernel_cell(ty, shape.stride_h) * shape.kernel_w +
                               columns.kernel_cell(tx, shape.stride_w);
          taps.push_back({cell, cells, shape.outputs * cells});
        }
      }
      out = pack_taps(shape, source, taps, panel, out);
    }
  }
}

}  // namespace gatun::cpu
