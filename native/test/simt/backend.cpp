// SPDX-License-Identifier: Apache-2.0
// libgatun_simt.so: a backend plug-in whose operations are the CUDA backend's own sources, run on the host by the
// harness. Work runs when it is queued. GATUN_CUDA_PLUGIN=.../libgatun_simt.so puts it in the place of the GPU.
#include "../../src/cuda/launch.h"
#include "../../src/cuda/operations.h"

#include <atomic>
#include <map>
#include <memory>
#include <mutex>

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

gatun_status memory_trim(gatun_device*, int64_t* freed, gatun_error* error) {
  return guard(error, [&] { *freed = 0; });
}

struct Buffer : gatun_buffer {
  bool wrapped = false;
};

gatun_status buffer_alloc(gatun_stream* stream, int64_t bytes, gatun_buffer** buffer, gatun_error* error) {
  return guard(error, [&] {
    auto fresh = std::make_unique<Buffer>();
    fresh->device = stream->device;
    fresh->data = take(own(stream->device), bytes);
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
    if (old->wrapped) {
      --own(stream->device).handles;
    } else {
      give(own(stream->device), old->data);
    }
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
    made.buffer_alloc = buffer_alloc;
    made.buffer_wrap = buffer_wrap;
    made.buffer_free = buffer_free;
    made.copy_from_host = copy_from_host;
    made.copy_to_host = copy_to_host;
    made.stream_create = create<gatun_stream>;
    made.stream_destroy = destroy<gatun_stream>;
    made.stream_sync = nothing_to_wait_for;
    made.event_create = create<gatun_event>;
    made.event_destroy = destroy<gatun_event>;
    made.event_record = event_record;
    made.event_wait = event_wait;
    made.event_sync = event_sync;
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
void give_memory(gatun_stream* stream, char* memory) { give(own(stream->device), memory); }

}  // namespace gatun::cuda

extern "C" GATUN_API const gatun::Backend* gatun_plugin_backend() { return &gatun::cuda::table(); }
