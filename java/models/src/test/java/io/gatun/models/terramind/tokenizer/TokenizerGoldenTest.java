// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import io.gatun.core.DType;
import io.gatun.core.Device;
import io.gatun.core.Kernels;
import io.gatun.core.Scope;
import io.gatun.core.Shape;
import io.gatun.core.Structure;
import io.gatun.core.Tensor;
import io.gatun.data.GoldenCase;
import io.gatun.data.TestDevices;
import io.gatun.models.Arguments;
import io.gatun.models.Extent;
import io.gatun.models.Feature;
import io.gatun.models.Input;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;

/**
 * Every case of the golden family {@code terramind_tokenizer}: token numbers exactly, all else at the tolerance of its
 * JSON. Cases never seen run unchanged.
 */
class TokenizerGoldenTest {
    private static final String FAMILY = "terramind_tokenizer";
    private static final Predicate<GoldenCase> MODELS = golden -> golden.upstreamClass().matches("(VQVAE|DiVAE).*");

    @TestFactory
    Stream<DynamicTest> cases() throws IOException {
        return GoldenCase.family(FAMILY, golden -> TestDevices.eachCpu(scope -> run(golden, scope)));
    }

    /** On a GPU, or on the host harness that runs the CUDA kernels in its place. */
    @TestFactory
    @Tag("gpu")
    Stream<DynamicTest> casesOnCuda() throws IOException {
        return GoldenCase.family(FAMILY,
                golden -> TestDevices.cuda(scope -> run(golden, scope)));
    }

    /** Decoders in less than float32, norm-wise: TF32 within 2e-3, bfloat16 within 1e-2. */
    @TestFactory
    @Tag("gpu")
    Stream<DynamicTest> decodersOfLessPrecisionOnCuda() throws IOException {
        return GoldenCase.family(FAMILY, MODELS, golden -> TestDevices.cudaOfLessPrecision(2e-3, 1e-2,
                (scope, limit) -> {
            Tensor quantized = scope.of(golden.tensor("expected/quant"));
            boolean diffusion = golden.has("expected/unet_t500");
            TerraMindTokenizer tokenizer = TerraMindTokenizer.loader(config(golden)).load(scope, golden.weights());
            Tensor image = tokenizer instanceof DiVAE divae
                    ? divae.predict(scope, scope.of(golden.tensor("input/noise")), quantized, 500, Optional.empty())
                    : tokenizer.decodeQuant(scope, quantized, DecodeOptions.defaults());
            golden.compareNorm(diffusion ? "expected/unet_t500" : "expected/decoded", image.shape(),
                    image.toFloatArray(), limit);
            tokenizer.close();
        }));
    }

    /** Names and shapes of a small model are upstream's. */
    @TestFactory
    Stream<DynamicTest> weights() throws IOException {
        return GoldenCase.family(FAMILY, MODELS, golden -> {
            Map<String, Shape> expected = new TreeMap<>();
            golden.weights().tensors().forEach((name, data) -> expected.put(name, data.shape()));
            Map<String, Shape> found = new TreeMap<>();
            Structure.of(TerraMindTokenizer.loader(config(golden))::load).weights().forEach(
                    (name, entry) -> found.put(name, entry.shape()));
            assertEquals(expected, found);
        });
    }

    /** Upstream's tokens of its decoded image that are others than those of the image, counted in PyTorch. */
    @TestFactory
    Stream<DynamicTest> roundTripsChangeAsManyTokensAsInPyTorch() throws IOException {
        Map<String, Integer> changed = Map.of("vqvae_lulc_like", 16, "vqvae_lulc_class_ids", 27, "divae_a", 15);
        return GoldenCase.family(FAMILY, golden -> changed.containsKey(name(golden)), golden -> {
            try (Scope scope = Scope.open(Device.cpu()); TerraMindTokenizer tokenizer =
                    TerraMindTokenizer.loader(config(golden)).load(scope, golden.weights())) {
                RoundTrip trip = RoundTrip.of(
                        scope, tokenizer, scope.of(golden.tensor("input/x")), options(golden, scope, tokenizer));
                assertEquals(golden.tensor("expected/tokens").shape().numElements(), trip.tokens());
                assertEquals(changed.get(name(golden)).longValue(), trip.changed());
            }
        });
    }

