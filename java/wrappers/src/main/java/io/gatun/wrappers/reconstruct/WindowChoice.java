// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.reconstruct;

import io.gatun.core.ArgumentException;
import io.gatun.data.window.WindowAxis;
import io.gatun.models.climanet.SpatioTemporalConfig;
import java.util.List;
import java.util.Optional;

/** Which windows a run takes: those of the training unless asked otherwise, whole patches, no larger than the model. */
record WindowChoice(WindowAxis rows, WindowAxis columns) {
    static WindowChoice of(Grid grid, SpatioTemporalConfig model, Preprocessing preprocessing, RunOptions options,
            List<String> notes) {
        int patchH = model.patchSize().height();
        int patchW = model.patchSize().width();
        Optional<Preprocessing.Tile> trained = preprocessing.tile();
        int height = extent("rows", options.window().map(Preprocessing.Tile::height),
                trained.map(Preprocessing.Tile::height), grid.height(), patchH, model.maxH(), notes);
        int width = extent("columns", options.window().map(Preprocessing.Tile::width),
                trained.map(Preprocessing.Tile::width), grid.width(), patchW, model.maxW(), notes);
        trained.filter(tile -> tile.height() != height || tile.width() != width).ifPresent(tile ->
                notes.add("windows have " + height + " x " + width + " cells; the checkpoint was trained on "
                        + tile.height() + " x " + tile.width() + ", and the window is an input of the model: expect a"
                        + " different, usually larger, error"));
        int overlapH = options.overlap().orElse(height / 2);
        int overlapW = options.overlap().orElse(width / 2);
        return new WindowChoice(new WindowAxis(grid.height(), height, overlapH, false),
                new WindowAxis(grid.width(), width, overlapW, grid.wraps()));
    }

    private static int extent(String what, Optional<Integer> wanted, Optional<Integer> trained, int grid, int patch,
            int maxPatches, List<String> notes) {
        int limit = Math.multiplyExact(maxPatches, patch);
        int chosen = wanted.or(() -> trained).orElse(Math.min(limit, wholePatches(grid, patch)));
        if (chosen < 1 || chosen > limit) {
            throw new ArgumentException("windows of " + chosen + " " + what + " were asked for; expected 1 to " + limit
                    + ", what the model encodes");
        }
        int whole = wholePatches(chosen, patch);
        if (whole != chosen) {
            notes.add("windows of " + chosen + " " + what + " are no whole patches of " + patch
                    + ": they are padded to " + whole);
        }
        return whole;
    }

    private static int wholePatches(int cells, int patch) {
        return Math.multiplyExact(Math.ceilDiv(cells, patch), patch);
    }

    int count() {
        return rows.count() * columns.count();
    }

    /** For a file's history. */
    @Override
    public String toString() {
        return rows.window() + " x " + columns.window() + ", " + rows.count() + " x " + columns.count() + " of them";
    }
}
