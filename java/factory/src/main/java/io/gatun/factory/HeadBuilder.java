// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory;

import io.gatun.models.Loader;

/** A head whose arguments are settled, all but the channels of what it reads. */
@FunctionalInterface
public interface HeadBuilder {
    /**
     * Checks the channels.
     *
     * @param channels of the decoder's result
     * @return what loads the head
     */
    Loader<? extends Head> build(int channels);
}
