// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory.decoders;

import io.gatun.core.ArgumentException;
import io.gatun.models.Arguments;
import io.gatun.models.layers.BatchNorm2d;
import java.util.Locale;
import java.util.Map;

/**
 * What normalises behind a convolution of {@link UNetDecoder}, its {@code use_batchnorm}.
 *
 * @param kind which norm
 * @param eps added to the variance
 */
public record UNetNorm(Kind kind, double eps) {
    /** Norms. */
    public enum Kind {
        /** {@code torch.nn.BatchNorm2d}, folded into the convolution. */
        BATCHNORM,
        /** None; the convolutions have a bias then. */
        IDENTITY,
        /** {@code torch.nn.InstanceNorm2d} without parameters. */
        INSTANCENORM
    }

    /**
     * Upstream's norm.
     *
     * @return batch norm
     */
    public static UNetNorm batchNorm() {
        return new UNetNorm(Kind.BATCHNORM, BatchNorm2d.EPS);
    }

    /**
     * Reads a value of {@code use_batchnorm}.
     *
     * @param value true, false, a name, or a dictionary of {@code type}, {@code eps} and {@code momentum}; the last has
     *     no effect at inference
     * @return the norm
     * @throws ArgumentException if it is something else. {@code inplace} needs a CUDA package upstream, and
     *     {@code layernorm} normalises columns there and fails
     */
    static UNetNorm of(Object value) {
        return switch (value) {
            case Boolean wanted -> new UNetNorm(wanted ? Kind.BATCHNORM : Kind.IDENTITY, BatchNorm2d.EPS);
            case String name -> new UNetNorm(kind(name), BatchNorm2d.EPS);
            case Map<?, ?> entries -> ofDictionary(entries);
            default -> throw refused(value);
        };
    }

    private static UNetNorm ofDictionary(Map<?, ?> entries) {
        Arguments arguments = Arguments.of("UNetDecoder: use_batchnorm", Map.of("norm", entries));
        Arguments norm = Arguments.of("UNetDecoder: use_batchnorm", arguments.dictionary("norm").orElseThrow());
        Kind kind = kind(norm.text("type"));
        double eps = norm.number("eps", BatchNorm2d.EPS);
        norm.number("momentum", 0.1);
        norm.finish();
        if (!(eps >= 0)) {
            throw new ArgumentException("UNetDecoder: eps of use_batchnorm is " + eps + ", expected at least 0");
        }
        return new UNetNorm(kind, eps);
    }

    private static Kind kind(String name) {
        for (Kind kind : Kind.values()) {
            if (kind.name().equalsIgnoreCase(name)) {
                return kind;
            }
        }
        throw refused(name.toLowerCase(Locale.ROOT));
    }

    private static ArgumentException refused(Object value) {
        return new ArgumentException("UNetDecoder: use_batchnorm is " + value
                + ", expected true, false, batchnorm, identity, instancenorm or a dictionary with such a type");
    }
}
