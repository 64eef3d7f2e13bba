// SPDX-License-Identifier: Apache-2.0
// libgatun_cuda.so: the CUDA backend's table.
#include "../operations.h"
#include "graph.h"

#include <tuple>

namespace gatun::cuda {

namespace {

const Backend& plain();

// A call on a stream which, where it fails, spoils what the stream records: a part of it may have been recorded.
template <auto Member, class Function>
struct Noted;
template <auto Member, class... Parameters>
struct Noted<Member, gatun_status (*)(gatun_stream*, Parameters...)> {
  static gatun_status call(gatun_stream* stream, Parameters... parameters) {
    const gatun_status status = (plain().*Member)(stream, parameters...);
    if (status != GATUN_OK && own(stream).recording != nullptr) {
      const gatun_error* error = std::get<sizeof...(Parameters) - 1>(std::tie(parameters...));
      own(stream).recording->spoil(status, error == nullptr ? "an operation of the recording failed" : error->text);
    }
    return status;
  }
};

template <auto... Members>
void note(Backend& backend) {
  const auto each = [&]<auto Member>() {
    auto& entry = backend.*Member;
    if (entry != nullptr) entry = Noted<Member, std::remove_reference_t<decltype(entry)>>::call;
  };
  (each.template operator()<Members>(), ...);
}

const Backend& plain() {
  static const Backend backend = [] {
    Backend made{};
    made.version = kBackendVersion;
    made.name = "cuda";
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
    made.stream_create = stream_create;
    made.stream_destroy = stream_destroy;
    made.stream_sync = stream_sync;
    made.event_create = event_create;
    made.event_destroy = event_destroy;
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

const Backend& table() {
  static const Backend backend = [] {
    Backend made = plain();
    note<&Backend::buffer_alloc, &Backend::copy_from_host, &Backend::weights_create, &Backend::fill, &Backend::copy,
         &Backend::binary, &Backend::activate, &Backend::reduce, &Backend::softmax, &Backend::argmax,
         &Backend::sample_tokens, &Backend::take_rows, &Backend::group_norm, &Backend::layer_norm, &Backend::linear,
         &Backend::attention, &Backend::patch_embed, &Backend::temporal_pool, &Backend::conv_transpose2d,
         &Backend::conv2d, &Backend::resize2d, &Backend::max_pool2d, &Backend::pad2d, &Backend::map_head,
         &Backend::encode_pool, &Backend::decoder_weights, &Backend::decoder_prefix, &Backend::refine_head>(made);
    return made;
  }();
  return backend;
}

}  // namespace gatun::cuda

extern "C" GATUN_API const gatun::Backend* gatun_plugin_backend() { return &gatun::cuda::table(); }
