// SPDX-License-Identifier: Apache-2.0
package io.gatun.core;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What a weights file says, whatever its format: named tensors in file order, and a configuration as plain data.
 *
 * <p>Configuration values are {@code null}, {@link Boolean}, {@link Long}, {@link Double}, {@link String},
 * {@link java.util.List} or {@link Map} with string keys, nested; well-known entries are {@code model_config},
 * {@code normalization} and {@code training}. Immutable and safe for use by many threads. The tensors' memory is
 * managed by the garbage collector: a checkpoint needs no closing.
 *
 * @param source where it came from, for messages: usually the file's path
 * @param digest SHA-256 of the file's bytes, 64 lower-case hexadecimal digits
 * @param tensors name to tensor
 * @param configuration plain data beside the tensors, possibly empty
 */
public record Checkpoint(
        String source, String digest, Map<String, TensorData> tensors, Map<String, Object> configuration) {
    /** Makes the maps unmodifiable and keeps their order. */
    public Checkpoint {
        tensors = Collections.unmodifiableMap(new LinkedHashMap<>(tensors));
        configuration = Collections.unmodifiableMap(new LinkedHashMap<>(configuration));
    }

    /**
     * A nested section of the configuration.
     *
     * @param name its key
     * @return the section, or empty where the key is absent or is no dictionary
     */
    @SuppressWarnings("unchecked")
    public Optional<Map<String, Object>> section(String name) {
        Object value = configuration.get(name);
        return value instanceof Map<?, ?> map ? Optional.of((Map<String, Object>) map) : Optional.empty();
    }

    /**
     * The same with a prefix removed from all tensor names that have it.
     *
     * @param prefix for example {@code model.} for checkpoints of PyTorch Lightning
     * @return a checkpoint that shares the tensors
     * @throws CheckpointException if two names become one
     */
    public Checkpoint stripPrefix(String prefix) {
        return new Checkpoint(source, digest, stripped(source, tensors, prefix), configuration);
    }

    static Map<String, TensorData> stripped(String source, Map<String, TensorData> tensors, String prefix) {
        Map<String, TensorData> renamed = new LinkedHashMap<>();
        tensors.forEach((name, data) -> {
            String shorter = name.startsWith(prefix) ? name.substring(prefix.length()) : name;
            if (renamed.put(shorter, data) != null) {
                throw new CheckpointException(source + ": without the prefix \"" + prefix
                        + "\" two tensors are called \"" + shorter + "\"");
            }
        });
        return renamed;
    }
}
