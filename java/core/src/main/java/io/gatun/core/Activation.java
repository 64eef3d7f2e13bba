// SPDX-License-Identifier: Apache-2.0
package io.gatun.core;

/** What a kernel applies to each result. The order is the numbering of {@code gatun_activation}. */
public enum Activation {
    /** Nothing. */
    NONE,
    /** GELU in its exact form, {@code x * Phi(x)} by the error function, as {@code torch.nn.GELU()}. */
    GELU
}
