// SPDX-License-Identifier: Apache-2.0
package io.gatun.cli;

import io.gatun.cli.plot.ComponentPicture;
import io.gatun.wrappers.embed.Embedder;
import io.gatun.wrappers.embed.Embedding;
import io.gatun.wrappers.embed.EmbeddingRequest;
import io.gatun.wrappers.embed.OutputSpec;
import io.gatun.wrappers.embed.SpatialSpec;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * One region, and the files that are wanted of it.
 *
 * @param request what is embedded; its output is each file's own
 * @param history of the grid's file
 */
record EmbeddingJob(SpatialSpec region, EmbeddingRequest request, Optional<Path> pooled, Optional<Path> grid,
        Optional<Path> picture, String history) {
    /** Writes them, and returns their paths. */
    List<Path> run(Embedder embedder) {
        List<Path> written = new ArrayList<>();
        pooled.ifPresent(target -> {
            EmbeddingFiles.writePooled(target, embedder.getEmbedding(region, request.withOutput(OutputSpec.pooled())));
            written.add(target);
        });
        if (grid.isPresent() || picture.isPresent()) {
            Embedding cells = embedder.getEmbedding(region, request.withOutput(OutputSpec.grid()));
            grid.ifPresent(target -> {
                EmbeddingFiles.writeGrid(target, cells, history);
                written.add(target);
            });
            picture.ifPresent(target -> {
                ComponentPicture.write(target, cells.data(), (int) cells.shape().dim(-2), (int) cells.shape().dim(-1));
                written.add(target);
            });
        }
        return written;
    }
}
