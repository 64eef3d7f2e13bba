// SPDX-License-Identifier: Apache-2.0
#include "queue.h"

#include "../status.h"
#include "workers.h"

#include <algorithm>
#include <future>

namespace gatun::cpu {

uint64_t Progress::completed() const {
  const std::lock_guard lock(mutex_);
  return completed_;
}

void Progress::complete_one() {
  std::vector<std::function<void()>> due;
  {
    const std::lock_guard lock(mutex_);
    ++completed_;
    for (auto waiter = waiters_.begin(); waiter != waiters_.end();) {
      if (waiter->ticket <= completed_) {
        due.push_back(std::move(waiter->then));
        waiter = waiters_.erase(waiter);
      } else {
        ++waiter;
      }
    }
  }
  for (const auto& then : due) then();
}

void Progress::wait_for(uint64_t ticket) {
  if (completed() >= ticket) return;
  const auto reached = std::make_shared<std::promise<void>>();  // outlives the waiter that it wakes
  when_reached(ticket, [reached] { reached->set_value(); });
  reached->get_future().wait();
}

void Progress::when_reached(uint64_t ticket, std::function<void()> then) {
  {
    const std::lock_guard lock(mutex_);
    if (completed_ < ticket) {
      waiters_.push_back({ticket, std::move(then)});
      return;
    }
  }
  then();
}

void Queue::submit(std::function<void()> operation) {
  bool start = false;
  {
    const std::lock_guard lock(mutex_);
    operations_.push_back({std::move(operation), nullptr, 0});
    ++submitted_;
    start = !scheduled_;
    scheduled_ = true;
  }
  if (start) workers_.schedule(this);
}

void Queue::wait_for(std::shared_ptr<Progress> other, uint64_t ticket) {
  bool start = false;
  {
    const std::lock_guard lock(mutex_);
    operations_.push_back({nullptr, std::move(other), ticket});
    ++submitted_;
    start = !scheduled_;
    scheduled_ = true;
  }
  if (start) workers_.schedule(this);
}

uint64_t Queue::submitted() const {
  const std::lock_guard lock(mutex_);
  return submitted_;
}

void Queue::sync() {
  progress_->wait_for(submitted());
  const std::lock_guard lock(mutex_);
  if (failure_) fail(GATUN_LAUNCH_FAILED, "queued work on this stream failed: ", *failure_, ". Open a new stream.");
}

bool Queue::run_next() {
  Operation operation;
  bool failed = false;
  {
    const std::lock_guard lock(mutex_);
    operation = std::move(operations_.front());
    operations_.pop_front();
    failed = failure_.has_value();
  }
  if (operation.awaited != nullptr) {
    if (operation.awaited->completed() < operation.ticket) {
      // No worker may block on another queue: this one stays scheduled, and the other puts it back.
      {
        const std::lock_guard lock(mutex_);
        operations_.push_front(operation);
      }
      operation.awaited->when_reached(operation.ticket, [this] { workers_.schedule(this); });
      return false;
    }
  } else if (!failed) {
    try {
      operation.run();
    } catch (const Failure& failure) {
      const std::lock_guard lock(mutex_);
      failure_ = failure.text;
    } catch (const std::exception& unexpected) {
      const std::lock_guard lock(mutex_);
      failure_ = unexpected.what();
    }
  }
  bool more = false;
  {
    const std::lock_guard lock(mutex_);
    more = !operations_.empty();
    scheduled_ = more;
  }
  // Last: after it a waiter may destroy this queue, unless it is scheduled again.
  const std::shared_ptr<Progress> progress = progress_;
  progress->complete_one();
  return more;
}

}  // namespace gatun::cpu
