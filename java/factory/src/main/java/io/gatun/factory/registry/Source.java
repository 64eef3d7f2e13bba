// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory.registry;

import java.util.Optional;
import java.util.SequencedSet;

/**
 * Where a {@link MultiSourceRegistry} looks names up.
 *
 * @param <T> what a name stands for
 */
public interface Source<T> {
    /**
     * The names it has.
     *
     * @return in the order of registration
     */
    SequencedSet<String> names();

    /**
     * What a name stands for.
     *
     * @param name without the source's prefix
     * @return empty if it has no such name
     */
    Optional<T> find(String name);

    /**
     * Why a name is not there, and what to use instead.
     *
     * @param name a name that {@link #find} does not have
     * @return a sentence without a full stop
     */
    String whyNot(String name);
}
