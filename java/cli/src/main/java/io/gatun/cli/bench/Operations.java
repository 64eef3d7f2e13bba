// SPDX-License-Identifier: Apache-2.0
package io.gatun.cli.bench;

import io.gatun.core.Activation;
import io.gatun.core.DType;
import io.gatun.core.Device;
import io.gatun.core.Fusions;
import io.gatun.core.Images;
import io.gatun.core.Kernels;
import io.gatun.core.PatchEmbedOptions;
import io.gatun.core.PatchEmbedParameters;
import io.gatun.core.Precision;
import io.gatun.core.Reductions;
import io.gatun.core.SampleOptions;
import io.gatun.core.Scope;
import io.gatun.core.TemporalPoolParameters;
import io.gatun.core.Tensor;
import io.gatun.core.TensorData;
import io.gatun.core.Validity;
import io.gatun.core.Weights;
import io.gatun.models.climanet.SpatioTemporalConfig;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.LongStream;

/** Calls of operations at the sizes they have in a forward, with random inputs and weights on a device. */
final class Operations implements AutoCloseable {
    private static final double EPS = 1e-5;
    /** Values that are drawn; larger tensors repeat them. */
    private static final int DRAWN = 1 << 20;
    private static final SampleOptions SAMPLED = new SampleOptions(1, 0, 0.8);

    private final Extents x;
    private final Map<String, TensorData> input;
    private final Precision precision;
    private final Scope inputs;
    private final RandomTensors random = new RandomTensors();
    private final Tensor drawn;

    Operations(Extents extents, Map<String, TensorData> input, Device device, Precision precision) {
        this.x = extents;
        this.input = input;
        this.precision = precision;
        inputs = Scope.open(device, precision);
        drawn = inputs.of(random.normal(0, 1, DRAWN));
    }

    /** A copy of a number of bytes, which moves twice as many. */
    Runnable copy(long bytes) {
        Tensor from = normal(bytes / Float.BYTES);
        return call(scope -> Kernels.copy(scope, from));
    }

    /** A linear layer with as many inputs as outputs. */
    Runnable product(long rows, long side) {
        Tensor matrix = normal(rows, side);
        Weights weights = Kernels.linearWeights(inputs, normal(side, side));
        return call(scope -> Kernels.linear(
                scope, matrix, weights, Optional.empty(), Activation.NONE, Optional.empty()));
    }

    /** A call of an operation, from its start until its result is there; inputs are made beforehand. */
    Runnable call(Operation operation) {
        long embed = x.config().embedDim();
        return switch (operation) {
            case ENCODE_POOL, PATCH_EMBED, TEMPORAL_POOL -> encoder(operation);
            case LINEAR_QKV -> linear(embed, 3 * embed, Activation.NONE, false);
            case LINEAR_OUT -> linear(embed, embed, Activation.NONE, true);
            case LINEAR_FFN1 -> linear(embed, 4 * embed, Activation.GELU, false);
            case LINEAR_FFN2 -> linear(4 * embed, embed, Activation.NONE, true);
            case ATTENTION_MONTH -> attention(x.size().batch() * x.places(), x.size().months(),
                    SpatioTemporalConfig.MONTH_HEADS);
            case ATTENTION -> attention(x.maps(), x.places(), x.config().spatialHeads());
            case CROSS_ATTENTION -> crossAttention();
            case SAMPLE_TOKENS -> {
                Tensor logits = normal(x.places(), Operation.VOCABULARY);
                Tensor counters = inputs.of(LongStream.range(0, x.places()).toArray(), x.places());
                yield call(scope -> Reductions.sampleTokens(scope, logits, SAMPLED, 1, counters));
            }
            case LAYER_NORM -> {
                Tensor tokens = normal(x.maps(), x.places(), embed);
                Tensor weight = normal(embed);
                yield call(scope -> Kernels.layerNorm(scope, tokens, weight, weight, EPS));
            }
            case ADD -> {
                Tensor tokens = normal(x.maps(), x.places(), embed);
                Tensor position = normal(x.places(), embed);
                yield call(scope -> Kernels.add(scope, tokens, position));
            }
            case DECODER_PREFIX, CONV_TRANSPOSE2D, CONV2D, REFINE_HEAD, MAP_HEAD -> decoder(operation);
        };
    }

    private Runnable encoder(Operation operation) {
        long embed = x.config().embedDim();
        long months = x.size().months();
        PatchEmbedOptions options = new PatchEmbedOptions(x.config().patchSize().time(),
                x.config().patchSize().height(), x.config().patchSize().width(), Validity.MASK, EPS);
        Tensor vector = normal(embed);
        TemporalPoolParameters scorer = new TemporalPoolParameters(vector, vector, EPS, matrix(embed, embed), vector,
                vector, normal(1));
        Tensor dayEncoding = normal(x.slots(), embed);
        Tensor monthEncoding = normal(months, embed);
        if (operation == Operation.TEMPORAL_POOL) {
            Tensor tokens = normal(x.size().batch(), months, x.slots(), x.places(), embed);
            return call(scope -> Kernels.temporalPool(
                    scope, tokens, dayEncoding, monthEncoding, scorer, Optional.empty()));
        }
        long[] video = {x.maps(), x.config().inChans(), x.size().days(), x.size().height(), x.size().width()};
        Tensor days = inputs.of(input.get("daily_data")).reshape(video);
        Optional<Tensor> missing = Optional.of(inputs.of(input.get("daily_mask")).reshape(video));
        PatchEmbedParameters patch =
                new PatchEmbedParameters(matrix(embed, x.patchInputs()), vector, vector, vector, options);
        return call(operation == Operation.PATCH_EMBED
                ? scope -> Kernels.patchEmbed(scope, days, missing, patch.weights(), Optional.of(vector),
                        Optional.of(vector), Optional.of(vector), options)
                : scope -> Fusions.encodePool(
                        scope, days, missing, patch, dayEncoding, monthEncoding, scorer, Optional.empty()));
    }

