// SPDX-License-Identifier: Apache-2.0
// Graphs, on any device. Where one makes none the work just runs, which the first case holds it to; the others skip.
#include "mixed.h"

namespace {

constexpr int64_t kCount = 5000;

bool makes_graphs(const Session& s) {
  gatun_device_info info{};
  info.struct_size = sizeof info;
  OK(gatun_device_info_get(s.device, &info, &err));
  return info.graphs == 1;
}

void want_graphs(const Session& s) {
  if (!makes_graphs(s)) throw check::Skip{"this device makes no graphs"};
}

// What is queued on a stream from here to end(), and its replays.
class Graph {
 public:
  explicit Graph(gatun_stream* stream) : stream_(stream) { OK(gatun_graph_begin(stream, &err)); }
  ~Graph() { destroy(); }
  Graph(const Graph&) = delete;

  void end() { OK(gatun_graph_end(stream_, &graph_, &err)); }
  void replay(gatun_stream* stream = nullptr) const {
    OK(gatun_graph_launch(graph_, stream == nullptr ? stream_ : stream, &err));
  }
  void destroy() {
    CHECK(gatun_graph_destroy(graph_, &err) == GATUN_OK, err.text);
    graph_ = nullptr;
  }
  bool made() const { return graph_ != nullptr; }

