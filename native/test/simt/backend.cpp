// SPDX-License-Identifier: Apache-2.0
// libgatun_simt.so: a backend plug-in whose operations are the CUDA backend's own sources, run on the host by the
// harness. Work runs when it is queued. GATUN_CUDA_PLUGIN=.../libgatun_simt.so puts it in the place of the GPU.
#include "../../src/cuda/launch.h"
#include "../../src/cuda/operations.h"

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

namespace gatun::cuda {

namespace {

struct Device : gatun_device {
  std::mutex mutex;
  std::map<char*, int64_t> blocks;  // each of its exact size: AddressSanitizer sees a step beyond it
  gatun_memory_stats memory{};
  std::atomic<int64_t> handles{0};
};

Device& own(gatun_device* device) { return *static_cast<Device*>(device); }

const Backend& table();

char* take(Device& device, int64_t bytes) {
  const std::lock_guard lock(device.mutex);
  if (bytes > device.memory.bytes_limit - device.memory.bytes_in_use) {
    fail(GATUN_OUT_OF_MEMORY, "the host harness is out of memory: ", bytes, " bytes were asked for, ",
         device.memory.bytes_in_use, " of ", device.memory.bytes_limit, " are in use");
  }
  char* block = static_cast<char*>(std::aligned_alloc(64, static_cast<size_t>((bytes + 63) / 64 * 64 + 64)));
  if (block == nullptr) throw std::bad_alloc();
  std::memset(block, 0xff, static_cast<size_t>(bytes));
  device.blocks[block] = bytes;
  device.memory.bytes_in_use += bytes;
  device.memory.bytes_peak = std::max(device.memory.bytes_peak, device.memory.bytes_in_use);
  ++device.memory.buffers_live;
  ++device.memory.buffers_total;
  return block;
}

void give(Device& device, char* block) {
  const std::lock_guard lock(device.mutex);
  const auto found = device.blocks.find(block);
  device.memory.bytes_in_use -= found->second;
  --device.memory.buffers_live;
  device.blocks.erase(found);
  std::free(block);
}

constexpr int64_t kMemory = int64_t{4} << 30;

gatun_status device_open(int32_t, const gatun_device_options& options, gatun_device** device, gatun_error* error) {
  return guard(error, [&] {
    auto* opened = new Device;
    opened->backend = &table();
    opened->kind = GATUN_CUDA;
    opened->memory.struct_size = sizeof opened->memory;
    opened->memory.bytes_limit = options.memory_limit > 0 ? options.memory_limit : kMemory;
    *device = opened;
  });
}

gatun_status device_close(gatun_device* device, gatun_error* error) {
  return guard(error, [&] {
    Device& host = own(device);
    if (host.memory.buffers_live + host.handles > 0) {
      fail(GATUN_INVALID_ARGUMENT, "the device still has ", host.memory.buffers_live, " buffers or weights and ",
           host.handles.load(), " streams, events or wrapped buffers; close them first");
    }
    retire(host.mark);
    delete &host;
  });
}

gatun_status device_info(gatun_device*, gatun_device_info* info, gatun_error* error) {
  return guard(error, [&] {
    *info = {};
    info->struct_size = sizeof *info;
    info->kind = GATUN_CUDA;
    info->graphs = 1;
    info->memory_bytes = kMemory;
    std::strncpy(info->name, "host harness for CUDA kernels", sizeof info->name - 1);
    std::strncpy(info->libraries, "all operations: own kernels", sizeof info->libraries - 1);
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
    own(device).memory.bytes_limit = bytes > 0 ? bytes : kMemory;
  });
}

gatun_status memory_peak_reset(gatun_device* device, gatun_error* error) {
  return guard(error, [&] {
    const std::lock_guard lock(own(device).mutex);
    own(device).memory.bytes_peak = own(device).memory.bytes_in_use;
  });
}

gatun_status memory_trim(gatun_device*, int64_t* freed, gatun_error* error) {
  return guard(error, [&] { *freed = 0; });
}

struct Buffer : gatun_buffer {
  bool wrapped = false;
  std::shared_ptr<char> block;
};

// What a stream records: the launches, and the memory they use, which is held until the graph is destroyed.
struct Graph : gatun_graph {
  std::vector<std::function<void()>> work;
  std::vector<std::shared_ptr<char>> blocks;
};

struct Stream : gatun_stream {
  std::unique_ptr<Graph> recording;
};

std::unique_ptr<Graph>& recording(gatun_stream* stream) { return static_cast<Stream*>(stream)->recording; }

gatun_status buffer_alloc(gatun_stream* stream, int64_t bytes, gatun_buffer** buffer, gatun_error* error) {
  return guard(error, [&] {
    auto fresh = std::make_unique<Buffer>();
    fresh->device = stream->device;
    Device& host = own(stream->device);
    fresh->data = take(host, bytes);
    fresh->block = std::shared_ptr<char>(fresh->data, [&host](char* block) { give(host, block); });
    if (recording(stream)) recording(stream)->blocks.push_back(fresh->block);
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
    const std::unique_ptr<Buffer> old(static_cast<Buffer*>(buffer));
    if (old->wrapped) --own(stream->device).handles;
    retire(old->mark);
  });
}

gatun_status copy_from_host(gatun_stream*, char* dst, const void* src, int64_t bytes, gatun_error* error) {
  return guard(error, [&] {
    if (bytes > 0) std::memcpy(dst, src, static_cast<size_t>(bytes));
  });
}

gatun_status copy_to_host(gatun_stream*, void* dst, const char* src, int64_t bytes, gatun_error* error) {
  return guard(error, [&] {
    if (bytes > 0) std::memcpy(dst, src, static_cast<size_t>(bytes));
  });
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

gatun_status nothing_to_wait_for(gatun_stream*, gatun_error* error) {
  return guard(error, [] {});
}
gatun_status event_record(gatun_event*, gatun_stream*, gatun_error* error) {
  return guard(error, [] {});
}
gatun_status event_wait(gatun_stream*, gatun_event*, gatun_error* error) {
  return guard(error, [] {});
}
gatun_status event_sync(gatun_event*, gatun_error* error) {
  return guard(error, [] {});
}

gatun_status graph_begin(gatun_stream* stream, gatun_error* error) {
  return guard(error, [&] {
    if (recording(stream)) fail(GATUN_INVALID_ARGUMENT, "the stream records a graph already");
    recording(stream) = std::make_unique<Graph>();
    recording(stream)->device = stream->device;
  });
}

gatun_status graph_end(gatun_stream* stream, gatun_graph** graph, gatun_error* error) {
  return guard(error, [&] {
    *graph = nullptr;
    if (!recording(stream)) fail(GATUN_INVALID_ARGUMENT, "the stream records no graph");
    ++own(stream->device).handles;
    *graph = recording(stream).release();
  });
}

gatun_status graph_launch(gatun_graph* graph, gatun_stream*, gatun_error* error) {
  return guard(error, [&] {
    for (const auto& work : static_cast<Graph*>(graph)->work) work();
  });
}

gatun_status graph_destroy(gatun_graph* graph, gatun_error* error) {
  return guard(error, [&] {
    --own(graph->device).handles;
    retire(graph->mark);
    delete static_cast<Graph*>(graph);
  });
}

const Backend& table() {
  static const Backend backend = [] {
    Backend made{};
    made.version = kBackendVersion;
    made.name = "simt";
    made.device_open = device_open;
    made.device_close = device_close;
    made.device_info = device_info;
    made.memory_stats = memory_stats;
    made.memory_limit = memory_limit;
    made.memory_trim = memory_trim;
    made.memory_peak_reset = memory_peak_reset;
    made.buffer_alloc = buffer_alloc;
    made.buffer_wrap = buffer_wrap;
    made.buffer_free = buffer_free;
    made.copy_from_host = copy_from_host;
    made.copy_to_host = copy_to_host;
    made.stream_create = [](gatun_device* device, gatun_stream** stream, gatun_error* error) {
      Stream* made_stream = nullptr;
      const gatun_status status = create<Stream>(device, &made_stream, error);
      *stream = made_stream;
      return status;
    };
    made.stream_destroy = [](gatun_stream* stream, gatun_error* error) {
      return destroy(static_cast<Stream*>(stream), error);
    };
    made.stream_sync = nothing_to_wait_for;
    made.event_create = create<gatun_event>;
    made.event_destroy = destroy<gatun_event>;
    made.event_record = event_record;
    made.event_wait = event_wait;
    made.event_sync = event_sync;
    made.graph_begin = graph_begin;
    made.graph_end = graph_end;
    made.graph_launch = graph_launch;
    made.graph_destroy = graph_destroy;
    add_operations(made);
    return made;
  }();
  return backend;
}

}  // namespace

const Limits& limits(gatun_stream*) {
  static const Limits here{4, 227 << 10, 90};
  return here;
}

char* take_memory(gatun_stream* stream, int64_t bytes) { return take(own(stream->device), bytes); }
void give_memory(gatun_stream* stream, char* memory) {
  Device& host = own(stream->device);
  std::shared_ptr<char> block(memory, [&host](char* given) { give(host, given); });
  if (recording(stream)) recording(stream)->blocks.push_back(std::move(block));
}

void queue(gatun_stream* stream, std::function<void()> work) {
  if (recording(stream)) {
    recording(stream)->work.push_back(std::move(work));
  } else {
    work();
  }
}

}  // namespace gatun::cuda

extern "C" GATUN_API const gatun::Backend* gatun_plugin_backend() { return &gatun::cuda::table(); }
