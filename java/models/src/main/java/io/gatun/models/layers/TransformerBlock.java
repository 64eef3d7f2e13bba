// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.layers;

import io.gatun.core.Activation;
import io.gatun.core.BinaryOp;
import io.gatun.core.Kernels;
import io.gatun.core.Scope;
import io.gatun.core.StateDict;
import io.gatun.core.Tensor;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.TreeMap;

/**
 * A pre-norm transformer block under timm's names: {@code x = x + proj(attention(qkv(norm1(x))))}, then
 * {@code x = x + fc2(gelu(fc1(norm2(x))))}. The feed-forward part may be gated, {@code fc2(silu(fc1(x)) * fc3(x))}, and
 * queries and keys of each head may go through norms of their own.
 *
 * @param norm1 before the attention
 * @param qkv query, key and value, [3E, E]
 * @param qkNorm norms of the queries and the keys of a head, both or none
 * @param proj [E, E]
 * @param norm2 before the feed-forward part
 * @param fc1 [hidden, E]
 * @param activation of {@code fc1}
 * @param fc3 [hidden, E], the gate, if there is one
 * @param fc2 [E, hidden]
 * @param numHeads heads of the attention
 */
public record TransformerBlock(LayerNorm norm1, Linear qkv, Optional<QkNorm> qkNorm, Linear proj, LayerNorm norm2,
        Linear fc1, Activation activation, Optional<Linear> fc3, Linear fc2, int numHeads) {
    /**
     * Norms over the channels of a head.
     *
     * @param query of queries
     * @param key of keys
     */
    public record QkNorm(LayerNorm query, LayerNorm key) {}

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
     */
    public record Options(int embedDim, int hidden, int numHeads, double eps, boolean qkvBias, boolean projBias,
            boolean mlpBias, boolean normBias, Activation activation, boolean gated, boolean qkNorm) {
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
            this(embedDim, hidden, numHeads, eps, qkvBias, projBias, mlpBias, true, Activation.GELU, false, false);
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
        LayerNorm norm1 = norm(scope, state.at("norm1"), embed, options);
        Linear qkv = Linear.load(scope, state.at("attn.qkv"), embed, 3 * embed, options.qkvBias());
        Linear proj = Linear.load(scope, state.at("attn.proj"), embed, embed, options.projBias());
        Optional<QkNorm> qkNorm = options.qkNorm() ? Optional.of(qkNorm(scope, state, options)) : Optional.empty();
        LayerNorm norm2 = norm(scope, state.at("norm2"), embed, options);
        Linear fc1 = Linear.load(scope, state.at("mlp.fc1"), embed, options.hidden(), options.mlpBias());
        Linear fc2 = Linear.load(scope, state.at("mlp.fc2"), options.hidden(), embed, options.mlpBias());
        Optional<Linear> fc3 = options.gated()
                ? Optional.of(Linear.load(scope, state.at("mlp.fc3"), embed, options.hidden(), options.mlpBias()))
                : Optional.empty();
        return new TransformerBlock(
                norm1, qkv, qkNorm, proj, norm2, fc1, options.activation(), fc3, fc2, options.numHeads());
    }

    private static QkNorm qkNorm(Scope scope, StateDict state, Options options) {
        long width = options.embedDim() / options.numHeads();
        return new QkNorm(norm(scope, state.at("attn.q_norm"), width, options),
                norm(scope, state.at("attn.k_norm"), width, options));
    }

    private static LayerNorm norm(Scope scope, StateDict state, long width, Options options) {
        return LayerNorm.load(scope, state, width, options.eps(), options.normBias());
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
            Tensor hidden = activated(scope, normal);
            if (fc3.isPresent()) {
                try (Tensor gate = fc3.get().apply(scope, normal)) {
                    Kernels.binary(scope, BinaryOp.MULTIPLY, hidden, gate, hidden);
                }
            }
            return hidden;
        }
    }

    private Tensor activated(Scope scope, Tensor normal) {
        if (activation == Activation.GELU) {
            return fc1.applyGelu(scope, normal);
        }
        try (Tensor linear = fc1.apply(scope, normal)) {
            return Kernels.activate(scope, linear, activation);
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
            Tensor projected = qkv.apply(scope, normal);
            qkNorm.ifPresent(norms -> {
                normalise(scope, projected, 0, norms.query());
                normalise(scope, projected, 1, norms.key());
            });
            return projected;
        }
    }

    /** Of query, key and value, the part of that number, in place. */
    private void normalise(Scope scope, Tensor projected, int part, LayerNorm norm) {
        try (Tensor heads = projected.reshape(projected.dim(0), projected.dim(1), 3L * numHeads, -1);
                Tensor own = heads.slice(2, (long) part * numHeads, (part + 1L) * numHeads);
                Tensor dense = Kernels.copy(scope, own); Tensor normal = norm.apply(scope, dense)) {
            Kernels.copy(scope, normal, own);
        }
    }
}
