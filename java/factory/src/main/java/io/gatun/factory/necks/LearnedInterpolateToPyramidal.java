// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory.necks;

import io.gatun.core.Activation;
import io.gatun.core.Images;
import io.gatun.core.Kernels;
import io.gatun.core.Scope;
import io.gatun.core.ShapeException;
import io.gatun.core.StateDict;
import io.gatun.core.Tensor;
import io.gatun.factory.ImageSize;
import io.gatun.factory.Neck;
import io.gatun.factory.internal.Features;
import io.gatun.models.layers.BatchNorm2d;
import io.gatun.models.layers.ChannelsLast;
import io.gatun.models.layers.ConvTranspose2d;
import java.util.List;

/**
 * A pyramid of four equally large maps, as TerraTorch's neck of the same name: enlarged four times and twice by learned
 * transposed convolutions, as it is, and halved.
 */
public final class LearnedInterpolateToPyramidal implements Neck {
    private static final String NAME = "LearnedInterpolateToPyramidal";

    private final List<Integer> channels;
    private final ConvTranspose2d first;
    private final ConvTranspose2d second;
    private final ConvTranspose2d twice;

    private LearnedInterpolateToPyramidal(Scope scope, StateDict state, List<Integer> channels) {
        int wide = channels.get(0);
        int half = wide / 2;
        StateDict fpn1 = state.at("fpn1");
        this.channels = channels;
        this.first = ConvTranspose2d.loadNormed(
                scope, fpn1.at("0"), BatchNorm2d.take(fpn1.at("1"), half), wide, half, 2);
        this.second = ConvTranspose2d.load(scope, fpn1.at("3"), half, wide / 4, 2);
        this.twice = ConvTranspose2d.load(scope, state.at("fpn2.0"), channels.get(1), channels.get(1) / 2, 2);
    }

    /**
     * Prepares the neck. Its weights are {@code fpn1.0}, {@code fpn1.1} (batch norm), {@code fpn1.3} and {@code
     * fpn2.0}.
     *
     * @param channels of the four maps that go in; at least 4 and 2 in the first two
     * @return its loader
     * @throws ShapeException if there are not four, or they have too few channels
     */
    public static NeckLoader loader(List<Integer> channels) {
        Features.requireChannels(NAME, channels);
        if (channels.size() != 4) {
            throw new ShapeException(NAME + ": this neck can only handle exactly 4 features, and there are "
                    + channels.size() + ", of channels " + channels + "; choose four with SelectIndices before it");
        }
        if (channels.get(0) < 4 || channels.get(1) < 2) {
            throw new ShapeException(NAME + ": the features have channels " + channels
                    + ", expected at least 4 in the first and 2 in the second");
        }
        return new NeckLoader(divided(channels),
                (scope, state) -> new LearnedInterpolateToPyramidal(scope, state, List.copyOf(channels)));
    }

    @Override
    public List<Tensor> forward(Scope scope, List<Tensor> features, ImageSize image) {
        Features.requireCount(NAME, features, 4);
        try (Tensor wide = map(scope, features, 0);
                Tensor next = map(scope, features, 1);
                Tensor last = map(scope, features, 3);
                Tensor normed = first.apply(scope, wide);
                Tensor active = Kernels.activate(scope, normed, Activation.GELU)) {
            return List.of(ChannelsLast.intoMap(second.apply(scope, active)),
                    ChannelsLast.intoMap(twice.apply(scope, next)), features.get(2),
                    ChannelsLast.intoMap(Images.maxPool2d(scope, last, 2, 2)));
        }
    }

    private Tensor map(Scope scope, List<Tensor> features, int level) {
        return Features.image(scope, NAME, features.get(level), channels.get(level));
    }

    @Override
    public List<Integer> processChannelList(List<Integer> channels) {
        return divided(channels);
    }

    private static List<Integer> divided(List<Integer> c) {
        return List.of(c.get(0) / 4, c.get(1) / 2, c.get(2), c.get(3));
    }
}
