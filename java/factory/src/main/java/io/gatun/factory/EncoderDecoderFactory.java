// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory;

import io.gatun.core.ArgumentException;
import io.gatun.factory.registry.Registries;
import io.gatun.models.Arguments;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Composes a backbone, necks, a decoder and a head by name, with TerraTorch's arguments and rules: its class of the
 * same name. What does not fit together is refused here, before there are weights.
 */
public final class EncoderDecoderFactory {
    private EncoderDecoderFactory() {}

    /**
     * A model by typed arguments, for Java.
     *
     * @param task what it is for
     * @return a builder
     */
    public static EncoderDecoderBuilder builder(Task task) {
        return new EncoderDecoderBuilder(task);
    }

    /**
     * A model by upstream's arguments of {@code build_model}. Arguments of the parts have the prefixes {@code
     * backbone_}, {@code decoder_} and {@code head_}, or lie in {@code backbone_kwargs}, {@code decoder_kwargs} and
     * {@code head_kwargs}, which are taken in the place of the prefixed ones unless they are empty.
     *
     * <p>In the place of the names of {@code backbone} and {@code decoder} there may be a {@link
     * io.gatun.models.Loader} of a backbone or a {@link io.gatun.models.Backbone}, and a {@link DecoderBuilder}; in
     * {@code aux_decoders}, {@link AuxiliaryHead}s or dictionaries. {@code backbone_pretrained}, {@code
     * backbone_ckpt_path} and {@code backbone_ckpt_data} are accepted and without effect: all weights come from the
     * model's checkpoint. Ours is {@code corrected}: auxiliary heads then take their own arguments, and no head is put
     * on a decoder that has one.
     *
     * @param arguments task, backbone, decoder, num_classes, necks, aux_decoders, rescale and those of the parts
     * @return the model without weights
     * @throws ArgumentException if a name is unknown, or an argument unknown, missing or of a wrong value
     * @throws io.gatun.core.ShapeException if the parts do not fit together
     */
    public static Blueprint<EncoderDecoderModel> buildModel(Map<String, ?> arguments) {
        Arguments all = Arguments.of("EncoderDecoderFactory", arguments);
        Task task = Task.of(all.text("task"));
        boolean corrected = all.flag("corrected", false);
        Optional<Integer> classes = all.has("num_classes") ? Optional.of(all.integer("num_classes")) : Optional.empty();
        BackboneChoice backbone = BackboneChoice.of(
                all.value("backbone").orElseThrow(() -> new ArgumentException("EncoderDecoderFactory: argument backbone"
                        + " is missing, expected a name; names: " + Registries.backbones().names())),
                part(all, "backbone"));
        List<NeckChoice> necks = NeckChoice.all(all.dictionaries("necks").orElse(List.of()));
        Map<String, Object> headArguments = part(all, "head");
        BranchChoice main = BranchChoice.of(task, all.value("decoder").orElse("FCNDecoder"), part(all, "decoder"),
                headArguments, classes, corrected);
        Map<String, BranchChoice> auxiliary = new LinkedHashMap<>();
        for (AuxiliaryHead head : auxiliaryHeads(all.value("aux_decoders").orElse(List.of()))) {
            Arguments own = Arguments.of("aux_decoders " + head.name(), head.decoderArgs());
            Map<String, Object> decoderArguments = own.takePrefixed("decoder_");
            Map<String, Object> ownHead = own.takePrefixed("head_");
            own.finish();
            BranchChoice branch = BranchChoice.of(task, head.decoder(), decoderArguments, ownHead, classes, corrected);
            if (auxiliary.put(head.name(), corrected ? branch
                    : branch.withHead(main.head().orElseGet(() -> BranchChoice.head(task, headArguments)))) != null) {
                throw new ArgumentException("EncoderDecoderFactory: two aux_decoders have the name " + head.name());
            }
        }
        boolean rescale = all.flag("rescale", true);
        refuseAdapters("EncoderDecoderFactory", all);
        all.finish();
        return new EncoderDecoderAssembly(task, backbone, necks, main, auxiliary, rescale).blueprint();
    }

    static void refuseAdapters(String owner, Arguments arguments) {
        if (arguments.value("peft_config").isPresent()) {
            throw new ArgumentException(owner + ": peft_config is not supported; merge the adapters into the weights"
                    + " before saving the checkpoint (peft's merge_and_unload) and leave peft_config out");
        }
    }

    /** The arguments of a part: its dictionary, or if that is empty the prefixed ones. */
    private static Map<String, Object> part(Arguments all, String name) {
        Map<String, Object> dictionary = all.dictionary(name + "_kwargs").orElse(Map.of());
        return dictionary.isEmpty() ? all.takePrefixed(name + "_", name + "_kwargs") : dictionary;
    }

    private static List<AuxiliaryHead> auxiliaryHeads(Object given) {
        if (!(given instanceof List<?> list)) {
            throw new ArgumentException("EncoderDecoderFactory: aux_decoders is " + given + ", expected a list");
        }
        List<AuxiliaryHead> heads = new ArrayList<>();
        for (Object each : list) {
            heads.add(switch (each) {
                case AuxiliaryHead head -> head;
                case Map<?, ?> map -> auxiliaryHead(map);
                default -> throw new ArgumentException("EncoderDecoderFactory: aux_decoders has " + each
                        + ", expected an AuxiliaryHead or a dictionary with name, decoder and decoder_args");
            });
        }
        return heads;
    }

    private static AuxiliaryHead auxiliaryHead(Map<?, ?> map) {
        Map<String, Object> entries = new LinkedHashMap<>();
        map.forEach((key, value) -> entries.put(String.valueOf(key), value));
        Arguments arguments = Arguments.of("aux_decoders", entries);
        AuxiliaryHead head = new AuxiliaryHead(arguments.text("name"),
                arguments.value("decoder").orElseThrow(() -> new ArgumentException(
                        "aux_decoders: argument decoder is missing, expected the name of a decoder")),
                arguments.dictionary("decoder_args").orElse(Map.of()));
        arguments.finish();
        return head;
    }
}
