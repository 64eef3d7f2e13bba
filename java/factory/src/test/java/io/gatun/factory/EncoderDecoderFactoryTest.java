// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.ArgumentException;
import io.gatun.core.Checkpoint;
import io.gatun.core.CheckpointException;
import io.gatun.core.Device;
import io.gatun.core.GatunException;
import io.gatun.core.Kernels;
import io.gatun.core.Scope;
import io.gatun.core.Shape;
import io.gatun.core.ShapeException;
import io.gatun.core.Tensor;
import io.gatun.core.TensorData;
import io.gatun.factory.decoders.LinearDecoder;
import io.gatun.factory.decoders.UperNetDecoder;
import io.gatun.factory.heads.SegmentationHead;
import io.gatun.factory.necks.LearnedInterpolateToPyramidal;
import io.gatun.models.Arguments;
import io.gatun.models.Input;
import io.gatun.models.vit.VisionTransformer;
import io.gatun.models.vit.VisionTransformerConfig;
import io.gatun.wrappers.temporal.TemporalOptions;
import io.gatun.wrappers.temporal.TemporalPooling;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Rules and refusals of the factory that golden cases do not show. */
class EncoderDecoderFactoryTest {
    private final Scope scope = Scope.open(Device.cpu());

    @AfterEach
    void close() {
        scope.close();
    }

    /** A small ViT of four blocks, whose features are maps, and FCNDecoder. */
    private static Map<String, Object> small(Object... more) {
        Map<String, Object> arguments = new HashMap<>(Map.of("task", "segmentation", "num_classes", 3,
                "backbone", "timm_vit_tiny_patch16_224", "backbone_img_size", 32, "backbone_depth", 4,
                "backbone_dynamic_img_size", true, "backbone_out_indices", List.of(0, 1, 2, 3),
                "decoder", "FCNDecoder"));
        arguments.put("decoder_channels", 8);
        arguments.put("decoder_num_convs", 2);
        return with(arguments, more);
    }

    private static Map<String, Object> with(Map<String, Object> arguments, Object... more) {
        for (int i = 0; i < more.length; i += 2) {
            if (more[i + 1] == null) {
                arguments.remove((String) more[i]);
            } else {
                arguments.put((String) more[i], more[i + 1]);
            }
        }
        return arguments;
    }

    private Tensor image(long... shape) {
        Random random = new Random(3);
        int count = 1;
        for (long extent : shape) {
            count *= (int) extent;
        }
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return scope.of(values, shape);
    }

    private ModelOutput run(Map<String, Object> arguments, Input input) {
        Blueprint<EncoderDecoderModel> blueprint = EncoderDecoderFactory.buildModel(arguments);
        try (EncoderDecoderModel model = blueprint.load(blueprint.structure().random(1), Device.cpu())) {
            return model.forward(scope, input);
        }
    }

    private static void refused(Class<? extends GatunException> type, String words, Map<String, Object> arguments) {
        GatunException e = assertThrows(type, () -> EncoderDecoderFactory.buildModel(arguments));
        assertTrue(e.getMessage().contains(words), e.getMessage());
    }

    @Test
    void anyImageSizeGivesAMapOfItsSize() {
        for (long[] size : new long[][] {{32, 32}, {33, 40}, {63, 65}}) {
            Tensor output = run(small(), Input.of(image(2, 3, size[0], size[1]))).output();
            assertArrayEquals(new long[] {2, 3, size[0], size[1]}, output.shape().toArray());
            assertTrue(output.isDense());
        }
    }

    @Test
    void tasksAreNamedInAnyCaseAndOthersRefused() {
        assertEquals(Task.SEGMENTATION, Task.of("Segmentation"));
        refused(ArgumentException.class, "Task detection not supported. Please choose one of segmentation, regression",
                small("task", "detection"));
    }

    @Test
    void withoutADecoderItIsFcnDecoder() {
        assertTrue(EncoderDecoderFactory.buildModel(small("decoder", null)).structure().weights()
                .containsKey("decoder.convs.0.0.weight"));
    }

    @Test
    void aDictionaryOfArgumentsTakesThePlaceOfPrefixedOnes() {
        Map<String, Object> arguments = small("decoder_channels", null, "decoder_num_convs", null,
                "decoder_kwargs", Map.of("channels", 16, "num_convs", 1));
        assertEquals(16, EncoderDecoderFactory.buildModel(arguments).structure().weights()
                .get("head.head.2.weight").shape().dim(1));
        refused(ArgumentException.class, "decoder_channels", with(arguments, "decoder_channels", 8));
        assertEquals(8, EncoderDecoderFactory.buildModel(small("decoder_kwargs", Map.of())).structure().weights()
                .get("head.head.2.weight").shape().dim(1), "an empty one does not");
    }

