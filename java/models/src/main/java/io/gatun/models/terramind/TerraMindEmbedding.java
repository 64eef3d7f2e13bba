// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind;

import io.gatun.core.BinaryOp;
import io.gatun.core.DType;
import io.gatun.core.Kernels;
import io.gatun.core.Scope;
import io.gatun.core.Shape;
import io.gatun.core.ShapeException;
import io.gatun.core.StateDict;
import io.gatun.core.Tensor;
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

    static TerraMindEmbedding load(
            Scope scope, StateDict state, TerraMindModality modality, TerraMindConfig config) {
        int embed = config.size().dim();
        float[] mark = state.takeFloats("mod_emb", 1, 1, embed);
        if (modality.kind() == TerraMindModality.Kind.SEQUENCE) {
            int length = TerraMindModality.MAX_SEQUENCE;
            float[] table = state.buffers().takeFloats("pos_emb", 1, length, embed);
            // One row more, for what has no position.
            float[] marked = marked(Arrays.copyOf(table, table.length + embed), mark);
            return new Sequence(vocabulary(scope, state, modality, embed), scope.of(marked, length + 1, embed));
        }
        int side = config.imgSize() / modality.patchSize();
        float[] table = state.buffers().takeFloats("pos_emb", 1, (long) side * side, embed);
        PositionEmbedding positions = new PositionEmbedding(scope, new TokenGrid(1, side, side),
                marked(table.clone(), mark), 0, wanted -> marked(
                        TerraMindPositions.resampled(table, embed, wanted.height(), wanted.width()), mark));
        if (modality.kind() == TerraMindModality.Kind.TOKENS) {
            return new Tokens(vocabulary(scope, state, modality, embed), positions);
        }
        PatchEmbed patches =
                PatchEmbed.loadPixels(scope, state.at("proj"), modality.size(), embed, modality.patchSize());
        return new Image(patches, positions, config.standardize()
                ? Optional.of(Standard.load(scope, config.pretraining().statistics(modality))) : Optional.empty());
    }

    /** The vocabulary's size is that of the weights. */
    private static Tensor vocabulary(Scope scope, StateDict state, TerraMindModality modality, int embed) {
        long size = state.shapeOf("token_emb.weight").filter(shape -> shape.rank() == 2).map(shape -> shape.dim(0))
                .orElse((long) modality.size());
        return state.takeTensor(scope, "token_emb.weight", size, embed);
    }

    private static float[] marked(float[] table, float[] mark) {
        for (int i = 0; i < table.length; i++) {
            table[i] += mark[i % mark.length];
        }
        return table;
    }

    /** Mean and standard deviation of each band, [C, 1, 1]. */
    record Standard(Tensor mean, Tensor std) {
        static Standard load(Scope scope, Pretraining.Statistics statistics) {
            return new Standard(bands(scope, statistics.mean()), bands(scope, statistics.std()));
        }

        private static Tensor bands(Scope scope, double[] values) {
            float[] floats = new float[values.length];
            for (int i = 0; i < values.length; i++) {
                floats[i] = (float) values[i];
            }
            return scope.of(floats, floats.length, 1, 1);
        }

        Tensor apply(Scope scope, Tensor image) {
            Tensor centred = Kernels.binary(scope, BinaryOp.SUBTRACT, image, mean);
            Kernels.binary(scope, BinaryOp.DIVIDE, centred, std, centred);
            return centred;
        }
    }

    /** Patches of an image [B, C, H, W]. */
    record Image(PatchEmbed patches, PositionEmbedding positions, Optional<Standard> standard)
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

        private Tensor tokens(Scope scope, Tensor image) {
            try (Tensor frames = image.unsqueeze(2);
                    Tensor table = positions.table(scope, patches.grid(frames))) {
                return positions.patches(scope, frames, patches, table);
            }
        }
    }

    /** Numbers [B, rows, columns] or [B, N] of patches of a square image. */
    record Tokens(Tensor vocabulary, PositionEmbedding positions) implements TerraMindEmbedding {
        @Override
        public Tensor apply(Scope scope, Tensor input, Optional<Tensor> mask) {
            long count = input.shape().numElements() / input.dim(0);
            int side = (int) Math.round(Math.sqrt(count));
            if (side < 1 || (long) side * side != count) {
                throw new ShapeException("token numbers of shape " + input.shape() + " are " + count
                        + " patches of an image, which are no square; expected [B, n, n]");
            }
            try (Tensor ids = rows(scope, input);
                    Tensor table = positions.table(scope, new TokenGrid(1, side, side))) {
                Tensor tokens = Kernels.takeRows(scope, vocabulary, ids);
                Kernels.add(scope, tokens, table, tokens);
                return tokens;
            }
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
    private static Tensor rows(Scope scope, Tensor input) {
        try (Tensor dense = Kernels.copy(scope, input, DType.I64)) {
            return dense.reshape(input.dim(0), -1);
        }
    }
}
