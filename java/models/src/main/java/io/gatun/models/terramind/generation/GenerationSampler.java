// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind.generation;

import io.gatun.core.ArgumentException;
import io.gatun.core.BinaryOp;
import io.gatun.core.InterruptedRunException;
import io.gatun.core.Kernels;
import io.gatun.core.Philox;
import io.gatun.core.Reduction;
import io.gatun.core.Reductions;
import io.gatun.core.SampleOptions;
import io.gatun.core.Scope;
import io.gatun.core.Tensor;
import io.gatun.models.terramind.TerraMindContext;
import io.gatun.models.terramind.TerraMindEncoderDecoder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Finds tokens step by step, TerraTorch's {@code GenerationSampler}. What the encoder sees is encoded when it changes,
 * not in every step.
 */
public final class GenerationSampler {
    /** Sees what a step did. */
    interface Trace {
        void step(int step, long[] places, Tensor logits, long[] ids);
    }

    /** Chooses the places of a step of a sample; the first of them are taken. */
    interface Order {
        int[] places(int step, int sample, int[] candidates);
    }

    private final TerraMindEncoderDecoder model;
    private final Sampling sampling;
    private final Function<String, Set<Long>> sentinels;
    private final Order order;
    private final Trace trace;

    /**
     * A sampler.
     *
     * @param model finds scores
     * @param sampling how tokens are drawn
     * @param sentinels numbers that part a text, by its key: {@code [S_0]}, {@code [S_1]} and so on
     */
    public GenerationSampler(TerraMindEncoderDecoder model, Sampling sampling, Function<String, Set<Long>> sentinels) {
        this(model, sampling, sentinels, Optional.empty(), (_, _, _, _) -> { });
    }

    GenerationSampler(TerraMindEncoderDecoder model, Sampling sampling, Function<String, Set<Long>> sentinels,
            Optional<Order> order, Trace trace) {
        this.model = model;
        this.sampling = sampling;
        this.sentinels = sentinels;
        this.order = order.orElse((step, _, candidates) -> random(sampling.seed(), step, candidates));
        this.trace = trace;
    }

    private static int[] random(long seed, int step, int[] candidates) {
        return Arrays.stream(candidates).boxed().sorted(Comparator.comparing(
                place -> Philox.uniform(seed, Sampling.order(step, place)))).mapToInt(i -> i).toArray();
    }

    /**
     * Runs the steps of a schedule.
     *
     * @param scope where it runs; what a step needs is given back after it
     * @param state what is known, and afterwards what was found
     * @param schedule the steps
     * @throws ArgumentException if a target of a step was not asked for, there are more than 4096 steps, or scores are
     *     NaN
     * @throws io.gatun.core.DeviceMemoryException if memory does not suffice
     */
    public void generate(Scope scope, GenerationState state, List<GenerationStep> schedule) {
        requireNumbered(schedule);
        try (Views views = new Views(model, scope)) {
            List<View> before = List.of();
            for (int i = 0; i < schedule.size(); i++) {
                List<View> shown = shown(state, schedule.get(i));
                if (!shown.equals(before)) {
                    views.keep(schedule.subList(i, schedule.size()).stream().flatMap(
                            later -> shown(state, later).stream()).collect(Collectors.toSet()));
                    before = shown;
                }
                run(scope, views, i, schedule.get(i), List.of(state), shown.getFirst(),
                        shown.subList(1, shown.size()));
            }
        }
    }

    /** What a step shows the encoder: all; where it is guided, that without the conditions first. */
    private static List<View> shown(GenerationState state, GenerationStep step) {
        View all = new View(state, Set.of());
        return step.isGuided() ? List.of(new View(state, Set.copyOf(step.conditions())), all) : List.of(all);
    }

    /**
     * Runs a schedule under several sets of conditions, each drawing the scores from those without conditions as far as
     * its number of the step's guidance says: upstream's {@code generate_multi_guided}. An image that was generated is
     * one more set for those after it.
     *
     * @param scope where it runs
     * @param state what is to be found, and what all sets have in common
     * @param conditions what is known under each condition, without the targets
     * @param schedule steps for images
     * @throws ArgumentException if a target of a step was not asked for or is a text, there are more than 4096 steps,
     *     or scores are NaN
     * @throws io.gatun.core.DeviceMemoryException if memory does not suffice
     */
    public void generateMultiGuided(
            Scope scope, GenerationState state, List<GenerationState> conditions, List<GenerationStep> schedule) {
        requireNumbered(schedule);
        List<GenerationState> sets = new ArrayList<>();
        conditions.forEach(each -> sets.add(each.copy()));
        Set<String> generated = new HashSet<>();
        String current = "";
        try (Views views = new Views(model, scope)) {
            for (int i = 0; i < schedule.size(); i++) {
                GenerationStep step = schedule.get(i);
                if (step.scheme() == Scheme.AUTOREGRESSIVE) {
                    throw new ArgumentException("Only image modalities are supported for now: several conditions with"
                            + " weights cannot be had for the text " + step.target());
                }
                boolean next = !step.target().equals(current);
                if (next) {
                    follow(state, sets, generated, current, step.target());
                    current = step.target();
                }
                View plain = new View(state, Set.copyOf(generated));
                List<View> conditional = sets.stream().map(set -> new View(set, Set.of())).toList();
                if (next) {
                    views.keep(Stream.concat(Stream.of(plain), conditional.stream()).collect(Collectors.toSet()));
                }
                List<GenerationState> all = new ArrayList<>(List.of(state));
                all.addAll(sets);
                run(scope, views, i, step, all, plain, conditional);
            }
        }
    }

