// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.climanet;

import io.gatun.core.Fusions;
import io.gatun.core.Kernels;
import io.gatun.core.Scope;
import io.gatun.core.StateDict;
import io.gatun.core.Tensor;
import io.gatun.core.TemporalPoolParameters;
import io.gatun.models.layers.LayerNorm;
import io.gatun.models.layers.Linear;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Pools the days of each month by learned attention, then mixes the months of each place by pre-norm attention and a
 * feed-forward part. Upstream class {@code TemporalAttentionAggregator}; the pooling is one kernel here.
 */
final class TemporalAttentionAggregator {
    private final TemporalPositionalEncoding posDays;
    private final TemporalPositionalEncoding posMonths;
    private final TemporalPoolParameters dayScorer;
    private final LayerNorm monthLn;
    private final Linear monthInProj;
    private final Linear monthOutProj;
    private final LayerNorm ffnNorm;
    private final Linear ffnIn;
    private final Linear ffnOut;

    TemporalAttentionAggregator(Scope scope, StateDict state, int embedDim, int maxDays, int maxMonths) {
        posDays = new TemporalPositionalEncoding(state.at("pos_days"), "day", maxDays, embedDim);
        posMonths = new TemporalPositionalEncoding(state.at("pos_months"), "month", maxMonths, embedDim);
        StateDict scorer = state.at("day_scorer");
        LayerNorm scorerNorm = LayerNorm.load(scope, scorer.at("0"), embedDim);
        Linear scorerHidden = Linear.load(scope, scorer.at("1"), embedDim, embedDim);
        dayScorer = new TemporalPoolParameters(scorerNorm.weight(), scorerNorm.bias(), scorerNorm.eps(),
                scorerHidden.weight(), scorerHidden.bias().orElseThrow(),
                scope.of(scorer.takeFloats("3.weight", 1, embedDim), embedDim),
                scope.of(scorer.takeFloats("3.bias", 1), 1));
        monthLn = LayerNorm.load(scope, state.at("month_ln"), embedDim);
        StateDict attention = state.at("month_attn");
        monthInProj = Linear.loadInProj(scope, attention, embedDim);
        monthOutProj = Linear.load(scope, attention.at("out_proj"), embedDim, embedDim);
        StateDict ffn = state.at("month_ffn");
        ffnNorm = LayerNorm.load(scope, ffn.at("0"), embedDim);
        ffnIn = Linear.load(scope, ffn.at("1"), embedDim, 4L * embedDim);
        ffnOut = Linear.load(scope, ffn.at("3"), 4L * embedDim, embedDim);
    }

    int maxDays() {
        return posDays.maxLength();
    }

    int maxMonths() {
        return posMonths.maxLength();
    }

    /**
     * x [B, M, T, S, E]; months holds the row of the month table for each of the M months; padded is by temporal
     * patches. Returns [B, S, M, E].
     */
    Tensor forward(Scope scope, Tensor x, int[] months, Optional<PaddedDays> padded) {
        return mixMonths(scope, poolDays(scope, x, months, padded));
    }

    /** The same from pixels [B M, C, T, H, W] and their mask, without tokens of the days. */
    Tensor forward(Scope scope, VideoEncoder encoder, Tensor x, Tensor mask, int[] months, int days,
            Optional<PaddedDays> padded) {
        return mixMonths(scope, Fusions.encodePool(scope, x, Optional.of(mask), encoder.parameters(),
                dayRows(scope, days), posMonths.rows(scope, months), dayScorer, maskOf(scope, padded)));
    }

    Tensor poolDays(Scope scope, Tensor x, int[] months, Optional<PaddedDays> padded) {
        return Kernels.temporalPool(scope, x, dayRows(scope, (int) x.dim(2)), posMonths.rows(scope, months), dayScorer,
                maskOf(scope, padded));
    }

    private Tensor dayRows(Scope scope, int days) {
        return posDays.rows(scope, IntStream.range(0, days).toArray());
    }

    private static Optional<Tensor> maskOf(Scope scope, Optional<PaddedDays> padded) {
        return padded.map(p -> scope.ofBooleans(p.values(), p.batch(), p.months(), p.days()));
    }

    /** [B, S, M, E] to the same: months are the sequence, places the batch. */
    private Tensor mixMonths(Scope scope, Tensor z) {
        long places = z.dim(0) * z.dim(1);
        Tensor tokens = z.reshape(places, z.dim(2), z.dim(3));
        try (Tensor mixed = attended(scope, tokens);
                Tensor normal = ffnNorm.apply(scope, mixed);
                Tensor hidden = ffnIn.applyGelu(scope, normal)) {
            return ffnOut.applyTo(scope, hidden, mixed).reshape(z.shape().toArray());
        }
    }

    // Tensors are closed early: their memory serves the next operations.
    private Tensor attended(Scope scope, Tensor tokens) {
        try (Tensor normal = monthLn.apply(scope, tokens);
                Tensor qkv = monthInProj.apply(scope, normal);
                Tensor attended = Kernels.attention(
                        scope, qkv, SpatioTemporalConfig.MONTH_HEADS, monthInProj.weight().precision())) {
            return monthOutProj.applyTo(scope, attended, tokens);
        }
    }
}
