// SPDX-License-Identifier: Apache-2.0
// The CUDA backend's own handles.
#pragma once

#include "../runtime.h"
#include "handles.h"
#include "memory_pool.h"
#include "staging.h"

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <set>

namespace gatun::cuda {

struct Device;
class Graph;
struct Stream;

// CUDA's pool of one device: caching, in the order of streams.
class DriverPool final : public MemorySource {
 public:
  explicit DriverPool(Device& device) : device_(device) {}
  ~DriverPool() override;
  void create();

  char* take(int64_t bytes, Queue queue) override;
  void give(char* block, Queue queue) override;
  int64_t held() override;
  void trim() override;
  void settle() override;
  int64_t free_on_device() override;

 private:
  Device& device_;
  cudaMemPool_t pool_ = nullptr;
};

struct Device : gatun_device {
  std::string name;
  Limits limits;
  int64_t total_memory = 0;
  DriverPool source{*this};
  std::optional<MemoryPool> pool;
  std::atomic<int64_t> buffers_live{0}, buffers_total{0};
  std::atomic<int64_t> handles{0};  // streams, events, graphs and wrapped buffers

  std::mutex mutex;  // of what follows, of the arenas, and of the beginning of a recording
  std::set<Stream*> streams;
  std::map<char*, Graph*> graph_blocks;  // which graph's arena a block lies in

  // Makes it the thread's current device.
  void bind() const;
};

struct Stream : gatun_stream {
  explicit Stream(Device& owner);
  ~Stream();

  Owned<cudaStream_t> handle = new_stream();
  cudaStream_t queue = handle.get();
  Staging staging;
  std::unique_ptr<Graph> recording;  // set from graph_begin to graph_end
};

struct Event : gatun_event {
  Owned<cudaEvent_t> point = new_event();
};

struct Buffer : gatun_buffer {
  bool wrapped = false;
};

inline Device& own(gatun_device* device) { return *static_cast<Device*>(device); }
inline Stream& own(gatun_stream* stream) { return *static_cast<Stream*>(stream); }
inline Event& own(gatun_event* event) { return *static_cast<Event*>(event); }
inline Device& device_of(gatun_stream* stream) { return own(stream->device); }

// The table's functions, one family a file.
gatun_status device_open(int32_t index, const gatun_device_options& options, gatun_device** device, gatun_error* error);
gatun_status device_close(gatun_device* device, gatun_error* error);
gatun_status device_info(gatun_device* device, gatun_device_info* info, gatun_error* error);

gatun_status memory_stats(gatun_device* device, gatun_memory_stats* stats, gatun_error* error);
gatun_status memory_limit(gatun_device* device, int64_t bytes, gatun_error* error);
gatun_status memory_trim(gatun_device* device, int64_t* freed, gatun_error* error);
gatun_status memory_peak_reset(gatun_device* device, gatun_error* error);
gatun_status buffer_alloc(gatun_stream* stream, int64_t bytes, gatun_buffer** buffer, gatun_error* error);
gatun_status buffer_wrap(gatun_device* device, void* data, int64_t bytes, gatun_buffer** buffer, gatun_error* error);
gatun_status buffer_free(gatun_buffer* buffer, gatun_stream* stream, gatun_error* error);
gatun_status copy_from_host(gatun_stream* stream, char* dst, const void* src, int64_t bytes, gatun_error* error);
gatun_status copy_to_host(gatun_stream* stream, void* dst, const char* src, int64_t bytes, gatun_error* error);

gatun_status stream_create(gatun_device* device, gatun_stream** stream, gatun_error* error);
gatun_status stream_destroy(gatun_stream* stream, gatun_error* error);
gatun_status stream_sync(gatun_stream* stream, gatun_error* error);
gatun_status event_create(gatun_device* device, gatun_event** event, gatun_error* error);
gatun_status event_destroy(gatun_event* event, gatun_error* error);
gatun_status event_record(gatun_event* event, gatun_stream* stream, gatun_error* error);
gatun_status event_wait(gatun_stream* stream, gatun_event* event, gatun_error* error);
gatun_status event_sync(gatun_event* event, gatun_error* error);

gatun_status graph_begin(gatun_stream* stream, gatun_error* error);
gatun_status graph_end(gatun_stream* stream, gatun_graph** graph, gatun_error* error);
gatun_status graph_launch(gatun_graph* graph, gatun_stream* stream, gatun_error* error);
gatun_status graph_destroy(gatun_graph* graph, gatun_error* error);

// The table, complete.
const Backend& table();

}  // namespace gatun::cuda
