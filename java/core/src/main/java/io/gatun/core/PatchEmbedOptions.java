// SPDX-License-Identifier: Apache-2.0
package io.gatun.core;

import java.util.Objects;

/**
 * How {@link Kernels#patchEmbed} cuts and reads an image.
 *
 * @param patchT days of a patch
 * @param patchH rows of a patch
 * @param patchW columns of a patch
 * @param validity where the validity channels come from
 * @param fillValue the value that stands for missing; used by {@link Validity#FILL} only
 * @param eps added to the variance by the LayerNorm that may follow
 */
public record PatchEmbedOptions(
        long patchT, long patchH, long patchW, Validity validity, float fillValue, double eps) {
    /**
     * Checks the patch.
     *
     * @throws ShapeException if an extent is below 1
     */
    public PatchEmbedOptions {
        Objects.requireNonNull(validity, "validity");
        if (patchT < 1 || patchH < 1 || patchW < 1) {
            throw new ShapeException("patch is " + patchT + " x " + patchH + " x " + patchW
                    + "; expected at least 1 on each axis");
        }
    }

    /**
     * Options without a fill value.
     *
     * @param patchT days of a patch
     * @param patchH rows of a patch
     * @param patchW columns of a patch
     * @param validity where the validity channels come from
     * @param eps added to the variance by the LayerNorm that may follow
     */
    public PatchEmbedOptions(long patchT, long patchH, long patchW, Validity validity, double eps) {
        this(patchT, patchH, patchW, validity, 0f, eps);
    }
}
