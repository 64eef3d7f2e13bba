// SPDX-License-Identifier: Apache-2.0
#include "mixed.h"

#include <fstream>

namespace {

gatun_buffer* allocate(const Session& s, int64_t bytes) {
  gatun_buffer* buffer = nullptr;
  OK(gatun_buffer_alloc(s.stream, bytes, &buffer, &err));
  return buffer;
}

void* data_of(gatun_buffer* buffer) {
  void* data = nullptr;
  OK(gatun_buffer_data(buffer, &data, &err));
  return data;
}

TEST(statisticsFollowBuffers) {
  Session s(1);
  gatun_buffer* big = allocate(s, 1'000'000);
  gatun_buffer* small = allocate(s, 10);
  const gatun_memory_stats both = s.stats();
  CHECK(both.buffers_live == 2 && both.buffers_total == 2, both.buffers_live, both.buffers_total);
  CHECK(both.bytes_in_use >= 1'000'010 && both.bytes_in_use < 1'200'000, both.bytes_in_use);
  CHECK(both.bytes_peak == both.bytes_in_use && both.bytes_cached == 0, both.bytes_peak, both.bytes_cached);
  OK(gatun_buffer_free(big, s.stream, &err));
  const gatun_memory_stats one = s.stats();
  CHECK(one.buffers_live == 1 && one.bytes_in_use < 1000 && one.bytes_cached >= 1'000'000, one.bytes_in_use);
  OK(gatun_memory_peak_reset(s.device, &err));
  CHECK(s.stats().bytes_peak == one.bytes_in_use, s.stats().bytes_peak);
  CHECK(one.bytes_peak == both.bytes_peak && one.bytes_in_use + one.bytes_cached == both.bytes_in_use);
  OK(gatun_buffer_free(small, s.stream, &err));
  int64_t freed = -1;
  OK(gatun_memory_trim(s.device, &freed, &err));
  CHECK(freed == both.bytes_in_use, freed, "of", both.bytes_in_use);
  const gatun_memory_stats none = s.stats();
  CHECK(none.bytes_in_use == 0 && none.bytes_cached == 0 && none.buffers_live == 0 && none.buffers_total == 2);
  OK(gatun_memory_trim(s.device, nullptr, &err));
}

TEST(buffersAreAlignedAndMayBeEmpty) {
  Session s(1);
  for (int64_t bytes : {0, 1, 63, 64, 65, 257, 4097, 3 << 20}) {
    gatun_buffer* buffer = allocate(s, bytes);
    CHECK(reinterpret_cast<uintptr_t>(data_of(buffer)) % 64 == 0, bytes);
    std::memset(data_of(buffer), 1, static_cast<size_t>(bytes));
    OK(gatun_buffer_free(buffer, s.stream, &err));
  }
}

TEST(freedMemoryIsReused) {
  Session s(1);
  gatun_buffer* first = allocate(s, 100'000);
  const void* place = data_of(first);
  OK(gatun_buffer_free(first, s.stream, &err));
  gatun_buffer* second = allocate(s, 99'000);
  CHECK(data_of(second) == place);
  OK(gatun_buffer_free(second, s.stream, &err));
  CHECK(s.stats().bytes_cached < 120'000, s.stats().bytes_cached);
}

TEST(limitEndsInAStatusAndTheProcessGoesOn) {
  Session s(1, 1 << 20);
  CHECK(s.stats().bytes_limit == 1 << 20);
  gatun_buffer* buffer = nullptr;
  REFUSED(gatun_buffer_alloc(s.stream, 2 << 20, &buffer, &err), GATUN_OUT_OF_MEMORY, "2097152 bytes");
  CHECK(std::string(err.text).find("1048576") != std::string::npos, err.text);
  CHECK(buffer == nullptr);
  REFUSED(gatun_buffer_alloc(s.stream, INT64_MAX, &buffer, &err), GATUN_OUT_OF_MEMORY, "bytes");
  REFUSED(gatun_buffer_alloc(s.stream, INT64_MAX / 2, &buffer, &err), GATUN_OUT_OF_MEMORY, "bytes");
  for (int round = 0; round < 10; ++round) {  // freed memory counts as free again, whatever its size class was
    gatun_buffer* large = allocate(s, 700'000 + round * 30'000);
    OK(gatun_buffer_free(large, s.stream, &err));
  }
  OK(gatun_memory_limit_set(s.device, 2 << 20, &err));
  buffer = allocate(s, 3 << 19);
  OK(gatun_buffer_free(buffer, s.stream, &err));
  OK(gatun_memory_limit_set(s.device, 1000, &err));
  CHECK(s.stats().bytes_cached == 0 && s.stats().bytes_limit == 1000);
  REFUSED(gatun_buffer_alloc(s.stream, 2000, &buffer, &err), GATUN_OUT_OF_MEMORY, "2000 bytes");
  OK(gatun_memory_limit_set(s.device, 0, &err));
  CHECK(s.stats().bytes_limit > 1 << 20);
  OK(gatun_buffer_free(allocate(s, 2000), s.stream, &err));
}

// More than the machine has: the system refuses, not the limit.
TEST(whatTheSystemRefusesIsAStatusToo) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  throw check::Skip{"a sanitizer's allocator ends the process on such a size"};
#else
  Session s(1, INT64_MAX);
  gatun_buffer* buffer = nullptr;
  REFUSED(gatun_buffer_alloc(s.stream, int64_t{1} << 60, &buffer, &err), GATUN_OUT_OF_MEMORY, "1152921504606846976");
  OK(gatun_buffer_free(allocate(s, 100), s.stream, &err));
#endif
}

// The scratch of an operation is memory too: the call fails, the stream does not.
TEST(operationsBeyondTheLimitFailInTheirCall) {
  Session s(2, 1 << 20);
  const Tensor qkv = random_tensor(s, {4, 500, 3 * 64}, 1), out(s, {4, 500, 64});
  REFUSED(self_attention(s.stream, qkv, 4, GATUN_STRICT, out), GATUN_OUT_OF_MEMORY, "1048576");
  const Tensor small = random_tensor(s, {1, 5, 3 * 4}, 2), small_out(s, {1, 5, 4});
  OK(self_attention(s.stream, small, 2, GATUN_STRICT, small_out));
  s.sync();
  CHECK(s.stats().bytes_in_use == 0);
  gatun_weights* weights = nullptr;
  const Tensor weight(s, {1000, 500});
  REFUSED(gatun_linear_weights(s.stream, weight, GATUN_STRICT, &weights, &err), GATUN_OUT_OF_MEMORY, "1048576");
  CHECK(weights == nullptr);
}

// The weights' own memory, which counts, is all that making them takes.
TEST(weightsAreArrangedInTheirOwnMemory) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  throw check::Skip{"the sanitizers' own memory counts too"};
#else
  Session s(1);
  const Tensor source = random_tensor(s, {256, 256, 3, 3}, 1);
  s.sync();
  const auto peak = [] {  // of the process, since the file was written to
    int64_t kib = 0;
    std::ifstream status("/proc/self/status");
    for (std::string word; status >> word;) {
      if (word == "VmHWM:") status >> kib;
    }
    return kib << 10;
  };
  std::ofstream reset("/proc/self/clear_refs");
  reset << 5 << std::flush;
  if (!reset) throw check::Skip{"this system does not forget the peak"};
  const int64_t before = peak();
  const Weights weights(s.stream, [&](gatun_weights** made) {
    return gatun_refine_weights(s.stream, source, GATUN_STRICT, made, &err);
  });
  s.sync();
  const int64_t taken = peak() - before, own = s.stats().bytes_in_use;
  CHECK(own >= 36 * 256 * 256 * 4, own);
  CHECK(taken <= own + (2 << 20), "own", own, "taken", taken);
#endif
}

// Memory that queued work still uses comes free with it: the pool waits for it before it gives up.
TEST(limitWaitsForQueuedWork) {
  Session s(1, 8 << 20);
  for (int round = 0; round < 20; ++round) {
    const Pooled a(s.stream, {1'000'000 + round * 10'000});
    for (int fill = 0; fill < 5; ++fill) OK(gatun_fill(s.stream, a, fill, &err));
  }
  CHECK(s.stats().bytes_peak <= 8 << 20);
}

TEST(wrappedMemoryIsTheCallers) {
  Session s;
  std::vector<float> mine(100, 1);
  gatun_buffer* buffer = nullptr;
  OK(gatun_buffer_wrap(s.device, mine.data(), 400, &buffer, &err));
  CHECK(data_of(buffer) == mine.data());
  const gatun_tensor view = dense(buffer, {100});
  OK(gatun_fill(s.stream, &view, 2.5, &err));
  s.sync();
  for (float value : mine) CHECK(value == 2.5f);
  CHECK(s.stats().bytes_in_use == 0 && s.stats().buffers_total == 0);
  OK(gatun_buffer_free(buffer, s.stream, &err));
}

TEST(hostCopiesKeepStreamOrder) {
  Session s(2);
  for (const int64_t count : {70'000, 1'200'000}) {  // the second is not copied twice
    const Pooled a(s.stream, {count}), b(s.stream, {count}), c(s.stream, {count});
    std::vector<float> in(static_cast<size_t>(count)), out(in.size());
    const auto copy_in = [&](int value) {
      std::fill(in.begin(), in.end(), static_cast<float>(value));
      OK(gatun_copy_from_host(s.stream, a.view.buffer, 0, in.data(), count * 4, &err));
      std::fill(in.begin(), in.end(), -1.0f);  // it may be reused on return
    };
    const auto expect = [&](const Pooled& from, int value) {
      OK(gatun_copy_to_host(s.stream, out.data(), from.view.buffer, 4, (count - 1) * 4, &err));
      for (size_t i = 0; i + 1 < out.size(); ++i) REQUIRE(out[i] == static_cast<float>(value), "value", value);
    };
    for (int round = 0; round < 20; ++round) {
      copy_in(round);
      OK(gatun_binary(s.stream, GATUN_ADD, a, a, b, &err));
      copy_in(round + 100);  // what is queued still reads what was there
      OK(gatun_binary(s.stream, GATUN_ADD, a, a, c, &err));
      expect(b, 2 * round);
      expect(c, 2 * round + 200);
    }
  }
}

TEST(deviceClosesOnlyWhenNothingOfItLives) {
  gatun_device* device = nullptr;
  OK(gatun_device_open(GATUN_CPU, 0, nullptr, &device, &err));
  gatun_stream* stream = nullptr;
  OK(gatun_stream_create(device, &stream, &err));
  REFUSED(gatun_device_close(device, &err), GATUN_INVALID_ARGUMENT, "1 streams");
  gatun_buffer* buffer = nullptr;
  OK(gatun_buffer_alloc(stream, 8, &buffer, &err));
  gatun_event* event = nullptr;
  OK(gatun_event_create(device, &event, &err));
  REFUSED(gatun_device_close(device, &err), GATUN_INVALID_ARGUMENT, "1 buffers");
  OK(gatun_buffer_free(buffer, stream, &err));
  OK(gatun_stream_destroy(stream, &err));
  REFUSED(gatun_device_close(device, &err), GATUN_INVALID_ARGUMENT, "0 buffers");
  OK(gatun_event_destroy(event, &err));
  OK(gatun_device_close(device, &err));
}

TEST(deviceSaysWhatItIs) {
  Session s(3);
  gatun_device_info info{};
  info.struct_size = sizeof info;
  OK(gatun_device_info_get(s.device, &info, &err));
  CHECK(info.kind == GATUN_CPU && info.index == 0 && info.num_threads == 3, info.kind, info.index, info.num_threads);
  CHECK(info.cpu_level >= GATUN_CPU_PORTABLE && info.cpu_level <= GATUN_CPU_AVX512, info.cpu_level);
  CHECK(info.memory_bytes > 1 << 20 && info.name[0] != '\0' && info.libraries[0] != '\0');
}

}  // namespace
