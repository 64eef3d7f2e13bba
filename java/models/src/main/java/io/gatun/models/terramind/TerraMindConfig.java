// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind;

import io.gatun.core.Activation;
import io.gatun.core.ArgumentException;
import io.gatun.core.NearestName;
import io.gatun.models.Arguments;
import io.gatun.models.Extent;
import io.gatun.models.Input;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.TreeMap;

/**
 * Arguments of TerraTorch's {@code TerraMindViT}.
 *
 * @param size what the encoder is built of
 * @param imgSize rows and columns of the images whose positions the weights have
 * @param modalities what may be given, by the names that inputs have; a single unnamed image is the first
 * @param mergeMethod what becomes of several modalities
 * @param pretraining which weights and statistics bands belong to
 * @param modalityDropRate how often training drops a modality, 0 to 1; kept for a training loop, without effect here
 * @param corrected with {@link MergeMethod#CONCAT}, whether every modality has its own place, in the order of {@code
 *     modalities}, and the learned token stands where one is absent; upstream takes the order of the input and puts
 *     the token at the end, whichever is absent. And whether token numbers of an image that is no square have the
 *     positions of its rows and columns even where they could be a square, as upstream takes them
 * @param standardize whether images come in the units of pretraining and are standardised by its statistics; upstream
 *     leaves that to its caller
 * @param checkInputs whether images that are to be standardised are checked for their unit, and other inputs of
 *     generators for NaN and unknown token numbers, which waits for the device
 * @param ignoreUnknown whether inputs of unknown names are left out, as upstream does it; else they are refused
 * @param tokenizers what makes token numbers of maps and coordinates
 */
