// SPDX-License-Identifier: Apache-2.0
// A forward pass in small: every operation once, one feeding the next, in memory of the device's pool.
#pragma once

#include "fixture.h"

namespace test {

// A dense tensor from the pool, given back in stream order.
class Pooled {
 public:
  Pooled(gatun_stream* stream, const Shape& shape, int32_t dtype = GATUN_F32) : stream_(stream) {
    gatun_buffer* buffer = nullptr;
    OK(gatun_buffer_alloc(stream, count_of(shape) * size_of(dtype), &buffer, &err));
    view = dense(buffer, shape, dtype);
  }
  Pooled(gatun_stream* stream, const Shape& shape, uint64_t seed, double scale) : Pooled(stream, shape) {
    const std::vector<float> values = Random(seed).floats(count_of(shape), scale);
    OK(gatun_copy_from_host(stream, view.buffer, 0, values.data(), static_cast<int64_t>(values.size() * 4), &err));
  }
  ~Pooled() { CHECK(gatun_buffer_free(view.buffer, stream_, &err) == GATUN_OK, err.text); }
  Pooled(const Pooled&) = delete;
  Pooled& operator=(const Pooled&) = delete;

  operator const gatun_tensor*() const { return &view; }

  gatun_tensor as(const Shape& shape) const { return dense(view.buffer, shape, view.dtype); }

  std::vector<float> floats() const {
    int64_t count = 1;
    for (int32_t axis = 0; axis < view.rank; ++axis) count *= view.shape[axis];
    std::vector<float> values(static_cast<size_t>(count));
    OK(gatun_copy_to_host(stream_, values.data(), view.buffer, 0, count * 4, &err));
    return values;
  }

  gatun_tensor view;

