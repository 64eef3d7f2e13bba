// SPDX-License-Identifier: Apache-2.0
package io.gatun.examples;

import io.gatun.core.Device;
import io.gatun.core.Scope;
import io.gatun.factory.Blueprint;
import io.gatun.factory.EncoderDecoderFactory;
import io.gatun.factory.EncoderDecoderModel;
import io.gatun.factory.ModelOutput;
import io.gatun.models.Input;
import java.util.List;
import java.util.Map;

/**
 * A segmentation model by the arguments of upstream's {@code build_model}: a vision transformer, whose tokens become a
 * pyramid of maps, UperNetDecoder, a head with one more convolution, and an auxiliary decoder.
 */
public final class BuildByName {
    private BuildByName() {}

    static final Map<String, Object> ARGUMENTS = Map.of(
            "task", "segmentation",
            "backbone", "prithvi_eo_v2_tiny_tl",
            "backbone_bands", List.of("BLUE", "GREEN", "RED", "NIR_NARROW"),
            "necks", List.of(
                    Map.of("name", "SelectIndices", "indices", List.of(2, 5, 8, 11)),
                    Map.of("name", "ReshapeTokensToImage"),
                    Map.of("name", "LearnedInterpolateToPyramidal")),
            "decoder", "UperNetDecoder",
            "decoder_channels", 32,
            "num_classes", 5,
            "head_channel_list", List.of(16),
            "aux_decoders", List.of(Map.of(
                    "name", "aux", "decoder", "FCNDecoder",
                    "decoder_args", Map.of("decoder_channels", 16, "decoder_num_convs", 1))));

    public static void main(String[] args) {
        Blueprint<EncoderDecoderModel> blueprint = EncoderDecoderFactory.buildModel(ARGUMENTS);
        System.out.println(blueprint.structure().parameterCount() + " parameters in "
                + blueprint.structure().weights().size() + " tensors");
        Device device = Device.best();
        try (EncoderDecoderModel model = blueprint.load(blueprint.structure().random(1), device);
                Scope scope = Scope.open(device)) {
            ModelOutput output = model.forward(scope, Input.of(scope.zeros(1, 4, 100, 120)));
            System.out.println("logits " + output.output().shape());
            output.auxiliaryHeads().forEach((name, logits) -> System.out.println(name + " " + logits.shape()));
        }
    }
}
