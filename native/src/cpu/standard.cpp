// SPDX-License-Identifier: Apache-2.0
// Linear layers and convolutions: cut into tiles of fixed shape, each computed by oneDNN where it serves the shape, else
// by our own kernels. A linear layer's last tile is padded to the full number of rows, so that a row's result does not
// depend on how many rows there are.
#include "device.h"

#include "../status.h"

#include <algorithm>

namespace gatun::cpu {

namespace {

// A tile's output stays in the second-level cache while activation and residual follow.
constexpr int64_t kTilePixels = 512;
constexpr int64_t kRows = TileProduct::kRows;

void finish(const CpuDevice& device, int64_t count, int32_t activation, const float* residual, float* out) {
  if (activation != GATUN_ACT_NONE || residual != nullptr) device.kernels.finish({count, activation, residual, out});
}

// Shapes kept for one weight: an image needs two, its inner and its last tiles.
constexpr size_t kKnownShapes = 8;

// Made on first use, because its shape depends on the image; whoever runs it holds it, for it may be forgotten meanwhile.
// Null where oneDNN does not serve the shape.
std::shared_ptr<const TileConvolution> convolution_for(const CpuWeights& weights,
                                                       const TileConvolution::Shape& shape) {
  const std::lock_guard lock(weights.mutex);
  auto& known = weights.convolutions;
  const auto found = std::find_if(known.begin(), known.end(), [&](const auto& each) { return each.shape == shape; });
  if (found != known.end()) {
    std::rotate(known.begin(), found, found + 1);
    return known.front().convolution;
  }
  // Torch's layout again, out of ours: the source may be gone.
  const int64_t cells = shape.kernel_h * shape.kernel_w;
  const int panel = own(weights.device).kernels.panel;
  std::vector<float> plain(static_cast<size_t>(shape.outputs * shape.inputs * cells));
  for (int64_t o = 0; o < shape.outputs; ++o) {
    for (int64_t i = 0; i < shape.inputs; ++i) {
      for (int64_t cell = 0; cell < cells; ++cell) {
        plain[static_cast<size_t>((o * shape.inputs + i) * cells + cell)] =
            weights.packed[((o / panel * cells + cell) * shape.inputs + i) * panel + o % panel];
      }
    }
  }
  known.push_front({shape, TileConvolution::create(shape, plain.data())});
  if (known.size() > kKnownShapes) known.pop_back();
  return known.front().convolution;
}

}  // namespace

gatun_status linear(gatun_stream* stream, const LinearArgs& args, gatun_error* error) {
  return guard(error, [&] {
    CpuDevice& device = device_of(stream);
    const auto& weights = *static_cast<const CpuWeights*>(args.weights);
    const bool tail = device.serves(weights) && args.rows % kRows != 0;
    const int64_t scratch = in_lines(device.kernels.linear.scratch_floats(args));
    const Scratch memory(own(stream), tail ? kRows * (weights.inputs + weights.outputs)
                                           : scratch * device.workers.count());
    own(stream).queue.submit([args, &device, &weights, scratch, in = memory.floats()] {
      if (weights.product == nullptr) {
        run_phases(device, args, device.kernels.linear, TileMemory{nullptr, in, scratch});
        return;
      }
      const float* bias = args.bias != nullptr ? args.bias : weights.zeros.data();
      device.workers.for_tiles((args.rows + kRows - 1) / kRows, [&](int64_t tile, int worker) {
        OneDnnScratch& own_scratch = device.onednn_scratch[static_cast<size_t>(worker)];
        const int64_t first = tile * kRows, rows = std::min(kRows, args.rows - first);
        const float* x = args.x + first * weights.inputs;
        float* out = args.out + first * weights.outputs;
        if (rows == kRows) {
          weights.product->run(x, bias, out, own_scratch);
        } else {
          float* result = in + kRows * weights.inputs;
          std::copy_n(x, rows * weights.inputs, in);
          std::fill(in + rows * weights.inputs, result, 0.0f);
          weights.product->run(in, bias, result, own_scratch);
          std::copy_n(result, rows * weights.outputs, out);
        }
        const float* residual = args.residual != nullptr ? args.residual + first * weights.outputs : nullptr;
        finish(device, rows * weights.outputs, args.activation, residual, out);
      });
    });
  });
}

gatun_status conv2d(gatun_stream* stream, const Conv2dArgs& args, gatun_error* error) {
  return guard(error, [&] {
    CpuDevice& device = device_of(stream);
    const auto& weights = *static_cast<const CpuWeights*>(args.weights);
    const TiledKernel<Conv2dArgs>& kernel = device.kernels.conv2d;
    const int64_t shared = in_lines(kernel.shared_floats(args)), scratch = in_lines(kernel.scratch_floats(args));
    const Scratch memory(own(stream), shared + scratch * device.workers.count());
    own(stream).queue.submit([args, &device, &weights, &kernel, shared, scratch, bordered = memory.floats()] {
      const TileMemory tiles{bordered, bordered + shared, scratch};
      run_phase(device, args, kernel, tiles, 0);
      const float* image = shared > 0 ? bordered : args.x;
      const int64_t in_rows = args.height + 2 * args.padding_h, in_columns = args.width + 2 * args.padding_w;
      const int64_t rows = args.out_height, columns = args.out_width;
      const bool plain = args.stride_h == 1 && args.stride_w == 1 && args.dilation_h == 1 && args.dilation_w == 1;
      const int64_t step = std::min(rows, std::max<int64_t>(1, kTilePixels / columns)), rest = rows % step;
      const TileConvolution::Shape shape{weights.inputs, weights.outputs, weights.kernel_h, weights.kernel_w, in_columns,
                                         step};
      TileConvolution::Shape last = shape;
      last.rows = rest > 0 ? rest : step;
      const auto inner = device.serves(weights) && plain ? convolution_for(weights, shape) : nullptr;
      const auto outer = inner != nullptr ? convolution_for(weights, last) : nullptr;
      if (outer == nullptr) {
        run_phase(device, args, kernel, tiles, 1);
        return;
      }
      const float* bias = args.bias != nullptr ? args.bias : weights.zeros.data();
      const int64_t pieces = (rows + step - 1) / step;
      device.workers.for_tiles(args.batch * pieces, [&](int64_t tile, int worker) {
        const int64_t batch = tile / pieces, row = tile % pieces * step, count = std::min(step, rows - row);
        float* out = args.out + (batch * rows + row) * columns * weights.outputs;
        (count == step ? inner : outer)
            ->run(image + (batch * in_rows + row) * in_columns * weights.inputs, bias, out,
                  device.onednn_scratch[static_cast<size_t>(worker)]);
        finish(device, count * columns * weights.outputs, args.activation, nullptr, out);
      });
    });
  });
}

}  // namespace gatun::cpu
