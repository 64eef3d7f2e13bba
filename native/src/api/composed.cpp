// SPDX-License-Identifier: Apache-2.0
#include "composed.h"

#include "checks.h"

#include <memory>

namespace gatun {

namespace {

// Memory of an intermediate, given back in stream order.
class Temporary {
 public:
  Temporary(gatun_stream* stream, std::initializer_list<int64_t> shape) : stream_(stream) {
    int64_t bytes = 4;
    for (int64_t extent : shape) {
      if (__builtin_mul_overflow(bytes, extent, &bytes)) {
        fail(GATUN_OUT_OF_MEMORY, "an intermediate of this operation has more than 2^63 bytes; split the batch");
      }
    }
    gatun_error error;
    pass(stream->device->backend->buffer_alloc(stream, bytes, &buffer_, &error), error);
  }
  ~Temporary() {
    gatun_error ignored;
    if (buffer_ != nullptr) stream_->device->backend->buffer_free(buffer_, stream_, &ignored);
  }
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;

  float* f32() const { return reinterpret_cast<float*>(buffer_->data); }
  // Hands the buffer out.
  gatun_buffer* release() {
    gatun_buffer* buffer = buffer_;
    buffer_ = nullptr;
    return buffer;
  }

 private:
  gatun_stream* stream_;
  gatun_buffer* buffer_ = nullptr;
};

// A decoder's parts, arranged each for its own operation; the biases are copied, since the sources may be freed.
struct ComposedDecoder : gatun_weights {
  gatun_weights* parts[3] = {};  // proj, up, conv
  gatun_buffer* biases[3] = {};

  const float* bias(int part) const { return reinterpret_cast<const float*>(biases[part]->data); }
};

View vector_view(const float* data, int64_t length) {
  View view;
  view.data = reinterpret_cast<char*>(const_cast<float*>(data));
  view.rank = 1;
  view.shape[0] = length;
  view.stride[0] = 1;
  return view;
}

void free_parts(const ComposedDecoder& decoder, gatun_stream* stream) {
  gatun_error ignored;
  for (gatun_weights* part : decoder.parts) {
    if (part != nullptr) stream->device->backend->weights_free(part, stream, &ignored);
  }
  for (gatun_buffer* bias : decoder.biases) {
    if (bias != nullptr) stream->device->backend->buffer_free(bias, stream, &ignored);
  }
}

}  // namespace

gatun_status compose_encode_pool(gatun_stream* stream, EncodePoolArgs args, gatun_error* error) {
  return guard(error, [&] {
    const TemporalPoolArgs& pool = args.pool;
    const Temporary tokens(stream, {pool.batch, pool.months, pool.time, pool.places, pool.embed});
    args.patch.out = tokens.f32();
    args.pool.x = tokens.f32();
    gatun_error inner;
    pass(stream->device->backend->patch_embed(stream, args.patch, &inner), inner);
    pass(stream->device->backend->temporal_pool(stream, args.pool, &inner), inner);
  });
}

gatun_status compose_decoder_weights(gatun_stream* stream, const gatun_weights& shape, const DecoderSource& source,
                                     gatun_weights** weights, gatun_error* error) {
  return guard(error, [&] {
    const Backend& backend = *stream->device->backend;
    auto decoder = std::make_unique<ComposedDecoder>();
    static_cast<gatun_weights&>(*decoder) = shape;
    decoder->device = stream->device;
    gatun_weights proj, up = shape, conv;
    proj.precision = conv.precision = shape.precision;
    proj.outputs = source.hidden;
    proj.inputs = source.embed;
    up.kind = WeightsKind::conv_transpose2d;
    up.outputs = source.channels;
    up.inputs = source.hidden;
    conv.kind = WeightsKind::conv2d;
    conv.outputs = shape.outputs;
    conv.inputs = source.channels;
    conv.kernel_h = conv.kernel_w = 3;
    const gatun_weights* shapes[] = {&proj, &up, &conv};
    const float* sources[] = {source.proj_weight, source.up_weight, source.conv_weight};
    const float* biases[] = {source.proj_bias, source.up_bias, source.conv_bias};
    try {
      gatun_error inner;
      for (int part = 0; part < 3; ++part) {
        pass(backend.weights_create(stream, *shapes[part], sources[part], &decoder->parts[part], &inner), inner);
        const int64_t length = shapes[part]->outputs;
        Temporary bias(stream, {length});
        pass(backend.copy(stream, vector_view(biases[part], length), vector_view(bias.f32(), length), &inner), inner);
        decoder->biases[part] = bias.release();
      }
    } catch (const Failure&) {
      free_parts(*decoder, stream);
      throw;
    }
    *weights = decoder.release();
  });
}

gatun_status compose_decoder_weights_free(gatun_weights* weights, gatun_stream* stream, gatun_error* error) {
  return guard(error, [&] {
    const std::unique_ptr<ComposedDecoder> decoder(static_cast<ComposedDecoder*>(weights));
    free_parts(*decoder, stream);
    retire(decoder->mark);
  });
}

gatun_status compose_decoder_prefix(gatun_stream* stream, const DecoderPrefixArgs& args, gatun_error* error) {
  return guard(error, [&] {
    const Backend& backend = *stream->device->backend;
    const auto& decoder = *static_cast<const ComposedDecoder*>(args.weights);
    const gatun_weights &proj = *decoder.parts[0], &up = *decoder.parts[1], &conv = *decoder.parts[2];
    const int64_t rows = (args.height - 1) * up.stride_h - 2 * up.padding_h + up.kernel_h;
    const int64_t columns = (args.width - 1) * up.stride_w - 2 * up.padding_w + up.kernel_w;
    const Temporary projected(stream, {args.batch, args.height, args.width, proj.outputs});
    const Temporary wide(stream, {args.batch, rows, columns, up.outputs});
    gatun_error inner;
    pass(backend.linear(stream,
                        {args.batch * args.height * args.width, args.x, &proj, decoder.bias(0), GATUN_ACT_NONE,
                         nullptr, projected.f32()},
                        &inner),
         inner);
    pass(backend.conv_transpose2d(stream,
                                  {args.batch, args.height, args.width, rows, columns, projected.f32(), &up,
                                   decoder.bias(1), wide.f32()},
                                  &inner),
         inner);
    pass(backend.conv2d(stream,
                        {args.batch, rows, columns, rows, columns, 1, 1, 1, 1, 1, 1, wide.f32(), &conv, decoder.bias(2),
                         args.activation, args.out},
                        &inner),
         inner);
  });
}

gatun_status compose_refine_head(gatun_stream* stream, const RefineHeadArgs& args, gatun_error* error) {
  return guard(error, [&] {
    const Backend& backend = *stream->device->backend;
    const int64_t images = args.batch * args.months, channels = args.weights->outputs;
    const Temporary refined(stream, {images, args.height, args.width, channels});
    gatun_error inner;
    pass(backend.conv2d(stream,
                        {images, args.height, args.width, args.height, args.width, 1, 1, 1, 1, 1, 1, args.x,
                         args.weights, args.conv_bias, GATUN_ACT_GELU, refined.f32()},
                        &inner),
         inner);
    pass(backend.map_head(stream,
                          {args.batch, args.months, args.height, args.width, channels, refined.f32(),
                           args.head_weight, args.head_bias, args.scale, args.shift, args.land, args.out},
                          &inner),
         inner);
  });
}

}  // namespace gatun
