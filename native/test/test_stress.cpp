// SPDX-License-Identifier: Apache-2.0
// Many passes, many threads: nothing grows, nothing mixes.
#include "mixed.h"

#include <thread>

namespace {

TEST(fiveHundredPassesLeaveTheAllocatorWhereItWas) {
  Session s;
  const std::vector<float> want = mixed_pass(s.stream, 2, 8);
  s.sync();
  const gatun_memory_stats before = s.stats();
  for (int round = 0; round < 500; ++round) {
    REQUIRE(same_bits(mixed_pass(s.stream, 2, 8), want), "round", round);
  }
  s.sync();
  const gatun_memory_stats after = s.stats();
  CHECK(before.bytes_in_use == 0 && after.bytes_in_use == 0, after.bytes_in_use);
  CHECK(before.buffers_live == 0 && after.buffers_live == 0, after.buffers_live);
  CHECK(after.bytes_peak == before.bytes_peak, before.bytes_peak, after.bytes_peak);
  CHECK(after.bytes_cached == before.bytes_cached, before.bytes_cached, after.bytes_cached);
  CHECK(after.buffers_total > before.buffers_total);
}

TEST(threadsWithTheirOwnStreamsShareADevice) {
  for (int64_t workers : {1, 3}) {
    Session s(workers);
    const std::vector<float> want = mixed_pass(s.stream, 4, 20);
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        try {
          gatun_stream* stream = nullptr;
          OK(gatun_stream_create(s.device, &stream, &err));
          for (int round = 0; round < 25; ++round) {
            CHECK(same_bits(mixed_pass(stream, 4, 20), want), "round", round);
          }
          OK(gatun_stream_destroy(stream, &err));
        } catch (const check::Stop&) {  // counted already
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
}

TEST(threadsShareWeights) {
  Session s(2);
  const Tensor weight = random_tensor(s, {33, 19}, 1);
  const Weights weights = linear_weights(s, weight);
  s.sync();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      try {
        gatun_stream* stream = nullptr;
        OK(gatun_stream_create(s.device, &stream, &err));
        std::vector<float> want;
        for (int round = 0; round < 50; ++round) {
          const Pooled x(stream, {101, 19}, static_cast<uint64_t>(t), 1), out(stream, {101, 33});
          OK(gatun_linear(stream, x, weights, nullptr, GATUN_ACT_GELU, nullptr, out, &err));
          const std::vector<float> got = out.floats();
          if (want.empty()) want = got;
          CHECK(same_bits(got, want), "round", round);
        }
        OK(gatun_stream_destroy(stream, &err));
      } catch (const check::Stop&) {  // counted already
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(devicesComeAndGo) {
  for (int round = 0; round < 200; ++round) {
    Session s(1 + round % 4);
    const Pooled x(s.stream, {1000});
    OK(gatun_fill(s.stream, x, 1, &err));
  }
}

}  // namespace
