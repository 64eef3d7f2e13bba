// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind;

import io.gatun.core.ArgumentException;
import io.gatun.core.Kernels;
import io.gatun.core.Scope;
import io.gatun.core.Tensor;
import io.gatun.models.layers.TokenGrid;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;

/** One pass of the encoder and the decoder over given numbers of tokens of each, upstream's {@code forward}. */
record MaskedForward(TerraMindEncoderDecoder model, Scope scope, int batch) {
    SequencedMap<String, Tensor> logits(
            SequencedMap<String, MaskedModality> given, long encoderTokens, long decoderTokens) {
        Map<String, DecoderEmbedding> targets = new LinkedHashMap<>(model.targetEmbeddings());
        targets.keySet().retainAll(given.keySet());
        if (targets.isEmpty()) {
            throw new ArgumentException("none of " + String.join(", ", given.keySet())
                    + " can be found; expected one of " + String.join(", ", model.targetEmbeddings().keySet()));
        }
        Decoded found = new Decoded(new ArrayList<>(), new ArrayList<>());
        try (TerraMindContext context = context(given, encoderTokens); TokenRows starts = new TokenRows(batch)) {
            given.forEach((key, modality) -> {
                if (targets.containsKey(key)) {
                    found.add(starts, key, modality, this);
                }
            });
            TokenSelection kept = TokenSelection.first(starts.hidden(), batch, decoderTokens);
            boolean[] seen = found.mask(kept, batch, model.config().decoder());
            try (Tensor mask = scope.ofBooleans(seen, batch, kept.count(), kept.count());
                    Tensor selected = starts.select(scope, kept);
                    Tensor each = selected.expand(batch, kept.count(), selected.dim(2));
                    Tensor y = model.decoded(scope, Kernels.copy(scope, each), context, Optional.of(mask))) {
                SequencedMap<String, Tensor> logits = new LinkedHashMap<>();
                targets.forEach((key, target) -> logits.put(key, target.toLogits().apply(scope, y)));
                return logits;
            }
        }
    }

    private TerraMindContext context(SequencedMap<String, MaskedModality> given, long wanted) {
        List<TerraMindEncoderDecoder.Visible> visible = new ArrayList<>();
        given.forEach((key, modality) -> {
            if (model.inputEmbeddings().containsKey(key)) {
                visible.add(new TerraMindEncoderDecoder.Visible(key, modality.tensor(), modality.inputMask()));
            }
        });
        return model.context(scope, batch, visible, Optional.of(wanted));
    }

    /** The tokens of all targets: what sees how many of the first, and whose they are. */
    private record Decoded(List<long[]> attention, List<String> keys) {
        void add(TokenRows starts, String key, MaskedModality modality, MaskedForward forward) {
            try (Tensor ids = TerraMindEmbedding.rows(forward.scope(), modality.tensor())) {
                int count = (int) ids.dim(1);
                boolean[] hidden = modality.targetMask().orElseGet(() -> new boolean[forward.batch() * count]);
                long[] seen = modality.attention().orElseGet(() -> all(forward.batch(), count));
                switch (forward.model().targetEmbeddings().get(key)) {
                    case DecoderEmbedding.Image image -> {
                        starts.add(forward.patches(image, modality.tensor(), count), Optional.of(hidden));
                        attention.add(seen);
                    }
                    case DecoderEmbedding.Sequence text -> {
                        starts.add(forward.text(text, ids, hidden), Optional.of(forward.shifted(hidden)));
                        attention.add(forward.withoutLast(seen));
                    }
                }
                keys.add(key);
            }
        }

        private static long[] all(int batch, int count) {
            long[] seen = new long[batch * count];
            for (int sample = 0; sample < batch; sample++) {
                seen[sample * count] = count;
            }
            return seen;
        }

        /**
         * [B, K, K], true where a token (the last axis) is seen: one among the first so many, or not behind the token
         * itself, and of the same modality.
         */
        boolean[] mask(TokenSelection kept, int batch, TerraMindEncoderDecoderConfig.Decoder options) {
            int count = kept.count();
            boolean[] mask = new boolean[batch * count * count];
            for (int sample = 0; sample < batch; sample++) {
                long first = 0;
                for (int row = 0; row < count; row++) {
                    int place = kept.places()[sample * count + row];
                    int owner = owner(place, batch);
                    first += attention.get(owner)[sample * length(owner, batch) + place - begin(owner, batch)];
                    long seen = options.causalMask() ? row + 1 : Math.min(first, count);
                    for (int column = 0; column < seen; column++) {
                        mask[(sample * count + row) * count + column] = !options.sepMask()
                                || owner(kept.places()[sample * count + column], batch) == owner;
                    }
                }
            }
            return mask;
        }

        private int length(int owner, int batch) {
            return attention.get(owner).length / batch;
        }

        private int begin(int owner, int batch) {
            int begin = 0;
            for (int i = 0; i < owner; i++) {
                begin += length(i, batch);
            }
            return begin;
        }

        private int owner(int place, int batch) {
            int owner = 0;
            while (place >= begin(owner, batch) + length(owner, batch)) {
                owner++;
            }
            return owner;
        }
    }

    private Tensor patches(DecoderEmbedding.Image image, Tensor tensor, int count) {
        int side = (int) Math.round(Math.sqrt(count));
        TokenGrid grid = tensor.shape().rank() == 3
                ? new TokenGrid(1, (int) tensor.dim(1), (int) tensor.dim(2)) : new TokenGrid(1, side, side);
        long[] places = new long[count];
        Arrays.setAll(places, i -> i);
        return DecoderEmbedding.starts(scope, image, grid, places, 1);
    }

    /** All tokens but the last, each to find the next. */
    private Tensor text(DecoderEmbedding.Sequence text, Tensor ids, boolean[] hidden) {
        long[] places = new long[hidden.length];
        int length = hidden.length / batch;
        for (int i = 0, next = 0; i < hidden.length; i++) {
            next = i % length == 0 ? 0 : next;
            places[i] = hidden[i] ? DecoderEmbedding.Sequence.none() : next < text.maxTokens() ? next : 0;
            next += hidden[i] ? 0 : 1;
        }
        return text.tokens(scope, withoutLast(ids.toLongArray()), withoutLast(places), batch);
    }

    private long[] withoutLast(long[] values) {
        int length = values.length / batch;
        long[] shorter = new long[values.length - batch];
        for (int sample = 0; sample < batch; sample++) {
            System.arraycopy(values, sample * length, shorter, sample * (length - 1), length - 1);
        }
        return shorter;
    }

    private boolean[] shifted(boolean[] hidden) {
        int length = hidden.length / batch;
        boolean[] either = new boolean[hidden.length - batch];
        for (int sample = 0; sample < batch; sample++) {
            for (int i = 0; i < length - 1; i++) {
                either[sample * (length - 1) + i] = hidden[sample * length + i] || hidden[sample * length + i + 1];
            }
        }
        return either;
    }
}
