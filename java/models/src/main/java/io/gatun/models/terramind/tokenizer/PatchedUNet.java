// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind.tokenizer;

import io.gatun.core.Activation;
import io.gatun.core.DType;
import io.gatun.core.Images;
import io.gatun.core.Kernels;
import io.gatun.core.ResizeMode;
import io.gatun.core.Scope;
import io.gatun.core.StateDict;
import io.gatun.core.Tensor;
import io.gatun.models.Extent;
import io.gatun.models.layers.ChannelConcat;
import io.gatun.models.layers.Conv2d;
import io.gatun.models.layers.GroupNorm;
import io.gatun.models.layers.Linear;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * The network that denoises, upstream's {@code PatchedUNetCondCat} (Dhariwal and Nichol 2021): the pixels of a patch
 * are channels, those of the tokens stand behind them.
 */
final class PatchedUNet {
    private final UNetSize size;
    private final int channels;
    private final Linear time0;
    private final Linear time2;
    private final List<ResBlock> timed = new ArrayList<>();
    private final List<List<UNetLayer>> inputBlocks = new ArrayList<>();
    private final List<UNetLayer> middleBlock;
    private final List<List<UNetLayer>> outputBlocks = new ArrayList<>();
    private final GroupNorm outNorm;
    private final Conv2d out;

    PatchedUNet(Scope scope, StateDict state, UNetSize size, int channels, int condition) {
        this.size = size;
        this.channels = channels;
        int width = size.modelChannels();
        time0 = Linear.load(scope, state.at("time_embed.0"), width, 4L * width);
        time2 = Linear.load(scope, state.at("time_embed.2"), 4L * width, 4L * width);
        int pixels = channels * size.patchSize() * size.patchSize();
        int current = width * size.channelMult().getFirst();
        inputBlocks.add(List.of(new UNetLayer.Convolution(
                Conv2d.load(scope, state.at("input_blocks.0.0"), pixels + condition, current, 3))));
        Deque<Integer> skipped = new ArrayDeque<>(List.of(current));
        int levels = size.channelMult().size();
        for (int level = 0; level < levels; level++) {
            for (int i = 0; i < size.numResBlocks(); i++) {
                int outputs = width * size.channelMult().get(level);
                inputBlocks.add(residual(
                        scope, state.at("input_blocks." + inputBlocks.size()), current, outputs, level));
                current = outputs;
                skipped.push(current);
            }
            if (level < levels - 1) {
                StateDict halving = state.at("input_blocks." + inputBlocks.size() + ".0.op");
                inputBlocks.add(List.of(new UNetLayer.Convolution(Conv2d.loadHalving(scope, halving, current))));
                skipped.push(current);
            }
        }
        middleBlock = List.of(resBlock(scope, state.at("middle_block.0"), current, current),
                SpatialAttention.load(scope, state.at("middle_block.1"), current, size.numHeads()),
                resBlock(scope, state.at("middle_block.2"), current, current));
        for (int level = levels - 1; level >= 0; level--) {
            for (int i = 0; i <= size.numResBlocks(); i++) {
                int outputs = width * size.channelMult().get(level);
                StateDict own = state.at("output_blocks." + outputBlocks.size());
                List<UNetLayer> block = residual(scope, own, current + skipped.pop(), outputs, level);
                if (level > 0 && i == size.numResBlocks()) {
                    block.add(new UNetLayer.Enlarging(
                            Conv2d.load(scope, own.at(block.size() + ".conv"), outputs, outputs, 3)));
                }
                outputBlocks.add(block);
                current = outputs;
            }
        }
        outNorm = GroupNorm.load(scope, state.at("out.0"), current, UNetSize.GROUPS);
        out = Conv2d.load(scope, state.at("out.2"), current, pixels, 3);
    }

    private List<UNetLayer> residual(Scope scope, StateDict state, int inputs, int outputs, int level) {
        List<UNetLayer> block = new ArrayList<>(List.of(resBlock(scope, state.at("0"), inputs, outputs)));
        if (size.attentionResolutions().contains(1 << level)) {
            block.add(SpatialAttention.load(scope, state.at("1"), outputs, size.numHeads()));
        }
        return block;
    }

    private ResBlock resBlock(Scope scope, StateDict state, int inputs, int outputs) {
        ResBlock block = ResBlock.load(scope, state, inputs, outputs, 4 * size.modelChannels(), timeWidth());
        timed.add(block);
        return block;
    }

    /** What all blocks loaded so far add at a timestep. */
    private int timeWidth() {
        return timed.isEmpty() ? 0 : timed.getLast().firstTime() + timed.getLast().outputs();
    }

    /** The embeddings of timesteps, [T, 4 width], before the activation that each block puts before its own layer. */
    Tensor embeddings(Scope scope, int[] timesteps) {
        int width = size.modelChannels();
        int half = width / 2;
        float[] waves = new float[timesteps.length * width];
        for (int k = 0; k < half; k++) {
            float frequency = (float) Math.exp((float) -Math.log(10000) * k / half);
            for (int i = 0; i < timesteps.length; i++) {
                float angle = timesteps[i] * frequency;
                waves[i * width + k] = (float) Math.cos(angle);
                waves[i * width + half + k] = (float) Math.sin(angle);
            }
        }
        try (Tensor rows = scope.of(waves, timesteps.length, width); Tensor linear = time0.apply(scope, rows);
                Tensor hidden = Kernels.activate(scope, linear, Activation.SILU)) {
            return time2.apply(scope, hidden);
        }
    }

