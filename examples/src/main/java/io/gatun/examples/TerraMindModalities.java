// SPDX-License-Identifier: Apache-2.0
package io.gatun.examples;

import io.gatun.core.DType;
import io.gatun.core.Device;
import io.gatun.core.Scope;
import io.gatun.core.StateDict;
import io.gatun.core.Structure;
import io.gatun.core.Tensor;
import io.gatun.factory.Blueprint;
import io.gatun.factory.EncoderDecoderFactory;
import io.gatun.factory.EncoderDecoderModel;
import io.gatun.models.Arguments;
import io.gatun.models.Feature;
import io.gatun.models.Input;
import io.gatun.models.terramind.TerraMindCheckpoint;
import io.gatun.models.terramind.TerraMindConfig;
import io.gatun.models.terramind.TerraMindViT;
import java.util.List;
import java.util.Map;

/** TerraMind's page: modalities merged, inputs in three forms, some bands, new modalities, a model with a decoder. */
public final class TerraMindModalities {
    private TerraMindModalities() {}

    /**
     * Runs the example.
     *
     * @param args none
     */
    public static void main(String[] args) {
        try (Scope scope = Scope.open(Device.cpu())) {
            Tensor s2 = scope.full(DType.F32, 0.5, 1, 12, 64, 64);
            Tensor s1 = scope.full(DType.F32, -0.5, 1, 2, 64, 64);

            // Upstream: BACKBONE_REGISTRY.build("terramind_v1_base", modalities=["S2L2A", "S1GRD"], merge_method=...)
            TerraMindConfig two = config(Map.of("modalities", List.of("S2L2A", "S1GRD"), "merge_method", "concat"));
            TerraMindViT model = load(scope, two);
            // As a dictionary or by keyword; and one image, which is the first modality.
            print("both", model.forward(scope, Input.of("S2L2A", s2).with("S1GRD", s1)));
            print("one", model.forward(scope, Input.of(s2)));

            // Bands by name: those of the pretrained file are chosen, THERMAL_1 is drawn at random, as the report says.
            TerraMindConfig landsat = config(Map.of("modalities", List.of("S2L1C_L8"),
                    "bands", Map.of("S2L1C_L8", List.of("BLUE", "GREEN", "RED", "THERMAL_1"))));
            TerraMindConfig pretrained = config(Map.of("modalities", List.of("S2L1C", "S2L2A")));
            TerraMindCheckpoint weights = TerraMindCheckpoint.of(structure(pretrained).random(1), landsat, 42);
            weights.random().forEach(System.out::println);

            // New modalities by their channels, beside a pretrained one and alone.
            TerraMindConfig more = config(Map.of("modalities", List.of("S2L2A", Map.of("NDVI", 1), Map.of("PLANET", 6)),
                    "merge_method", "dict"));
            print("new", load(scope, more).forward(scope, Input.of("S2L2A", s2)
                    .with("NDVI", scope.zeros(1, 1, 64, 64)).with("PLANET", scope.zeros(1, 6, 64, 64))));
            print("image", load(scope, config(Map.of("modalities", Map.of("image", 2)))).forward(scope, Input.of(s1)));

            // Upstream's YAML: model_args of an EncoderDecoderFactory, with the necks of hierarchical decoders.
            Blueprint<EncoderDecoderModel> blueprint = EncoderDecoderFactory.buildModel(Map.of(
                    "task", "segmentation", "num_classes", 3, "backbone", "terramind_v1_tiny",
                    "backbone_modalities", List.of("S2L2A", "S1GRD"), "backbone_img_size", 64,
                    "backbone_merge_method", "mean", "decoder", "UNetDecoder",
                    "decoder_channels", List.of(16, 8, 8, 4),
                    "necks", List.of(Map.of("name", "ReshapeTokensToImage", "remove_cls_token", false),
                            Map.of("name", "SelectIndices", "indices", List.of(2, 5, 8, 11)),
                            Map.of("name", "LearnedInterpolateToPyramidal"))));
            try (EncoderDecoderModel whole = blueprint.load(blueprint.structure().random(1), scope.device())) {
                System.out.println("logits " + whole.forward(scope, Input.of("S2L2A", s2).with("S1GRD", s1)).output()
                        .shape());
            }
        }
    }

    private static TerraMindConfig config(Map<String, ?> given) {
        Arguments arguments = Arguments.of("terramind_v1_tiny", given);
        TerraMindConfig config = TerraMindConfig.of("terramind_v1_tiny", arguments);
        arguments.finish();
        return config;
    }

    private static Structure structure(TerraMindConfig config) {
        return Structure.of(TerraMindViT.loader(config)::load);
    }

    private static TerraMindViT load(Scope scope, TerraMindConfig config) {
        StateDict state = StateDict.of(structure(config).random(1));
        TerraMindViT model = TerraMindViT.loader(config).load(scope, state);
        state.finish();
        return model;
    }

    private static void print(String what, List<Feature> features) {
        System.out.println(what + ": " + features.size() + " features of " + switch (features.getLast()) {
            case Feature.Single one -> one.value().shape().toString();
            case Feature.ByModality several -> several.values().keySet().toString();
        });
    }
}
