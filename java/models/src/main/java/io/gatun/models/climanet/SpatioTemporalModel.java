// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.climanet;

import io.gatun.core.ArgumentException;
import io.gatun.core.Checkpoint;
import io.gatun.core.CheckpointException;
import io.gatun.core.DType;
import io.gatun.core.DTypeException;
import io.gatun.core.Device;
import io.gatun.core.Kernels;
import io.gatun.core.Precision;
import io.gatun.core.Scope;
import io.gatun.core.ShapeException;
import io.gatun.core.StateDict;
import io.gatun.core.Tensor;
import io.gatun.models.Model;
import io.gatun.models.internal.ForwardEvent;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Monthly maps from gappy daily fields: patch embedding, temporal attention, spatial transformer, decoder.
 *
 * <p>Upstream class {@code SpatioTemporalModel} of {@code climanet/st_encoder_decoder.py}, ESMValGroup/ClimaNet at
 * commit 4ca9a34; its checkpoints load as they are. Values under the mask, NaN and infinity included, never change a
 * result; upstream lets NaN through.
 *
 * <p>Thread-safe: each call works in the scope it is given.
 */
public final class SpatioTemporalModel implements Model {
    private static final double MLP_RATIO = 4.0;

    private final SpatioTemporalConfig config;
    private final Scope weights;
    private final Form form;
    private final VideoEncoder encoder;
    private final TemporalAttentionAggregator temporal;
    private final SpatialPositionalEncoding2D spatialPe;
    private final SpatialTransformer spatialTr;
    private final MonthlyConvDecoder decoder;

    private SpatioTemporalModel(SpatioTemporalConfig config, Scope weights, StateDict state, Form form) {
        int embed = config.embedDim();
        this.config = config;
        this.weights = weights;
        this.form = form;
        encoder = new VideoEncoder(weights, state.at("encoder"), config.inChans(), embed, config.patchSize());
        temporal = new TemporalAttentionAggregator(
                weights, state.at("temporal"), embed, config.maxDays(), config.maxMonths());
        spatialPe = new SpatialPositionalEncoding2D(embed);
        spatialTr = new SpatialTransformer(
                weights, state.at("spatial_tr"), embed, config.spatialDepth(), config.spatialHeads(), MLP_RATIO);
        decoder = new MonthlyConvDecoder(weights, state.at("decoder"), embed, config.patchSize().height(),
                config.patchSize().width(), config.hidden(), config.overlap(), config.numMonths(),
                form);
    }

    /**
     * Loads a checkpoint with the configuration it states or implies, in {@link Precision#STRICT}.
     *
     * @param checkpoint weights and configuration
     * @param device where the weights go
     * @return the model, to be closed
     * @throws CheckpointException if keys are missing, left over or wrongly shaped; the message lists each
     */
    public static SpatioTemporalModel load(Checkpoint checkpoint, Device device) {
        return load(checkpoint, device, Precision.STRICT);
    }

    /**
     * Loads a checkpoint with the configuration it states or implies.
     *
     * @param checkpoint weights and configuration
     * @param device where the weights go
     * @param precision arithmetic of the products
     * @return the model, to be closed
     * @throws CheckpointException if keys are missing, left over or wrongly shaped; the message lists each
     * @throws DTypeException if the device does not compute in that precision
     */
    public static SpatioTemporalModel load(Checkpoint checkpoint, Device device, Precision precision) {
        return load(checkpoint, SpatioTemporalConfig.of(checkpoint), device, precision);
    }

    /**
     * Loads a checkpoint with a given configuration, in {@link Precision#STRICT}.
     *
     * @param checkpoint weights
     * @param config constructor arguments
     * @param device where the weights go
     * @return the model, to be closed
     * @throws CheckpointException if keys are missing, left over or wrongly shaped; the message lists each
     */
    public static SpatioTemporalModel load(Checkpoint checkpoint, SpatioTemporalConfig config, Device device) {
        return load(checkpoint, config, device, Precision.STRICT);
    }

