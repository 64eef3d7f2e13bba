// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terrafm;

/**
 * Which of TerraFM's patch embeddings an image of 12 bands goes through. One of two bands always takes Sentinel-1's.
 */
public enum Stem {
    /** That of Sentinel-2's Level-1C, whatever the product is: what upstream's {@code forward} always does. */
    UPSTREAM_EXACT,
    /** That of Level-2A (surface reflectance), which the weights have and no call of upstream's model reaches. */
    L2A_STEM;

    /**
     * The name in arguments and metadata.
     *
     * @return {@code upstream-exact} or {@code l2a-stem}
     */
    public String text() {
        return this == L2A_STEM ? "l2a-stem" : "upstream-exact";
    }
}
