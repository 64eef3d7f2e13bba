// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.climanet;

import io.gatun.core.ArgumentException;
import io.gatun.core.Checkpoint;
import io.gatun.core.CheckpointException;
import io.gatun.core.DType;
import io.gatun.core.DTypeException;
import io.gatun.core.Device;
import io.gatun.core.DeviceMemoryException;
import io.gatun.core.Kernels;
import io.gatun.core.Precision;
import io.gatun.core.Scope;
import io.gatun.core.ShapeException;
import io.gatun.core.StateDict;
import io.gatun.core.Tensor;
import io.gatun.models.Loader;
import io.gatun.models.Model;
import io.gatun.models.internal.ForwardEvent;
import java.util.List;
import java.util.Optional;

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
    private static final System.Logger LOGGER = System.getLogger("io.gatun.models");

    private final SpatioTemporalConfig config;
    private final Scope weights;
    private final Form form;
    private final ForwardChecks checks;
    private final VideoEncoder encoder;
    private final TemporalAttentionAggregator temporal;
    private final SpatialPositionalEncoding2D spatialPe;
    private final SpatialTransformer spatialTr;
    private final MonthlyConvDecoder decoder;
    private final Optional<ForwardGraphs> graphs;

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
        checks = new ForwardChecks(config, Math.min(temporal.maxMonths(), decoder.numMonths()));
        graphs = form == Form.FUSED && weights.device().hasGraphs() ? Optional.of(new ForwardGraphs(weights.device(),
                (scope, key, data, mask, land) -> run(scope, key, data, mask, land, Trace.NONE),
                line -> LOGGER.log(System.Logger.Level.WARNING, line))) : Optional.empty();
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
        return Loader.open((weights, state) -> new SpatioTemporalModel(config, weights, state, form), checkpoint,
                device, precision);
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
        ForwardEvent event = new ForwardEvent();
        event.begin();
        ForwardGraphs.Key key = checks.key(dailyData, dailyMask, input);
        Optional<Tensor> replayed =
                graphs.flatMap(recorded -> recorded.replay(scope, key, dailyData, dailyMask, input.landMask()));
        Tensor result = replayed.orElseGet(() -> runPlain(scope, key, dailyData, dailyMask, input.landMask()));
        if (event.shouldCommit()) {
            event.model = "SpatioTemporalModel";
            event.inputShape = dailyData.shape().toString();
            event.device = device().name();
            event.replayed = replayed.isPresent();
            event.commit();
        }
        return result;
    }

    /** Stage after stage, never as a graph. */
    Tensor forward(Scope scope, Tensor dailyData, Tensor dailyMask, MonthlyInput input, Trace trace) {
        return run(scope, checks.key(dailyData, dailyMask, input), dailyData, dailyMask, input.landMask(), trace);
    }

    /**
     * Records forward passes ahead of their first use. On a device with graphs ({@link Device#hasGraphs()}) a forward
     * pass is recorded when its shape comes for the second time, and replayed from then on; after this it is replayed
     * from the first time. Results are the same. On other devices nothing happens.
     *
     * @param shapes inputs to come
     * @throws ShapeException if a shape does not fit the model, as in {@link #forward}
     * @throws ArgumentException if a month is out of range
     */
    public void warmUp(List<ForwardShape> shapes) {
        for (ForwardShape shape : shapes) {
            ForwardGraphs.Key key = checks.key(shape);
            graphs.ifPresent(recorded -> {
                bytesOfRun(key);
                recorded.prepare(key);
            });
        }
    }

    /**
     * Memory of the device that a forward pass takes at most beside the weights, its input included: measured by
     * running it once, on zeros, while nothing else runs on the device. {@link Device#resetPeakMemory()} is called for
     * it.
     *
     * @param shape the input
     * @return bytes
     * @throws ShapeException if the shape does not fit the model, as in {@link #forward}
     * @throws ArgumentException if a month is out of range
     * @throws DeviceMemoryException if the device has not enough
     */
    public long forwardBytes(ForwardShape shape) {
        return bytesOfRun(checks.key(shape));
    }

    private long bytesOfRun(ForwardGraphs.Key key) {
        long before = device().memory().bytesInUse();
        device().resetPeakMemory();
        try (Scope scope = Scope.open(device())) {
            Tensor data = scope.full(DType.F32, 0, key.data().toArray());
            Tensor mask = scope.full(DType.BOOL, 0, key.data().toArray());
            Optional<Tensor> land = key.land()
                    ? Optional.of(scope.full(DType.BOOL, 0, key.landShape().toArray())) : Optional.empty();
            run(scope, key, data, mask, land, Trace.NONE);
            scope.sync();
            return device().memory().bytesPeak() - before;
        }
    }

    private Tensor runPlain(
            Scope scope, ForwardGraphs.Key key, Tensor data, Tensor mask, Optional<Tensor> land) {
        try {
            return run(scope, key, data, mask, land, Trace.NONE);
        } catch (DeviceMemoryException e) {
            if (graphs.isEmpty() || !graphs.get().clear()) {
                throw e;
            }
            scope.sync(); // it may be what keeps a graph's memory
            return run(scope, key, data, mask, land, Trace.NONE);
        }
    }

    private Tensor run(Scope scope, ForwardGraphs.Key key, Tensor dailyData, Tensor dailyMask, Optional<Tensor> land,
            Trace trace) {
        PatchSize patch = config.patchSize();
        int batch = (int) dailyData.dim(0);
        int months = (int) dailyData.dim(2);
        int days = (int) dailyData.dim(3);
        int height = (int) dailyData.dim(4);
        int width = (int) dailyData.dim(5);
        int rows = height / patch.height();
        int columns = width / patch.width();
        int[] monthRows = key.months().stream().mapToInt(Integer::intValue).toArray();
        Optional<PaddedDays> padded = key.padded();

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
        return decoder.forward(scope, latent, monthRows, land, trace);
    }

    @Override
    public void close() {
        graphs.ifPresent(ForwardGraphs::close);
        weights.close();
    }
}
