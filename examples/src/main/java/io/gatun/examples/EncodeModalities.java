// SPDX-License-Identifier: Apache-2.0
package io.gatun.examples;

import io.gatun.core.Device;
import io.gatun.core.GatunException;
import io.gatun.core.Scope;
import io.gatun.core.Structure;
import io.gatun.core.Tensor;
import io.gatun.factory.Blueprint;
import io.gatun.factory.EncoderDecoderFactory;
import io.gatun.factory.EncoderDecoderModel;
import io.gatun.models.Arguments;
import io.gatun.models.Feature;
import io.gatun.models.Input;
import io.gatun.models.Loader;
import io.gatun.models.terramind.TerraMindConfig;
import io.gatun.models.terramind.TerraMindViT;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/** TerraMind's encoder: the programs of upstream's page on it, with the tiny model. */
public final class EncodeModalities {
    private static final Device DEVICE = Device.best();

    private EncodeModalities() {}

    /** A model with random weights in a scope, as {@code BACKBONE_REGISTRY.build} without pretrained. */
    private static TerraMindViT build(Scope scope, Map<String, Object> keywords) {
        Arguments arguments = Arguments.of("terramind_v1_tiny", keywords);
        TerraMindConfig config = TerraMindConfig.of("terramind_v1_tiny", arguments);
        arguments.finish();
        Loader<TerraMindViT> loader = TerraMindViT.loader(config);
        return loader.load(scope, Structure.of(loader::load).random(1));
    }

    private static Input named(Object... namesAndTensors) {
        SequencedMap<String, Tensor> modalities = new LinkedHashMap<>();
        for (int i = 0; i < namesAndTensors.length; i += 2) {
            modalities.put((String) namesAndTensors[i], (Tensor) namesAndTensors[i + 1]);
        }
        return Input.of(modalities);
    }

    private static void print(String what, List<Feature> features) {
        System.out.println(what + ": " + features.size() + " x " + features.getLast().tensor().shape());
    }

    public static void main(String[] args) {
        try (Scope scope = Scope.open(DEVICE)) {
            Tensor s2 = scope.zeros(1, 12, 224, 224);
            Tensor s1 = scope.zeros(1, 2, 224, 224);
            TerraMindViT model = build(scope, Map.of("modalities", List.of("S2L2A", "S1GRD")));
            print("dictionary", model.forward(scope, named("S2L2A", s2, "S1GRD", s1)));
            print("one of two", model.forward(scope, named("S2L2A", s2)));
            print("one tensor", model.forward(scope, Input.of(s2)));
            // The page gives the Sentinel-2 image as Sentinel-1, too.
            try {
                model.forward(scope, named("S2L2A", s2, "S1GRD", s2));
            } catch (GatunException e) {
                System.out.println("refused: " + e.getMessage());
            }

            print("concat", build(scope, Map.of("modalities", List.of("S2L2A", "S1GRD"), "merge_method", "concat"))
                    .forward(scope, named("S2L2A", s2, "S1GRD", s1)));
            print("Landsat bands", build(scope, Map.of("modalities", List.of("landsat_S2L1C"),
                    "bands", Map.of("landsat_S2L1C",
                            List.of("BLUE", "GREEN", "RED", "NIR_NARROW", "SWIR_1", "SWIR_2"))))
                    .forward(scope, Input.of(scope.zeros(1, 6, 224, 224))));
            print("a new modality", build(scope, Map.of("modalities", List.of("S2L2A", Map.of("soil", 3))))
                    .forward(scope, named("S2L2A", s2, "soil", scope.zeros(1, 3, 224, 224))));
        }
        inModel();
    }

    /** The page's necks for a decoder that wants a pyramid. */
    private static void inModel() {
        Blueprint<EncoderDecoderModel> blueprint = EncoderDecoderFactory.buildModel(Map.of(
                "task", "segmentation", "num_classes", 4,
                "backbone", "terramind_v1_tiny", "backbone_modalities", List.of("S2L2A", "S1GRD"),
                "necks", List.of(Map.of("name", "ReshapeTokensToImage", "remove_cls_token", false),
                        Map.of("name", "SelectIndices", "indices", List.of(2, 5, 8, 11)),
                        Map.of("name", "LearnedInterpolateToPyramidal")),
                "decoder", "UNetDecoder", "decoder_channels", List.of(64, 32, 16, 16)));
        try (EncoderDecoderModel model = blueprint.load(blueprint.structure().random(1), DEVICE);
                Scope scope = Scope.open(DEVICE)) {
            Input input = named("S2L2A", scope.zeros(1, 12, 224, 224), "S1GRD", scope.zeros(1, 2, 224, 224));
            System.out.println("segmentation: " + model.forward(scope, input).output().shape());
        }
    }
}
