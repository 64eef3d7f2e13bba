// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory.necks;

import io.gatun.core.Activation;
import io.gatun.core.Scope;
import io.gatun.core.ShapeException;
import io.gatun.core.Tensor;
import io.gatun.factory.ImageSize;
import io.gatun.factory.Neck;
import io.gatun.factory.internal.Features;
import io.gatun.models.layers.ChannelsLast;
import io.gatun.models.layers.Conv2d;
import java.util.ArrayList;
import java.util.List;

/**
 * The maps and one more, the last with half its channels through a 1x1 convolution, as TerraTorch's neck of the same
 * name; the list that goes in stays as it is.
 */
public final class AddBottleneckLayer implements Neck {
    private final int inputs;
    private final Conv2d bottleneck;

    private AddBottleneckLayer(int inputs, Conv2d bottleneck) {
        this.inputs = inputs;
        this.bottleneck = bottleneck;
    }

    /**
     * Prepares the neck. Its weights are {@code bottleneck.weight} [C / 2, C, 1, 1] and {@code bottleneck.bias}.
     *
     * @param channels of the maps that go in
     * @return its loader
     * @throws ShapeException if there is no map, or the last has one channel
     */
    public static NeckLoader loader(List<Integer> channels) {
        Features.requireChannels("AddBottleneckLayer", channels);
        int inputs = channels.getLast();
        if (inputs < 2) {
            throw new ShapeException("AddBottleneckLayer: the last feature has 1 channel, expected at least 2");
        }
        return new NeckLoader(appended(channels), (scope, state) -> new AddBottleneckLayer(
                inputs, Conv2d.load(scope, state.at("bottleneck"), inputs, inputs / 2, 1)));
    }

    @Override
    public List<Tensor> forward(Scope scope, List<Tensor> features, ImageSize image) {
        List<Tensor> more = new ArrayList<>(features);
        try (Tensor map = Features.image(
                scope, "AddBottleneckLayer", Features.at("AddBottleneckLayer", "the last", -1, features), inputs)) {
            more.add(ChannelsLast.intoMap(bottleneck.apply(scope, map, Activation.NONE)));
        }
        return more;
    }

    @Override
    public List<Integer> processChannelList(List<Integer> channels) {
        return appended(channels);
    }

    private static List<Integer> appended(List<Integer> channels) {
        List<Integer> more = new ArrayList<>(channels);
        more.add(channels.getLast() / 2);
        return more;
    }
}
