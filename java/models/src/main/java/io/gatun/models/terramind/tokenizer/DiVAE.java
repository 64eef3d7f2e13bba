// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind.tokenizer;

import io.gatun.core.BinaryOp;
import io.gatun.core.DType;
import io.gatun.core.DeviceMemoryException;
import io.gatun.core.InterruptedRunException;
import io.gatun.core.Kernels;
import io.gatun.core.Philox;
import io.gatun.core.Scope;
import io.gatun.core.Shape;
import io.gatun.core.ShapeException;
import io.gatun.core.StateDict;
import io.gatun.core.Tensor;
import io.gatun.models.Extent;
import io.gatun.models.layers.ChannelsLast;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * A tokenizer that decodes by diffusion, upstream's {@code DiVAE}: images, radar, elevation and NDVI.
 *
 * <p>What does not change from step to step is made once: the codes of each patch, and what each timestep adds in each
 * block. On a device with graphs a step is recorded when it comes a second time, and replayed from then on.
 */
public final class DiVAE extends TerraMindTokenizer {
    /** Numbers of the generator for each step of a sample, and for each sample. */
    private static final int STEP_BITS = 28;
    private static final int SAMPLE_BITS = 40;

    private final TokenizerConfig.Diffusion diffusion;
    private final PatchedUNet decoder;
    private final DiffusionScheduler scheduler;
    private final Optional<DenoisingGraphs> graphs;

    /** Is told of each step, with what makes the image after it. */
    @FunctionalInterface
    interface Observer {
        void see(int timestep, Supplier<Tensor> image);
    }

    DiVAE(Scope scope, StateDict state, TokenizerConfig config, TokenizerConfig.Diffusion diffusion) {
        super(scope, state, config);
        this.diffusion = diffusion;
        decoder = new PatchedUNet(
                scope, state.at("decoder"), diffusion.size(), config.channels(), config.levels().size());
        scheduler = new DiffusionScheduler(diffusion.options());
        graphs = scope.device().hasGraphs()
                ? Optional.of(new DenoisingGraphs(scope.device(), this::step)) : Optional.empty();
    }

    @Override
    public Tensor decodeQuant(Scope scope, Tensor quantized, DecodeOptions options) {
        requireCodes(quantized);
        return decode(scope, quantized, options.imageSize().orElse(
                config().corrected() ? sizeOf(quantized, 2) : diffusion.imageSize()), options, (_, _) -> { });
    }

    @Override
    public Tensor decodeTokens(Scope scope, Tensor tokens, DecodeOptions options) {
        try (Tensor quantized = tokensToEmbedding(scope, tokens)) {
            return decode(
                    scope, quantized, options.imageSize().orElse(sizeOf(tokens, 1)), options, (_, _) -> { });
        }
    }

    @Override
    public Tensor reconstruct(Scope scope, Tensor image, DecodeOptions options) {
        try (Encoded encoded = encode(scope, image)) {
            Extent square = Extent.of((int) image.dim(-1));
            return decode(scope, encoded.quantized(), options.imageSize().orElse(
                    config().corrected() ? sizeOf(encoded.tokens(), 1) : square), options, (_, _) -> { });
        }
    }

    private Extent sizeOf(Tensor map, int rows) {
        int patch = config().patchSize();
        return new Extent((int) map.dim(rows) * patch, (int) map.dim(rows + 1) * patch);
    }

    /** The network alone: what it predicts for an image [B, C, H, W] at a timestep. */
    Tensor predict(Scope scope, Tensor image, Tensor quantized, int timestep, Optional<Tensor> conditionMask) {
        Extent size = new Extent((int) image.dim(2), (int) image.dim(3));
        try (Tensor x = decoder.patches(scope, image);
                Tensor condition = condition(scope, quantized, size, conditionMask);
                Tensor times = decoder.times(scope, new int[] {timestep}); Tensor row = times.reshape(times.dim(1));
                Tensor predicted = decoder.forward(scope, x, condition, row)) {
            return decoder.image(scope, predicted);
        }
    }

    /** The embedding of a timestep, [1, width]. */
    Tensor timeEmbedding(Scope scope, int timestep) {
        return decoder.embeddings(scope, new int[] {timestep});
    }

    Tensor decode(Scope scope, Tensor quantized, Extent size, DecodeOptions options, Observer observer) {
        requireSize(size);
        try {
            return denoised(scope, quantized, size, options, observer);
        } catch (DeviceMemoryException e) {
            if (!clearGraphs()) {
                throw e;
            }
            scope.sync(); // it may be what keeps a graph's memory
            return denoised(scope, quantized, size, options, observer);
        }
    }

    /**
     * Gives the memory of recorded steps that are not in use back; they are recorded again when they are needed.
     *
     * @return whether there were any
     */
    public boolean clearGraphs() {
        return graphs.map(DenoisingGraphs::clear).orElse(false);
    }

