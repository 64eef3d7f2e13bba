// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.layers;

import io.gatun.core.DType;
import io.gatun.core.Kernels;
import io.gatun.core.Scope;
import io.gatun.core.Tensor;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;

/**
 * Positions of patches, and what stands before the patches (the class token with its position): a table that is on the
 * device for the grid of the weights, and made on the host for others. The last few of those are kept. Safe for use by
 * many threads.
 */
public final class PositionEmbedding {
    private static final int KEPT = 8;

    private final TokenGrid grid;
    private final Tensor own;
    private final int prefix;
    private final int embedDim;
    private final Function<TokenGrid, float[]> resampling;
    private final Map<TokenGrid, float[]> kept = Collections.synchronizedMap(new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<TokenGrid, float[]> eldest) {
            return size() > KEPT;
        }
    });

    /**
     * An embedding.
     *
     * @param scope owns the table
     * @param grid the grid of the table
     * @param table [prefix + cells, E], row-major: tokens that stand before the patches, then positions of patches
     * @param prefix tokens before the patches, 0 or 1
     * @param resampling the table of another grid
     */
    public PositionEmbedding(
            Scope scope, TokenGrid grid, float[] table, int prefix, Function<TokenGrid, float[]> resampling) {
        this.grid = grid;
        this.prefix = prefix;
        this.embedDim = table.length / (prefix + grid.cells());
        this.own = scope.of(table, prefix + grid.cells(), embedDim);
        this.resampling = resampling;
    }

    /**
     * The table of a grid.
     *
     * @param scope owns the result
     * @param wanted a grid
     * @return [prefix + cells, E]
     */
    public Tensor table(Scope scope, TokenGrid wanted) {
        if (wanted.equals(grid)) {
            return own.reshape(own.shape().toArray());
        }
        return scope.of(kept.computeIfAbsent(wanted, resampling), prefix + wanted.cells(), embedDim);
    }

    /**
     * Patches with their positions.
     *
     * @param scope owns the result
     * @param image [B, C, T, H, W] f32
     * @param patches embeds patches
     * @param table of the image's grid
     * @return [B, cells, E]
     */
    public Tensor patches(Scope scope, Tensor image, PatchEmbed patches, Tensor table) {
        try (Tensor positions = table.slice(0, prefix, table.dim(0))) {
            return patches.apply(scope, image, positions);
        }
    }

    /**
     * The whole sequence.
     *
     * @param scope owns the result
     * @param patches [B, cells, E]
     * @param table of the image's grid
     * @return [B, prefix + cells, E]
     */
    public Tensor sequence(Scope scope, Tensor patches, Tensor table) {
        if (prefix == 0) {
            return patches.reshape(patches.shape().toArray());
        }
        long batch = patches.dim(0);
        long length = prefix + patches.dim(1);
        Tensor tokens = scope.empty(DType.F32, batch, length, embedDim);
        try (Tensor before = table.slice(0, 0, prefix);
                Tensor repeated = before.expand(batch, prefix, embedDim);
                Tensor head = tokens.slice(1, 0, prefix);
                Tensor rest = tokens.slice(1, prefix, length)) {
            Kernels.copy(scope, repeated, head);
            Kernels.copy(scope, patches, rest);
        }
        return tokens;
    }
}
