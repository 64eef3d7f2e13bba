// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import io.gatun.core.Checkpoint;
import io.gatun.core.DType;
import io.gatun.core.Scope;
import io.gatun.core.Shape;
import io.gatun.core.Structure;
import io.gatun.core.Tensor;
import io.gatun.core.TensorData;
import io.gatun.data.GoldenCase;
import io.gatun.factory.decoders.ASPPHead;
import io.gatun.factory.decoders.ASPPOptions;
import io.gatun.factory.decoders.DecoderLoader;
import io.gatun.factory.decoders.FCNDecoder;
import io.gatun.factory.decoders.IdentityDecoder;
import io.gatun.factory.decoders.LinearDecoder;
import io.gatun.factory.decoders.MLPDecoder;
import io.gatun.factory.decoders.UNetDecoder;
import io.gatun.factory.decoders.UperNetDecoder;
import io.gatun.factory.heads.ClassificationHead;
import io.gatun.factory.heads.RegressionHead;
import io.gatun.factory.heads.SegmentationHead;
import io.gatun.factory.necks.AddBottleneckLayer;
import io.gatun.factory.necks.AggregateTokens;
import io.gatun.factory.necks.FeaturePyramidNetworkNeck;
import io.gatun.factory.necks.InterpolateToPyramidal;
import io.gatun.factory.necks.LearnedInterpolateToPyramidal;
import io.gatun.factory.necks.MaxpoolToPyramidal;
import io.gatun.factory.necks.NeckLoader;
import io.gatun.factory.necks.PermuteDims;
import io.gatun.factory.necks.ReshapeTokensToImage;
import io.gatun.factory.necks.SelectIndices;
import io.gatun.models.Arguments;
import io.gatun.models.Loader;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;

/** Builds parts by upstream's names and arguments, and runs them. */
final class Parts {
    private Parts() {}

    static NeckLoader neck(String name, List<Integer> channels, Map<String, ?> given) {
        Arguments a = Arguments.of(name, given);
        NeckLoader loader = switch (name) {
            case "SelectIndices" -> SelectIndices.loader(channels, SelectIndices.Options.of(a));
            case "PermuteDims" -> PermuteDims.loader(channels, PermuteDims.Options.of(a));
            case "InterpolateToPyramidal" ->
                InterpolateToPyramidal.loader(channels, InterpolateToPyramidal.Options.of(a));
            case "MaxpoolToPyramidal" -> MaxpoolToPyramidal.loader(channels, MaxpoolToPyramidal.Options.of(a));
            case "ReshapeTokensToImage" -> ReshapeTokensToImage.loader(channels, ReshapeTokensToImage.Options.of(a));
            case "AddBottleneckLayer" -> AddBottleneckLayer.loader(channels);
            case "LearnedInterpolateToPyramidal" -> LearnedInterpolateToPyramidal.loader(channels);
            case "AggregateTokens" -> AggregateTokens.loader(channels, AggregateTokens.Options.of(a));
            case "FeaturePyramidNetworkNeck" ->
                FeaturePyramidNetworkNeck.loader(channels, FeaturePyramidNetworkNeck.Options.of(a));
            default -> fail("no neck " + name);
        };
        a.finish();
        return loader;
    }

    static DecoderLoader decoder(String name, List<Integer> channels, Map<String, ?> given) {
        Arguments a = Arguments.of(name, given);
        DecoderLoader loader = switch (name) {
            case "FCNDecoder" -> FCNDecoder.loader(channels, FCNDecoder.Options.of(a));
            case "UNetDecoder" -> UNetDecoder.loader(channels, UNetDecoder.Options.of(a));
            case "UperNetDecoder" -> UperNetDecoder.loader(channels, UperNetDecoder.Options.of(a));
            case "IdentityDecoder" -> IdentityDecoder.loader(channels, IdentityDecoder.Options.of(a));
            case "LinearDecoder" -> LinearDecoder.loader(channels, LinearDecoder.Options.of(a));
            case "MLPDecoder" -> MLPDecoder.loader(channels, MLPDecoder.Options.of(a));
            case "ASPPHead" -> ASPPHead.loader(channels, ASPPOptions.of(a, ASPPOptions.Kind.FEATURES));
            case "ASPPSegmentationHead" -> ASPPHead.loader(channels, ASPPOptions.of(a, ASPPOptions.Kind.SEGMENTATION));
            case "ASPPRegressionHead" -> ASPPHead.loader(channels, ASPPOptions.of(a, ASPPOptions.Kind.REGRESSION));
            default -> fail("no decoder " + name);
        };
        a.finish();
        return loader;
    }

    static Loader<Head> head(String name, int channels, Map<String, ?> given) {
        Arguments a = Arguments.of(name, given);
        Loader<Head> loader = switch (name) {
            case "ClassificationHead" -> ClassificationHead.loader(channels, ClassificationHead.Options.of(a));
            case "RegressionHead" -> RegressionHead.loader(channels, RegressionHead.Options.of(a));
            case "SegmentationHead" -> SegmentationHead.loader(channels, SegmentationHead.Options.of(a));
            default -> fail("no head " + name);
        };
        a.finish();
        return loader;
    }

    static Map<String, Object> without(Map<String, Object> arguments, String key) {
        Map<String, Object> rest = new LinkedHashMap<>(arguments);
        rest.remove(key);
        return rest;
    }

    static List<Integer> integers(Object list) {
        return ((List<?>) list).stream().map(each -> ((Number) each).intValue()).toList();
    }

    static List<Tensor> inputs(Scope scope, List<TensorData> data) {
        return data.stream().map(scope::of).toList();
    }

    /** The shapes that a part gives on the device without data, and whether it names the weights of the case. */
    static <M> List<Shape> metaShapes(Loader<M> loader, GoldenCase golden, List<TensorData> inputs,
            BiFunction<M, MetaRun, List<Tensor>> forward) {
        List<Shape> shapes = new ArrayList<>();
        Structure structure = Structure.of((scope, state) -> {
            M part = loader.load(scope, state);
            List<Tensor> features = inputs.stream().map(each -> scope.empty(DType.F32, each.shape())).toList();
            forward.apply(part, new MetaRun(scope, features)).forEach(each -> shapes.add(each.shape()));
            return part;
        });
        Map<String, Shape> wanted = new LinkedHashMap<>();
        golden.weights().tensors().forEach((name, data) -> wanted.put(name, data.shape()));
        assertEquals(wanted.keySet(), structure.weights().keySet());
        structure.weights().forEach((name, entry) -> {
            if (entry.kind() != Structure.Kind.UNUSED) {
                assertEquals(wanted.get(name), entry.shape(), name);
            }
        });
        return shapes;
    }

    record MetaRun(Scope scope, List<Tensor> features) {}

    /** Random weights of a seed for a part. */
    static Checkpoint random(Loader<?> loader, long seed) {
        return Structure.of(loader::load).random(seed);
    }

}
