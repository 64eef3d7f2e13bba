// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory.internal;

import io.gatun.core.Activation;
import io.gatun.core.ArgumentException;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Activations by the names of PyTorch's classes, or by ours. */
public final class ActivationName {
    private static final Map<String, Activation> BY_CLASS = new TreeMap<>(Map.of(
            "Identity", Activation.NONE, "GELU", Activation.GELU, "ReLU", Activation.RELU,
            "Sigmoid", Activation.SIGMOID, "Tanh", Activation.TANH, "SiLU", Activation.SILU,
            "Softplus", Activation.SOFTPLUS, "LeakyReLU", Activation.LEAKY_RELU, "ELU", Activation.ELU));

    private ActivationName() {}

    /**
     * Finds an activation.
     *
     * @param owner whose argument it is, for messages
     * @param key the argument's name
     * @param value an {@link Activation}, its name in any case, or a class of {@code torch.nn} with or without its
     *     modules, such as {@code torch.nn.ReLU}
     * @return the activation
     * @throws ArgumentException if there is none of that name; it lists them
     */
    public static Activation of(String owner, String key, Object value) {
        if (value instanceof Activation activation) {
            return activation;
        }
        String name = String.valueOf(value);
        String simple = name.startsWith("torch.nn.") || name.startsWith("nn.")
                ? name.substring(name.lastIndexOf('.') + 1) : name;
        Optional<Activation> found = Optional.ofNullable(BY_CLASS.get(simple));
        if (found.isEmpty()) {
            for (Activation each : Activation.values()) {
                if (each.name().equalsIgnoreCase(name)) {
                    return each;
                }
            }
        }
        return found.orElseThrow(() -> new ArgumentException(owner + ": " + key + " is " + name
                + ", expected one of torch.nn." + String.join(", ", BY_CLASS.keySet())));
    }
}
