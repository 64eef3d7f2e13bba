// SPDX-License-Identifier: Apache-2.0
package io.gatun.cli;

import io.gatun.data.crs.Crs;
import io.gatun.data.geotiff.GeoTransform;
import io.gatun.data.internal.Json;
import io.gatun.data.netcdf.AttributeValue;
import io.gatun.data.netcdf.NetcdfType;
import io.gatun.data.netcdf.NetcdfWriter;
import io.gatun.data.scene.TargetGrid;
import io.gatun.wrappers.embed.Embedding;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.StringJoiner;

/** Embeddings as files, each there as a whole or not at all. */
final class EmbeddingFiles {
    private static final int TRANSFORM_LENGTH = 6;

    private EmbeddingFiles() {}

    /** A head and one row: what was embedded, then the vector. Numbers are written so that they read back the same. */
    static void writePooled(Path target, Embedding embedding) {
        StringJoiner head = new StringJoiner(",", "", "\n");
        StringJoiner row = new StringJoiner(",", "", "\n");
        for (String key : List.of("model", "modality", "source", "start", "end", "pooling")) {
            head.add(key);
            row.add(quoted(Objects.toString(embedding.metadata().get(key), "")));
        }
        for (int i = 0; i < embedding.data().length; i++) {
            head.add("d" + i);
            row.add(Float.toString(embedding.data()[i]));
        }
        WholeFile.write(target, "table", () -> (head.toString() + row).getBytes(StandardCharsets.UTF_8));
    }

    private static String quoted(String text) {
        return text.matches("[^\",\r\n]*") ? text : '"' + text.replace("\"", "\"\"") + '"';
    }

    /** NetCDF: embedding [d, y, x], coordinates of the cells' centres where they are known, and the metadata. */
    static void writeGrid(Path target, Embedding grid, String history) {
        try (NetcdfWriter file = NetcdfWriter.create(target)) {
            List<String> dims = grid.dims();
            for (int axis = 0; axis < dims.size(); axis++) {
                file.dimension(dims.get(axis), grid.shape().dim(axis));
            }
            file.attribute("Conventions", AttributeValue.of("CF-1.8"));
            file.attribute("title", AttributeValue.of("embeddings of " + grid.metadata().get("model")));
            file.attribute("history", AttributeValue.of(history));
            file.attribute("metadata", AttributeValue.of(Json.write(grid.metadata())));
            Map<String, AttributeValue> attributes = new LinkedHashMap<>();
            attributes.put("long_name", AttributeValue.of("embedding"));
            Optional<Runnable> place = place(file, grid);
            place.ifPresent(_ -> attributes.put("grid_mapping", AttributeValue.of("crs")));
            NetcdfWriter.Variable values = file.variable("embedding", NetcdfType.FLOAT, dims, attributes);
            place.ifPresent(Runnable::run);
            values.write(grid.data());
            file.commit();
        }
    }

    /** Declares where the cells lie; what is returned writes it. */
    private static Optional<Runnable> place(NetcdfWriter file, Embedding grid) {
        if (!(grid.metadata().get("transform") instanceof List<?> list && list.size() == TRANSFORM_LENGTH
                && grid.metadata().get("crs") instanceof String crs)) {
            return Optional.empty();
        }
        double[] t = list.stream().mapToDouble(value -> ((Number) value).doubleValue()).toArray();
        TargetGrid cells = new TargetGrid(new Crs(Integer.parseInt(crs.substring("EPSG:".length()))),
                new GeoTransform(t[2], t[0], t[1], t[5], t[3], t[4]), (int) grid.shape().dim(-1),
                (int) grid.shape().dim(-2));
        return Optional.of(cells.declare(file));
    }
}