    private static void requireNumbered(List<GenerationStep> schedule) {
        if (schedule.size() > Sampling.MOST_STEPS) {
            throw new ArgumentException("a schedule of " + schedule.size() + " steps, expected at most "
                    + Sampling.MOST_STEPS + ": more would share their random numbers; lower decoding_steps");
        }
    }

    private static void follow(GenerationState state, List<GenerationState> sets, Set<String> generated, String done,
            String next) {
        sets.forEach(set -> set.modalities().remove(done));
        if (!done.isEmpty()) {
            generated.add(done);
            GenerationState set = new GenerationState(state.batch());
            set.modalities().put(done, state.modalities().get(done));
            sets.add(set);
        }
        sets.forEach(set -> set.modalities().put(next, state.modalities().get(next)));
    }

    /** One step; what it finds is written into all states. */
    private void run(Scope scope, Views views, int number, GenerationStep step, List<GenerationState> states,
            View plain, List<View> conditional) {
        GenerationState state = states.getFirst();
        InterruptedRunException.throwIfInterrupted(
                "finding tokens of " + step.target() + " was interrupted; start it again");
        switch (state.modalities().get(step.target())) {
            case GenerationState.Patches patches when step.scheme() != Scheme.AUTOREGRESSIVE -> {
                if (step.tokens() <= 0) {
                    return; // of a schedule that is rounded
                }
                Patch found = step.scheme() == Scheme.ROAR ? roar(state, number, step, patches)
                        : maskgit(state, patches);
                if (found.count() == 0) {
                    return;
                }
                long[] places = found.places();
                try (Tensor logits = guided(scope, views, plain, conditional, step, context -> model.patchLogits(
                        scope, context, step.target(), patches.grid(), places))) {
                    Patch drawn = drawn(scope, number, step, found, logits);
                    trace.step(number, drawn.places(), logits, drawn.ids());
                    states.forEach(each -> each.know(step.target(), drawn.places(), drawn.ids()));
                }
            }
            case GenerationState.Text _ when step.scheme() == Scheme.AUTOREGRESSIVE ->
                    new TextSampler(model, sampling, sentinels.apply(step.target()), trace).run(scope, state, step,
                            number, views.context(plain), conditional.stream().map(views::context).toList());
            case null, default -> throw new ArgumentException("step " + number + " finds " + step.target() + " by "
                    + step.scheme() + "; ask for it first: an image for ROAR and MASKGIT, a text for AUTOREGRESSIVE");
        }
    }

    /** Places [B, count] of patches, and their ids. */
    private record Patch(int batch, int count, long[] places, long[] ids) {}

    private Patch roar(GenerationState state, int number, GenerationStep step, GenerationState.Patches patches) {
        int count = Math.min(step.tokens(), unknown(patches, 0).length);
        long[] places = new long[state.batch() * count];
        for (int sample = 0; sample < state.batch(); sample++) {
            int[] chosen = order.places(number, sample, unknown(patches, sample));
            for (int i = 0; i < count; i++) {
                places[sample * count + i] = chosen[i];
            }
        }
        return new Patch(state.batch(), count, places, new long[0]);
    }

    private static Patch maskgit(GenerationState state, GenerationState.Patches patches) {
        int count = unknown(patches, 0).length;
        long[] places = new long[state.batch() * count];
        for (int sample = 0; sample < state.batch(); sample++) {
            int[] candidates = unknown(patches, sample);
            for (int i = 0; i < count; i++) {
                places[sample * count + i] = candidates[i];
            }
        }
        return new Patch(state.batch(), count, places, new long[0]);
    }

    private static int[] unknown(GenerationState.Patches patches, int sample) {
        int cells = patches.grid().cells();
        return IntStream.range(0, cells).filter(i -> !patches.known()[sample * cells + i]).toArray();
    }

    /** Tokens of the step: all that were scored, or of MaskGIT the surest. */
    private Patch drawn(Scope scope, int number, GenerationStep step, Patch scored, Tensor logits) {
        int rows = scored.places().length;
        long[] draws = new long[rows];
        for (int i = 0; i < rows; i++) {
            draws[i] = sampling.draw(i / scored.count(), number, scored.places()[i]);
        }
        SampleOptions options = options(sampling, step);
        long[] ids = ids(scope, logits, options, sampling.seed(), draws);
        requireDrawn(step, number, scored.count(), ids);
        if (step.scheme() == Scheme.ROAR) {
            return new Patch(scored.batch(), scored.count(), scored.places(), ids);
        }
        return surest(scored, ids, sureness(logits, ids, options), Math.min(step.tokens(), scored.count()));
    }