 private:
  gatun_stream* stream_;
  gatun_graph* graph_ = nullptr;
};

void write(gatun_stream* stream, const Pooled& to, float value) {
  const std::vector<float> values(static_cast<size_t>(kCount), value);
  OK(gatun_copy_from_host(stream, to.view.buffer, 0, values.data(), kCount * 4, &err));
}

void fill(gatun_stream* stream, const Pooled& to, double value) { OK(gatun_fill(stream, to, value, &err)); }
void add(gatun_stream* stream, const Pooled& a, const Pooled& b, const Pooled& out) {
  OK(gatun_binary(stream, GATUN_ADD, a, b, out, &err));
}

void holds(const Pooled& tensor, float want, const char* what) {
  for (float value : tensor.floats()) REQUIRE(value == want, what, value, "expected", want);
}

// The same calls on every device: begin, work, end, and a replay where there is something to replay.
TEST(workOfARecordingIsDone) {
  Session s;
  const Pooled x(s.stream, {kCount}), out(s.stream, {kCount});
  write(s.stream, x, 4);
  Graph graph(s.stream);
  add(s.stream, x, x, out);
  graph.end();
  CHECK(graph.made() == makes_graphs(s));
  if (graph.made()) graph.replay();
  holds(out, 8, "sum");
}

TEST(nothingRunsBeforeTheReplay) {
  Session s;
  want_graphs(s);
  const Pooled x(s.stream, {kCount});
  fill(s.stream, x, 1);
  Graph graph(s.stream);
  fill(s.stream, x, 2);
  graph.end();
  holds(x, 1, "before");
  graph.replay();
  holds(x, 2, "after");
}

TEST(replaysSeeWhatInputsHoldThen) {
  Session s;
  want_graphs(s);
  const Pooled x(s.stream, {kCount}), one(s.stream, {kCount});
  fill(s.stream, one, 1);
  Graph graph(s.stream);
  const Pooled once(s.stream, {kCount}), twice(s.stream, {kCount});
  add(s.stream, x, one, once);
  add(s.stream, once, one, twice);
  graph.end();
  for (float value : {3.0f, 5.0f, 8.0f}) {
    write(s.stream, x, value);
    graph.replay();
    holds(twice, value + 2, "twice");
  }
}

// The block of the constant serves a later buffer of the recording, and an operation writes the constant's own buffer:
// each replay finds it as it was all the same.
TEST(constantsAreTheSameInEachReplay) {
  Session s;
  want_graphs(s);
  const Pooled x(s.stream, {kCount}), out(s.stream, {kCount});
  Graph graph(s.stream);
  {
    const Pooled scratch(s.stream, {kCount});
    fill(s.stream, scratch, 100);
  }
  {
    const Pooled three(s.stream, {kCount});
    write(s.stream, three, 3);
    add(s.stream, x, three, out);
    add(s.stream, three, three, three);
  }
  {
    const Pooled later(s.stream, {kCount});
    fill(s.stream, later, 200);
  }
  graph.end();
  for (float value : {1.0f, 2.0f, 7.0f}) {
    write(s.stream, x, value);
    graph.replay();
    holds(out, value + 3, "sum");
  }
}

// Written once, when the call was made: a replay does not undo what was written since.
TEST(hostCopiesToEarlierBuffersAreMadeOnce) {
  Session s;
  want_graphs(s);
  const Pooled x(s.stream, {kCount}), out(s.stream, {kCount});
  fill(s.stream, x, 1);
  Graph graph(s.stream);
  write(s.stream, x, 10);
  add(s.stream, x, x, out);
  graph.end();
  holds(x, 10, "at once");
  graph.replay();
  holds(out, 20, "first");
  write(s.stream, x, 4);
  graph.replay();
  holds(out, 8, "second");
}

// Also at an offset, and for a part only.
TEST(constantsMayFillAPartOfABuffer) {
  Session s;
  want_graphs(s);
  Graph graph(s.stream);
  const Pooled x(s.stream, {kCount});
  fill(s.stream, x, 1);
  const float two = 2;
  OK(gatun_copy_from_host(s.stream, x.view.buffer, 40, &two, 4, &err));
  graph.end();
  for (int round = 0; round < 2; ++round) {
    graph.replay();
    const std::vector<float> values = x.floats();
    for (size_t at = 0; at < values.size(); ++at) REQUIRE(values[at] == (at == 10 ? 2 : 1), at, values[at]);
    fill(s.stream, x, 7);
  }
}

TEST(memoryGivenBackServesLaterBuffersOfTheRecording) {
  Session s;
  want_graphs(s);
  constexpr int64_t kLarge = 1 << 20;
  const int64_t before = s.stats().bytes_in_use;
  Graph graph(s.stream);
  for (int round = 0; round < 20; ++round) {
    const Pooled a(s.stream, {kLarge}), b(s.stream, {kLarge});
    fill(s.stream, a, round);
    add(s.stream, a, a, b);
  }
  graph.end();
  CHECK(s.stats().bytes_in_use - before <= 4 * kLarge * 4, s.stats().bytes_in_use);
  graph.replay();
  graph.destroy();
  CHECK(s.stats().bytes_in_use == before, s.stats().bytes_in_use);
}

TEST(keptBuffersOutliveTheGraph) {
  Session s;
  want_graphs(s);
  Graph graph(s.stream);
  const Pooled kept(s.stream, {kCount});
  fill(s.stream, kept, 6);
  graph.end();
  graph.replay();
  graph.destroy();
  // What the device hands out now is not the kept memory.
  const Pooled other(s.stream, {kCount});
  fill(s.stream, other, 1);
  holds(kept, 6, "kept");
}

// Replays write its memory, so it serves nobody else before the graph is gone.
TEST(keptBuffersMayBeFreedBeforeTheGraph) {
  Session s;
  want_graphs(s);
  const int64_t before = s.stats().bytes_in_use;
  Graph graph(s.stream);
  {
    const Pooled kept(s.stream, {kCount});
    fill(s.stream, kept, 6);
    graph.end();
    graph.replay();
    holds(kept, 6, "kept");
  }
  const Pooled other(s.stream, {kCount});
  fill(s.stream, other, 1);
  graph.replay();
  holds(other, 1, "other");
  graph.destroy();
  CHECK(s.stats().bytes_in_use - before < 2 * kCount * 4, s.stats().bytes_in_use);
}

TEST(earlierBuffersFreedInTheRecordingServeItsReplays) {
  Session s;
  want_graphs(s);
  const Pooled out(s.stream, {kCount});
  const int64_t before = s.stats().bytes_in_use;
  gatun_graph* graph = nullptr;
  {
    const Pooled x(s.stream, {kCount});
    fill(s.stream, x, 5);
    OK(gatun_graph_begin(s.stream, &err));
    add(s.stream, x, x, out);
  }
  OK(gatun_graph_end(s.stream, &graph, &err));
  {
    const Pooled other(s.stream, {kCount});
    fill(s.stream, other, 1);
    OK(gatun_graph_launch(graph, s.stream, &err));
    holds(out, 10, "sum");
  }
  OK(gatun_graph_destroy(graph, &err));
  CHECK(s.stats().bytes_in_use == before, s.stats().bytes_in_use);
}

TEST(operationThatFailsInTheRecordingEndsIt) {
  Session s(2, 64 << 20);
  const Pooled x(s.stream, {kCount});
  OK(gatun_graph_begin(s.stream, &err));
  fill(s.stream, x, 1);
  gatun_buffer* buffer = nullptr;
  REFUSED(gatun_buffer_alloc(s.stream, 128 << 20, &buffer, &err), GATUN_OUT_OF_MEMORY, "134217728");
  auto* graph = reinterpret_cast<gatun_graph*>(&s);
  if (makes_graphs(s)) {
    REFUSED(gatun_graph_end(s.stream, &graph, &err), GATUN_OUT_OF_MEMORY, "134217728");
  } else {
    OK(gatun_graph_end(s.stream, &graph, &err));
  }
  CHECK(graph == nullptr);
  fill(s.stream, x, 2);
  holds(x, 2, "the stream goes on");
}

// Nothing of such a call was recorded.
TEST(argumentsThatAreRefusedLeaveTheRecordingAsItWas) {
  Session s;
  want_graphs(s);
  const Pooled x(s.stream, {kCount}), small(s.stream, {3});
  Graph graph(s.stream);
  fill(s.stream, x, 1);
  REFUSED(gatun_binary(s.stream, GATUN_ADD, x, small, x, &err), GATUN_SHAPE_MISMATCH, "3");
  add(s.stream, x, x, x);
  graph.end();
  graph.replay();
  holds(x, 2, "sum");
}

TEST(callsThatWaitAreRefusedInARecording) {
  Session s;
  want_graphs(s);
  gatun_event* event = nullptr;
  OK(gatun_event_create(s.device, &event, &err));
  const Pooled x(s.stream, {kCount});
  fill(s.stream, x, 3);
  Graph other(s.stream);
  other.end();
  float value = 0;
  const std::vector<std::function<gatun_status()>> calls = {
      [&] { return gatun_sync(s.stream, &err); },
      [&] { return gatun_copy_to_host(s.stream, &value, x.view.buffer, 0, 4, &err); },
      [&] { return gatun_event_record(event, s.stream, &err); },
      [&] { return gatun_event_wait(s.stream, event, &err); },
      [&] { return gatun_graph_begin(s.stream, &err); },
  };
  for (const auto& call : calls) {
    OK(gatun_graph_begin(s.stream, &err));
    fill(s.stream, x, 4);
    REFUSED(call(), GATUN_INVALID_ARGUMENT, "records a graph");
    gatun_graph* graph = nullptr;
    REFUSED(gatun_graph_end(s.stream, &graph, &err), GATUN_INVALID_ARGUMENT, "records a graph");
    CHECK(graph == nullptr);
    holds(x, 3, "nothing of the recording ran");
  }
  OK(gatun_event_destroy(event, &err));
}

TEST(endWithoutABeginningIsRefused) {
  Session s;
  want_graphs(s);
  gatun_graph* graph = nullptr;
  REFUSED(gatun_graph_end(s.stream, &graph, &err), GATUN_INVALID_ARGUMENT, "gatun_graph_begin");
  CHECK(graph == nullptr);
}

TEST(graphsReplayOnOtherStreams) {
  Session s;
  want_graphs(s);
  const Pooled sum(s.stream, {kCount}), one(s.stream, {kCount});
  fill(s.stream, sum, 0);
  fill(s.stream, one, 1);
  Graph graph(s.stream);
  add(s.stream, sum, one, sum);
  graph.end();
  s.sync();
  const Stream other(s);
  for (int round = 0; round < 5; ++round) graph.replay(other);
  OK(gatun_sync(other, &err));
  graph.replay();
  holds(sum, 6, "sum");
}

TEST(twoStreamsRecordAtOnce) {
  Session s;
  want_graphs(s);
  const Stream other(s);
  const Pooled x(s.stream, {kCount}), y(other, {kCount});
  Graph first(s.stream);
  Graph second(other);
  const Pooled a(s.stream, {kCount}), b(other, {kCount});
  write(s.stream, a, 1);
  write(other, b, 2);
  add(s.stream, a, a, x);
  add(other, b, b, y);
  first.end();
  second.end();
  second.replay();
  first.replay();
  holds(x, 2, "first");
  holds(y, 4, "second");
}

// Memory of a graph that lives, given back while another one records: both may still replay.
TEST(buffersOfOneGraphMayBeReadByAnother) {
  Session s;
  want_graphs(s);
  const Pooled out(s.stream, {kCount});
  Graph first(s.stream);
  auto kept = std::make_unique<Pooled>(s.stream, Shape{kCount});
  fill(s.stream, *kept, 5);
  first.end();
  first.replay();
  Graph second(s.stream);
  add(s.stream, *kept, *kept, out);
  kept.reset();
  second.end();
  second.replay();
  holds(out, 10, "both");
  first.destroy();
  const Pooled other(s.stream, {kCount});
  fill(s.stream, other, 1);
  second.replay();
  holds(out, 10, "the second alone");
}

TEST(destroyingAGraphWaitsForItsReplays) {
  Session s;
  want_graphs(s);
  const Pooled sum(s.stream, {kCount});
  fill(s.stream, sum, 0);
  Graph graph(s.stream);
  const Pooled one(s.stream, {kCount});
  fill(s.stream, one, 1);
  add(s.stream, sum, one, sum);
  graph.end();
  for (int round = 0; round < 10; ++round) graph.replay();
  graph.destroy();
  holds(sum, 10, "sum");
}

TEST(streamsMayBeDestroyedWhileTheyRecord) {
  Session s;
  want_graphs(s);
  const Pooled x(s.stream, {kCount});
  fill(s.stream, x, 3);
  s.sync();
  gatun_buffer* inside = nullptr;
  {
    const Stream stream(s);
    OK(gatun_graph_begin(stream, &err));
    OK(gatun_buffer_alloc(stream, 100, &inside, &err));
    fill(stream, x, 4);
  }
  OK(gatun_buffer_free(inside, s.stream, &err));
  holds(x, 3, "nothing of the recording ran");
}

TEST(graphsKeepTheDeviceOpen) {
  Session s;
  want_graphs(s);
  Graph graph(s.stream);
  graph.end();
  REFUSED(gatun_device_close(s.device, &err), GATUN_INVALID_ARGUMENT, "close them first");
}

}  // namespace
