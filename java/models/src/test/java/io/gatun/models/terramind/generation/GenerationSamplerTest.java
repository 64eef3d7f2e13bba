// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind.generation;

import static io.gatun.models.TestInputs.pixels;
import static io.gatun.models.TestInputs.refuses;
import static io.gatun.models.terramind.generation.Generators.LULC;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.ArgumentException;
import io.gatun.core.Device;
import io.gatun.core.Kernels;
import io.gatun.core.Reductions;
import io.gatun.core.SampleOptions;
import io.gatun.core.Scope;
import io.gatun.core.Structure;
import io.gatun.core.Tensor;
import io.gatun.models.Extent;
import io.gatun.models.Loader;
import io.gatun.models.layers.TokenGrid;
import io.gatun.models.terramind.MaskedModality;
import io.gatun.models.terramind.TerraMindContext;
import io.gatun.models.terramind.TerraMindEncoderDecoder;
import io.gatun.models.terramind.TerraMindEncoderDecoderConfig;
import io.gatun.models.terramind.TerraMindModality;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SequencedMap;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class GenerationSamplerTest {
    private static final String S1 = "untok_sen1grd@224";
    private static final TokenGrid GRID = new TokenGrid(1, 2, 3);
    private static final GenerationSampler.Trace SILENT = (_, _, _, _) -> { };

    private final Scope scope = Scope.open(Device.cpu());

    @AfterEach
    void close() {
        scope.close();
    }

    /** S1GRD to LULC and coordinates, on what was generated too. */
    private TerraMindEncoderDecoder model() {
        return Generators.random(scope, TerraMindEncoderDecoder.loader(
                network(TerraMindEncoderDecoderConfig.Decoder.defaults())));
    }

    private static TerraMindEncoderDecoderConfig network(TerraMindEncoderDecoderConfig.Decoder decoder) {
        SequencedMap<String, TerraMindModality> inputs = new LinkedHashMap<>();
        inputs.put(S1, TerraMindModality.pretrained(S1));
        SequencedMap<String, TerraMindModality> targets = new LinkedHashMap<>();
        for (String key : List.of(LULC, "coords")) {
            inputs.put(key, TerraMindModality.target(key));
            targets.put(key, TerraMindModality.target(key));
        }
        TerraMindGenerationConfig sizes = Generators.generator(Map.of());
        return new TerraMindEncoderDecoderConfig(
                sizes.inputs().size(), 2, Extent.of(32), inputs, targets, decoder, false);
    }

    /** S1GRD seen, six patches of LULC and three coordinates to be found, each seeing so many. */
    private SequencedMap<String, Tensor> logits(
            boolean causal, boolean separate, Optional<long[]> ofLulc, Optional<long[]> ofText) {
        TerraMindEncoderDecoder model = Generators.random(scope, TerraMindEncoderDecoder.loader(
                network(new TerraMindEncoderDecoderConfig.Decoder(causal, separate, true))));
        SequencedMap<String, MaskedModality> given = new LinkedHashMap<>();
        given.put(S1, new MaskedModality(
                pixels(scope, 3, 1, 2, 32, 48), Optional.empty(), Optional.empty(), Optional.empty()));
        boolean[] hidden = {true, true, true, true, true, true};
        given.put(LULC, new MaskedModality(
                scope.of(new long[6], 1, 2, 3), Optional.of(hidden), Optional.empty(), ofLulc));
        given.put("coords", new MaskedModality(scope.of(new long[] {5, 11, 12, 13}, 1, 4),
                Optional.of(new boolean[] {true, true, true, true}), Optional.empty(), ofText));
        return model.logits(scope, 1, given, 6, 9);
    }

    private static float[] rows(Tensor logits, int from, int to) {
        return logits.slice(1, from, to).toFloatArray();
    }

    /** What the modalities say can be said so that it is what the arguments say. */
    @Test
    void theDecodersTokensSeeWhatTheArgumentsSay() {
        Optional<long[]> ones = Optional.of(new long[] {1, 1, 1, 1, 1, 1});
        Optional<long[]> texts = Optional.of(new long[] {1, 1, 1, 1});
        for (boolean separate : new boolean[] {true, false}) {
            assertArrayEquals(logits(false, separate, ones, texts).get(LULC).toFloatArray(),
                    logits(true, separate, Optional.empty(), Optional.empty()).get(LULC).toFloatArray());
        }
        Tensor apart = logits(false, true, Optional.empty(), Optional.empty()).get(LULC);
        Tensor together = logits(false, false, Optional.empty(), Optional.empty()).get(LULC);
        // The first modality sees itself, the second one both.
        assertArrayEquals(rows(apart, 0, 6), rows(together, 0, 6), 1e-5f);
        assertFalse(Arrays.equals(rows(apart, 6, 9), rows(together, 6, 9)));
        Tensor causal = logits(true, true, Optional.empty(), Optional.empty()).get(LULC);
        assertFalse(Arrays.equals(rows(apart, 0, 1), rows(causal, 0, 1)));
    }

    /** Weights of a model that does not share its marks have two of a modality. */
    @Test
    void marksOfTheDecoderAreItsOwnUnlessShared() {
        for (boolean shared : new boolean[] {true, false}) {
            Structure structure = Structure.of(TerraMindEncoderDecoder.loader(
                    network(new TerraMindEncoderDecoderConfig.Decoder(false, true, shared)))::load);
            assertEquals(shared ? Structure.Kind.BUFFER : Structure.Kind.PARAMETER,
                    structure.weights().get("decoder_embeddings." + LULC + ".mod_emb").kind());
        }
    }

    private GenerationState state(int from, int to) {
        Tensor all = pixels(scope, 3, 3, 2, 32, 48);
        GenerationState state = new GenerationState(to - from);
        state.give(S1, all.slice(0, from, to));
        return state;
    }

    private static Sampling sampling(long seed, long first) {
        return new Sampling(0, 0.9, seed, OptionalLong.of(first));
    }

    private static GenerationSampler sampler(TerraMindEncoderDecoder model, long seed, long first) {
        return new GenerationSampler(model, sampling(seed, first), _ -> Set.of(4L, 5L, 6L));
    }

    private static List<GenerationStep> schedule(Scheme scheme, int steps, double temperature, double guidance) {
        return GenerationStep.chain(List.of(S1), List.of(new GenerationStep.Target(LULC, GRID.cells(), scheme, steps,
                TokenSchedule.COSINE, temperature, TemperatureSchedule.of("constant"), List.of(guidance))), true);
    }

    private long[] run(TerraMindEncoderDecoder model, int from, int to, List<GenerationStep> schedule, long seed) {
        GenerationState state = state(from, to);
        state.want(LULC, GRID);
        sampler(model, seed, from).generate(scope, state, schedule);
        boolean[] known = state.known(LULC);
        assertEquals(known.length, IntStream.range(0, known.length).filter(i -> known[i]).count());
        return state.ids(LULC);
    }

    @Test
    void resultsDependOnTheSeedAndNotOnTheBatch() {
        TerraMindEncoderDecoder model = model();
        for (Scheme scheme : List.of(Scheme.ROAR, Scheme.MASKGIT)) {
            List<GenerationStep> schedule = schedule(scheme, 4, 1, 1.5);
            long[] whole = run(model, 0, 3, schedule, 7);
            long[] split = LongStream.concat(Arrays.stream(run(model, 0, 1, schedule, 7)),
                    Arrays.stream(run(model, 1, 3, schedule, 7))).toArray();
            assertArrayEquals(whole, split, scheme.name());
            assertArrayEquals(whole, run(model, 0, 3, schedule, 7), scheme.name());
            assertFalse(Arrays.equals(whole, run(model, 0, 3, schedule, 8)), "the seed does not count");
        }
    }

    /** Where the best token is taken, all are sure: MaskGIT takes places in their order; in one step it is as ROAR. */
    @Test
    void maskgitAtTemperatureZeroGoesInOrder() {
        TerraMindEncoderDecoder model = model();
        List<Long> order = new ArrayList<>();
        List<Integer> counts = new ArrayList<>();
        GenerationState state = state(0, 1);
        state.want(LULC, GRID);
        new GenerationSampler(model, sampling(1, 0), _ -> Set.of(), Optional.empty(), (_, places, _, _) -> {
            Arrays.stream(places).forEach(order::add);
            counts.add(places.length);
        }).generate(scope, state, schedule(Scheme.MASKGIT, 3, 0, 1));
        assertEquals(LongStream.range(0, GRID.cells()).boxed().toList(), order);
        assertEquals(Arrays.stream(TokenSchedule.COSINE.counts(3, GRID.cells())).boxed().toList(), counts);
        assertArrayEquals(run(model, 0, 2, schedule(Scheme.ROAR, 1, 0, 1), 1),
                run(model, 0, 2, schedule(Scheme.MASKGIT, 1, 0, 1), 1));
    }

    /** The surest of all tokens that were drawn is written first. */
    @Test
    void maskgitTakesTheSurestTokens() {
        TerraMindEncoderDecoder model = model();
        List<Double> sure = new ArrayList<>();
        List<Double> all = new ArrayList<>();
        GenerationState state = state(0, 1);
        state.want(LULC, GRID);
        SampleOptions options = new SampleOptions(1, 0, 0.9);
        new GenerationSampler(model, sampling(5, 0), _ -> Set.of(), Optional.empty(), (step, places, logits, ids) -> {
            if (step > 0) {
                return;
            }
            float[] scores = logits.toFloatArray();
            int vocabulary = (int) logits.dim(2);
            long[] draws = LongStream.range(0, GRID.cells()).map(i -> sampling(5, 0).draw(0, 0, i)).toArray();
            long[] drawn = GenerationSampler.ids(scope, logits, options, 5, draws);
            for (int i = 0; i < drawn.length; i++) {
                double one = TokenFilter.probabilities(scores, i * vocabulary, vocabulary, options)[(int) drawn[i]];
                int place = i;
                (Arrays.stream(places).anyMatch(chosen -> chosen == place) ? sure : all).add(one);
            }
        }).generate(scope, state, schedule(Scheme.MASKGIT, 2, 1, 1));
        assertEquals(3, sure.size());
        assertTrue(sure.stream().mapToDouble(x -> x).min().orElseThrow()
                >= all.stream().mapToDouble(x -> x).max().orElseThrow());
    }

    /** The tokens that are drawn have the probabilities that the filter says: none that it leaves out, others often. */
    @Test
    void drawsFollowTheFilter() {
        float[] scores = {0, 1.5f, -1, 2, 0.5f, 1.9f, -3};
        SampleOptions options = new SampleOptions(1.3, 5, 0.85);
        float[] expected = TokenFilter.probabilities(scores, 0, scores.length, options);
        int count = 20_000;
        long[] counters = LongStream.range(0, count).toArray();
        long[] drawn;
        try (Tensor row = scope.of(scores, 1, scores.length); Tensor rows = Kernels.copy(
                scope, row.expand(count, scores.length)); Tensor at = scope.of(counters, count)) {
            drawn = Reductions.sampleTokens(scope, rows, options, 3, at).toLongArray();
        }
        for (int token = 0; token < scores.length; token++) {
            int own = token;
            double share = Arrays.stream(drawn).filter(id -> id == own).count() / (double) count;
            assertEquals(expected[token], share, expected[token] == 0 ? 0 : 0.015, "token " + token);
        }
        assertTrue(expected[6] == 0 && expected[3] > 0);
    }

    @Test
    void theLargestComeFirstAndAmongEqualsTheFirst() {
        float[] values = {9, 0.5f, 0, 1, 0.5f, Float.MIN_VALUE, 0, 1};
        assertArrayEquals(new int[] {3, 7, 1, 4, 5, 2, 6}, TokenFilter.descending(values, 1, 7));
    }

    /** By hand: probabilities of one, two and four parts of seven. */
    @Test
    void theFilterLeavesTheBest() {
        float[] scores = {0, (float) Math.log(2), (float) Math.log(4)};
        double root = Math.sqrt(2);
        double[][] expected = {{1 / 7.0, 2 / 7.0, 4 / 7.0}, {0, 1 / 3.0, 2 / 3.0}, {0, 0, 1}, {0, 1 / 3.0, 2 / 3.0},
                {1 / (3 + root), root / (3 + root), 2 / (3 + root)}};
        List<SampleOptions> options = List.of(new SampleOptions(1, 0, 0), new SampleOptions(1, 2, 0),
                new SampleOptions(1, 0, 0.5), new SampleOptions(1, 0, 0.6), new SampleOptions(2, 0, 0));
        for (int i = 0; i < expected.length; i++) {
            float[] found = TokenFilter.probabilities(scores, 0, 3, options.get(i));
            for (int token = 0; token < 3; token++) {
                assertEquals(expected[i][token], found[token], 1e-6, options.get(i).toString());
            }
        }
    }

    /** By hand, on [1, 2]: twice the way to [3, 5], half the way to [0, 1], none to what has no weight. */
    @Test
    void guidanceIsTheSumOfTheWeightedWays() {
        List<Tensor> with = List.of(scope.of(new float[] {3, 5}, 2), scope.of(new float[] {0, 1}, 2),
                scope.of(new float[] {9, 9}, 2));
        assertArrayEquals(new float[] {1 + 2 * 2 - 0.5f, 2 + 2 * 3 - 0.5f}, GenerationSampler.guided(
                scope, scope.of(new float[] {1, 2}, 2), with, List.of(2.0, 0.5)).toFloatArray());
    }

    /** A weight of one is no guidance, of zero no conditions; several sets of one are the one. */
    @Test
    void guidanceWeighsTheConditions() {
        TerraMindEncoderDecoder model = model();
        long[] plain = run(model, 0, 2, schedule(Scheme.ROAR, 2, 0, 1), 1);
        GenerationState none = new GenerationState(2);
        none.want(LULC, GRID);
        sampler(model, 1, 0).generate(scope, none, schedule(Scheme.ROAR, 2, 0, 1));
        assertArrayEquals(none.ids(LULC), run(model, 0, 2, schedule(Scheme.ROAR, 2, 0, 0), 1));
        assertFalse(Arrays.equals(plain, none.ids(LULC)), "the image does not count");
        for (Scheme scheme : List.of(Scheme.ROAR, Scheme.MASKGIT)) {
            long[] guided = run(model, 0, 2, schedule(scheme, 3, 0, 2), 1);
            GenerationState common = new GenerationState(2);
            common.want(LULC, GRID);
            sampler(model, 1, 0).generateMultiGuided(
                    scope, common, List.of(state(0, 2)), schedule(scheme, 3, 0, 2));
            assertArrayEquals(guided, common.ids(LULC), scheme.name());
        }
    }

    /** Half the weight on each of two equal sets is the whole weight on one. */
    @Test
    void severalConditionsAddUp() {
        TerraMindEncoderDecoder model = model();
        List<GenerationStep> one = schedule(Scheme.ROAR, 2, 0, 2);
        List<GenerationStep> two = one.stream().map(step -> new GenerationStep(step.target(), step.scheme(),
                step.tokens(), 0, List.of(1.5, 0.5), step.conditions())).toList();
        GenerationState alone = new GenerationState(2);
        alone.want(LULC, GRID);
        sampler(model, 1, 0).generateMultiGuided(scope, alone, List.of(state(0, 2)), one);
        GenerationState both = new GenerationState(2);
        both.want(LULC, GRID);
        sampler(model, 1, 0).generateMultiGuided(scope, both, List.of(state(0, 2), state(0, 2)), two);
        assertArrayEquals(alone.ids(LULC), both.ids(LULC));
        refuses(ArgumentException.class, () -> sampler(model, 1, 0).generateMultiGuided(scope, both, List.of(),
                List.of(new GenerationStep("coords", Scheme.AUTOREGRESSIVE, 0, 0, List.of(1.0), List.of()))),
                "Only image modalities are supported for now");
    }

    /** Token by token, with what came before kept, as all at once with a mask. */
    @Test
    void textsAreWrittenAsTheWholePassScoresThem() {
        TerraMindEncoderDecoder model = model();
        GenerationState state = state(0, 2);
        state.wantText("coords", 4);
        List<float[]> scores = new ArrayList<>();
        List<long[]> found = new ArrayList<>();
        new GenerationSampler(model, sampling(2, 0), _ -> Set.of(4L, 5L, 6L), Optional.empty(),
                (_, _, logits, ids) -> {
                    scores.add(logits.toFloatArray());
                    found.add(ids);
                }).generate(scope, state, List.of(
                        new GenerationStep("coords", Scheme.AUTOREGRESSIVE, 0, 0, List.of(1.0), List.of())));
        assertEquals(3, found.size());
        // [S_1] is seen, then [S_1] and what was found are the tokens before each next one.
        long[] ids = new long[10];
        boolean[] seen = new boolean[10];
        boolean[] wanted = new boolean[10];
        for (int sample = 0; sample < 2; sample++) {
            ids[sample * 5] = ids[sample * 5 + 1] = 5;
            wanted[sample * 5] = true;
            for (int i = 0; i < 3; i++) {
                ids[sample * 5 + 2 + i] = found.get(i)[sample];
            }
            Arrays.fill(seen, sample * 5 + 1, sample * 5 + 5, true);
        }
        SequencedMap<String, MaskedModality> given = new LinkedHashMap<>();
        given.put(S1, new MaskedModality(pixels(scope, 3, 3, 2, 32, 48).slice(0, 0, 2), Optional.empty(),
                Optional.empty(), Optional.empty()));
        long[] causal = new long[10];
        Arrays.fill(causal, 1);
        causal[0] = causal[5] = 0;
        given.put("coords", new MaskedModality(scope.of(ids, 2, 5), Optional.of(seen), Optional.of(wanted),
                Optional.of(causal)));
        Tensor whole = model.logits(scope, 2, given, 7, 3).get("coords");
        float[] all = whole.toFloatArray();
        int vocabulary = (int) whole.dim(2);
        for (int place = 0; place < 3; place++) {
            for (int sample = 0; sample < 2; sample++) {
                int from = (sample * 3 + place) * vocabulary;
                assertArrayEquals(Arrays.copyOfRange(all, from, from + vocabulary), Arrays.copyOfRange(
                        scores.get(place), sample * vocabulary, (sample + 1) * vocabulary), 1e-4f);
            }
        }
    }

    @Test
    void aStepOfLessThanNoneFindsNone() {
        GenerationState state = state(0, 1);
        state.want(LULC, GRID);
        sampler(model(), 1, 0).generate(scope, state, List.of(
                new GenerationStep(LULC, Scheme.ROAR, -1, 0, List.of(1.0), List.of()),
                new GenerationStep(LULC, Scheme.MASKGIT, -1, 0, List.of(1.0), List.of())));
        assertArrayEquals(new boolean[GRID.cells()], state.known(LULC));
    }

    /** As with nothing in front of its end. */
    @Test
    void textsWithoutAnEndDoNotCount() {
        TerraMindEncoderDecoder model = model();
        GenerationState without = state(0, 1);
        without.giveText("coords", new long[] {11, 12, 13});
        without.want(LULC, GRID);
        sampler(model, 1, 0).generate(scope, without, schedule(Scheme.ROAR, 1, 0, 1));
        GenerationState empty = state(0, 1);
        empty.giveText("coords", new long[] {3, 9, 9});
        empty.want(LULC, GRID);
        sampler(model, 1, 0).generate(scope, empty, schedule(Scheme.ROAR, 1, 0, 1));
        assertArrayEquals(empty.ids(LULC), without.ids(LULC));
    }

    @Test
    void textsOfNanAreRefused() {
        TerraMindEncoderDecoder model = model();
        GenerationState state = new GenerationState(2);
        Tensor images = pixels(scope, 3, 2, 2, 32, 48);
        Kernels.fill(scope, images.slice(0, 1, 2), Double.NaN);
        state.give(S1, images);
        state.wantText("coords", 4);
        refuses(ArgumentException.class, () -> sampler(model, 1, 0).generate(scope, state, List.of(
                new GenerationStep("coords", Scheme.AUTOREGRESSIVE, 0, 1, List.of(1.0), List.of()))),
                "finds coords", "sample 1 have NaN");
    }

    /** What was written between two sentinels takes the place of the first; what is behind another falls away. */
    @Test
    void textsEndAtTheirSentinel() {
        TerraMindEncoderDecoder model = model();
        GenerationState state = state(0, 1);
        state.giveText("coords", new long[] {11, 12, 3});
        state.wantText("coords", 4);
        List<long[]> found = new ArrayList<>();
        GenerationSampler.Trace trace = (_, _, _, ids) -> found.add(ids.clone());
        List<GenerationStep> steps =
                List.of(new GenerationStep("coords", Scheme.AUTOREGRESSIVE, 0, 1, List.of(1.0), List.of()));
        GenerationState copy = state.copy();
        new GenerationSampler(model, sampling(2, 0), _ -> Set.of(5L), Optional.empty(), trace)
                .generate(scope, state, steps);
        long[] expected = LongStream.concat(LongStream.of(11, 12), found.stream().mapToLong(ids -> ids[0])).toArray();
        assertArrayEquals(expected, state.ids("coords"));
        long second = found.get(1)[0];
        assertTrue(second != found.get(0)[0], "choose another seed");
        new GenerationSampler(model, sampling(2, 0), _ -> Set.of(5L, second), Optional.empty(), SILENT)
                .generate(scope, copy, steps);
        assertArrayEquals(new long[] {11, 12, found.get(0)[0]}, copy.ids("coords"));
    }

    /** The first has ended and goes on, since the second has not: alone it would not have. */
    @Test
    void textsDoNotDependOnTheOthersOfTheBatch() {
        GenerationState state = state(0, 2);
        state.wantText("coords", 8);
        GenerationState.Text text = (GenerationState.Text) state.modalities().get("coords");
        List<long[]> found = List.of(new long[] {5, 5}, new long[] {11, 12}, new long[] {6, 13}, new long[] {5, 14},
                new long[] {15, 6});
        long[][] merged = TextSampler.merged(text, found, Set.of(4L, 5L, 6L));
        assertArrayEquals(new long[] {11}, merged[0]);
        assertArrayEquals(new long[] {12, 13, 14}, merged[1]);
    }

    /** As upstream means to: without the text there is the token alone with which one begins. */
    @Test
    void guidanceHidesTexts() {
        TerraMindEncoderDecoder model = model();
        GenerationState with = state(0, 1);
        with.giveText("coords", new long[] {11, 12, 3});
        with.want(LULC, GRID);
        List<GenerationStep> steps = List.of(new GenerationStep(
                LULC, Scheme.ROAR, GRID.cells(), 0, List.of(0.0), List.of("coords")));
        sampler(model, 1, 0).generate(scope, with, steps);
        GenerationState alone = state(0, 1);
        alone.wantText("coords", 4);
        alone.want(LULC, GRID);
        sampler(model, 1, 0).generate(scope, alone, schedule(Scheme.ROAR, 1, 0, 1));
        assertArrayEquals(alone.ids(LULC), with.ids(LULC));
        GenerationState whole = state(0, 1);
        whole.giveText("coords", new long[] {11, 12, 3});
        whole.want(LULC, GRID);
        sampler(model, 1, 0).generate(scope, whole, schedule(Scheme.ROAR, 1, 0, 1));
        assertFalse(Arrays.equals(whole.ids(LULC), with.ids(LULC)), "the text does not count");
    }

    /** What is behind the end of a text does not count, whatever the other texts of the batch. */
    @Test
    void textsHaveTheirOwnEnds() {
        TerraMindEncoderDecoder model = model();
        List<GenerationStep> steps = schedule(Scheme.ROAR, 1, 0, 1);
        GenerationState both = state(0, 2);
        both.giveText("coords", new long[] {11, 12, 13, 3, 14, 3, 99, 98});
        both.want(LULC, GRID);
        sampler(model, 1, 0).generate(scope, both, steps);
        long[] expected = new long[2 * GRID.cells()];
        for (int i = 0; i < 2; i++) {
            GenerationState one = state(i, i + 1);
            one.giveText("coords", i == 0 ? new long[] {11, 12, 13, 3} : new long[] {14, 3});
            one.want(LULC, GRID);
            sampler(model, 1, i).generate(scope, one, steps);
            System.arraycopy(one.ids(LULC), 0, expected, i * GRID.cells(), GRID.cells());
        }
        assertArrayEquals(expected, both.ids(LULC));
    }

    /** Of three tokens of one target and four of another, four are all of the first and one of the second. */
    @Test
    void targetsComeInTheOrderOfTheInput() {
        TerraMindEncoderDecoder model = model();
        MaskedModality image = new MaskedModality(pixels(scope, 3, 1, 2, 32, 48), Optional.empty(), Optional.empty(),
                Optional.empty());
        MaskedModality text = new MaskedModality(scope.of(new long[] {5, 11, 12, 13}, 1, 4),
                Optional.of(new boolean[] {true, true, true, true}), Optional.empty(), Optional.empty());
        MaskedModality patches = new MaskedModality(scope.of(new long[4], 1, 2, 2),
                Optional.of(new boolean[] {true, true, true, true}), Optional.empty(), Optional.empty());
        SequencedMap<String, MaskedModality> given = new LinkedHashMap<>();
        given.put(S1, image);
        given.put("coords", text);
        float[] alone = model.logits(scope, 1, given, 6, 3).get("coords").toFloatArray();
        given.put(LULC, patches);
        Tensor first = model.logits(scope, 1, given, 6, 4).get("coords");
        assertEquals(4, first.dim(1));
        assertArrayEquals(alone, first.slice(1, 0, 3).toFloatArray(), 1e-4f);
        SequencedMap<String, MaskedModality> other = new LinkedHashMap<>();
        other.put(S1, image);
        other.put(LULC, patches);
        other.put("coords", text);
        float[] last = model.logits(scope, 1, other, 6, 4).get("coords").slice(1, 0, 3).toFloatArray();
        assertFalse(Arrays.equals(alone, last), "the order does not count");
    }

    /** One pass of the encoder serves all steps, unless they change what it sees. */
    @Test
    void contextsAreEncodedWhenTheyChange() {
        TerraMindEncoderDecoder seeing = model();
        TerraMindEncoderDecoder blind = Generators.random(
                scope, TerraMindEncoderDecoder.loader(Generators.generator(Map.of()).network()));
        for (TerraMindEncoderDecoder model : List.of(seeing, blind)) {
            GenerationState state = state(0, 1);
            state.want(LULC, GRID);
            try (Views views = new Views(model, scope)) {
                View view = new View(state, Set.of());
                TerraMindContext first = views.context(view);
                assertSame(first, views.context(new View(state, Set.of())));
                assertNotSame(first, views.context(new View(state, Set.of(S1))));
                state.know(LULC, new long[] {1}, new long[] {7});
                assertEquals(model == blind, first == views.context(view));
                assertEquals(model == seeing, first.keysAndValues().getFirst().isClosed());
            }
        }
    }

    @Test
    void contextsThatNoStepNeedsAreGivenBack() {
        GenerationState state = state(0, 1);
        try (Views views = new Views(model(), scope)) {
            View whole = new View(state, Set.of());
            TerraMindContext kept = views.context(whole);
            GenerationState other = state(1, 2);
            TerraMindContext gone = views.context(new View(other, Set.of()));
            views.keep(Set.of(new View(state, Set.of())));
            assertTrue(gone.keysAndValues().getFirst().isClosed());
            assertSame(kept, views.context(whole));
        }
    }

    @Test
    void whatWasNotAskedForIsRefused() {
        TerraMindEncoderDecoder model = model();
        GenerationState state = state(0, 1);
        refuses(ArgumentException.class, () -> state.want(S1, GRID), "Conditioned target modality not implemented");
        refuses(ArgumentException.class, () -> state.ids(LULC), "nothing is generated of " + LULC);
        refuses(ArgumentException.class,
                () -> sampler(model, 1, 0).generate(scope, state, schedule(Scheme.ROAR, 1, 0, 1)), "ask for it first");
        refuses(ArgumentException.class, () -> new GenerationState(0), "0 samples");
        List<GenerationStep> many = Collections.nCopies(
                4097, new GenerationStep(LULC, Scheme.ROAR, 0, 0, List.of(1.0), List.of()));
        refuses(ArgumentException.class, () -> sampler(model, 1, 0).generate(scope, state, many), "4097 steps");
    }
}
