// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "arena.h"
#include "device.h"

#include <optional>
#include <vector>

namespace gatun::cuda {

// A recording, and the graph it becomes. What has to happen at once meanwhile (memory, constants) goes through a stream
// of its own, which does not record.
class Graph : public gatun_graph {
 public:
  explicit Graph(Stream& stream);
  // Waits for the replays and gives back its memory, except what live buffers still hold.
  ~Graph();

  // The stream records from here on. What it has queued so far comes before what happens at once.
  void begin();
  // Memory during the recording.
  char* take(int64_t bytes);
  void give(char* block);
  // Host memory, read at once. In memory of the graph it is put there by each replay again, as the operations recorded
  // before may write the same block; a buffer from before is only written now.
  void write(char* dst, const char* src, int64_t bytes);

  // The first failure makes the recording useless.
  void spoil(gatun_status status, const char* text);

  // Ends the recording. With the device's mutex, until the stream is no longer known to record.
  void stop();
  // Makes the graph of it. Throws why there is none.
  void finish();
  void launch(cudaStream_t queue);

  // A block of a buffer that outlived the recording, given back behind what `queue` holds. With the device's mutex.
  void drop(char* block, cudaStream_t queue);

 private:
  Device& owner() const { return own(device); }
  // Memory of the graph that may be written at once.
  char* take_now(int64_t bytes);
  // What happens at once from now on comes behind what the queue holds. With the device's mutex, once it records.
  void follow(cudaStream_t queue);

  cudaStream_t recorded_;  // the stream that records
  Owned<cudaStream_t> side_ = new_stream();
  Owned<cudaEvent_t> point_ = new_event();     // the last one that side_ was told to follow
  Owned<cudaEvent_t> launched_ = new_event();  // the last replay
  Owned<cudaGraphExec_t> replay_;
  Staging staging_;
  Arena arena_;
  std::vector<char*> deferred_;  // given back in the recording, allocated before it: replays use them
  Owned<cudaGraph_t> made_;
  cudaError_t ended_ = cudaSuccess;
  std::optional<Failure> failure_;
};

// Refuses a call that a recording has no place for, and spoils the recording: it would lack what was asked for.
void want_no_recording(Stream& stream, const char* call);

// Gives a block back in the order of the queue, wherever it came from. Throws nothing.
void put_back(Device& device, char* block, cudaStream_t queue);

}  // namespace gatun::cuda
