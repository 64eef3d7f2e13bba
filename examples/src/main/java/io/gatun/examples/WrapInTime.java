// SPDX-License-Identifier: Apache-2.0
package io.gatun.examples;

import io.gatun.core.Device;
import io.gatun.core.Scope;
import io.gatun.core.Structure;
import io.gatun.factory.Blueprint;
import io.gatun.factory.EncoderDecoderFactory;
import io.gatun.factory.EncoderDecoderModel;
import io.gatun.models.Backbone;
import io.gatun.models.Feature;
import io.gatun.models.Input;
import io.gatun.models.Loader;
import io.gatun.models.prithvi.PrithviConfig;
import io.gatun.models.prithvi.PrithviViT;
import io.gatun.wrappers.temporal.TemporalOptions;
import io.gatun.wrappers.temporal.TemporalPooling;
import io.gatun.wrappers.temporal.TemporalWrapper;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A backbone for one date on images of six: the programs of upstream's page on the TemporalWrapper. */
public final class WrapInTime {
    private static final String NAME = "prithvi_eo_v2_tiny_tl";
    private static final int DATES = 6;

    private WrapInTime() {}

    public static void main(String[] args) {
        Loader<PrithviViT> backbone = PrithviViT.loader(PrithviConfig.named(NAME));
        wrapped(backbone, TemporalOptions.of(TemporalPooling.MEAN));
        wrapped(backbone, TemporalOptions.of(TemporalPooling.CONCAT).withTimestamps(DATES));
        // Build the backbone, and give it as an object.
        inModel(Map.of("backbone", TemporalWrapper.loader(backbone, TemporalOptions.of(TemporalPooling.MEAN))));
        // Or leave both to the factory.
        inModel(Map.of("backbone", NAME, "backbone_pretrained", true, "backbone_use_temporal", true,
                "backbone_temporal_pooling", "mean"));
    }

    private static void wrapped(Loader<? extends Backbone> backbone, TemporalOptions options) {
        Device device = Device.best();
        Loader<TemporalWrapper> loader = TemporalWrapper.loader(backbone, options);
        try (Scope scope = Scope.open(device)) {
            TemporalWrapper temporal = loader.load(scope, Structure.of(loader::load).random(1));
            List<Feature> features = temporal.forward(scope, Input.of(scope.zeros(1, 6, DATES, 64, 64)));
            System.out.println(options.pooling() + ": " + features.size() + " features of "
                    + features.getLast().tensor().shape() + ", channels " + temporal.outChannels().getLast());
        }
    }

    private static void inModel(Map<String, Object> backbone) {
        Map<String, Object> arguments = new HashMap<>(backbone);
        arguments.putAll(Map.of("task", "segmentation", "num_classes", 3, "decoder", "FCNDecoder",
                "decoder_channels", 16, "decoder_num_convs", 2,
                "necks", List.of(Map.of("name", "SelectIndices", "indices", List.of(-1)),
                        Map.of("name", "ReshapeTokensToImage"))));
        Device device = Device.best();
        Blueprint<EncoderDecoderModel> blueprint = EncoderDecoderFactory.buildModel(arguments);
        try (EncoderDecoderModel model = blueprint.load(blueprint.structure().random(1), device);
                Scope scope = Scope.open(device)) {
            System.out.println(model.forward(scope, Input.of(scope.zeros(1, 6, DATES, 64, 64))).output().shape());
        }
    }
}
