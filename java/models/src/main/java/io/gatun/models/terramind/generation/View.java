// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind.generation;

import java.util.Set;

/**
 * What the encoder is shown.
 *
 * @param state what is known
 * @param hidden keys of modalities that it does not see
 */
record View(GenerationState state, Set<String> hidden) {
    @Override
    public boolean equals(Object other) {
        return other instanceof View view && view.state == state && view.hidden.equals(hidden);
    }

    @Override
    public int hashCode() {
        return System.identityHashCode(state) * 31 + hidden.hashCode();
    }
}
