// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.temporal;

import io.gatun.core.Activation;
import io.gatun.core.Conv2dGeometry;
import io.gatun.core.Images;
import io.gatun.core.Kernels;
import io.gatun.core.Scope;
import io.gatun.core.StateDict;
import io.gatun.core.Tensor;
import io.gatun.core.Weights;
import io.gatun.models.Backbone;
import io.gatun.models.Feature;
import io.gatun.models.Input;
import io.gatun.models.Loader;
import io.gatun.models.layers.ChannelsLast;
import io.gatun.models.layers.Linear;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;

/** The backbones that the golden cases describe in words. */
final class GoldenEncoder {
    private GoldenEncoder() {}

    private record Conv(Weights weight, Tensor bias, int stride) {
        static Conv load(Scope scope, StateDict state, long outputs, long inputs, int kernel) {
            Tensor weight = state.takeTensor(scope, "weight", outputs, inputs, kernel, kernel);
            return new Conv(Kernels.conv2dWeights(scope, weight), state.takeTensor(scope, "bias", outputs), kernel);
        }

        /** [B, C, H, W] to [B, h, w, C]. */
        Tensor apply(Scope scope, Tensor map) {
            return Images.conv2d(scope, ChannelsLast.of(scope, map), weight, Optional.of(bias),
                    new Conv2dGeometry(stride, stride, 0, 0, 1, 1), Activation.NONE);
        }
    }

    /** Convolutions of 2 x 2 with stride 2, tanh after each, one map for each. */
    static Loader<Backbone> stages(List<Integer> channels, int inputs) {
        return (scope, state) -> {
            List<Conv> stages = new ArrayList<>();
            int before = inputs;
            for (int i = 0; i < channels.size(); i++) {
                stages.add(Conv.load(scope, state.at("stages").at("" + i), channels.get(i), before, 2));
                before = channels.get(i);
            }
            return backbone(channels, (inner, input) -> {
                List<Tensor> maps = new ArrayList<>();
                Tensor map = input.image();
                for (Conv stage : stages) {
                    map = ChannelsLast.toMap(Kernels.activate(inner, stage.apply(inner, map), Activation.TANH));
                    maps.add(map);
                }
                return Feature.of(maps);
            });
        };
    }

    /** Tokens of 4 x 4 pixels, then tanh of a linear layer of them; as a grid [B, h, w, C] if asked for. */
    static Loader<Backbone> tokens(int width, SequencedMap<String, Integer> modalities, boolean grid) {
        return (scope, state) -> {
            Map<String, Conv> projections = new LinkedHashMap<>();
            modalities.forEach((name, inputs) -> projections.put(name, Conv.load(scope,
                    name.equals(Input.IMAGE) ? state.at("proj") : state.at("proj").at(name), width, inputs, 4)));
            Linear mix = Linear.load(scope, state.at("mix"), width, width);
            return backbone(List.of(width, width), (inner, input) -> {
                SequencedMap<String, Tensor> first = new LinkedHashMap<>();
                SequencedMap<String, Tensor> second = new LinkedHashMap<>();
                input.modalities().forEach((name, image) -> {
                    Tensor tokens = projections.get(name).apply(inner, image);
                    Tensor shaped = grid ? tokens : tokens.reshape(tokens.dim(0), -1, width);
                    first.put(name, shaped);
                    second.put(name, Kernels.activate(inner, mix.apply(inner, shaped), Activation.TANH));
                });
                return input.isImage() ? Feature.of(List.of(first.get(Input.IMAGE), second.get(Input.IMAGE)))
                        : List.of(new Feature.ByModality(first), new Feature.ByModality(second));
            });
        };
    }

    interface Forward {
        List<Feature> apply(Scope scope, Input input);
    }

    static Backbone backbone(List<Integer> channels, Forward forward) {
        return new Backbone() {
            @Override
            public List<Feature> forward(Scope scope, Input input) {
                return forward.apply(scope, input);
            }

            @Override
            public List<Integer> outChannels() {
                return channels;
            }
        };
    }
}