    /** What the blocks add at timesteps, [T, all blocks after each other]: the same for each image. */
    Tensor times(Scope scope, int[] timesteps) {
        Tensor all = scope.empty(DType.F32, timesteps.length, timeWidth());
        try (Tensor embeddings = embeddings(scope, timesteps);
                Tensor active = Kernels.activate(scope, embeddings, Activation.SILU)) {
            for (ResBlock block : timed) {
                try (Tensor biases = block.biases(scope, active);
                        Tensor place = all.slice(1, block.firstTime(), block.firstTime() + (long) block.outputs())) {
                    Kernels.copy(scope, biases, place);
                }
            }
            return all;
        } catch (RuntimeException | Error e) {
            all.close();
            throw e;
        }
    }

    /** The codes [B, rows, columns, L] for each patch of an image. */
    Tensor condition(Scope scope, Tensor codes, Extent image) {
        return Images.resize2d(scope, codes, image.height() / size.patchSize(), image.width() / size.patchSize(),
                ResizeMode.NEAREST, false);
    }

    /** An image [B, C, H, W] as [B, H / p, W / p, C p p]. */
    Tensor patches(Scope scope, Tensor image) {
        int p = size.patchSize();
        long rows = image.dim(2) / p;
        long columns = image.dim(3) / p;
        try (Tensor dense = Kernels.copy(scope, image);
                Tensor cells = dense.reshape(image.dim(0), channels, rows, p, columns, p);
                Tensor turned = cells.permute(0, 2, 4, 1, 3, 5); Tensor copied = Kernels.copy(scope, turned)) {
            return copied.reshape(image.dim(0), rows, columns, (long) channels * p * p);
        }
    }

    /** The inverse of {@link #patches}: [B, C, H, W], a view of channels-last memory. */
    Tensor image(Scope scope, Tensor patches) {
        return unpatched(scope, patches, channels, size.patchSize());
    }

    /** [B, rows, columns, C p p] as [B, C, rows p, columns p], a view of channels-last memory. */
    static Tensor unpatched(Scope scope, Tensor patches, int channels, int p) {
        long rows = patches.dim(1);
        long columns = patches.dim(2);
        try (Tensor cells = patches.reshape(patches.dim(0), rows, columns, channels, p, p);
                Tensor turned = cells.permute(0, 1, 4, 2, 5, 3); Tensor copied = Kernels.copy(scope, turned);
                Tensor last = copied.reshape(patches.dim(0), rows * p, columns * p, channels)) {
            return last.permute(0, 3, 1, 2);
        }
    }

    /**
     * Predicts.
     *
     * @param scope owns the result
     * @param x patches with noise
     * @param condition of {@link #condition}
     * @param time a row of {@link #times}, [all blocks]
     * @return like x
     */
    Tensor forward(Scope scope, Tensor x, Tensor condition, Tensor time) {
        Deque<Tensor> skipped = new ArrayDeque<>();
        try {
            return forward(scope, x, condition, time, skipped);
        } finally {
            // None are left, unless a step failed.
            skipped.forEach(Tensor::close);
        }
    }

    private Tensor forward(Scope scope, Tensor x, Tensor condition, Tensor time, Deque<Tensor> skipped) {
        Tensor current;
        try (Tensor joined = joined(scope, x, condition)) {
            current = run(scope, inputBlocks.getFirst(), joined, time);
        }
        skipped.push(current);
        for (List<UNetLayer> block : inputBlocks.subList(1, inputBlocks.size())) {
            current = run(scope, block, current, time);
            skipped.push(current);
        }
        current = run(scope, middleBlock, current, time);
        for (List<UNetLayer> block : outputBlocks) {
            try (Tensor below = current; Tensor skip = skipped.pop(); Tensor both = joined(scope, below, skip)) {
                current = run(scope, block, both, time);
            }
        }
        try (Tensor last = current; Tensor normal = outNorm.apply(scope, last, Activation.SILU)) {
            return out.apply(scope, normal, Activation.NONE);
        }
    }

    private static Tensor joined(Scope scope, Tensor first, Tensor second) {
        ChannelConcat both = new ChannelConcat(
                scope, first.dim(0), first.dim(1), first.dim(2), first.dim(3) + second.dim(3));
        both.add(first);
        both.add(second);
        return both.image();
    }

    /** Runs a block, whose input stays. */
    private static Tensor run(Scope scope, List<UNetLayer> block, Tensor x, Tensor time) {
        Tensor current = x;
        for (UNetLayer layer : block) {
            Tensor before = current;
            try {
                current = layer.apply(scope, before, time);
            } finally {
                if (before != x) {
                    before.close();
                }
            }
        }
        return current;
    }
}
