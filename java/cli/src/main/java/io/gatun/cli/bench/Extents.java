// SPDX-License-Identifier: Apache-2.0
package io.gatun.cli.bench;

import io.gatun.models.climanet.PatchSize;
import io.gatun.models.climanet.SpatioTemporalConfig;

/**
 * The sizes that operations have in a forward of a model.
 *
 * @param config of the model
 * @param size of its input
 * @param winograd whether 3 x 3 convolutions may be Winograd's, in F(4 x 4, 3 x 3)
 */
record Extents(SpatioTemporalConfig config, InputSize size, boolean winograd) {
    long maps() {
        return (long) size.batch() * size.months();
    }

    /** Slots of days, in patches. */
    long slots() {
        return size.days() / config.patchSize().time();
    }

    long rows() {
        return size.height() / config.patchSize().height();
    }

    long columns() {
        return size.width() / config.patchSize().width();
    }

    /** Patches of a map. */
    long places() {
        return rows() * columns();
    }

    /** Patches of all maps. */
    long patches() {
        return maps() * places();
    }

    long tokens() {
        return patches() * slots();
    }

    /** Values of the input. */
    long pixels() {
        return cells() * size.days() * config.inChans();
    }

    /** Cells of all maps. */
    long cells() {
        return maps() * size.height() * size.width();
    }

    /** Channels of the refined map. */
    long channels() {
        return config.hidden() / 2;
    }

    /** Flops of a 3 x 3 convolution between as many channels for each cell. */
    double convolutionFlops() {
        // Winograd takes 36 products for 16 results, where sums of shifted products take 144.
        return (winograd ? 4.5 : 18.0) * channels() * channels();
    }

    /** Values of a patch, then their validity. */
    long patchInputs() {
        PatchSize patch = config.patchSize();
        return 2L * config.inChans() * patch.time() * patch.height() * patch.width();
    }

    /** Of the transposed convolution's kernel. */
    long kernelRows() {
        return config.patchSize().height() + 2L * config.overlap();
    }

    long kernelColumns() {
        return config.patchSize().width() + 2L * config.overlap();
    }
}
