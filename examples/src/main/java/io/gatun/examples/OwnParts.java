// SPDX-License-Identifier: Apache-2.0
package io.gatun.examples;

import io.gatun.core.Activation;
import io.gatun.core.Conv2dGeometry;
import io.gatun.core.Device;
import io.gatun.core.Images;
import io.gatun.core.Kernels;
import io.gatun.core.Scope;
import io.gatun.core.Tensor;
import io.gatun.core.Weights;
import io.gatun.factory.Blueprint;
import io.gatun.factory.Decoder;
import io.gatun.factory.EncoderDecoderFactory;
import io.gatun.factory.EncoderDecoderModel;
import io.gatun.factory.ImageSize;
import io.gatun.factory.Neck;
import io.gatun.factory.registry.ModuleProvider;
import io.gatun.factory.registry.Registries;
import io.gatun.models.Arguments;
import io.gatun.models.Backbone;
import io.gatun.models.Feature;
import io.gatun.models.Input;
import io.gatun.models.Loader;
import io.gatun.models.layers.ChannelsLast;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Parts of one's own: a backbone of one convolution, a neck that halves maps, a decoder that adds nothing. */
public final class OwnParts {
    private OwnParts() {}

    /**
     * A convolution with stride 2 and ReLU. Upstream: an nn.Module with {@code out_channels}, whose forward gives a
     * list.
     */
    record Stem(Weights weight, Tensor bias, int channels) implements Backbone {
        static Loader<Stem> loader(int inputs, int channels) {
            return (scope, state) -> new Stem(
                    Kernels.conv2dWeights(scope, state.takeTensor(scope, "conv.weight", channels, inputs, 3, 3)),
                    state.takeTensor(scope, "conv.bias", channels), channels);
        }

        @Override
        public List<Feature> forward(Scope scope, Input input) {
            Tensor image = ChannelsLast.of(scope, input.image());
            return Feature.of(List.of(ChannelsLast.toMap(Images.conv2d(scope, image, weight, Optional.of(bias),
                    new Conv2dGeometry(2, 2, 1, 1, 1, 1), Activation.RELU))));
        }

        @Override
        public List<Integer> outChannels() {
            return List.of(channels);
        }
    }

    /** Largest of each 2 x 2 pixels. */
    record Halve() implements Neck {
        @Override
        public List<Tensor> forward(Scope scope, List<Tensor> features, ImageSize image) {
            return features.stream().map(map ->
                    ChannelsLast.toMap(Images.maxPool2d(scope, ChannelsLast.of(scope, map), 2, 2))).toList();
        }

        @Override
        public List<Integer> processChannelList(List<Integer> channels) {
            return channels;
        }
    }

    /** The first feature. */
    record First(int outChannels) implements Decoder {
        @Override
        public Tensor forward(Scope scope, List<Tensor> features) {
            return features.getFirst();
        }
    }

    /** The same by name, for every program with this jar on its path. */
    public static final class Names implements ModuleProvider {
        @Override
        public void register(Registries registries) {
            registries.backboneRegistry().register("terratorch", "example_stem", (Arguments arguments) ->
                    Stem.loader(arguments.integer("in_chans", 3), arguments.integer("embed_dim", 8)));
            registries.neckRegistry().register("terratorch", "ExampleHalve",
                    (_, _, _) -> (_, _) -> new Halve());
            registries.decoderRegistry().register("terratorch", "ExampleFirst",
                    (channels, _) -> (_, _) -> new First(channels.getFirst()));
        }
    }

    public static void main(String[] args) {
        Blueprint<EncoderDecoderModel> byName = EncoderDecoderFactory.buildModel(Map.of(
                "task", "segmentation", "num_classes", 4,
                "backbone", "example_stem", "backbone_embed_dim", 16,
                "necks", List.of(Map.of("name", "ExampleHalve")),
                "decoder", "ExampleFirst"));
        Blueprint<EncoderDecoderModel> byObject = EncoderDecoderFactory.buildModel(Map.of(
                "task", "segmentation", "num_classes", 4,
                "backbone", Stem.loader(3, 16),
                "decoder", "IdentityDecoder"));
        Device device = Device.best();
        for (Blueprint<EncoderDecoderModel> blueprint : List.of(byName, byObject)) {
            try (EncoderDecoderModel model = blueprint.load(blueprint.structure().random(1), device);
                    Scope scope = Scope.open(device)) {
                System.out.println(model.forward(scope, Input.of(scope.zeros(1, 3, 32, 32))).output().shape());
            }
        }
    }
}
