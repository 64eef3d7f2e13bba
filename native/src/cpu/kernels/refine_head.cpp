// SPDX-License-Identifier: Apache-2.0
// The decoder's end in one pass: 3x3 convolution, bias, GELU, 1x1 head, the month's scale and shift, land; the refined
// image is never in memory. The convolution is Winograd's F(4x4, 3x3): 36 products of [tiles, I] x [I, O] in the place
// of 144, so 4.5 I O FLOP a pixel in the place of 18 and about 30 (I + O) for the transforms; 4 I + 5 bytes. Winograd
// tiles lie at multiples of 4 of the image, so a pixel's result depends on neither tile, batch nor threads. Weights
// that were packed without Winograd (GATUN_DISABLE=winograd) take the plain product of nine taps, 18 I O FLOP a pixel.
// In reduced precision too it multiplies in f32: Winograd with bf16 factors is wrong by 2.1e-2, norm-wise (128 channels
// of random numbers; bf16 factors without Winograd: 2.3e-3), and 18 I O FLOP at twice the rate take longer than 4.5.
#include "tables.h"
#include "winograd.h"

namespace gatun::cpu::GATUN_NS {

namespace {

constexpr int64_t kTiles = 24;   // Winograd tiles of a tile: their transformed pixels stay in the second-level cache

struct Geometry {
  int64_t inputs, outputs, columns, count, pieces;

  explicit Geometry(const RefineHeadArgs& args)
      : inputs(args.weights->inputs), outputs(args.weights->outputs),
        columns((args.width + kStep - 1) / kStep), count((args.height + kStep - 1) / kStep * columns),
        pieces((count + kTiles - 1) / kTiles) {}
};

int64_t no_floats(const RefineHeadArgs&) { return 0; }

// Pixels of a tile of the plain product.
constexpr int64_t kLines = 8, kColumns = 24;

struct Blocks {
  int64_t inputs, outputs, columns, per_map;

  explicit Blocks(const RefineHeadArgs& args)
      : inputs(args.weights->inputs), outputs(args.weights->outputs), columns((args.width + kColumns - 1) / kColumns),
        per_map((args.height + kLines - 1) / kLines * columns) {}

