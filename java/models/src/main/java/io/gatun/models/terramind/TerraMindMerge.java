// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind;

import io.gatun.core.ArgumentException;
import io.gatun.core.DType;
import io.gatun.core.Kernels;
import io.gatun.core.Reduction;
import io.gatun.core.Reductions;
import io.gatun.core.Scope;
import io.gatun.core.ShapeException;
import io.gatun.core.Tensor;
import io.gatun.models.Feature;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SequencedMap;

/**
 * What becomes of the tokens of one input.
 *
 * @param method how they are merged
 * @param registers tokens before those of the modalities
 * @param parts modalities in the order of their tokens
 * @param slots for concat, what lies next to each other; empty for the learned token of an absent modality
 * @param missing the learned token [E], for concat
 */
record TerraMindMerge(MergeMethod method, int registers, List<Part> parts, List<Optional<Part>> slots,
        Optional<Tensor> missing) {
    /** Name that the registers have in a dictionary. */
    private static final String REGISTERS = "register_tokens";

    /** Tokens from first to first + count are a modality's. */
    record Part(String name, TerraMindModality modality, long first, long count) {}

    static TerraMindMerge of(TerraMindConfig config, List<Part> parts, Optional<Tensor> missing) {
        List<Part> images = parts.stream().filter(part -> part.modality().kind().isImage()).toList();
        if (config.mergeMethod() != MergeMethod.DICT && config.mergeMethod() != MergeMethod.NONE) {
            requireSameTokens(config.mergeMethod(), images);
        }
        return new TerraMindMerge(config.mergeMethod(), config.size().numRegisterTokens(), parts,
                config.mergeMethod() == MergeMethod.CONCAT ? slots(config, parts.size(), images) : List.of(), missing);
    }

    private static List<Optional<Part>> slots(TerraMindConfig config, int given, List<Part> images) {
        List<Optional<Part>> slots = new ArrayList<>();
        if (config.corrected()) {
            config.modalities().values().stream().filter(modality -> modality.kind().isImage()).forEach(modality ->
                    slots.add(images.stream().filter(part -> part.modality().equals(modality)).findFirst()));
        } else {
            images.forEach(part -> slots.add(Optional.of(part)));
            // Upstream counts sequences among what is present.
            for (int i = given; i < config.imageModalities(); i++) {
                slots.add(Optional.empty());
            }
        }
        return slots;
    }

    private static void requireSameTokens(MergeMethod method, List<Part> images) {
        String rule = "merge_method " + method.name().toLowerCase(Locale.ROOT);
        if (images.isEmpty()) {
            throw new ArgumentException("the input has no image, and " + rule + " merges those alone; give one, or take"
                    + " merge_method dict");
        }
        for (Part part : images) {
            if (part.count() != images.getFirst().count()) {
                throw ShapeException.ofSize(rule + " merges place by place, but " + images.getFirst().name() + " has "
                        + images.getFirst().count() + " tokens and " + part.name() + " " + part.count()
                        + "; give images of the same size, or take merge_method dict");
            }
        }
    }

    /** x [B, N, E] is closed, unless it is the result. */
    Feature apply(Scope scope, Tensor x) {
        boolean alone = parts.size() == 1 && parts.getFirst().count() == x.dim(1);
        if (method == MergeMethod.NONE || alone && method != MergeMethod.DICT && slots.size() < 2) {
            return new Feature.Single(x);
        }
        try (x) {
            return switch (method) {
                case MEAN -> new Feature.Single(reduced(scope, x, Reduction.MEAN));
                case MAX -> new Feature.Single(reduced(scope, x, Reduction.MAX));
                case CONCAT -> new Feature.Single(concatenated(scope, x));
                case DICT, NONE -> new Feature.ByModality(byModality(scope, x));
            };
        }
    }

    private List<Part> images() {
        return parts.stream().filter(part -> part.modality().kind().isImage()).toList();
    }

    private Tensor reduced(Scope scope, Tensor x, Reduction reduction) {
        try (Tensor stacked = stacked(scope, x, images())) {
            return Reductions.reduce(scope, stacked, 1, reduction);
        }
    }

    /** [B, modalities, N, E]. */
    private static Tensor stacked(Scope scope, Tensor x, List<Part> images) {
        long count = images.getFirst().count();
        if (images.size() * count == x.dim(1)) {
            return x.reshape(x.dim(0), images.size(), count, x.dim(2));
        }
        Tensor stacked = scope.empty(DType.F32, x.dim(0), images.size(), count, x.dim(2));
        for (int i = 0; i < images.size(); i++) {
            try (Tensor place = stacked.slice(1, i, i + 1); Tensor own = slice(x, images.get(i));
                    Tensor one = own.unsqueeze(1)) {
                Kernels.copy(scope, one, place);
            }
        }
        return stacked;
    }

    private Tensor concatenated(Scope scope, Tensor x) {
        long embed = x.dim(2);
        long count = images().getFirst().count();
        Tensor joined = scope.empty(DType.F32, x.dim(0), count, slots.size() * embed);
        for (int i = 0; i < slots.size(); i++) {
            try (Tensor place = joined.slice(2, i * embed, (i + 1) * embed);
                    Tensor own = slots.get(i).map(part -> slice(x, part))
                            .orElseGet(() -> missing.orElseThrow().expand(x.dim(0), count, embed))) {
                Kernels.copy(scope, own, place);
            }
        }
        return joined;
    }

    private SequencedMap<String, Tensor> byModality(Scope scope, Tensor x) {
        SequencedMap<String, Tensor> values = new LinkedHashMap<>();
        if (registers > 0) {
            try (Tensor own = x.slice(1, 0, registers)) {
                values.put(REGISTERS, Kernels.copy(scope, own));
            }
        }
        for (Part part : parts) {
            try (Tensor own = slice(x, part)) {
                values.put(part.name(), Kernels.copy(scope, own));
            }
        }
        return values;
    }

    private static Tensor slice(Tensor x, Part part) {
        return x.slice(1, part.first(), part.first() + part.count());
    }
}
