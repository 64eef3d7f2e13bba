// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory.registry;

import io.gatun.factory.BackboneBuilder;
import io.gatun.factory.DecoderBuilder;
import io.gatun.factory.NeckBuilder;
import io.gatun.factory.decoders.ASPPHead;
import io.gatun.factory.decoders.ASPPOptions;
import io.gatun.factory.decoders.FCNDecoder;
import io.gatun.factory.decoders.IdentityDecoder;
import io.gatun.factory.decoders.LinearDecoder;
import io.gatun.factory.decoders.MLPDecoder;
import io.gatun.factory.decoders.UNetDecoder;
import io.gatun.factory.decoders.UperNetDecoder;
import io.gatun.factory.necks.AddBottleneckLayer;
import io.gatun.factory.necks.AggregateTokens;
import io.gatun.factory.necks.FeaturePyramidNetworkNeck;
import io.gatun.factory.necks.InterpolateToPyramidal;
import io.gatun.factory.necks.LearnedInterpolateToPyramidal;
import io.gatun.factory.necks.MaxpoolToPyramidal;
import io.gatun.factory.necks.PermuteDims;
import io.gatun.factory.necks.ReshapeTokensToImage;
import io.gatun.factory.necks.SelectIndices;
import java.util.Map;

/** What Gatun builds, under TerraTorch's names, and what to use for names of the libraries that TerraTorch bridges. */
final class TerratorchModules {
    private static final String TERRATORCH = "terratorch";

    private TerratorchModules() {}

    static void register(MultiSourceRegistry<BackboneBuilder> backbones, MultiSourceRegistry<NeckBuilder> necks,
            MultiSourceRegistry<DecoderBuilder> decoders) {
        Backbones.register(backbones);
        necks.registerSource(TERRATORCH, new Registry<>());
        registerNecks(necks);
        decoders.registerSource(TERRATORCH, new Registry<>());
        registerDecoders(decoders);
        decoders.registerSource("smp", new Elsewhere<>("segmentation_models_pytorch", Map.of(
                "Unet", "use UNetDecoder, whose decoder_channels are smp's decoder_channels",
                "UPerNet", "use UperNetDecoder, whose decoder_channels are smp's decoder_channels",
                "FPN", "use the neck FeaturePyramidNetworkNeck before FCNDecoder or UperNetDecoder",
                "DeepLabV3", "use ASPPSegmentationHead, whose decoder_dilations are smp's decoder_atrous_rates",
                "DeepLabV3Plus", "use ASPPSegmentationHead, whose decoder_dilations are smp's decoder_atrous_rates",
                "", "use UNetDecoder or UperNetDecoder")));
        decoders.registerSource("mmseg", new Elsewhere<>("mmsegmentation", Map.of(
                "UPerHead", "use UperNetDecoder: channels and pool_scales are the same, in_index becomes the neck"
                        + " SelectIndices, num_classes goes to the head",
                "FCNHead", "use FCNDecoder: channels and num_convs are the same, in_index counts from 0",
                "ASPPHead", "use ASPPSegmentationHead: channels and dilations are the same",
                "DepthwiseSeparableASPPHead", "use ASPPSegmentationHead: channels and dilations are the same",
                "", "use UperNetDecoder, FCNDecoder or ASPPSegmentationHead")));
    }

    private static void registerNecks(MultiSourceRegistry<NeckBuilder> necks) {
        necks.register(TERRATORCH, "SelectIndices", (channels, _, arguments) ->
                SelectIndices.loader(channels, SelectIndices.Options.of(arguments)));
        necks.register(TERRATORCH, "AggregateTokens", (channels, _, arguments) ->
                AggregateTokens.loader(channels, AggregateTokens.Options.of(arguments)));
        necks.register(TERRATORCH, "PermuteDims", (channels, _, arguments) ->
                PermuteDims.loader(channels, PermuteDims.Options.of(arguments)));
        necks.register(TERRATORCH, "InterpolateToPyramidal", (channels, _, arguments) ->
                InterpolateToPyramidal.loader(channels, InterpolateToPyramidal.Options.of(arguments)));
        necks.register(TERRATORCH, "MaxpoolToPyramidal", (channels, _, arguments) ->
                MaxpoolToPyramidal.loader(channels, MaxpoolToPyramidal.Options.of(arguments)));
        necks.register(TERRATORCH, "ReshapeTokensToImage", (channels, patch, arguments) ->
                ReshapeTokensToImage.loader(
                        channels, ReshapeTokensToImage.Options.of(arguments).withPatchSize(patch)));
        necks.register(TERRATORCH, "AddBottleneckLayer", (channels, _, _) -> AddBottleneckLayer.loader(channels));
        necks.register(TERRATORCH, "LearnedInterpolateToPyramidal",
                (channels, _, _) -> LearnedInterpolateToPyramidal.loader(channels));
        necks.register(TERRATORCH, "FeaturePyramidNetworkNeck", (channels, _, arguments) ->
                FeaturePyramidNetworkNeck.loader(channels, FeaturePyramidNetworkNeck.Options.of(arguments)));
    }

    private static void registerDecoders(MultiSourceRegistry<DecoderBuilder> decoders) {
        decoders.register(TERRATORCH, "FCNDecoder", (channels, arguments) ->
                FCNDecoder.loader(channels, FCNDecoder.Options.of(arguments)));
        decoders.register(TERRATORCH, "UNetDecoder", (channels, arguments) ->
                UNetDecoder.loader(channels, UNetDecoder.Options.of(arguments)));
        decoders.register(TERRATORCH, "UperNetDecoder", (channels, arguments) ->
                UperNetDecoder.loader(channels, UperNetDecoder.Options.of(arguments)));
        decoders.register(TERRATORCH, "IdentityDecoder", (channels, arguments) ->
                IdentityDecoder.loader(channels, IdentityDecoder.Options.of(arguments)));
        decoders.register(TERRATORCH, "MLPDecoder", (channels, arguments) ->
                MLPDecoder.loader(channels, MLPDecoder.Options.of(arguments)));
        decoders.register(TERRATORCH, "LinearDecoder", DecoderBuilder.withHead((channels, arguments) ->
                LinearDecoder.loader(channels, LinearDecoder.Options.of(arguments))));
        for (ASPPOptions.Kind kind : ASPPOptions.Kind.values()) {
            DecoderBuilder builder =
                    (channels, arguments) -> ASPPHead.loader(channels, ASPPOptions.of(arguments, kind));
            decoders.register(TERRATORCH, kind.upstreamName(),
                    kind == ASPPOptions.Kind.SEGMENTATION ? DecoderBuilder.withHead(builder) : builder);
        }
    }
}
