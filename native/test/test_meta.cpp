// SPDX-License-Identifier: Apache-2.0
// The device without data: shapes are checked, memory is counted, nothing is there to read.
#include "mixed.h"

namespace {

class Meta {
 public:
  explicit Meta(int64_t memory_limit = 0) {
    gatun_device_options options{};
    options.struct_size = sizeof options;
    options.memory_limit = memory_limit;
    OK(gatun_device_open(GATUN_META, 0, &options, &device, &err));
    OK(gatun_stream_create(device, &stream, &err));
  }
  ~Meta() {
    CHECK(gatun_stream_destroy(stream, &err) == GATUN_OK, err.text);
    CHECK(gatun_device_close(device, &err) == GATUN_OK, err.text);
  }
  Meta(const Meta&) = delete;
  Meta& operator=(const Meta&) = delete;

  gatun_memory_stats stats() const {
    gatun_memory_stats stats{};
    stats.struct_size = sizeof stats;
    OK(gatun_memory_stats_get(device, &stats, &err));
    return stats;
  }

  gatun_device* device = nullptr;
  gatun_stream* stream = nullptr;
};

TEST(metaDeviceSaysWhatItIs) {
  const Meta m;
  gatun_device_info info{};
  info.struct_size = sizeof info;
  OK(gatun_device_info_get(m.device, &info, &err));
  CHECK(info.kind == GATUN_META, info.kind);
  CHECK(std::string(info.name) == "meta", info.name);
  CHECK(info.graphs == 0, info.graphs);
}

TEST(metaCountsMemoryWithoutTakingIt) {
  const Meta m;
  const int64_t huge = int64_t{1} << 50;
  {
    const Pooled first(m.stream, {huge}, GATUN_U8), second(m.stream, {3, 5}), empty(m.stream, {0});
    const Weights weights(m.stream, [&](gatun_weights** made) {
      return gatun_linear_weights(m.stream, second, GATUN_REDUCED, made, &err);
    });
    OK(gatun_fill(m.stream, first, 1, &err));
    const gatun_memory_stats stats = m.stats();
    CHECK(stats.bytes_in_use == huge + 60 + 60, stats.bytes_in_use);
    CHECK(stats.buffers_live == 4, stats.buffers_live);
    CHECK(stats.bytes_limit == INT64_MAX, stats.bytes_limit);
  }
  OK(gatun_memory_peak_reset(m.device, &err));
  const gatun_memory_stats stats = m.stats();
  CHECK(stats.bytes_in_use == 0 && stats.bytes_peak == 0 && stats.buffers_live == 0, stats.bytes_peak);
  CHECK(stats.buffers_total == 4, stats.buffers_total);
}

TEST(metaKeepsItsLimit) {
  const Meta m(100);
  const Pooled first(m.stream, {20});
  gatun_buffer* buffer = nullptr;
  REFUSED(gatun_buffer_alloc(m.stream, 24, &buffer, &err), GATUN_OUT_OF_MEMORY, "80 of 100 are in use");
  OK(gatun_memory_limit_set(m.device, 0, &err));
  CHECK(m.stats().bytes_limit == INT64_MAX, m.stats().bytes_limit);
}

TEST(metaHasNoData) {
  const Meta m;
  const Pooled x(m.stream, {4});
  std::vector<float> values(4);
  void* data = nullptr;
  gatun_buffer* buffer = nullptr;
  OK(gatun_copy_from_host(m.stream, x.view.buffer, 0, values.data(), 16, &err));
  REFUSED(gatun_copy_to_host(m.stream, values.data(), x.view.buffer, 0, 16, &err), GATUN_INVALID_ARGUMENT, "no data");
  REFUSED(gatun_buffer_data(x.view.buffer, &data, &err), GATUN_INVALID_ARGUMENT, "no data");
  REFUSED(gatun_buffer_wrap(m.device, values.data(), 16, &buffer, &err), GATUN_INVALID_ARGUMENT, "no data");
  CHECK(data == nullptr && buffer == nullptr);
}

TEST(metaChecksShapesAndRunsNothing) {
  const Meta m;
  const Pooled x(m.stream, {4, 6}), weight(m.stream, {3, 6}), out(m.stream, {4, 3}), wrong(m.stream, {4, 5});
  const Weights weights(m.stream, [&](gatun_weights** made) {
    return gatun_linear_weights(m.stream, weight, GATUN_STRICT, made, &err);
  });
  OK(gatun_linear(m.stream, x, weights, nullptr, GATUN_ACT_NONE, nullptr, out, &err));
  REFUSED(gatun_linear(m.stream, x, weights, nullptr, GATUN_ACT_NONE, nullptr, wrong, &err), GATUN_SHAPE_MISMATCH,
          "expected 4 rows of 3");
  REFUSED(gatun_linear(m.stream, wrong, weights, nullptr, GATUN_ACT_NONE, nullptr, out, &err), GATUN_SHAPE_MISMATCH,
          "must be 6");
  gatun_event* event = nullptr;
  OK(gatun_event_create(m.device, &event, &err));
  OK(gatun_event_record(event, m.stream, &err));
  OK(gatun_event_wait(m.stream, event, &err));
  OK(gatun_event_sync(event, &err));
  OK(gatun_sync(m.stream, &err));
  REFUSED(gatun_device_close(m.device, &err), GATUN_INVALID_ARGUMENT, "2 streams or events");
  OK(gatun_event_destroy(event, &err));
}

TEST(metaTakesWholeForwardPasses) {
  const Meta m;
  mixed_pass(m.stream, 5, 22, false);
  CHECK(m.stats().bytes_in_use == 0, m.stats().bytes_in_use);
  CHECK(m.stats().bytes_peak > 0);
}

}  // namespace
