// SPDX-License-Identifier: Apache-2.0
package io.gatun.cli.plot;

import java.awt.Color;

/** Colours for numbers from 0 to 1, interpolated between anchors in Oklab, where equal steps look equally large. */
enum ColorMap {
    /** Dark violet to yellow, for values: every tenth of matplotlib's viridis (CC0). */
    VIRIDIS(0x440154, 0x482576, 0x414487, 0x35608d, 0x2a788e, 0x21908c, 0x22a884, 0x43bf71, 0x7ad151, 0xbbdf27,
            0xfde725),
    /** Almost white to dark blue, for counts. */
    COUNTS(0xf0fbfc, 0xa9e4e7, 0x61b9ce, 0x3082b5, 0x254d90, 0x1b2657),
    /** Blue below, red above, for differences: both arms have the same lightness. */
    DIFFERENCES(0x1e3a71, 0x2f62ac, 0x5e96d4, 0xa7ccec, 0xf5f5f5, 0xebbaad, 0xd67161, 0xa83630, 0x6b1e1d),
    /** Lowland green over brown to white, for elevation. */
    TERRAIN(0x1d4a3c, 0x3f7d4f, 0x9db36a, 0xd9c98c, 0xb08656, 0x7c5945, 0xb9aaa3, 0xf7f5f3),
    /** Brown below, green above, for vegetation indices. */
    VEGETATION(0x5f3b1f, 0xa87a4b, 0xd9c295, 0xf3eedb, 0xa9cf8c, 0x4d9650, 0x124a25);

    private static final int STEPS = 256;

    private final int[] table = new int[STEPS];

    ColorMap(int... anchors) {
        for (int i = 0; i < STEPS; i++) {
            double position = i * (anchors.length - 1) / (double) (STEPS - 1);
            int below = Math.min((int) position, anchors.length - 2);
            table[i] = Oklab.mix(anchors[below], anchors[below + 1], position - below);
        }
    }

    /** The colour, packed as 0xRRGGBB; numbers outside 0 to 1 have the colour of the nearer end. */
    int rgb(double fraction) {
        return table[(int) Math.round(Math.clamp(fraction, 0, 1) * (STEPS - 1))];
    }

    Color color(double fraction) {
        return new Color(rgb(fraction));
    }
}
