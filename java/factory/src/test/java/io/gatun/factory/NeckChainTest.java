// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.gatun.core.DType;
import io.gatun.core.Device;
import io.gatun.core.Kernels;
import io.gatun.core.Scope;
import io.gatun.core.Tensor;
import io.gatun.factory.necks.NeckLoader;
import io.gatun.factory.necks.NeckSequence;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/** Random chains of necks: what is announced comes out, with and without data. */
class NeckChainTest {
    private static final List<String> NECKS = List.of("SelectIndices", "PermuteDims", "InterpolateToPyramidal",
            "MaxpoolToPyramidal", "AddBottleneckLayer", "LearnedInterpolateToPyramidal", "FeaturePyramidNetworkNeck");

    /** One neck by name. */
    private record Step(String name, Map<String, Object> arguments) {
        NeckLoader loader(List<Integer> channels) {
            return Parts.neck(name, channels, arguments);
        }
    }

    @Test
    void announcedChannelsAreThoseThatComeOut() {
        Set<String> seen = new HashSet<>();
        for (int seed = 0; seed < 60; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            int time = random.nextInt(1, 4);
            boolean cls = random.nextBoolean();
            int features = random.nextInt(1, 6);
            int rows = random.nextInt(2, 7);
            ImageSize image = new ImageSize(8L * rows, 8L * random.nextInt(2, 7));
            long tokens = (cls ? 1 : 0) + time * (image.height() / 8) * (image.width() / 8);
            List<Integer> embed = new ArrayList<>();
            for (int i = 0; i < features; i++) {
                embed.add(random.nextInt(4, 9));
            }
            List<Integer> announced = embed.stream().map(each -> each * time).toList();
            List<Step> steps = new ArrayList<>();
            steps.add(new Step("ReshapeTokensToImage", Map.of(
                    "remove_cls_token", cls, "effective_time_dim", time, "h", rows)));
            List<Integer> planned = planned(random, steps, announced, embed, tokens, image);
            steps.forEach(step -> seen.add(step.name()));
            run(steps, announced, planned, embed, tokens, image, "seed " + seed + ": " + steps);
        }
        Set<String> all = new HashSet<>(NECKS);
        all.add("ReshapeTokensToImage");
        assertEquals(all, seen);
    }

    /** Adds steps that fit the maps there are, whose sizes come from the device without data. */
    private static List<Integer> planned(SplittableRandom random, List<Step> steps, List<Integer> announced,
            List<Integer> embed, long tokens, ImageSize image) {
        try (Scope scope = Scope.open(Device.meta())) {
            List<Integer> channels = announced;
            List<Tensor> current = tokens(scope, embed, tokens);
            for (int next = 0; ; next++) {
                if (next == steps.size()) {
                    if (next > 4) {
                        return channels;
                    }
                    steps.add(fitting(random, channels, current));
                }
                NeckLoader loader = steps.get(next).loader(channels);
                Neck neck = loader.load(scope, Parts.random(loader, 1));
                current = neck.forward(scope, current, image);
                channels = neck.processChannelList(channels);
                assertEquals(loader.outChannels(), channels);
                assertEquals(channels, channels(current), steps.toString());
            }
        }
    }

    private static Step fitting(SplittableRandom random, List<Integer> channels, List<Tensor> maps) {
        long smallest = maps.stream().mapToLong(map -> Math.min(map.dim(2), map.dim(3))).min().orElseThrow();
        long largest = maps.stream().mapToLong(map -> Math.max(map.dim(2), map.dim(3))).max().orElseThrow();
        while (true) {
            String name = NECKS.get(random.nextInt(NECKS.size()));
            switch (name) {
                case "SelectIndices" -> {
                    List<Integer> indices = new ArrayList<>();
                    for (int i = random.nextInt(1, 6); i > 0; i--) {
                        indices.add(random.nextInt(-maps.size(), maps.size()));
                    }
                    return new Step(name, Map.of("indices", indices));
                }
                case "PermuteDims" -> {
                    return new Step(name, Map.of("new_order", List.of(0, 1, 3, 2)));
                }
                case "InterpolateToPyramidal" -> {
                    String mode = List.of("nearest", "bilinear", "bicubic", "area").get(random.nextInt(4));
                    if (largest << maps.size() <= 64) {
                        return new Step(name, Map.of("mode", mode));
                    }
                }
                case "MaxpoolToPyramidal" -> {
                    if (smallest >> (maps.size() - 1) > 0) {
                        return new Step(name, Map.of());
                    }
                }
                case "AddBottleneckLayer" -> {
                    if (channels.getLast() > 1) {
                        return new Step(name, Map.of());
                    }
                }
                case "LearnedInterpolateToPyramidal" -> {
                    if (maps.size() == 4 && channels.get(0) > 3 && channels.get(1) > 1 && smallest > 1) {
                        return new Step(name, Map.of());
                    }
                }
                default -> {
                    return new Step(name, Map.of("out_channel", random.nextInt(4, 9)));
                }
            }
        }
    }

    private static void run(List<Step> steps, List<Integer> announced, List<Integer> planned, List<Integer> embed,
            long tokens, ImageSize image, String what) {
        try (Scope scope = Scope.open(Device.cpu())) {
            List<Function<List<Integer>, NeckLoader>> necks = new ArrayList<>();
            steps.forEach(step -> necks.add(step::loader));
            NeckLoader loader = NeckSequence.loader(announced, necks);
            assertEquals(planned, loader.outChannels(), what);
            Neck chain = loader.load(scope, Parts.random(loader, 2));
            assertEquals(planned, chain.processChannelList(announced), what);
            List<Tensor> features = tokens(scope, embed, tokens);
            features.forEach(each -> Kernels.fill(scope, each, 1));
            List<Tensor> results = chain.forward(scope, features, image);
            assertEquals(planned, channels(results), what);
            scope.sync();
        }
    }

    private static List<Tensor> tokens(Scope scope, List<Integer> embed, long tokens) {
        return embed.stream().map(width -> scope.empty(DType.F32, 2, tokens, width)).toList();
    }

    private static List<Integer> channels(List<Tensor> maps) {
        return maps.stream().map(map -> (int) map.dim(1)).toList();
    }
}
