// SPDX-License-Identifier: Apache-2.0
package io.gatun.bench;

import io.gatun.cli.bench.RandomTensors;
import io.gatun.cli.bench.Workload;
import io.gatun.core.Activation;
import io.gatun.core.BinaryOp;
import io.gatun.core.DType;
import io.gatun.core.Device;
import io.gatun.core.Fusions;
import io.gatun.core.Images;
import io.gatun.core.Kernels;
import io.gatun.core.PadMode;
import io.gatun.core.PatchEmbedOptions;
import io.gatun.core.PatchEmbedParameters;
import io.gatun.core.Reduction;
import io.gatun.core.Reductions;
import io.gatun.core.ResizeMode;
import io.gatun.core.SampleOptions;
import io.gatun.core.Scope;
import io.gatun.core.Tensor;
import io.gatun.core.TemporalPoolParameters;
import io.gatun.core.Validity;
import io.gatun.core.Weights;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.LongStream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Each operation of {@link Kernels} and {@link Fusions} alone, with the sizes it has in a forward of a workload, from
 * the call until its result is there: the scope, the result's memory and the wait are in the time, the inputs are not.
 * Results are freed before they are returned.
 */
@State(org.openjdk.jmh.annotations.Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 3, jvmArgsAppend = {"-Xmx512m", "-XX:+UseSerialGC", "--enable-native-access=ALL-UNNAMED",
    "--sun-misc-unsafe-memory-access=allow"})
public class KernelBenchmark {
    private static final double EPS = 1e-5;
    private static final int DAYS = 31;
    private static final int PATCH = 4;
    private static final int OVERLAP = 1;
    private static final int HEADS = 4;
    private static final SampleOptions SAMPLED = new SampleOptions(1, 0, 0.8);
    private static final PatchEmbedOptions PATCHES =
            new PatchEmbedOptions(1, PATCH, PATCH, Validity.MASK, EPS);

    @Param("W1")
    public Workload workload;

    @Param("cpu")
    public String device;

    private final RandomTensors random = new RandomTensors();
    private Scope inputs;

    private Tensor days;
    private Tensor missing;
    private Tensor dayTokens;
    private Tensor tokens;
    private Tensor queriesKeysValues;
    private Tensor coarse;
    private Tensor cells;
    private Tensor land;

    private Tensor dayEncoding;
    private Tensor monthEncoding;
    private Tensor position;
    private Tensor numbers;
    private Tensor rowNumbers;
    private Tensor embedVector;
    private Tensor wideVector;
    private Tensor channelVector;
    private Tensor monthVector;
    private Tensor one;

    private Tensor wideMatrix;
    private Tensor upKernel;
    private Tensor refineKernel;
    private Weights patchWeights;
    private Weights wideWeights;
    private Weights upWeights;
    private Weights refineWeights;
    private Weights refineHeadWeights;
    private Weights prefixWeights;
    private Tensor projMatrix;
    private Tensor hiddenVector;
    private Tensor latent;
    private PatchEmbedParameters patchEmbedding;
    private TemporalPoolParameters scorer;

