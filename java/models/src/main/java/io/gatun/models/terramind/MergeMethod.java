// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind;

import io.gatun.models.Arguments;

/** What becomes of the tokens of several modalities: TerraTorch's {@code merge_method}. */
public enum MergeMethod {
    /** The mean of all modalities of images, place by place; tokens of sequences and registers are left out. */
    MEAN,
    /** The largest of all modalities of images, place by place, otherwise as {@link #MEAN}. */
    MAX,
    /** All modalities of images next to each other along the channels, otherwise as {@link #MEAN}. */
    CONCAT,
    /** A tensor for each modality by name, and one of the registers, if there are any. */
    DICT,
    /** All tokens after each other, registers first: upstream's {@code None}. */
    NONE;

    private static final String KEY = "merge_method";

    /** {@code merge_method}, where null and "none" are {@link #NONE}. */
    static MergeMethod of(Arguments arguments, MergeMethod otherwise) {
        return arguments.isNull(KEY) ? NONE : arguments.choice(KEY, MergeMethod.class, otherwise);
    }
}
