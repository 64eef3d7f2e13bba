// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.climanet;

import io.gatun.core.ArgumentException;
import io.gatun.core.DType;
import io.gatun.core.DTypeException;
import io.gatun.core.Shape;
import io.gatun.core.ShapeException;
import io.gatun.core.Tensor;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/** Holds the input of a forward pass against the model; knownMonths is the length of its month tables. */
record ForwardChecks(SpatioTemporalConfig config, int knownMonths) {
    ForwardGraphs.Key key(Tensor data, Tensor mask, MonthlyInput input) {
        check(data, mask);
        Shape shape = data.shape();
        ForwardGraphs.Key key = new ForwardGraphs.Key(shape, monthRows(input.months(), (int) shape.dim(2)),
                padded(input.paddedDays(), shape), input.landMask().isPresent());
        requireDays(input, (int) shape.dim(2));
        return key;
    }

    ForwardGraphs.Key key(ForwardShape shape) {
        Shape data = shape.data(config.inChans());
        checkShape(data);
        return new ForwardGraphs.Key(data, monthRows(shape.calendar(), (int) shape.months()),
                padded(shape.paddedDays(), data), shape.land());
    }

    private void check(Tensor data, Tensor mask) {
        requireRank(data.shape());
        if (data.dtype() != DType.F32 || mask.dtype() != DType.BOOL) {
            throw new DTypeException("SpatioTemporalModel: daily_data is " + data.dtype().torchName()
                    + " and daily_mask " + mask.dtype().torchName() + "; expected float32 and bool");
        }
        if (!mask.shape().equals(data.shape())) {
            throw new ShapeException("SpatioTemporalModel: daily_mask has shape " + mask.shape()
                    + ", expected that of daily_data, " + data.shape());
        }
        checkShape(data.shape());
    }

    private static void requireRank(Shape data) {
        if (data.rank() != 6 || data.dim(0) < 1 || data.dim(2) < 1) {
            throw new ShapeException("SpatioTemporalModel: daily_data has shape " + data
                    + ", expected [batch, channel, month, day, height, width], at least 1 of each");
        }
    }

    private void checkShape(Shape data) {
        PatchSize patch = config.patchSize();
        requireRank(data);
        if (data.dim(1) != config.inChans()) {
            throw new ShapeException("SpatioTemporalModel: daily_data has " + data.dim(1)
                    + " channels on axis C, the model in_chans = " + config.inChans());
        }
        wantPatches(data, 3, "T", patch.time(), "max_days", config.maxDays());
        wantPatches(data, 4, "H", patch.height(), "max_H", config.maxH());
        wantPatches(data, 5, "W", patch.width(), "max_W", config.maxW());
    }

    private static void wantPatches(Shape data, int axis, String name, int patch, String limit, int most) {
        long extent = data.dim(axis);
        if (extent < 1 || extent % patch != 0) {
            long above = Math.max(1, (extent + patch - 1) / patch) * patch;
            throw new ShapeException("SpatioTemporalModel: daily_data has extent " + extent + " on axis " + name
                    + ", expected a multiple of the patch size " + patch + "; pad to " + above
                    + (above > patch ? " or crop to " + (above - patch) : ""));
        }
        if (extent / patch > most) {
            throw new ShapeException("SpatioTemporalModel: daily_data has extent " + extent + " on axis " + name + ", "
                    + extent / patch + " patches of " + patch + "; the model encodes at most " + limit + " = " + most
                    + ". Crop to " + (long) most * patch + " or less.");
        }
    }

    /** Rows of the month tables: calendar months, else the first M. */
    private List<Integer> monthRows(List<Integer> calendar, int months) {
        if (calendar.isEmpty()) {
            if (months > knownMonths) {
                throw new ShapeException("SpatioTemporalModel: " + months + " months were given, the model knows "
                        + knownMonths);
            }
            return IntStream.range(0, months).boxed().toList();
        }
        if (calendar.size() != months) {
            throw new ArgumentException("SpatioTemporalModel: " + calendar.size() + " month numbers " + calendar
                    + " for " + months + " months of data");
        }
        for (int month : calendar) {
            if (month < 1 || month > knownMonths) {
                throw new ArgumentException(
                        "SpatioTemporalModel: month number " + month + ", expected 1 to " + knownMonths);
            }
        }
        return calendar.stream().map(month -> month - 1).toList();
    }

    /** By temporal patches. */
    private Optional<PaddedDays> padded(Optional<PaddedDays> given, Shape data) {
        given.filter(padded -> padded.batch() != data.dim(0) || padded.months() != data.dim(2)
                || padded.days() != data.dim(3)).ifPresent(padded -> {
            throw new ShapeException("SpatioTemporalModel: padded_days_mask has shape [" + padded.batch() + ", "
                    + padded.months() + ", " + padded.days() + "], expected [" + data.dim(0) + ", " + data.dim(2)
                    + ", " + data.dim(3) + "]");
        });
        return given.map(padded -> padded.byPatches(config.patchSize().time()));
    }

    private static void requireDays(MonthlyInput input, int months) {
        int empty = input.paddedDays().map(PaddedDays::firstEmptyMonth).orElse(-1);
        if (empty >= 0 && input.allPadded() == MonthlyInput.AllPadded.ERROR) {
            String name = input.months().isEmpty() ? "month index " + empty % months
                    : "calendar month " + input.months().get(empty % months);
            throw new ArgumentException("SpatioTemporalModel: all days of " + name + " (sample " + empty / months
                    + ") are padded. Leave the month out, or ask for allPadded = NAN.");
        }
    }
}
