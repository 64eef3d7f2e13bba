// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind;

import io.gatun.core.Tensor;
import java.util.List;
import java.util.Optional;

/**
 * What the decoder sees of the inputs: keys and values of each of its blocks, made once for any number of decodings.
 * Closing it gives its memory back before the scope does.
 *
 * @param batch samples
 * @param keysAndValues [B, K, 2E] for each block; none where there is nothing to see
 * @param mask bool [B, 1, K], true where a token takes part; empty where all do
 */
public record TerraMindContext(long batch, List<Tensor> keysAndValues, Optional<Tensor> mask)
        implements AutoCloseable {
    /** Makes the list unmodifiable. */
    public TerraMindContext {
        keysAndValues = List.copyOf(keysAndValues);
    }

    /**
     * Whether there is nothing to see.
     *
     * @return true if no input has a token
     */
    public boolean isEmpty() {
        return keysAndValues.isEmpty();
    }

    @Override
    public void close() {
        keysAndValues.forEach(Tensor::close);
        mask.ifPresent(Tensor::close);
    }
}