public record TerraMindConfig(TerraMindSize size, Extent imgSize, SequencedMap<String, TerraMindModality> modalities,
        MergeMethod mergeMethod, Pretraining pretraining, double modalityDropRate, boolean corrected,
        boolean standardize, boolean checkInputs, boolean ignoreUnknown, TerraMindTokenizerChoice tokenizers) {
    /** What upstream takes for training, or to find weights. */
    private static final List<String> WITHOUT_EFFECT =
            List.of("pretrained", "ckpt_path", "drop_path_rate", "drop_rate", "attn_drop_rate");

    private static final SequencedMap<String, TerraMindSize> SIZES = sizes();

    /** Checks the arguments; throws {@link ArgumentException} if one does not fit the others. */
    public TerraMindConfig {
        modalities = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(modalities));
        if (modalities.isEmpty()) {
            throw new ArgumentException("TerraMind: there are no modalities, expected at least one");
        }
        if (modalityDropRate < 0 || modalityDropRate > 1) {
            throw new ArgumentException("TerraMind: modality_drop_rate is " + modalityDropRate + ", expected 0 to 1");
        }
        Map<String, TerraMindModality> byKey = new TreeMap<>();
        Extent image = imgSize;
        modalities.forEach((name, modality) -> {
            if (modality.kind().isImage() && image.least() < modality.patchSize()) {
                throw new ArgumentException("TerraMind: img_size " + image + " is below the patch of "
                        + modality.patchSize() + " of modality " + name);
            }
            TerraMindModality other = byKey.putIfAbsent(modality.key(), modality);
            if (other != null && (mergeMethod == MergeMethod.CONCAT || !other.equals(modality))) {
                throw new ArgumentException("TerraMind: modality " + name + " has the weights " + modality.key()
                        + " of another one; with merge_method concat or other bands each needs its own: optical images"
                        + " can be S2L2A, S2L1C and RGB, radar S1GRD and S1RTC, or define a new modality");
            }
        });
        if (standardize) {
            modalities.forEach((name, modality) -> pretraining.requireStatistics(name, modality));
        }
    }

    private static SequencedMap<String, TerraMindSize> sizes() {
        SequencedMap<String, TerraMindSize> sizes = new LinkedHashMap<>();
        sizes.put("terramind_v1_tiny", TerraMindSize.small(192, 3));
        sizes.put("terramind_v1_small", TerraMindSize.small(384, 6));
        sizes.put("terramind_v1_base", TerraMindSize.large(768, 12, 12));
        sizes.put("terramind_v1_large", TerraMindSize.large(1024, 24, 16));
        sizes.put("terramind_v01_base", TerraMindSize.large(768, 12, 12));
        return Collections.unmodifiableSequencedMap(sizes);
    }

    /**
     * Names of the published sizes.
     *
     * @return TerraTorch's names
     */
    public static List<String> names() {
        return List.copyOf(SIZES.keySet());
    }

    /**
     * A published size with TerraTorch's keyword arguments.
     *
     * @param name for example {@code terramind_v1_base}
     * @param arguments TerraTorch's {@code modalities} (a list of names and of dictionaries of new names and their
     *     channels, or such a dictionary; without it, {@code image} of {@code in_chans} channels), {@code bands},
     *     {@code merge_method}, {@code img_size}, {@code patch_size} of new modalities, {@code qk_norm}, {@code
     *     encoder_norm} and {@code modality_drop_rate}; what concerns training or finds weights has no effect. Ours are
     *     {@code corrected}, {@code standardize}, {@code check_inputs}, {@code ignore_unknown}, and {@code tokenizers},
     *     whether the weights have those of the modalities that have published ones: not told, those that are there are
     *     taken. The caller finishes them
     * @return the configuration
     * @throws ArgumentException if there is no such size, or an argument has a wrong value
     */
    public static TerraMindConfig of(String name, Arguments arguments) {
        TerraMindSize d = SIZES.get(name);
        if (d == null) {
            throw new ArgumentException("there is no TerraMind \"" + name + "\"; did you mean "
                    + NearestName.of(name, SIZES.keySet()) + "? Known: " + String.join(", ", SIZES.keySet()));
        }
        TerraMindSize size = new TerraMindSize(d.dim(), d.encoderDepth(), d.numHeads(), d.mlpRatio(), d.qkvBias(),
                d.projBias(), d.mlpBias(), d.normBias(), d.activation(), d.gatedMlp(),
                arguments.flag("qk_norm", false), arguments.flag("encoder_norm", true), 0, d.eps());
        Pretraining pretraining = name.startsWith("terramind_v01") ? Pretraining.V01 : Pretraining.V1;
        return of(name, size, pretraining, arguments,
                TerraMindTokenizerChoice.of(name, arguments, Optional.of(pretraining)));
    }

    /**
     * An encoder of any size.
     *
     * @param arguments those of {@link #of(String, Arguments)}, and TerraTorch's {@code dim}, {@code encoder_depth},
     *     {@code num_heads}, {@code mlp_ratio}, {@code qkv_bias}, {@code proj_bias}, {@code mlp_bias}, {@code act}
     *     (GELU or SiLU), {@code gated_mlp} and {@code num_register_tokens}, with its defaults; {@code norm_bias} tells
     *     whether norms have one that is learned, and {@code layer_norm_eps} their epsilon, both in the place of its
     *     {@code norm_layer}. The caller finishes them
     * @return the configuration
     * @throws ArgumentException if an argument has a wrong value
     */
    public static TerraMindConfig of(Arguments arguments) {
        String act = arguments.text("act", "GELU");
        if (!act.equalsIgnoreCase("GELU") && !act.equalsIgnoreCase("SiLU")) {
            throw new ArgumentException("TerraMind: act is " + act + ", expected GELU or SiLU");
        }
        TerraMindSize size = new TerraMindSize(arguments.integer("dim", 768), arguments.integer("encoder_depth", 12),
                arguments.integer("num_heads", 12), arguments.number("mlp_ratio", 4),
                arguments.flag("qkv_bias", true), arguments.flag("proj_bias", true), arguments.flag("mlp_bias", true),
                arguments.flag("norm_bias", true), act.equalsIgnoreCase("GELU") ? Activation.GELU : Activation.SILU,
                arguments.flag("gated_mlp", false), arguments.flag("qk_norm", false),
                arguments.flag("encoder_norm", true), arguments.integer("num_register_tokens", 0),
                arguments.number("layer_norm_eps", TerraMindSize.EPS));
        return of("TerraMind", size, Pretraining.V1, arguments,
                TerraMindTokenizerChoice.of("TerraMind", arguments, Optional.empty()));
    }

    private static TerraMindConfig of(String owner, TerraMindSize size, Pretraining pretraining, Arguments arguments,
            TerraMindTokenizerChoice tokenizers) {
        WITHOUT_EFFECT.forEach(arguments::value);
        SequencedMap<String, TerraMindModality> modalities = modalities(owner, arguments);
        arguments.dictionary("bands").orElse(Map.of()).forEach((name, given) ->
                modalities.put(name, withBands(owner, modalities, name, given, pretraining)));
        return new TerraMindConfig(size, Extent.of(owner, arguments, "img_size", Extent.of(224)), modalities,
                MergeMethod.of(arguments, MergeMethod.MEAN), pretraining, arguments.number("modality_drop_rate", 0),
                arguments.flag("corrected", false), arguments.flag("standardize", false),
                arguments.flag("check_inputs", true), arguments.flag("ignore_unknown", false), tokenizers);
    }

    /**
     * The same of other modalities.
     *
     * @param changed by the names that inputs have
     * @return the changed configuration
     */
    public TerraMindConfig withModalities(SequencedMap<String, TerraMindModality> changed) {
        return new TerraMindConfig(size, imgSize, changed, mergeMethod, pretraining, modalityDropRate, corrected,
                standardize, checkInputs, ignoreUnknown, tokenizers);
    }

    /**
     * The same for images that are standardised before.
     *
     * @return the changed configuration
     */
    public TerraMindConfig standardized() {
        return new TerraMindConfig(size, imgSize, modalities, mergeMethod, pretraining, modalityDropRate, corrected,
                false, checkInputs, ignoreUnknown, tokenizers);
    }

    private static SequencedMap<String, TerraMindModality> modalities(String owner, Arguments arguments) {
        int patch = arguments.integer("patch_size", 16);
        int channels = arguments.integer("in_chans", 3);
        Object given = arguments.value("modalities").orElse(List.of());
        if (!(given instanceof List<?> || given instanceof Map<?, ?>)) {
            throw new ArgumentException(owner + ": modalities is " + given + ", expected a list of names and of"
                    + " dictionaries {name: channels}, or one such dictionary");
        }
        List<?> list = given instanceof List<?> several ? several : List.of(given);
        SequencedMap<String, TerraMindModality> modalities = new LinkedHashMap<>();
        for (Object each : list) {
            switch (each) {
                case String name -> modalities.put(name, TerraMindModality.pretrained(name));
                case Map<?, ?> added -> added.forEach((name, value) ->
                        modalities.put(String.valueOf(name), added(owner, String.valueOf(name), value, patch)));
                default -> throw new ArgumentException(owner + ": modalities has " + each
                        + ", expected a name or a dictionary {name: channels}");
            }
        }
        if (modalities.isEmpty()) {
            modalities.put(Input.IMAGE, TerraMindModality.image(Input.IMAGE, channels, patch));
        }
        return modalities;
    }

    private static TerraMindModality added(String owner, String name, Object channels, int patch) {
        if (channels instanceof Number number && number.doubleValue() == number.intValue()) {
            return TerraMindModality.image(name, number.intValue(), patch);
        }
        throw new ArgumentException(owner + ": the new modality " + name + " has " + channels
                + ", expected its number of channels");
    }

    private static TerraMindModality withBands(String owner, Map<String, TerraMindModality> modalities, String name,
            Object given, Pretraining pretraining) {
        TerraMindModality modality = modalities.get(name);
        if (modality == null) {
            throw new ArgumentException(owner + ": bands has " + name + ", which is not among the modalities "
                    + String.join(", ", modalities.keySet()) + "; the names must be the same");
        }
        if (pretraining.bands(modality.key()).isEmpty()) {
            throw new ArgumentException(owner + ": bands has " + name + ", but no bands of " + modality.key()
                    + " were pretrained; leave it out of bands, its channels are taken as they come");
        }
        if (!(given instanceof List<?> list) || list.isEmpty()
                || !list.stream().allMatch(band -> band instanceof String)) {
            throw new ArgumentException(owner + ": the bands of " + name + " are " + given
                    + ", expected a list of names");
        }
        return modality.withBands(list.stream().map(String::valueOf).toList());
    }

    /**
     * Number of modalities whose tokens are places of an image, upstream's {@code image_modalities}.
     *
     * @return those of different weights
     */
    int imageModalities() {
        return (int) modalities.values().stream().filter(modality -> modality.kind().isImage())
                .map(TerraMindModality::key).distinct().count();
    }
}