    @Setup
    public void make() {
        inputs = Scope.open(Device.of(device));
        long months = workload.size().months();
        long rows = workload.size().height() / PATCH;
        long columns = workload.size().width() / PATCH;
        long places = rows * columns;
        long embed = workload.config().embedDim();
        long channels = workload.config().hidden() / 2;
        long kernel = PATCH + 2L * OVERLAP;

        days = normal(months, 1, DAYS, workload.size().height(), workload.size().width());
        missing = inputs.of(random.flags(0.4, days.shape().toArray()));
        dayTokens = normal(1, months, DAYS, places, embed);
        tokens = normal(months, places, embed);
        queriesKeysValues = normal(months, places, 3 * embed);
        coarse = normal(months, rows, columns, workload.config().hidden());
        cells = normal(1, months, workload.size().height(), workload.size().width(), channels);
        land = inputs.of(random.flags(0.3, 1, workload.size().height(), workload.size().width()));

        dayEncoding = normal(DAYS, embed);
        monthEncoding = normal(months, embed);
        position = normal(places, embed);
        numbers = inputs.of(LongStream.range(0, places).toArray(), places);
        rowNumbers = inputs.of(LongStream.range(0, months * places).toArray(), months * places);
        embedVector = normal(embed);
        wideVector = normal(4 * embed);
        channelVector = normal(channels);
        monthVector = normal(months);
        one = normal(1);

        wideMatrix = weight(4 * embed, embed);
        upKernel = weight(workload.config().hidden(), channels, kernel, kernel);
        refineKernel = weight(channels, channels, 3, 3);
        patchWeights = Kernels.linearWeights(inputs, weight(embed, 2L * PATCH * PATCH));
        wideWeights = Kernels.linearWeights(inputs, wideMatrix);
        upWeights = upWeights(inputs);
        refineWeights = Kernels.conv2dWeights(inputs, refineKernel);
        projMatrix = weight(workload.config().hidden(), embed);
        hiddenVector = normal(workload.config().hidden());
        latent = normal(months, rows, columns, embed);
        refineHeadWeights = Fusions.refineWeights(inputs, refineKernel);
        prefixWeights = prefixWeights(inputs);
        patchEmbedding = new PatchEmbedParameters(patchWeights, embedVector, embedVector, embedVector, PATCHES);
        scorer = new TemporalPoolParameters(embedVector, embedVector, EPS,
                Kernels.linearWeights(inputs, weight(embed, embed)), embedVector, embedVector, one);
        inputs.sync();
    }

    /** The day tokens, the largest tensor of a forward. */
    @Benchmark
    public Tensor fill() {
        return finished(scope -> {
            Tensor out = scope.empty(DType.F32, dayTokens.shape());
            Kernels.fill(scope, out, 1);
            return out;
        });
    }

    /** The day tokens, dense. */
    @Benchmark
    public Tensor copy() {
        return finished(scope -> Kernels.copy(scope, dayTokens));
    }

    /** Positions, broadcast over the months. */
    @Benchmark
    public Tensor add() {
        return finished(scope -> Kernels.add(scope, tokens, position));
    }

    @Benchmark
    public Tensor layerNorm() {
        return finished(scope -> Kernels.layerNorm(scope, tokens, embedVector, embedVector, EPS));
    }

    @Benchmark
    public Weights linearWeights() {
        return finished(scope -> Kernels.linearWeights(scope, wideMatrix));
    }

    @Benchmark
    public Weights conv2dWeights() {
        return finished(scope -> Kernels.conv2dWeights(scope, refineKernel));
    }

    @Benchmark
    public Weights convTranspose2dWeights() {
        return finished(this::upWeights);
    }

    /** The first layer of a feed-forward part, E to 4E with GELU. */
    @Benchmark
    public Tensor linear() {
        return finished(scope -> Kernels.linear(
                scope, tokens, wideWeights, Optional.of(wideVector), Activation.GELU, Optional.empty()));
    }

    /** Over all places of a month. */
    @Benchmark
    public Tensor attention() {
        return finished(scope -> Kernels.attention(scope, queriesKeysValues, HEADS));
    }

    @Benchmark
    public Tensor patchEmbed() {
        return finished(scope -> Kernels.patchEmbed(scope, days, Optional.of(missing), patchWeights,
                Optional.of(embedVector), Optional.of(embedVector), Optional.of(embedVector), PATCHES));
    }

    @Benchmark
    public Tensor temporalPool() {
        return finished(scope -> Kernels.temporalPool(
                scope, dayTokens, dayEncoding, monthEncoding, scorer, Optional.empty()));
    }

    @Benchmark
    public Tensor convTranspose2d() {
        return finished(scope -> Images.convTranspose2d(
                scope, coarse, upWeights, Optional.of(channelVector), 0, 0));
    }

    /** One of the two 3 x 3 convolutions of the decoder, with GELU. */
    @Benchmark
    public Tensor conv2d() {
        return finished(scope -> Images.conv2d(
                scope, images(), refineWeights, Optional.of(channelVector), 1, Activation.GELU));
    }

    @Benchmark
    public Tensor mapHead() {
        return finished(scope -> Images.mapHead(
                scope, cells, channelVector, one, monthVector, monthVector, Optional.of(land)));
    }

