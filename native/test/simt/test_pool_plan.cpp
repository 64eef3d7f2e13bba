// SPDX-License-Identifier: Apache-2.0
// How pooling is cut into blocks, and where encode-and-pool does without day tokens.
#include "../check.h"
#include "../../src/cuda/pixel_plan.h"

namespace gatun::cuda {

namespace {

constexpr Limits kHopper{132, 227 << 10, 90}, kAmpere{108, 163 << 10, 80};
constexpr int64_t kTimes[] = {1, 2, 12, 16, 17, 31, 32, 33, 64, 65, 70, 365, 3650};

struct Shape {
  int64_t time, places, embed;
  int rows, days, of_block;
};

TEST(poolPlanTakesTheMostRowsAndFillsThem) {
  for (const Shape& shape : {Shape{31, 1024, 128, 64, 31, 2}, {31, 1, 128, 64, 31, 1}, {1, 1024, 64, 64, 1, 64},
                             {12, 3, 1, 64, 12, 3}, {33, 1024, 128, 64, 33, 1}, {65, 9, 128, 64, 33, 1},
                             {365, 9, 128, 64, 61, 1}, {31, 9, 129, 32, 31, 1}, {12, 9, 256, 32, 12, 2},
                             {31, 9, 257, 16, 16, 1}, {5, 9, 1024, 16, 5, 3}}) {
    const PoolPlan plan = pool_plan<Strict>(shape.time, shape.places, shape.embed, kHopper);
    CHECK(plan.rows == shape.rows && plan.days == shape.days && plan.places == shape.of_block, shape.time, shape.places,
          shape.embed, "rows", plan.rows, "days", plan.days, "places", plan.places);
  }
}

template <class Precision>
void verify_pool(const Limits& limits, int64_t most) {
  for (int64_t embed = 1; embed <= most; embed += embed < 300 ? 1 : 31) {
    for (int64_t time : kTimes) {
      const PoolPlan plan = pool_plan<Precision>(time, 1000, embed, limits);
      CHECK(plan.shared_bytes <= limits.shared_per_block, embed, time, plan.shared_bytes);
      CHECK(plan.days * plan.places <= plan.rows && plan.rows < plan.days * (plan.places + 1), embed, time);
      CHECK(plan.days >= time || plan.places == 1, embed, time);  // sums of one place stay for the next step
    }
  }
}

TEST(poolPlanFitsEveryShape) {
  verify_pool<Strict>(kHopper, kLargestEmbed);
  verify_pool<Reduced>(kHopper, kLargestEmbed);
  verify_pool<Strict>(kAmpere, kLargestEmbed);
  verify_pool<Reduced>(kAmpere, kLargestEmbed);
}

TEST(poolPlanRefusesWiderTokens) {
  for (int64_t embed : {1025, 4096}) {
    try {
      pool_plan<Strict>(31, 10, embed, kHopper);
      CHECK(false, "no refusal", embed);
    } catch (const Failure& failure) {
      CHECK(failure.text.find("at most 1024") != std::string::npos, failure.text);
    }
  }
}

// The shapes of test_encode_pool.cpp are here, so that it is known to see both forms.
TEST(pixelsArePooledWhereThatHalvesTheWork) {
  struct Form {
    int64_t inputs, embed, time;
    bool pixels;
  };
  for (const Form& form : {Form{32, 128, 31, true}, {32, 130, 70, true}, {32, 128, 150, true}, {32, 128, 10, true},
                           {32, 128, 1, false}, {32, 64, 31, false}, {32, 33, 31, false}, {32, 8, 31, false},
                           {32, 16, 31, false}, {16, 128, 20, true}, {16, 16, 20, false}, {50, 200, 7, true},
                           {65, 192, 31, true}, {24, 100, 9, true}, {1, 2, 12, true}, {18, 70, 300, true},
                           {2, 12, 6, true}, {48, 128, 3, false}, {48, 12, 3, false}, {100, 1024, 31, false}}) {
    for (const auto& plan : {pixel_plan<Strict>(form.inputs, form.embed, form.time, kHopper),
                             pixel_plan<Reduced>(form.inputs, form.embed, form.time, kHopper)}) {
      CHECK(plan.has_value() == form.pixels, form.inputs, form.embed, form.time);
    }
  }
  CHECK(!pixel_plan<Strict>(65, 192, 31, kAmpere), "weights beyond the shared memory of a block");
  CHECK(!pixel_plan<Strict>(2, kLargestEmbed + 1, 31, kHopper), "wider than pooling takes");
  CHECK(!pixel_plan<Strict>(32, 128, 0, kHopper), "no day");
}

TEST(pixelPlanFitsAndFillsItsRows) {
  using Gemm = PixelGemm<Strict>;
  for (int64_t inputs = 1; inputs <= 130; inputs += 3) {
    for (int64_t embed = 1; embed <= 500; embed += 7) {
      for (int64_t time : kTimes) {
        const auto plan = pixel_plan<Strict>(inputs, embed, time, kHopper);
        if (!plan) continue;
        CHECK(plan->shared_bytes <= kHopper.shared_per_block, inputs, embed, time, plan->shared_bytes);
        CHECK(plan->factor_bytes <= kHopper.shared_per_block && plan->encodings > 0, inputs, embed, time);
        CHECK(plan->days * plan->places <= Gemm::kRows && Gemm::kRows < plan->days * (plan->places + 1), embed, time);
        CHECK(plan->days >= time || plan->places == 1, inputs, embed, time);
      }
    }
  }
  const auto plan = pixel_plan<Strict>(32, 128, 31, kHopper);
  CHECK(plan->days == 31 && plan->places == 4, plan->days, plan->places);
  CHECK(3 * (plan->shared_bytes + 1024) <= kHopper.shared_per_block, plan->shared_bytes);
}

}  // namespace

}  // namespace gatun::cuda
