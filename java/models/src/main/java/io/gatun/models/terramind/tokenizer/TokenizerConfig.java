// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind.tokenizer;

import io.gatun.core.ArgumentException;
import io.gatun.core.NearestName;
import io.gatun.models.Arguments;
import io.gatun.models.Extent;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SequencedMap;

/**
 * What a tokenizer is built of: the arguments of upstream's {@code VQVAE} and {@code DiVAE}.
 *
 * @param name upstream's name, or another for messages
 * @param channels of an image; classes of a map of classes that has no labels
 * @param labels upstream's {@code n_labels}: classes of the maps that are encoded, each of which has {@code channels}
 *     numbers of its own
 * @param patchSize rows and columns of the pixels of a token
 * @param patchProj whether a token has the pixels of a patch; else it has one cell of a map of features, and the patch
 *     tells only how many positions there are
 * @param levels of the quantiser, one for each channel of the latent
 * @param postMlp whether there is a small network behind the blocks of a transformer
 * @param encoder sizes of the encoder
 * @param encoderImageSize rows and columns of the images whose positions the encoder has
 * @param decoder what makes images of tokens
 * @param corrected whether an image is reconstructed, and codes decoded, at the size that their tokens have; upstream
 *     makes the reconstruction a square of the image's columns, and decodes codes alone at the size of the training
 * @param checkInputs whether images that have NaN are refused, which waits for the device
 */
