// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory.config;

import java.util.List;
import java.util.Map;

/** Model arguments of TerraTorch's earlier factory for Prithvi, in the words of EncoderDecoderFactory. */
final class OldArguments {
    private static final Map<String, String> NEW_NAMES = Map.of("bands", "backbone_bands", "in_channels",
            "backbone_in_chans", "pretrained", "backbone_pretrained", "num_frames", "backbone_num_frames");

    private OldArguments() {}

    /** As upstream's PrithviModelFactory hands its arguments on. */
    static void translate(ConfigReader config, Map<String, Object> arguments) {
        if (!(arguments.get("backbone") instanceof String backbone) || !backbone.startsWith("prithvi_")) {
            throw config.error("model_args.backbone is " + arguments.get("backbone") + ", expected one whose name"
                    + " begins with prithvi_. Use model_factory EncoderDecoderFactory for others.");
        }
        if (!(arguments.get("bands") instanceof List<?> bands)) {
            throw config.error("model_args.bands is " + arguments.get("bands")
                    + ", expected the list of bands that PrithviModelFactory needs");
        }
        for (String gone : List.of("necks", "prepare_features_for_image_model")) {
            if (arguments.get(gone) != null) {
                throw config.error("model_args." + gone + " is not for PrithviModelFactory. Use model_factory"
                        + " EncoderDecoderFactory with necks, and backbone_bands and backbone_num_frames for bands and"
                        + " num_frames.");
            }
            arguments.remove(gone);
        }
        Object channels = arguments.get("in_channels");
        arguments.put("in_channels",
                channels == null ? Bands.names(config, "model_args.bands", bands).size() : channels);
        NEW_NAMES.forEach((old, current) -> {
            if (arguments.containsKey(old)) {
                arguments.put(current, arguments.remove(old));
            }
        });
        arguments.putIfAbsent("backbone_num_frames", 1);
    }

    /** What the factory of today does not know. */
    static void refuse(ConfigReader config, Map<String, Object> arguments) {
        NEW_NAMES.forEach((old, current) -> {
            if (arguments.containsKey(old)) {
                throw config.error("model_args." + old + " is of the older PrithviModelFactory; the"
                        + " EncoderDecoderFactory calls it " + current + ". Rename it.");
            }
        });
    }

    static void dropWithoutEffect(Map<String, Object> arguments) {
        if (arguments.get("backbone") instanceof String backbone && backbone.contains("prithvi_eo")) {
            SkippedKeys.PRITHVI.forEach(arguments::remove);
        }
    }
}