    @Test
    void unusedArgumentsAreRefusedByNameWithTheNearestOne() {
        refused(ArgumentException.class, "num_conv (did you mean num_convs?)", small("decoder_num_conv", 1));
        refused(ArgumentException.class, "img_sise (did you mean img_size?)", small("backbone_img_sise", 1));
        refused(ArgumentException.class, "droput (did you mean dropout?)", small("head_droput", 0.1));
        refused(ArgumentException.class, "rescael (did you mean rescale?)", small("rescael", true));
        refused(ArgumentException.class, "indexes (did you mean indices?)", small("necks",
                List.of(Map.of("name", "SelectIndices", "indices", List.of(3), "indexes", List.of(3)))));
        refused(ArgumentException.class, "aux_decoders a: arguments channels", small("aux_decoders", List.of(
                Map.of("name", "a", "decoder", "IdentityDecoder", "decoder_args", Map.of("channels", 3)))));
        refused(ArgumentException.class, "num_convz", small("aux_decoders", List.of(Map.of("name", "a", "decoder",
                "FCNDecoder", "decoder_args", Map.of("decoder_num_convz", 3)))));
    }

    @Test
    void unknownNamesAreRefusedWithTheNearestOfEachSource() {
        refused(ArgumentException.class, "terratorch: not there; the nearest is FCNDecoder",
                small("decoder", "FCNDecodr"));
        refused(ArgumentException.class, "nearest is vit_tiny_patch16_224", small("backbone", "vit_tiny_patch17_224"));
        refused(ArgumentException.class, "in source mmseg: names of mmsegmentation are not built; use UperNetDecoder",
                small("decoder", "mmseg_UPerHead"));
        refused(ArgumentException.class, "in source smp", small("decoder", "smp_Unet"));
        refused(ArgumentException.class, "nearest is SelectIndices",
                small("necks", List.of(Map.of("name", "SelectIndexes", "indices", List.of(1)))));
        refused(ArgumentException.class, "has no name", small("necks", List.of(Map.of("indices", List.of(1)))));
    }

    @Test
    void namesOfPartsThatAreNotBuiltAreRefused() {
        for (String decoder : List.of("smp_Unet", "smp_FPN", "smp_DeepLabV3Plus", "mmseg_UPerHead", "ASPPModule",
                "SatMAEHead")) {
            refused(ArgumentException.class, decoder.substring(decoder.indexOf('_') + 1), small("decoder", decoder));
        }
        refused(ArgumentException.class, "use ASPPSegmentationHead", small("decoder", "smp_DeepLabV3Plus"));
        for (String backbone : List.of("UNet", "timm_resnet50", "ssl4eos12_resnet50_sentinel2_all_moco",
                "prithvi_swin_B")) {
            refused(ArgumentException.class, backbone.replace("timm_", ""), small("backbone", backbone));
        }
        ArgumentException e = assertThrows(ArgumentException.class,
                () -> FullModelFactory.buildModel(Map.of("model", "prithvi_eo_v2_300_mae")));
        assertTrue(e.getMessage().contains("no full model \"prithvi_eo_v2_300_mae\""), e.getMessage());
    }

    @Test
    void missingOrSuperfluousClassesAndHeadsAreRefused() {
        refused(ArgumentException.class, "num_classes must be defined for segmentation task",
                small("num_classes", null));
        refused(ArgumentException.class, "num_classes", small("task", "regression"));
        Map<String, Object> linear = small("decoder", "LinearDecoder", "decoder_channels", null, "decoder_num_convs",
                null, "decoder_upsampling_size", 16);
        assertEquals("[1, 3, 32, 32]", run(linear, Input.of(image(1, 3, 32, 32))).output().shape().toString());
        refused(ArgumentException.class, "Decoder already includes a head", with(linear, "head_dropout", 0.1));
    }

    /** A regression by a decoder that ends in one channel. */
    private static Map<String, Object> linear(Object... more) {
        return with(small("task", "regression", "num_classes", null, "decoder", "LinearDecoder", "decoder_channels",
                null, "decoder_num_convs", null, "decoder_num_classes", 1, "decoder_upsampling_size", 16), more);
    }

    @Test
    void dictionariesOfArgumentsThatAreNullAreNone() {
        Map<String, Object> arguments = linear("task", "segmentation", "num_classes", 3, "decoder_num_classes", null);
        for (String part : List.of("backbone", "decoder", "head")) {
            arguments.put(part + "_kwargs", null);
        }
        assertEquals("[1, 3, 32, 32]", run(arguments, Input.of(image(1, 3, 32, 32))).output().shape().toString());
    }