public record TokenizerConfig(String name, int channels, OptionalInt labels, int patchSize, boolean patchProj,
        List<Integer> levels, boolean postMlp, TokenizerSize encoder, Extent encoderImageSize, Decoder decoder,
        boolean corrected, boolean checkInputs) {
    /** Upstream's classes. */
    public enum Kind {
        /** With a plain decoder. */
        VQVAE,
        /** With a decoder by diffusion. */
        DIVAE
    }

    /** What makes images of tokens. */
    public sealed interface Decoder {
        /**
         * Rows and columns of the images that it was trained with.
         *
         * @return pixels
         */
        Extent imageSize();
    }

    /**
     * A transformer.
     *
     * @param size of the blocks
     * @param imageSize rows and columns of the images whose positions it has
     * @param patchSize rows and columns of the pixels that a token becomes
     * @param outConv whether two convolutional blocks come last
     */
    public record Plain(TokenizerSize size, Extent imageSize, int patchSize, boolean outConv) implements Decoder {}

    /**
     * A network that denoises.
     *
     * @param size of the network
     * @param imageSize rows and columns of an image where nothing tells them
     * @param options of the diffusion
     */
    public record Diffusion(UNetSize size, Extent imageSize, DiffusionOptions options) implements Decoder {}

    /** What upstream takes for training, to find weights, or without any effect. */
    private static final List<String> WITHOUT_EFFECT = List.of("pretrained", "ckpt_path", "ignore_keys", "freeze_enc",
            "encoder_type", "decoder_type", "cls_free_guidance_dropout", "masked_cfg", "masked_cfg_low",
            "masked_cfg_high", "conditioning", "dec_transformer_dropout", "num_codebooks", "norm_codes",
            "norm_latents", "sync_codebook", "ema_decay", "threshold_ema_dead_code", "code_replacement_policy",
            "commitment_weight", "kmeans_init");

    private static final SequencedMap<String, Integer> CHANNELS = channelsByName();

    /** Checks the arguments; throws {@link ArgumentException} if one does not fit the others. */
    public TokenizerConfig {
        levels = List.copyOf(levels);
        FiniteScalarQuantizer.size(levels);
        int decoded = decoder instanceof Plain plain ? plain.patchSize() : 1;
        if (channels < 1 || labels.orElse(1) < 1 || !isWhole(encoderImageSize, patchSize)
                || !isWhole(decoder.imageSize(), decoded)) {
            throw new ArgumentException(name + ": " + channels + " channels, images of " + encoderImageSize
                    + " for the encoder and " + decoder.imageSize() + " for the decoder, patches of " + patchSize
                    + " and " + decoded + "; expected at least one channel (and label), and images of whole patches");
        }
    }

    private static boolean isWhole(Extent image, int patch) {
        return patch > 0 && image.least() >= patch && image.height() % patch == 0 && image.width() % patch == 0;
    }

    private static SequencedMap<String, Integer> channelsByName() {
        SequencedMap<String, Integer> channels = new LinkedHashMap<>();
        channels.put("terramind_v1_tokenizer_s2l2a", 12);
        channels.put("terramind_v1_tokenizer_s1rtc", 2);
        channels.put("terramind_v1_tokenizer_s1grd", 2);
        channels.put("terramind_v1_tokenizer_dem", 1);
        channels.put("terramind_v1_tokenizer_lulc", 10);
        channels.put("terramind_v1_tokenizer_ndvi", 1);
        channels.put("terramind_v01_tokenizer_s2l2a", 12);
        channels.put("terramind_v01_tokenizer_s1grd", 2);
        channels.put("terramind_v01_tokenizer_dem", 1);
        channels.put("terramind_v01_tokenizer_lulc", 9);
        return Collections.unmodifiableSequencedMap(channels);
    }

    /**
     * Names of the published tokenizers of images.
     *
     * @return TerraTorch's names
     */
    public static List<String> names() {
        return List.copyOf(CHANNELS.keySet());
    }

    /**
     * Names of those that TerraTorch has as backbones too.
     *
     * @return TerraTorch's names
     */
    public static List<String> backboneNames() {
        return CHANNELS.keySet().stream().filter(name -> name.startsWith("terramind_v1_")).toList();
    }

    /**
     * A published tokenizer with TerraTorch's keyword arguments.
     *
     * @param name for example {@code terramind_v1_tokenizer_s2l2a}
     * @param arguments those of {@link #of(Kind, Arguments)}, whose defaults are here those of the published one. The
     *     caller finishes them
     * @return the configuration
     * @throws ArgumentException if there is no such tokenizer, or an argument has a wrong value
     */
    public static TokenizerConfig of(String name, Arguments arguments) {
        if (!CHANNELS.containsKey(name)) {
            throw new ArgumentException("there is no tokenizer \"" + name + "\"; did you mean "
                    + NearestName.of(name, CHANNELS.keySet()) + "? Known: " + String.join(", ", CHANNELS.keySet()));
        }
        boolean classes = name.endsWith("_lulc");
        return of(name, classes ? Kind.VQVAE : Kind.DIVAE, arguments, new Defaults(
                CHANNELS.get(name), 256, classes ? "7-5-5-5-5" : "8-8-8-6-5", true));
    }

    /**
     * A tokenizer of any size.
     *
     * @param kind upstream's class
     * @param arguments upstream's {@code image_size}, {@code image_size_enc}, {@code image_size_dec} (one number, or
     *     rows and columns), {@code n_channels}, {@code n_labels}, {@code patch_size}, {@code patch_proj},
     *     {@code post_mlp}, {@code codebook_size} (levels with hyphens between), {@code latent_dim}, {@code enc_type};
     *     of a VQ-VAE {@code dec_type}, {@code patch_size_dec} and {@code out_conv}; of a DiVAE {@code scheduler},
     *     {@code num_train_timesteps}, {@code beta_schedule}, {@code prediction_type}, {@code clip_sample},
     *     {@code thresholding} and {@code zero_terminal_snr}, with upstream's defaults; or {@code config}, a dictionary
     *     of all of them. What concerns training or finds weights has no effect. Ours are dictionaries of sizes,
     *     {@code encoder}, {@code decoder} and {@code unet}, and {@code corrected} and {@code check_inputs}. The caller
     *     finishes them
     * @return the configuration
     * @throws ArgumentException if an argument has a wrong value
     */
    public static TokenizerConfig of(Kind kind, Arguments arguments) {
        return of(kind.name().toLowerCase(Locale.ROOT), kind, arguments, new Defaults(12, 224, "8-8-8-6-5", false));
    }

    private record Defaults(int channels, int imageSize, String codebook, boolean published) {}

    private static TokenizerConfig of(String name, Kind kind, Arguments arguments, Defaults defaults) {
        Optional<Map<String, Object>> all = arguments.dictionary("config");
        if (all.isPresent()) {
            Arguments own = Arguments.of(name + ": config", all.get());
            TokenizerConfig config = of(name, kind, own, defaults);
            own.finish();
            return config;
        }
        WITHOUT_EFFECT.forEach(arguments::value);
        if (arguments.flag("undo_std", false)) {
            throw new ArgumentException(name + ": undo_std is true, which upstream fails on at the first image; bring"
                    + " images to -1 to 1 before they are given, and leave it out");
        }
        if (!arguments.text("quant_type", "fsq").equals("fsq")) {
            throw new ArgumentException(name + ": quant_type is " + arguments.text("quant_type")
                    + ", expected fsq, which all published tokenizers have");
        }
        List<Integer> levels = FiniteScalarQuantizer.levels(arguments.text("codebook_size", defaults.codebook()));
        int latent = arguments.integer("latent_dim", levels.size());
        if (latent != levels.size()) {
            throw new ArgumentException(name + ": latent_dim is " + latent + " and codebook_size has "
                    + levels.size() + " levels, one for each channel of the latent: " + levels);
        }
        Extent imageSize = Extent.of(name, arguments, "image_size", Extent.of(defaults.imageSize()));
        int patch = arguments.integer("patch_size", 16);
        OptionalInt labels = arguments.value("n_labels").isPresent()
                ? OptionalInt.of(arguments.integer("n_labels")) : OptionalInt.empty();
        return new TokenizerConfig(name, arguments.integer("n_channels", defaults.channels()), labels, patch,
                arguments.flag("patch_proj", true), levels, arguments.flag("post_mlp", defaults.published()),
                size(name, arguments, "encoder", "enc_type", "vit_b_enc"),
                Extent.of(name, arguments, "image_size_enc", imageSize),
                decoder(name, kind, arguments, defaults, imageSize, patch),
                arguments.flag("corrected", false), arguments.flag("check_inputs", true));
    }

    private static Decoder decoder(
            String name, Kind kind, Arguments arguments, Defaults defaults, Extent imageSize, int patch) {
        Extent size = Extent.of(name, arguments, "image_size_dec", imageSize);
        if (kind == Kind.VQVAE) {
            // The registry passes it to both kinds.
            arguments.value("prediction_type");
            return new Plain(size(name, arguments, "decoder", "dec_type", "vit_b_dec"), size,
                    arguments.integer("patch_size_dec", patch), arguments.flag("out_conv", false));
        }
        arguments.value("patch_size_dec");
        if (!arguments.text("dec_type", "unet_patched").equals("unet_patched")) {
            throw new ArgumentException(name + ": dec_type is " + arguments.text("dec_type")
                    + ", expected unet_patched, which all published tokenizers of images have");
        }
        Arguments own = Arguments.of(name + ": unet", arguments.dictionary("unet").orElse(Map.of()));
        UNetSize unet = UNetSize.PATCHED.with(own);
        own.finish();
        return new Diffusion(unet, size, DiffusionOptions.of(arguments, defaults.published()));
    }

    private static TokenizerSize size(
            String name, Arguments arguments, String key, String typeKey, String typeDefault) {
        Arguments own = Arguments.of(name + ": " + key, arguments.dictionary(key).orElse(Map.of()));
        TokenizerSize size = TokenizerSize.named(typeKey, arguments.text(typeKey, typeDefault)).with(own);
        own.finish();
        return size;
    }

    /**
     * Number of different tokens.
     *
     * @return the product of the levels
     */
    public int codebookSize() {
        return FiniteScalarQuantizer.size(levels);
    }

    /** Rows and columns of the pixels that the encoder makes a token of. */
    int encodedPatch() {
        return patchProj ? patchSize : 1;
    }

    /** Channels of what a plain decoder gives. */
    int decodedChannels() {
        return labels.orElse(channels);
    }

    /**
     * Whether the channels are classes: maps of class numbers are taken, and images are scores of classes.
     *
     * @return true for a VQ-VAE
     */
    public boolean isClasses() {
        return decoder instanceof Plain;
    }
}
