// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.climanet;

import io.gatun.core.Scope;
import io.gatun.core.ShapeException;
import io.gatun.core.StateDict;
import io.gatun.core.Tensor;

/**
 * Position vectors of days or months. Upstream fills the table with sines and cosines
 * ({@link io.gatun.models.layers.PositionTables#sinusoidal}) but stores it as the buffer {@code pe} [max_len, E]: a
 * checkpoint's table is the one that counts.
 */
final class TemporalPositionalEncoding {
    private final String what;
    private final int embedDim;
    private final float[] table;

    TemporalPositionalEncoding(StateDict state, String what, int maxLength, int embedDim) {
        this.what = what;
        this.embedDim = embedDim;
        this.table = state.takeFloats("pe", maxLength, embedDim);
    }

    int maxLength() {
        return table.length / embedDim;
    }

    /** Rows of the table, [rows.length, E]. */
    Tensor rows(Scope scope, int... rows) {
        float[] chosen = new float[rows.length * embedDim];
        for (int i = 0; i < rows.length; i++) {
            if (rows[i] >= maxLength()) {
                throw new ShapeException("SpatioTemporalModel: " + what + " " + (rows[i] + 1) + " was asked for; the"
                        + " checkpoint encodes " + maxLength());
            }
            System.arraycopy(table, rows[i] * embedDim, chosen, i * embedDim, embedDim);
        }
        return scope.of(chosen, rows.length, embedDim);
    }
}
