// SPDX-License-Identifier: Apache-2.0
#include "fixture.h"

#include <tuple>

namespace {

// Queries, keys and values of their own, dense; allowed is empty or [mask_maps][mask_queries][keys].
struct Problem {
  int64_t batch, queries, keys, heads, head;
  std::vector<float> query, key, value;
  std::vector<uint8_t> allowed;
  int64_t mask_maps = 1, mask_queries = 1;

  Problem(int64_t maps, int64_t query_count, int64_t key_count, int64_t head_count, int64_t head_size,
          double scale = 1.5)
      : batch(maps), queries(query_count), keys(key_count), heads(head_count), head(head_size) {
    Random random(static_cast<uint64_t>(keys * 100 + head));
    query = random.floats(batch * queries * embed(), scale);
    key = random.floats(batch * keys * embed(), scale);
    value = random.floats(batch * keys * embed(), scale);
  }

  int64_t embed() const { return heads * head; }

  Problem masked(double share, bool maps, bool each_query) const {
    Problem result = *this;
    result.mask_maps = maps ? batch : 1;
    result.mask_queries = each_query ? queries : 1;
    result.allowed = Random(9).flags(result.mask_maps * result.mask_queries * keys, share);
    return result;
  }

  bool takes_part(int64_t map, int64_t q, int64_t k) const {
    const int64_t row = (mask_maps == 1 ? 0 : map * mask_queries) + (mask_queries == 1 ? 0 : q);
    return allowed.empty() || allowed[static_cast<size_t>(row * keys + k)] != 0;
  }
};

// A logit's error moves its weight by as much relatively; both the weight and the total carry it.
std::vector<Expected> reference(const Problem& p) {
  const auto at = [&](const std::vector<float>& values, int64_t token, int64_t h, int64_t i) {
    return static_cast<double>(values[static_cast<size_t>(token * p.embed() + h * p.head + i)]);
  };
  const double scale = 1 / std::sqrt(static_cast<double>(p.head));
  std::vector<Expected> want(static_cast<size_t>(p.batch * p.queries * p.embed()));
  for (int64_t map = 0; map < p.batch; ++map) {
    for (int64_t h = 0; h < p.heads; ++h) {
      for (int64_t q = 0; q < p.queries; ++q) {
        std::vector<double> weights;
        double top = -INFINITY, total = 0, logit_error = 0;
        for (int64_t k = 0; k < p.keys; ++k) {
          Sum sum;
          for (int64_t i = 0; i < p.head; ++i) {
            sum.add(at(p.query, map * p.queries + q, h, i) * at(p.key, map * p.keys + k, h, i));
          }
          const bool counts = p.takes_part(map, q, k);
          weights.push_back(counts ? sum.value * scale : -1e300);
          top = std::max(top, weights.back());
          if (counts) logit_error = std::max(logit_error, sum.expected().tolerance * scale);
        }
        for (double& weight : weights) total += weight = std::exp(weight - top);
        for (int64_t i = 0; i < p.head; ++i) {
          Sum sum;
          for (int64_t k = 0; k < p.keys; ++k) {
            sum.add(weights[static_cast<size_t>(k)] * at(p.value, map * p.keys + k, h, i) / total);
          }
          want[static_cast<size_t>((map * p.queries + q) * p.embed() + h * p.head + i)] = {
              sum.value, sum.expected().tolerance + 2 * logit_error * sum.magnitude};
        }
      }
    }
  }
  return want;
}

std::vector<float> run(Session& s, const Problem& p, int32_t precision = GATUN_STRICT,
                       int32_t mask_dtype = GATUN_BOOL) {
  const Tensor query(s, {p.batch, p.queries, p.embed()}, p.query), key(s, {p.batch, p.keys, p.embed()}, p.key);
  const Tensor value(s, {p.batch, p.keys, p.embed()}, p.value), out(s, {p.batch, p.queries, p.embed()});
  if (p.allowed.empty()) {
    OK(gatun_attention(s.stream, query, key, value, nullptr, p.heads, precision, out, &err));
  } else {
    const Tensor mask(s, {p.mask_maps, p.mask_queries, p.keys}, p.allowed, mask_dtype);
    OK(gatun_attention(s.stream, query, key, value, mask, p.heads, precision, out, &err));
  }
  return out.floats();
}

void check(Session& s, const Problem& p) {
  compare(run(s, p), reference(p),
          named("attention batch", p.batch, "queries", p.queries, "keys", p.keys, "heads", p.heads, "of", p.head,
                "mask", p.allowed.size()));
}

TEST(attentionMatchesReferenceForEveryLength) {
  Session s(3);
  for (int64_t n : {1, 2, 3, 5, 7, 8, 12, 15, 16, 17, 23, 24, 31, 33, 47, 48, 49, 63, 65, 96, 97, 127, 128, 129}) {
    check(s, {2, n, n, 3, 5});
  }
  for (int64_t n : {255, 256, 257, 300, 513}) check(s, {1, n, n, 2, 8});
}

TEST(attentionMatchesReferenceForEveryHeadSize) {
  Session s(3);
  for (int64_t head : {1, 2, 3, 7, 8, 15, 16, 17, 31, 32, 33, 48, 64, 70}) {
    check(s, {2, 19, 19, 2, head});
    check(s, {1, 70, 70, 1, head});
  }
  for (int64_t heads : {1, 2, 3, 4, 5, 12}) check(s, {5, 11, 11, heads, 6});
}

// As the U-Net of a diffusion decoder has them: one head of all channels.
TEST(attentionTakesLargeHeads) {
  Session s(3);
  for (int64_t head : {256, 257, 260, 300, 512, 515}) {
    check(s, {1, 49, 49, 1, head, 0.5});
    check(s, {2, 5, 9, 2, head, 0.5});
    check(s, Problem(1, 70, 40, 1, head, 0.5).masked(0.5, true, true));
  }
  check(s, {1, 16, 16, 1, 1000, 0.5});
}

TEST(crossAttentionMatchesReferenceForEveryPairOfLengths) {
  Session s(3);
  for (int64_t queries : {1, 2, 15, 16, 17, 48, 49, 65, 130}) {
    for (int64_t keys : {1, 3, 16, 17, 33, 63, 64, 65, 129, 260}) {
      check(s, {2, queries, keys, 2, 8});
      check(s, Problem(2, queries, keys, 2, 8).masked(0.6, queries % 2 == 0, keys % 2 == 1));
    }
  }
  check(s, {1, 513, 7, 3, 20});
  check(s, {1, 7, 600, 3, 20});
}

TEST(attentionLeavesOutWhatIsMasked) {
  Session s(3);
  for (const auto& [queries, keys] : {std::pair<int64_t, int64_t>{5, 9}, {40, 300}, {67, 530}}) {
    const Problem whole(3, queries, keys, 2, 12);
    for (const bool maps : {false, true}) {
      for (const bool each_query : {false, true}) {
        for (const double share : {0.02, 0.5, 0.98}) {
          const Problem p = whole.masked(share, maps, each_query);
          check(s, p);
          Problem loud = p;  // another number than 1 takes part too, as a byte has it
          for (uint8_t& flag : loud.allowed) flag = flag != 0 ? 7 : 0;
          CHECK(same_bits(run(s, loud, GATUN_STRICT, GATUN_U8), run(s, p)), queries, keys, share);
        }
      }
    }
    Problem all = whole;
    all.allowed.assign(static_cast<size_t>(keys), 1);
    CHECK(same_bits(run(s, all), run(s, whole)), "all take part", queries, keys);
  }
}

// Also where the first blocks of keys have none that takes part, and where logits are large.
TEST(attentionOfNothingIsTheMeanOfAllValues) {
  Session s;
  for (const auto& [queries, keys] : {std::pair<int64_t, int64_t>{5, 9}, {3, 16}, {40, 300}, {20, 1100}}) {
    for (const double scale : {1.5, 12.0}) {
      Problem p = Problem(1, queries, keys, 2, 16, scale).masked(0.5, false, true);
      std::fill_n(p.allowed.begin() + keys, 2 * keys, uint8_t{0});  // queries 1 and 2
      p.allowed[static_cast<size_t>(3 * keys - 1)] = 1;             // query 2: the last key alone
      check(s, p);
      const std::vector<float> got = run(s, p);
      for (int64_t i = 0; i < p.embed(); ++i) {
        double mean = 0;
        for (int64_t key = 0; key < keys; ++key) {
          mean += p.value[static_cast<size_t>(key * p.embed() + i)] / static_cast<double>(keys);
        }
        CHECK(std::fabs(got[static_cast<size_t>(p.embed() + i)] - mean) <= scale * 1e-6, queries, keys, i);
        CHECK(std::fabs(got[static_cast<size_t>(2 * p.embed() + i)] -
                        p.value[static_cast<size_t>((keys - 1) * p.embed() + i)]) <= scale * 1e-6, queries, keys, i);
      }
      for (int32_t precision : {GATUN_FAST, GATUN_REDUCED}) {
        const std::vector<float> rough = run(s, p, precision);
        CHECK(distance({rough.begin() + p.embed(), rough.begin() + 3 * p.embed()},
                       {got.begin() + p.embed(), got.begin() + 3 * p.embed()}) <= 1e-2, precision, keys);
      }
    }
  }
}

TEST(attentionKeepsNanOfAMaskedKeyOutOfTheWeights) {
  Session s;
  for (const auto& [queries, keys] : {std::pair<int64_t, int64_t>{5, 9}, {40, 300}}) {
    Problem p(1, queries, keys, 1, 8);
    p.allowed.assign(static_cast<size_t>(keys), 1);
    p.allowed[4] = 0;
    const std::vector<float> want = run(s, p);
    std::fill_n(p.key.begin() + 4 * p.embed(), p.embed(), NAN);
    CHECK(same_bits(run(s, p), want), queries, keys);
  }
}

// One head of one column.
std::vector<float> mean_of(Session& s, const std::vector<float>& query, const std::vector<float>& key,
                           const std::vector<float>& value, const std::vector<uint8_t>& allowed, int32_t precision) {
  Problem p(1, static_cast<int64_t>(query.size()), static_cast<int64_t>(key.size()), 1, 1);
  p.query = query, p.key = key, p.value = value, p.allowed = allowed;
  return run(s, p, precision);
}

constexpr int32_t kPrecisions[] = {GATUN_STRICT, GATUN_FAST, GATUN_REDUCED};

// Whole blocks of keys without one that takes part come first: what they hold adds up to infinity.
TEST(attentionDropsWhatMaskedKeysAddUpTo) {
  Session s;
  for (int32_t precision : kPrecisions) {
    for (int64_t first : {0, 128, 512}) {
      std::vector<float> value(600, 3e38f);
      std::vector<uint8_t> allowed(600, 0);
      std::fill_n(value.begin() + first, 88, 1.0f);
      std::fill_n(allowed.begin() + first, 88, uint8_t{1});
      const std::vector<float> query(20, 0.5f), key(600, 0.25f);
      const std::vector<float> got = mean_of(s, query, key, value, allowed, precision);
      for (float each : got) CHECK(std::fabs(each - 1) <= 1e-6, precision, "from", first, each);
    }
  }
}

// Keys of score -infinity weigh nothing, first or last; a query that has no others gets NaN, as torch's.
TEST(attentionOfInfinitelyLowScores) {
  Session s;
  for (int32_t precision : kPrecisions) {
    for (const std::vector<uint8_t>& allowed : {std::vector<uint8_t>{}, std::vector<uint8_t>(600, 1)}) {
      for (int64_t first : {0, 512}) {
        std::vector<float> key(600, -1e20f), value(600, 7);
        std::fill_n(key.begin() + first, 88, 0.0f);
        std::fill_n(value.begin() + first, 88, 2.0f);
        const std::vector<float> query(20, 1e20f);
        for (float each : mean_of(s, query, key, value, allowed, precision)) {
          CHECK(std::fabs(each - 2) <= 1e-6, precision, first, each);
        }
        if (!allowed.empty()) continue;
        std::fill_n(key.begin() + first, 88, -1e20f);
        for (float each : mean_of(s, query, key, value, allowed, precision)) CHECK(std::isnan(each), precision, each);
      }
    }
  }
}

// A key that takes part is chosen before those that do not, however low its score is.
TEST(attentionChoosesLowScoresBeforeMaskedKeys) {
  Session s;
  for (const auto& [queries, keys] : {std::pair<int64_t, int64_t>{2, 3}, {2, 600}, {20, 3}, {20, 600}}) {
    for (int32_t precision : kPrecisions) {
      const std::vector<float> query(static_cast<size_t>(queries), 1e19f), key(static_cast<size_t>(keys), -1e19f);
      std::vector<float> value(static_cast<size_t>(keys), 9);
      std::vector<uint8_t> allowed(static_cast<size_t>(keys), 0);
      value[1] = 2;
      allowed[1] = 1;
      for (float each : mean_of(s, query, key, value, allowed, precision)) {
        CHECK(each == 2, queries, keys, precision, each);
      }
    }
  }
}

// Parts of packed projections, sequences first, one map for all: the same bits as of copies.
TEST(attentionTakesViewsWithoutCopies) {
  Session s(3);
  for (const int64_t head : {8, 5}) {
    for (const auto& [queries, keys] : {std::pair<int64_t, int64_t>{7, 7}, {50, 70}}) {
      const int64_t batch = 3, heads = 2, embed = heads * head;
      Problem p(batch, queries, keys, heads, head);
      const std::vector<float> want = run(s, p);
      // query in columns [E, 2E) of [Nq, B, 3E]; key and value in [B, Nk, 2E + 1].
      std::vector<float> first(static_cast<size_t>(queries * batch * 3 * embed), NAN);
      std::vector<float> second(static_cast<size_t>(batch * keys * (2 * embed + 1)), NAN);
      for (int64_t map = 0; map < batch; ++map) {
        for (int64_t i = 0; i < embed; ++i) {
          for (int64_t q = 0; q < queries; ++q) {
            first[static_cast<size_t>((q * batch + map) * 3 * embed + embed + i)] =
                p.query[static_cast<size_t>((map * queries + q) * embed + i)];
          }
          for (int64_t k = 0; k < keys; ++k) {
            const int64_t from = (map * keys + k) * embed + i, to = (map * keys + k) * (2 * embed + 1) + i;
            second[static_cast<size_t>(to)] = p.key[static_cast<size_t>(from)];
            second[static_cast<size_t>(to + embed)] = p.value[static_cast<size_t>(from)];
          }
        }
      }
      const Tensor packed(s, {queries, batch, 3 * embed}, first), pairs(s, {batch, keys, 2 * embed + 1}, second);
      const Tensor out(s, {batch, queries, embed});
      gatun_tensor query = packed.view, key = pairs.view, value = pairs.view;
      query.byte_offset = embed * 4;
      query.shape[0] = batch, query.shape[1] = queries, query.shape[2] = embed;
      std::swap(query.stride[0], query.stride[1]);
      key.shape[2] = value.shape[2] = embed;
      value.byte_offset = embed * 4;
      for (int32_t precision : {GATUN_STRICT, GATUN_REDUCED}) {
        OK(gatun_attention(s.stream, &query, &key, &value, nullptr, heads, precision, out, &err));
        CHECK(same_bits(out.floats(), precision == GATUN_STRICT ? want : run(s, p, precision)), "views", head, queries);
      }
      // The first map's keys and values, and a column of a wide mask, for all maps.
      key.stride[0] = value.stride[0] = 0;
      for (int64_t map = 1; map < batch; ++map) {
        std::copy_n(p.key.begin(), keys * embed, p.key.begin() + map * keys * embed);
        std::copy_n(p.value.begin(), keys * embed, p.value.begin() + map * keys * embed);
      }
      p = p.masked(0.5, false, true);
      std::vector<uint8_t> wide;
      for (int64_t q = 0; q < queries; ++q) {
        wide.insert(wide.end(), 3, q % 2 == 0);
        wide.insert(wide.end(), p.allowed.begin() + q * keys, p.allowed.begin() + (q + 1) * keys);
      }
      const Tensor mask(s, {1, queries, keys + 3}, wide, GATUN_BOOL);
      gatun_tensor narrow = mask.view;
      narrow.byte_offset = 3;
      narrow.shape[2] = keys;
      OK(gatun_attention(s.stream, &query, &key, &value, &narrow, heads, GATUN_STRICT, out, &err));
      CHECK(same_bits(out.floats(), run(s, p)), "one map for all", head, queries);
    }
  }
}

TEST(packedSelfAttentionIsTheSame) {
  Session s;
  for (int64_t tokens : {12, 50}) {
    const Problem p(2, tokens, tokens, 2, 16);
    std::vector<float> qkv;
    for (int64_t row = 0; row < 2 * tokens; ++row) {
      for (const auto* part : {&p.query, &p.key, &p.value}) {
        qkv.insert(qkv.end(), part->begin() + row * p.embed(), part->begin() + (row + 1) * p.embed());
      }
    }
    const Tensor packed(s, {2, tokens, 3 * p.embed()}, qkv), out(s, {2, tokens, p.embed()});
    OK(self_attention(s.stream, packed, 2, GATUN_STRICT, out));
    CHECK(same_bits(out.floats(), run(s, p)), tokens);
  }
}

TEST(attentionKeepsItsPrecision) {
  Session s;
  for (int64_t head : {7, 16, 32, 64, 128, 256, 320}) {
    const Problem whole(2, 67, 67, 2, head);
    for (const Problem& p : {whole, whole.masked(0.5, true, true)}) {
      const std::vector<float> strict = run(s, p);
      compare(strict, reference(p), named("strict", head));
      for (const auto& [precision, least, most] :
           {std::tuple{GATUN_FAST, unless_cpu(1e-6), 2e-3}, {GATUN_REDUCED, 1e-5, 1e-2}}) {
        const std::vector<float> got = run(s, p, precision);
        const double apart = distance(got, strict);
        CHECK(apart >= least && apart <= most, "precision", precision, "head", head, apart);
        Problem one = p;
        one.batch = 1;
        const auto half = static_cast<int64_t>(got.size()) / 2;
        for (std::vector<float>* each : {&one.query, &one.key, &one.value}) each->resize(each->size() / 2);
        if (one.mask_maps > 1) one.mask_maps = 1, one.allowed.resize(one.allowed.size() / 2);
        CHECK(same_bits(run(s, one, precision), {got.begin(), got.begin() + half}), precision, head);
      }
    }
  }
}

// Logits of a few hundred: e^logit itself would overflow, and most weights underflow.
TEST(attentionHoldsForLargeLogits) {
  Session s;
  check(s, {1, 130, 130, 2, 16, 12});
  check(s, {2, 3, 3, 2, 16, 12});
}

TEST(attentionTakesEmptyTensors) {
  Session s;
  CHECK(run(s, {0, 7, 7, 2, 4}).empty());
  CHECK(run(s, {3, 0, 5, 2, 4}).empty());
  CHECK(run(s, {3, 5, 7, 2, 0}).empty());
}

// A map gives the same bits alone and among others, and its NaN stays its own.
TEST(attentionMapsDoNotDependOnEachOther) {
  Session s(3);
  for (const auto& [queries, keys] : {std::pair<int64_t, int64_t>{2, 2}, {12, 12}, {50, 50}, {9, 70}}) {
    Problem p = Problem(9, queries, keys, 4, 8).masked(0.7, true, false);
    const int64_t out_floats = queries * p.embed();
    const auto map_of = [&](std::vector<float>& values, int64_t map) {
      const auto each = static_cast<int64_t>(values.size()) / 9;
      values = {values.begin() + map * each, values.begin() + (map + 1) * each};
    };
    const std::vector<float> whole = run(s, p);
    for (int64_t map = 0; map < 9; ++map) {
      Problem part = p;
      part.batch = part.mask_maps = 1;
      for (std::vector<float>* each : {&part.query, &part.key, &part.value}) map_of(*each, map);
      part.allowed = {p.allowed.begin() + map * keys, p.allowed.begin() + (map + 1) * keys};
      CHECK(same_bits(run(s, part), {whole.begin() + map * out_floats, whole.begin() + (map + 1) * out_floats}), "map",
            map);
    }
    p.query[static_cast<size_t>(4 * out_floats)] = NAN;
    p.allowed[static_cast<size_t>(4 * keys)] = 1;
    const std::vector<float> got = run(s, p);
    for (size_t i = 0; i < got.size(); ++i) {
      if (static_cast<int64_t>(i) / out_floats != 4) REQUIRE(got[i] == whole[i], "element", i);
    }
    CHECK(std::isnan(got[static_cast<size_t>(4 * out_floats)]));
  }
}

}  // namespace
