// SPDX-License-Identifier: Apache-2.0
// The plug-in's own runtime over a CUDA runtime on the host.
#include "../mixed.h"

#include <chrono>
#include <dlfcn.h>
#include <thread>

namespace {

// Tells the fake CUDA something.
template <class Value>
void tell(const char* name, Value value) {
  const auto entry = reinterpret_cast<void (*)(Value)>(
      dlsym(dlopen(std::getenv("GATUN_CUDA_PLUGIN"), RTLD_NOW | RTLD_NOLOAD), name));
  REQUIRE(entry != nullptr, "the plug-in of this test is not the fake one");
  entry(value);
}

// The next call that waits fails with a number of cudaError_t.
void fail_next(int error) { tell("fake_cuda_fail", error); }

TEST(infoDescribesTheDevice) {
  Session s;
  gatun_device_info info{};
  info.struct_size = sizeof info;
  OK(gatun_device_info_get(s.device, &info, &err));
  CHECK(std::string(info.name) == "fake device" && info.kind == GATUN_CUDA && info.index == 0 && info.graphs == 1);
  CHECK(info.memory_bytes == 256 << 20, info.memory_bytes);
  CHECK(std::string(info.libraries).starts_with("all operations: own kernels"), info.libraries);
}

TEST(devicesAreIndependent) {
  Session s;
  gatun_device* second = nullptr;
  OK(gatun_device_open(GATUN_CUDA, 1, nullptr, &second, &err));
  gatun_stream* stream = nullptr;
  OK(gatun_stream_create(second, &stream, &err));
  gatun_buffer* buffer = nullptr;
  OK(gatun_buffer_alloc(stream, 1000, &buffer, &err));
  CHECK(s.stats().bytes_in_use == 0);
  REFUSED(gatun_buffer_free(buffer, s.stream, &err), GATUN_INVALID_ARGUMENT, "device");
  REFUSED(gatun_device_close(second, &err), GATUN_INVALID_ARGUMENT, "1 buffers or weights and 1 streams");
  OK(gatun_buffer_free(buffer, stream, &err));
  OK(gatun_stream_destroy(stream, &err));
  OK(gatun_device_close(second, &err));
  REFUSED(gatun_device_open(GATUN_CUDA, 2, nullptr, &second, &err), GATUN_DEVICE_UNAVAILABLE, "there are 2");
}

// The source is overwritten when the call has returned, and the copies run much later.
TEST(hostMemoryIsFreeWhenACopyReturns) {
  Session s;
  constexpr int64_t kSmall = 1000;
  std::vector<std::unique_ptr<Pooled>> tensors;
  std::vector<float> values(kSmall);
  for (int each = 0; each < 50; ++each) {
    tensors.push_back(std::make_unique<Pooled>(s.stream, Shape{kSmall}));
    std::fill(values.begin(), values.end(), static_cast<float>(each));
    OK(gatun_copy_from_host(s.stream, tensors.back()->view.buffer, 0, values.data(), kSmall * 4, &err));
  }
  for (int each = 0; each < 50; ++each) {
    for (float value : tensors[static_cast<size_t>(each)]->floats()) REQUIRE(value == static_cast<float>(each), value);
  }
}

// Many chunks of the staging memory, in one copy and in odd pieces.
TEST(largeCopiesKeepEachByte) {
  Session s;
  constexpr int64_t kBytes = 23'000'003;
  std::vector<char> in(kBytes), out(kBytes);
  for (size_t at = 0; at < in.size(); ++at) in[at] = static_cast<char>(at * 2654435761u >> 13);
  gatun_buffer* buffer = nullptr;
  OK(gatun_buffer_alloc(s.stream, kBytes, &buffer, &err));
  OK(gatun_copy_from_host(s.stream, buffer, 0, in.data(), kBytes, &err));
  OK(gatun_copy_to_host(s.stream, out.data(), buffer, 0, kBytes, &err));
  CHECK(in == out, "in one");
  for (char& each : in) each = static_cast<char>(each ^ 0x55);
  for (int64_t at = 0, piece = 1; at < kBytes; at += piece, piece = std::min(piece * 3 + 1, kBytes - at)) {
    OK(gatun_copy_from_host(s.stream, buffer, at, in.data() + at, piece, &err));
    if (piece > 5'000'000) OK(gatun_copy_to_host(s.stream, out.data(), buffer, 0, 10, &err));
  }
  OK(gatun_copy_to_host(s.stream, out.data(), buffer, 0, kBytes, &err));
  CHECK(in == out, "in pieces");
  OK(gatun_copy_from_host(s.stream, buffer, 0, nullptr, 0, &err));
  OK(gatun_copy_to_host(s.stream, nullptr, buffer, 0, 0, &err));
  OK(gatun_buffer_free(buffer, s.stream, &err));
}

TEST(memoryIsFreedInTheOrderOfTheStream) {
  Session s;
  const Pooled out(s.stream, {1000});
  {
    const Pooled x(s.stream, {1000}, 7, 1.0);
    OK(gatun_binary(s.stream, GATUN_ADD, x, x, out, &err));
  }
  const Pooled other(s.stream, {1000});
  OK(gatun_fill(s.stream, other, 1, &err));
  const std::vector<float> want = Random(7).floats(1000, 1.0), got = out.floats();
  for (size_t at = 0; at < got.size(); ++at) REQUIRE(got[at] == 2 * want[at], at, got[at]);
}

TEST(outOfMemoryIsAStatusAndTheDeviceGoesOn) {
  Session s(1, int64_t{1} << 40);
  gatun_buffer* buffer = nullptr;
  REFUSED(gatun_buffer_alloc(s.stream, 300 << 20, &buffer, &err), GATUN_OUT_OF_MEMORY, "314572800 bytes");
  CHECK(std::string(err.text).find("268435456 are free on the device") != std::string::npos, err.text);
  // Given back but still queued: it is waited for.
  for (int round = 0; round < 5; ++round) {
    OK(gatun_buffer_alloc(s.stream, 200 << 20, &buffer, &err));
    OK(gatun_buffer_free(buffer, s.stream, &err));
  }
  CHECK(s.stats().buffers_total == 5 && s.stats().buffers_live == 0 && s.stats().bytes_in_use == 0);
  CHECK(s.stats().bytes_peak == 200 << 20, s.stats().bytes_peak);
}

TEST(limitIsKept) {
  Session s(1, 1 << 20);
  gatun_buffer* buffer = nullptr;
  REFUSED(gatun_buffer_alloc(s.stream, 2 << 20, &buffer, &err), GATUN_OUT_OF_MEMORY, "1048576");
  OK(gatun_memory_limit_set(s.device, 0, &err));
  CHECK(s.stats().bytes_limit == 256 << 20);
  OK(gatun_buffer_alloc(s.stream, 2 << 20, &buffer, &err));
  OK(gatun_buffer_free(buffer, s.stream, &err));
  CHECK(s.stats().bytes_peak >= 2 << 20, s.stats().bytes_peak);
  OK(gatun_memory_peak_reset(s.device, &err));
  CHECK(s.stats().bytes_peak == s.stats().bytes_in_use, s.stats().bytes_peak);
  int64_t freed = -1;
  OK(gatun_memory_trim(s.device, &freed, &err));
  CHECK(s.stats().bytes_cached == 0, s.stats().bytes_cached);
}

TEST(waitingSaysWhetherTheDeviceIsLost) {
  Session s;
  fail_next(700);  // an illegal address
  REFUSED(gatun_sync(s.stream, &err), GATUN_DEVICE_LOST, "new process");
  fail_next(701);  // too many resources for a launch
  REFUSED(gatun_sync(s.stream, &err), GATUN_LAUNCH_FAILED, "queued work failed");
  fail_next(2);
  REFUSED(gatun_sync(s.stream, &err), GATUN_OUT_OF_MEMORY, "no memory");
  s.sync();
}

// What waits for all streams leaves out one that records, up to the very end of the recording.
TEST(othersMayTrimMemoryWhileARecordingEnds) {
  Session s;
  static gatun_device* device;
  static std::thread other;
  static gatun_status trimmed;
  device = s.device;
  OK(gatun_graph_begin(s.stream, &err));
  void (*const call)() = [] {
    other = std::thread([] {
      gatun_error own{};
      int64_t freed = 0;
      trimmed = gatun_memory_trim(device, &freed, &own);
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(200));  // time to do harm
  };
  tell("fake_cuda_before_end", call);
  gatun_graph* graph = nullptr;
  const gatun_status ended = gatun_graph_end(s.stream, &graph, &err);
  CHECK(ended == GATUN_OK, err.text);
  other.join();
  CHECK(trimmed == GATUN_OK, trimmed);
  OK(gatun_graph_destroy(graph, &err));
}

TEST(eventsOrderStreams) {
  Session s;
  gatun_stream* other = nullptr;
  gatun_event* event = nullptr;
  OK(gatun_stream_create(s.device, &other, &err));
  OK(gatun_event_create(s.device, &event, &err));
  OK(gatun_event_sync(event, &err));
  OK(gatun_event_wait(other, event, &err));
  {
    const Pooled x(s.stream, {100});
    OK(gatun_fill(s.stream, x, 1, &err));
    OK(gatun_event_record(event, s.stream, &err));
    OK(gatun_event_wait(other, event, &err));
    OK(gatun_binary(other, GATUN_ADD, x, x, x, &err));
    OK(gatun_event_record(event, other, &err));
    OK(gatun_event_wait(s.stream, event, &err));
    for (float value : x.floats()) REQUIRE(value == 2, value);
  }
  OK(gatun_event_sync(event, &err));
  OK(gatun_event_destroy(event, &err));
  OK(gatun_stream_destroy(other, &err));
}

TEST(wrappedMemoryIsTheCallers) {
  Session s;
  const Pooled memory(s.stream, {10});
  void* data = nullptr;
  OK(gatun_buffer_data(memory.view.buffer, &data, &err));
  gatun_buffer* buffer = nullptr;
  OK(gatun_buffer_wrap(s.device, data, 40, &buffer, &err));
  const gatun_tensor view = dense(buffer, {10});
  OK(gatun_fill(s.stream, &view, 2.5, &err));
  OK(gatun_buffer_free(buffer, s.stream, &err));
  for (float value : memory.floats()) CHECK(value == 2.5f);
}

}  // namespace
