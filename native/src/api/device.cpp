// SPDX-License-Identifier: Apache-2.0
#include "checks.h"
#include "plugin.h"

using namespace gatun;

namespace {

template <class Struct>
void want_size(const Struct* value, const char* name) {
  if (value == nullptr) fail(GATUN_INVALID_ARGUMENT, name, " is NULL");
  if (value->struct_size != static_cast<int64_t>(sizeof(Struct))) {
    fail(GATUN_VERSION_MISMATCH, name, " has struct_size ", value->struct_size, ", expected ", sizeof(Struct));
  }
}

template <class Handle>
void want_out(Handle** out, const char* name) {
  if (out == nullptr) fail(GATUN_INVALID_ARGUMENT, name, " is NULL");
  *out = nullptr;
}

}  // namespace

extern "C" {

int64_t gatun_abi_version(void) { return GATUN_ABI_VERSION; }

gatun_status gatun_device_open(int32_t kind, int32_t index, const gatun_device_options* options, gatun_device** device,
                               gatun_error* error) {
  return dispatch(error, [&](gatun_error* inner) {
    want_out(device, "device");
    gatun_device_options chosen{};
    chosen.struct_size = sizeof chosen;
    if (options != nullptr) {
      want_size(options, "options");
      chosen = *options;
    }
    if (chosen.num_threads < 0 || chosen.num_threads > 4096) {
      fail(GATUN_INVALID_ARGUMENT, "num_threads is ", chosen.num_threads, ", expected 0 (automatic) to 4096");
    }
    if (chosen.memory_limit < 0) {
      fail(GATUN_INVALID_ARGUMENT, "memory_limit is ", chosen.memory_limit, ", expected at least 0 bytes");
    }
    if (kind < GATUN_CPU || kind > GATUN_META) {
      fail(GATUN_INVALID_ARGUMENT, "device kind ", kind, " is none of gatun_device_kind");
    }
    const Backend& backend = kind == GATUN_CPU ? cpu_backend() : kind == GATUN_META ? meta_backend() : cuda_backend();
    return backend.device_open(index, chosen, device, inner);
  });
}

gatun_status gatun_device_close(gatun_device* device, gatun_error* error) {
  return dispatch(error, [&](gatun_error* inner) {
    return device == nullptr ? GATUN_OK : live(device).backend->device_close(device, inner);
  });
}

gatun_status gatun_device_info_get(gatun_device* device, gatun_device_info* info, gatun_error* error) {
  return dispatch(error, [&](gatun_error* inner) {
    want_size(info, "info");
    return live(device).backend->device_info(device, info, inner);
  });
}

gatun_status gatun_memory_stats_get(gatun_device* device, gatun_memory_stats* stats, gatun_error* error) {
  return dispatch(error, [&](gatun_error* inner) {
    want_size(stats, "stats");
    return live(device).backend->memory_stats(device, stats, inner);
  });
}

gatun_status gatun_memory_limit_set(gatun_device* device, int64_t bytes, gatun_error* error) {
  return dispatch(error, [&](gatun_error* inner) {
    if (bytes < 0) fail(GATUN_INVALID_ARGUMENT, "memory limit is ", bytes, ", expected at least 0 bytes");
    return live(device).backend->memory_limit(device, bytes, inner);
  });
}

gatun_status gatun_memory_trim(gatun_device* device, int64_t* freed, gatun_error* error) {
  return dispatch(error, [&](gatun_error* inner) {
    int64_t bytes = 0;
    const gatun_status status = live(device).backend->memory_trim(device, &bytes, inner);
    if (freed != nullptr) *freed = bytes;
    return status;
  });
}

gatun_status gatun_memory_peak_reset(gatun_device* device, gatun_error* error) {
  return dispatch(error, [&](gatun_error* inner) { return live(device).backend->memory_peak_reset(device, inner); });
}

gatun_status gatun_buffer_alloc(gatun_stream* stream, int64_t bytes, gatun_buffer** buffer, gatun_error* error) {
  return dispatch(error, [&](gatun_error* inner) {
    want_out(buffer, "buffer");
    if (bytes < 0) fail(GATUN_INVALID_ARGUMENT, "buffer size is ", bytes, ", expected at least 0 bytes");
    return live(stream).device->backend->buffer_alloc(stream, bytes, buffer, inner);
  });
}

gatun_status gatun_buffer_wrap(gatun_device* device, void* data, int64_t bytes, gatun_buffer** buffer,
                               gatun_error* error) {
  return dispatch(error, [&](gatun_error* inner) {
    want_out(buffer, "buffer");
    if (data == nullptr || bytes < 0) {
      fail(GATUN_INVALID_ARGUMENT, "cannot wrap ", bytes, " bytes at ", data, "; expected an address and a size");
    }
    return live(device).backend->buffer_wrap(device, data, bytes, buffer, inner);
  });
}

gatun_status gatun_buffer_free(gatun_buffer* buffer, gatun_stream* stream, gatun_error* error) {
  return dispatch(error, [&](gatun_error* inner) {
    if (buffer == nullptr) return GATUN_OK;
    same_device(live(stream).device, live(buffer).device, "buffer");
    return stream->device->backend->buffer_free(buffer, stream, inner);
  });
}

gatun_status gatun_buffer_data(gatun_buffer* buffer, void** data, gatun_error* error) {
  return guard(error, [&] {
    want_out(data, "data");
    if (live(buffer).device->kind == GATUN_META) fail(GATUN_INVALID_ARGUMENT, kNoData);
    *data = buffer->data;
  });
}

gatun_status gatun_copy_from_host(gatun_stream* stream, gatun_buffer* dst, int64_t dst_offset, const void* src,
                                  int64_t bytes, gatun_error* error) {
  return dispatch(error, [&](gatun_error* inner) {
    same_device(live(stream).device, live(dst).device, "dst");
    if (bytes < 0 || dst_offset < 0 || dst_offset > dst->bytes || bytes > dst->bytes - dst_offset ||
        (src == nullptr && bytes > 0)) {
      fail(GATUN_INVALID_ARGUMENT, "cannot copy ", bytes, " bytes from ", src, " to offset ", dst_offset,
           " of a buffer of ", dst->bytes, " bytes");
    }
    return stream->device->backend->copy_from_host(stream, dst->data + dst_offset, src, bytes, inner);
  });
}

gatun_status gatun_copy_to_host(gatun_stream* stream, void* dst, gatun_buffer* src, int64_t src_offset, int64_t bytes,
                                gatun_error* error) {
  return dispatch(error, [&](gatun_error* inner) {
    same_device(live(stream).device, live(src).device, "src");
    if (bytes < 0 || src_offset < 0 || src_offset > src->bytes || bytes > src->bytes - src_offset ||
        (dst == nullptr && bytes > 0)) {
      fail(GATUN_INVALID_ARGUMENT, "cannot copy ", bytes, " bytes to ", dst, " from offset ", src_offset,
           " of a buffer of ", src->bytes, " bytes");
    }
    return stream->device->backend->copy_to_host(stream, dst, src->data + src_offset, bytes, inner);
  });
}

gatun_status gatun_stream_create(gatun_device* device, gatun_stream** stream, gatun_error* error) {
  return dispatch(error, [&](gatun_error* inner) {
    want_out(stream, "stream");
    return live(device).backend->stream_create(device, stream, inner);
  });
}

gatun_status gatun_stream_destroy(gatun_stream* stream, gatun_error* error) {
  return dispatch(error, [&](gatun_error* inner) {
    return stream == nullptr ? GATUN_OK : live(stream).device->backend->stream_destroy(stream, inner);
  });
}

gatun_status gatun_sync(gatun_stream* stream, gatun_error* error) {
  return dispatch(error,
                  [&](gatun_error* inner) { return live(stream).device->backend->stream_sync(stream, inner); });
}

gatun_status gatun_event_create(gatun_device* device, gatun_event** event, gatun_error* error) {
  return dispatch(error, [&](gatun_error* inner) {
    want_out(event, "event");
    return live(device).backend->event_create(device, event, inner);
  });
}

gatun_status gatun_event_destroy(gatun_event* event, gatun_error* error) {
  return dispatch(error, [&](gatun_error* inner) {
    return event == nullptr ? GATUN_OK : live(event).device->backend->event_destroy(event, inner);
  });
}

gatun_status gatun_event_record(gatun_event* event, gatun_stream* stream, gatun_error* error) {
  return dispatch(error, [&](gatun_error* inner) {
    same_device(live(stream).device, live(event).device, "event");
    return stream->device->backend->event_record(event, stream, inner);
  });
}

gatun_status gatun_event_wait(gatun_stream* stream, gatun_event* event, gatun_error* error) {
  return dispatch(error, [&](gatun_error* inner) {
    same_device(live(stream).device, live(event).device, "event");
    return stream->device->backend->event_wait(stream, event, inner);
  });
}

gatun_status gatun_event_sync(gatun_event* event, gatun_error* error) {
  return dispatch(error, [&](gatun_error* inner) { return live(event).device->backend->event_sync(event, inner); });
}

gatun_status gatun_graph_begin(gatun_stream* stream, gatun_error* error) {
  return dispatch(error, [&](gatun_error* inner) {
    const auto begin = live(stream).device->backend->graph_begin;
    return begin == nullptr ? GATUN_OK : begin(stream, inner);
  });
}

gatun_status gatun_graph_end(gatun_stream* stream, gatun_graph** graph, gatun_error* error) {
  return dispatch(error, [&](gatun_error* inner) {
    want_out(graph, "graph");
    const auto end = live(stream).device->backend->graph_end;
    return end == nullptr ? GATUN_OK : end(stream, graph, inner);
  });
}

gatun_status gatun_graph_launch(gatun_graph* graph, gatun_stream* stream, gatun_error* error) {
  return dispatch(error, [&](gatun_error* inner) {
    same_device(live(stream).device, live(graph).device, "graph");
    return stream->device->backend->graph_launch(graph, stream, inner);
  });
}

gatun_status gatun_graph_destroy(gatun_graph* graph, gatun_error* error) {
  return dispatch(error, [&](gatun_error* inner) {
    return graph == nullptr ? GATUN_OK : live(graph).device->backend->graph_destroy(graph, inner);
  });
}

}  // extern "C"
