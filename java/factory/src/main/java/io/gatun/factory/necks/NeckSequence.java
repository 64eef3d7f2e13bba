// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory.necks;

import io.gatun.core.Scope;
import io.gatun.core.Tensor;
import io.gatun.factory.ImageSize;
import io.gatun.factory.Neck;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;

/**
 * Necks after each other, TerraTorch's {@code NeckSequential}. What one neck made and the next did not give on is
 * closed at once. None is the identity.
 *
 * @param necks in their order
 */
public record NeckSequence(List<Neck> necks) implements Neck {
    /** Copies the list. */
    public NeckSequence {
        necks = List.copyOf(necks);
    }

    /**
     * A sequence; each neck is built for the channels that the one before it announces. Weights of the n-th neck are
     * found below {@code n.}.
     *
     * @param channels of the backbone's features
     * @param necks for given channels the neck, for example {@code c -> SelectIndices.loader(c, options)}
     * @return its loader
     */
    public static NeckLoader loader(List<Integer> channels, List<Function<List<Integer>, NeckLoader>> necks) {
        List<NeckLoader> loaders = new ArrayList<>();
        List<Integer> current = List.copyOf(channels);
        for (Function<List<Integer>, NeckLoader> neck : necks) {
            NeckLoader loader = neck.apply(current);
            loaders.add(loader);
            current = loader.outChannels();
        }
        return new NeckLoader(current, (scope, state) -> {
            List<Neck> built = new ArrayList<>();
            for (NeckLoader loader : loaders) {
                built.add(loader.load(scope, state.at(String.valueOf(built.size()))));
            }
            return new NeckSequence(built);
        });
    }

    @Override
    public List<Tensor> forward(Scope scope, List<Tensor> features, ImageSize image) {
        List<Tensor> current = features;
        for (Neck neck : necks) {
            List<Tensor> next = neck.forward(scope, current, image);
            Set<Tensor> kept = new HashSet<>(features);
            kept.addAll(next);
            current.stream().filter(each -> !kept.contains(each)).forEach(Tensor::close);
            current = next;
        }
        return current;
    }

    @Override
    public List<Integer> processChannelList(List<Integer> channels) {
        List<Integer> current = channels;
        for (Neck neck : necks) {
            current = neck.processChannelList(current);
        }
        return current;
    }
}