    private Tensor denoised(Scope scope, Tensor quantized, Extent size, DecodeOptions options, Observer observer) {
        DiffusionScheduler steps = options.scheduler().map(DiffusionScheduler::new).orElse(scheduler);
        int[] timesteps = steps.timesteps(options.timesteps(), options.mode());
        long[] shape = {quantized.dim(0), config().channels(), size.height(), size.width()};
        try (Tensor condition = condition(scope, quantized, size, options.conditionMask());
                Tensor times = decoder.times(scope, timesteps);
                Tensor coefficients = scope.of(steps.coefficients(timesteps, options.timesteps()),
                        timesteps.length, DiffusionScheduler.COEFFICIENTS)) {
            Tensor x = start(scope, shape, options);
            for (int i = 0; i < timesteps.length; i++) {
                try (Tensor before = x; Tensor time = times.slice(0, i, i + 1);
                        Tensor row = time.reshape(time.dim(1)); Tensor own = coefficients.slice(0, i, i + 1);
                        Tensor numbers = own.reshape(own.dim(1))) {
                    InterruptedRunException.throwIfInterrupted("denoising was interrupted; start it again");
                    Optional<Tensor> noise = steps.addsNoise() && timesteps[i] > 0
                            ? Optional.of(noise(scope, shape, options, i + 1)) : Optional.empty();
                    try {
                        x = next(scope, steps, new DenoisingGraphs.Step(before, condition, row, numbers, noise));
                    } finally {
                        noise.ifPresent(Tensor::close);
                    }
                }
                Tensor reached = x;
                observer.see(timesteps[i], () -> decoder.image(scope, reached));
            }
            try (Tensor last = x) {
                return decoder.image(scope, last);
            }
        }
    }

    private void requireSize(Extent size) {
        int multiple = diffusion.size().multiple();
        if (size.height() % multiple != 0 || size.width() % multiple != 0) {
            throw new ShapeException(config().name() + ": an image of " + size.height() + " x " + size.width()
                    + " cannot be decoded; expected rows and columns in multiples of " + multiple + ", at least "
                    + (size.height() + multiple - 1) / multiple * multiple + " x "
                    + (size.width() + multiple - 1) / multiple * multiple + ": give such an image size");
        }
    }

    /** The codes of each patch of the image; zeros where a token is left out. */
    private Tensor condition(Scope scope, Tensor quantized, Extent size, Optional<Tensor> conditionMask) {
        try (Tensor last = ChannelsLast.of(scope, quantized)) {
            if (conditionMask.isEmpty()) {
                return decoder.condition(scope, last, size);
            }
            try (Tensor kept = kept(scope, conditionMask.get(), quantized);
                    Tensor masked = Kernels.binary(scope, BinaryOp.MULTIPLY, last, kept)) {
                return decoder.condition(scope, masked, size);
            }
        }
    }

    private Tensor kept(Scope scope, Tensor mask, Tensor quantized) {
        if (mask.dtype() != DType.BOOL || mask.shape().rank() != 3 || mask.dim(0) != quantized.dim(0)
                || mask.dim(1) != quantized.dim(2) || mask.dim(2) != quantized.dim(3)) {
            throw new ShapeException(config().name() + ": the condition mask is " + mask.dtype() + " of shape "
                    + mask.shape() + ", expected bool [" + quantized.dim(0) + ", " + quantized.dim(2) + ", "
                    + quantized.dim(3) + "]");
        }
        try (Tensor one = scope.full(DType.F32, 1, 1); Tensor leftOut = Kernels.copy(scope, mask, DType.F32);
                Tensor kept = Kernels.binary(scope, BinaryOp.SUBTRACT, one, leftOut)) {
            return kept.unsqueeze(3);
        }
    }

    private Tensor start(Scope scope, long[] shape, DecodeOptions options) {
        if (options.noise().isEmpty()) {
            return noise(scope, shape, options, 0);
        }
        Tensor given = options.noise().get();
        if (given.dtype() != DType.F32 || !given.shape().equals(Shape.of(shape))) {
            throw new ShapeException(config().name() + ": the noise is " + given.dtype() + " of shape " + given.shape()
                    + ", expected float32 " + Shape.of(shape));
        }
        return decoder.patches(scope, given);
    }

    /** Normal numbers for a step of each sample, 0 for the start, as patches. */
    private Tensor noise(Scope scope, long[] shape, DecodeOptions options, int step) {
        int count = Math.toIntExact(shape[1] * shape[2] * shape[3]);
        float[] all = new float[Math.toIntExact(shape[0] * count)];
        float[] one = new float[count];
        for (int b = 0; b < shape[0]; b++) {
            long sample = (options.firstSample() + b) % DecodeOptions.SAMPLES;
            Philox.normals(options.seed(), (sample << SAMPLE_BITS) + ((long) step << STEP_BITS), one);
            System.arraycopy(one, 0, all, b * count, count);
        }
        try (Tensor image = scope.of(all, shape)) {
            return decoder.patches(scope, image);
        }
    }

    private Tensor next(Scope scope, DiffusionScheduler steps, DenoisingGraphs.Step step) {
        Optional<Tensor> replayed = steps == scheduler && graphs.isPresent()
                ? graphs.get().replay(scope, step) : Optional.empty();
        return replayed.orElseGet(() -> step(scope, steps, step));
    }

    private Tensor step(Scope scope, DenoisingGraphs.Step step) {
        return step(scope, scheduler, step);
    }

    private Tensor step(Scope scope, DiffusionScheduler steps, DenoisingGraphs.Step step) {
        try (Tensor output = decoder.forward(scope, step.x(), step.condition(), step.time())) {
            return steps.step(scope, output, step.x(), step.coefficients(), step.noise());
        }
    }

    @Override
    public void close() {
        graphs.ifPresent(DenoisingGraphs::close);
        super.close();
    }
}
