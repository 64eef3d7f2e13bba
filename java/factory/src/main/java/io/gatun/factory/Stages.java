// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory;

import io.gatun.core.Precision;
import io.gatun.core.Scope;
import io.gatun.core.Tensor;
import io.gatun.models.Backbone;
import io.gatun.models.Feature;
import io.gatun.models.Input;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.function.UnaryOperator;

/** The loaded parts of an encoder-decoder model, and the scope that owns their weights. */
record Stages(Scope weights, Task task, Backbone encoder, List<Neck> necks, Branch main,
        SequencedMap<String, Branch> auxiliary, Optional<Padding> padding) implements AutoCloseable {
    /** A decoder and the head behind it, if it has none of its own. */
    record Branch(Decoder decoder, Optional<Head> head) {
        Tensor forward(Scope scope, List<Tensor> features) {
            Tensor decoded = decoder.forward(scope, features);
            return head.isPresent() ? head.get().forward(scope, decoded) : decoded;
        }
    }

    Precision precision() {
        return weights.precision();
    }

    /** Only a single image is padded, as upstream does. */
    Input padded(Scope scope, Input input) {
        if (padding.isEmpty() || !input.isImage()) {
            return input;
        }
        SequencedMap<String, Tensor> image = new LinkedHashMap<>();
        image.put(Input.IMAGE, padding.get().apply(scope, input.image()));
        return input.withImages(image, input.extras());
    }

    static ImageSize sizeOf(Input input) {
        Tensor first = input.modalities().firstEntry().getValue();
        return new ImageSize(first.dim(-2), first.dim(-1));
    }

    /** Backbone and necks once, then each branch; `finish` is applied to what a branch gives. */
    ModelOutput forward(Scope scope, Input input, UnaryOperator<Tensor> finish) {
        List<Tensor> features = new ArrayList<>();
        List<Feature> encoded = encoder.forward(scope, input);
        for (Feature feature : necks.isEmpty() ? encoder.prepareFeaturesForImageModel(scope, encoded) : encoded) {
            features.add(feature.tensor());
        }
        ImageSize size = sizeOf(input);
        for (Neck neck : necks) {
            features = neck.forward(scope, features, size);
        }
        Tensor output = finish.apply(main.forward(scope, features));
        SequencedMap<String, Tensor> others = new LinkedHashMap<>();
        for (var branch : auxiliary.entrySet()) {
            others.put(branch.getKey(), finish.apply(branch.getValue().forward(scope, features)));
        }
        return new ModelOutput(output, others);
    }

    @Override
    public void close() {
        weights.close();
    }
}
