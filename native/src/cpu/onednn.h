// SPDX-License-Identifier: Apache-2.0
// Standard primitives from oneDNN 3.x, opened at run time through its C API from the folder of libgatun.so (or
// GATUN_ONEDNN_PATH). It is only ever called single-threaded inside a worker, on tiles whose shapes do not depend on the
// number of workers. Where it is absent, disabled, or has no fast primitive for a shape, our own kernels serve.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace gatun::cpu {

// Which oneDNN serves, or why none does.
const std::string& onednn_status();

// A worker's own scratch memory for oneDNN; grows, and lives as long as the device.
struct OneDnnScratch {
  std::vector<char> bytes;
};

// A product of a fixed number of rows with an [N, K] matrix: out = x W^T + bias.
class TileProduct {
 public:
  static constexpr int64_t kRows = 96;

  // On a worker. Null where oneDNN does not serve this shape.
  static std::unique_ptr<TileProduct> create(int64_t inputs, int64_t outputs, const float* weight);
  ~TileProduct();

  // kRows rows, dense.
  void run(const float* x, const float* bias, float* out, OneDnnScratch& scratch) const;

 private:
  struct Parts;
  explicit TileProduct(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

// A stride-1 convolution of a fixed piece of a channels-last image that carries its border.
class TileConvolution {
 public:
  struct Shape {
    int64_t inputs, outputs, kernel_h, kernel_w;
    int64_t in_columns;  // of the bordered image
    int64_t rows;        // of the output
    bool operator==(const Shape&) const = default;
  };

  // On a worker. `weight` is torch's [O, I, kH, kW]. Null where oneDNN does not serve this shape.
  static std::unique_ptr<TileConvolution> create(const Shape& shape, const float* weight);
  ~TileConvolution();

  const Shape& shape() const { return shape_; }
  void run(const float* x, const float* bias, float* out, OneDnnScratch& scratch) const;

 private:
  struct Parts;
  TileConvolution(const Shape& shape, std::unique_ptr<Parts> parts);
  Shape shape_;
  std::unique_ptr<Parts> parts_;
};

}  // namespace gatun::cpu
