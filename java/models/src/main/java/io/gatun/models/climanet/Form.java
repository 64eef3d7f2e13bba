// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.climanet;

/** How a model computes the same maps. */
enum Form {
    /** Encoder and pooling in one kernel, the decoder's linear beginning folded, its end in one kernel. */
    FUSED,
    /** Stage after stage as upstream has them: what the fused form is held against, and what shows the stages. */
    PLAIN
}
