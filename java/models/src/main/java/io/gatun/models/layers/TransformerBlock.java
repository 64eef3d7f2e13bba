// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.layers;

import io.gatun.core.Kernels;
import io.gatun.core.Scope;
import io.gatun.core.StateDict;
import io.gatun.core.Tensor;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.SequencedMap;
import java.util.TreeMap;

/**
 * A pre-norm transformer block under timm's names: {@code x = x + proj(attention(qkv(norm1(x))))}, then
 * {@code x = x + fc2(gelu(fc1(norm2(x))))}.
 *
 * @param norm1 before the attention
 * @param qkv query, key and value, [3E, E]
 * @param proj [E, E]
 * @param norm2 before the feed-forward part
 * @param fc1 [hidden, E]
 * @param fc2 [E, hidden]
 * @param numHeads heads of the attention
 */
public record TransformerBlock(
        LayerNorm norm1, Linear qkv, Linear proj, LayerNorm norm2, Linear fc1, Linear fc2, int numHeads) {
    /**
     * What the blocks of a model have in common.
     *
     * @param embedDim E, a multiple of the heads
     * @param hidden width of the feed-forward part
     * @param numHeads heads of the attention
     * @param eps of both norms
     * @param qkvBias whether {@code attn.qkv} has a bias
     * @param projBias whether {@code attn.proj} has a bias
     * @param mlpBias whether {@code mlp.fc1} and {@code mlp.fc2} have a bias
     */
    public record Options(int embedDim, int hidden, int numHeads, double eps, boolean qkvBias, boolean projBias,
            boolean mlpBias) {
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
        long embed = options.embedDim();
        LayerNorm norm1 = LayerNorm.load(scope, state.at("norm1"), embed, options.eps());
        Linear qkv = Linear.load(scope, state.at("attn.qkv"), embed, 3 * embed, options.qkvBias());
        Linear proj = Linear.load(scope, state.at("attn.proj"), embed, embed, options.projBias());
        LayerNorm norm2 = LayerNorm.load(scope, state.at("norm2"), embed, options.eps());
        Linear fc1 = Linear.load(scope, state.at("mlp.fc1"), embed, options.hidden(), options.mlpBias());
        Linear fc2 = Linear.load(scope, state.at("mlp.fc2"), options.hidden(), embed, options.mlpBias());
        return new TransformerBlock(norm1, qkv, proj, norm2, fc1, fc2, options.numHeads());
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
        try (Tensor mixed = mixed(scope, x); Tensor hidden = hidden(scope, mixed)) {
            return fc2.applyTo(scope, hidden, mixed);
        }
    }

    // What is closed early serves the next operations of the stream: a block takes no more memory than its widest step.
    private Tensor hidden(Scope scope, Tensor mixed) {
        try (Tensor normal = norm2.apply(scope, mixed)) {
            return fc1.applyGelu(scope, normal);
        }
    }

    private Tensor mixed(Scope scope, Tensor x) {
        try (Tensor projected = projected(scope, x);
                Tensor attended = Kernels.attention(scope, projected, numHeads, qkv.weight().precision())) {
            return proj.applyTo(scope, attended, x);
        }
    }

    private Tensor projected(Scope scope, Tensor x) {
        try (Tensor normal = norm1.apply(scope, x)) {
            return qkv.apply(scope, normal);
        }
    }
}