 private:
  gatun_stream* stream_;
};

// Patches of 4 x 4 pixels to tokens, pooled over days, attended over months, decoded to a map. `side` patches a side.
inline std::vector<float> mixed_pass(gatun_stream* stream, int64_t side, int64_t embed, bool has_data = true) {
  constexpr int64_t kMonths = 2, kDays = 5, kHeads = 2, kHidden = 12;
  const int64_t pixels = 4 * side, places = side * side;
  const double spread = 1.5 / std::sqrt(static_cast<double>(embed));
  const auto linear = [&](const Shape& shape, uint64_t seed, double scale) {
    return Weights(stream, [&](gatun_weights** made) {
      return gatun_linear_weights(stream, Pooled(stream, shape, seed, scale), GATUN_STRICT, made, &err);
    });
  };
  const Pooled scale(stream, {embed}, 1, 1), shift(stream, {embed}, 2, 0.1), one(stream, {1}, 3, 1);
  const Weights patch_weights = linear({embed, 32}, 4, 0.3), score_weights = linear({embed, embed}, 5, spread);
  const Weights qkv_weights = linear({3 * embed, embed}, 6, spread);
  const Weights deconv_weights(stream, [&](gatun_weights** made) {
    const Pooled source(stream, {embed, kHidden, 6, 6}, 7, 0.2);
    return gatun_conv_transpose2d_weights(stream, source, 4, 4, 1, 1, GATUN_STRICT, made, &err);
  });
  const Weights conv_weights(stream, [&](gatun_weights** made) {
    return gatun_conv2d_weights(stream, Pooled(stream, {kHidden, kHidden, 3, 3}, 8, 0.2), GATUN_STRICT, made, &err);
  });

  const Shape input = {1, 1, kMonths * kDays, pixels, pixels};
  const Pooled x(stream, input, 9, 2), mask(stream, input, GATUN_BOOL);
  OK(gatun_fill(stream, mask, 0, &err));
  gatun_tensor left = mask.view;  // the left half of the picture is missing
  left.shape[4] = pixels / 2;
  OK(gatun_fill(stream, &left, 1, &err));
  gatun_patch_embed_options options{};
  options.struct_size = sizeof options;
  options.patch_t = 1;
  options.patch_h = options.patch_w = 4;
  options.validity = GATUN_VALIDITY_MASK;
  options.eps = 1e-5;
  const Pooled tokens(stream, {1, kMonths * kDays * places, embed});
  OK(gatun_patch_embed(stream, x, mask, patch_weights, shift, scale, shift, nullptr, &options, tokens, &err));

  const Pooled day(stream, {kDays, embed}, 11, 1), month(stream, {kMonths, embed}, 12, 1);
  const Pooled pooled(stream, {1, places, kMonths, embed});
  const gatun_tensor days = tokens.as({1, kMonths, kDays, places, embed});
  OK(gatun_temporal_pool(stream, &days, day, month, scale, shift, 1e-5, score_weights, shift, scale, one, nullptr,
                         pooled, &err));

  const Pooled qkv(stream, {places, kMonths, 3 * embed}), mixed(stream, {places, kMonths, embed});
  const gatun_tensor rows = pooled.as({places, kMonths, embed}), whole_qkv = qkv.as({1, places * kMonths, 3 * embed});
  OK(gatun_linear(stream, &rows, qkv_weights, nullptr, GATUN_ACT_NONE, nullptr, qkv, &err));
  OK(self_attention(stream, qkv, kHeads, GATUN_STRICT, mixed));
  const gatun_tensor all_mixed = mixed.as({1, places * kMonths, embed});
  const Pooled spatial(stream, {1, places * kMonths, embed}), summed(stream, {1, places * kMonths, embed});
  OK(self_attention(stream, &whole_qkv, kHeads, GATUN_STRICT, spatial));
  // The same tokens with parts of another projection as queries, and without each third key.
  const Pooled crossed(stream, {1, places * kMonths, embed}), allowed(stream, {1, 1, places * kMonths}, GATUN_BOOL);
  OK(gatun_fill(stream, allowed, 1, &err));
  gatun_tensor third = allowed.view;
  third.shape[2] = (places * kMonths + 2) / 3;
  third.stride[2] = 3;
  OK(gatun_fill(stream, &third, 0, &err));
  const gatun_tensor keys = part_of(whole_qkv, 1), values = part_of(whole_qkv, 2);
  OK(gatun_attention(stream, &all_mixed, &keys, &values, allowed, kHeads, GATUN_STRICT, crossed, &err));
  OK(gatun_linear(stream, spatial, score_weights, shift, GATUN_ACT_GELU, &all_mixed, summed, &err));
  OK(gatun_layer_norm(stream, summed, spatial, scale, shift, 1e-5, summed, &err));
  OK(gatun_binary(stream, GATUN_ADD, summed, spatial, summed, &err));

  // [place, month, E] to one image for each month.
  const Pooled images(stream, {kMonths, side, side, embed});
  gatun_tensor by_month = summed.as({kMonths, places, embed}), flat = images.as({kMonths, places, embed});
  by_month.stride[0] = embed;
  by_month.stride[1] = kMonths * embed;
  OK(gatun_copy(stream, &by_month, &flat, &err));
  const Pooled wide(stream, {kMonths, pixels, pixels, kHidden}), refined(stream, {kMonths, pixels, pixels, kHidden});
  const Pooled hidden_bias(stream, {kHidden}, 13, 1), month_scale(stream, {kMonths}, 14, 1);
  const Pooled map(stream, {1, kMonths, pixels, pixels});
  OK(gatun_conv_transpose2d(stream, images, deconv_weights, hidden_bias, wide, &err));
  const gatun_conv2d_options window = same_window(1);
  OK(gatun_conv2d(stream, wide, conv_weights, hidden_bias, &window, GATUN_ACT_GELU, refined, &err));
  const gatun_tensor maps = refined.as({1, kMonths, pixels, pixels, kHidden});
  OK(gatun_map_head(stream, &maps, hidden_bias, one, month_scale, month_scale, nullptr, map, &err));

  // What other models have: half the size and back, with what lies around the globe; a class for each pixel.
  const Shape whole = {kMonths, pixels, pixels, kHidden}, half = {kMonths, pixels / 2, pixels / 2, kHidden};
  const Pooled normal(stream, {kMonths, pixels * pixels, kHidden}), pooled_half(stream, half), large(stream, whole);
  const gatun_tensor normal_images = normal.as(whole), refined_rows = refined.as({kMonths, pixels * pixels, kHidden});
  OK(gatun_group_norm(stream, &refined_rows, 3, hidden_bias, hidden_bias, 1e-5, GATUN_ACT_SILU, normal, &err));
  OK(gatun_max_pool2d(stream, &normal_images, 2, 2, 2, 2, pooled_half, &err));
  OK(gatun_resize2d(stream, pooled_half, GATUN_RESIZE_BICUBIC, 0, 2, 2, large, &err));
  OK(gatun_activate(stream, large, GATUN_ACT_TANH, large, &err));
  const Pooled padded(stream, {kMonths, pixels + 2, pixels + 2, kHidden}), strided(stream, half);
  OK(gatun_pad2d(stream, large, 1, 1, GATUN_PAD_CIRCULAR, 0, padded, &err));
  gatun_conv2d_options wide_window = same_window(0, 2);
  OK(gatun_conv2d(stream, padded, conv_weights, nullptr, &wide_window, GATUN_ACT_RELU, strided, &err));
  const Pooled classes(stream, {kMonths * pixels * pixels / 4}, GATUN_I64), shares(stream, half);
  const Pooled means(stream, {kMonths, kHidden}), rows_of_table(stream, {kMonths * pixels * pixels / 4, kHidden});
  OK(gatun_softmax(stream, strided, shares, &err));
  const gatun_tensor share_rows = shares.as({kMonths * pixels * pixels / 4, kHidden});
  const gatun_tensor share_places = shares.as({kMonths, pixels * pixels / 4, kHidden});
  OK(gatun_argmax(stream, &share_rows, classes, &err));
  OK(gatun_reduce(stream, &share_places, GATUN_REDUCE_MEAN, means, &err));
  OK(gatun_take_rows(stream, Pooled(stream, {kHidden, kHidden}, 15, 1), classes, rows_of_table, &err));
  // Drawn by numbers that the classes choose.
  const Pooled drawn(stream, {kMonths * pixels * pixels / 4}, GATUN_I64);
  const Pooled rows_drawn(stream, {kMonths * pixels * pixels / 4, kHidden});
  const gatun_tensor logits = strided.as({kMonths * pixels * pixels / 4, kHidden});
  OK(gatun_sample_tokens(stream, &logits, 1.5, 9, 0.8, 16, classes, drawn, &err));
  OK(gatun_take_rows(stream, Pooled(stream, {kHidden, kHidden}, 15, 1), drawn, rows_drawn, &err));

  if (!has_data) return {};
  std::vector<float> results = map.floats();
  for (const Pooled* each : {&tokens, &pooled, &qkv, &mixed, &spatial, &crossed, &summed, &wide, &refined, &normal,
                             &large, &padded, &strided, &shares, &means, &rows_of_table, &rows_drawn}) {
    const std::vector<float> part = each->floats();
    results.insert(results.end(), part.begin(), part.end());
  }
  return results;
}

}  // namespace test
