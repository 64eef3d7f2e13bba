// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.embed;

import io.gatun.core.Shape;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;

/**
 * An embedding.
 *
 * @param data row-major
 * @param shape [D] or [D, H, W], for several images at once with their number before
 * @param dims names of the axes: {@code d}, or {@code d}, {@code y}, {@code x}; {@code b} before them for
 *     several images
 * @param metadata upstream's keys: what was asked for, how it was prepared and computed. Values are texts, numbers,
 *     booleans, lists and maps of these, and null where a key does not apply
 */
public record Embedding(float[] data, Shape shape, List<String> dims, SequencedMap<String, Object> metadata) {
    /** Makes the metadata unmodifiable. */
    public Embedding {
        dims = List.copyOf(dims);
        metadata = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(metadata));
    }
}
