// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory;

import io.gatun.core.Activation;
import io.gatun.core.Scope;
import io.gatun.core.Tensor;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Function;

/**
 * Activations that {@code torch.nn} has as classes without arguments and weights, as they are at inference: those of
 * {@link Activation} and formulas of several passes.
 */
public enum TorchActivation {
    /** {@code torch.nn.Identity}. */
    IDENTITY("Identity", Activation.NONE),
    /** {@code torch.nn.GELU}, exact. */
    GELU("GELU", Activation.GELU),
    /** {@code torch.nn.ReLU}. */
    RELU("ReLU", Activation.RELU),
    /** {@code torch.nn.Sigmoid}. */
    SIGMOID("Sigmoid", Activation.SIGMOID),
    /** {@code torch.nn.Tanh}. */
    TANH("Tanh", Activation.TANH),
    /** {@code torch.nn.SiLU}. */
    SILU("SiLU", Activation.SILU),
    /** {@code torch.nn.Softplus}. */
    SOFTPLUS("Softplus", Activation.SOFTPLUS),
    /** {@code torch.nn.LeakyReLU}. */
    LEAKY_RELU("LeakyReLU", Activation.LEAKY_RELU),
    /** {@code torch.nn.ELU}. */
    ELU("ELU", Activation.ELU),
    /** {@code torch.nn.CELU}, which with its default is ELU. */
    CELU("CELU", Activation.ELU),
    /** {@code torch.nn.Hardshrink}: 0 from -0.5 to 0.5, else x. */
    HARDSHRINK("Hardshrink", Pointwise::hardshrink),
    /** {@code torch.nn.Hardsigmoid}: {@code relu6(x + 3) / 6}. */
    HARDSIGMOID("Hardsigmoid", (all, x) -> all.times(all.clamped(all.plus(x, 3), 0, 6), 1 / 6.0)),
    /** {@code torch.nn.Hardswish}: {@code x * relu6(x + 3) / 6}. */
    HARDSWISH("Hardswish", (all, x) -> all.times(all.times(x, all.clamped(all.plus(x, 3), 0, 6)), 1 / 6.0)),
    /** {@code torch.nn.Hardtanh}: x cut off at -1 and 1. */
    HARDTANH("Hardtanh", (all, x) -> all.clamped(x, -1, 1)),
    /** {@code torch.nn.LogSigmoid}: {@code -softplus(-x)}. */
    LOG_SIGMOID("LogSigmoid", (all, x) -> all.times(all.activated(all.times(x, -1), Activation.SOFTPLUS), -1)),
    /** {@code torch.nn.Mish}: {@code x * tanh(softplus(x))}. */
    MISH("Mish", (all, x) -> all.times(x, all.activated(all.activated(x, Activation.SOFTPLUS), Activation.TANH))),
    /** {@code torch.nn.ReLU6}: x cut off at 0 and 6. */
    RELU6("ReLU6", (all, x) -> all.clamped(x, 0, 6)),
    /** {@code torch.nn.RReLU}: {@code x} or, where negative, the mean of 1/8 and 1/3 of it. */
    RRELU("RReLU", (all, x) -> all.plus(all.atLeast(x, 0), all.times(all.atMost(x, 0), 11 / 48.0))),
    /** {@code torch.nn.SELU}. */
    SELU("SELU", (all, x) -> all.times(all.plus(all.atLeast(x, 0),
            all.times(all.activated(all.atMost(x, 0), Activation.ELU), 1.6732632423543772)), 1.0507009873554805)),
    /** {@code torch.nn.Softshrink}: x less its part within -0.5 and 0.5. */
    SOFTSHRINK("Softshrink", Pointwise::softshrink),
    /** {@code torch.nn.Softsign}: {@code x / (1 + |x|)}. */
    SOFTSIGN("Softsign", (all, x) -> all.divided(x, all.plus(all.magnitude(x), 1))),
    /** {@code torch.nn.Tanhshrink}: {@code x - tanh(x)}. */
    TANHSHRINK("Tanhshrink", (all, x) -> all.minus(x, all.activated(x, Activation.TANH)));

    private final String torchName;
    private final Optional<Activation> own;
    private final Optional<BiFunction<Pointwise, Tensor, Tensor>> formula;

    TorchActivation(String torchName, Activation own) {
        this.torchName = torchName;
        this.own = Optional.of(own);
        this.formula = Optional.empty();
    }

    TorchActivation(String torchName, BiFunction<Pointwise, Tensor, Tensor> formula) {
        this.torchName = torchName;
        this.own = Optional.empty();
        this.formula = Optional.of(formula);
    }

    /**
     * Name of the class.
     *
     * @return without its module
     */
    public String torchName() {
        return torchName;
    }

    /**
     * The same among those of one pass.
     *
     * @return empty for a formula
     */
    public Optional<Activation> own() {
        return own;
    }

    /**
     * Behind an operation that applies activations of one pass itself.
     *
     * @param scope owns the result
     * @param operation given NONE in the place of a formula
     * @return what it gives, activated
     */
    public Tensor behind(Scope scope, Function<Activation, Tensor> operation) {
        if (formula.isEmpty()) {
            return operation.apply(own.orElseThrow());
        }
        try (Tensor x = operation.apply(Activation.NONE)) {
            return Pointwise.apply(scope, x, formula.get());
        }
    }
}
