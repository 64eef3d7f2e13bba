// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind.tokenizer;

import static io.gatun.models.TestInputs.pixels;
import static io.gatun.models.terramind.tokenizer.Tokenizers.divae;
import static io.gatun.models.terramind.tokenizer.Tokenizers.load;
import static io.gatun.models.terramind.tokenizer.Tokenizers.refuses;
import static io.gatun.models.terramind.tokenizer.Tokenizers.structure;
import static io.gatun.models.terramind.tokenizer.Tokenizers.vqvae;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.ArgumentException;
import io.gatun.core.Checkpoint;
import io.gatun.core.CheckpointException;
import io.gatun.core.CpuLevel;
import io.gatun.core.CpuOptions;
import io.gatun.core.DType;
import io.gatun.core.DTypeException;
import io.gatun.core.Device;
import io.gatun.core.DeviceMemoryException;
import io.gatun.core.InterruptedRunException;
import io.gatun.core.Kernels;
import io.gatun.core.Philox;
import io.gatun.core.Precision;
import io.gatun.core.Scope;
import io.gatun.core.Shape;
import io.gatun.core.ShapeException;
import io.gatun.core.StateDict;
import io.gatun.core.Tensor;
import io.gatun.core.TensorData;
import io.gatun.data.TestDevices;
import io.gatun.models.TestInputs;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class TerraMindTokenizerTest {
    private static final DecodeOptions FAST = DecodeOptions.defaults().withTimesteps(3);

    @Test
    void imagesThatDoNotFitAreRefused() {
        try (TerraMindTokenizer image = load(divae(Map.of())); TerraMindTokenizer classes = load(vqvae(Map.of()));
                Scope scope = Scope.open(Device.cpu())) {
            refuses(ShapeException.class, "expected [B, 2, H, W]; is it the image of another modality?",
                    () -> image.tokenize(scope, pixels(scope, 1, 1, 3, 32, 32)));
            refuses(ShapeException.class, "expected [B, 2, H, W]",
                    () -> image.tokenize(scope, pixels(scope, 1, 1, 32, 32)));
            refuses(ShapeException.class, "has columns that are no multiple of the patch of 8; pad or cut it to 40",
                    () -> image.tokenize(scope, pixels(scope, 1, 1, 2, 32, 44)));
            refuses(ShapeException.class, "has rows that are no multiple",
                    () -> image.tokenize(scope, pixels(scope, 1, 1, 2, 4, 32)));
            refuses(ShapeException.class, "at least one sample",
                    () -> image.tokenize(scope, scope.zeros(0, 2, 32, 32)));
            refuses(DTypeException.class, "expected float32",
                    () -> image.tokenize(scope, scope.full(DType.I64, 0, 1, 2, 32, 32)));
            refuses(ShapeException.class, "or numbers of 3 classes [B, H, W]",
                    () -> classes.tokenize(scope, pixels(scope, 1, 1, 2, 32, 32)));
            refuses(DTypeException.class, "class numbers",
                    () -> classes.tokenize(scope, scope.full(DType.U8, 0, 1, 32, 32)));
            refuses(ArgumentException.class, "class numbers from 3.0 to 3.0, expected 0 to 2",
                    () -> classes.tokenize(scope, scope.full(DType.I64, 3, 1, 32, 32)));
            refuses(ArgumentException.class, "class numbers from -1.0",
                    () -> classes.tokenize(scope, scope.full(DType.I64, -1, 1, 1, 32, 32)));
            refuses(ArgumentException.class, "class numbers from NaN",
                    () -> classes.tokenize(scope, scope.full(DType.F32, Double.NaN, 1, 32, 32)));
        }
    }

    @Test
    void interruptsEndDenoising() {
        try (TerraMindTokenizer image = load(divae(Map.of())); Scope scope = Scope.open(Device.cpu())) {
            Tensor tokens = image.tokenize(scope, pixels(scope, 1, 1, 2, 32, 32));
            Thread.currentThread().interrupt();
            refuses(InterruptedRunException.class, "denoising was interrupted",
                    () -> image.decodeTokens(scope, tokens, FAST));
        } finally {
            Thread.interrupted();
        }
    }

    @Test
    void imagesWithNanAreRefusedUnlessUnchecked() {
        try (TerraMindTokenizer checked = load(divae(Map.of()));
                TerraMindTokenizer unchecked = load(divae(Map.of("check_inputs", false)));
                Scope scope = Scope.open(Device.cpu())) {
            Tensor image = pixels(scope, 1, 1, 2, 32, 32);
            Kernels.fill(scope, image.slice(2, 0, 1).slice(3, 0, 1), Double.NaN);
            refuses(ArgumentException.class, "the image has NaN or infinity",
                    () -> checked.tokenize(scope, image));
            assertEquals(Shape.of(1, 4, 4), unchecked.tokenize(scope, image).shape());
        }
    }

    @Test
    void tokensThatDoNotFitAreRefused() {
        try (TerraMindTokenizer tokenizer = load(divae(Map.of())); Scope scope = Scope.open(Device.cpu())) {
            refuses(ArgumentException.class, "token number 60, expected 0 to 59 for levels [5, 4, 3]",
                    () -> tokenizer.decodeTokens(scope, scope.full(DType.I64, 60, 1, 4, 4), FAST));
            refuses(ArgumentException.class, "token number -1",
                    () -> tokenizer.tokensToEmbedding(scope, scope.full(DType.I32, -1, 1, 4, 4)));
            refuses(ShapeException.class, "expected [B, rows, columns]",
                    () -> tokenizer.decodeTokens(scope, scope.full(DType.I64, 0, 1, 16), FAST));
            refuses(DTypeException.class, "expected int64",
                    () -> tokenizer.decodeTokens(scope, scope.zeros(1, 4, 4), FAST));
            refuses(ShapeException.class, "expected [B, 3, rows, columns]",
                    () -> tokenizer.decodeQuant(scope, scope.zeros(1, 5, 4, 4), FAST));
            refuses(DTypeException.class, "go through decodeTokens",
                    () -> tokenizer.decodeQuant(scope, scope.full(DType.I64, 0, 1, 3, 4, 4), FAST));
        }
    }

    @Test
    void decodingThatDoesNotFitIsRefused() {
        try (TerraMindTokenizer tokenizer = load(divae(Map.of())); Scope scope = Scope.open(Device.cpu())) {
            Tensor tokens = scope.full(DType.I64, 7, 1, 4, 4);
            refuses(ShapeException.class, "30 x 32 cannot be decoded; expected rows and columns in multiples of 8, at"
                    + " least 32 x 32", () -> tokenizer.decodeTokens(scope, tokens, FAST.withImageSize(30, 32)));
            refuses(ArgumentException.class, "timesteps is 1001, expected 1 to the 1000 of the training",
                    () -> tokenizer.decodeTokens(scope, tokens, FAST.withTimesteps(1001)));
            refuses(ArgumentException.class, "timesteps is 0", () -> FAST.withTimesteps(0));
            refuses(ShapeException.class, "the noise is F32 of shape [1, 2, 16, 16], expected float32 [1, 2, 32, 32]",
                    () -> tokenizer.decodeTokens(scope, tokens, FAST.withNoise(scope.zeros(1, 2, 16, 16))));
            refuses(ShapeException.class, "expected bool [1, 4, 4]", () -> tokenizer.decodeTokens(
                    scope, tokens, FAST.withConditionMask(scope.full(DType.BOOL, 1, 1, 2, 4))));
            refuses(ArgumentException.class, "the first sample has the number -1", () -> FAST.withSeed(0, -1));
            refuses(ArgumentException.class, "an image of 0 x 8 pixels", () -> FAST.withOriginalSize(0, 8));
            refuses(ArgumentException.class, "an image of 8 x -1 pixels", () -> FAST.withImageSize(8, -1));
        }
    }

    @Test
    void aClosedTokenizerIsRefused() {
        TerraMindTokenizer tokenizer = load(divae(Map.of()));
        tokenizer.close();
        tokenizer.close();
        try (Scope scope = Scope.open(Device.cpu())) {
            assertThrows(IllegalStateException.class,
                    () -> tokenizer.tokenize(scope, pixels(scope, 1, 1, 2, 32, 32)));
            assertThrows(IllegalStateException.class,
                    () -> tokenizer.decodeTokens(scope, scope.full(DType.I64, 7, 1, 4, 4), FAST));
        }
    }

    @Test
    void theCheckpointOfAnotherTokenizerIsRefused() {
        refuses(CheckpointException.class, "encoder.proj.weight", () -> TerraMindTokenizer.load(
                structure(divae(Map.of("n_channels", 4))).random(1), divae(Map.of()), Device.cpu(),
                Precision.STRICT));
        refuses(CheckpointException.class, "post_quant_proj.weight", () -> TerraMindTokenizer.load(
                structure(divae(Map.of())).random(1), vqvae(Map.of()), Device.cpu(), Precision.STRICT));
    }

    /** What a sample becomes depends on the seed and its number, not on its batch. */
    @Test
    void noiseIsThatOfTheSampleWhateverTheBatch() {
        try (TerraMindTokenizer tokenizer = load(divae(Map.of())); Scope scope = Scope.open(Device.cpu())) {
            Tensor tokens = tokenizer.tokenize(scope, pixels(scope, 3, 3, 2, 32, 32));
            DecodeOptions seeded = FAST.withSeed(5, 10);
            Tensor together = tokenizer.decodeTokens(scope, tokens, seeded);
            for (int i = 0; i < 3; i++) {
                Tensor alone = tokenizer.decodeTokens(scope, tokens.slice(0, i, i + 1), FAST.withSeed(5, 10 + i));
                assertArrayEquals(together.slice(0, i, i + 1).toFloatArray(), alone.toFloatArray(), "sample " + i);
            }
            assertFalse(Arrays.equals(together.toFloatArray(),
                    tokenizer.decodeTokens(scope, tokens, FAST.withSeed(6, 10)).toFloatArray()));
            float[] start = new float[2 * 32 * 32];
            Philox.normals(5, 10L << 40, start);
            assertArrayEquals(together.slice(0, 0, 1).toFloatArray(), tokenizer.decodeTokens(scope,
                    tokens.slice(0, 0, 1), FAST.withNoise(scope.of(start, 1, 2, 32, 32))).toFloatArray());
        }
    }

    /** Upstream makes a square of the image's columns, and decodes codes alone at the size of the training. */
    @Test
    void imagesThatAreNoSquareAreSquaredUnlessCorrected() {
        try (TerraMindTokenizer upstream = load(divae(Map.of()));
                TerraMindTokenizer corrected = load(divae(Map.of("corrected", true)));
                Scope scope = Scope.open(Device.cpu())) {
            Tensor image = pixels(scope, 3, 1, 2, 16, 24);
            assertEquals(Shape.of(1, 2, 24, 24), upstream.reconstruct(scope, image, FAST).shape());
            assertEquals(Shape.of(1, 2, 16, 24), corrected.reconstruct(scope, image, FAST).shape());
            Tensor tokens = upstream.tokenize(scope, image);
            assertEquals(Shape.of(1, 2, 16, 24), upstream.decodeTokens(scope, tokens, FAST).shape());
            Tensor quantized = upstream.tokensToEmbedding(scope, tokens);
            assertEquals(Shape.of(1, 2, 32, 32), upstream.decodeQuant(scope, quantized, FAST).shape());
            assertEquals(Shape.of(1, 2, 16, 24), corrected.decodeQuant(scope, quantized, FAST).shape());
            assertEquals(Shape.of(1, 2, 48, 40),
                    upstream.decodeQuant(scope, quantized, FAST.withImageSize(48, 40)).shape());
        }
    }

    @Test
    void tokensThatAreLeftOutHaveNoEffect() {
        try (TerraMindTokenizer tokenizer = load(divae(Map.of())); Scope scope = Scope.open(Device.cpu())) {
            Tensor one = tokenizer.tokenize(scope, pixels(scope, 3, 1, 2, 32, 32));
            Tensor two = tokenizer.tokenize(scope, pixels(scope, 4, 1, 2, 32, 32));
            DecodeOptions masked = FAST.withConditionMask(scope.full(DType.BOOL, 1, 1, 4, 4));
            assertArrayEquals(tokenizer.decodeTokens(scope, one, masked).toFloatArray(),
                    tokenizer.decodeTokens(scope, two, masked).toFloatArray());
            assertFalse(Arrays.equals(tokenizer.decodeTokens(scope, one, FAST).toFloatArray(),
                    tokenizer.decodeTokens(scope, two, FAST).toFloatArray()));
            assertArrayEquals(tokenizer.decodeTokens(scope, one, FAST).toFloatArray(),
                    tokenizer.decodeTokens(scope, one, FAST.withOriginalSize(512, 512)).toFloatArray(),
                    "orig_res has no effect");
        }
    }

    /** The same map as numbers, as floats with and without an axis of channels, and as one channel for each class. */
    @Test
    void classesComeAsNumbersOrChannels() {
        try (TerraMindTokenizer tokenizer = load(vqvae(Map.of())); Scope scope = Scope.open(Device.cpu())) {
            long[] numbers = new long[2 * 24 * 40];
            float[] channels = new float[2 * 3 * 24 * 40];
            for (int i = 0; i < numbers.length; i++) {
                numbers[i] = i / 7 % 3;
                channels[(i / 960 * 3 + (int) numbers[i]) * 960 + i % 960] = 1;
            }
            Tensor map = scope.of(numbers, 2, 24, 40);
            long[] expected = tokenizer.tokenize(scope, scope.of(channels, 2, 3, 24, 40)).toLongArray();
            assertArrayEquals(expected, tokenizer.tokenize(scope, map).toLongArray());
            assertArrayEquals(expected, tokenizer.tokenize(scope, map.unsqueeze(1)).toLongArray());
            assertArrayEquals(expected, tokenizer.tokenize(
                    scope, Kernels.copy(scope, map, DType.F32)).toLongArray());
        }
    }

    @Test
    void theRoundTripCountsChangedTokens() {
        try (TerraMindTokenizer image = load(divae(Map.of())); TerraMindTokenizer classes = load(vqvae(Map.of()));
                Scope scope = Scope.open(Device.cpu())) {
            for (TerraMindTokenizer tokenizer : List.of(image, classes)) {
                Tensor pixels = pixels(scope, 3, 2, tokenizer.config().channels(), 32, 32);
                RoundTrip trip = RoundTrip.of(scope, tokenizer, pixels, FAST);
                Tensor tokens = tokenizer.tokenize(scope, pixels);
                Tensor decoded = tokenizer.decodeTokens(scope, tokens, FAST);
                long[] before = tokens.toLongArray();
                long[] after = tokenizer.tokenize(
                        scope, tokenizer == classes ? best(scope, decoded) : decoded).toLongArray();
                assertEquals(LongStream.range(0, 32).filter(i -> before[(int) i] != after[(int) i]).count(),
                        trip.changed());
                assertEquals(32, trip.tokens());
                assertEquals(trip.changed() / 32.0, trip.share());
                assertTrue(trip.changed() > 0 && trip.changed() <= 32, "random weights restore nothing: " + trip);
            }
        }
    }

    /** The class of the highest score of each pixel, int64 [2, 32, 32] of scores [2, 3, 32, 32]. */
    private static Tensor best(Scope scope, Tensor scores) {
        float[] all = scores.toFloatArray();
        long[] classes = new long[2 * 32 * 32];
        for (int i = 0; i < classes.length; i++) {
            int first = i / 1024 * 3 * 1024 + i % 1024;
            for (int each = 1; each < 3; each++) {
                if (all[first + each * 1024] > all[first + (int) classes[i] * 1024]) {
                    classes[i] = each;
                }
            }
        }
        return scope.of(classes, 2, 32, 32);
    }

    /** New noise in each step, whose sum is the same in every batch. */
    @Test
    void ddpmIsChosenForATokenizerOrACall() {
        try (TerraMindTokenizer always = load(divae(Map.of("scheduler", "ddpm")));
                TerraMindTokenizer once = load(divae(Map.of())); Scope scope = Scope.open(Device.cpu())) {
            Tensor tokens = scope.full(DType.I64, 7, 2, 4, 4);
            TokenizerConfig.Diffusion diffusion = (TokenizerConfig.Diffusion) always.config().decoder();
            float[] expected = always.decodeTokens(scope, tokens, FAST.withSeed(1, 0)).toFloatArray();
            assertArrayEquals(expected, once.decodeTokens(
                    scope, tokens, FAST.withSeed(1, 0).withScheduler(diffusion.options())).toFloatArray());
            float[] second = once.decodeTokens(scope, tokens.slice(0, 1, 2),
                    FAST.withSeed(1, 1).withScheduler(diffusion.options())).toFloatArray();
            assertArrayEquals(Arrays.copyOfRange(expected, second.length, 2 * second.length), second);
            assertFalse(Arrays.equals(expected,
                    once.decodeTokens(scope, tokens, FAST.withSeed(1, 0)).toFloatArray()));
        }
    }

    @Test
    void moreStepsTakeNoMoreMemory() {
        try (Device device = Device.cpu(new CpuOptions(0, CpuLevel.AUTO, 0));
                TerraMindTokenizer tokenizer = load(divae(Map.of()), device); Scope scope = Scope.open(device)) {
            Tensor tokens = scope.full(DType.I64, 7, 1, 4, 4);
            long few = peak(device, tokenizer, scope, tokens, 2);
            long live = device.memory().buffersLive();
            // A map has 8 KiB, a step some forty.
            assertTrue(peak(device, tokenizer, scope, tokens, 40) < few + (256 << 10));
            assertEquals(live, device.memory().buffersLive());
        }
    }

    private static long peak(Device device, TerraMindTokenizer tokenizer, Scope scope, Tensor tokens, int steps) {
        device.resetPeakMemory();
        tokenizer.decodeTokens(scope, tokens, DecodeOptions.defaults().withTimesteps(steps)).close();
        return device.memory().bytesPeak();
    }

    @Test
    void tooLittleMemoryIsATypedErrorThatLeavesNothing() {
        try (Device device = Device.cpu(new CpuOptions(0, CpuLevel.AUTO, 0));
                TerraMindTokenizer tokenizer = load(divae(Map.of()), device)) {
            // The scope stays open: closing it would give back what a failed call left in it.
            try (Scope scope = Scope.open(device)) {
                Tensor tokens = scope.full(DType.I64, 7, 1, 4, 4);
                tokenizer.decodeTokens(scope, tokens, FAST).close();
                scope.sync();
                device.trim();
                long live = device.memory().buffersLive();
                device.setMemoryLimit(device.memory().bytesInUse() + (64 << 10));
                assertThrows(DeviceMemoryException.class, () -> tokenizer.decodeTokens(scope, tokens, FAST));
                assertEquals(live, device.memory().buffersLive());
                device.setMemoryLimit(1L << 30);
                assertEquals(Shape.of(1, 2, 32, 32), tokenizer.decodeTokens(scope, tokens, FAST).shape());
            }
        }
    }

    @Test
    void aRefusedImageLeavesNothing() {
        try (Device device = Device.cpu(new CpuOptions(0, CpuLevel.AUTO, 0));
                TerraMindTokenizer tokenizer = load(divae(Map.of()), device); Scope scope = Scope.open(device)) {
            Tensor image = scope.full(DType.F32, Double.NaN, 1, 2, 32, 32);
            tokenizer.encode(scope, scope.zeros(1, 2, 32, 32)).close();
            long live = device.memory().buffersLive();
            refuses(ArgumentException.class, "NaN", () -> tokenizer.encode(scope, image));
            assertEquals(live, device.memory().buffersLive());
        }
    }

    /** Most steps are replayed from a graph where the device has any; the first ones are not. */
    @Test
    @Tag("gpu")
    void replayedStepsAreThoseOfTheCpu() {
        Device device = TestDevices.cudaOrSkip();
        try (TerraMindTokenizer onCuda = load(divae(Map.of()), device);
                TerraMindTokenizer onCpu = load(divae(Map.of())); Scope cuda = Scope.open(device);
                Scope cpu = Scope.open(Device.cpu())) {
            DecodeOptions options = DecodeOptions.defaults().withTimesteps(6).withSeed(3, 0);
            float[] expected =
                    onCpu.decodeTokens(cpu, cpu.full(DType.I64, 7, 2, 4, 4), options).toFloatArray();
            for (int i = 0; i < 2; i++) {
                assertArrayEquals(expected, onCuda.decodeTokens(
                        cuda, cuda.full(DType.I64, 7, 2, 4, 4), options).toFloatArray(), 1e-4f);
            }
        }
    }

    /** Graphs of one shape keep what another shape needs. */
    @Test
    @Tag("gpu")
    void graphsMakeWayForAnotherShape() {
        Device device = TestDevices.cudaOrSkip();
        try (TerraMindTokenizer tokenizer = load(divae(Map.of()), device)) {
            long before = device.memory().bytesInUse();
            DecodeOptions once = DecodeOptions.defaults().withTimesteps(1);
            long needed = peak(device, tokenizer, 1, once) - before;
            peak(device, tokenizer, 4, FAST);
            long held = device.memory().bytesInUse() - before;
            assertTrue(held > 2 * needed, held + " bytes in graphs, " + needed + " needed for one sample");
            device.trim();
            device.setMemoryLimit(before + held + needed / 2);
            try {
                peak(device, tokenizer, 2, once);
                assertTrue(device.memory().bytesInUse() - before < held);
            } finally {
                device.setMemoryLimit(0);
            }
        }
    }

    private static long peak(Device device, TerraMindTokenizer tokenizer, int batch, DecodeOptions options) {
        device.resetPeakMemory();
        try (Scope scope = Scope.open(device)) {
            tokenizer.decodeTokens(scope, scope.full(DType.I64, 7, batch, 4, 4), options);
        }
        return device.memory().bytesPeak();
    }

    /** Labels are looked up: the same as an image of what they have. */
    @Test
    void labelsAreImagesOfTheirNumbers() {
        Map<String, Object> labels = Map.of("n_labels", 5);
        for (boolean plain : new boolean[] {true, false}) {
            TokenizerConfig labelled = plain ? vqvae(labels) : divae(labels);
            TokenizerConfig bare = plain ? vqvae(Map.of()) : divae(Map.of());
            Checkpoint weights = Tokenizers.structure(labelled).random(7);
            int channels = labelled.channels();
            float[] rows = StateDict.of(weights).takeFloats("cls_emb.weight", 5, channels);
            long[] numbers = LongStream.range(0, 32 * 32).map(i -> i * i % 5).toArray();
            float[] pixels = new float[channels * numbers.length];
            for (int i = 0; i < pixels.length; i++) {
                pixels[i] = rows[(int) numbers[i % numbers.length] * channels + i / numbers.length];
            }
            Map<String, TensorData> others = new LinkedHashMap<>(weights.tensors());
            others.remove("cls_emb.weight");
            if (plain) {
                Tokenizers.structure(bare).random(7).tensors().forEach((name, data) -> others.computeIfPresent(
                        name, (_, own) -> own.shape().equals(data.shape()) ? own : data));
            }
            try (Scope scope = Scope.open(Device.cpu());
                    TerraMindTokenizer model =
                            TerraMindTokenizer.load(weights, labelled, Device.cpu(), Precision.STRICT);
                    TerraMindTokenizer other = TerraMindTokenizer.load(
                            new Checkpoint("bare", "", others, Map.of()), bare, Device.cpu(), Precision.STRICT)) {
                Tensor map = scope.of(numbers, 1, 32, 32);
                Tensor image = scope.of(pixels, 1, channels, 32, 32);
                assertArrayEquals(other.encode(scope, image).quantized().toFloatArray(),
                        model.encode(scope, map).quantized().toFloatArray(), 1e-5f);
                DecodeOptions options = DecodeOptions.defaults().withTimesteps(2);
                Tensor decoded = model.reconstruct(scope, map, options);
                assertEquals(Shape.of(1, plain ? 5 : channels, 32, 32), decoded.shape());
                if (!plain) {
                    assertArrayEquals(other.reconstruct(scope, image, options).toFloatArray(), decoded.toFloatArray(),
                            1e-4f);
                }
                refuses(ShapeException.class, "expected numbers of 5 classes", () -> model.encode(scope, image));
                refuses(ArgumentException.class, "expected 0 to 4",
                        () -> model.encode(scope, scope.of(new long[] {5}, 1, 1, 1).expand(1, 32, 32)));
            }
        }
    }

    /** Without it, a token has a cell of a map of features, as with a patch of one pixel. */
    @Test
    void patchesAreProjectedUnlessToldOtherwise() {
        TokenizerConfig features = vqvae(Map.of("patch_proj", false));
        TokenizerConfig pixels = vqvae(Map.of("patch_size", 1, "image_size", 4));
        Checkpoint weights = Tokenizers.structure(pixels).random(7);
        try (Scope scope = Scope.open(Device.cpu());
                TerraMindTokenizer model = TerraMindTokenizer.load(weights, features, Device.cpu(), Precision.STRICT);
                TerraMindTokenizer other = TerraMindTokenizer.load(weights, pixels, Device.cpu(), Precision.STRICT)) {
            for (int side : new int[] {4, 6}) {
                Tensor image = pixels(scope, 3, 1, 3, side, side);
                assertArrayEquals(
                        other.tokenize(scope, image).toLongArray(), model.tokenize(scope, image).toLongArray());
                assertArrayEquals(other.reconstruct(scope, image, DecodeOptions.defaults()).toFloatArray(),
                        model.reconstruct(scope, image, DecodeOptions.defaults()).toFloatArray());
            }
        }
    }

    /** Positions that are the same in all columns are so whatever the number of columns. */
    @Test
    void imagesOfTheWeightsNeedNotBeSquare() {
        TokenizerConfig square = vqvae(Map.of("image_size", 16));
        TokenizerConfig wide = vqvae(Map.of("image_size", List.of(16, 48)));
        Checkpoint weights = Tokenizers.structure(square).random(7);
        Checkpoint both = weights;
        Checkpoint wider = weights;
        for (String name : List.of("encoder.pos_emb", "decoder.pos_emb")) {
            assertEquals(Shape.of(1, 16, 2, 6), Tokenizers.structure(wide).weights().get(name).shape());
            float[] rows = new float[16 * 2 * 2];
            float[] more = new float[16 * 2 * 6];
            for (int i = 0; i < more.length; i++) {
                more[i] = (float) Math.sin(i / 6);
                rows[i / 3] = more[i];
            }
            both = TestInputs.with(both, name, rows, 1, 16, 2, 2);
            wider = TestInputs.with(wider, name, more, 1, 16, 2, 6);
        }
        try (Scope scope = Scope.open(Device.cpu());
                TerraMindTokenizer model = TerraMindTokenizer.load(wider, wide, Device.cpu(), Precision.STRICT);
                TerraMindTokenizer other = TerraMindTokenizer.load(both, square, Device.cpu(), Precision.STRICT)) {
            for (long[] shape : new long[][] {{1, 3, 16, 48}, {1, 3, 16, 16}}) {
                Tensor image = pixels(scope, 3, shape);
                assertArrayEquals(other.reconstruct(scope, image, DecodeOptions.defaults()).toFloatArray(),
                        model.reconstruct(scope, image, DecodeOptions.defaults()).toFloatArray(), 1e-4f);
            }
        }
    }
}
