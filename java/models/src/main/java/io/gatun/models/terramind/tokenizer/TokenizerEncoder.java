// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind.tokenizer;

import io.gatun.core.ArgumentException;
import io.gatun.core.DType;
import io.gatun.core.DTypeException;
import io.gatun.core.Kernels;
import io.gatun.core.Reduction;
import io.gatun.core.Reductions;
import io.gatun.core.Scope;
import io.gatun.core.ShapeException;
import io.gatun.core.StateDict;
import io.gatun.core.Tensor;
import io.gatun.models.Extent;
import io.gatun.models.layers.ChannelsLast;
import io.gatun.models.layers.Linear;
import io.gatun.models.layers.PatchEmbed;
import io.gatun.models.layers.TokenGrid;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;

/** The part before the tokens: upstream's {@code VQ} with {@code encoder}, {@code quant_proj} and {@code quantize}. */
final class TokenizerEncoder {
    private final TokenizerConfig config;
    private final PatchEmbed patches;
    private final TokenizerTransformer transformer;
    private final Linear quantProj;
    private final FiniteScalarQuantizer quantizer;
    private final Optional<Tensor> classes;

    TokenizerEncoder(Scope scope, StateDict state, TokenizerConfig config) {
        this.config = config;
        TokenizerSize size = config.encoder();
        StateDict encoder = state.at("encoder");
        patches = PatchEmbed.load2d(scope, encoder.at("proj"), config.channels(), size.dim(),
                Extent.of(config.encodedPatch()));
        transformer = TokenizerTransformer.load(
                scope, encoder, size, config.encoderImageSize().grid(Extent.of(config.patchSize())), config.postMlp());
        quantProj = Linear.loadConv1x1(scope, state.at("quant_proj"), size.dim(), config.levels().size());
        quantizer = new FiniteScalarQuantizer(scope, config.levels());
        classes = classes(scope, state);
    }

    /** [classes, channels]: what each class becomes. */
    private Optional<Tensor> classes(Scope scope, StateDict state) {
        if (config.labels().isPresent()) {
            return Optional.of(state.takeTensor(
                    scope, "cls_emb.weight", config.labels().getAsInt(), config.channels()));
        }
        return config.isClasses() ? Optional.of(oneHot(scope, config.channels())) : Optional.empty();
    }

    private static Tensor oneHot(Scope scope, int count) {
        float[] rows = new float[count * count];
        for (int i = 0; i < count; i++) {
            rows[i * count + i] = 1;
        }
        return scope.of(rows, count, count);
    }

    FiniteScalarQuantizer quantizer() {
        return quantizer;
    }

    /** Where the patches of an image [B, ..., H, W] lie. */
    TokenGrid grid(Tensor input) {
        int rank = input.shape().rank();
        int patch = config.encodedPatch();
        for (int axis = rank - 2; axis < rank; axis++) {
            if (input.dim(axis) < patch || input.dim(axis) % patch != 0) {
                throw new ShapeException(config.name() + ": the image " + input.shape() + " has "
                        + (axis == rank - 2 ? "rows" : "columns") + " that are no multiple of the patch of " + patch
                        + "; pad or cut it to " + Math.max(1, input.dim(axis) / patch) * patch);
            }
        }
        return new TokenGrid(1, (int) (input.dim(rank - 2) / patch), (int) (input.dim(rank - 1) / patch));
    }

    /** Tokens [B, N, E] of the blocks that are wanted. */
    SequencedMap<Integer, Tensor> layers(Scope scope, Tensor input, Collection<Integer> wanted) {
        requireType(input);
        TokenGrid grid = grid(input);
        try (Tensor image = image(scope, input); Tensor frames = image.unsqueeze(2);
                Tensor table = transformer.positions().table(scope, grid)) {
            Tensor tokens = transformer.positions().patches(scope, frames, patches, table);
            return transformer.apply(scope, tokens, wanted);
        }
    }

    /** [B, rows, columns, levels] of the last layer's tokens [B, N, E]. */
    Tensor latent(Scope scope, Tensor tokens, TokenGrid grid) {
        try (Tensor flat = quantProj.apply(scope, tokens)) {
            return flat.reshape(flat.dim(0), grid.height(), grid.width(), flat.dim(2));
        }
    }