    @Test
    void headArgumentsBesideADecoderWithAHeadCountForAuxiliaryHeadsOnlyUnlessThereAreClasses() {
        Map<String, Object> arguments = linear("head_channel_list", List.of(5), "aux_decoders",
                List.of(Map.of("name", "a", "decoder", "IdentityDecoder")));
        Blueprint<EncoderDecoderModel> blueprint = EncoderDecoderFactory.buildModel(arguments);
        assertEquals(Shape.of(5, 192, 3, 3),
                blueprint.structure().weights().get("aux_heads.a.1.head.0.0.0.weight").shape());
        assertEquals("[1, 32, 32]", run(arguments, Input.of(image(1, 3, 32, 32))).output().shape().toString());
        refused(ArgumentException.class, "Decoder already includes a head", with(arguments, "num_classes", 1));
        DecoderBuilder object = DecoderBuilder.withHead((channels, own) ->
                LinearDecoder.loader(channels, LinearDecoder.Options.of(own)));
        refused(ArgumentException.class, "Decoder already includes a head",
                linear("decoder", object, "head_dropout", 0.1));
    }

    @Test
    void partsThatDoNotFitAreRefusedBeforeThereAreWeights() {
        refused(ArgumentException.class, "in_index", small("decoder_in_index", 7));
        refused(ShapeException.class, "channels should have the same length as embed_dim",
                small("decoder", "UNetDecoder", "decoder_num_convs", null, "decoder_channels", List.of(8, 8)));
        refused(GatunException.class, "", small("necks",
                List.of(Map.of("name", "PermuteDims", "new_order", List.of(0, 2, 3, 1)))));
    }

    @Test
    void datesCannotBeKeptBeforeADecoder() {
        refused(ArgumentException.class, "temporal_pooling keep",
                small("backbone_use_temporal", true, "backbone_temporal_pooling", "keep"));
    }

    @Test
    void datesArePooledBeforeTheDecoder() {
        Map<String, Object> temporal = small("backbone_use_temporal", true, "backbone_temporal_pooling", "concat",
                "backbone_temporal_n_timestamps", 3);
        assertEquals("[1, 3, 32, 32]", run(temporal, Input.of(image(1, 3, 3, 32, 32))).output().shape().toString());
        Map<String, Object> subsets = with(new HashMap<>(temporal), "backbone_temporal_subset_lengths", List.of(1, 2));
        refused(ShapeException.class, "", subsets);
        with(subsets, "backbone_temporal_corrected", true);
        assertEquals("[1, 3, 32, 32]", run(subsets, Input.of(image(1, 3, 3, 32, 32))).output().shape().toString());
    }

    @Test
    void auxiliaryHeadsTakeTheMainHeadsArgumentsUnlessCorrected() {
        Map<String, Object> own = Map.of("name", "a", "decoder", "IdentityDecoder", "decoder_args",
                Map.of("head_channel_list", List.of(5)));
        Map<String, Object> linear = Map.of("name", "b", "decoder", "LinearDecoder", "decoder_args",
                Map.of("decoder_upsampling_size", 16));
        Map<String, Object> arguments = small("aux_decoders", List.of(own, linear));
        var upstream = EncoderDecoderFactory.buildModel(arguments).structure().weights().keySet();
        assertTrue(upstream.contains("aux_heads.b.1.head.2.weight"), upstream.toString());
        assertTrue(!upstream.contains("aux_heads.a.1.head.0.0.0.weight"), upstream.toString());
        var corrected = EncoderDecoderFactory.buildModel(with(arguments, "corrected", true)).structure().weights()
                .keySet();
        assertTrue(corrected.contains("aux_heads.a.1.head.0.0.0.weight"), corrected.toString());
        assertTrue(!corrected.contains("aux_heads.b.1.head.2.weight"), corrected.toString());
        ModelOutput output = run(arguments, Input.of(image(1, 3, 32, 32)));
        assertEquals(List.of("a", "b"), List.copyOf(output.auxiliaryHeads().keySet()));
    }

    @Test
    void aDecoderObjectWithAHeadGetsNoneWhereCorrected() {
        DecoderBuilder linear = DecoderBuilder.withHead((channels, arguments) ->
                LinearDecoder.loader(channels, LinearDecoder.Options.of(arguments)));
        Map<String, Object> arguments = small("decoder", linear, "decoder_channels", null, "decoder_num_convs", null,
                "decoder_upsampling_size", 16);
        refused(ArgumentException.class, "num_classes must be defined", arguments);
        assertEquals("[1, 3, 32, 32]",
                run(with(arguments, "corrected", true), Input.of(image(1, 3, 32, 32))).output().shape().toString());
    }

    @Test
    void twoAuxiliaryDecodersOfOneNameAreRefused() {
        Map<String, Object> one = Map.of("name", "a", "decoder", "IdentityDecoder");
        refused(ArgumentException.class, "two aux_decoders", small("aux_decoders", List.of(one, one)));
    }

