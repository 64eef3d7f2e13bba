// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory.internal;

import io.gatun.core.Activation;
import io.gatun.core.ArgumentException;
import io.gatun.factory.TorchActivation;
import java.util.List;
import java.util.stream.Collectors;

/** Activations by the names of PyTorch's classes, or by ours. */
public final class ActivationName {
    private static final List<TorchActivation> ALL = List.of(TorchActivation.values());

    private ActivationName() {}

    /**
     * Finds an activation.
     *
     * @param owner whose argument it is, for messages
     * @param key the argument's name
     * @param value a {@link TorchActivation} or an {@link Activation}, its name in any case, or a class of
     *     {@code torch.nn} with or without its modules, such as {@code torch.nn.ReLU}
     * @return the activation
     * @throws ArgumentException if there is none of that name; it lists them
     */
    public static TorchActivation of(String owner, String key, Object value) {
        String name = String.valueOf(value);
        String simple = name.startsWith("torch.nn.") || name.startsWith("nn.")
                ? name.substring(name.lastIndexOf('.') + 1) : name;
        return ALL.stream().filter(each -> each == value || each.torchName().equals(simple)
                        || each.name().equalsIgnoreCase(name) || each.own().filter(own -> own == value
                                || own.name().equalsIgnoreCase(name)).isPresent())
                .findFirst().orElseThrow(() -> new ArgumentException(owner + ": " + key + " is " + name
                        + ", expected one of torch.nn." + ALL.stream().map(TorchActivation::torchName).sorted()
                                .collect(Collectors.joining(", "))));
    }
}