    /**
     * Loads a checkpoint with a given configuration.
     *
     * @param checkpoint weights
     * @param config constructor arguments
     * @param device where the weights go
     * @param precision arithmetic of the products
     * @return the model, to be closed
     * @throws CheckpointException if keys are missing, left over or wrongly shaped; the message lists each
     * @throws DTypeException if the device does not compute in that precision
     */
    public static SpatioTemporalModel load(
            Checkpoint checkpoint, SpatioTemporalConfig config, Device device, Precision precision) {
        return load(checkpoint, config, device, precision, Form.FUSED);
    }

    static SpatioTemporalModel load(
            Checkpoint checkpoint, SpatioTemporalConfig config, Device device, Precision precision, Form form) {
        Scope weights = Scope.open(device, precision);
        try {
            StateDict state = StateDict.of(checkpoint);
            SpatioTemporalModel model = new SpatioTemporalModel(config, weights, state, form);
            state.finish();
            weights.sync();
            return model;
        } catch (RuntimeException | Error e) {
            weights.close();
            throw e;
        }
    }

    /**
     * Constructor arguments in force.
     *
     * @return the configuration
     */
    public SpatioTemporalConfig config() {
        return config;
    }

    @Override
    public Device device() {
        return weights.device();
    }

    @Override
    public Precision precision() {
        return weights.precision();
    }

    /**
     * Monthly maps.
     *
     * @param scope owns the result and the temporaries; of this model's device
     * @param dailyData f32 [B, C, M, T, H, W], normalised; T, H, W multiples of the patch
     * @param dailyMask bool like {@code dailyData}, true = missing
     * @param input masks and months
     * @return f32 [B, M, H, W]
     * @throws ShapeException if a shape does not fit; the message names the axis and the nearest legal size
     * @throws DTypeException if a tensor has another element type
     * @throws ArgumentException if a month is out of range, or all its days are padded and that is an error
     */
    public Tensor forward(Scope scope, Tensor dailyData, Tensor dailyMask, MonthlyInput input) {
        return forward(scope, dailyData, dailyMask, input, Trace.NONE);
    }

    Tensor forward(Scope scope, Tensor dailyData, Tensor dailyMask, MonthlyInput input, Trace trace) {
        ForwardEvent event = new ForwardEvent();
        event.begin();
        check(dailyData, dailyMask);
        PatchSize patch = config.patchSize();
        int batch = (int) dailyData.dim(0);
        int months = (int) dailyData.dim(2);
        int days = (int) dailyData.dim(3);
        int height = (int) dailyData.dim(4);
        int width = (int) dailyData.dim(5);
        int rows = height / patch.height();
        int columns = width / patch.width();
        int[] monthRows = monthRows(input.months(), months);
        Optional<PaddedDays> padded = padded(input, batch, months, days);

        // Upstream folds months into the batch by a plain reshape, which mixes channels and months where there are
        // several of both; its checkpoints were trained so.
        long[] video = {(long) batch * months, config.inChans(), days, height, width};
        Tensor pixels = dailyData.reshape(video);
        Tensor mask = dailyMask.reshape(video);
        int slots = days / patch.time();
        Tensor pooled;
        if (form == Form.FUSED) {
            pooled = temporal.forward(scope, encoder, pixels, mask, monthRows, slots, padded).permute(0, 2, 1, 3);
        } else {
            Tensor tokens = encoder.forward(scope, pixels, mask);
            trace.accept("encoder", tokens);
            Tensor byMonth = tokens.reshape(batch, months, slots, (long) rows * columns, config.embedDim());
            pooled = temporal.forward(scope, byMonth, monthRows, padded).permute(0, 2, 1, 3);
        }
        trace.accept("temporal", pooled);

        Tensor position = spatialPe.forward(scope, rows, columns).expand(pooled.shape().toArray());
        Tensor placed = Kernels.add(scope, pooled, position);
        Tensor maps = placed.reshape((long) batch * months, (long) rows * columns, config.embedDim());
        trace.accept("spatial_in", maps);
        Tensor mixed = spatialTr.forward(scope, maps);
        trace.accept("spatial", mixed);

        Tensor latent = mixed.reshape(batch, months, rows, columns, config.embedDim());
        Tensor result = decoder.forward(scope, latent, monthRows, input.landMask(), trace);
        if (event.shouldCommit()) {
            event.model = "SpatioTemporalModel";
            event.inputShape = dailyData.shape().toString();
            event.device = device().name();
            event.commit();
        }
        return result;
    }