    static SampleOptions options(Sampling sampling, GenerationStep step) {
        double temperature = Math.abs(step.temperature()) <= 1e-10 ? 0 : step.temperature();
        return new SampleOptions(temperature, sampling.topK(), sampling.topP());
    }

    /** Numbers drawn from logits [..., V], -1 where one is NaN; zeros where there are only shapes. */
    static long[] ids(Scope scope, Tensor logits, SampleOptions options, long seed, long[] draws) {
        if (scope.device().isMeta()) {
            return new long[draws.length];
        }
        try (Tensor rows = logits.reshape(draws.length, -1); Tensor counters = scope.of(draws, draws.length);
                Tensor drawn = Reductions.sampleTokens(scope, rows, options, seed, counters)) {
            long[] ids = drawn.toLongArray();
            if (options.temperature() == 0) {
                markNan(scope, rows, ids);
            }
            return ids;
        }
    }

    /** The best token of a row with NaN is the place of the first NaN, which looks like any other. */
    private static void markNan(Scope scope, Tensor rows, long[] ids) {
        try (Tensor largest = Reductions.reduce(scope, rows, 1, Reduction.MAX)) {
            float[] each = largest.toFloatArray();
            for (int i = 0; i < ids.length; i++) {
                ids[i] = Float.isNaN(each[i]) ? -1 : ids[i];
            }
        }
    }

    /** Each sample has so many of the ids, and all were drawn from numbers. */
    static void requireDrawn(GenerationStep step, int number, int each, long[] ids) {
        for (int i = 0; i < ids.length; i++) {
            if (ids[i] < 0) {
                throw new ArgumentException("step " + number + ", which finds " + step.target() + ": the scores of"
                        + " sample " + i / each + " have NaN, expected numbers; the input has NaN or infinity, token"
                        + " numbers outside of their vocabulary, or values that the network overflows on: fill gaps"
                        + " first, and standardise by the statistics of pretraining");
            }
        }
    }

    /** Probability of each token among those that could be drawn; all are sure where the best is taken. */
    private static float[] sureness(Tensor logits, long[] ids, SampleOptions options) {
        float[] sure = new float[ids.length];
        Arrays.fill(sure, 1);
        if (options.temperature() == 0 || logits.device().isMeta()) {
            return sure;
        }
        float[] scores = logits.toFloatArray();
        int vocabulary = (int) logits.dim(-1);
        for (int i = 0; i < ids.length; i++) {
            sure[i] = TokenFilter.probabilities(scores, i * vocabulary, vocabulary, options)[(int) ids[i]];
        }
        return sure;
    }

    /** Of each sample so many, the surest first; among equals in the order of the image. */
    private static Patch surest(Patch scored, long[] ids, float[] sure, int count) {
        long[] places = new long[scored.batch() * count];
        long[] kept = new long[places.length];
        for (int sample = 0; sample < scored.batch(); sample++) {
            int first = sample * scored.count();
            int[] best = TokenFilter.descending(sure, first, scored.count());
            for (int i = 0; i < count; i++) {
                places[sample * count + i] = scored.places()[best[i]];
                kept[sample * count + i] = ids[best[i]];
            }
        }
        return new Patch(scored.batch(), count, places, kept);
    }

    private static Tensor guided(Scope scope, Views views, View plain, List<View> conditional, GenerationStep step,
            Function<TerraMindContext, Tensor> scores) {
        Tensor without = scores.apply(views.context(plain));
        List<Tensor> with = new ArrayList<>();
        conditional.forEach(each -> with.add(scores.apply(views.context(each))));
        return guided(scope, without, with, step.guidance());
    }

    /** {@code without + sum of weight (with - without)}; closes what it takes, unless it is the result. */
    static Tensor guided(Scope scope, Tensor without, List<Tensor> with, List<Double> weights) {
        int count = Math.min(with.size(), weights.size());
        if (count == 0) {
            with.forEach(Tensor::close);
            return without;
        }
        try (without) {
            for (int i = 0; i < count; i++) {
                Tensor each = with.get(i);
                try (Tensor weight = scope.scalar(weights.get(i).floatValue())) {
                    Kernels.binary(scope, BinaryOp.SUBTRACT, each, without, each);
                    Kernels.binary(scope, BinaryOp.MULTIPLY, each, weight, each);
                }
            }
            Tensor sum = with.getFirst();
            for (int i = 1; i < with.size(); i++) {
                try (Tensor each = with.get(i)) {
                    if (i < count) {
                        Kernels.add(scope, sum, each, sum);
                    }
                }
            }
            Kernels.add(scope, without, sum, sum);
            return sum;
        }
    }
}
