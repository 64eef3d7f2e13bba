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
 * @param fillValue the stored number that stands for missing, of packed pixels the raw one; rounded to bfloat16 for
 *     pixels of that type; used by {@link Validity#FILL} only
 * @param eps added to the variance by the LayerNorm that may follow
 * @param scaleFactor of int16 pixels: a value is {@code raw * scaleFactor + addOffset}, as the CF conventions have it;
 *     other pixels are not packed and ignore it
 * @param addOffset see scaleFactor
 */
public record PatchEmbedOptions(long patchT, long patchH, long patchW, Validity validity, float fillValue, double eps,
        double scaleFactor, double addOffset) {
    /**
     * Checks patch and packing.
     *
     * @throws ShapeException if an extent is below 1
     * @throws ArgumentException if scaleFactor or addOffset is no finite float, or scaleFactor is 0 as a float
     */
    public PatchEmbedOptions {
        Objects.requireNonNull(validity, "validity");
        if (patchT < 1 || patchH < 1 || patchW < 1) {
            throw new ShapeException("patch is " + patchT + " x " + patchH + " x " + patchW
                    + "; expected at least 1 on each axis");
        }
        if (!Float.isFinite((float) scaleFactor) || (float) scaleFactor == 0 || !Float.isFinite((float) addOffset)) {
            throw new ArgumentException("scaleFactor is " + scaleFactor + " and addOffset " + addOffset
                    + "; expected finite floats and a scaleFactor other than 0 (1 and 0 where nothing is packed)");
        }
    }

    /**
     * Options of pixels that are not packed.
     *
     * @param patchT days of a patch
     * @param patchH rows of a patch
     * @param patchW columns of a patch
     * @param validity where the validity channels come from
     * @param fillValue the value that stands for missing; used by {@link Validity#FILL} only
     * @param eps added to the variance by the LayerNorm that may follow
     */
    public PatchEmbedOptions(long patchT, long patchH, long patchW, Validity validity, float fillValue, double eps) {
        this(patchT, patchH, patchW, validity, fillValue, eps, 1, 0);
    }

    /**
     * Options without a fill value, of pixels that are not packed.
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

    /**
     * The same options for int16 pixels, packed as the CF conventions have it.
     *
     * @param scale a value is {@code raw * scale + offset}
     * @param offset see scale
     * @return the options
     * @throws ArgumentException as the constructor
     */
    public PatchEmbedOptions packed(double scale, double offset) {
        return new PatchEmbedOptions(patchT, patchH, patchW, validity, fillValue, eps, scale, offset);
    }
}
