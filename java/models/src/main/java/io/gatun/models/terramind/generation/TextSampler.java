// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind.generation;

import io.gatun.core.Scope;
import io.gatun.core.Tensor;
import io.gatun.models.terramind.TerraMindContext;
import io.gatun.models.terramind.TerraMindEncoderDecoder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Writes a text token by token, upstream's {@code autoregressive_step_batched}. */
record TextSampler(TerraMindEncoderDecoder model, Sampling sampling, Set<Long> sentinels,
        GenerationSampler.Trace trace) {
    void run(Scope scope, GenerationState state, GenerationStep step, int number, TerraMindContext plain,
            List<TerraMindContext> conditional) {
        GenerationState.Text text = (GenerationState.Text) state.modalities().get(step.target());
        int most = Math.min(model.config().targets().get(step.target()).maxTokens(), text.wanted());
        List<Voice> voices = new ArrayList<>();
        List<long[]> found = new ArrayList<>();
        long[] last = new long[state.batch()];
        Arrays.fill(last, GenerationState.BEGIN);
        found.add(last);
        boolean[] ended = new boolean[state.batch()];
        try {
            voices.add(voice(scope, plain, most));
            conditional.forEach(context -> voices.add(voice(scope, context, most)));
            for (int place = 0; place < most && !Views.all(ended); place++) {
                long[] next = next(scope, step, number, place, found.getLast(), voices);
                for (int sample = 0; sample < next.length; sample++) {
                    ended[sample] |= next[sample] == GenerationState.BEGIN + 1;
                }
                found.add(next);
            }
        } finally {
            voices.forEach(voice -> voice.text().close());
        }
        state.knowText(step.target(), merged(text, found, sentinels));
    }

    /** What was written so far, under a context. */
    private record Voice(TerraMindContext context, TerraMindEncoderDecoder.Sequence text) {}

    private Voice voice(Scope scope, TerraMindContext context, int most) {
        return new Voice(context, model.sequence(scope, (int) context.batch(), most));
    }

    private long[] next(Scope scope, GenerationStep step, int number, int place, long[] last, List<Voice> voices) {
        List<Tensor> scores = new ArrayList<>();
        voices.forEach(voice -> scores.add(
                model.nextLogits(scope, voice.context(), step.target(), voice.text(), last)));
        try (Tensor logits = GenerationSampler.guided(
                scope, scores.getFirst(), scores.subList(1, scores.size()), step.guidance())) {
            long[] draws = new long[last.length];
            long[] places = new long[last.length];
            for (int sample = 0; sample < draws.length; sample++) {
                draws[sample] = sampling.draw(sample, number, place);
                places[sample] = place;
            }
            long[] ids = GenerationSampler.ids(
                    scope, logits, GenerationSampler.options(sampling, step), sampling.seed(), draws);
            GenerationSampler.requireDrawn(step, number, 1, ids);
            trace.step(number, places, logits, ids);
            return ids;
        }
    }

    /**
     * What the encoder sees of a text, and in the place of its sentinels what was written behind each. What a sample
     * writes behind its end, as long as others of the batch have none, does not count.
     */
    static long[][] merged(GenerationState.Text text, List<long[]> found, Set<Long> sentinels) {
        int batch = found.getFirst().length;
        long[][] merged = new long[batch][];
        for (int sample = 0; sample < batch; sample++) {
            Map<Long, List<Long>> written = new HashMap<>();
            long current = GenerationState.BEGIN;
            for (long[] each : found) {
                long id = each[sample];
                if (id == GenerationState.BEGIN + 1) {
                    break;
                }
                if (sentinels.contains(id)) {
                    current = id;
                } else {
                    written.computeIfAbsent(current, _ -> new ArrayList<>()).add(id);
                }
            }
            List<Long> whole = new ArrayList<>();
            for (int i = sample * text.length(); i < (sample + 1) * text.length(); i++) {
                long id = text.ids()[i];
                if (!text.hidden()[i]) {
                    whole.addAll(sentinels.contains(id) ? written.getOrDefault(id, List.of()) : List.of(id));
                }
            }
            merged[sample] = whole.stream().mapToLong(id -> id).toArray();
        }
        return merged;
    }
}
