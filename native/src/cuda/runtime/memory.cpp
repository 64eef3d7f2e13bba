// SPDX-License-Identifier: Apache-2.0
// Buffers, and copies between them and the host.
#include "graph.h"

namespace gatun::cuda {

char* take_memory(gatun_stream* stream, int64_t bytes) {
  Device& device = device_of(stream);
  Stream& on = own(stream);
  device.bind();
  char* block = on.recording != nullptr ? on.recording->take(bytes) : device.pool->take(bytes, on.queue);
  ++device.buffers_live;
  ++device.buffers_total;
  return block;
}

void give_memory(gatun_stream* stream, char* memory) {
  Device& device = device_of(stream);
  Stream& on = own(stream);
  --device.buffers_live;
  if (on.recording != nullptr) {
    on.recording->give(memory);
  } else {
    put_back(device, memory, on.queue);
  }
}

gatun_status memory_stats(gatun_device* device, gatun_memory_stats* stats, gatun_error* error) {
  return guard(error, [&] {
    Device& of = own(device);
    of.bind();
    *stats = of.pool->stats();
    stats->buffers_live = of.buffers_live;
    stats->buffers_total = of.buffers_total;
  });
}

gatun_status memory_limit(gatun_device* device, int64_t bytes, gatun_error* error) {
  return guard(error, [&] {
    Device& of = own(device);
    of.bind();
    of.pool->set_limit(bytes > 0 ? bytes : of.total_memory);
  });
}

gatun_status memory_trim(gatun_device* device, int64_t* freed, gatun_error* error) {
  return guard(error, [&] {
    own(device).bind();
    *freed = own(device).pool->trim();
  });
}

gatun_status memory_peak_reset(gatun_device* device, gatun_error* error) {
  return guard(error, [&] { own(device).pool->reset_peak(); });
}

gatun_status buffer_alloc(gatun_stream* stream, int64_t bytes, gatun_buffer** buffer, gatun_error* error) {
  return guard(error, [&] {
    auto fresh = std::make_unique<Buffer>();
    fresh->device = stream->device;
    fresh->data = take_memory(stream, bytes);
    fresh->bytes = bytes;
    *buffer = fresh.release();
  });
}

gatun_status buffer_wrap(gatun_device* device, void* data, int64_t bytes, gatun_buffer** buffer, gatun_error* error) {
  return guard(error, [&] {
    auto fresh = std::make_unique<Buffer>();
    fresh->device = device;
    fresh->data = static_cast<char*>(data);
    fresh->bytes = bytes;
    fresh->wrapped = true;
    ++own(device).handles;
    *buffer = fresh.release();
  });
}

gatun_status buffer_free(gatun_buffer* buffer, gatun_stream* stream, gatun_error* error) {
  return guard(error, [&] {
    Device& device = device_of(stream);
    device.bind();
    const std::unique_ptr<Buffer> old(static_cast<Buffer*>(buffer));
    if (old->wrapped) {
      --device.handles;
    } else {
      give_memory(stream, old->data);
    }
    retire(old->mark);
  });
}

gatun_status copy_from_host(gatun_stream* stream, char* dst, const void* src, int64_t bytes, gatun_error* error) {
  return guard(error, [&] {
    device_of(stream).bind();
    Stream& on = own(stream);
    if (bytes == 0) return;
    if (on.recording != nullptr) {
      on.recording->write(dst, static_cast<const char*>(src), bytes);
    } else {
      on.staging.from_host(on.queue, dst, static_cast<const char*>(src), bytes);
    }
  });
}

gatun_status copy_to_host(gatun_stream* stream, void* dst, const char* src, int64_t bytes, gatun_error* error) {
  return guard(error, [&] {
    device_of(stream).bind();
    Stream& on = own(stream);
    want_no_recording(on, "gatun_copy_to_host");
    on.staging.to_host(on.queue, static_cast<char*>(dst), src, bytes);
  });
}

}  // namespace gatun::cuda
