// SPDX-License-Identifier: Apache-2.0
// The same bits from run to run and for any number of threads.
#include "mixed.h"

namespace {

TEST(everyOperationGivesTheSameBitsForAnyNumberOfThreads) {
  for (const auto& [side, embed] : {std::pair<int64_t, int64_t>{1, 2}, {5, 22}, {13, 64}}) {
    std::vector<float> want;
    for (int64_t threads : {1, 2, 5}) {
      Session s(threads);
      for (int round = 0; round < 3; ++round) {
        const std::vector<float> got = mixed_pass(s.stream, side, embed);
        if (want.empty()) want = got;
        CHECK(same_bits(got, want), "threads", threads, "round", round, "side", side, "embed", embed);
      }
    }
    for (size_t i = 0; i < want.size(); ++i) REQUIRE(std::isfinite(want[i]), "element", i);
  }
}

}  // namespace
