// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory;

import io.gatun.core.ArgumentException;
import io.gatun.core.PadMode;
import io.gatun.factory.registry.Registries;
import io.gatun.models.Arguments;
import io.gatun.models.Backbone;
import io.gatun.models.Loader;
import io.gatun.wrappers.temporal.TemporalOptions;
import io.gatun.wrappers.temporal.TemporalPooling;
import io.gatun.wrappers.temporal.TemporalWrapper;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A backbone with its arguments settled.
 *
 * @param loader builds it
 * @param patchSize patch in pixels where told; else the backbone's own counts
 * @param paddingMode what fills an image's border
 * @param keepsTime whether its features have an axis of dates, which no neck or decoder takes
 */
record BackboneChoice(Loader<? extends Backbone> loader, Optional<List<Integer>> patchSize, PadMode paddingMode,
        boolean keepsTime) {
    /** What says how training began; the weights of the whole model settle it. */
    private static final List<String> INITIALISATION = List.of("pretrained", "ckpt_path", "ckpt_data");

    static BackboneChoice of(Object backbone, Map<String, Object> given) {
        Arguments arguments = Arguments.of(backbone instanceof String name ? name : "backbone", given);
        INITIALISATION.forEach(arguments::value);
        PadMode mode = arguments.choice("padding", PadMode.class, PadMode.REFLECT);
        Optional<List<Integer>> patch = arguments.integers("patch_size");
        patch.filter(sizes -> sizes.isEmpty() || sizes.size() > 3 || sizes.stream().anyMatch(size -> size < 1))
                .ifPresent(sizes -> {
                    throw new ArgumentException("patch size " + sizes
                            + " not valid, must be int or list of ints with length 1, 2 or 3.");
                });
        boolean temporal = arguments.flag("use_temporal", false);
        Arguments pooling = Arguments.of("TemporalWrapper", arguments.takePrefixed("temporal_"));
        TemporalOptions options = TemporalOptions.of(pooling);
        pooling.finish();
        Loader<? extends Backbone> single = switch (backbone) {
            case String name -> Registries.backbones().get(name).build(arguments);
            case Loader<?> loader -> (scope, state) -> loaded(loader.load(scope, state));
            case Backbone loaded -> (scope, state) -> loaded;
            default -> throw new ArgumentException("EncoderDecoderFactory: backbone is " + backbone
                    + ", expected a name, a Loader of a Backbone, or a Backbone");
        };
        if (backbone instanceof String) {
            arguments.finish();
        }
        return new BackboneChoice(temporal ? TemporalWrapper.loader(single, options) : single, patch, mode,
                temporal && options.pooling() == TemporalPooling.KEEP);
    }

    private static Backbone loaded(Object module) {
        if (module instanceof Backbone backbone) {
            return backbone;
        }
        throw new ArgumentException("EncoderDecoderFactory: the backbone's loader gave " + module
                + ", expected a Backbone");
    }

    Optional<Padding> padding(Backbone loaded) {
        return patchSize.map(sizes -> switch (sizes.size()) {
            case 1 -> new Padding(1, sizes.get(0), sizes.get(0), paddingMode);
            case 2 -> new Padding(1, sizes.get(0), sizes.get(1), paddingMode);
            default -> new Padding(sizes.get(0), sizes.get(1), sizes.get(2), paddingMode);
        }).or(() -> loaded.patchSize().isPresent()
                ? Optional.of(new Padding(loaded.temporalPatchSize(), loaded.patchSize().getAsInt(),
                        loaded.patchColumns().getAsInt(), paddingMode))
                : Optional.empty());
    }
}