    private Runnable linear(long from, long to, Activation activation, boolean adds) {
        Tensor tokens = normal(x.maps(), x.places(), from);
        Optional<Tensor> residual = adds ? Optional.of(normal(x.maps(), x.places(), to)) : Optional.empty();
        Optional<Tensor> bias = Optional.of(normal(to));
        Weights weights = matrix(to, from);
        return call(scope -> Kernels.linear(scope, tokens, weights, bias, activation, residual));
    }

    private Runnable attention(long sequences, long length, long heads) {
        Tensor queriesKeysValues = normal(sequences, length, 3L * x.config().embedDim());
        return call(scope -> Kernels.attention(scope, queriesKeysValues, heads, precision));
    }

    /** Queries of their own, keys and values of a packed projection, some of which take no part. */
    private Runnable crossAttention() {
        long embed = x.config().embedDim();
        Tensor queries = normal(x.maps(), x.places(), embed);
        Tensor packed = normal(x.maps(), x.places(), 2 * embed);
        Tensor keys = packed.slice(2, 0, embed);
        Tensor values = packed.slice(2, embed, 2 * embed);
        Optional<Tensor> mask = Optional.of(inputs.of(random.flags(0.6, x.maps(), 1, x.places())));
        return call(scope -> Kernels.attention(
                scope, queries, keys, values, mask, x.config().spatialHeads(), precision));
    }

    private Runnable decoder(Operation operation) {
        long hidden = x.config().hidden();
        long channels = x.channels();
        long rows = x.config().patchSize().height();
        long columns = x.config().patchSize().width();
        long overlap = x.config().overlap();
        Tensor bias = normal(channels);
        if (operation == Operation.DECODER_PREFIX || operation == Operation.CONV_TRANSPOSE2D) {
            Tensor up = inputs.of(random.weight(hidden, channels, x.kernelRows(), x.kernelColumns()));
            if (operation == Operation.CONV_TRANSPOSE2D) {
                Tensor coarse = normal(x.maps(), x.rows(), x.columns(), hidden);
                Weights weights = Kernels.convTranspose2dWeights(inputs, up, rows, columns, overlap, overlap);
                return call(scope -> Images.convTranspose2d(scope, coarse, weights, Optional.of(bias), 0, 0));
            }
            long embed = x.config().embedDim();
            Tensor latent = normal(x.maps(), x.rows(), x.columns(), embed);
            Weights weights = Fusions.decoderWeights(inputs, inputs.of(random.weight(hidden, embed)), normal(hidden),
                    up, bias, kernel(), bias, rows, columns, overlap, overlap);
            return call(scope -> Fusions.decoderPrefix(scope, latent, weights, Activation.GELU));
        }
        Tensor cells = normal(x.size().batch(), x.size().months(), x.size().height(), x.size().width(), channels);
        if (operation == Operation.CONV2D) {
            Tensor images = cells.reshape(x.maps(), x.size().height(), x.size().width(), channels);
            Weights weights = Kernels.conv2dWeights(inputs, kernel());
            return call(scope -> Images.conv2d(scope, images, weights, Optional.of(bias), 1, Activation.GELU));
        }
        Tensor one = normal(1);
        Tensor scale = normal(x.size().months());
        Optional<Tensor> land = Optional.of(inputs.of(input.get("land_mask_patch")));
        if (operation == Operation.MAP_HEAD) {
            return call(scope -> Images.mapHead(scope, cells, bias, one, scale, scale, land));
        }
        Weights weights = Fusions.refineWeights(inputs, kernel());
        return call(scope -> Fusions.refineHead(scope, cells, weights, bias, bias, one, scale, scale, land));
    }

    private Runnable call(Consumer<Scope> operation) {
        inputs.sync();
        return () -> {
            try (Scope scope = Scope.open(inputs.device())) {
                operation.accept(scope);
                scope.sync();
            }
        };
    }

    private Weights matrix(long outputs, long width) {
        return Kernels.linearWeights(inputs, inputs.of(random.weight(outputs, width)));
    }

    private Tensor kernel() {
        return inputs.of(random.weight(x.channels(), x.channels(), 3, 3));
    }

    private Tensor normal(long... shape) {
        long[] strip = {1};
        for (long extent : shape) {
            strip[0] *= extent;
        }
        Tensor values = inputs.empty(DType.F32, strip);
        for (long from = 0; from < strip[0]; from += DRAWN) {
            long to = Math.min(strip[0], from + DRAWN);
            Kernels.copy(inputs, drawn.slice(0, 0, to - from), values.slice(0, from, to));
        }
        return values.reshape(shape);
    }

    @Override
    public void close() {
        inputs.close();
    }
}
