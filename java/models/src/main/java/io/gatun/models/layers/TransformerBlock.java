// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.layers;

import io.gatun.core.Activation;
import io.gatun.core.ArgumentException;
import io.gatun.core.Scope;
import io.gatun.core.StateDict;
import io.gatun.core.Tensor;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.SequencedMap;
import java.util.TreeMap;

/**
 * A pre-norm transformer block under timm's names: {@code x = x + proj(attention(qkv(norm1(x))))}, then
 * {@code x = x + fc2(gelu(fc1(norm2(x))))}. The feed-forward part may be gated, {@code fc2(silu(fc1(x)) * fc3(x))}, and
 * queries and keys of each head may go through norms of their own.
 *
 * @param attention {@code norm1} and {@code attn}
 * @param mlp {@code norm2} and {@code mlp}
 */
public record TransformerBlock(SelfAttention attention, FeedForward mlp) {
    /**
     * What the blocks of a model have in common.
     *
     * @param embedDim E, a multiple of the heads
     * @param hidden width of the feed-forward part
     * @param numHeads heads of the attention
     * @param eps of both norms
     * @param qkvBias whether {@code attn.qkv} has a bias
     * @param projBias whether {@code attn.proj} has a bias
     * @param mlpBias whether the layers of {@code mlp} have a bias
     * @param normBias whether the bias of a norm is learned; else it is a buffer
     * @param activation in the feed-forward part
     * @param gated whether {@code mlp.fc3} multiplies what the activation gives
     * @param qkNorm whether there are {@code attn.q_norm} and {@code attn.k_norm}
     * @param qkScale what the products of queries and keys are multiplied by; not told, one over the root of a head's
     *     width. Not with qkNorm
     */
    public record Options(int embedDim, int hidden, int numHeads, double eps, boolean qkvBias, boolean projBias,
            boolean mlpBias, boolean normBias, Activation activation, boolean gated, boolean qkNorm,
            OptionalDouble qkScale) {
        /** Checks the scale; throws {@link ArgumentException} if it is given where queries and keys are normalised. */
        public Options {
            if (qkNorm && qkScale.isPresent()) {
                throw new ArgumentException("TransformerBlock: qkScale is " + qkScale.getAsDouble() + " with qkNorm;"
                        + " expected one of the two, as the scale goes into the weights of the queries and their norm"
                        + " would undo it. Leave qkScale out");
            }
        }

        /**
         * Blocks as timm's: GELU, no gate, no norms of queries and keys.
         *
         * @param embedDim E, a multiple of the heads
         * @param hidden width of the feed-forward part
         * @param numHeads heads of the attention
         * @param eps of both norms
         * @param qkvBias whether {@code attn.qkv} has a bias
         * @param projBias whether {@code attn.proj} has a bias
         * @param mlpBias whether the layers of {@code mlp} have a bias
         */
        public Options(int embedDim, int hidden, int numHeads, double eps, boolean qkvBias, boolean projBias,
                boolean mlpBias) {
            this(embedDim, hidden, numHeads, eps, qkvBias, projBias, mlpBias, true, Activation.GELU, false, false,
                    OptionalDouble.empty());
        }

        /**
         * Blocks with every bias.
         *
         * @param embedDim E, a multiple of the heads
         * @param hidden width of the feed-forward part
         * @param numHeads heads of the attention
         * @param eps of both norms
         */
        public Options(int embedDim, int hidden, int numHeads, double eps) {
            this(embedDim, hidden, numHeads, eps, true, true, true);
        }

        /**
         * Takes the parameters of one of the norms.
         *
         * @param scope owns the parameters
         * @param state parameters of the norm
         * @param width what it normalises
         * @return the norm
         */
        public LayerNorm norm(Scope scope, StateDict state, long width) {
            return LayerNorm.load(scope, state, width, eps, normBias);
        }
    }

    /**
     * Takes a block's parameters.
     *
     * @param scope owns the parameters
     * @param state parameters of this block
     * @param options sizes, epsilon and biases
     * @return the block
     */
    public static TransformerBlock load(Scope scope, StateDict state, Options options) {
        return new TransformerBlock(SelfAttention.load(scope, state.at("norm1"), state.at("attn"), options),
                FeedForward.load(scope, state, options));
    }

    /**
     * Takes the parameters of consecutive blocks, {@code 0}, {@code 1}, ...
     *
     * @param scope owns the parameters
     * @param state parameters of all blocks
     * @param depth number of blocks
     * @param options sizes, epsilon and biases
     * @return the blocks
     */
    public static List<TransformerBlock> loadAll(Scope scope, StateDict state, int depth, Options options) {
        List<TransformerBlock> blocks = new ArrayList<>();
        for (int i = 0; i < depth; i++) {
            blocks.add(load(scope, state.at(Integer.toString(i)), options));
        }
        return Collections.unmodifiableList(blocks);
    }

    /**
     * Runs blocks after each other, up to the last one whose output is wanted.
     *
     * @param scope owns the results
     * @param blocks the blocks
     * @param x [B, N, E] f32; closed as soon as it has been read
     * @param wanted numbers of the blocks whose outputs are wanted, at least one
     * @return the wanted outputs [B, N, E] by number, in order
     */
    public static SequencedMap<Integer, Tensor> applyAll(
            Scope scope, List<TransformerBlock> blocks, Tensor x, Collection<Integer> wanted) {
        SequencedMap<Integer, Tensor> outputs = new TreeMap<>();
        Tensor current = x;
        for (int i = 0; i <= Collections.max(wanted); i++) {
            Tensor next = blocks.get(i).apply(scope, current);
            if (i == 0 || !wanted.contains(i - 1)) {
                current.close();
            }
            current = next;
            if (wanted.contains(i)) {
                outputs.put(i, current);
            }
        }
        return outputs;
    }

    /**
     * One block.
     *
     * @param scope owns the result
     * @param x [B, N, E] f32
     * @return [B, N, E] f32
     */
    public Tensor apply(Scope scope, Tensor x) {
        return apply(scope, x, Optional.empty());
    }

    /**
     * One block that leaves tokens out.
     *
     * @param scope owns the result
     * @param x [B, N, E] f32
     * @param mask bool [B or 1, N or 1, N], true where a token (the last axis) takes part in the attention of another
     * @return [B, N, E] f32
     */
    public Tensor apply(Scope scope, Tensor x, Optional<Tensor> mask) {
        try (Tensor mixed = attention.apply(scope, x, mask)) {
            return mlp.apply(scope, mixed);
        }
    }
}