    /** Codes [B, rows, columns, levels] and token numbers, checked. */
    FiniteScalarQuantizer.Quantized quantize(Scope scope, Tensor latent) {
        FiniteScalarQuantizer.Quantized quantized = quantizer.quantize(scope, latent);
        try {
            if (config.checkInputs() && !scope.device().isMeta()) {
                requireNumbers(scope, quantized.numbers());
            }
            return quantized;
        } catch (RuntimeException | Error e) {
            quantized.close();
            throw e;
        }
    }

    private void requireNumbers(Scope scope, Tensor numbers) {
        if (Float.isNaN(extreme(scope, numbers, Reduction.MAX))) {
            throw new ArgumentException(config.name() + ": the image has NaN or infinity, or values that the encoder"
                    + " overflows on; fill gaps first, and standardise by the statistics of pretraining");
        }
    }

    FiniteScalarQuantizer.Quantized quantized(Scope scope, Tensor input) {
        int last = config.encoder().depth() - 1;
        try (Tensor tokens = layers(scope, input, List.of(last)).get(last);
                Tensor latent = latent(scope, tokens, grid(input))) {
            return quantize(scope, latent);
        }
    }

    private void requireType(Tensor input) {
        int rank = input.shape().rank();
        boolean labelled = config.labels().isPresent();
        boolean numbers = rank == 3 || rank == 4 && input.dim(1) == 1 && (labelled || config.channels() != 1);
        if (numbers && classes.isPresent()) {
            if (input.dtype() != DType.I64 && input.dtype() != DType.I32 && input.dtype() != DType.F32) {
                throw new DTypeException(config.name() + ": class numbers are " + input.dtype()
                        + ", expected int64 or float32");
            }
        } else if (labelled) {
            throw new ShapeException(config.name() + ": the map has shape " + input.shape() + ", expected numbers of "
                    + config.labels().getAsInt() + " classes, [B, H, W]");
        } else if (rank != 4 || input.dim(1) != config.channels()) {
            throw new ShapeException(config.name() + ": the image has shape " + input.shape() + ", expected [B, "
                    + config.channels() + ", H, W]" + (classes.isPresent()
                    ? ", or numbers of " + config.channels() + " classes [B, H, W] or [B, 1, H, W]"
                    : "; is it the image of another modality?"));
        } else if (input.dtype() != DType.F32) {
            throw new DTypeException(config.name() + ": the image is " + input.dtype() + ", expected float32");
        }
        if (input.dim(0) < 1) {
            throw new ShapeException(config.name() + ": the image has shape " + input.shape()
                    + ", expected at least one sample");
        }
    }

    /** [B, C, H, W] f32, a view or a copy. */
    private Tensor image(Scope scope, Tensor input) {
        if (config.labels().isEmpty() && input.shape().rank() == 4 && input.dim(1) == config.channels()) {
            return input.slice(0, 0, input.dim(0));
        }
        try (Tensor numbers = Kernels.copy(scope, input, DType.I64);
                Tensor flat = numbers.reshape(input.dim(0), input.dim(-2), input.dim(-1))) {
            requireClasses(scope, input);
            try (Tensor image = Kernels.takeRows(scope, classes.orElseThrow(), flat)) {
                return ChannelsLast.toMap(image);
            }
        }
    }

    private void requireClasses(Scope scope, Tensor input) {
        if (scope.device().isMeta()) {
            return;
        }
        try (Tensor numbers = Kernels.copy(scope, input, DType.F32)) {
            float low = extreme(scope, numbers, Reduction.MIN);
            float high = extreme(scope, numbers, Reduction.MAX);
            long count = classes.orElseThrow().dim(0);
            if (!(low > -1 && high < count)) {
                throw new ArgumentException(config.name() + ": class numbers from " + low + " to " + high
                        + ", expected 0 to " + (count - 1) + "; map the classes of another legend first");
            }
        }
    }

    private static float extreme(Scope scope, Tensor tensor, Reduction reduction) {
        try (Tensor flat = tensor.reshape(1, -1); Tensor one = Reductions.reduce(scope, flat, 1, reduction)) {
            return one.toFloatArray()[0];
        }
    }
}
