// SPDX-License-Identifier: Apache-2.0
package io.gatun.cli;

import io.gatun.core.Checkpoint;
import io.gatun.core.GatunException;
import io.gatun.core.TensorData;
import io.gatun.data.checkpoint.Checkpoints;
import io.gatun.models.climanet.SpatioTemporalConfig;
import io.gatun.wrappers.reconstruct.Preprocessing;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/** What is in a weights file, in short. */
final class CheckpointInfo {
    private CheckpointInfo() {}

    static void print(Path path, boolean tensors, PrintWriter out) {
        Checkpoint checkpoint = Checkpoints.read(path);
        out.println("file: " + path);
        out.println("sha256: " + checkpoint.digest());
        out.println("tensors: " + checkpoint.tensors().size() + " with " + count(checkpoint) + " values, "
                + types(checkpoint));
        out.println("model: " + orReason(() -> SpatioTemporalConfig.of(checkpoint).toString()));
        out.println("preprocessing: " + orReason(() -> Preprocessing.of(checkpoint).map(Preprocessing::toString)
                .orElse("not stated; gatun reconstruct takes it as --mean, --std, --target")));
        checkpoint.configuration().forEach((name, value) -> out.println(name + ": " + value));
        if (tensors) {
            checkpoint.tensors().forEach((name, tensor) ->
                    out.println("  " + name + " " + tensor.shape() + " " + tensor.dtype().torchName()));
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
