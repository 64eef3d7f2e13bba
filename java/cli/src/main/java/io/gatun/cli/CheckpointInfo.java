// SPDX-License-Identifier: Apache-2.0
package io.gatun.cli;

import io.gatun.core.Checkpoint;
import io.gatun.core.GatunException;
import io.gatun.core.TensorData;
import io.gatun.models.climanet.SpatioTemporalConfig;
import io.gatun.wrappers.reconstruct.Preprocessing;
import io.gatun.wrappers.reconstruct.TrainingDomain;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/** What is in a weights file, in short. */
final class CheckpointInfo {
    /** A tensor that no other model has. */
    private static final String TELLING = "temporal.day_scorer.1.weight";

    private CheckpointInfo() {}

    static void print(Path path, String format, Optional<String> stripPrefix, boolean tensors, PrintWriter out) {
        Checkpoint checkpoint = StripPrefix.read(path, stripPrefix);
        out.println("file: " + path);
        out.println("format: " + format);
        out.println("sha256: " + checkpoint.digest());
        out.println("tensors: " + checkpoint.tensors().size() + " with " + count(checkpoint) + " values, "
                + types(checkpoint));
        out.println("model: " + (isSpatioTemporal(checkpoint)
                ? orReason(() -> describe(SpatioTemporalConfig.of(checkpoint)))
                : "unknown: no tensor is called " + TELLING));
        out.println("preprocessing: " + orReason(() -> Preprocessing.of(checkpoint).map(CheckpointInfo::describe)
                .orElse("not stated; gatun reconstruct takes it as --mean, --std, --target")));
        TrainingDomain domain = TrainingDomain.of(checkpoint);
        domain.latitudes().ifPresent(range -> out.println("trained for latitudes: " + range));
        domain.longitudes().ifPresent(range -> out.println("trained for longitudes: " + range));
        domain.gridDegrees().ifPresent(degrees -> out.println("trained for cells of: " + degrees + " degrees"));
        domain.years().ifPresent(range -> out.println("trained on years: " + range));
        domain.values().ifPresent(range -> out.println("trained on values: " + range + " degree_Celsius"));
        // "format" in a safetensors header is the framework that wrote it: nothing to tell a user.
        checkpoint.configuration().forEach((name, value) -> {
            if (!name.equals("format")) {
                print(name, value, out);
            }
        });
        if (tensors) {
            checkpoint.tensors().forEach((name, tensor) ->
                    out.println("  " + name + " " + tensor.shape() + " " + tensor.dtype().torchName()));
        }
    }

    private static boolean isSpatioTemporal(Checkpoint checkpoint) {
        // Training programs may put a prefix before the names.
        return checkpoint.tensors().keySet().stream().anyMatch(name -> name.endsWith(TELLING));
    }

    private static String describe(SpatioTemporalConfig config) {
        return "SpatioTemporalModel for up to " + config.maxMonths() + " months of " + config.maxDays()
                + " days; patches of " + config.patchSize().time() + " x " + config.patchSize().height() + " x "
                + config.patchSize().width() + ", width " + config.embedDim() + ", " + config.spatialDepth()
                + " spatial layers of " + config.spatialHeads() + " heads";
    }

    private static String describe(Preprocessing preprocessing) {
        String input = "(value - " + preprocessing.mean() + ") / " + preprocessing.std() + " of "
                + preprocessing.units();
        return input + switch (preprocessing.target()) {
            case RESIDUAL -> "; predicts the difference to the mean of observations, times "
                    + preprocessing.residualScale();
            case ABSOLUTE -> "; predicts the value";
        } + preprocessing.tile().map(tile -> "; trained on windows of " + tile.height() + " x " + tile.width())
                .orElse("");
    }

    /** Sections one entry a line. */
    private static void print(String name, Object value, PrintWriter out) {
        if (value instanceof Map<?, ?> section) {
            out.println(name + ":");
            section.forEach((key, entry) -> out.println("  " + key + ": " + entry));
        } else {
            out.println(name + ": " + value);
        }
    }

    private static long count(Checkpoint checkpoint) {
        return checkpoint.tensors().values().stream().mapToLong(tensor -> tensor.shape().numElements()).sum();
    }

    private static String types(Checkpoint checkpoint) {
        Map<String, Long> types = checkpoint.tensors().values().stream()
                .map(TensorData::dtype)
                .collect(Collectors.groupingBy(dtype -> dtype.torchName(), TreeMap::new, Collectors.counting()));
        return types.entrySet().stream().map(entry -> entry.getValue() + " " + entry.getKey())
                .collect(Collectors.joining(", "));
    }

    /** A file of another model is still worth describing. */
    private static String orReason(Supplier<String> description) {
        try {
            return description.get();
        } catch (GatunException e) {
            return "unknown: " + e.getMessage();
        }
    }
}
