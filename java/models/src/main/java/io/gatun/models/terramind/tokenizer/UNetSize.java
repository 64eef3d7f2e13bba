// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind.tokenizer;

import io.gatun.core.ArgumentException;
import io.gatun.models.Arguments;
import java.util.List;

/**
 * Sizes of the network that denoises, upstream's {@code unet_patched}.
 *
 * @param patchSize rows and columns of the pixels that become channels
 * @param modelChannels channels of the first level, a multiple of 32
 * @param numResBlocks residual blocks of a level
 * @param attentionResolutions reductions at which there is attention, 1 for the first level
 * @param channelMult channels of each level over those of the first
 * @param numHeads heads of the attention
 */
public record UNetSize(int patchSize, int modelChannels, int numResBlocks, List<Integer> attentionResolutions,
        List<Integer> channelMult, int numHeads) {
    /** Groups of all norms. */
    static final int GROUPS = 32;

    /** That of the published tokenizers. */
    static final UNetSize PATCHED = new UNetSize(4, 256, 3, List.of(4, 8), List.of(1, 2, 2, 2), 1);

    /** Checks the numbers; throws {@link ArgumentException} if one does not fit the others. */
    public UNetSize {
        attentionResolutions = List.copyOf(attentionResolutions);
        channelMult = List.copyOf(channelMult);
        if (patchSize < 1 || modelChannels < GROUPS || modelChannels % GROUPS != 0 || numResBlocks < 1
                || channelMult.isEmpty() || channelMult.stream().anyMatch(each -> each < 1) || numHeads < 1
                || channelMult.stream().anyMatch(each -> each * modelChannels % numHeads != 0)) {
            throw new ArgumentException("tokenizer: a U-Net of patch_size " + patchSize + ", model_channels "
                    + modelChannels + ", num_res_blocks " + numResBlocks + ", channel_mult " + channelMult
                    + " and num_heads " + numHeads + "; expected at least 1 of each, and channels in multiples of "
                    + GROUPS + " and of the heads");
        }
    }

    /** Another size by upstream's keyword arguments, absent ones as here. */
    UNetSize with(Arguments arguments) {
        return new UNetSize(arguments.integer("patch_size", patchSize),
                arguments.integer("model_channels", modelChannels), arguments.integer("num_res_blocks", numResBlocks),
                arguments.integers("attention_resolutions").orElse(attentionResolutions),
                arguments.integers("channel_mult").orElse(channelMult), arguments.integer("num_heads", numHeads));
    }

    /**
     * What the sides of an image must be multiples of: each level but the last halves it.
     *
     * @return pixels
     */
    public int multiple() {
        return patchSize << channelMult.size() - 1;
    }
}
