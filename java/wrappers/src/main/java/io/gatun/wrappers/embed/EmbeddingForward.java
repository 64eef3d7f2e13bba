// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.embed;

import io.gatun.core.Scope;
import io.gatun.core.Shape;
import io.gatun.core.Tensor;
import io.gatun.models.terrafm.TerraFM;
import io.gatun.wrappers.embed.OutputSpec.Mode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SequencedMap;
import java.util.stream.Stream;

/** Prepared images through the model, and what it gives as embeddings. */
record EmbeddingForward(EmbedderSettings settings, Scope weights, TerraFM model) {
    /** One embedding for each image, in one pass of the model. */
    List<Embedding> run(List<PreparedImage> images, EmbeddingRequest request, boolean batch) {
        boolean grid = request.output().mode() == Mode.GRID
                || images.stream().anyMatch(image -> !image.window().isFull());
        long start = System.nanoTime();
        float[] vectors;
        float[] cells;
        try (Scope scope = Scope.open(weights.device(), settings.precision());
                Tensor input = scope.of(joined(images), inputShape(images))) {
            if (grid) {
                TerraFM.Layer last = model.getIntermediateLayers(scope, input, 1, true).getFirst();
                vectors = last.cls().toFloatArray();
                cells = last.patches().permute(0, 2, 1).toFloatArray();
            } else {
                vectors = model.forward(scope, input).toFloatArray();
                cells = new float[0];
            }
        }
        double seconds = (System.nanoTime() - start) / 1e9;
        List<Embedding> embeddings = new ArrayList<>();
        for (int i = 0; i < images.size(); i++) {
            SequencedMap<String, Object> metadata = EmbeddingMetadata.of(
                    settings, weights.device(), request, images.get(i), seconds, images.size(), batch);
            float[] vector = part(vectors, i, images.size());
            embeddings.add(grid ? ofGrid(images.get(i), vector, part(cells, i, images.size()), request, metadata)
                    : pooled(vector, metadata));
        }
        return embeddings;
    }

    private Embedding ofGrid(PreparedImage image, float[] vector, float[] cells, EmbeddingRequest request,
            SequencedMap<String, Object> metadata) {
        int side = settings.config().grid().height();
        Raster whole = Raster.of(cells, vector.length, side, side);
        Raster grid = image.window().cropped(whole);
        if (request.output().mode() == Mode.POOLED) {
            if (image.window().isFull()) {
                return pooled(vector, metadata);
            }
            metadata.put("pooling", "roi_grid_" + EmbeddingMetadata.lower(request.output().pooling()));
            return pooled(RoiWindow.pooled(grid, request.output().pooling()), metadata);
        }
        metadata.put("grid_type", "feature_map");
        metadata.put("grid_shape", List.of(grid.bands(), grid.height(), grid.width()));
        double patch = settings.config().patchSize();
        List<Integer> from = image.window().cells(side, side);
        image.georeference().map(place -> place.withPixels(patch, patch).from(from.get(0), from.get(2)))
                .ifPresent(place -> {
                    metadata.put("crs", place.crs());
                    metadata.put("transform", place.transform());
                });
        return new Embedding(grid.values(), grid.shape(), List.of("d", "y", "x"), metadata);
    }

    private static Embedding pooled(float[] vector, SequencedMap<String, Object> metadata) {
        return new Embedding(vector, Shape.of(vector.length), List.of("d"), metadata);
    }

    /** Embeddings of the same shape as one, with the metadata of the first. */
    static Embedding stacked(List<Embedding> each) {
        Embedding first = each.getFirst();
        float[] data = new float[each.size() * first.data().length];
        for (int i = 0; i < each.size(); i++) {
            System.arraycopy(each.get(i).data(), 0, data, i * first.data().length, first.data().length);
        }
        long[] extents = first.shape().toArray();
        long[] shape = new long[extents.length + 1];
        shape[0] = each.size();
        System.arraycopy(extents, 0, shape, 1, extents.length);
        return new Embedding(data, Shape.of(shape), Stream.concat(Stream.of("b"), first.dims().stream()).toList(),
                first.metadata());
    }

    private static long[] inputShape(List<PreparedImage> images) {
        Raster first = images.getFirst().pixels();
        return new long[] {images.size(), first.bands(), first.height(), first.width()};
    }

    private static float[] joined(List<PreparedImage> images) {
        int size = images.getFirst().pixels().values().length;
        float[] pixels = new float[Math.multiplyExact(images.size(), size)];
        for (int i = 0; i < images.size(); i++) {
            System.arraycopy(images.get(i).pixels().values(), 0, pixels, i * size, size);
        }
        return pixels;
    }

    private static float[] part(float[] all, int index, int count) {
        int size = all.length / count;
        return Arrays.copyOfRange(all, index * size, (index + 1) * size);
    }
}