    @Test
    void paddingHasItsModesAndItsLimits() {
        Tensor thin = image(1, 3, 5, 32);
        ShapeException e = assertThrows(ShapeException.class, () -> run(small(), Input.of(thin)));
        assertTrue(e.getMessage().contains("replicate"), e.getMessage());
        for (String mode : List.of("constant", "replicate")) {
            assertEquals("[1, 3, 5, 32]",
                    run(small("backbone_padding", mode), Input.of(thin)).output().shape().toString());
        }
        refused(ArgumentException.class, "padding is mirror", small("backbone_padding", "mirror"));
        refused(ArgumentException.class, "patch size [1, 1, 1, 1] not valid",
                small("backbone_patch_size", List.of(1, 1, 1, 1)));
    }

    @Test
    void adaptersAreToBeMergedBefore() {
        refused(ArgumentException.class, "merge_and_unload", small("peft_config", Map.of("method", "LORA")));
    }

    @Test
    void aCheckpointOfAnotherConfigurationIsRefusedWithAllNames() {
        Checkpoint other = EncoderDecoderFactory.buildModel(small("decoder_channels", 16)).structure().random(1);
        Blueprint<EncoderDecoderModel> blueprint = EncoderDecoderFactory.buildModel(small());
        CheckpointException e = assertThrows(CheckpointException.class, () -> blueprint.load(other, Device.cpu()));
        assertTrue(e.getMessage().contains("head.head.2.weight is [3, 16, 1, 1], the model wants [3, 8, 1, 1]"),
                e.getMessage());
        Map<String, TensorData> fewer = new HashMap<>(blueprint.structure().random(1).tensors());
        fewer.remove("head.head.2.bias");
        CheckpointException missing = assertThrows(CheckpointException.class, () -> blueprint.load(
                new Checkpoint("x", "", fewer, Map.of()), Device.cpu()));
        assertTrue(missing.getMessage().contains("missing: head.head.2.bias [3]"), missing.getMessage());
    }

    @Test
    void typedArgumentsGiveTheSameModel() {
        Map<String, Object> byName = small("decoder", "UperNetDecoder", "decoder_num_convs", null,
                "decoder_pool_scales", List.of(1, 2),
                "necks", List.of(Map.of("name", "LearnedInterpolateToPyramidal")));
        VisionTransformerConfig config = VisionTransformerConfig.of("vit_tiny_patch16_224",
                Arguments.of("", Map.of("img_size", 32, "depth", 4, "dynamic_img_size", true,
                        "out_indices", List.of(0, 1, 2, 3))));
        Blueprint<EncoderDecoderModel> typed = EncoderDecoderFactory.builder(Task.SEGMENTATION)
                .backbone(VisionTransformer.loader(config))
                .neck((channels, _, _) -> LearnedInterpolateToPyramidal.loader(channels))
                .decoder((channels, _) -> UperNetDecoder.loader(channels,
                        UperNetDecoder.Options.of(Arguments.of("", Map.of("channels", 8, "pool_scales",
                                List.of(1, 2))))))
                .head(channels -> SegmentationHead.loader(channels, SegmentationHead.Options.of(
                        Arguments.of("", Map.of("num_classes", 3)))))
                .build();
        assertEquals(EncoderDecoderFactory.buildModel(byName).structure(), typed.structure());
    }

    @Test
    void theTypedBuilderRefusesWhatIsMissing() {
        EncoderDecoderBuilder builder = EncoderDecoderFactory.builder(Task.SEGMENTATION);
        assertThrows(ArgumentException.class, builder::build);
        builder.backbone("timm_vit_tiny_patch16_224", Map.of("depth", 3));
        ArgumentException e = assertThrows(ArgumentException.class, builder::build);
        assertTrue(e.getMessage().contains("call head(...)"), e.getMessage());
        builder.head(channels -> SegmentationHead.loader(channels, SegmentationHead.Options.of(
                Arguments.of("", Map.of("num_classes", 3)))));
        builder.temporal(TemporalOptions.of(TemporalPooling.KEEP));
        assertThrows(ArgumentException.class, builder::build);
    }

    @Test
    void batchesDoNotChangeABit() {
        Tensor images = image(3, 3, 40, 48);
        float[] all = run(small(), Input.of(images)).output().toFloatArray();
        List<Float> each = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            Tensor one = Kernels.copy(scope, images.slice(0, i, i + 1));
            for (float value : run(small(), Input.of(one)).output().toFloatArray()) {
                each.add(value);
            }
        }
        for (int i = 0; i < all.length; i++) {
            assertEquals(all[i], each.get(i), 0f);
        }
    }
}
