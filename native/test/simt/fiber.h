// SPDX-License-Identifier: Apache-2.0
// A stack of its own that runs a function until it switches back. One thread uses it.
#pragma once

#include <cstddef>
#include <memory>

namespace gatun::simt {

class Fiber {
 public:
  Fiber();
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;
  ~Fiber();

  // Starts anew at the next resume: whatever ran before is dropped. The function never returns, it switches back.
  void prepare(void (*function)());
  // From the owner's stack to the fiber's, until it switches back.
  void resume();
  // From the fiber's stack to the owner's. `last`: it will not be resumed before the next prepare.
  void switch_back(bool last);

 private:
  struct Context;
  static void enter();

  std::unique_ptr<Context> context_;
};

}  // namespace gatun::simt
