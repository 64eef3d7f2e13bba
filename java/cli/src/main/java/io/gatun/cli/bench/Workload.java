// SPDX-License-Identifier: Apache-2.0
package io.gatun.cli.bench;

import io.gatun.core.Checkpoint;
import io.gatun.models.climanet.PatchSize;
import io.gatun.models.climanet.SpatioTemporalConfig;
import java.util.Arrays;
import java.util.Optional;

/**
 * Sizes of SpatioTemporalModel that are measured, as in {@code bench/peers/versus.py}: batch 1, one channel, 31
 * days, patch (1, 4, 4), overlap 1, two spatial layers of 4 heads.
 */
public enum Workload {
    /** One month of 128 x 128 cells by a model of upstream's default size. */
    W1(1, 128, 128, 128, 256),
    /** A year of 64 x 64 cells. */
    W2(12, 64, 64, 128, 256),
    /** One month of the globe in steps of one degree. */
    W3(1, 180, 360, 128, 256),
    /** Two months of 64 x 64 cells by a small model. */
    W4(2, 64, 64, 64, 64);

    private final InputSize size;
    private final SpatioTemporalConfig config;

    Workload(int months, int height, int width, int embed, int hidden) {
        size = new InputSize(1, months, 31, height, width);
        config = new SpatioTemporalConfig(1, embed, new PatchSize(1, 4, 4), 31, 12, 12, hidden, 1, 256, 256, 2, 4);
    }

    /** The workload of some input's size. */
    public static Optional<Workload> of(InputSize size) {
        return Arrays.stream(values()).filter(workload -> workload.size.equals(size)).findFirst();
    }

    public InputSize size() {
        return size;
    }

    public SpatioTemporalConfig config() {
        return config;
    }

    /** Random weights. */
    public Checkpoint checkpoint() {
        return RandomModel.checkpoint(name(), config);
    }
}
