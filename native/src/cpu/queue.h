// SPDX-License-Identifier: Apache-2.0
// A stream on the CPU: operations run one after the other, in the order of their submission, on whichever worker is
// free.
#pragma once

#include "../backend.h"

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace gatun::cpu {

class Workers;
class Queue;

// A point in a queue that was, or will be, reached. Shared, because an event outlives the queue it was recorded on.
class Progress {
 public:
  uint64_t completed() const;
  void complete_one();
  void wait_for(uint64_t ticket);
  // Runs `then` once the ticket is reached, at once if it is; on the thread that reaches it.
  void when_reached(uint64_t ticket, std::function<void()> then);

 private:
  struct Waiter {
    uint64_t ticket;
    std::function<void()> then;
  };
  mutable std::mutex mutex_;
  uint64_t completed_ = 0;
  std::deque<Waiter> waiters_;
};

class Queue {
 public:
  explicit Queue(Workers& workers) : workers_(workers), progress_(std::make_shared<Progress>()) {}

  void submit(std::function<void()> operation);
  // Later operations start only when `other` has reached `ticket`.
  void wait_for(std::shared_ptr<Progress> other, uint64_t ticket);
  // Waits for everything submitted so far; throws the first failure of a queued operation, now and ever after.
  void sync();

  // Number of operations submitted so far: the ticket that the last one completes.
  uint64_t submitted() const;
  const std::shared_ptr<Progress>& progress() const { return progress_; }

  // Runs one operation on the calling worker; says whether this queue is to be scheduled again.
  bool run_next();

 private:
  struct Operation {
    std::function<void()> run;
    std::shared_ptr<Progress> awaited;
    uint64_t ticket = 0;
  };

  Workers& workers_;
  std::shared_ptr<Progress> progress_;
  mutable std::mutex mutex_;
  std::deque<Operation> operations_;
  uint64_t submitted_ = 0;
  bool scheduled_ = false;
  std::optional<std::string> failure_;
};

}  // namespace gatun::cpu
