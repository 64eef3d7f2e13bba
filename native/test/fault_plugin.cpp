// SPDX-License-Identifier: Apache-2.0
// libgatun_fault.so: a backend plug-in that fails on demand, so that the way of each status into a typed exception is
// tested without a GPU. gatun_fill with the value 9000 + s returns status s; with 9100 + s it queues a failure of status s,
// which the next wait for the stream returns, as lost devices and broken kernels do; with 9200 + s the recording that is
// on ends with it. Other fills do nothing.
#include "../src/backend.h"
#include "../src/status.h"

#include <cstdlib>
#include <memory>
#include <utility>

namespace gatun {

namespace {

struct Stream : gatun_stream {
  int queued = GATUN_OK;
  int recorded = GATUN_OK;
};

struct Device : gatun_device {
  int64_t buffers = 0;
  int64_t limit = 1 << 20;
};

const Backend& table();

Device& own(gatun_device* device) { return *static_cast<Device*>(device); }
Stream& own(gatun_stream* stream) { return *static_cast<Stream*>(stream); }

gatun_status inject(int status, gatun_error* error) {
  return report(error, static_cast<gatun_status>(status), text_of("injected ", status).c_str());
}

gatun_status device_open(int32_t, const gatun_device_options&, gatun_device** device, gatun_error* error) {
  return guard(error, [&] {
    auto opened = std::make_unique<Device>();
    opened->backend = &table();
    opened->kind = GATUN_CUDA;
    *device = opened.release();
  });
}

gatun_status device_close(gatun_device* device, gatun_error* error) {
  return guard(error, [&] {
    if (own(device).buffers > 0) fail(GATUN_INVALID_ARGUMENT, own(device).buffers, " buffers are alive");
    delete &own(device);
  });
}

gatun_status device_info(gatun_device*, gatun_device_info* info, gatun_error* error) {
  return guard(error, [&] {
    *info = {};
    info->struct_size = sizeof *info;
    info->kind = GATUN_CUDA;
    info->graphs = 1;
    std::strcpy(info->name, "a device that fails on demand");
  });
}

gatun_status memory_stats(gatun_device* device, gatun_memory_stats* stats, gatun_error* error) {
  return guard(error, [&] {
    *stats = {};
    stats->struct_size = sizeof *stats;
    stats->buffers_live = own(device).buffers;
    stats->bytes_limit = own(device).limit;
  });
}

gatun_status buffer_alloc(gatun_stream* stream, int64_t bytes, gatun_buffer** buffer, gatun_error* error) {
  return guard(error, [&] {
    if (bytes > own(stream->device).limit) fail(GATUN_OUT_OF_MEMORY, bytes, " bytes were asked for");
    auto fresh = std::make_unique<gatun_buffer>();
    fresh->device = stream->device;
    fresh->data = static_cast<char*>(std::calloc(static_cast<size_t>(bytes) + 64, 1));
    fresh->bytes = bytes;
    ++own(stream->device).buffers;
    *buffer = fresh.release();
  });
}

gatun_status buffer_free(gatun_buffer* buffer, gatun_stream* stream, gatun_error* error) {
  return guard(error, [&] {
    --own(stream->device).buffers;
    std::free(buffer->data);
    delete buffer;
  });
}

gatun_status copy_to_host(gatun_stream*, void* dst, const char* src, int64_t bytes, gatun_error* error) {
  return guard(error, [&] { std::memcpy(dst, src, static_cast<size_t>(bytes)); });
}

gatun_status stream_create(gatun_device* device, gatun_stream** stream, gatun_error* error) {
  return guard(error, [&] {
    *stream = new Stream;
    (*stream)->device = device;
  });
}

gatun_status stream_destroy(gatun_stream* stream, gatun_error* error) {
  return guard(error, [&] { delete &own(stream); });
}

gatun_status stream_sync(gatun_stream* stream, gatun_error* error) {
  const int status = std::exchange(own(stream).queued, GATUN_OK);
  return status == GATUN_OK ? guard(error, [] {}) : inject(status, error);
}

gatun_status event_create(gatun_device* device, gatun_event** event, gatun_error* error) {
  return guard(error, [&] {
    *event = new gatun_event;
    (*event)->device = device;
  });
}

gatun_status event_destroy(gatun_event* event, gatun_error* error) {
  return guard(error, [&] { delete event; });
}

gatun_status graph_begin(gatun_stream*, gatun_error* error) {
  return guard(error, [] {});
}

gatun_status graph_end(gatun_stream* stream, gatun_graph** graph, gatun_error* error) {
  *graph = nullptr;
  const int status = std::exchange(own(stream).recorded, GATUN_OK);
  if (status != GATUN_OK) return inject(status, error);
  return guard(error, [&] {
    *graph = new gatun_graph;
    (*graph)->device = stream->device;
  });
}

gatun_status graph_launch(gatun_graph*, gatun_stream*, gatun_error* error) {
  return guard(error, [] {});
}

gatun_status graph_destroy(gatun_graph* graph, gatun_error* error) {
  return guard(error, [&] { delete graph; });
}

gatun_status fill(gatun_stream* stream, const View&, double value, gatun_error* error) {
  const int kind = static_cast<int>(value) / 100;
  const int status = static_cast<int>(value) % 100;
  if (kind == 90) return inject(status, error);
  return guard(error, [&] {
    if (kind == 91) own(stream).queued = status;
    if (kind == 92) own(stream).recorded = status;
  });
}

const Backend& table() {
  static const Backend backend = [] {
    Backend made{};
    made.version = kBackendVersion;
    made.name = "fault";
    made.device_open = device_open;
    made.device_close = device_close;
    made.device_info = device_info;
    made.memory_stats = memory_stats;
    made.buffer_alloc = buffer_alloc;
    made.buffer_free = buffer_free;
    made.copy_to_host = copy_to_host;
    made.stream_create = stream_create;
    made.stream_destroy = stream_destroy;
    made.stream_sync = stream_sync;
    made.event_create = event_create;
    made.event_destroy = event_destroy;
    made.graph_begin = graph_begin;
    made.graph_end = graph_end;
    made.graph_launch = graph_launch;
    made.graph_destroy = graph_destroy;
    made.fill = fill;
    return made;
  }();
  return backend;
}

}  // namespace

}  // namespace gatun

extern "C" GATUN_API const gatun::Backend* gatun_plugin_backend() { return &gatun::table(); }
