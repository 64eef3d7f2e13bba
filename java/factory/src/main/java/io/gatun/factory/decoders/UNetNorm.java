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
 * @param affine whether it has a weight and a bias
 * @param tracked whether mean and variance are those of the training, upstream's {@code track_running_stats}; it is
 *     folded into the convolution then
 */
public record UNetNorm(Kind kind, double eps, boolean affine, boolean tracked) {
    /** Norms. */
    public enum Kind {
        /** {@code torch.nn.BatchNorm2d}; not tracked, it normalises over the samples given together. */
        BATCHNORM,
        /** None; the convolutions have a bias then. */
        IDENTITY,
        /** {@code torch.nn.InstanceNorm2d}; not tracked, it normalises each sample. */
        INSTANCENORM
    }

    /**
     * Upstream's norm.
     *
     * @return batch norm
     */
    public static UNetNorm batchNorm() {
        return plain(Kind.BATCHNORM);
    }

    private static UNetNorm plain(Kind kind) {
        boolean batch = kind == Kind.BATCHNORM;
        return new UNetNorm(kind, BatchNorm2d.EPS, batch, batch);
    }

    /**
     * Reads a value of {@code use_batchnorm}.
     *
     * @param value true, false, a name, or a dictionary of {@code type}, {@code eps}, {@code affine}, {@code
     *     track_running_stats} and {@code momentum}; the last has no effect at inference
     * @return the norm
     * @throws ArgumentException if it is something else. {@code inplace} needs a CUDA package upstream, and
     *     {@code layernorm} normalises columns there and fails
     */
    static UNetNorm of(Object value) {
        return switch (value) {
            case Boolean wanted -> plain(wanted ? Kind.BATCHNORM : Kind.IDENTITY);
            case String name -> plain(kind(name));
            case Map<?, ?> entries -> ofDictionary(entries);
            default -> throw refused(value);
        };
    }

    private static UNetNorm ofDictionary(Map<?, ?> entries) {
        Arguments arguments = Arguments.of("UNetDecoder: use_batchnorm", Map.of("norm", entries));
        Arguments norm = Arguments.of("UNetDecoder: use_batchnorm", arguments.dictionary("norm").orElseThrow());
        UNetNorm plain = plain(kind(norm.text("type")));
        boolean affine = norm.flag("affine", plain.affine);
        boolean tracked = norm.flag("track_running_stats", plain.tracked);
        double eps = norm.number("eps", BatchNorm2d.EPS);
        norm.number("momentum", 0.1);
        norm.finish();
        if (!(eps >= 0)) {
            throw new ArgumentException("UNetDecoder: eps of use_batchnorm is " + eps + ", expected at least 0");
        }
        return new UNetNorm(plain.kind, eps, affine, tracked);
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
