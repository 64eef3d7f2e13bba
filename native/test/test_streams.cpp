// SPDX-License-Identifier: Apache-2.0
#include "mixed.h"

#include <thread>

namespace {

class Event {
 public:
  explicit Event(Session& s) { OK(gatun_event_create(s.device, &handle_, &err)); }
  ~Event() { CHECK(gatun_event_destroy(handle_, &err) == GATUN_OK, err.text); }
  Event(const Event&) = delete;
  operator gatun_event*() const { return handle_; }

 private:
  gatun_event* handle_ = nullptr;
};

constexpr int64_t kCount = 200'000;

TEST(workOfAStreamRunsInOrder) {
  Session s(3);
  const Tensor sum(s, {kCount}), one(s, {kCount});
  OK(gatun_fill(s.stream, sum, 0, &err));
  OK(gatun_fill(s.stream, one, 1, &err));
  for (int i = 0; i < 100; ++i) OK(gatun_binary(s.stream, GATUN_ADD, sum, one, sum, &err));
  for (float value : sum.floats()) REQUIRE(value == 100, value);
}

// A ring of streams, each adding to what the one before it left: without the events the sums come out wrong. With one
// worker a stream that waits must not hold it.
TEST(eventsOrderStreams) {
  for (int64_t workers : {1, 2, 4}) {
    Session s(workers);
    const Tensor sum(s, {kCount}), one(s, {kCount});
    OK(gatun_fill(s.stream, sum, 0, &err));
    OK(gatun_fill(s.stream, one, 1, &err));
    s.sync();
    const Stream a(s), b(s), c(s);
    const Event done_a(s), done_b(s), done_c(s);
    const std::vector<std::tuple<gatun_stream*, gatun_event*, gatun_event*>> ring = {
        {a, done_c, done_a}, {b, done_a, done_b}, {c, done_b, done_c}};
    for (int round = 0; round < 30; ++round) {
      for (const auto& [stream, before, after] : ring) {
        OK(gatun_event_wait(stream, before, &err));
        OK(gatun_binary(stream, GATUN_ADD, sum, one, sum, &err));
        OK(gatun_event_record(after, stream, &err));
      }
    }
    OK(gatun_event_sync(done_c, &err));
    for (float value : sum.floats()) REQUIRE(value == 90, "workers", workers, "got", value);
  }
}

// A copy of host memory waits for its stream where more than 4 MiB would wait to be copied.
TEST(hostCopiesWaitWhereMuchIsQueued) {
  if (device_kind() != GATUN_CPU) return;  // a GPU has no addresses for the host
  Session s(1);
  const Tensor sum(s, {kCount}), one(s, {kCount}), target(s, {kCount});
  OK(gatun_fill(s.stream, sum, 0, &err));
  OK(gatun_fill(s.stream, one, 1, &err));
  s.sync();
  const Stream busy(s), waiting(s);
  const Event done(s);
  for (int i = 0; i < 1000; ++i) OK(gatun_binary(busy, GATUN_ADD, sum, one, sum, &err));
  OK(gatun_event_record(done, busy, &err));
  OK(gatun_event_wait(waiting, done, &err));
  const std::vector<float> floats(kCount, 7);  // 800 KB: the sixth copy is beyond 4 MiB and must wait, so for the sum
  for (int i = 0; i < 6; ++i) {
    OK(gatun_copy_from_host(waiting, target.view.buffer, 0, floats.data(), kCount * 4, &err));
  }
  void* data = nullptr;
  OK(gatun_buffer_data(sum.view.buffer, &data, &err));
  const float* sums = static_cast<const float*>(data);
  CHECK(sums[0] == 1000 && sums[kCount - 1] == 1000, sums[0], sums[kCount - 1]);
  OK(gatun_sync(waiting, &err));
  for (float value : target.floats()) REQUIRE(value == 7, value);
}

// Many streams wait for one that has not begun: with a single worker all of them pass through it.
TEST(waitingStreamsDoNotBlockTheOnlyWorker) {
  Session s(1);
  const Tensor source(s, {kCount});
  std::vector<std::unique_ptr<Stream>> streams;
  std::vector<std::unique_ptr<Tensor>> copies;
  const Event filled(s);
  for (int i = 0; i < 20; ++i) OK(gatun_fill(s.stream, source, i, &err));
  OK(gatun_event_record(filled, s.stream, &err));
  for (int i = 0; i < 20; ++i) {
    streams.push_back(std::make_unique<Stream>(s));
    copies.push_back(std::make_unique<Tensor>(s, Shape{kCount}));
    OK(gatun_event_wait(*streams.back(), filled, &err));
    OK(gatun_copy(*streams.back(), source, *copies.back(), &err));
  }
  for (size_t i = 0; i < streams.size(); ++i) {
    OK(gatun_sync(*streams[i], &err));
    for (float value : copies[i]->floats()) REQUIRE(value == 19, "stream", i, "got", value);
  }
}

TEST(eventNeverRecordedIsPassed) {
  Session s(1);
  const Event event(s);
  OK(gatun_event_wait(s.stream, event, &err));
  OK(gatun_event_sync(event, &err));
  s.sync();
}

TEST(eventOnItsOwnStreamIsPassed) {
  Session s(2);
  const Event event(s);
  const Tensor x(s, {kCount});
  for (int i = 0; i < 50; ++i) {
    OK(gatun_fill(s.stream, x, i, &err));
    OK(gatun_event_record(event, s.stream, &err));
    OK(gatun_event_wait(s.stream, event, &err));
  }
  for (float value : x.floats()) REQUIRE(value == 49, value);
}

TEST(recordingAgainMovesTheEvent) {
  Session s(2);
  const Event event(s);
  const Tensor x(s, {kCount}), y(s, {kCount});
  const Stream other(s);
  OK(gatun_event_record(event, s.stream, &err));
  for (int i = 1; i <= 20; ++i) OK(gatun_fill(s.stream, x, i, &err));
  OK(gatun_event_record(event, s.stream, &err));
  OK(gatun_event_wait(other, event, &err));
  OK(gatun_copy(other, x, y, &err));
  OK(gatun_sync(other, &err));
  for (float value : y.floats()) REQUIRE(value == 20, value);
}

TEST(eventOutlivesItsStreamAndStreamItsEvent) {
  Session s(1);
  const Tensor x(s, {kCount}), y(s, {kCount});
  gatun_event* event = nullptr;
  OK(gatun_event_create(s.device, &event, &err));
  {
    const Stream first(s);
    for (int i = 0; i < 10; ++i) OK(gatun_fill(first, x, i, &err));
    OK(gatun_event_record(event, first, &err));
  }
  OK(gatun_event_wait(s.stream, event, &err));
  OK(gatun_copy(s.stream, x, y, &err));
  OK(gatun_event_destroy(event, &err));
  for (float value : y.floats()) REQUIRE(value == 9, value);
}

TEST(destroyWaitsForQueuedWork) {
  Session s(2);
  const Tensor x(s, {kCount});
  for (int round = 0; round < 50; ++round) {
    gatun_stream* stream = nullptr;
    OK(gatun_stream_create(s.device, &stream, &err));
    for (int i = 0; i < 5; ++i) OK(gatun_fill(stream, x, round * 10 + i, &err));
    OK(gatun_stream_destroy(stream, &err));
    const std::vector<float> got = x.floats();  // waits for another stream only
    REQUIRE(got.front() == static_cast<float>(round * 10 + 4) && got.back() == got.front(), "round", round);
  }
}

TEST(hostThreadsWaitForOneEvent) {
  Session s(2);
  const Event event(s);
  const Tensor x(s, {kCount});
  for (int i = 0; i < 20; ++i) OK(gatun_fill(s.stream, x, i, &err));
  OK(gatun_event_record(event, s.stream, &err));
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] { CHECK(gatun_event_sync(event, &err) == GATUN_OK, err.text); });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(x.floats().front() == 19);
}

}  // namespace
