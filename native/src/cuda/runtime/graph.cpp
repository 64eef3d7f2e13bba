// SPDX-License-Identifier: Apache-2.0
#include "graph.h"

namespace gatun::cuda {

Graph::Graph(Stream& stream) : recorded_(stream.queue) { device = stream.device; }

// Relaxed: threads hand streams over (virtual threads move between carriers), and memory is taken meanwhile.
void Graph::begin() {
  follow(recorded_);
  check(cudaStreamBeginCapture(recorded_, cudaStreamCaptureModeRelaxed), "beginning to record a graph");
}

Graph::~Graph() {
  // What fails here fails because the device is lost; the next call that waits says so.
  (void)cudaStreamWaitEvent(side_.get(), launched_.get(), 0);
  (void)cudaStreamSynchronize(side_.get());
  replay_.reset();
  Device& on = owner();
  Arena::Leaving leaving;
  {
    const std::lock_guard lock(on.mutex);
    leaving = arena_.leave();
    std::erase_if(on.graph_blocks, [this](const auto& each) { return each.second == this; });
  }
  for (char* block : leaving.dead) on.pool->give(block, side_.get());
  for (char* block : deferred_) put_back(on, block, side_.get());
}

char* Graph::take_now(int64_t bytes) {
  MemoryPool& pool = *owner().pool;
  char* block = pool.take(bytes, side_.get());
  const cudaError_t ready = cudaStreamSynchronize(side_.get());
  if (ready != cudaSuccess) pool.give(block, side_.get());
  check(ready, "queued work");
  return block;
}

char* Graph::take(int64_t bytes) {
  Device& on = owner();
  {
    const std::lock_guard lock(on.mutex);
    if (char* block = arena_.reuse(bytes)) return block;
  }
  char* block = take_now(bytes);
  const int64_t size = on.pool->size_of(block);
  const std::lock_guard lock(on.mutex);
  arena_.add(block, size);
  on.graph_blocks[block] = this;
  return block;
}

void Graph::give(char* block) {
  const std::lock_guard lock(owner().mutex);
  if (arena_.owns(block)) {
    arena_.give(block);
  } else {
    deferred_.push_back(block);
  }
}

void Graph::drop(char* block, cudaStream_t queue) {
  arena_.drop(block);
  follow(queue);
}

void Graph::write(char* dst, const char* src, int64_t bytes) {
  bool ours;
  {
    const std::lock_guard lock(owner().mutex);
    ours = arena_.holds(dst);
  }
  if (!ours) {
    staging_.from_host(side_.get(), dst, src, bytes);
    check(cudaStreamSynchronize(side_.get()), "queued work");
    return;
  }
  char* constant = take_now(bytes);
  {
    const std::lock_guard lock(owner().mutex);
    arena_.add_constant(constant);
  }
  const auto size = static_cast<size_t>(bytes);
  staging_.from_host(side_.get(), constant, src, bytes);
  check(cudaMemcpyAsync(dst, constant, size, cudaMemcpyDeviceToDevice, side_.get()), "writing a constant");
  check(cudaStreamSynchronize(side_.get()), "writing a constant");
  check(cudaMemcpyAsync(dst, constant, size, cudaMemcpyDeviceToDevice, recorded_), "recording a constant");
}

void Graph::spoil(gatun_status status, const char* text) {
  if (!failure_) failure_ = Failure{status, text};
}

void Graph::stop() {
  cudaGraph_t made = nullptr;
  ended_ = cudaStreamEndCapture(recorded_, &made);
  made_.reset(made);
  follow(recorded_);
}

void Graph::finish() {
  const Owned<cudaGraph_t> made = std::move(made_);
  if (failure_) throw *failure_;
  check(ended_, "recording a graph");
  cudaGraphExec_t replay = nullptr;
  check(cudaGraphInstantiate(&replay, made.get(), 0), "making a graph of the recording");
  replay_.reset(replay);
}

void Graph::launch(cudaStream_t queue) {
  check(cudaGraphLaunch(replay_.get(), queue), "launching a graph");
  check(cudaEventRecord(launched_.get(), queue), "launching a graph");
}

void Graph::follow(cudaStream_t queue) {
  (void)cudaEventRecord(point_.get(), queue);
  (void)cudaStreamWaitEvent(side_.get(), point_.get(), 0);
}

void want_no_recording(Stream& stream, const char* call) {
  if (stream.recording == nullptr) return;
  const std::string text = text_of(call, ": the stream records a graph, and only operations, gatun_buffer_alloc, "
                                   "gatun_buffer_free and gatun_copy_from_host may be called on it before gatun_graph_end");
  stream.recording->spoil(GATUN_INVALID_ARGUMENT, text.c_str());
  throw Failure{GATUN_INVALID_ARGUMENT, text};
}

void put_back(Device& device, char* block, cudaStream_t queue) {
  {
    const std::lock_guard lock(device.mutex);
    const auto found = device.graph_blocks.find(block);
    if (found != device.graph_blocks.end()) {
      found->second->drop(block, queue);
      return;
    }
  }
  device.pool->give(block, queue);
}

gatun_status graph_begin(gatun_stream* stream, gatun_error* error) {
  return guard(error, [&] {
    Stream& on = own(stream);
    device_of(stream).bind();
    want_no_recording(on, "gatun_graph_begin");
    auto graph = std::make_unique<Graph>(on);
    const std::lock_guard lock(device_of(stream).mutex);  // nobody may wait for a stream that records
    graph->begin();
    on.recording = std::move(graph);
  });
}

gatun_status graph_end(gatun_stream* stream, gatun_graph** graph, gatun_error* error) {
  return guard(error, [&] {
    Stream& on = own(stream);
    Device& device = device_of(stream);
    device.bind();
    if (on.recording == nullptr) {
      fail(GATUN_INVALID_ARGUMENT, "the stream records no graph; call gatun_graph_begin before gatun_graph_end");
    }
    std::unique_ptr<Graph> ended;
    {
      const std::lock_guard lock(device.mutex);  // or another thread would wait for a stream that still records
      on.recording->stop();
      ended = std::move(on.recording);
    }
    ended->finish();
    ++device.handles;
    *graph = ended.release();
  });
}

gatun_status graph_launch(gatun_graph* graph, gatun_stream* stream, gatun_error* error) {
  return guard(error, [&] {
    device_of(stream).bind();
    want_no_recording(own(stream), "gatun_graph_launch");
    static_cast<Graph*>(graph)->launch(own(stream).queue);
  });
}

gatun_status graph_destroy(gatun_graph* graph, gatun_error* error) {
  return guard(error, [&] {
    Device& device = own(graph->device);
    device.bind();
    const std::unique_ptr<Graph> old(static_cast<Graph*>(graph));
    retire(old->mark);
    --device.handles;
  });
}

}  // namespace gatun::cuda
