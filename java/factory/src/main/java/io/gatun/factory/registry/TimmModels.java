// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory.registry;

import io.gatun.core.NearestName;
import io.gatun.factory.BackboneBuilder;
import io.gatun.models.vit.VisionTransformer;
import io.gatun.models.vit.VisionTransformerConfig;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.SequencedSet;

/** Plain vision transformers by timm's names. What follows a point says which weights, and has no effect here. */
record TimmModels() implements Source<BackboneBuilder> {
    @Override
    public SequencedSet<String> names() {
        return new LinkedHashSet<>(VisionTransformerConfig.names());
    }

    @Override
    public Optional<BackboneBuilder> find(String name) {
        return names().contains(name.split("\\.", 2)[0])
                ? Optional.of(arguments -> VisionTransformer.loader(VisionTransformerConfig.of(name, arguments)))
                : Optional.empty();
    }

    @Override
    public String whyNot(String name) {
        return "of timm's models the plain vision transformers are built, and their arguments give any other size; the"
                + " nearest is " + NearestName.of(name, names());
    }
}