  int64_t pixel_floats() const { return (kLines + 2) * (kColumns + 2) * inputs; }
};

// A row of zeros in the place of pixels outside, the transformed pixels, and the products; or, without Winograd, the
// pixels with their neighbours, and the refined ones.
int64_t scratch_floats(const RefineHeadArgs& args) {
  if (!packed(args.weights).winograd) {
    const Blocks blocks(args);
    return blocks.pixel_floats() + kLines * kColumns * blocks.outputs;
  }
  const Geometry g(args);
  return g.inputs + kWidth + kPoints * kTiles * (g.inputs + g.outputs);
}

int64_t tiles(const RefineHeadArgs& args, int) {
  const int64_t per_map = packed(args.weights).winograd ? Geometry(args).pieces : Blocks(args).per_map;
  return args.batch * args.months * per_map;
}

// A pixel of a map from its products with the head.
inline void put(const RefineHeadArgs& args, int64_t map, int64_t row, int64_t column, Vec dot) {
  const int64_t batch = map / args.months, month = map % args.months, at = row * args.width + column;
  const bool dry = args.land != nullptr && args.land[batch * args.height * args.width + at] != 0;
  const float value = (sum(dot) + args.head_bias[0]) * args.scale[month] + args.shift[month];
  args.out[map * args.height * args.width + at] = dry ? 0.0f : value;
}

// The products of one Winograd tile to its 16 pixels of the map.
void draw(const RefineHeadArgs& args, const Geometry& g, int64_t map, int64_t index, const float* products) {
  Vec dots[kStep][kStep];
  for (auto& row : dots) {
    for (Vec& dot : row) dot = splat(0.0f);
  }
  for (int64_t o = 0; o < g.outputs; o += kWidth) {
    const int64_t rest = g.outputs - o;
    const Vec bias = load_up_to(args.conv_bias + o, rest), head = load_up_to(args.head_weight + o, rest);
    Vec half[kStep][kSide];
    for (int x = 0; x < kSide; ++x) {
      Vec column[kSide], done[kStep];
#pragma GCC unroll 6
      for (int y = 0; y < kSide; ++y) {
        column[y] = load_up_to(products + (y * kSide + x) * kTiles * g.outputs + o, rest);
      }
      transform_out(column, done);
#pragma GCC unroll 4
      for (int y = 0; y < kStep; ++y) half[y][x] = done[y];
    }
    for (int y = 0; y < kStep; ++y) {
      Vec done[kStep];
      transform_out(half[y], done);
#pragma GCC unroll 4
      for (int x = 0; x < kStep; ++x) done[x] += bias;
      gelu_together<kStep>(done);
#pragma GCC unroll 4
      for (int x = 0; x < kStep; ++x) dots[y][x] += done[x] * head;
    }
  }
  const int64_t top = index / g.columns * kStep, left = index % g.columns * kStep;
  for (int64_t y = 0; y < min(kStep, args.height - top); ++y) {
    for (int64_t x = 0; x < min(kStep, args.width - left); ++x) put(args, map, top + y, left + x, dots[y][x]);
  }
}

// `count` pixels of a line from `column` on, zeros where they are outside the image.
void copy_line(const RefineHeadArgs& args, const float* image, int64_t row, int64_t column, int64_t count, float* out) {
  const int64_t inputs = args.weights->inputs, first = column < 0 ? -column : 0;
  const int64_t last = row < 0 || row >= args.height ? first : min(count, args.width - column);
  memset(out, 0, sizeof(float) * static_cast<size_t>(count * inputs));
  if (last > first) {
    memcpy(out + first * inputs, image + (row * args.width + column + first) * inputs,
           sizeof(float) * static_cast<size_t>((last - first) * inputs));
  }
}

void plain_tile(const RefineHeadArgs& args, const TileContext& context, int64_t index) {
  const Blocks b(args);
  const int64_t map = index / b.per_map, block = index % b.per_map;
  const int64_t top = block / b.columns * kLines, left = block % b.columns * kColumns;
  const int64_t lines = min(kLines, args.height - top), columns = min(kColumns, args.width - left);
  const int64_t line_floats = (columns + 2) * b.inputs;
  const float* image = args.x + map * args.height * args.width * b.inputs;
  float* pixels = context.scratch;
  float* refined = pixels + b.pixel_floats();
  for (int64_t y = 0; y < lines + 2; ++y) {
    copy_line(args, image, top + y - 1, left - 1, columns + 2, pixels + y * line_floats);
  }
  Rows<float> a;
  a.tap_count = 0;
  a.stride = a.depth = b.inputs;
  for (int64_t cell = 0; cell < 9; ++cell) {
    a.taps[a.tap_count++] = pixels + cell / 3 * line_floats + cell % 3 * b.inputs;
  }
  StoreSink sink{refined, b.outputs, b.outputs, args.conv_bias, GATUN_ACT_GELU, nullptr};
  product_of_lines(a, lines, line_floats, columns, packed(args.weights).packed, b.outputs, sink, columns * b.outputs);
  for (int64_t y = 0; y < lines; ++y) {
    for (int64_t x = 0; x < columns; ++x) {
      const float* pixel = refined + (y * columns + x) * b.outputs;
      Vec dot = splat(0.0f);
      for (int64_t o = 0; o < b.outputs; o += kWidth) {
        dot += load_up_to(pixel + o, b.outputs - o) * load_up_to(args.head_weight + o, b.outputs - o);
      }
      put(args, map, top + y, left + x, dot);
    }
  }
}

void tile(const RefineHeadArgs& args, const TileContext& context, int, int64_t index) {
  if (!packed(args.weights).winograd) {
    plain_tile(args, context, index);
    return;
  }
  const Geometry g(args);
  const int64_t map = index / g.pieces, first = index % g.pieces * kTiles, count = min(kTiles, g.count - first);
  const float* image = args.x + map * args.height * args.width * g.inputs;
  float* zeros = context.scratch;
  float* pixels = zeros + g.inputs + kWidth;
  float* products = pixels + kPoints * kTiles * g.inputs;
  memset(zeros, 0, sizeof(float) * static_cast<size_t>(g.inputs + kWidth));
  for (int64_t i = 0; i < count; ++i) {
    gather(image, args.height, args.width, g.inputs, (first + i) / g.columns * kStep - 1,
           (first + i) % g.columns * kStep - 1, zeros, pixels + i * g.inputs, kTiles * g.inputs);
  }
  const float* weights = packed(args.weights).packed;
  for (int point = 0; point < kPoints; ++point) {
    const auto a = rows_of<float>(pixels + point * kTiles * g.inputs, count, g.inputs);
    StoreSink sink{products + point * kTiles * g.outputs, g.outputs, g.outputs, nullptr, GATUN_ACT_NONE, nullptr};
    product(a, count, weights + point * g.inputs * panels(g.outputs) * kPanel, g.outputs, sink);
  }
  for (int64_t i = 0; i < count; ++i) draw(args, g, map, first + i, products + i * g.outputs);
}

}  // namespace

const TiledKernel<RefineHeadArgs> kRefineHead = {1, no_floats, scratch_floats, tiles, tile};

}  // namespace gatun::cpu::GATUN_NS