    private static String name(GoldenCase golden) {
        return golden.toString().replaceAll(".*/", "");
    }

    private static void run(GoldenCase golden, Scope scope) {
        switch (golden.upstreamClass()) {
            case "FiniteScalarQuantizer" -> quantizer(golden, scope);
            case "DDIMScheduler" -> schedule(golden);
            case "DDIMScheduler.step" -> step(golden, scope);
            case String name when MODELS.test(golden) -> model(golden, scope);
            default -> fail("no test for " + golden.upstreamClass());
        }
    }

    private static void quantizer(GoldenCase golden, Scope scope) {
        List<Integer> levels = FiniteScalarQuantizer.levels((String) golden.constructor().get("codebook_size"));
        FiniteScalarQuantizer quantizer = new FiniteScalarQuantizer(scope, levels);
        assertEquals(((Number) golden.described("codebook_total")).intValue(), FiniteScalarQuantizer.size(levels));
        Tensor latent = scope.of(golden.tensor("input/latent")).permute(0, 2, 3, 1);
        FiniteScalarQuantizer.Quantized quantized =
                quantizer.quantize(scope, Kernels.copy(scope, latent));
        compare(golden, "expected/code", quantized.codes().permute(0, 3, 1, 2));
        equal(golden, scope, "expected/indices",
                Kernels.copy(scope, quantized.numbers(), DType.I64));
        compare(golden, "expected/embedding",
                quantizer.codes(scope, scope.of(golden.tensor("input/tokens"))).permute(0, 3, 1, 2));
    }

    private static DiffusionScheduler scheduler(GoldenCase golden) {
        Arguments arguments = Arguments.of(golden.toString(), golden.constructor());
        DiffusionOptions options = DiffusionOptions.of(arguments, true);
        arguments.finish();
        return new DiffusionScheduler(options);
    }

    private static int count(GoldenCase golden) {
        Map<String, Object> forward = golden.forward();
        return ((Number) forward.getOrDefault("steps", forward.get("timesteps"))).intValue();
    }

    private static DiffusionOptions.Mode mode(GoldenCase golden) {
        return DiffusionOptions.Mode.valueOf(((String) golden.forward().get("mode")).toUpperCase(Locale.ROOT));
    }

    private static void schedule(GoldenCase golden) {
        DiffusionScheduler scheduler = scheduler(golden);
        int[] timesteps = scheduler.timesteps(count(golden), mode(golden));
        try (Scope scope = Scope.open(Device.cpu())) {
            assertArrayEquals(scope.of(golden.tensor("expected/timesteps")).toLongArray(),
                    Arrays.stream(timesteps).asLongStream().toArray());
        }
        golden.compare("expected/alphas_cumprod", Shape.of(scheduler.alphas().length), scheduler.alphas());
    }

    private static void step(GoldenCase golden, Scope scope) {
        DiffusionScheduler scheduler = scheduler(golden);
        int[] timesteps = scheduler.timesteps(count(golden), mode(golden));
        Tensor all = scope.of(scheduler.coefficients(timesteps, count(golden)), timesteps.length,
                DiffusionScheduler.COEFFICIENTS);
        Tensor output = scope.of(golden.tensor("input/model_output"));
        Tensor sample = scope.of(golden.tensor("input/sample"));
        for (int i = 0; i < timesteps.length; i++) {
            Tensor coefficients = all.slice(0, i, i + 1).reshape(DiffusionScheduler.COEFFICIENTS);
            compare(golden, "expected/prev/" + timesteps[i],
                    scheduler.step(scope, output, sample, coefficients, Optional.empty()));
        }
    }

    private static TokenizerConfig config(GoldenCase golden) {
        Arguments arguments = Arguments.of(golden.toString(), golden.constructor());
        TokenizerConfig config = TokenizerConfig.of(golden.upstreamClass().startsWith("VQVAE")
                ? TokenizerConfig.Kind.VQVAE : TokenizerConfig.Kind.DIVAE, arguments);
        arguments.finish();
        return config;
    }