    /** Encoder and pooling of a month. */
    @Benchmark
    public Tensor encodePool() {
        return finished(scope -> Fusions.encodePool(scope, days, Optional.of(missing), patchEmbedding, dayEncoding,
                monthEncoding, scorer, Optional.empty()));
    }

    @Benchmark
    public Weights decoderWeights() {
        return finished(this::prefixWeights);
    }

    /** Projection, transposed convolution and first 3 x 3 convolution, with GELU. */
    @Benchmark
    public Tensor decoderPrefix() {
        return finished(scope -> Fusions.decoderPrefix(scope, latent, prefixWeights, Activation.GELU));
    }

    @Benchmark
    public Weights refineWeights() {
        return finished(scope -> Fusions.refineWeights(scope, refineKernel));
    }

    /** Second 3 x 3 convolution, and the maps. */
    @Benchmark
    public Tensor refineHead() {
        return finished(scope -> Fusions.refineHead(scope, cells, refineHeadWeights, channelVector, channelVector, one,
                monthVector, monthVector, Optional.of(land)));
    }

    @Benchmark
    public Tensor activate() {
        return finished(scope -> Kernels.activate(scope, cells, Activation.SILU));
    }

    @Benchmark
    public Tensor binary() {
        return finished(scope -> Kernels.binary(scope, BinaryOp.MAXIMUM, tokens, position));
    }

    @Benchmark
    public Tensor groupNorm() {
        return finished(scope -> Kernels.groupNorm(
                scope, images(), 8, channelVector, channelVector, EPS, Activation.SILU));
    }

    /** The positions' rows, once for each. */
    @Benchmark
    public Tensor takeRows() {
        return finished(scope -> Kernels.takeRows(scope, position, numbers));
    }

    @Benchmark
    public Tensor resize2d() {
        return finished(scope -> Images.resize2d(
                scope, coarse, coarse.dim(1) * 2, coarse.dim(2) * 2, ResizeMode.BILINEAR, false));
    }

    @Benchmark
    public Tensor rescale2d() {
        return finished(scope -> Images.rescale2d(scope, coarse, 2, 2, ResizeMode.BICUBIC, false));
    }

    @Benchmark
    public Tensor maxPool2d() {
        return finished(scope -> Images.maxPool2d(scope, images(), 2, 2));
    }

    @Benchmark
    public Tensor pad2d() {
        return finished(scope -> Images.pad2d(scope, images(), 0, 3, 0, 3, PadMode.REFLECT, 0));
    }

    /** The mean over the places. */
    @Benchmark
    public Tensor reduce() {
        return finished(scope -> Reductions.reduce(scope, tokens, 1, Reduction.MEAN));
    }

    @Benchmark
    public Tensor softmax() {
        return finished(scope -> Reductions.softmax(scope, cells));
    }

    @Benchmark
    public Tensor argmax() {
        return finished(scope -> Reductions.argmax(scope, cells));
    }

    /** A token for each place, of as many as a row of the packed projection has columns. */
    @Benchmark
    public Tensor sampleTokens() {
        return finished(scope -> Reductions.sampleTokens(scope,
                queriesKeysValues.reshape(rowNumbers.dim(0), queriesKeysValues.dim(2)), SAMPLED, 1, rowNumbers));
    }

    private Tensor images() {
        return cells.reshape(cells.dim(1), cells.dim(2), cells.dim(3), cells.dim(4));
    }

    @TearDown
    public void close() {
        inputs.close();
    }

    private <T> T finished(Function<Scope, T> operation) {
        try (Scope scope = Scope.open(inputs.device())) {
            T result = operation.apply(scope);
            scope.sync();
            return result;
        }
    }

    private Weights upWeights(Scope scope) {
        return Kernels.convTranspose2dWeights(
                scope, upKernel, PATCH, PATCH, OVERLAP, OVERLAP);
    }

    private Weights prefixWeights(Scope scope) {
        return Fusions.decoderWeights(scope, projMatrix, hiddenVector, upKernel, channelVector, refineKernel,
                channelVector, PATCH, PATCH, OVERLAP, OVERLAP);
    }

    private Tensor normal(long... shape) {
        return inputs.of(random.normal(0, 1, shape));
    }

    private Tensor weight(long... shape) {
        return inputs.of(random.weight(shape));
    }
}
