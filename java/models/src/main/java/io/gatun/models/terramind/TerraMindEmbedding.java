// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind;

import io.gatun.core.DType;
import io.gatun.core.Kernels;
import io.gatun.core.Scope;
import io.gatun.core.Shape;
import io.gatun.core.ShapeException;
import io.gatun.core.StateDict;
import io.gatun.core.Tensor;
import io.gatun.models.Extent;
import io.gatun.models.layers.PatchEmbed;
import io.gatun.models.layers.PositionEmbedding;
import io.gatun.models.layers.TokenGrid;
import java.util.Arrays;
import java.util.Optional;

/** Makes tokens of one modality, with their positions and what marks the modality: {@code encoder_embeddings.KEY}. */
sealed interface TerraMindEmbedding {
    /**
     * Tokens.
     *
     * @param scope owns the result
     * @param input checked by {@link TerraMindInputs}
     * @param mask of a sequence, true where there is no token
     * @return [B, N, E]
     */
    Tensor apply(Scope scope, Tensor input, Optional<Tensor> mask);

    /**
     * What {@link #apply} adds to the tokens.
     *
     * @param scope owns the result
     * @param input as for {@link #apply}
     * @param mask of a sequence, true where there is no token
     * @return [1, N, E], or [B, N, E] of masked sequences
     */
    Tensor positions(Scope scope, Tensor input, Optional<Tensor> mask);

    static TerraMindEmbedding load(Scope scope, StateDict state, TerraMindModality modality, int embed, Extent imgSize,
            boolean corrected, Optional<Pretraining.Statistics> standard) {
        float[] mark = state.takeFloats("mod_emb", 1, 1, embed);
        if (modality.kind() == TerraMindModality.Kind.SEQUENCE) {
            int length = TerraMindModality.MAX_SEQUENCE;
            float[] table = state.buffers().takeFloats("pos_emb", 1, length, embed);
            // One row more, for what has no position.
            float[] marked = marked(Arrays.copyOf(table, table.length + embed), mark);
            return new Sequence(vocabulary(scope, state, modality, embed), scope.of(marked, length + 1, embed));
        }
        TokenGrid grid = modality.grid(imgSize);
        float[] table = state.buffers().takeFloats("pos_emb", 1, grid.cells(), embed);
        PositionEmbedding positions = new PositionEmbedding(scope, grid,
                marked(table.clone(), mark), 0, wanted -> marked(
                        TerraMindPositions.resampled(table, embed, wanted.height(), wanted.width()), mark));
        if (modality.kind() == TerraMindModality.Kind.TOKENS) {
            return new Tokens(vocabulary(scope, state, modality, embed), positions, corrected);
        }
        PatchEmbed patches =
                PatchEmbed.loadPixels(scope, state.at("proj"), modality.size(), embed, modality.patchSize());
        return new Image(patches, positions, standard.map(statistics -> Standardization.load(scope, statistics)));
    }

    /** The vocabulary's size is that of the weights. */
    private static Tensor vocabulary(Scope scope, StateDict state, TerraMindModality modality, int embed) {
        long size = state.shapeOf("token_emb.weight").filter(shape -> shape.rank() == 2).map(shape -> shape.dim(0))
                .orElse((long) modality.size());
        return state.takeTensor(scope, "token_emb.weight", size, embed);
    }

    static float[] marked(float[] table, float[] mark) {
        for (int i = 0; i < table.length; i++) {
            table[i] += mark[i % mark.length];
        }
        return table;
    }

    /** Patches of an image [B, C, H, W]. */
    record Image(PatchEmbed patches, PositionEmbedding positions, Optional<Standardization> standard)
            implements TerraMindEmbedding {
        @Override
        public Tensor apply(Scope scope, Tensor input, Optional<Tensor> mask) {
            if (standard.isPresent()) {
                try (Tensor image = standard.get().apply(scope, input)) {
                    return tokens(scope, image);
                }
            }
            return tokens(scope, input);
        }

        @Override
        public Tensor positions(Scope scope, Tensor input, Optional<Tensor> mask) {
            try (Tensor frames = input.unsqueeze(2);
                    Tensor table = positions.table(scope, patches.grid(frames))) {
                return table.unsqueeze(0);
            }
        }

        private Tensor tokens(Scope scope, Tensor image) {
            try (Tensor frames = image.unsqueeze(2);
                    Tensor table = positions.table(scope, patches.grid(frames))) {
                return positions.patches(scope, frames, patches, table);
            }
        }
    }

