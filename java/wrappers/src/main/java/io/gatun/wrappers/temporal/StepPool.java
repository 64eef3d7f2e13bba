// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.temporal;

import io.gatun.core.BinaryOp;
import io.gatun.core.DType;
import io.gatun.core.Kernels;
import io.gatun.core.Scope;
import io.gatun.core.ShapeException;
import io.gatun.core.Tensor;
import io.gatun.models.layers.ChannelsLast;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Pools one feature over the dates, which arrive one after the other: what is kept is one value for each element, or
 * the result itself where dates are kept apart. Sums run in time order, so that no result depends on how dates were
 * batched.
 */
final class StepPool {
    private final Scope scope;
    private final TemporalOptions options;
    private final int dates;
    private final int groups;
    private int date;
    private int group;
    private Tensor groupSum;
    private Tensor pooled;

    /** For features of {@code dates} dates. */
    StepPool(Scope scope, TemporalOptions options, int dates) {
        this.scope = scope;
        this.options = options;
        this.dates = dates;
        this.groups = options.subsetLengths().map(lengths -> lengths.size()).orElse(dates);
    }

    /** The feature of the next date, [B, L, C] or [B, C, H, W]; it may be closed afterwards. */
    void add(Tensor feature) {
        int rank = feature.shape().rank();
        if (rank != 3 && rank != 4) {
            throw new ShapeException("TemporalWrapper: expected a feature of rank 3 or 4 from the backbone, got shape "
                    + feature.shape());
        }
        if (options.featuresPermuteOp().isPresent() && rank != 4) {
            throw new ShapeException("TemporalWrapper: features_permute_op has 4 axes and the backbone gives a feature"
                    + " of shape " + feature.shape() + "; leave it out for tokens [B, L, C]");
        }
        int length = options.subsetLengths().map(lengths -> lengths.get(group)).orElse(1);
        if (length == 1) {
            put(feature);
            group++;
        } else {
            groupSum = combined(BinaryOp.ADD, groupSum, feature);
            if (++date == length) {
                try (Tensor mean = divided(groupSum, length)) {
                    put(mean);
                }
                groupSum = null;
                date = 0;
                group++;
            }
        }
    }

    private void put(Tensor value) {
        switch (options.pooling()) {
            case MEAN -> pooled = combined(BinaryOp.ADD, pooled, value);
            case MAX -> pooled = combined(BinaryOp.MAXIMUM, pooled, value);
            case DIFF -> pooled = combined(BinaryOp.SUBTRACT, pooled, value);
            case CONCAT -> putChannels(value);
            case KEEP -> putDate(value);
        }
    }

    private Tensor combined(BinaryOp op, Tensor so, Tensor value) {
        if (so == null) {
            return copied(value);
        }
        if (isChannelsLast(so)) {
            try (Tensor left = so.permute(0, 2, 3, 1); Tensor right = value.permute(0, 2, 3, 1)) {
                Kernels.binary(scope, op, left, right, left);
            }
        } else {
            Kernels.binary(scope, op, so, value, so);
        }
        return so;
    }

    /** A copy that lies in memory as the original does. */
    private Tensor copied(Tensor value) {
        if (!isChannelsLast(value)) {
            return Kernels.copy(scope, value);
        }
        try (Tensor image = value.permute(0, 2, 3, 1)) {
            return ChannelsLast.intoMap(Kernels.copy(scope, image));
        }
    }

    private static boolean isChannelsLast(Tensor value) {
        if (value.shape().rank() != 4 || value.isDense()) {
            return false;
        }
        try (Tensor image = value.permute(0, 2, 3, 1)) {
            return image.isDense();
        }
    }

    /** In place. */
    private Tensor divided(Tensor sum, int count) {
        try (Tensor divisor = scope.scalar(count); Tensor each = divisor.expand(sum.shape().toArray())) {
            return combined(BinaryOp.DIVIDE, sum, each);
        }
    }

    private int channelAxis(Tensor value) {
        return value.shape().rank() == 3 ? 2 : options.featuresPermuteOp().map(order -> order.get(1)).orElse(1);
    }

    private void putChannels(Tensor value) {
        int axis = channelAxis(value);
        long channels = value.dim(axis);
        if (pooled == null) {
            long[] shape = value.shape().toArray();
            shape[axis] = channels * groups;
            pooled = isChannelsLast(value)
                    ? ChannelsLast.toMap(scope.empty(DType.F32, shape[0], shape[2], shape[3], shape[1]))
                    : scope.empty(DType.F32, shape);
        }
        try (Tensor place = pooled.slice(axis, group * channels, (group + 1) * channels)) {
            Kernels.copy(scope, value, place);
        }
    }

    private void putDate(Tensor value) {
        long[] shape = value.shape().toArray();
        if (pooled == null) {
            long[] kept = new long[shape.length + 1];
            kept[0] = shape[0];
            kept[1] = groups;
            System.arraycopy(shape, 1, kept, 2, shape.length - 1);
            pooled = scope.empty(DType.F32, kept);
        }
        try (Tensor place = pooled.slice(1, group, group + 1); Tensor one = value.unsqueeze(1)) {
            Kernels.copy(scope, one, place);
        }
    }

    /** After all dates. */
    Tensor result() {
        Tensor result = options.pooling() == TemporalPooling.MEAN ? divided(pooled, groups) : pooled;
        boolean tokens = result.shape().rank() - (options.pooling() == TemporalPooling.KEEP ? 1 : 0) == 3;
        return tokens || options.corrected() || result.dim(-1) != 1 ? result : asTokens(result);
    }

    /** Upstream takes a map of width 1 for tokens: [..., C, H, 1] becomes [..., H, C]. */
    private Tensor asTokens(Tensor map) {
        int rank = map.shape().rank();
        int[] axes = IntStream.range(0, rank).toArray();
        axes[rank - 3] = rank - 2;
        axes[rank - 2] = rank - 3;
        try (map; Tensor swapped = map.permute(axes)) {
            Tensor tokens = scope.empty(DType.F32, Arrays.copyOf(swapped.shape().toArray(), rank - 1));
            try (Tensor place = tokens.unsqueeze(rank - 1)) {
                Kernels.copy(scope, swapped, place);
            }
            return tokens;
        }
    }
}
