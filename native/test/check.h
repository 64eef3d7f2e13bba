// SPDX-License-Identifier: Apache-2.0
// The checks of the native tests: named cases, CHECK and REQUIRE, and main, so it is included once in a program.
// A program ends with 0, with 1 after a failed check, or with 77 where everything was skipped.
#pragma once

#include <atomic>
#include <cstdio>
#include <exception>
#include <sstream>
#include <string>
#include <vector>

namespace check {

constexpr int kSkipped = 77;
constexpr int kMostPrinted = 20;

struct Case {
  const char* name;
  void (*body)();
};

struct Skip {
  std::string reason;
};

// Leaves a case whose rest makes no sense any more.
struct Stop {};

inline std::vector<Case> cases;
inline std::atomic<int> failures{0};

inline bool add(const char* name, void (*body)()) {
  cases.push_back({name, body});
  return true;
}

template <class... Parts>
void fail(const char* file, int line, const char* condition, const Parts&... parts) {
  if (++failures > kMostPrinted) return;
  std::ostringstream text;
  text.precision(9);
  ((text << ' ' << parts), ...);
  std::fprintf(stderr, "%s:%d: failed: %s:%s\n", file, line, condition, text.str().c_str());
}

}  // namespace check

#define TEST(name)                                         \
  static void name();                                      \
  static const bool name##_added = check::add(#name, name); \
  static void name()

// CHECK(condition, text parts...) goes on after a failure, REQUIRE leaves the case.
#define CHECK(condition, ...) \
  ((condition) ? (void)0 : check::fail(__FILE__, __LINE__, #condition __VA_OPT__(, ) __VA_ARGS__))
#define REQUIRE(condition, ...)                                                     \
  do {                                                                              \
    if (!(condition)) {                                                             \
      check::fail(__FILE__, __LINE__, #condition __VA_OPT__(, ) __VA_ARGS__);       \
      throw check::Stop{};                                                          \
    }                                                                               \
  } while (false)

// PROGRAM [CASE] runs all cases, or the one named. It counts as skipped if all of them were.
int main(int argc, char** argv) {
  int run = 0, skipped = 0;
  for (const check::Case& each : check::cases) {
    if (argc > 1 && std::string(argv[1]) != each.name) continue;
    ++run;
    const int before = check::failures;
    std::string reason;
    try {
      each.body();
    } catch (const check::Skip& skip) {
      ++skipped;
      reason = ": " + skip.reason;
    } catch (const check::Stop&) {  // counted already
    } catch (const std::exception& unexpected) {
      check::fail(__FILE__, __LINE__, each.name, unexpected.what());
    }
    const char* result = check::failures != before ? "FAILED  " : reason.empty() ? "ok      " : "skipped ";
    std::printf("%s%s%s\n", result, each.name, reason.c_str());
    std::fflush(stdout);
  }
  if (run == 0) check::fail(__FILE__, __LINE__, "run > 0", "no such case");
  return check::failures != 0 ? 1 : skipped == run ? check::kSkipped : 0;
}