    /** Numbers [B, rows, columns] of patches, or [B, N] of those of a square image. */
    record Tokens(Tensor vocabulary, PositionEmbedding positions, boolean corrected) implements TerraMindEmbedding {
        @Override
        public Tensor apply(Scope scope, Tensor input, Optional<Tensor> mask) {
            try (Tensor ids = rows(scope, input); Tensor table = positions.table(scope, grid(input))) {
                Tensor tokens = Kernels.takeRows(scope, vocabulary, ids);
                Kernels.add(scope, tokens, table, tokens);
                return tokens;
            }
        }

        @Override
        public Tensor positions(Scope scope, Tensor input, Optional<Tensor> mask) {
            try (Tensor table = positions.table(scope, grid(input))) {
                return table.unsqueeze(0);
            }
        }

        private TokenGrid grid(Tensor input) {
            if (input.shape().rank() == 3) {
                return TerraMindPositions.places(new TokenGrid(
                        1, Math.toIntExact(input.dim(1)), Math.toIntExact(input.dim(2))), corrected);
            }
            long count = input.shape().numElements() / input.dim(0);
            int side = (int) Math.round(Math.sqrt(count));
            if (side < 1 || (long) side * side != count) {
                throw new ShapeException("token numbers of shape " + input.shape() + " are " + count
                        + " patches of an image, which are no square; expected [B, rows, columns]");
            }
            return new TokenGrid(1, side, side);
        }
    }

    /** Numbers [B, L] of a text. */
    record Sequence(Tensor vocabulary, Tensor positions) implements TerraMindEmbedding {
        @Override
        public Tensor apply(Scope scope, Tensor input, Optional<Tensor> mask) {
            long length = input.dim(1);
            try (Tensor ids = rows(scope, input);
                    Tensor table = mask.isPresent() ? masked(scope, mask.get(), input.shape())
                            : positions.slice(0, 0, length)) {
                Tensor tokens = Kernels.takeRows(scope, vocabulary, ids);
                Kernels.add(scope, tokens, table, tokens);
                return tokens;
            }
        }

        @Override
        public Tensor positions(Scope scope, Tensor input, Optional<Tensor> mask) {
            if (mask.isPresent()) {
                return masked(scope, mask.get(), input.shape());
            }
            try (Tensor table = positions.slice(0, 0, input.dim(1))) {
                return table.unsqueeze(0);
            }
        }

        /** Positions count what is not masked; what is has none. */
        private Tensor masked(Scope scope, Tensor mask, Shape shape) {
            if (!mask.shape().equals(shape) || mask.dtype() != DType.BOOL) {
                throw new ShapeException("the input_mask has shape " + mask.shape() + " and type " + mask.dtype()
                        + ", expected bool of the shape of its sequence, " + shape);
            }
            boolean[] absent = mask.toBooleanArray();
            long[] places = new long[absent.length];
            int length = (int) shape.dim(1);
            for (int i = 0, next = 0; i < absent.length; i++) {
                next = i % length == 0 ? 0 : next;
                places[i] = absent[i] ? TerraMindModality.MAX_SEQUENCE : next++;
            }
            try (Tensor numbers = scope.of(places, shape.toArray())) {
                return Kernels.takeRows(scope, positions, numbers);
            }
        }
    }

    /** Dense int64 [B, N]. */
    static Tensor rows(Scope scope, Tensor input) {
        try (Tensor dense = Kernels.copy(scope, input, DType.I64)) {
            return dense.reshape(input.dim(0), -1);
        }
    }
}
