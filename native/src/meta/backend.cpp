// SPDX-License-Identifier: Apache-2.0
// The device without data: every call passes the checks of the dispatch layer and does nothing. Buffers have addresses
// of their own, which nothing reads, and count as memory, so that a model tells its shapes and its need of memory
// without computing.
#include "../backend.h"
#include "../status.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>

namespace gatun::meta {

namespace {

struct Device : gatun_device {
  std::mutex mutex;
  gatun_memory_stats memory{};
  int64_t next = 1 << 20;  // address of the next buffer
  std::atomic<int64_t> handles{0};
};

struct Weights : gatun_weights {
  int64_t bytes = 0;
};

Device& own(gatun_device* device) { return *static_cast<Device*>(device); }

// Counts memory and returns its address.
int64_t take(Device& device, int64_t bytes) {
  const std::lock_guard lock(device.mutex);
  gatun_memory_stats& memory = device.memory;
  int64_t end = 0;
  // Apart even where they are empty, each at a multiple of 64.
  if (bytes > memory.bytes_limit - memory.bytes_in_use || __builtin_add_overflow(device.next, bytes, &end) ||
      __builtin_add_overflow(end, 128, &end)) {
    fail(GATUN_OUT_OF_MEMORY, bytes, " bytes were asked for, ", memory.bytes_in_use, " of ", memory.bytes_limit,
         " are in use on the meta device");
  }
  const int64_t address = device.next;
  device.next = end / 64 * 64;
  memory.bytes_in_use += bytes;
  memory.bytes_peak = std::max(memory.bytes_peak, memory.bytes_in_use);
  ++memory.buffers_live;
  ++memory.buffers_total;
  return address;
}

void give(Device& device, int64_t bytes) {
  const std::lock_guard lock(device.mutex);
  device.memory.bytes_in_use -= bytes;
  --device.memory.buffers_live;
}

gatun_status device_open(int32_t index, const gatun_device_options& options, gatun_device** device,
                         gatun_error* error) {
  return guard(error, [&] {
    if (index != 0) fail(GATUN_DEVICE_UNAVAILABLE, "there is one meta device, meta:0; got index ", index);
    auto* opened = new Device;
    opened->backend = &meta_backend();
    opened->kind = GATUN_META;
    opened->memory.struct_size = sizeof opened->memory;
    opened->memory.bytes_limit = options.memory_limit > 0 ? options.memory_limit : INT64_MAX;
    *device = opened;
  });
}

gatun_status device_close(gatun_device* device, gatun_error* error) {
  return guard(error, [&] {
    const Device& meta = own(device);
    if (meta.memory.buffers_live + meta.handles > 0) {
      fail(GATUN_INVALID_ARGUMENT, "the device still has ", meta.memory.buffers_live, " buffers or weights and ",
           meta.handles.load(), " streams or events; close them first");
    }
    retire(device->mark);
    delete &meta;
  });
}

gatun_status device_info(gatun_device*, gatun_device_info* info, gatun_error* error) {
  return guard(error, [&] {
    *info = {};
    info->struct_size = sizeof *info;
    info->kind = GATUN_META;
    info->memory_bytes = INT64_MAX;
    std::strncpy(info->name, "meta", sizeof info->name - 1);
    std::strncpy(info->libraries, "all operations: shapes only", sizeof info->libraries - 1);
  });
}

gatun_status memory_stats(gatun_device* device, gatun_memory_stats* stats, gatun_error* error) {
  return guard(error, [&] {
    const std::lock_guard lock(own(device).mutex);
    *stats = own(device).memory;
  });
}

gatun_status memory_limit(gatun_device* device, int64_t bytes, gatun_error* error) {
  return guard(error, [&] {
    const std::lock_guard lock(own(device).mutex);
    own(device).memory.bytes_limit = bytes > 0 ? bytes : INT64_MAX;
  });
}

gatun_status memory_trim(gatun_device*, int64_t* freed, gatun_error* error) {
  return guard(error, [&] { *freed = 0; });
}

gatun_status memory_peak_reset(gatun_device* device, gatun_error* error) {
  return guard(error, [&] {
    const std::lock_guard lock(own(device).mutex);
    own(device).memory.bytes_peak = own(device).memory.bytes_in_use;
  });
}

gatun_status buffer_alloc(gatun_stream* stream, int64_t bytes, gatun_buffer** buffer, gatun_error* error) {
  return guard(error, [&] {
    auto fresh = std::make_unique<gatun_buffer>();
    fresh->device = stream->device;
    fresh->data = reinterpret_cast<char*>(take(own(stream->device), bytes));
    fresh->bytes = bytes;
    *buffer = fresh.release();
  });
}

gatun_status buffer_free(gatun_buffer* buffer, gatun_stream* stream, gatun_error* error) {
  return guard(error, [&] {
    const std::unique_ptr<gatun_buffer> old(buffer);
    give(own(stream->device), old->bytes);
    retire(old->mark);
  });
}

gatun_status buffer_wrap(gatun_device*, void*, int64_t, gatun_buffer**, gatun_error* error) {
  return report(error, GATUN_INVALID_ARGUMENT, kNoData);
}

gatun_status copy_to_host(gatun_stream*, void*, const char*, int64_t, gatun_error* error) {
  return report(error, GATUN_INVALID_ARGUMENT, kNoData);
}

template <class Handle>
gatun_status create(gatun_device* device, Handle** handle, gatun_error* error) {
  return guard(error, [&] {
    *handle = new Handle;
    (*handle)->device = device;
    ++own(device).handles;
  });
}

template <class Handle>
gatun_status destroy(Handle* handle, gatun_error* error) {
  return guard(error, [&] {
    --own(handle->device).handles;
    retire(handle->mark);
    delete handle;
  });
}

void make_weights(gatun_stream* stream, const gatun_weights& shape, int64_t count, gatun_weights** weights) {
  auto fresh = std::make_unique<Weights>();
  static_cast<gatun_weights&>(*fresh) = shape;
  fresh->device = stream->device;
  fresh->bytes = count * 4;
  take(own(stream->device), fresh->bytes);
  *weights = fresh.release();
}

gatun_status weights_create(gatun_stream* stream, const gatun_weights& shape, const float*, gatun_weights** weights,
                            gatun_error* error) {
  return guard(error, [&] {
    make_weights(stream, shape, shape.outputs * shape.inputs * shape.kernel_h * shape.kernel_w, weights);
  });
}

gatun_status decoder_weights(gatun_stream* stream, const gatun_weights& shape, const DecoderSource& source,
                             gatun_weights** weights, gatun_error* error) {
  return guard(error, [&] {
    const int64_t proj = source.hidden * (source.embed + 1);
    const int64_t up = source.channels * (source.hidden * shape.kernel_h * shape.kernel_w + 1);
    make_weights(stream, shape, proj + up + shape.outputs * (source.channels * 9 + 1), weights);
  });
}

gatun_status weights_free(gatun_weights* weights, gatun_stream* stream, gatun_error* error) {
  return guard(error, [&] {
    const std::unique_ptr<Weights> old(static_cast<Weights*>(weights));
    give(own(stream->device), old->bytes);
    retire(old->mark);
  });
}

// What there is nothing to do for.
template <class... Parameters>
gatun_status nothing(Parameters...) {
  return GATUN_OK;
}

constexpr Backend kBackend = {
    .version = kBackendVersion,
    .name = "meta",
    .device_open = device_open,
    .device_close = device_close,
    .device_info = device_info,
    .memory_stats = memory_stats,
    .memory_limit = memory_limit,
    .memory_trim = memory_trim,
    .memory_peak_reset = memory_peak_reset,
    .buffer_alloc = buffer_alloc,
    .buffer_wrap = buffer_wrap,
    .buffer_free = buffer_free,
    .copy_from_host = nothing,
    .copy_to_host = copy_to_host,
    .stream_create = create<gatun_stream>,
    .stream_destroy = destroy<gatun_stream>,
    .stream_sync = nothing,
    .event_create = create<gatun_event>,
    .event_destroy = destroy<gatun_event>,
    .event_record = nothing,
    .event_wait = nothing,
    .event_sync = nothing,
    .graph_begin = nullptr,
    .graph_end = nullptr,
    .graph_launch = nullptr,
    .graph_destroy = nullptr,
    .weights_create = weights_create,
    .weights_free = weights_free,
    .fill = nothing,
    .copy = nothing,
    .binary = nothing,
    .activate = nothing,
    .reduce = nothing,
    .softmax = nothing,
    .argmax = nothing,
    .sample_tokens = nothing,
    .take_rows = nothing,
    .group_norm = nothing,
    .layer_norm = nothing,
    .linear = nothing,
    .attention = nothing,
    .patch_embed = nothing,
    .temporal_pool = nothing,
    .conv_transpose2d = nothing,
    .conv2d = nothing,
    .resize2d = nothing,
    .max_pool2d = nothing,
    .pad2d = nothing,
    .map_head = nothing,
    .encode_pool = nothing,
    .decoder_weights = decoder_weights,
    .decoder_prefix = nothing,
    .refine_head = nothing,
};

}  // namespace

}  // namespace gatun::meta

namespace gatun {
const Backend& meta_backend() { return meta::kBackend; }
}  // namespace gatun
