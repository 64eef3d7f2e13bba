// SPDX-License-Identifier: Apache-2.0
#include "graph.h"

namespace gatun::cuda {

Stream::Stream(Device& owner) {
  device = &owner;
  const std::lock_guard lock(owner.mutex);
  owner.streams.insert(this);
}

// Nobody waits for it any more; a recording that was never ended goes with it.
Stream::~Stream() {
  Device& owner = own(device);
  {
    const std::lock_guard lock(owner.mutex);
    if (recording != nullptr) recording->stop();
    owner.streams.erase(this);
  }
  recording.reset();
  (void)cudaStreamSynchronize(queue);
}

cudaStream_t native(gatun_stream* stream) {
  device_of(stream).bind();
  return own(stream).queue;
}

gatun_status stream_create(gatun_device* device, gatun_stream** stream, gatun_error* error) {
  return guard(error, [&] {
    own(device).bind();
    *stream = new Stream(own(device));
    ++own(device).handles;
  });
}

gatun_status stream_destroy(gatun_stream* stream, gatun_error* error) {
  return guard(error, [&] {
    Device& device = device_of(stream);
    device.bind();
    const std::unique_ptr<Stream> old(&own(stream));
    --device.handles;
    retire(old->mark);
  });
}

gatun_status stream_sync(gatun_stream* stream, gatun_error* error) {
  return guard(error, [&] {
    const cudaStream_t queue = native(stream);
    want_no_recording(own(stream), "gatun_sync");
    check(cudaStreamSynchronize(queue), "queued work");
  });
}

gatun_status event_create(gatun_device* device, gatun_event** event, gatun_error* error) {
  return guard(error, [&] {
    own(device).bind();
    auto fresh = std::make_unique<Event>();
    fresh->device = device;
    ++own(device).handles;
    *event = fresh.release();
  });
}

gatun_status event_destroy(gatun_event* event, gatun_error* error) {
  return guard(error, [&] {
    Device& device = own(event->device);
    device.bind();
    const std::unique_ptr<Event> old(&own(event));
    --device.handles;
    retire(old->mark);
  });
}

gatun_status event_record(gatun_event* event, gatun_stream* stream, gatun_error* error) {
  return guard(error, [&] {
    const cudaStream_t queue = native(stream);
    want_no_recording(own(stream), "gatun_event_record");
    check(cudaEventRecord(own(event).point.get(), queue), "recording an event");
  });
}

gatun_status event_wait(gatun_stream* stream, gatun_event* event, gatun_error* error) {
  return guard(error, [&] {
    const cudaStream_t queue = native(stream);
    want_no_recording(own(stream), "gatun_event_wait");
    check(cudaStreamWaitEvent(queue, own(event).point.get(), 0), "waiting for an event");
  });
}

gatun_status event_sync(gatun_event* event, gatun_error* error) {
  return guard(error, [&] {
    own(event->device).bind();
    check(cudaEventSynchronize(own(event).point.get()), "queued work");
  });
}

}  // namespace gatun::cuda
