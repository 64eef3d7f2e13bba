// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory;

import io.gatun.core.ArgumentException;
import io.gatun.core.Scope;
import io.gatun.core.StateDict;
import io.gatun.factory.heads.ClassificationHead;
import io.gatun.factory.heads.RegressionHead;
import io.gatun.factory.heads.SegmentationHead;
import io.gatun.factory.registry.Registries;
import io.gatun.models.Arguments;
import io.gatun.models.Loader;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A decoder with its arguments, and the head behind it where there is one.
 *
 * @param name of the decoder, for messages
 */
record BranchChoice(
        String name, DecoderBuilder decoder, Map<String, Object> decoderArguments, Optional<HeadBuilder> head) {
    /** By upstream's arguments: a decoder that ends in classes is given their number, else the head is. */
    static BranchChoice of(Task task, Object decoder, Map<String, Object> decoderArguments,
            Map<String, Object> headArguments, Optional<Integer> classes, boolean corrected) {
        String name = decoder instanceof String s ? s : "decoder";
        DecoderBuilder builder = builder(decoder);
        Map<String, Object> forDecoder = new LinkedHashMap<>(decoderArguments);
        if (!builder.includesHead()) {
            Map<String, Object> forHead = new LinkedHashMap<>(headArguments);
            classes.ifPresent(count -> forHead.put("num_classes", count));
            return new BranchChoice(name, builder, forDecoder, Optional.of(head(task, forHead)));
        }
        // Upstream looks at them for an object, or where classes are given; else nobody reads them.
        if (!headArguments.isEmpty() && (classes.isPresent() || !(decoder instanceof String))) {
            throw new ArgumentException("Decoder already includes a head, but `head_` arguments were specified. These"
                    + " should be removed: " + headArguments.keySet());
        }
        classes.ifPresent(count -> forDecoder.put("num_classes", count));
        // Upstream treats a decoder that is given as an object as one without a head.
        boolean bare = decoder instanceof String || corrected;
        return new BranchChoice(name, builder, forDecoder, bare ? Optional.empty() : Optional.of(head(task, Map.of())));
    }

    private static DecoderBuilder builder(Object decoder) {
        return switch (decoder) {
            case String name -> Registries.decoders().get(name);
            case DecoderBuilder own -> own;
            default -> throw new ArgumentException("EncoderDecoderFactory: decoder is " + decoder
                    + ", expected a name or a DecoderBuilder; names: " + Registries.decoders().names());
        };
    }

    /** The task's head by upstream's arguments. */
    static HeadBuilder head(Task task, Map<String, Object> arguments) {
        return channels -> {
            if (task != Task.REGRESSION && !arguments.containsKey("num_classes")) {
                throw new ArgumentException("num_classes must be defined for " + task.lowerCase() + " task");
            }
            Arguments given = Arguments.of(task.lowerCase() + " head", arguments);
            Loader<? extends Head> loader = switch (task) {
                case SEGMENTATION -> SegmentationHead.loader(channels, SegmentationHead.Options.of(given));
                case REGRESSION -> RegressionHead.loader(channels, RegressionHead.Options.of(given));
                case CLASSIFICATION -> ClassificationHead.loader(channels, ClassificationHead.Options.of(given));
            };
            given.finish();
            return loader;
        };
    }

    BranchChoice withHead(HeadBuilder other) {
        return new BranchChoice(name, decoder, decoderArguments, Optional.of(other));
    }

    Stages.Branch load(Scope scope, List<Integer> channels, StateDict decoderState, StateDict headState) {
        Arguments given = Arguments.of(name, decoderArguments);
        Loader<? extends Decoder> loader = decoder.build(channels, given);
        given.finish();
        Decoder loaded = loader.load(scope, decoderState);
        return new Stages.Branch(
                loaded, head.map(builder -> builder.build(loaded.outChannels()).load(scope, headState)));
    }
}