    private void check(Tensor data, Tensor mask) {
        PatchSize patch = config.patchSize();
        if (data.shape().rank() != 6 || data.dim(0) < 1 || data.dim(2) < 1) {
            throw new ShapeException("SpatioTemporalModel: daily_data has shape " + data.shape()
                    + ", expected [batch, channel, month, day, height, width], at least 1 of each");
        }
        if (data.dtype() != DType.F32 || mask.dtype() != DType.BOOL) {
            throw new DTypeException("SpatioTemporalModel: daily_data is " + data.dtype().torchName()
                    + " and daily_mask " + mask.dtype().torchName() + "; expected float32 and bool");
        }
        if (!mask.shape().equals(data.shape())) {
            throw new ShapeException("SpatioTemporalModel: daily_mask has shape " + mask.shape()
                    + ", expected that of daily_data, " + data.shape());
        }
        if (data.dim(1) != config.inChans()) {
            throw new ShapeException("SpatioTemporalModel: daily_data has " + data.dim(1)
                    + " channels on axis C, the model in_chans = " + config.inChans());
        }
        wantPatches(data, 3, "T", patch.time(), "max_days", config.maxDays());
        wantPatches(data, 4, "H", patch.height(), "max_H", config.maxH());
        wantPatches(data, 5, "W", patch.width(), "max_W", config.maxW());
    }

    private static void wantPatches(Tensor data, int axis, String name, int patch, String limit, int most) {
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
    private int[] monthRows(List<Integer> calendar, int months) {
        int known = Math.min(temporal.maxMonths(), decoder.numMonths());
        if (calendar.isEmpty()) {
            if (months > known) {
                throw new ShapeException("SpatioTemporalModel: " + months + " months were given, the model knows "
                        + known);
            }
            return IntStream.range(0, months).toArray();
        }
        if (calendar.size() != months) {
            throw new ArgumentException("SpatioTemporalModel: " + calendar.size() + " month numbers " + calendar
                    + " for " + months + " months of data");
        }
        for (int month : calendar) {
            if (month < 1 || month > known) {
                throw new ArgumentException("SpatioTemporalModel: month number " + month + ", expected 1 to " + known);
            }
        }
        return calendar.stream().mapToInt(month -> month - 1).toArray();
    }

    private Optional<PaddedDays> padded(MonthlyInput input, int batch, int months, int days) {
        if (input.paddedDays().isEmpty()) {
            return Optional.empty();
        }
        PaddedDays padded = input.paddedDays().get();
        if (padded.batch() != batch || padded.months() != months || padded.days() != days) {
            throw new ShapeException("SpatioTemporalModel: padded_days_mask has shape [" + padded.batch() + ", "
                    + padded.months() + ", " + padded.days() + "], expected [" + batch + ", " + months + ", " + days
                    + "]");
        }
        int empty = padded.firstEmptyMonth();
        if (empty >= 0 && input.allPadded() == MonthlyInput.AllPadded.ERROR) {
            String name = input.months().isEmpty() ? "month index " + empty % months
                    : "calendar month " + input.months().get(empty % months);
            throw new ArgumentException("SpatioTemporalModel: all days of " + name + " (sample " + empty / months
                    + ") are padded. Leave the month out, or ask for allPadded = NAN.");
        }
        return Optional.of(padded.byPatches(config.patchSize().time()));
    }

    @Override
    public void close() {
        weights.close();
    }
}