    private static void model(GoldenCase golden, Scope scope) {
        TokenizerConfig config = config(golden);
        Tensor image = scope.of(golden.tensor("input/x"));
        backbone(golden, scope, config, image);
        onMeta(config, image, golden.tensor("expected/decoded").shape());
        try (TerraMindTokenizer tokenizer = TerraMindTokenizer.loader(config).load(scope, golden.weights())) {
            TerraMindTokenizer.Encoded encoded = tokenizer.encode(scope, image);
            equal(golden, scope, "expected/tokens", encoded.tokens());
            compare(golden, "expected/quant", encoded.quantized());
            compare(golden, "expected/quant", tokenizer.tokensToEmbedding(scope, encoded.tokens()));
            DecodeOptions options = options(golden, scope, tokenizer);
            if (tokenizer instanceof DiVAE divae) {
                diffusion(golden, scope, divae, encoded.quantized(), options);
            }
            compare(golden, "expected/decoded", tokenizer.decodeQuant(scope, encoded.quantized(), options));
            compare(golden, "expected/decoded", tokenizer.decodeTokens(scope, encoded.tokens(), options));
            compare(golden, "expected/decoded", tokenizer.reconstruct(scope, image, options));
        }
    }

    private static DecodeOptions options(GoldenCase golden, Scope scope, TerraMindTokenizer tokenizer) {
        return tokenizer instanceof DiVAE ? DecodeOptions.defaults().withTimesteps(count(golden), mode(golden))
                .withNoise(scope.of(golden.tensor("input/noise"))) : DecodeOptions.defaults();
    }

    private static void backbone(GoldenCase golden, Scope scope, TokenizerConfig config, Tensor image) {
        Map<TokenizerBackbone.ReturnType, String> expected = Map.of(
                TokenizerBackbone.ReturnType.EMBEDDING, "intermediate/encoder",
                TokenizerBackbone.ReturnType.LATENT, "intermediate/latent",
                TokenizerBackbone.ReturnType.QUANTIZED, "expected/quant");
        expected.forEach((type, key) -> {
            if (golden.has(key)) {
                TokenizerBackbone backbone = TokenizerBackbone.loader(config, type).load(
                        scope, TokenizerBackbone.weights(golden.weights()));
                List<Feature> features = backbone.forward(scope, Input.of(image));
                assertEquals(backbone.outChannels(),
                        features.stream().map(feature -> (int) feature.tensor().dim(1)).toList());
                compare(golden, key, features.getLast().tensor());
            }
        });
    }

    private static void diffusion(
            GoldenCase golden, Scope scope, DiVAE divae, Tensor quantized, DecodeOptions options) {
        Tensor noise = options.noise().orElseThrow();
        if (golden.has("intermediate/time")) {
            compare(golden, "intermediate/time", divae.timeEmbedding(scope, 500));
        }
        compare(golden, "expected/unet_t500", divae.predict(scope, noise, quantized, 500, Optional.empty()));
        Tensor all = scope.full(DType.BOOL, 1, quantized.dim(0), quantized.dim(2), quantized.dim(3));
        compare(golden, "expected/unet_t20_all_masked", divae.predict(scope, noise, quantized, 20, Optional.of(all)));
        Extent size = new Extent((int) noise.dim(2), (int) noise.dim(3));
        divae.decode(scope, quantized, size, options,
                (timestep, reached) -> compare(golden, "expected/steps/" + timestep, reached.get()));
    }

    /** Shapes alone are those of the real run. */
    private static void onMeta(TokenizerConfig config, Tensor image, Shape decoded) {
        Structure.of((scope, state) -> {
            TerraMindTokenizer tokenizer = TerraMindTokenizer.loader(config).load(scope, state);
            Tensor shape = scope.empty(image.dtype(), image.shape().toArray());
            assertEquals(decoded, tokenizer.reconstruct(scope, shape, DecodeOptions.defaults()).shape());
            return config;
        });
    }

    private static void compare(GoldenCase golden, String key, Tensor actual) {
        golden.compare(key, actual.shape(), actual.toFloatArray());
    }

    private static void equal(GoldenCase golden, Scope scope, String key, Tensor actual) {
        Tensor expected = scope.of(golden.tensor(key));
        assertEquals(expected.shape(), actual.shape(), golden + " " + key);
        assertArrayEquals(expected.toLongArray(), actual.toLongArray(), golden + " " + key);
    }
}
