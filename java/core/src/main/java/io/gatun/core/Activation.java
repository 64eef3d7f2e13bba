// SPDX-License-Identifier: Apache-2.0
package io.gatun.core;

/**
 * What is applied to each element. The order is the numbering of {@code gatun_activation}; products take the first
 * three.
 */
public enum Activation {
    /** Nothing. */
    NONE,
    /** {@code torch.nn.GELU()}: its exact form, {@code x * Phi(x)} by the error function; NaN of -infinity. */
    GELU,
    /** {@code max(x, 0)}, as {@code torch.nn.ReLU()}; NaN stays NaN. */
    RELU,
    /** {@code 1 / (1 + exp(-x))}, as {@code torch.nn.Sigmoid()}. */
    SIGMOID,
    /** As {@code torch.nn.Tanh()}. */
    TANH,
    /** {@code x * sigmoid(x)}, as {@code torch.nn.SiLU()}. */
    SILU,
    /** {@code log(1 + exp(x))}, x itself above 20, as {@code torch.nn.Softplus()}. */
    SOFTPLUS,
    /** {@code x} or, where negative, {@code 0.01 x}, as {@code torch.nn.LeakyReLU()}. */
    LEAKY_RELU,
    /** {@code x} or, where negative, {@code exp(x) - 1}, as {@code torch.nn.ELU()}. */
    ELU;

    /**
     * Whether products and convolutions apply it themselves, without a pass of its own.
     *
     * @return true for the first three
     */
    public boolean inProducts() {
        return ordinal() <= RELU.ordinal();
    }
}
