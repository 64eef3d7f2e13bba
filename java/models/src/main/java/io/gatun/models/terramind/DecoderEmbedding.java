// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind;

import io.gatun.core.Kernels;
import io.gatun.core.Scope;
import io.gatun.core.StateDict;
import io.gatun.core.Tensor;
import io.gatun.models.Extent;
import io.gatun.models.layers.Linear;
import io.gatun.models.layers.PositionEmbedding;
import io.gatun.models.layers.TokenGrid;
import java.util.Arrays;
import java.util.Optional;

/** What the decoder begins with, and how its tokens become scores of a vocabulary: {@code decoder_embeddings.KEY}. */
sealed interface DecoderEmbedding {
    /** [V, E], tied to the vocabulary. */
    Linear toLogits();

    /**
     * Takes the weights. {@code token_emb} is the same matrix as {@code to_logits}, and {@code mod_emb} that of the
     * encoder's embedding where there is one.
     */
    static DecoderEmbedding load(
            Scope scope, StateDict state, TerraMindModality modality, int embed, Extent imgSize, boolean shared,
            boolean corrected, float[] maskToken) {
        float[] mark = (shared ? state.buffers() : state).takeFloats("mod_emb", 1, 1, embed);
        state.skip("token_emb.weight");
        long size = state.shapeOf("to_logits.weight").filter(shape -> shape.rank() == 2).map(shape -> shape.dim(0))
                .orElse((long) modality.size());
        if (modality.kind() == TerraMindModality.Kind.SEQUENCE) {
            int length = TerraMindModality.MAX_SEQUENCE;
            float[] table = state.buffers().takeFloats("pos_emb", 1, length, embed);
            // One row more, for what has no position.
            float[] marked = TerraMindEmbedding.marked(Arrays.copyOf(table, table.length + embed), mark);
            Tensor vocabulary = state.takeTensor(scope, "to_logits.weight", size, embed);
            return new Sequence(new Linear(Kernels.linearWeights(scope, vocabulary), Optional.empty()),
                    vocabulary, scope.of(marked, length + 1, embed), modality.maxTokens());
        }
        TokenGrid grid = modality.grid(imgSize);
        float[] table = state.buffers().takeFloats("pos_emb", 1, grid.cells(), embed);
        Linear toLogits = Linear.load(scope, state.at("to_logits"), embed, size, false);
        return new Image(toLogits, new PositionEmbedding(scope, grid,
                started(table.clone(), mark, maskToken), 0, wanted -> started(
                        TerraMindPositions.resampled(table, embed, wanted.height(), wanted.width()), mark, maskToken)),
                corrected);
    }

    /** Positions with the mark of the modality and the token that stands for what is to be found. */
    private static float[] started(float[] table, float[] mark, float[] maskToken) {
        return TerraMindEmbedding.marked(TerraMindEmbedding.marked(table, mark), maskToken);
    }

    /** Patches of an image. */
    record Image(Linear toLogits, PositionEmbedding starts, boolean corrected) implements DecoderEmbedding {}

    /** A text: numbers in the order of the text. */
    record Sequence(Linear toLogits, Tensor vocabulary, Tensor positions, int maxTokens) implements DecoderEmbedding {
        /** Tokens [B, N, E] of ids at places, both [B, N]; a place of {@link #none()} has no position. */
        Tensor tokens(Scope scope, long[] ids, long[] places, long batch) {
            try (Tensor numbers = scope.of(ids, batch, ids.length / batch);
                    Tensor at = scope.of(places, batch, ids.length / batch);
                    Tensor positioned = Kernels.takeRows(scope, positions, at)) {
                Tensor tokens = Kernels.takeRows(scope, vocabulary, numbers);
                Kernels.add(scope, tokens, positioned, tokens);
                return tokens;
            }
        }

        static long none() {
            return TerraMindModality.MAX_SEQUENCE;
        }
    }

    /** Starts [B, M, E] of patches of an image at places [B, M]. */
    static Tensor starts(Scope scope, Image image, TokenGrid grid, long[] places, long batch) {
        try (Tensor table = image.starts().table(scope, TerraMindPositions.places(grid, image.corrected()));
                Tensor at = scope.of(places, batch, places.length / batch)) {
            return Kernels.takeRows(scope, table, at);
        }
    }
}
