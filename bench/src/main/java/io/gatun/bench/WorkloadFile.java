// SPDX-License-Identifier: Apache-2.0
package io.gatun.bench;

import io.gatun.core.Checkpoint;
import io.gatun.core.TensorData;
import io.gatun.data.safetensors.SafetensorsFile;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A model and its inputs as the scripts of {@code bench/peers} write them: a safetensors file with tensors
 * {@code weights/...} and {@code input/...} (the arguments of upstream's forward), and in its metadata
 * {@code model_config}, {@code model_args} or {@code backbone_args}, see {@link io.gatun.cli.bench.Forward#of}.
 *
 * @param weights the model
 * @param input arguments by name
 */
record WorkloadFile(Checkpoint weights, Map<String, TensorData> input) {
    static WorkloadFile read(Path path) {
        Checkpoint file = SafetensorsFile.read(path);
        return new WorkloadFile(
                new Checkpoint(file.source(), file.digest(), below(file, "weights/"), file.configuration()),
                below(file, "input/"));
    }

    private static Map<String, TensorData> below(Checkpoint file, String prefix) {
        Map<String, TensorData> tensors = new LinkedHashMap<>();
        file.tensors().forEach((name, tensor) -> {
            if (name.startsWith(prefix)) {
                tensors.put(name.substring(prefix.length()), tensor);
            }
        });
        return tensors;
    }
}
