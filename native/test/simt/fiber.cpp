// SPDX-License-Identifier: Apache-2.0
#include "fiber.h"

#include <cstdint>
#include <cstdlib>
#if !defined(__x86_64__)
#include <ucontext.h>
#endif

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

namespace gatun::simt {

namespace {

constexpr std::size_t kStackBytes = 128 << 10;  // frames are large under AddressSanitizer

}  // namespace

// Switching takes a few nanoseconds on x86-64: ucontext makes two system calls for the signal mask.
#if defined(__x86_64__)
extern "C" void gatun_simt_switch(void** from, void* to);
__asm__(
    ".text\n"
    ".type gatun_simt_switch, @function\n"
    "gatun_simt_switch:\n"
    "  pushq %rbp\n  pushq %rbx\n  pushq %r12\n  pushq %r13\n  pushq %r14\n  pushq %r15\n"
    "  movq %rsp, (%rdi)\n"
    "  movq %rsi, %rsp\n"
    "  popq %r15\n  popq %r14\n  popq %r13\n  popq %r12\n  popq %rbx\n  popq %rbp\n"
    "  ret\n"
    ".size gatun_simt_switch, .-gatun_simt_switch\n");
#endif

struct Fiber::Context {
  std::unique_ptr<char[]> stack{new char[kStackBytes]};
  void (*function)() = nullptr;
#if defined(__x86_64__)
  void* own = nullptr;
  void* owner = nullptr;
  void to_fiber() { gatun_simt_switch(&owner, own); }
  void to_owner() { gatun_simt_switch(&own, owner); }
#else
  ucontext_t own{}, owner{};
  void to_fiber() { swapcontext(&owner, &own); }
  void to_owner() { swapcontext(&own, &owner); }
#endif
  void* fake_stack = nullptr;        // AddressSanitizer's, of the fiber
  void* owner_fake_stack = nullptr;  // and of the owner
  const void* owner_stack = nullptr;
  std::size_t owner_stack_bytes = 0;
};

namespace {
Fiber* entering = nullptr;  // whose stack is entered for the first time
}

Fiber::Fiber() : context_(new Context) {}
Fiber::~Fiber() = default;

void Fiber::enter() {
  Context& context = *entering->context_;
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(nullptr, &context.owner_stack, &context.owner_stack_bytes);
#endif
  context.function();
  std::abort();
}

void Fiber::prepare(void (*function)()) {
  Context& context = *context_;
  context.function = function;
  context.fake_stack = nullptr;
#if defined(__SANITIZE_ADDRESS__)
  __asan_unpoison_memory_region(context.stack.get(), kStackBytes);
#endif
#if defined(__x86_64__)
  // What the switch pops: six registers, then the address to go to, with the stack aligned as after a call.
  auto top = reinterpret_cast<uintptr_t>(context.stack.get() + kStackBytes) & ~uintptr_t{63};
  auto* frame = reinterpret_cast<void**>(top) - 8;
  for (int i = 0; i < 8; ++i) frame[i] = nullptr;
  frame[6] = reinterpret_cast<void*>(&Fiber::enter);
  context.own = frame;
#else
  getcontext(&context.own);
  context.own.uc_stack.ss_sp = context.stack.get();
  context.own.uc_stack.ss_size = kStackBytes;
  makecontext(&context.own, &Fiber::enter, 0);
#endif
}

void Fiber::resume() {
  Context& context = *context_;
  entering = this;
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_start_switch_fiber(&context.owner_fake_stack, context.stack.get(), kStackBytes);
#endif
  context.to_fiber();
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(context.owner_fake_stack, nullptr, nullptr);
#endif
}

void Fiber::switch_back(bool last) {
  Context& context = *context_;
  (void)last;
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_start_switch_fiber(last ? nullptr : &context.fake_stack, context.owner_stack, context.owner_stack_bytes);
#endif
  context.to_owner();
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(context.fake_stack, &context.owner_stack, &context.owner_stack_bytes);
#endif
}

}  // namespace gatun::simt
