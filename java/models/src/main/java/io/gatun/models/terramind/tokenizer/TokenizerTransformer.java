// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind.tokenizer;

import io.gatun.core.Activation;
import io.gatun.core.Kernels;
import io.gatun.core.Scope;
import io.gatun.core.StateDict;
import io.gatun.core.Tensor;
import io.gatun.models.layers.Bicubic;
import io.gatun.models.layers.LayerNorm;
import io.gatun.models.layers.Linear;
import io.gatun.models.layers.PositionEmbedding;
import io.gatun.models.layers.TokenGrid;
import io.gatun.models.layers.TransformerBlock;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;

/**
 * What upstream's {@code ViTEncoder} and {@code ViTDecoder} have in common: positions, pre-norm blocks and, behind
 * them, a small point-wise network.
 *
 * @param positions of the patches, {@code pos_emb}
 * @param blocks the blocks
 * @param postMlp the network behind them, if there is one
 */
record TokenizerTransformer(PositionEmbedding positions, List<TransformerBlock> blocks, Optional<PostMlp> postMlp) {
    /** {@code x + fc2(tanh(fc1(norm(x))))}. */
    record PostMlp(LayerNorm norm, Linear fc1, Linear fc2) {
        static PostMlp load(Scope scope, StateDict state, TokenizerSize size) {
            return new PostMlp(LayerNorm.load(scope, state.at("norm_mlp"), size.dim(), TokenizerSize.EPS),
                    Linear.load(scope, state.at("post_mlp.fc1"), size.dim(), size.hidden()),
                    Linear.load(scope, state.at("post_mlp.fc2"), size.hidden(), size.dim()));
        }

        Tensor apply(Scope scope, Tensor x) {
            try (Tensor normal = norm.apply(scope, x); Tensor linear = fc1.apply(scope, normal);
                    Tensor hidden = Kernels.activate(scope, linear, Activation.TANH)) {
                return fc2.applyTo(scope, hidden, x);
            }
        }
    }

    /**
     * Takes the parameters.
     *
     * @param scope owns them
     * @param state parameters of the encoder or decoder
     * @param size of the blocks
     * @param grid rows and columns of the table of positions
     * @param postMlp whether there is a network behind the blocks
     */
    static TokenizerTransformer load(
            Scope scope, StateDict state, TokenizerSize size, TokenGrid grid, boolean postMlp) {
        float[] table = cellsFirst(state.takeFloats("pos_emb", 1, size.dim(), grid.height(), grid.width()), size.dim());
        PositionEmbedding positions = new PositionEmbedding(scope, grid, table, 0,
                wanted -> Bicubic.resample(table, size.dim(), Bicubic.centers(grid.height(), wanted.height()),
                        Bicubic.centers(grid.width(), wanted.width())));
        List<TransformerBlock> blocks =
                TransformerBlock.loadAll(scope, state.at("blocks"), size.depth(), size.block());
        return new TokenizerTransformer(
                positions, blocks, postMlp ? Optional.of(PostMlp.load(scope, state, size)) : Optional.empty());
    }

    /** [E, cells] to [cells, E]. */
    private static float[] cellsFirst(float[] table, int width) {
        float[] turned = new float[table.length];
        int cells = table.length / width;
        for (int i = 0; i < table.length; i++) {
            turned[i % cells * width + i / cells] = table[i];
        }
        return turned;
    }

    /**
     * Runs the blocks.
     *
     * @param scope owns the results
     * @param tokens [B, N, E] with their positions; closed
     * @param wanted numbers of the blocks whose outputs are wanted
     * @return their outputs, that of the last block with what is behind it
     */
    SequencedMap<Integer, Tensor> apply(Scope scope, Tensor tokens, Collection<Integer> wanted) {
        SequencedMap<Integer, Tensor> outputs = TransformerBlock.applyAll(scope, blocks, tokens, wanted);
        postMlp.ifPresent(mlp -> outputs.computeIfPresent(blocks.size() - 1, (_, output) -> {
            try (output) {
                return mlp.apply(scope, output);
            }
        }));
        return outputs;
    }

    /** What the last block gives, with what is behind it. */
    Tensor apply(Scope scope, Tensor tokens) {
        return apply(scope, tokens, List.of(blocks.size() - 1)).firstEntry().getValue();
    }
}
